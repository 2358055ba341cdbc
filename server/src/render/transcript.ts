// A simulated run as a transcript: each line as typed, what it came to, what the kernel logged, what was lost and why.
import type { LogLine, Note, Outcome } from '../kernel/outcome.ts';
import { formatRange } from '../kernel/range.ts';
import type { KernelState } from '../kernel/state.ts';
import { diffIomem, onlyChanges } from './iomem-diff.ts';
import { iomemToText } from './iomem-text.ts';
import { hang, paint, type Paint, type Style, wrap } from './style.ts';
import { formatApproximate, formatHint, formatSummary, summarize, summarizeBoot } from './summary.ts';

/** One step as the transcript needs it; the caller has the texts. */
/** An expectation as written, and what was found where it is not met. */
export interface TranscriptCheck {
    readonly text: string;
    readonly met: boolean;
    readonly actual?: string;
}

export interface TranscriptStep {
    readonly prompt: string;
    /** The line as typed; for declared steps, the command that the block stands for. */
    readonly text: string;
    /** Stands for a `device` or `namespace` block. */
    readonly declared: boolean;
    readonly before: KernelState;
    readonly state: KernelState;
    readonly outcome: Outcome;
    readonly checks: readonly TranscriptCheck[];
    readonly unexpected: boolean;
}

const LOG_PAINT: Readonly<Record<LogLine['level'], Paint>> = { err: 'red', warn: 'yellow', info: 'dim', debug: 'dim' };
const NOTE_PAINT: Readonly<Record<Note['severity'], Paint>> = { error: 'red', warning: 'yellow', info: 'cyan', hint: 'dim' };

export interface TranscriptOptions {
    /** Also what the tools print and every log line of level info. */
    readonly verbose?: boolean;
}

/** The boot in one line and what there is to tell about it. */
export function bootToText(state: KernelState, outcome: Outcome, style: Style, options: TranscriptOptions = {}): string[] {
    return [`${paint(style, 'bold', 'boot')}  ${formatSummary(summarizeBoot(state, outcome))}`, ...told(outcome, style, 6, options)];
}

/** One step: the line, its outcome, and below it what explains it. `number` counts from 1. */
export function stepToText(step: TranscriptStep, number: number, style: Style, options: TranscriptOptions = {}): string[] {
    const summary = summarize(step.before, step.state, step.outcome);
    const hint = formatHint(summary);
    const color: Paint = summary.verdict === 'failed' ? (step.unexpected ? 'red' : 'yellow') : summary.verdict === 'not-simulated' ? 'dim' : 'green';
    const head = `${String(number).padStart(4)}  `;
    const lines = [
        `${paint(style, 'dim', head)}${paint(style, 'bold', `${step.prompt} ${step.text}`)}${step.declared ? paint(style, 'dim', '  (declared)') : ''}`,
        ...hang('      ', wrap(style, hint, 8), 8).map((l) => paint(style, color, l)),
        ...told(step.outcome, style, 8, options, hint),
    ];
    if (step.before.iomem !== step.state.iomem) {
        const changes = onlyChanges(diffIomem(step.before.iomem, step.state.iomem), 0).filter((l) => l !== null);
        lines.push(...iomemToText(changes, style, { maxDepth: step.state.profile.iomemDepth }).map((l) => `        ${l}`));
    }
    return [...lines, ...checksToText(step.checks, style)];
}

/** Expectations below the step, or the boot, that they are about. */
export function checksToText(checks: readonly TranscriptCheck[], style: Style): string[] {
    return checks.flatMap((check) => {
        const sign = check.met ? paint(style, 'green', '✓') : paint(style, 'red', '✗');
        const lines = check.text.split('\n').map((l, i) => `        ${i === 0 ? sign : ' '} ${i === 0 ? l.trim() : `  ${l.trim()}`}`);
        if (!check.met && check.actual !== undefined) lines.push(...check.actual.split('\n').map((l, i) => `          ${paint(style, 'red', i === 0 ? `found: ${l}` : l)}`));
        return lines;
    });
}

/** Log lines, notes and losses of an outcome, `indent` columns in. `said`: what stands above it already. */
function told(outcome: Outcome, style: Style, indent: number, { verbose = false }: TranscriptOptions, said = ''): string[] {
    const pad = ' '.repeat(indent);
    const lines: string[] = [];
    const rules = (ids: readonly string[]): string => (ids.length > 0 ? ` (${ids.join(', ')})` : '');
    for (const note of outcome.notes) {
        if (note.severity === 'hint' && !verbose) continue;
        const head = `${note.severity}[${note.code}]: `;
        // What the step's line has said already is not said again, but for its rules
        if (said.includes(note.message)) lines.push(paint(style, NOTE_PAINT[note.severity], `${pad}${head}see above${rules(note.rules)}`));
        else lines.push(...hang(pad, wrap(style, `${head}${note.message}${rules(note.rules)}`, indent)).map((l) => paint(style, NOTE_PAINT[note.severity], l)));
        for (const loss of note.losses ?? []) {
            lines.push(`${pad}  ${paint(style, 'yellow', `− ${formatApproximate(loss.bytes)} of ${loss.subject}: ${loss.cause}`)}${paint(style, 'dim', ` ${formatRange(loss.range)}  ${loss.rule}`)}`);
        }
    }
    if (outcome.notSimulated !== undefined) lines.push(...hang(`${pad}i `, wrap(style, outcome.notSimulated, indent + 2), indent + 2));
    const log = outcome.log.filter((l) => verbose || l.level === 'err' || l.level === 'warn');
    for (const [i, l] of log.entries()) {
        if (log.findIndex((other) => other.text === l.text) < i) continue;
        const times = log.filter((other) => other.text === l.text).length;
        lines.push(`${pad}${paint(style, 'dim', 'kernel: ')}${paint(style, LOG_PAINT[l.level], l.text)}${times > 1 ? paint(style, 'dim', ` (${times} times)`) : ''}`);
    }
    if (outcome.stderr.trim() !== '') lines.push(...outcome.stderr.trimEnd().split('\n').map((l) => `${pad}${paint(style, 'dim', 'stderr: ')}${l}`));
    if (verbose && outcome.stdout.trim() !== '') lines.push(...outcome.stdout.trimEnd().split('\n').map((l) => `${pad}${paint(style, 'dim', `stdout: ${l}`)}`));
    return lines;
}
