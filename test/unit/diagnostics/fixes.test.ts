// Code actions as people see them: a text with the cursor `$0`, the title of an action, the text after it. One file of
// test/fixtures/diagnostics/fixes each; UPDATE_FIXTURES=1 writes what comes out, for review in the diff.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { codeActions } from '../../../server/src/features/code-actions.ts';
import { analyse, URI } from '../../fixture.ts';

const FOLDER = new URL('../../fixtures/diagnostics/fixes/', import.meta.url);
const MARK = /^\/\/=== (.*)\n/m;

/** The action of that title at the cursor, and the text after it. */
function carriedOut(marked: string, title: string): string {
    const f = analyse(marked);
    expect(f.offset, 'a cursor').toBeGreaterThanOrEqual(0);
    const position = f.analysis.lines.positionAt(f.offset);
    const only = title.startsWith('Apply all') ? ['source.fixAll'] : undefined;
    const actions = codeActions(f, { start: position, end: position }, [], only);
    const action = actions.find((a) => a.title === title);
    expect(action, `one of: ${actions.map((a) => a.title).join(' | ')}`).toBeDefined();
    return applied(f.text, action!.edit!.changes![URI]!);
}

/** Applies an edit as a client would. */
function applied(text: string, edits: readonly { range: { start: { line: number; character: number }; end: { line: number; character: number } }; newText: string }[]): string {
    return TextDocument.applyEdits(TextDocument.create(URI, 'memtopo', 1, text), [...edits]);
}

describe('code actions', () => {
    it.each(readdirSync(FOLDER).filter((f) => f.endsWith('.memtopo')))('%s', (name) => {
        const url = new URL(name, FOLDER);
        const source = readFileSync(url, 'utf8');
        const mark = MARK.exec(source);
        expect(mark, 'a line `//=== TITLE`').not.toBeNull();
        const marked = source.slice(0, mark!.index);
        const title = mark![1]!;
        const after = carriedOut(marked, title);
        const withReturns = (text: string): string => text.replaceAll('\n', '\r\n');
        expect(carriedOut(withReturns(marked), title), 'in a text whose lines end with CRLF').toBe(withReturns(after));
        if (process.env['UPDATE_FIXTURES'] === '1') writeFileSync(url, `${marked}//=== ${title}\n${after}`);
        else expect(after).toBe(source.slice(mark!.index + mark![0].length));
        // What came out is read without complaints about its form.
        expect(analyse(after).analysis.findings().filter((x) => x.code.startsWith('language/unexpected'))).toEqual([]);
    });
});

describe('what is not offered', () => {
    const titles = (marked: string): string[] => {
        const f = analyse(marked);
        const position = f.analysis.lines.positionAt(f.offset);
        return codeActions(f, { start: position, end: position }, [], undefined).map((a) => a.title);
    };
    const pmem = 'platform a {\n    kernel 6.1\n    node 0 { cpus 0  memory at 0 size 2G }\n    node 1\n    pmem at 4G size 4G node 1 { dimms 1  label-size 128K  labels-initialised }\n}\n';
    const create = 'ndctl create-namespace -m devdax -s 1G';

    it('a platform that is not like the unknown one, as the fix to prefer, nor one that would come back to it', () => {
        const fixes = (marked: string): [string, boolean][] => {
            const f = analyse(marked);
            const position = f.analysis.lines.positionAt(f.offset);
            return codeActions(f, { start: position, end: position }, [], undefined).filter((a) => a.title.startsWith('Change to')).map((a) => [a.title, a.isPreferred === true]);
        };
        expect(fixes('platform server { }\nplatform small extends gr$0eat { }\nplatform tiny extends small { }\n')).toEqual([['Change to server', false]]);
        expect(fixes('platform great { }\nplatform small extends gr$0aet { }\n')).toEqual([['Change to great', true]]);
    });

    it('a place that something else is described at', () => {
        const beside = (more: string): string[] => titles(`platform a {\n    kernel 6.1\n    hypervisor\n    node 0 { cpus 0  memory at 0 size 2G  memory at 4G size 4G }\n    node 1\n    soft-reserved at 8$0256M size 4G node 1\n${more}}\n`)
            .filter((t) => /^(?:Grow|Move|Shrink)/.test(t));
        const free = beside('');
        expect(free.map((t) => t.split(' ')[0])).toEqual(['Shrink', 'Grow', 'Move']);
        expect(beside('    reserved at 8G size 64M "firmware"\n')).toEqual([free[0], free[2]]);
    });

    it('a declaration of what two scenarios make: it would be there twice', () => {
        const one = `${pmem}scenario "s" on a {\n    $ ${create}$0\n}\n`;
        expect(titles(one)).toContain('Declare it in the platform');
        expect(titles(`${one}scenario "t" on a {\n    $ ${create}\n}\n`)).not.toContain('Declare it in the platform');
        expect(titles(`${one}platform b extends a { }\nscenario "t" on b {\n    $ ${create}\n}\n`)).not.toContain('Declare it in the platform');
    });
    it('half a DIMM', () => {
        expect(titles('platform a {\n    node 0 { cpus 0  memory at 0 size 4G }\n    dimm d0 at 3G si$0ze 2G node 0\n}\n')).not.toContain('Split at the node boundary');
    });
    it('the same comment twice for two findings of a line', () => {
        const overlap = 'platform a {\n    node 0 { cpus 0  memory at 0 size 4G }\n    node 1 { memory at 3G size 4G }\n    reserved at 3G s$0ize 2G\n    pmem at 2G size 4G\n}\n';
        const ignoring = titles(overlap).filter((t) => t.startsWith('Ignore'));
        expect(ignoring).toEqual([...new Set(ignoring)]);
    });
    it.each(['-n data', '| cat', '> log', '-c', '&& ndctl list'])('a declaration that would not say all of `ndctl create-namespace … %s`', (more) => {
        expect(titles(`${pmem}scenario "s" on a {\n    $ ${create}$0 ${more}\n}\n`)).not.toContain('Declare it in the platform');
    });
    it('an expectation that does not hold under every release of the scenario', () => {
        const soft = 'platform a {\n    node 0 { cpus 0  memory at 0 size 2G }\n    node 1\n    soft-reserved at 4G size 4G node 1\n}\n';
        const text = (kernels: string): string => `${soft}scenario "s" on a {\n    kernel ${kernels}\n    $ daxctl reconfig$0ure-device -m system-ram dax0.0\n}\n`;
        expect(titles(text('6.1'))).toEqual(expect.arrayContaining(['Expect success', 'Expect these lines of /proc/iomem']));
        expect(titles(text('6.1, 6.12')).filter((t) => t.startsWith('Expect'))).not.toContain('Expect these lines of /proc/iomem');
        expect(titles(text('6.1, 6.12'))).toContain('Expect success');
    });
    it.each([['a syntax error', 'platform a {\n    no$0d 0\n}\n'], ['a comment that silences nothing', '// memtopo-ignore platform/over$0lap because\nplatform a { }\n'], ['an expectation', `${pmem}scenario "s" on a {\n    $ ${create}\n    expect fai$0ls\n}\n`]])('to ignore %s', (_, text) => {
        expect(titles(text).filter((t) => t.startsWith('Ignore'))).toEqual([]);
    });
});
