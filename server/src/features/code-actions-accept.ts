// "Accept what happens": expectations written from the simulated result, under the step at the cursor or in place of one that is not met.
// A scenario that runs under several releases is given only what holds under each of them.
import { type CodeAction, CodeActionKind, type Diagnostic, DiagnosticSeverity } from 'vscode-languageserver-types';
import { formatIomem } from '../kernel/resource.ts';
import type { Outcome } from '../kernel/outcome.ts';
import type { BlockRun, KernelState } from '../kernel/state.ts';
import { amountOf, type Moment, ramOf } from '../language/expect.ts';
import type { Check, Expectation, Run } from '../language/model.ts';
import { writeSize } from '../language/numbers.ts';
import { stateAtStart } from '../language/run.ts';
import { quote } from '../language/value-converter.ts';
import type { Analysis } from '../server/analysis.ts';
import { linesAbout } from '../render/iomem-beside.ts';

/** More lines than these are no expectation that anybody reads. */
const MOST_LINES = 24;

/** Characters of an expectation that a title can hold. */
const LONGEST_TITLE = 60;

interface Happened {
    readonly before: KernelState;
    readonly state: KernelState;
    readonly outcome: Outcome;
}

export function acceptActions(analysis: Analysis, offset: number, given: readonly Diagnostic[]): CodeAction[] {
    const found = analysis.stepAt(offset);
    if (!found || found.step.outcome.notSimulated !== undefined) return [];
    const { step } = found.step;
    const line = analysis.lines.lineOf(analysis.place(step.span).end);
    const indent = analysis.lines.indentOf(line);
    const end = analysis.lines.positionAt(analysis.lines.lineEnd(line));
    const all = analysis.runs(found.scenario).flatMap((run) => run.steps.filter((s) => s.step === step));
    const actions: CodeAction[] = [];
    const offer = (title: string, of: (happened: Happened) => readonly string[], more: Partial<CodeAction> = {}): void => {
        const lines = agreed(all.map(of));
        if (!lines || lines.length === 0) return;
        actions.push({
            title, kind: CodeActionKind.RefactorRewrite, edit: { changes: { [analysis.uri]: [{ range: { start: end, end }, newText: lines.map((l) => `\n${indent}${l}`).join('') }] } }, ...more,
        });
    };
    const has = (kind: string): boolean => step.expectations.some((e) => e.kind === kind);
    if (!has('fails') && !has('ok')) {
        const failed = found.step.outcome.status !== 0;
        // what is an error where nobody expects it is none any more where somebody does
        const errors = given.filter((d) => d.severity === DiagnosticSeverity.Error && d.range.start.line === line);
        offer(failed ? 'Expect this failure' : 'Expect success', ({ outcome }) => [statusLine(outcome, all)], failed ? { kind: CodeActionKind.QuickFix, diagnostics: errors } : {});
    }
    if (!has('log')) offer('Expect the kernel’s message', ({ outcome }) => logLines(outcome));
    if (!has('iomem')) offer('Expect these lines of /proc/iomem', iomemLines);
    if (!has('blocks')) offer('Expect these memory blocks', blockLines);
    if (!has('ram')) offer('Expect this much RAM', ramLines);
    return actions;
}

/** For expectations that are not met between two offsets: what holds instead. */
export function acceptUnmet(analysis: Analysis, from: number, to: number, given: readonly Diagnostic[]): CodeAction[] {
    const scenario = analysis.scenarioAt(from)?.lowered;
    const all = (scenario ? analysis.runs(scenario) : []).flatMap(checksOf);
    const unmet = new Map<Expectation, readonly string[] | undefined>();
    for (const { check: { expectation, met } } of all) {
        const place = analysis.place(expectation.span);
        if (met || unmet.has(expectation) || place.start > to || place.end < from) continue;
        const moments = all.filter((c) => c.check.expectation === expectation).map((c) => c.moment);
        unmet.set(expectation, agreed(moments.map((m) => instead(expectation, m, moments))));
    }
    return [...unmet].flatMap(([expectation, lines]): CodeAction[] => {
        if (!lines || lines.length === 0) return [];
        const range = analysis.range(expectation.span);
        const newText = lines.join(`\n${analysis.lines.indentOf(range.start.line)}`);
        const diagnostics = given.filter((d) => d.code === 'expect/unmet' && d.range.start.line >= range.start.line && d.range.end.line <= range.end.line);
        return [{ title: lines.length === 1 && lines[0]!.length <= LONGEST_TITLE ? `Accept what happens: ${lines[0]}` : 'Accept what happens', kind: CodeActionKind.QuickFix, diagnostics, edit: { changes: { [analysis.uri]: [{ range, newText }] } } }];
    });
}

/** What all releases agree on. */
function agreed(lines: readonly (readonly string[])[]): readonly string[] | undefined {
    return lines.every((l) => l.join('\n') === lines[0]!.join('\n')) ? lines[0] : undefined;
}

function checksOf(run: Run): { readonly check: Check; readonly moment: Moment }[] {
    const boot = run.boot.outcome;
    const start = { boot, steps: run.steps.filter((s) => s.step.provisioned), state: stateAtStart(run), outcome: boot };
    return [
        ...run.bootChecks.map((check) => ({ check, moment: start })),
        ...run.steps.flatMap(({ checks, state, outcome }, i) => checks.map((check) => ({ check, moment: { boot, steps: run.steps.slice(0, i), state, outcome } }))),
    ];
}

/** The expectation as it holds; empty where none of its kind does. `all`: the same moment under each release. */
function instead(e: Expectation, m: Moment, all: readonly Moment[]): string[] {
    switch (e.kind) {
        case 'ok':
        case 'fails':
            return [statusLine(m.outcome, all)];
        case 'log':
            return logLines(m.outcome);
        case 'iomem': {
            const lines = linesAbout(e, m.state);
            return lines.length > 0 ? [`expect iomem${e.exactly ? ' exactly' : ''}`, ...lines.map((l) => `    | ${l}`)] : [];
        }
        case 'blocks':
            return runLines(m.state.memory.blocks.filter((run) => run.first <= e.last && e.first <= run.last)
                .map((run) => ({ ...run, first: Math.max(run.first, e.first), last: Math.min(run.last, e.last) })));
        case 'ram':
        case 'lost':
            return [`expect ${e.kind} ${e.subject} = ${writeSize(amountOf(e, m))}`];
        case 'node-memory':
            return [`expect node ${e.node} memory = ${writeSize(amountOf(e, m))}`];
    }
}

/** `all`: the same under other releases, which may name another errno. */
function statusLine(outcome: Outcome, all: readonly { readonly outcome: Outcome }[]): string {
    if (outcome.status === 0) return 'expect ok';
    const errno = outcome.errnos.find((e) => all.every((other) => other.outcome.errnos.includes(e)));
    return `expect fails${errno ? ` ${errno}` : ''}`;
}

function logLines(outcome: Outcome): string[] {
    const log = outcome.log.find((l) => l.level === 'err' || l.level === 'warn');
    return log ? [`expect log ${quote(log.text)}`] : [];
}

/** Lines of /proc/iomem that are new or changed, each below the lines around it. */
function iomemLines({ before, state }: Happened): string[] {
    if (before.iomem === state.iomem) return [];
    const print = (s: KernelState): string[] => formatIomem(s.iomem, s.profile.iomemDepth).trimEnd().split('\n');
    const old = new Set(print(before));
    const lines: string[] = [];
    const around: string[] = [];
    let told = 0;
    const depth = (text: string): number => (text.length - text.trimStart().length) / 2;
    for (const text of print(state)) {
        around.length = depth(text);
        around.push(text);
        if (old.has(text)) {
            told = Math.min(told, depth(text));
            continue;
        }
        for (let i = Math.min(told, depth(text)); i < around.length; i++) lines.push(around[i]!);
        told = around.length;
    }
    if (lines.length === 0 || lines.length > MOST_LINES) return [];
    const least = Math.min(...lines.map((l) => l.length - l.trimStart().length));
    return ['expect iomem', ...lines.map((l) => `    | ${l.slice(least)}`)];
}

function blockLines({ before, state }: Happened): string[] {
    if (before.memory.blocks === state.memory.blocks) return [];
    const same = (a: BlockRun, b: BlockRun): boolean => b.first <= a.first && a.last <= b.last && a.state === b.state && a.zone === b.zone;
    const changed = state.memory.blocks.filter((run) => !before.memory.blocks.some((old) => same(run, old)));
    const lines = runLines(changed);
    return lines.length > MOST_LINES ? [] : lines;
}

/** A line for each stretch of blocks that are alike as far as an expectation sees. */
function runLines(runs: readonly BlockRun[]): string[] {
    const stretches: { readonly first: number; last: number; readonly is: string }[] = [];
    for (const { first, last, state, zone } of runs) {
        const is = `${state}${state === 'online' && zone ? ` ${zone}` : ''}`;
        const before = stretches.at(-1);
        if (before && before.last + 1 === first && before.is === is) before.last = last;
        else stretches.push({ first, last, is });
    }
    return stretches.map(({ first, last, is }) => `expect blocks ${first === last ? first : `${first}-${last}`} ${is}`);
}

function ramLines({ before, state }: Happened): string[] {
    return [...state.dax.devices.keys()].flatMap((name) => {
        const bytes = ramOf(state, name);
        return bytes > 0 && bytes !== ramOf(before, name) ? [`expect ram ${name} = ${writeSize(bytes)}`] : [];
    });
}
