// What happens while somebody types, and what a difference is made of.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SignatureHelp, TextEdit } from 'vscode-languageserver-types';
import { formatting, formattingInParts } from '../../../server/src/features/formatting.ts';
import { inlayHints } from '../../../server/src/features/inlay-hints.ts';
import { onTypeFormatting } from '../../../server/src/features/on-type-formatting.ts';
import { semanticTokens, tokenEdits } from '../../../server/src/features/semantic-tokens.ts';
import { signatureHelp } from '../../../server/src/features/signature-help.ts';
import { workspaceSymbols } from '../../../server/src/features/workspace-symbols.ts';
import { executeCommand } from '../../../server/src/server/commands.ts';
import { Project } from '../../../server/src/server/project.ts';
import { warmUp } from '../../../server/src/server/warm.ts';
import { platforms } from '../../bench/texts.ts';
import { analyse, analyseFiles, type Fixture, URI } from '../../fixture.ts';

const apply = (f: Fixture, edits: readonly TextEdit[]): string => [...edits].sort((a, b) => f.analysis.lines.offsetAt(b.range.start) - f.analysis.lines.offsetAt(a.range.start))
    .reduce((text, e) => text.slice(0, f.analysis.lines.offsetAt(e.range.start)) + e.newText + text.slice(f.analysis.lines.offsetAt(e.range.end)), f.text);

describe('on-type formatting', () => {
    const typed = (marked: string, ch: string, options = { tabSize: 4, insertSpaces: true }): string => {
        const f = analyse(marked);
        return apply(f, onTypeFormatting(f, f.offset, ch, options));
    };
    test.each([
        ['a brace goes under its declaration', 'platform a {\n    node 0 {\n        cpus 0\n        }$0\n}\n', '}', 'platform a {\n    node 0 {\n        cpus 0\n    }\n}\n'],
        ['a brace behind something stays', 'platform a {\n    node 0 { cpus 0 }$0\n}\n', '}', 'platform a {\n    node 0 { cpus 0 }\n}\n'],
        ['a new line in a transcript begins with its prompt', 'scenario "s" on a {\n    $ reboot\n$0\n}\n', '\n', 'scenario "s" on a {\n    $ reboot\n    $ \n}\n'],
        ['Enter in an empty transcript line ends it', 'scenario "s" on a {\n    $ \n    $0\n}\n', '\n', 'scenario "s" on a {\n\n    \n}\n'],
        ['a new line in a block is indented', 'platform a {\n    node 0 {\n$0\n    }\n}\n', '\n', 'platform a {\n    node 0 {\n        \n    }\n}\n'],
        ['a new line behind a margin line begins with a margin', 'scenario "s" on a {\n    $ reboot\n    expect iomem\n        | 0-1 : x\n$0\n}\n', '\n', 'scenario "s" on a {\n    $ reboot\n    expect iomem\n        | 0-1 : x\n        | \n}\n'],
        ['and so does the first one', 'scenario "s" on a {\n    expect iomem exactly\n    $0\n}\n', '\n', 'scenario "s" on a {\n    expect iomem exactly\n        | \n}\n'],
        ['Enter in an empty margin line ends them', 'scenario "s" on a {\n    expect iomem\n        | \n        $0\n}\n', '\n', 'scenario "s" on a {\n    expect iomem\n\n    \n}\n'],
        ['a comment stays as it is', 'platform a {\n    /* as typed:\n       $ reboot\n  $0\n    */\n}\n', '\n', 'platform a {\n    /* as typed:\n       $ reboot\n  \n    */\n}\n'],
        ['a brace that Enter pushed down goes under its declaration', 'platform a {\n        $0}\n', '\n', 'platform a {\n}\n'],
        ['an expectation takes the place of a prompt', 'scenario "s" on a {\n    $ reboot\n    $ expect $0\n}\n', ' ', 'scenario "s" on a {\n    $ reboot\n    expect \n}\n'],
        ['so does a line of the monitor', 'scenario "s" on a {\n    $ (qemu) $0\n}\n', ' ', 'scenario "s" on a {\n    (qemu) \n}\n'],
        ['a prompt of the author’s own is not a second one', 'scenario "s" on a {\n    $ $ $0\n}\n', ' ', 'scenario "s" on a {\n    $ \n}\n'],
        ['a command that only speaks of it keeps its prompt', 'scenario "s" on a {\n    $ echo expect $0\n}\n', ' ', 'scenario "s" on a {\n    $ echo expect \n}\n'],
    ])('%s', (_, marked, ch, wanted) => expect(typed(marked, ch)).toBe(wanted));
    test('tabs where the editor uses them', () => expect(typed('platform a {\n$0\n}\n', '\n', { tabSize: 8, insertSpaces: false })).toBe('platform a {\n\t\n}\n'));
    test('never fails, whatever the text', () => {
        fc.assert(fc.property(fc.array(fc.constantFrom('{', '}', '\n', '$ ', '"', '|', ' ', 'a'), { maxLength: 30 }), fc.nat(30), (words, at) => {
            const text = words.join('');
            const f = analyse(text);
            for (const ch of ['}', '\n', ' ']) apply(f, onTypeFormatting(f, Math.min(at, text.length), ch, { tabSize: 4, insertSpaces: true }));
        }));
    });
});

describe('semantic tokens', () => {
    test('a difference leads from the old tokens to the new', () => {
        const line = fc.constantFrom('platform a {', '}', '    kernel 6.1', '    // note', '    $ daxctl list -u', '    memory at 4G size 1G', 'scenario "s" on a {');
        fc.assert(fc.property(fc.array(line), fc.array(line), (one, two) => {
            const before = semanticTokens(analyse(one.join('\n'))).data;
            const after = semanticTokens(analyse(two.join('\n')));
            const data = [...before];
            for (const e of tokenEdits(before, after).edits) data.splice(e.start, e.deleteCount, ...(e.data ?? []));
            expect(data).toEqual(after.data);
        }));
    });
    test('of a range are those of the document that lie in it; comments over lines are cut', () => {
        const f = analyse('/* a\n b */\nplatform a {\n    kernel 6.1\n}\n');
        const all = semanticTokens(f).data;
        const part = semanticTokens(f, { start: { line: 2, character: 0 }, end: { line: 2, character: 12 } }).data;
        expect(all.length).toBeGreaterThan(part.length);
        expect(part.length).toBe(10);
        expect(all.slice(0, 10)).toEqual([0, 0, 4, 4, 0, 1, 0, 5, 4, 0]);
    });
});

test('whole lines that are selected end where the next one begins, which stays as it is', async () => {
    const f = analyse('platform a {\n  kernel 6.1\n  hypervisor\n  modules nfit\n}\n');
    const line = { start: { line: 2, character: 0 }, end: { line: 3, character: 0 } };
    const wanted = 'platform a {\n  kernel 6.1\n    hypervisor\n  modules nfit\n}\n';
    expect(apply(f, formatting(f, line))).toBe(wanted);
    expect(apply(f, await formattingInParts(f, line, async () => true))).toBe(wanted);
});

test('signature help in plain text for a client without offsets', () => {
    const f = analyse('platform a {\n    node 0 { memory at 0 size 2G }\n}\nscenario "s" on a {\n    $ daxctl online-memory $0\n}\n');
    expect(signatureHelp({ ...f, client: {} }, f.offset)!.signatures[0]!.parameters![0]!.label).toBe('DEVICE');
});
test('behind the last parameter none is active, as each client understands it', () => {
    const f = analyse('platform a { }\nscenario "s" on a {\n    $ daxctl create-device -s 1G $0\n}\n');
    const help = (noActiveParameterSupport: boolean): SignatureHelp => signatureHelp({ ...f, client: { textDocument: { signatureHelp: { signatureInformation: { noActiveParameterSupport } } } } }, f.offset)!;
    expect(help(true).activeParameter).toBeNull();
    expect(help(false).activeParameter).toBe(help(false).signatures[0]!.parameters!.length);
});

test('symbols of the workspace reach into imports, each once', async () => {
    const f = await analyseFiles('import "base.memtopo"\nscenario "alpha" on base { }\n', { 'file:///test/base.memtopo': 'platform base {\n    node 0 { memory at 0 size 2G }\n    node 1\n    distance 0 to 1 = 17\n}\n' });
    expect(workspaceSymbols([f.analysis, f.analysis], '').map((s) => s.name).sort()).toEqual(['alpha', 'base']);
    expect(workspaceSymbols([f.analysis], 'lph').map((s) => s.name)).toEqual(['alpha']);
});

describe('commands', () => {
    const f = analyse('platform a {\n    kernel 6.1\n    node 0 { cpus 0  memory at 0 size 2G }\n}\nscenario "s" on a {\n    $ echo offline > /sys/devices/system/memory/memory9/state\n    expect ok\n}\n');
    const of = (uri: string): Fixture['analysis'] | null => (uri === URI ? f.analysis : null);
    const offset = f.text.indexOf('"s"');
    test('a scenario as a script', () => expect(executeCommand('memtopo.copyAsScript', [URI, offset], of)).toMatch(/^#!\/bin\/sh[\s\S]*echo offline > /));
    test('a scenario under releases', () => expect(executeCommand('memtopo.compareKernels', [URI, offset, ['5.10', '6.1']], of)).toContain('Linux 5.10, 6.1'));
    test('tests run', () => expect(executeCommand('memtopo.runTests', [URI], of)).toMatchObject({ runs: [{ kernel: '6.1', passed: true }] }));
    test.each([[[]], [[7]], [['file:///no']], [[URI, 'x', {}]], [[null, null]]])('arguments that are none: %j', (args) => {
        for (const command of ['memtopo.copyAsScript', 'memtopo.compareKernels', 'memtopo.runTests', 'nothing']) expect(() => executeCommand(command, args, of)).not.toThrow();
    });
});

describe('a large document', () => {
    const text = platforms(40);
    const large = (): Project => {
        const project = new Project(async () => undefined, 1000);
        project.setText(URI, 1, text);
        return project;
    };
    const told = (p: Project): unknown => p.analysis(URI)!.findings().map((x) => [x.code, x.message, p.analysis(URI)!.range(x.at)]);

    test('begins with nothing ready and ends as a small one does', async () => {
        const project = large();
        const analysis = project.analysis(URI)!;
        expect(analysis.platforms).toEqual([]);
        expect(analysis.waiting.length).toBe(analysis.source.units.length);
        let clock = 0;
        const steps: number[] = [];
        // every look at the clock is 30 ms later: there is a pause at each declaration
        expect(await warmUp(analysis, { focus: 0, stop: () => false, tell: (done) => steps.push(done), now: () => (clock += 30) })).toBe(true);
        expect(steps.length).toBeGreaterThan(2);
        project.renew(URI);
        const small = new Project(async () => undefined);
        small.setText(URI, 1, text);
        expect(told(project)).toEqual(told(small));
        expect(project.analysis(URI)!.scenarios).toHaveLength(40);
    });
    test('what somebody looks at is worked out first, and what is newer stops the rest', async () => {
        const project = large();
        const analysis = project.analysis(URI)!;
        const focus = text.indexOf('platform machine-30');
        let clock = 0;
        let pauses = 0;
        expect(await warmUp(analysis, { focus, stop: () => ++pauses > 3, tell: () => undefined, now: () => (clock += 30) })).toBe(false);
        project.renew(URI);
        const ready = project.analysis(URI)!.platforms.map((p) => p.lowered.name);
        expect(ready).toContain('machine-30');
        expect(ready.length).toBeLessThan(5);
    });
    test('hints of what is visible do not wait', () => {
        const project = large();
        const analysis = project.analysis(URI)!;
        const line = text.slice(0, text.indexOf('scenario "take some RAM away 20"')).split('\n').length - 1;
        const hints = inlayHints({ ...analyse(''), analysis, project }, { start: { line, character: 0 }, end: { line: line + 5, character: 0 } });
        expect(hints.filter((h) => String(h.label).startsWith('→ ok'))).toHaveLength(2);
        expect(analysis.platformNamed('machine-39')?.name).toBe('machine-39');
    });
    test('is formatted in parts as in one', async () => {
        const untidy = text.replaceAll('    kernel 6.1', ' kernel   6.1').replaceAll('\n\nscenario', '\n\n\n\nscenario').replaceAll(' size ', '  size ');
        const f = analyse(untidy);
        expect(apply(f, await formattingInParts(f, undefined, async () => true))).toBe(apply(f, formatting(f)));
        expect(await formattingInParts(f, undefined, async () => false)).toEqual([]);
    });
});

test('the release of platforms that name none follows the setting', () => {
    const project = new Project(async () => undefined);
    project.setText(URI, 1, 'platform a {\n    node 0 { cpus 0  memory at 0 size 2G }\n}\nplatform b {\n    kernel 5.10\n    node 0 { cpus 0  memory at 0 size 2G }\n}\nscenario "s" on a {\n    $ reboot\n}\n');
    const kernels = (): (string | undefined)[] => {
        const a = project.analysis(URI)!;
        return [...a.platforms.map((p) => p.lowered.machine.kernel), a.runs(a.scenarios[0]!.lowered)[0]?.kernel];
    };
    project.setKernel('5.15');
    expect(kernels()).toEqual(['5.15', '5.10', '5.15']);
    project.setKernel('6.8');
    expect(kernels()).toEqual(['6.8', '5.10', '6.8']);
});
