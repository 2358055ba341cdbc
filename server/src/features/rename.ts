// Renaming of what the author named: platforms, here and wherever this document refers to them. The kernel's names are not the author's.
import type { DocumentHighlight, Range, TextEdit, WorkspaceEdit } from 'vscode-languageserver-types';
import type { FeatureContext } from './context.ts';
import { references } from './definition.ts';
import { objectAt, wordAt } from './hover.ts';

/** The name that would be renamed; undefined where there is none that may be. */
export function prepareRename({ analysis }: FeatureContext, offset: number): { range: Range; placeholder: string } | undefined {
    const word = wordAt(analysis, offset);
    const platform = word && !analysis.stepAt(offset) ? analysis.platformNamed(word.text) : undefined;
    if (!word || !platform || analysis.source.unitOf(platform.at) === undefined) return undefined;
    return { range: analysis.lines.rangeOf(word.start, word.end), placeholder: word.text };
}

/** Undefined where nothing can be renamed, or where the new name is none. */
export function rename(context: FeatureContext, offset: number, name: string): WorkspaceEdit | undefined {
    if (!prepareRename(context, offset) || !/^[A-Za-z_][\w.-]*$/.test(name) || context.analysis.platformNamed(name)) return undefined;
    const changes: Record<string, TextEdit[]> = {};
    for (const { uri, range } of references(context, offset, true)) (changes[uri] ??= []).push({ range, newText: name });
    return { changes };
}

/** Every place that speaks of what the cursor is on. */
export function highlights(context: FeatureContext, offset: number): DocumentHighlight[] {
    const { analysis } = context;
    const text = analysis.source.text;
    const line = analysis.lines.lineOf(offset);
    const start = analysis.lines.lineStart(line);
    if (!wordAt(analysis, offset) && !objectAt(text.slice(start, analysis.lines.lineEnd(line)), offset - start)) return [];
    return references(context, offset, true).filter((l) => l.uri === analysis.uri).map(({ range }) => ({ range }));
}
