// Code actions as people see them: a text with the cursor `$0`, the title of an action, the text after it. One file of
// test/fixtures/diagnostics/fixes each; UPDATE_FIXTURES=1 writes what comes out, for review in the diff.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { codeActions } from '../../../server/src/features/code-actions.ts';
import { analyse, URI } from '../../fixture.ts';

const FOLDER = new URL('../../fixtures/diagnostics/fixes/', import.meta.url);
const MARK = /^\/\/=== (.*)\n/m;

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
        const f = analyse(marked);
        expect(f.offset, 'a cursor').toBeGreaterThanOrEqual(0);
        const position = f.analysis.lines.positionAt(f.offset);
        const only = title.startsWith('Apply all') ? ['source.fixAll'] : undefined;
        const actions = codeActions(f, { start: position, end: position }, [], only);
        const action = actions.find((a) => a.title === title);
        expect(action, `one of: ${actions.map((a) => a.title).join(' | ')}`).toBeDefined();
        const after = applied(f.text, action!.edit!.changes![URI]!);
        if (process.env['UPDATE_FIXTURES'] === '1') writeFileSync(url, `${marked}//=== ${title}\n${after}`);
        else expect(after).toBe(source.slice(mark!.index + mark![0].length));
        // What came out is read without complaints about its form.
        expect(analyse(after).analysis.findings().filter((x) => x.code.startsWith('language/unexpected'))).toEqual([]);
    });
});
