// One text per feature: what is asked stands at `$0`, what must come stands in the test.
import { describe, expect, test } from 'vitest';
import type { Hover, SelectionRange, WorkspaceEdit } from 'vscode-languageserver-types';
import { codeActions } from '../../../server/src/features/code-actions.ts';
import { codeLenses } from '../../../server/src/features/code-lens.ts';
import { completion } from '../../../server/src/features/completion.ts';
import { definition, references } from '../../../server/src/features/definition.ts';
import { documentLinks } from '../../../server/src/features/document-links.ts';
import { ruleTitle } from '../../../server/src/kernel/rules.ts';
import { foldingRanges } from '../../../server/src/features/folding.ts';
import { formatting } from '../../../server/src/features/formatting.ts';
import { hover } from '../../../server/src/features/hover.ts';
import { allInlayHints } from '../../../server/src/features/inlay-hints.ts';
import { highlights, prepareRename, rename } from '../../../server/src/features/rename.ts';
import { selectionRanges } from '../../../server/src/features/selection.ts';
import { documentSymbols } from '../../../server/src/features/symbols.ts';
import { analyse, analyseFiles, type Fixture, URI } from '../../fixture.ts';

const PLATFORM = `platform fast {
    kernel 6.1
    hypervisor
    cmdline "memmap=2G!6G"
    node 0 {
        cpus 0-3
        memory 0x0-0x9fbff
        memory at 1M size 2047M
        memory at 4G size 6G
    }
}
`;
const SCENARIO = `scenario "take it" on fast {
    $ ndctl create-namespace --mode=devdax --map=mem -e namespace0.0 -f
    $ modprobe kmem
    $ echo dax0.0 > /sys/bus/dax/drivers/device_dax/unbind
    $ echo dax0.0 > /sys/bus/dax/drivers/kmem/new_id
    $ daxctl online-memory dax0.0
    $ echo offline > /sys/devices/system/memory/memory49/state
}
`;
const BOTH = PLATFORM + SCENARIO;

const at = (text: string, marked: string): Fixture => analyse(text.replace(marked.replace('$0', ''), marked));
const value = (h: Hover | undefined): string => (h?.contents as { value: string } | undefined)?.value ?? '';
const labels = (f: Fixture): string[] => completion(f, f.offset).map((i) => i.label);
const lineOf = (text: string, part: string): number => text.slice(0, text.indexOf(part)).split('\n').length - 1;

describe('hover', () => {
    test('a range: both spellings, size, blocks, node, the kernel’s tree', () => {
        const text = value(hover(at(BOTH, 'memory at 4G$0 size 6G'), at(BOTH, 'memory at 4G$0 size 6G').offset));
        expect(text).toContain('0x100000000-0x27fffffff');
        expect(text).toContain('at 4 GiB size 6 GiB');
        expect(text).toContain('Persistent Memory (legacy)');
        expect(text).toMatch(/memory32…memory47: online/);
    });
    test('a device: its state after the line and what it was before', () => {
        const f = at(BOTH, 'echo da$0x0.0 > /sys/bus/dax/drivers/kmem/new_id');
        expect(value(hover(f, f.offset))).toMatch(/dax device[\s\S]*bound to kmem[\s\S]*before this line: bound to no driver/);
    });
    test('a block: state, zone and node at that line', () => {
        const f = at(BOTH, 'memory/memor$0y49/state');
        expect(value(hover(f, f.offset))).toMatch(/memory49[\s\S]*offline[\s\S]*before this line: online, zone Movable/);
    });
    test('an option: its documentation out of the tool’s table', () => {
        const f = at(BOTH, '--ma$0p=mem');
        expect(value(hover(f, f.offset))).toContain('`--map`');
    });
    test('a step: outcome, losses with cause and rule, release', () => {
        const f = at(BOTH, '$ ec$0ho dax0.0 > /sys/bus/dax/drivers/kmem/new_id');
        expect(value(hover(f, f.offset))).toMatch(/kernel 6\.1[\s\S]*126 MiB `180200000-187ffffff`: front[\s\S]*KM-02/);
        // what is named is explained
        expect(value(hover(f, f.offset))).toContain(`- KM-02: ${ruleTitle('KM-02')}`);
    });
    test('nothing in an empty file', () => expect(hover(analyse(''), 0)).toBeUndefined());
});

describe('inlay hints', () => {
    const hints = allInlayHints(analyse(BOTH));
    const on = (part: string): unknown => hints.find((h) => h.position.line === lineOf(BOTH, part))?.label;
    test('the unwritten part of a range', () => {
        expect(on('memory 0x0')).toBe('= 639 KiB');
        expect(on('memory at 4G')).toBe('… 0x27fffffff');
    });
    test('the outcome of a step', () => {
        expect(on('kmem/new_id')).toMatch(/^→ ok · dax0\.0 bound to kmem · 15 blocks added on node 0, offline · 126 MiB lost to alignment$/);
        expect(on('daxctl online')).toBe('→ ok · 15 blocks on node 0 (Movable)');
        expect(on('memory49')).toBe('→ ok · memory49 offline');
    });
    test('a failure, unexpected and expected', () => {
        const failing = (more: string): unknown => {
            const text = `${PLATFORM}scenario "s" on fast {\n    $ echo online > /sys/devices/system/memory/memory33/state\n${more}}\n`;
            return allInlayHints(analyse(text)).at(-1)?.label;
        };
        expect(failing('')).toMatch(/^✗ EINVAL · memory33 is online already/);
        expect(failing('    expect fails EINVAL\n')).toMatch(/^✓ fails as expected · EINVAL/);
    });
    test('each kind can be switched off', () => {
        const all = (inlayHints: { outcomes: boolean; sizes: boolean; losses: boolean }): string[] =>
            allInlayHints({ ...analyse(BOTH), settings: { kernel: '', severities: {}, inlayHints } }).map((h) => h.label as string);
        expect(all({ outcomes: false, sizes: false, losses: false })).toEqual([]);
        expect(all({ outcomes: true, sizes: false, losses: false })).toHaveLength(6);
        expect(all({ outcomes: true, sizes: false, losses: false }).filter((l) => l.includes('lost'))).toEqual([]);
        expect(all({ outcomes: false, sizes: true, losses: false })).toHaveLength(3);
        const lost = all({ outcomes: false, sizes: false, losses: true });
        expect(lost).toContain('− 126 MiB lost to alignment');
        expect(lost.every((l) => l.includes('lost'))).toBe(true);
    });
});

describe('definition and references', () => {
    const target = (marked: string): number | undefined => {
        const f = at(BOTH, marked);
        return definition(f, f.offset)[0]?.range.start.line;
    };
    test('a device leads to the line that made it', () => expect(target('echo da$0x0.0 > /sys/bus/dax/drivers/kmem/new_id')).toBe(lineOf(BOTH, 'ndctl create-namespace')));
    test('what is there since boot leads to its description', () => expect(target('-e namespa$0ce0.0')).toBe(lineOf(BOTH, 'memory at 4G')));
    test('a block leads to the line that added it', () => expect(target('memory/memor$0y49/state')).toBe(lineOf(BOTH, 'kmem/new_id')));
    test('a platform’s name leads to the platform', () => expect(target('on fa$0st {')).toBe(0));
    test('references of a device stay in its scenario', () => {
        const f = at(BOTH, 'echo da$0x0.0 > /sys/bus/dax/drivers/kmem/new_id');
        expect(references(f, f.offset, true).length).toBe(3);
    });
    test('references of a platform', () => {
        const f = at(BOTH, 'platform fa$0st');
        expect(references(f, f.offset, true).map((l) => l.range.start.line)).toEqual(expect.arrayContaining([0, lineOf(BOTH, 'scenario')]));
    });
});

describe('rename, highlight, selection', () => {
    test('a platform is renamed where it is declared and where it is used', () => {
        const f = at(BOTH, 'on fa$0st');
        const edits = (rename(f, f.offset, 'quick') as WorkspaceEdit).changes![URI]!;
        expect(edits.map((e) => e.range.start.line).sort((a, b) => a - b)).toEqual([0, lineOf(BOTH, 'scenario')]);
    });
    test.each([['a name with blanks', 'cannot be the name'], ['', 'cannot be the name'], ['node', 'cannot be the name'], ['other', 'already a platform']])('not to %j: %s', (name, why) => {
        const f = at(`${BOTH}platform other { }\n`, 'on fa$0st');
        expect((rename(f, f.offset, name) as { refused: string }).refused).toContain(why);
    });
    test('words that read the same are not the name', () => {
        const text = '/** memory: a platform */\nplatform memory {  // memory\n    cmdline "memory"\n    node 0 { memory at 0 size 2G }\n}\nscenario "on memory" on memory { }\nplatform kernel extends memory { kernel 6.1 }\n';
        const named: number[] = [];
        for (let offset = 0; offset <= text.length; offset++) {
            const f = { ...analyse(text), offset };
            const edits = (rename(f, offset, 'm') as WorkspaceEdit | undefined)?.changes![URI] ?? [];
            if (prepareRename(f, offset)?.placeholder === 'memory') named.push(edits.length);
            if (edits.length > 0) expect(edits.some((e) => f.analysis.lines.offsetAt(e.range.start) <= offset && offset <= f.analysis.lines.offsetAt(e.range.end))).toBe(true);
        }
        expect(named).toEqual(new Array<number>(3 * ('memory'.length + 1)).fill(3));
    });
    test('of two platforms of one name the second is a name of its own', () => {
        const f = analyse('platform a { }\nplatform $0a { }\nscenario "s" on a { }\n');
        expect((rename(f, f.offset, 'b') as WorkspaceEdit).changes![URI]).toHaveLength(1);
    });
    test('the kernel’s names are not the author’s', () => {
        const f = at(BOTH, 'echo da$0x0.0 > /sys/bus/dax/drivers/kmem/new_id');
        expect(prepareRename(f, f.offset)).toBeUndefined();
        expect(highlights(f, f.offset)).toHaveLength(3);
    });
    test('selection grows from the word to the document', () => {
        const f = at(BOTH, 'memory at 4$0G');
        const sizes: number[] = [];
        for (let r = selectionRanges(f, [f.analysis.lines.positionAt(f.offset)])[0] as { range: { start: never; end: never }; parent?: never } | undefined; r; r = r.parent) {
            sizes.push(f.analysis.lines.offsetAt(r.range.end) - f.analysis.lines.offsetAt(r.range.start));
        }
        expect(sizes[0]).toBe(2);
        expect(sizes.at(-1)).toBe(f.text.length);
        expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
        expect(sizes.length).toBeGreaterThan(5);
    });
    test.each([
        ['memory at 4$0G', ['4G', 'at 4G size 6G', 'memory at 4G size 6G']],
        ['"mem$0map=2G!6G"', ['memmap', 'memmap=2G!6G', '"memmap=2G!6G"', 'cmdline "memmap=2G!6G"']],
        ['/sys/devices/system/memory/memor$0y49/state', ['memory49', '/sys/devices/system/memory/memory49/state', 'echo offline > /sys/devices/system/memory/memory49/state', '$ echo offline > /sys/devices/system/memory/memory49/state']],
    ])('selection at %s', (marked, wanted) => {
        const f = at(BOTH, marked);
        const texts: string[] = [];
        for (let r: SelectionRange | undefined = selectionRanges(f, [f.analysis.lines.positionAt(f.offset)])[0]; r; r = r.parent) texts.push(f.text.slice(f.analysis.lines.offsetAt(r.range.start), f.analysis.lines.offsetAt(r.range.end)));
        expect(texts.slice(0, wanted.length)).toEqual(wanted);
    });
});

describe('completion', () => {
    const shell = (line: string): string[] => labels(analyse(`${BOTH.trimEnd().slice(0, -1)}    $ ${line}$0\n}\n`));
    test('keywords of the block', () => {
        expect(labels(analyse('$0'))).toEqual(expect.arrayContaining(['platform', 'scenario', 'import']));
        expect(labels(analyse('platform a {\n    $0\n}'))).toEqual(expect.arrayContaining(['node', 'cmdline', 'pmem']));
        expect(labels(analyse('platform a {\n    node 0 {\n        $0\n    }\n}'))).toContain('memory');
        expect(labels(analyse('platform a {\n    node 0 {\n        $0\n    }\n}'))).not.toContain('cmdline');
    });
    test('platforms behind `on`', () => expect(labels(analyse(`${PLATFORM}scenario "s" on $0`))).toEqual(['fast']));
    test('tools, verbs, options', () => {
        expect(shell('')).toEqual(expect.arrayContaining(['daxctl', 'ndctl', 'echo']));
        expect(shell('daxctl ')).toContain('reconfigure-device');
        expect(shell('ndctl create-namespace --m')).toEqual(expect.arrayContaining(['--mode', '--map']));
        expect(shell('ndctl create-namespace --mode=')).toEqual(expect.arrayContaining(['fsdax', 'devdax']));
    });
    test('devices as they exist at that line', () => {
        expect(shell('daxctl offline-memory ')).toContain('dax0.0');
        expect(labels(analyse(`${PLATFORM}scenario "s" on fast {\n    $ daxctl offline-memory $0\n}`))).not.toContain('dax0.0');
    });
    test('paths, and blocks in them', () => {
        expect(shell('echo offline > /sys/devices/system/memory/memory4')).toContain('/sys/devices/system/memory/memory49/');
        expect(shell('echo offline > /sys/devices/system/memory/memory49/')).toContain('/sys/devices/system/memory/memory49/state');
    });
    test('nothing inside a comment', () => expect(labels(analyse('platform a {\n    // no$0\n}'))).toEqual([]));
    test('options in the order of the manual page', () => {
        const f = at(BOTH, '$ ndctl create-namespace $0--mode');
        const options = completion(f, f.offset).filter((i) => i.label.startsWith('--')).sort((a, b) => (a.sortText! < b.sortText! ? -1 : 1)).map((i) => i.label);
        expect(options.slice(0, 4)).toEqual(['--reconfig', '--mode', '--map', '--size']);
    });
    test('plain text for a client without snippets', () => {
        const f = analyse('$0');
        expect(completion({ ...f, client: {} }, f.offset).every((i) => i.insertTextFormat === undefined)).toBe(true);
    });
});

describe('the rest', () => {
    test('outline with sizes and outcomes', () => {
        const [platform, scenario] = documentSymbols(analyse(BOTH));
        expect(platform).toMatchObject({ name: 'fast', detail: 'platform, kernel 6.1' });
        expect(platform!.children!.find((c) => c.name.startsWith('node'))!.children!.map((c) => c.detail)).toContain('6 GiB');
        expect(scenario!.children!.length).toBe(6);
    });
    test('folding of imports and of lines of /proc/iomem', () => {
        const text = 'import "a"\nimport "b" // why\nimport "c"\n\nimport "d"\nplatform import { }\nscenario "s" on import {\n    $ true\n    expect iomem\n        | 1\n        | 2\n    expect ok\n    expect iomem\n        | 3\n}\n';
        expect(foldingRanges(analyse(text))).toEqual([
            { startLine: 0, endLine: 2, kind: 'imports' }, { startLine: 8, endLine: 10 }, { startLine: 12, endLine: 13 }, { startLine: 6, endLine: 13 },
        ]);
    });
    test('folding of blocks and comments', () => {
        const text = `/* a\n b */\n// c\n// d\n${PLATFORM}`;
        expect(foldingRanges(analyse(text)).map((r) => [r.startLine, r.endLine])).toEqual(expect.arrayContaining([[0, 1], [2, 3], [4, 13], [8, 12]]));
    });
    test('a lens over each declaration, with a place to preview', () => {
        const lenses = codeLenses({ ...analyse(BOTH), ownCommands: true });
        expect(lenses.map((l) => l.command!.title)).toEqual(['Preview', 'Preview', 'Compare kernels', 'Copy as script']);
        for (const lens of lenses.slice(1)) expect(lens.command!.arguments).toEqual([URI, BOTH.indexOf('"take it"')]);
        expect(codeLenses(analyse(BOTH)).map((l) => l.command!.command)).toEqual(['memtopo.compareKernels', 'memtopo.copyAsScript']);
    });
    test('formatting changes what differs and nothing else', () => {
        expect(formatting(analyse(PLATFORM.replace('kernel 6.1', 'kernel    6.1')))).toHaveLength(1);
        expect(formatting(analyse('platform a {'))).toEqual([]);
    });
    test('imports are links, and their platforms are known', async () => {
        const f = await analyseFiles(`import "base.memtopo"\n${SCENARIO}`, { 'file:///test/base.memtopo': PLATFORM });
        expect(documentLinks(f).map((l) => l.target)).toEqual(['file:///test/base.memtopo']);
        expect(f.analysis.findings().filter((x) => x.severity === 'error')).toEqual([]);
        expect(definition(f, f.text.indexOf('on fast') + 4)[0]?.uri).toBe('file:///test/base.memtopo');
    });
    test('files that import each other are told once, and still work', async () => {
        const f = await analyseFiles(`import "base.memtopo"\n${SCENARIO}`, { 'file:///test/base.memtopo': `import "a.memtopo"\n${PLATFORM}` });
        expect(f.analysis.findings().filter((x) => x.severity === 'error').map((x) => x.code)).toEqual(['language/import-cycle']);
    });
});

describe('code actions', () => {
    const actions = (f: Fixture): ReturnType<typeof codeActions> => {
        const position = f.analysis.lines.positionAt(f.offset);
        return codeActions(f, { start: position, end: position }, [], undefined);
    };
    const apply = (f: Fixture, title: string): string => {
        const edit = actions(f).find((a) => a.title.startsWith(title))!.edit!.changes![URI]![0]!;
        return f.text.slice(0, f.analysis.lines.offsetAt(edit.range.start)) + edit.newText + f.text.slice(f.analysis.lines.offsetAt(edit.range.end));
    };
    test('the missing offline step', () => {
        const text = `${PLATFORM}${SCENARIO.replace('$ echo offline > /sys/devices/system/memory/memory49/state', '$ echo dax0.0 > /sys/bus/dax/drivers/kmem/unbind')}`;
        const f = at(text, 'echo da$0x0.0 > /sys/bus/dax/drivers/kmem/unbind');
        const fixed = apply(f, 'Take the memory of dax0.0 offline first');
        expect(fixed).toContain('    $ daxctl offline-memory dax0.0\n    $ echo dax0.0 > /sys/bus/dax/drivers/kmem/unbind');
        expect(analyse(fixed).analysis.findings().map((x) => x.code)).not.toContain('kmem/left-online');
    });
    test('a failure accepted', () => {
        const f = at(`${PLATFORM}scenario "s" on fast {\n    $ echo online > /sys/devices/system/memory/memory33/state\n}\n`, 'echo on$0line');
        const fixed = apply(f, 'Expect this failure');
        expect(fixed).toContain('state\n    expect fails EINVAL\n}');
        expect(analyse(fixed).analysis.findings().filter((x) => x.severity === 'error')).toEqual([]);
    });
    test('ranges shrunk and grown to 2 MiB', () => {
        const f = at(`platform a {\n    kernel 6.1\n    node 0 { memory at 0 size 2G }\n    pmem at 0x200001000 size 4G node 0\n}\n`, '0x2000$001000');
        expect(apply(f, 'Shrink to 2 MiB')).toContain('pmem at 8194M size 4094M');
        expect(apply(f, 'Grow to 2 MiB')).toContain('pmem at 8G size 4098M');
    });
    test('a suppression, which then holds', () => {
        const f = at(BOTH, 'echo da$0x0.0 > /sys/bus/dax/drivers/kmem/new_id');
        const fixed = apply(f, 'Ignore kmem/block-trim here');
        expect(analyse(fixed).analysis.findings().map((x) => x.code)).not.toContain('kmem/block-trim');
    });
    test('none for a client without literals', () => {
        const f = { ...at(BOTH, 'echo da$0x0.0 > /sys/bus/dax/drivers/kmem/new_id'), client: {} };
        expect(actions(f)).toEqual([]);
    });
});
