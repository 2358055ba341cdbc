// The whole document in its one canonical form; the edit is only what differs, so that cursors and folds stay where they are.
import type { TextEdit } from 'vscode-languageserver-types';
import { formatText } from '../server/language.ts';
import type { FeatureContext } from './context.ts';

export function formatting({ analysis }: FeatureContext): TextEdit[] {
    const before = analysis.source.text;
    const after = formatText(before);
    if (after === undefined || after === before) return [];
    return lineEdits(before, after, (start, end) => analysis.lines.rangeOf(start, end));
}

/** One edit from the first line that differs to the last. */
function lineEdits(before: string, after: string, range: (start: number, end: number) => TextEdit['range']): TextEdit[] {
    let head = 0;
    while (head < before.length && head < after.length && before[head] === after[head]) head++;
    let tail = 0;
    while (tail < before.length - head && tail < after.length - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
    return [{ range: range(head, before.length - tail), newText: after.slice(head, after.length - tail) }];
}
