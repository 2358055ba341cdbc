// Outcomes behind step lines, and the part of a range that is not written behind the part that is.
import { type InlayHint, InlayHintKind, type Range } from 'vscode-languageserver-types';
import { formatHint, summarize, formatApproximate } from '../render/summary.ts';
import { hex, sizeOf } from '../kernel/range.ts';
import type { Analysis } from '../server/analysis.ts';
import type { StepRun } from '../language/model.ts';
import type { FeatureContext } from './context.ts';

/** The hints of the visible `range`. Only the runs that have a line in it are simulated. */
export function inlayHints({ analysis, settings }: FeatureContext, range: Range): InlayHint[] {
    const from = analysis.lines.offsetAt(range.start);
    const to = analysis.lines.offsetAt(range.end);
    const hints: InlayHint[] = [];
    const visible = (start: number, end: number): boolean => start <= to && end >= from;
    if (settings.inlayHints.sizes) {
        for (const { lowered } of analysis.platforms) {
            const place = analysis.place(lowered.span);
            if (!visible(place.start, place.end)) continue;
            for (const origin of lowered.origins) {
                if (!origin.range || analysis.source.unitOf(origin.focus) === undefined) continue;
                const focus = analysis.place(origin.focus);
                if (!visible(focus.start, focus.end)) continue;
                const written = analysis.textOf(origin.focus);
                const label = unwritten(written, origin.range);
                if (label) hints.push({ position: analysis.range(origin.focus).end, label, paddingLeft: true, kind: InlayHintKind.Type });
            }
        }
    }
    if (settings.inlayHints.outcomes) {
        for (const { lowered } of analysis.scenarios) {
            const place = analysis.place(lowered.span);
            if (!visible(place.start, place.end)) continue;
            const run = analysis.runs(lowered)[0];
            for (const step of run?.steps ?? []) {
                if (step.step.provisioned) continue;
                const line = analysis.place(step.step.span);
                if (visible(line.start, line.end)) hints.push({ position: analysis.range(step.step.span).end, label: outcomeHint(step), paddingLeft: true });
            }
        }
    }
    return hints;
}

/** `→ ok · 15 blocks on node 0 (Movable)`; a failure that the text expects is marked as such. */
export function outcomeHint(step: StepRun): string {
    const summary = summarize(step.before, step.state, step.outcome);
    const hint = formatHint(summary);
    return summary.verdict === 'failed' && !step.unexpectedFailure ? hint.replace('✗', '✓ fails as expected ·') : hint;
}

/** `= 2 GiB` behind `0x0-0x7fffffff`, `… 0x1ffffffff` behind `at 4G size 6G`; undefined where the text is neither. */
function unwritten(written: string, range: { start: number; end: number }): string | undefined {
    if (/\bsize\b/.test(written)) return `… 0x${hex(range.end)}`;
    if (written.includes('-')) return `= ${formatApproximate(sizeOf(range))}`;
    return undefined;
}

/** All hints of a document: for tests and for clients that ask for everything. */
export function allInlayHints(context: FeatureContext): InlayHint[] {
    return inlayHints(context, whole(context.analysis));
}

function whole(analysis: Analysis): Range {
    return { start: { line: 0, character: 0 }, end: analysis.lines.positionAt(analysis.source.text.length) };
}
