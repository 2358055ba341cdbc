// The document, or a range of it, in its one canonical form: only what differs is touched, so that cursors and folds stay.
import type { Range, TextEdit } from 'vscode-languageserver-types';
import { formatEdits } from '../server/language.ts';
import type { FeatureContext } from './context.ts';

/** No edits where the text is too broken to be understood. */
export function formatting({ analysis }: FeatureContext, range?: Range): TextEdit[] {
    return (formatEdits(analysis.source.text, range && offsetsOf(analysis, range)) ?? []).map((e) => ({ range: analysis.lines.rangeOf(e.start, e.end), newText: e.text }));
}

/** A range that ends where a line begins, as whole lines are selected, does not ask for that line. */
function offsetsOf({ lines }: FeatureContext['analysis'], { start, end }: Range): { readonly start: number; readonly end: number } {
    const from = lines.offsetAt(start);
    const to = lines.offsetAt(end);
    return { start: from, end: end.character === 0 && to > from ? lines.lineEnd(end.line - 1) : to };
}

/** Declarations formatted between two pauses. */
const AT_ONCE = 16;

/** The same for a large document: a few declarations at a time. `pause` says whether to go on; no edits where it does not. */
export async function formattingInParts({ analysis }: FeatureContext, range: Range | undefined, pause: () => Promise<boolean>): Promise<TextEdit[]> {
    const { source, lines } = analysis;
    const { start: from, end: to } = range ? offsetsOf(analysis, range) : { start: 0, end: source.text.length };
    const units = source.unitsBetween(from, to);
    const edits: TextEdit[] = [];
    for (let i = 0; i < units.length; i += AT_ONCE) {
        const first = units[i]!;
        const last = units[Math.min(i + AT_ONCE, units.length) - 1]!;
        // one declaration more before, so that the blank lines between are seen
        const before = source.units[source.units.indexOf(first) - 1] ?? first;
        const start = source.startOf(before);
        const end = source.startOf(last) + last.text.length;
        const found = formatEdits(source.text.slice(start, end));
        if (!found) return [];
        for (const e of found) {
            const at = start + e.start;
            const atEnd = end !== source.text.length && start + e.end === end; // the line break that a text ends with
            if (at < source.startOf(first) || atEnd || start + e.end < from || at > to) continue;
            edits.push({ range: lines.rangeOf(at, start + e.end), newText: e.text });
        }
        if (!(await pause())) return [];
    }
    return edits;
}
