// `memtopo/preview`: what the panel beside the editor shows for a place in the text. Plain data, made from one analysis; while the
// declaration under the cursor is broken, the last sound answer, marked stale.
import type { Finding, LoweredPlatform, LoweredScenario, Run, StepRun, TextSpan } from '../language/model.ts';
import { formatRange, overlaps, type Range } from '../kernel/range.ts';
import { BUSY, type Resource, type Tree } from '../kernel/resource.ts';
import type { KernelState } from '../kernel/state.ts';
import type { Note } from '../kernel/outcome.ts';
import { rangeFacts } from '../render/objects.ts';
import { formatSummary, onlineBytes, summarize, summarizeBoot } from '../render/summary.ts';
import type { Analysis } from '../server/analysis.ts';
import type {
    PreviewLoss, PreviewMark, PreviewModel, PreviewParams, PreviewResource, PreviewRun, PreviewSpan, PreviewStep, PreviewSubject, PreviewVerdict,
} from './preview-protocol.ts';

/** Last sound runs by subject, for as long as a document is open. */
export class PreviewMemory {
    private readonly runs = new Map<string, PreviewRun>();

    keep(uri: string, subject: PreviewSubject, run: PreviewRun): void {
        this.runs.set(`${uri} ${subject.kind} ${subject.name}`, run);
    }

    last(uri: string, subject: PreviewSubject): PreviewRun | undefined {
        return this.runs.get(`${uri} ${subject.kind} ${subject.name}`);
    }

    forget(uri: string): void {
        for (const key of this.runs.keys()) if (key.startsWith(`${uri} `)) this.runs.delete(key);
    }
}

interface Candidate {
    readonly subject: PreviewSubject;
    readonly span: TextSpan;
    readonly broken: boolean;
    readonly platform?: LoweredPlatform;
    readonly scenario?: LoweredScenario;
}

export function preview(analysis: Analysis, params: PreviewParams, memory: PreviewMemory): PreviewModel {
    const candidates = listCandidates(analysis);
    const subjects = candidates.map((c) => c.subject);
    const found = candidates.findIndex((c) => analysis.touches(c.span, params.offset));
    const index = found >= 0 ? found : nearest(analysis, candidates, params.offset);
    const base = { uri: analysis.uri, version: analysis.version, subjects, subject: index };
    const chosen = candidates[index];
    if (!chosen) return { ...base, stale: false, message: 'There is no platform in this file yet.' };
    const made = chosen.broken ? undefined : makeRun(analysis, chosen, params);
    if (made) {
        memory.keep(analysis.uri, chosen.subject, made);
        return { ...base, stale: false, run: made };
    }
    const kept = memory.last(analysis.uri, chosen.subject);
    if (kept) return { ...base, stale: true, run: kept };
    const partial = makeRun(analysis, chosen, params);
    if (partial) return { ...base, stale: false, run: partial };
    return { ...base, stale: false, message: chosen.scenario && !chosen.platform ? 'The platform of this scenario is not known.' : 'This declaration is not complete yet.' };
}

function listCandidates(analysis: Analysis): Candidate[] {
    const out: (Candidate & { at: number })[] = [];
    for (const { lowered, unit } of analysis.platforms) {
        out.push({ subject: { kind: 'platform', name: lowered.name, at: span(analysis, lowered.at) }, span: lowered.span, broken: unit.parsed.errors.length > 0, platform: lowered, at: analysis.place(lowered.span).start });
    }
    for (const { lowered, unit } of analysis.scenarios) {
        // a scenario on a platform that is half understood would run on a machine that nobody described
        const platform = analysis.platforms.find((p) => p.lowered === lowered.platform);
        const broken = unit.parsed.errors.length > 0 || (platform?.unit.parsed.errors.length ?? 0) > 0;
        out.push({
            subject: { kind: 'scenario', name: lowered.name, at: span(analysis, lowered.at) }, span: lowered.span, broken,
            scenario: lowered, ...(lowered.platform ? { platform: lowered.platform } : {}), at: analysis.place(lowered.span).start,
        });
    }
    return out.sort((a, b) => a.at - b.at);
}

/** The cursor is in no declaration: the first scenario; without one, the first platform. */
function nearest(_: Analysis, candidates: readonly Candidate[], __: number): number {
    const scenario = candidates.findIndex((c) => c.subject.kind === 'scenario');
    return scenario >= 0 ? scenario : candidates.length > 0 ? 0 : -1;
}

function makeRun(analysis: Analysis, chosen: Candidate, params: PreviewParams): PreviewRun | undefined {
    if (!chosen.platform) return undefined;
    const runs: readonly Run[] = chosen.scenario ? analysis.runs(chosen.scenario) : [analysis.bootRun(chosen.platform)];
    const run = runs.find((r) => r.kernel === params.kernel) ?? runs[0];
    if (!run) return undefined;
    const states: KernelState[] = [run.boot.state, ...run.steps.map((s) => s.state)];
    const current = currentStep(analysis, run, params.offset);
    const steps: PreviewStep[] = [bootStep(analysis, run, current === 0), ...run.steps.map((s, i) => step(analysis, s, i + 1 === current))];
    const base = params.compareWith === 'boot' || current === 0 ? run.boot.state : states[current - 1]!;
    const losses = lossesUpTo(run, current);
    return {
        platform: { name: run.platform.name, at: span(analysis, run.platform.at) },
        ...(run.scenario ? { scenario: { name: run.scenario.name, at: span(analysis, run.scenario.at) } } : {}),
        kernel: run.kernel,
        kernels: runs.map((r) => r.kernel),
        steps, current,
        totals: {
            ram: onlineBytes(states[current]!), ramBefore: onlineBytes(base), lost: losses.reduce((sum, l) => sum + l.bytes, 0),
            blockSize: states[current]!.memory.blockSize,
        },
        iomem: iomemLines(analysis, run, states, current, base),
        losses,
    };
}

/** The last step at or above the cursor; the boot when there is none. In a platform: the end of provisioning. */
function currentStep(analysis: Analysis, run: Run, offset: number): number {
    if (!run.scenario) return run.steps.length;
    let current = 0;
    run.steps.forEach((s, i) => {
        const line = analysis.place(s.step.span);
        const lineStart = analysis.source.text.lastIndexOf('\n', line.start - 1) + 1;
        if (s.step.provisioned || (line.uri === analysis.uri && lineStart <= offset)) current = i + 1;
    });
    return current;
}

function bootStep(analysis: Analysis, run: Run, detailed: boolean): PreviewStep {
    const { state, outcome } = run.boot;
    return {
        kind: 'boot', text: 'boot', at: span(analysis, run.platform.at), verdict: 'ok', summary: formatSummary(summarizeBoot(state, outcome)), status: 0, errnos: [],
        stdout: '', stderr: '', log: detailed ? outcome.log : [], notes: detailed ? notes(outcome.notes) : [], checks: [],
    };
}

function step(analysis: Analysis, ran: StepRun, detailed: boolean): PreviewStep {
    const { outcome, step: source } = ran;
    const summary = formatSummary(summarize(ran.before, ran.state, outcome));
    return {
        kind: source.provisioned ? 'declared' : 'typed', ...(source.provisioned ? {} : { prompt: source.line.prompt }), text: source.line.text.trim(),
        at: span(analysis, source.span), verdict: verdict(ran), summary, status: outcome.status, errnos: outcome.errnos,
        stdout: detailed ? outcome.stdout : '', stderr: detailed ? outcome.stderr : '', log: detailed ? outcome.log : [], notes: detailed ? notes(outcome.notes) : [],
        checks: detailed
            ? ran.checks.map((c) => ({
                text: analysis.textOf(c.expectation.span), met: c.met, ...(c.actual === undefined ? {} : { actual: c.actual }), at: span(analysis, c.expectation.span),
            }))
            : [],
    };
}

function verdict(ran: StepRun): PreviewVerdict {
    if (ran.outcome.notSimulated !== undefined) return 'not-simulated';
    if (ran.unexpectedFailure || ran.checks.some((c) => !c.met)) return 'unexpected';
    return ran.outcome.status === 0 ? 'ok' : 'failed';
}

function notes(all: readonly Note[]): PreviewStep['notes'] {
    return all.map(({ severity, code, message, rules }) => ({ severity, code, message, rules }));
}

/** Losses up to a step whose subject still exists as it was: a later step about the same subject and range replaces them. */
function lossesUpTo(run: Run, current: number): PreviewLoss[] {
    const losses: PreviewLoss[] = [];
    const outcomes = [run.boot.outcome, ...run.steps.map((s) => s.outcome)];
    const states = [run.boot.state, ...run.steps.map((s) => s.state)];
    outcomes.slice(0, current + 1).forEach((outcome, i) => {
        for (const note of outcome.notes) {
            for (const loss of note.losses ?? []) {
                const same = losses.findIndex((l) => l.subject === loss.subject && overlaps(l.range, loss.range));
                if (same >= 0) losses.splice(same, 1);
                losses.push({ ...loss, step: i });
            }
        }
    });
    const now = states[current]!;
    return losses.filter((l) => holds(now, l, states[l.step]!));
}

/** A loss ends when what lost the bytes is gone, or when its driver let go of them. */
function holds(now: KernelState, loss: PreviewLoss, then: KernelState): boolean {
    const device = now.dax.devices.get(loss.subject);
    const was = then.dax.devices.get(loss.subject);
    if (was) return device !== undefined && device.driver === was.driver;
    const namespace = now.nvdimm.namespaces.get(loss.subject);
    const namespaceWas = then.nvdimm.namespaces.get(loss.subject);
    if (namespaceWas) return namespace !== undefined && namespace.holder === namespaceWas.holder;
    return true;
}

// ------------------------------------------------------------------------------------------------------------------- iomem

function iomemLines(analysis: Analysis, run: Run, states: readonly KernelState[], current: number, base: KernelState): PreviewResource[] {
    const now = states[current]!;
    const lines: PreviewResource[] = [];
    const changedAt = lastChanges(states, current);
    const emit = (resource: Resource, depth: number, mark: PreviewMark, was?: string): void => {
        const origin = depth <= 1 && mark !== 'removed' ? originOf(analysis, run.platform, resource) : undefined;
        lines.push({
            key: `${resource.id}`, depth, start: resource.start, end: resource.end, name: resource.name, mark, ...(was ? { was } : {}),
            facts: mark === 'removed' ? [] : facts(now, resource), ...(origin ? { at: span(analysis, origin) } : {}),
            ...(changedAt.has(resource.id) ? { step: changedAt.get(resource.id)! } : {}),
        });
    };
    const visit = (current: Resource, old: Resource | undefined, depth: number, oldById: ReadonlyMap<number, Resource>): void => {
        // children of now and the removed ones of before, merged in address order
        const gone = (old?.children ?? []).filter((c) => !nowById.has(c.id));
        const merged = [...current.children.map((r) => ({ r, removed: false })), ...gone.map((r) => ({ r, removed: true }))]
            .sort((a, b) => a.r.start - b.r.start || Number(b.removed) - Number(a.removed));
        for (const { r, removed } of merged) {
            if (removed) {
                emit(r, depth, 'removed');
                removedBelow(r, depth + 1);
                continue;
            }
            const before = oldById.get(r.id);
            const was = before && difference(before, r);
            emit(r, depth, before ? (was ? 'changed' : 'same') : 'added', was);
            visit(r, before, depth + 1, oldById);
        }
    };
    const removedBelow = (r: Resource, depth: number): void => {
        for (const child of r.children) {
            if (nowById.has(child.id)) continue;
            emit(child, depth, 'removed');
            removedBelow(child, depth + 1);
        }
    };
    const nowById = index(now.iomem);
    visit(now.iomem.root, base.iomem.root, 0, base === now ? nowById : index(base.iomem));
    return lines;
}

function index(tree: Tree): ReadonlyMap<number, Resource> {
    const byId = new Map<number, Resource>();
    const visit = (r: Resource): void => {
        byId.set(r.id, r);
        r.children.forEach(visit);
    };
    visit(tree.root);
    return byId;
}

function difference(before: Resource, now: Resource): string | undefined {
    if (before.start !== now.start || before.end !== now.end) return `was ${formatRange(before)}`;
    if (before.name !== now.name) return `was ${before.name}`;
    if ((before.flags & BUSY) !== (now.flags & BUSY)) return before.flags & BUSY ? 'was busy' : 'was not busy';
    return undefined;
}

/** Step that put a resource there or changed it last; boot's are left out. */
function lastChanges(states: readonly KernelState[], current: number): ReadonlyMap<number, number> {
    const changes = new Map<number, number>();
    for (let i = 1; i <= current; i++) {
        const before = states[i - 1]!;
        const now = states[i]!;
        if (before.iomem === now.iomem) continue;
        const old = index(before.iomem);
        for (const [id, r] of index(now.iomem)) {
            const was = old.get(id);
            if (!was || difference(was, r)) changes.set(id, i);
        }
    }
    return changes;
}

function facts(state: KernelState, r: Resource): string[] {
    if (r.name.startsWith('System RAM')) {
        const nodes = new Set(state.memory.blocks.filter((b) => overlaps(blockRange(state, b), r)).flatMap((b) => b.nodes));
        const [, ...runs] = rangeFacts(state, r);
        return [...(nodes.size > 0 ? [`node ${[...nodes].join(', ')}`] : []), ...(runs.length <= 2 ? runs.map((f) => f.replace(/, node .*$/, '')) : [`${runs.length} runs of blocks`])];
    }
    const device = state.dax.devices.get(r.name);
    if (device && device.driver === null) return ['unusable until reboot'];
    return [];
}

function blockRange(state: KernelState, run: { first: number; last: number }): Range {
    return { start: run.first * state.memory.blockSize, end: (run.last + 1) * state.memory.blockSize - 1 };
}

function originOf(_: Analysis, platform: LoweredPlatform, resource: Range): TextSpan | undefined {
    let best: { size: number; span: TextSpan } | undefined;
    for (const origin of platform.origins) {
        if (!origin.range || origin.kind === 'hotplug' || !overlaps(origin.range, resource)) continue;
        if (origin.range.start > resource.start || origin.range.end < resource.start) continue;
        const size = origin.range.end - origin.range.start;
        if (!best || size < best.size) best = { size, span: origin.focus };
    }
    return best?.span;
}

function span(analysis: Analysis, at: TextSpan): PreviewSpan {
    const place = analysis.place(at);
    return { start: place.start, end: place.end, ...(place.uri === analysis.uri ? {} : { uri: place.uri }) };
}

export type { Finding };
