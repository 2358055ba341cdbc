// Selection that grows: word, what stands together without a blank, string or comment, what is described, line, the enclosing blocks, the
// declaration, the document. Mostly from characters, so that it works in broken text.
import type { Position, SelectionRange } from 'vscode-languageserver-types';
import { tokens } from '../server/tokens.ts';
import type { FeatureContext } from './context.ts';
import { wordAt } from './hover.ts';

type Stretch = readonly [start: number, end: number];

export function selectionRanges(context: FeatureContext, positions: readonly Position[]): SelectionRange[] {
    const { lines } = context.analysis;
    return positions.map((position) => {
        const offset = lines.offsetAt(position);
        const nested: Stretch[] = [[0, context.analysis.source.text.length]];
        for (const [start, end] of stretchesAt(context, offset).sort((a, b) => b[1] - b[0] - (a[1] - a[0]))) {
            const [outerStart, outerEnd] = nested.at(-1)!;
            if (start >= outerStart && end <= outerEnd && (start !== outerStart || end !== outerEnd) && start <= offset && offset <= end) nested.push([start, end]);
        }
        return nested.reduce<SelectionRange | undefined>((parent, [s, e]) => ({ range: lines.rangeOf(s, e), ...(parent ? { parent } : {}) }), undefined)!;
    });
}

/** Everything around an offset that one may want to select, in no order. */
function stretchesAt({ analysis }: FeatureContext, offset: number): Stretch[] {
    const { lines, source } = analysis;
    const found: Stretch[] = [];
    const unit = source.unitAt(offset);
    if (unit) {
        const { text } = unit;
        const start = source.startOf(unit);
        found.push([start + text.length - text.trimStart().length, start + text.trimEnd().length]);
        const open: number[] = [];
        for (const token of tokens(text)) {
            const [from, to] = [start + token.start, start + token.end];
            if (token.kind === '{') open.push(from);
            else if (token.kind === '}' && open.length > 0) {
                const brace = open.pop()!;
                found.push([brace, to], [brace + 1, to - 1]);
            } else if (token.kind === 'string') found.push([from, to], [from + 1, to - (to - from > 1 && text[token.end - 1] === '"' ? 1 : 0)]);
            else if (token.kind === 'comment' || token.kind === 'line-comment') found.push([from, to]);
            else if (token.kind === 'shell' || token.kind === 'margin') found.push([from, to], [from + 1 + /^[ \t]*/.exec(text.slice(token.start + 1, token.end))![0].length, to]);
        }
        for (const { span, focus } of analysis.platformAt(offset)?.lowered.origins ?? []) {
            for (const at of [span, focus]) if (at.uri === unit.uri) found.push([start + at.start, start + at.end]);
        }
    }
    const line = lines.lineOf(offset);
    const start = lines.lineStart(line);
    const text = source.text.slice(start, lines.lineEnd(line));
    found.push([start + text.length - text.trimStart().length, start + text.trimEnd().length]);
    for (const match of text.matchAll(/[^\s"]+/g)) found.push([start + match.index, start + match.index + match[0].length]);
    const word = wordAt(analysis, offset);
    if (word) found.push([word.start, word.end]);
    return found;
}
