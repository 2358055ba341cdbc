// The document, or a range of it, in its one canonical form: only what differs is touched, so that cursors and folds stay.
import type { Range, TextEdit } from 'vscode-languageserver-types';
import { formatEdits } from '../server/language.ts';
import type { FeatureContext } from './context.ts';

/** No edits where the text is too broken to be understood. */
export function formatting({ analysis }: FeatureContext, range?: Range): TextEdit[] {
    const within = range && { start: analysis.lines.offsetAt(range.start), end: analysis.lines.offsetAt(range.end) };
    return (formatEdits(analysis.source.text, within) ?? []).map((e) => ({ range: analysis.lines.rangeOf(e.start, e.end), newText: e.text }));
}
