// Refactorings of a range: its other spelling, and the same range cut where a node begins or ends.
import { type CodeAction, CodeActionKind } from 'vscode-languageserver-types';
import { readPlace, writePlace } from '../diagnostics/place-fix.ts';
import type { LoweredPlatform, Origin } from '../language/model.ts';
import type { Analysis } from '../server/analysis.ts';
import { edits } from './code-actions-fixes.ts';

/** More pieces than these are nobody's wish. */
const MOST_PIECES = 8;

/** What is one piece of hardware. */
const WHOLE: ReadonlySet<Origin['kind']> = new Set(['dimm', 'virtio-mem', 'cxl-window']);

export function rangeActions(analysis: Analysis, offset: number): CodeAction[] {
    const platform = analysis.platformAt(offset)?.lowered;
    const origin = platform?.origins.find((o) => o.range && analysis.touches(o.focus, offset));
    if (!platform || !origin?.range) return [];
    const written = readPlace(analysis.textOf(origin.focus));
    if (!written) return [];
    const { start, end, bySize } = written;
    const actions: CodeAction[] = [{
        title: bySize ? 'Write the range with its end' : 'Write the range with its size', kind: CodeActionKind.RefactorRewrite,
        edit: { changes: edits(analysis, [{ at: origin.focus, text: writePlace(start, end, !bySize) }]) },
    }];
    const cuts = nodeEdges(platform, origin).filter((edge) => edge > start && edge <= end);
    const text = analysis.textOf(origin.span);
    if (cuts.length > 0 && cuts.length < MOST_PIECES && !text.includes('{') && !WHOLE.has(origin.kind)) {
        const at = origin.focus.start - origin.span.start;
        const { name } = origin;
        // a name is given once: the pieces behind the first are numbered
        const before = text.slice(0, at);
        const named = name !== undefined && before.trimEnd().endsWith(` ${name}`);
        const head = (i: number): string => (i > 0 && named ? `${before.trimEnd()}-${i + 1} ` : before);
        const pieces = [start, ...cuts].map((from, i) => head(i) + writePlace(from, (cuts[i] ?? end + 1) - 1, bySize) + text.slice(at + origin.focus.end - origin.focus.start));
        const place = analysis.place(origin.span);
        const indent = analysis.lines.indentOf(analysis.lines.lineOf(place.start));
        actions.push({
            title: 'Split at the node boundary', kind: CodeActionKind.RefactorRewrite, edit: { changes: edits(analysis, [{ at: origin.span, text: pieces.join(`\n${indent}`) }]) },
        });
    }
    return actions;
}

/** Where memory of the nodes begins or ends, but for the range itself. */
function nodeEdges(platform: LoweredPlatform, self: Origin): number[] {
    const edges = platform.described.nodes.flatMap((n) => [...n.memory, ...n.hotplug]).filter((m) => m.origin.focus.start !== self.focus.start).flatMap((m) => [m.range.start, m.range.end + 1]);
    return [...new Set(edges)].sort((a, b) => a - b);
}
