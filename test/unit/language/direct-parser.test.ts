// Texts without mistakes are read by walking the grammar: the library's parser is the yardstick, tree by tree, comment by comment.
import { type AstNode, type CstNode, isCompositeCstNode, isLeafCstNode } from 'langium';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDirectly, recoveringParser } from '../../../server/src/language/parser.ts';
import { syntaxFindings } from '../../../server/src/language/syntax-findings.ts';
import { platforms } from '../../bench/texts.ts';

/** A concrete tree with everything that it says, containers left out: they are what it is nested in. */
function concrete(node: CstNode): unknown {
    const { astNode, grammarSource, offset, end, length, hidden, range } = node;
    const common = { node: astNode.$type, at: astNode.$cstNode?.offset, source: grammarSource && sourceOf(grammarSource), offset, end, length, hidden, range, text: node.text };
    if (isLeafCstNode(node)) return { ...common, token: node.tokenType.name };
    if (!isCompositeCstNode(node)) throw new Error('a node of a third kind');
    return { ...common, content: node.content.map((child) => { expect(child.container).toBe(node); return concrete(child); }) };
}

/** Where in the grammar an element stands. */
function sourceOf(element: AstNode): string {
    const own = `${element.$containerProperty ?? ''}${element.$containerIndex ?? ''}`;
    return element.$container ? `${sourceOf(element.$container)}/${own}` : own;
}

/** An abstract tree: properties, places in containers, names that refer. */
function abstract(node: AstNode): unknown {
    const entries = Object.entries(node).filter(([key]) => key !== '$container' && key !== '$cstNode').sort(([a], [b]) => (a < b ? -1 : 1));
    const value = (v: unknown): unknown => {
        if (Array.isArray(v)) return v.map(value);
        if (typeof v !== 'object' || v === null) return v;
        if ('$refText' in v) return { refers: v.$refText, from: (v as { $refNode?: CstNode }).$refNode?.offset };
        expect((v as AstNode).$container).toBe(node);
        return abstract(v as AstNode);
    };
    return { from: node.$cstNode?.offset, to: node.$cstNode?.end, ...Object.fromEntries(entries.map(([k, v]) => [k, value(v)])) };
}

/** Both read the text, or both refuse it; what they read is the same. Answers whether it was read. */
function same(text: string): boolean {
    const library = recoveringParser().parse(text);
    const wrong = syntaxFindings('', text, library as never).length > 0;
    const direct = readDirectly(text);
    if (wrong) {
        expect(direct, text).toBeUndefined();
        return false;
    }
    expect(direct, text).toBeDefined();
    expect(abstract(direct!)).toEqual(abstract(library.value));
    expect(concrete(direct!.$cstNode!)).toEqual(concrete(library.value.$cstNode!));
    return true;
}

const root = path.resolve(import.meta.dirname, '../../..');
const filesBelow = (folder: string): string[] => readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.memtopo')).sort().map((f) => readFileSync(path.join(root, folder, f), 'utf8'));
const examples = filesBelow('examples');

describe('texts without mistakes', () => {
    it('are read as the library reads them: every example', () => {
        expect(examples.length).toBeGreaterThan(20);
        for (const text of examples) expect(same(text)).toBe(true);
    });

    it('every fixture, whole or broken', () => {
        const read = filesBelow('test').map(same);
        expect(read.filter((r) => r).length).toBeGreaterThan(20);
        expect(read.filter((r) => !r).length).toBeGreaterThan(2);
    });

    it.each([
        ['', true], [' \n\t\u00a0', true], ['// only a comment', true], ['/* a\n * b */ platform a { } // behind\n', true], ['/**/ /***/ /*/*/ platform a { } /**\n//*/', true], ['/*/', false], ['/', false],
        ['platform a { pmem at 4G size 2G node 1 }', true],
        // `node 1` is the range's node as well as a declaration: whatever can be read as the former is
        ['platform a { pmem at 4G size 2G node 1 { memory at 0 size 1G } }', true],
        ['platform a { pmem at 4G size 2G node 1 { } }', true],
        ['platform a { pmem at 4G size 2G node 1 { namespace { mode raw } } }', true],
        ['platform a { soft-reserved at 4G size 2G node 1 node 2 { cpus 0-3 } dimm d at 8G size 1G node 2 { } node 3 }', true],
        ['platform a { resource 0x0-0xff "a" { resource 0x0-0xf "b" { resource 0x0-0x1 "c" } } }', true],
        ['platform a { cxl window 0 at 0 size 1G { ways 2 targets hb0, hb1 volatile } cxl memdev mem0 { volatile 1G region at 0 size 1G } }', true],
        ['platform cxl extends kernel { config A = memory config B = "x" config C = 7 modules kmem, "dax", size }', true],
        ['scenario "s" on a { kernel 6.1, "6.12" $ echo 1 > x\n expect fails expect fails EBUSY expect blocks 1-2 online Movable expect ram d = 1G expect node 0 memory = 1G expect iomem exactly | a\n| b\n (qemu) info x\n}', true],
        ['import "a.memtopo"\nimport "b"', true],
        ['import "never closed', false], ['/* never closed', false], ['platform a { # }', false], ['platform a {', false], ['platform a { } }', false], ['platform a { node }', false], ['(qem)', false],
        ['scenario "s" on a { expect nothing }', false], ['platform 1 { }', false], ['a', false], ['|', false], ['"', false], ['ü', false],
    ] as const)('%j', (text, right) => {
        expect(same(text)).toBe(right);
    });

    it('many settings of a kind, each of which might be a declaration of its own', () => {
        expect(same(`platform a { pmem at 4G size 2G ${'node 1 '.repeat(300)} node 2 { cpus 0 } }`)).toBe(true);
    });

    it('whatever is left out, doubled or swapped in a text', () => {
        const source = [...examples, platforms(2)].flatMap((text) => text.split(/(?<=\n\})/)).filter((t) => t.length < 3000);
        const words = source.map((text) => text.match(/\/\/.*|\$.*|\s+|"[^"]*"?|[\w.-]+|./gs) ?? []);
        fc.assert(fc.property(fc.nat(), fc.nat(), fc.nat(), fc.constantFrom('leave out', 'double', 'swap'), (which, from, to, how) => {
            const list = [...words[which % words.length]!];
            const a = from % list.length;
            const b = to % list.length;
            if (how === 'leave out') list.splice(a, 1 + (to % 3));
            else if (how === 'double') list.splice(b, 0, list[a]!);
            else [list[a], list[b]] = [list[b]!, list[a]!];
            same(list.join(''));
        }), { numRuns: 400 });
    });
});
