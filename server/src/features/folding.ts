// Folding by braces and block comments, from the characters: it works while the text is broken.
import { type FoldingRange, FoldingRangeKind } from 'vscode-languageserver-types';
import { tokens } from '../server/tokens.ts';
import type { FeatureContext } from './context.ts';

export function foldingRanges({ analysis }: FeatureContext): FoldingRange[] {
    const ranges: FoldingRange[] = [];
    const open: number[] = [];
    let comments: { first: number; last: number } | undefined;
    const closeComments = (): void => {
        if (comments && comments.last > comments.first) ranges.push({ startLine: comments.first, endLine: comments.last, kind: FoldingRangeKind.Comment });
        comments = undefined;
    };
    let line = 0;
    let at = 0;
    const text = analysis.source.text;
    const lineOf = (offset: number): number => {
        for (let next = text.indexOf('\n', at); next >= 0 && next < offset; next = text.indexOf('\n', at)) {
            line++;
            at = next + 1;
        }
        return line;
    };
    for (const token of tokens(text)) {
        const first = lineOf(token.start);
        if (token.kind === 'line-comment') {
            if (comments && comments.last === first - 1) comments.last = first;
            else {
                closeComments();
                comments = { first, last: first };
            }
            continue;
        }
        closeComments();
        if (token.kind === 'comment') {
            const last = lineOf(token.end);
            if (last > first) ranges.push({ startLine: first, endLine: last, kind: FoldingRangeKind.Comment });
        } else if (token.kind === '{') open.push(first);
        else if (token.kind === '}') {
            const start = open.pop();
            if (start !== undefined && first - 1 > start) ranges.push({ startLine: start, endLine: first - 1 });
        }
    }
    closeComments();
    return ranges;
}
