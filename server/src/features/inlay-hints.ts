// Outcomes behind step lines, the part of a range that is not written behind the part that is, and what gets lost. Each can be switched off.
import { type InlayHint, InlayHintKind, type Range } from 'vscode-languageserver-types';
import type { Loss } from '../kernel/outcome.ts';
import { hex, overlaps, sizeOf } from '../kernel/range.ts';
import { describeLosses, formatApproximate, formatHint, formatSummary, summarize } from '../render/summary.ts';
import type { Analysis } from '../server/analysis.ts';
import type { LoweredPlatform, StepRun } from '../language/model.ts';
import type { FeatureContext } from './context.ts';

/** The hints of the visible `range`. Only the runs that have a line in it are simulated. */
export function inlayHints({ analysis, settings }: FeatureContext, range: Range): InlayHint[] {
    const from = analysis.lines.offsetAt(range.start);
    const to = analysis.lines.offsetAt(range.end);
    const hints: InlayHint[] = [];
    const visible = (start: number, end: number): boolean => start <= to && end >= from;
    const { sizes, outcomes, losses } = settings.inlayHints;
    const { platforms, scenarios } = analysis.within(from, to);
    if (sizes || losses) {
        for (const { lowered } of platforms) {
            const place = analysis.place(lowered.span);
            if (!visible(place.start, place.end)) continue;
            const lost = losses ? lossesOf(analysis, lowered) : [];
            for (const origin of lowered.origins) {
                if (!origin.range || analysis.source.unitOf(origin.focus) === undefined) continue;
                const focus = analysis.place(origin.focus);
                if (!visible(focus.start, focus.end)) continue;
                const position = analysis.range(origin.focus).end;
                const label = sizes ? unwritten(analysis.textOf(origin.focus), origin.range) : undefined;
                if (label) hints.push({ position, label, paddingLeft: true, kind: InlayHintKind.Type });
                const own = lost.filter((l) => overlaps(l.range, origin.range!) && smallestAt(lowered, l) === origin);
                // behind the line: in it, they would push away what is written
                const end = analysis.lines.positionAt(analysis.lines.lineEnd(position.line));
                if (own.length > 0) hints.push({ position: end, label: `− ${describeLosses(own).join(' · ')}`, paddingLeft: true, tooltip: causes(own) });
            }
        }
    }
    if (outcomes || losses) {
        for (const { lowered } of scenarios) {
            const place = analysis.place(lowered.span);
            if (!visible(place.start, place.end)) continue;
            const run = analysis.runs(lowered)[0];
            for (const step of run?.steps ?? []) {
                if (step.step.provisioned || step.step.line.text.trim() === '') continue;
                const line = analysis.place(step.step.span);
                if (!visible(line.start, line.end)) continue;
                const lost = lossesOfStep(step);
                const label = outcomes ? outcomeHint(step, losses) : lost.length > 0 ? `− ${describeLosses(lost).join(' · ')}` : '';
                if (label !== '') hints.push({ position: analysis.range(step.step.span).end, label, paddingLeft: true, ...(losses && lost.length > 0 ? { tooltip: causes(lost) } : {}) });
            }
        }
    }
    return hints;
}

/** `→ ok · 15 blocks on node 0 (Movable)`; a failure that the text expects is marked as such. Without its losses where they are not wanted. */
export function outcomeHint(step: StepRun, losses = true): string {
    const whole = summarize(step.before, step.state, step.outcome);
    const lost = losses ? [] : describeLosses(lossesOfStep(step));
    const summary = lost.length === 0 ? whole : { ...whole, parts: whole.parts.filter((p) => !lost.includes(p)) };
    const hint = formatHint(summary);
    return summary.verdict === 'failed' && !step.unexpectedFailure ? hint.replace(`✗ ${formatSummary(summary)}`, `✓ fails as expected · ${formatSummary(summary)}`) : hint;
}

function lossesOfStep(step: StepRun): readonly Loss[] {
    return step.outcome.notes.flatMap((n) => n.losses ?? []);
}

/** What the boot and the declared devices lose of what a platform describes. */
function lossesOf(analysis: Analysis, platform: LoweredPlatform): readonly Loss[] {
    const run = analysis.bootRun(platform);
    return [run.boot.outcome, ...run.steps.map((s) => s.outcome)].flatMap((o) => o.notes).flatMap((n) => n.losses ?? []);
}

/** The description that a loss is told at: the smallest range that holds its start. */
function smallestAt(platform: LoweredPlatform, loss: Loss): LoweredPlatform['origins'][number] | undefined {
    let best: LoweredPlatform['origins'][number] | undefined;
    for (const o of platform.origins) {
        if (!o.range || loss.range.start < o.range.start || loss.range.start > o.range.end) continue;
        if (!best || sizeOf(o.range) < sizeOf(best.range!)) best = o;
    }
    return best;
}

function causes(losses: readonly Loss[]): string {
    return losses.map((l) => `${formatApproximate(l.bytes)} of ${l.subject}: ${l.cause} (${l.rule})`).join('\n');
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
