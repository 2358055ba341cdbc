// Texts that say themselves what is asked and what must come: `// ^ feature: expected` under a line asks at the column of `^`. One mark, one test.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DocumentSymbol, Location, SelectionRange, WorkspaceEdit } from 'vscode-languageserver-types';
import { incomingCalls, outgoingCalls, prepareCallHierarchy } from '../../../server/src/features/call-hierarchy.ts';
import { codeLenses } from '../../../server/src/features/code-lens.ts';
import { completion } from '../../../server/src/features/completion.ts';
import { definition, references, typeDefinition } from '../../../server/src/features/definition.ts';
import { foldingRanges } from '../../../server/src/features/folding.ts';
import { hover } from '../../../server/src/features/hover.ts';
import { allInlayHints } from '../../../server/src/features/inlay-hints.ts';
import { linkedEditing } from '../../../server/src/features/linked-editing.ts';
import { highlights, rename } from '../../../server/src/features/rename.ts';
import { selectionRanges } from '../../../server/src/features/selection.ts';
import { semanticTokens, TOKEN_MODIFIERS, TOKEN_TYPES } from '../../../server/src/features/semantic-tokens.ts';
import { signatureHelp } from '../../../server/src/features/signature-help.ts';
import { documentSymbols } from '../../../server/src/features/symbols.ts';
import { workspaceSymbols } from '../../../server/src/features/workspace-symbols.ts';
import { analyse, type Fixture, FULL_CLIENT } from '../../fixture.ts';

interface Mark {
    readonly line: number;
    readonly column: number;
    readonly feature: string;
    readonly wanted: string;
}

const MARK = /^(\s*\/\/\s*)\^ ([a-z-]+): (.+)$/;

function marksOf(text: string): Mark[] {
    const marks: Mark[] = [];
    let asked = 0;
    text.split('\n').forEach((line, i) => {
        const mark = MARK.exec(line);
        if (!mark) asked = i;
        else marks.push({ line: asked, column: mark[1]!.length, feature: mark[2]!, wanted: mark[3]! });
    });
    return marks;
}

/** The same text with its marks blank, so that they are nobody's comments. Offsets stay. */
const withoutMarks = (text: string): string => text.split('\n').map((l) => (MARK.test(l) ? ' '.repeat(l.length) : l)).join('\n');

type Ask = (f: Fixture, offset: number, mark: Mark) => readonly string[];

const lineTexts = (f: Fixture, locations: readonly Location[]): string[] => locations.map((l) => f.text.split('\n')[l.range.start.line]!.trim());
const flat = (symbols: readonly DocumentSymbol[]): DocumentSymbol[] => symbols.flatMap((s) => [s, ...flat(s.children ?? [])]);

/** What each feature answers, as texts of which one must hold what is wanted. */
const FEATURES: Readonly<Record<string, Ask>> = {
    hover: (f, offset) => {
        // what takes too long at first is kept: the second answer has it
        for (let i = 0; i < 20 && JSON.stringify(hover(f, offset))?.includes('ask again'); i++);
        return [(hover(f, offset)?.contents as { value: string } | undefined)?.value ?? ''];
    },
    hint: (f, _, { line }) => allInlayHints(f).filter((h) => h.position.line === line).map((h) => h.label as string),
    completion: (f, offset) => completion(f, offset).map((i) => i.label),
    'completion-detail': (f, offset) => completion(f, offset).map((i) => i.detail ?? ''),
    'completion-doc': (f, offset) => completion(f, offset).map((i) => String(i.documentation ?? '')),
    definition: (f, offset) => lineTexts(f, definition(f, offset)),
    type: (f, offset) => lineTexts(f, typeDefinition(f, offset)),
    references: (f, offset) => [String(references(f, offset, true).length)],
    highlight: (f, offset) => [String(highlights(f, offset).length)],
    rename: (f, offset) => [String(Object.values((rename(f, offset, 'another') as WorkspaceEdit | undefined)?.changes ?? {}).flat().length)],
    linked: (f, offset) => [String(linkedEditing(f, offset)?.ranges.length ?? 0)],
    token: (f, offset) => {
        const { data } = semanticTokens(f);
        const at = f.analysis.lines.positionAt(offset);
        let line = 0;
        let character = 0;
        for (let i = 0; i < data.length; i += 5) {
            character = data[i] === 0 ? character + data[i + 1]! : data[i + 1]!;
            line += data[i]!;
            if (line !== at.line || at.character < character || at.character >= character + data[i + 2]!) continue;
            return [[TOKEN_TYPES[data[i + 3]!]!, ...TOKEN_MODIFIERS.filter((_, bit) => (data[i + 4]! >> bit) & 1)].join(' ')];
        }
        return [];
    },
    signature: (f, offset) => {
        const help = signatureHelp(f, offset);
        const [from, to] = (help?.signatures[0]!.parameters?.[help.activeParameter ?? -1]?.label ?? [0, 0]) as [number, number];
        return [help?.signatures[0]!.label.slice(from, to) ?? '', help?.signatures[0]!.label ?? ''].slice(0, 1).concat(help && f.text.slice(0, offset).split('\n').at(-1)!.includes('echo') ? [help.signatures[0]!.label] : []);
    },
    outline: (f, _, { line }) => flat(documentSymbols(f)).filter((s) => s.selectionRange.start.line === line || s.range.start.line === line).flatMap((s) => [s.name, s.detail ?? '']),
    lens: (f, _, { line }) => codeLenses(f).filter((l) => l.range.start.line === line).map((l) => l.command!.title),
    fold: (f, _, { line }) => foldingRanges(f).filter((r) => r.startLine === line).map((r) => f.text.split('\n')[r.startLine]!),
    select: (f, offset) => {
        const texts: string[] = [];
        for (let r: SelectionRange | undefined = selectionRanges(f, [f.analysis.lines.positionAt(offset)])[0]; r; r = r.parent) texts.push(f.text.slice(f.analysis.lines.offsetAt(r.range.start), f.analysis.lines.offsetAt(r.range.end)));
        return texts.slice(0, 1);
    },
    'workspace-symbol': (f) => workspaceSymbols([f.analysis], 'fst').map((s) => s.name),
    'calls-from': (f, offset) => prepareCallHierarchy(f, offset).flatMap((item) => outgoingCalls(f, item)).map((c) => c.to.name),
    'calls-to': (f, offset) => prepareCallHierarchy(f, offset).flatMap((item) => incomingCalls(f, item)).map((c) => c.from.name),
    diagnostic: (f, _, { line }) => f.analysis.findings().filter((x) => f.analysis.range(x.at).start.line === line).map((x) => x.code),
};

const EXACT = new Set(['references', 'highlight', 'rename', 'linked', 'token', 'select', 'completion']);

const folder = path.resolve(import.meta.dirname, '../../fixtures/features');
for (const file of readdirSync(folder).filter((n) => n.endsWith('.memtopo'))) {
    const text = readFileSync(path.join(folder, file), 'utf8');
    const fixture = analyse(withoutMarks(text));
    const context = { ...fixture, client: { ...FULL_CLIENT, textDocument: { ...FULL_CLIENT.textDocument, signatureHelp: { signatureInformation: { parameterInformation: { labelOffsetSupport: true } } } } } };
    describe(file, () => {
        test.each(marksOf(text).map((m) => [`${m.line + 1}:${m.column + 1}`, m.feature, m.wanted, m] as const))('%s %s: %s', (_, feature, wanted, mark) => {
            const found = FEATURES[feature]!(context, fixture.analysis.lines.offsetAt({ line: mark.line, character: mark.column }), mark);
            const not = /^not (.+)$/.exec(wanted)?.[1];
            if (not !== undefined) expect(found).not.toContain(not);
            else if (EXACT.has(feature)) expect(found).toContain(wanted);
            else expect(found.some((x) => x.includes(wanted)), `${JSON.stringify(wanted)} in ${JSON.stringify(found, undefined, 2)}`).toBe(true);
        });
    });
}

test('the fixtures ask about every feature', () => {
    const asked = new Set(readdirSync(folder).flatMap((n) => marksOf(readFileSync(path.join(folder, n), 'utf8')).map((m) => m.feature)));
    expect([...asked].sort()).toEqual(Object.keys(FEATURES).sort());
});
