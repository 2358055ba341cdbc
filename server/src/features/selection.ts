// Selection that grows: word, line, the enclosing blocks, the declaration, the document. From characters, so that it works in broken text.
import type { Position, SelectionRange } from 'vscode-languageserver-types';
import { tokens } from '../server/tokens.ts';
import type { FeatureContext } from './context.ts';
import { wordAt } from './hover.ts';

export function selectionRanges({ analysis }: FeatureContext, positions: readonly Position[]): SelectionRange[] {
    const { lines, source } = analysis;
    return positions.map((position) => {
        const offset = lines.offsetAt(position);
        const stretches: [number, number][] = [[0, source.text.length]];
        const add = (start: number, end: number): void => {
            const [outerStart, outerEnd] = stretches.at(-1)!;
            if (start >= outerStart && end <= outerEnd && (start !== outerStart || end !== outerEnd) && start <= offset && offset <= end) stretches.push([start, end]);
        };
        const unit = source.unitAt(offset);
        if (unit) {
            const lead = /^\s*/.exec(unit.text)![0].length;
            add(source.startOf(unit) + lead, source.startOf(unit) + unit.text.trimEnd().length);
            const open: number[] = [];
            const blocks: [number, number][] = [];
            for (const token of tokens(unit.text)) {
                if (token.kind === '{') open.push(token.start);
                else if (token.kind === '}' && open.length > 0) blocks.push([source.startOf(unit) + open.pop()!, source.startOf(unit) + token.end]);
            }
            for (const [start, end] of blocks.sort((a, b) => b[1] - b[0] - (a[1] - a[0]))) {
                add(start, end);
                add(start + 1, end - 1);
            }
        }
        const line = lines.lineOf(offset);
        const start = lines.lineStart(line);
        const text = source.text.slice(start, lines.lineEnd(line));
        add(start + (text.length - text.trimStart().length), start + text.trimEnd().length);
        const word = wordAt(analysis, offset);
        if (word) add(word.start, word.end);
        return stretches.reduce<SelectionRange | undefined>((parent, [s, e]) => ({ range: lines.rangeOf(s, e), ...(parent ? { parent } : {}) }), undefined)!;
    });
}
