// Folding by braces, comments, imports and lines of /proc/iomem, from the characters: it works while the text is broken.
import { type FoldingRange, FoldingRangeKind } from 'vscode-languageserver-types';
import { tokens } from '../server/tokens.ts';
import type { FeatureContext } from './context.ts';

/** Lines of a kind, one below the other. */
interface Run {
    readonly kind: 'line-comment' | 'import' | 'margin';
    readonly first: number;
    last: number;
}

const KINDS: Partial<Record<Run['kind'], FoldingRangeKind>> = { 'line-comment': FoldingRangeKind.Comment, import: FoldingRangeKind.Imports };

export function foldingRanges({ analysis }: FeatureContext): FoldingRange[] {
    const ranges: FoldingRange[] = [];
    const open: number[] = [];
    let run: Run | undefined;
    const closeRun = (): void => {
        if (run && run.last > run.first) ranges.push({ startLine: run.first, endLine: run.last, ...(KINDS[run.kind] ? { kind: KINDS[run.kind]! } : {}) });
        run = undefined;
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
        // what stands behind an import on its line
        if (run?.kind === 'import' && run.last === first && (token.kind === 'string' || token.kind === 'line-comment')) continue;
        const word = token.kind === 'word' && open.length === 0 && text.slice(token.start, token.end) === 'import';
        const kind = token.kind === 'line-comment' || token.kind === 'margin' ? token.kind : word ? 'import' : undefined;
        if (kind) {
            if (run?.kind === kind && run.last === first - 1) run.last = first;
            else {
                closeRun();
                // lines of /proc/iomem fold into the expectation above them
                run = { kind, first: kind === 'margin' ? Math.max(0, first - 1) : first, last: first };
            }
            continue;
        }
        closeRun();
        if (token.kind === 'comment') {
            const last = lineOf(token.end);
            if (last > first) ranges.push({ startLine: first, endLine: last, kind: FoldingRangeKind.Comment });
        } else if (token.kind === '{') open.push(first);
        else if (token.kind === '}') {
            const start = open.pop();
            if (start !== undefined && first - 1 > start) ranges.push({ startLine: start, endLine: first - 1 });
        }
    }
    closeRun();
    return ranges;
}
