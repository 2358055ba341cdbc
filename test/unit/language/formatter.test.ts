import type { AstNode } from 'langium';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatEdits, formatText } from '../../../server/src/language/formatter.ts';
import { parseText } from '../../../server/src/language/parser.ts';

/** The tree as plain values, without places. */
function plain(node: AstNode): unknown {
    const out: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(node)) {
        if (key.startsWith('$') && key !== '$type') continue;
        out[key] = Array.isArray(value) ? value.map(plainValue) : plainValue(value);
    }
    return out;
}

function plainValue(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return typeof value === 'string' && /^[0-9]/.test(value) ? value.toLowerCase().replace(/ib$|b$/, '') : typeof value === 'string' ? value.trim().replace(/^([$|]|\(qemu\))\s*/, '$1 ').trim() : value;
    if ('$refText' in value) return value.$refText;
    return plain(value as AstNode);
}

const tree = (text: string): unknown => {
    const parsed = parseText('', text);
    expect(parsed.errors).toEqual([]);
    return plain(parsed.file);
};

const comments = (text: string): string[] => [...text.matchAll(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g)].map((m) => m[0].replace(/\s+/g, ' ').trim());

/** Random texts of the language: blanks, line breaks and comments anywhere. */
const word = fc.constantFrom('alpha', 'b-2', 'dax0.0', 'pmem', 'level', 'x_y');
const number = fc.constantFrom('0', '4G', '4GiB', '0XFF000', '16k', '1_024M');
const place = fc.oneof(fc.tuple(number, number).map(([a, b]) => `at ${a} size ${b}`), fc.constant('0x0 - 0xFFF'));
const gap = fc.constantFrom(' ', '  ', '\n', '\n\n\n', '\t', ' // why\n', ' /* a\n * b */ ', '\r\n');
const member = fc.oneof(
    fc.constant('kernel 6.1'), fc.constant('hypervisor'), fc.constant('cmdline "a  \\"b\\""'), fc.constant('config A=y'),
    place.map((p) => `reserved ${p} "x"`), place.map((p) => `node 1 { cpus 0-3 , 8 memory ${p} hotplug ${p} }`), fc.constant('distance 0 to 1 = 21'),
    fc.tuple(word, place).map(([w, p]) => `soft-reserved ${w} ${p} node 1 { device size 1G mode devdax device size 2G }`),
    place.map((p) => `pmem ${p} node 2 { dimms 4 label-size 128K namespace { size 1G mode fsdax map dev } }`),
    place.map((p) => `resource ${p} "PCI" { resource ${p} "ROM" }`), fc.constant('target 1 { initiator 0 { latency 90ns bandwidth 4GB/s } memory-side-cache { size 1G level 1 } }'),
    place.map((p) => `cxl window 0 ${p} { ways 2 targets a , b volatile }`), fc.constant('modules nfit, "dax_hmem region_idle=Y"'),
);
const step = fc.constantFrom('$ ndctl list   -N  \n', '$ls\n', '(qemu)device_add x\n', '$ echo 1 > /sys/x }\n');
const check = fc.constantFrom('expect ok', 'expect fails EBUSY', 'expect iomem exactly\n| 0-1 : a\n   |   2-3 : b\n', 'expect blocks 1 - 4 online Movable', 'expect ram dax0.0 = 1G', 'expect log "x"');
const spread = (parts: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.array(fc.tuple(parts, gap).map(([p, g]) => p + g), { maxLength: 5 }).map((a) => a.join(''));
const item = fc.oneof(
    fc.tuple(word, gap, spread(member)).map(([w, g, body]) => `platform ${w}${g}{${g}${body}}`),
    fc.tuple(gap, fc.array(fc.tuple(fc.oneof(step, check), gap).map(([p, g]) => `${p}${g}`), { maxLength: 5 })).map(([g, body]) => `scenario "s" on p {${g}${body.join('\n')}\n}`),
    fc.constant('import "a.memtopo"'),
);
const file = fc.array(fc.tuple(item, gap).map(([i, g]) => i + g), { maxLength: 4 }).map((a) => a.join('\n'));

describe('formatter', () => {
    it('has a fixed point, keeps the tree and every comment', () => {
        fc.assert(fc.property(file, (text) => {
            const once = formatText(text);
            expect(once).toBeDefined();
            expect(formatText(once!)).toBe(once);
            expect(tree(once!)).toEqual(tree(text));
            expect(comments(once!)).toEqual(comments(text));
        }), { numRuns: 300 });
    });

    it('leaves a text with syntax errors alone', () => {
        expect(formatText('platform x { node }')).toBeUndefined();
        expect(formatText('\u0000')).toBeUndefined();
    });

    it('answers the empty file with itself', () => {
        expect(formatText('')).toBe('');
    });

    it('writes the canonical form', () => {
        expect(formatText('platform  a extends b\n{ kernel 6.1   // k\nhypervisor // h\n\n\n\n config CONFIG_X = y node 0{cpus 0 - 3 memory at 0 size 4GiB } }\nscenario "s" on a {\n$  ls  \nexpect iomem\n|0-1 : a\n}'))
            .toBe(`platform a extends b {
    kernel 6.1  // k
    hypervisor  // h

    config CONFIG_X=y
    node 0 { cpus 0-3  memory at 0 size 4G }
}

scenario "s" on a {
    $ ls
    expect iomem
        | 0-1 : a
}
`);
    });

    it('formats a range alone', () => {
        const text = 'platform  a {\n kernel   6.1\n  hypervisor\n}\n';
        const at = text.indexOf('  hypervisor');
        const edits = formatEdits(text, { start: at + 2, end: at + 5 })!;
        expect(edits).toEqual([{ start: at + 2, end: at + 2, text: '  ' }]);
    });

    it('touches no line but those asked for', () => {
        const text = 'platform a {\n  kernel 6.1\n  hypervisor\n  modules nfit\n}\n';
        const line = text.indexOf('  hypervisor');
        const edits = formatEdits(text, { start: line, end: text.indexOf('  modules') })!;
        expect(edits.map((e) => text.slice(0, e.start).split('\n').length)).toEqual([3]);
    });

    it.each([['\r\n', 'a text of CRLF'], ['\n', 'a text of LF']])('keeps the line ends %j of %s', (end) => {
        const written = (lines: readonly string[]): string => lines.join(end);
        const lines = ['/**', ' * two lines', ' */', 'platform a {', '    kernel 6.1  // newest', '', '    hypervisor', '}', ''];
        expect(formatEdits(written(lines))).toEqual([]);
        expect(formatText(written(lines.map((l) => (l.startsWith('    ') ? l.slice(2) : l === '' ? l : `${l} `))))).toBe(written(lines));
    });

    it.each(readdirSync(new URL('../../../examples/', import.meta.url)).filter((f) => f.endsWith('.memtopo')))('examples/%s is in canonical form', (name) => {
        const text = readFileSync(new URL(`../../../examples/${name}`, import.meta.url), 'utf8');
        expect(formatText(text)).toBe(text);
    });

});
