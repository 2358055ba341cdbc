// `memtopo/preview`: what the panel beside the editor shows for a place in the text. Plain data, made from one analysis; while the
// declaration under the cursor is broken, the last sound answer, marked stale.
import type { Finding, LoweredPlatform, LoweredScenario, Run, StepRun, TextSpan } from '../language/model.ts';
import { PROFILES } from '../kernel/profile.ts';
import { overlaps, type Range, sizeOf } from '../kernel/range.ts';
import type { Resource, Tree } from '../kernel/resource.ts';
import type { KernelState } from '../kernel/state.ts';
import type { Note } from '../kernel/outcome.ts';
import { runPlatform, runScenario } from '../language/run.ts';
import { mapModel } from '../render/address-map-model.ts';
import { describeWas, diffIomem } from '../render/iomem-diff.ts';
import { ledger } from '../render/ledger.ts';
import { lsmemText } from '../render/lsmem.ts';
import { numactlText } from '../render/numactl.ts';
import { rangeFacts } from '../render/objects.ts';
import { formatSummary, onlineBytes, summarize, summarizeBoot } from '../render/summary.ts';
import { totalsText } from '../render/svg-waterfall.ts';
import { topology } from '../render/topology.ts';
import { type Waterfall, waterfalls } from '../render/waterfall.ts';
import type { Analysis } from '../server/analysis.ts';
import type {
    Comparison, PreviewLoss, PreviewModel, PreviewParams, PreviewResource, PreviewRun, PreviewSelection, PreviewSpan, PreviewStep, PreviewSubject, PreviewVerdict, PreviewView,
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
    const pinned = params.subject ? candidates.findIndex((c) => c.subject.kind === params.subject!.kind && c.subject.name === params.subject!.name) : -1;
    const found = pinned >= 0 ? pinned : candidates.findIndex((c) => analysis.touches(c.span, params.offset));
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
    const unitOf = new Map(analysis.platforms.map((p) => [p.lowered, p.unit]));
    for (const { lowered, unit } of analysis.scenarios) {
        // a scenario on a platform that is half understood would run on a machine that nobody described
        const platform = lowered.platform && unitOf.get(lowered.platform);
        const broken = unit.parsed.errors.length > 0 || (platform?.parsed.errors.length ?? 0) > 0;
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
    const states = statesOf(run);
    const current = params.step === undefined ? currentStep(analysis, run, params.offset) : Math.max(0, Math.min(states.length - 1, params.step));
    const now = states[current]!;
    const steps: PreviewStep[] = [bootStep(analysis, run, current === 0), ...run.steps.map((s, i) => step(analysis, s, i + 1 === current))];
    const base = baseState(run, runs, states, current, params.compareWith ?? 'step', chosen);
    const losses = lossesUpTo(run, current);
    const wanted = (view: PreviewView): boolean => params.views?.includes(view) ?? true;
    const map = wanted('map') ? mapModel(now, { previous: base, notes: (current === 0 ? run.boot.outcome : run.steps[current - 1]!.outcome).notes }) : undefined;
    const compared = params.compareWith ?? 'step';
    const other = map && compared !== 'step' && base !== now ? { name: nameOf(compared), map: mapModel(base) } : undefined;
    const book = ledger(now);
    const falls = wanted('ledger') ? waterfalls(book) : [];
    const selection = selectionAt(analysis, run, now, params.offset);
    const iomem = iomemLines(analysis, run, states, current, base);
    return {
        platform: { name: run.platform.name, at: span(analysis, run.platform.at) },
        ...(run.scenario ? { scenario: { name: run.scenario.name, at: span(analysis, run.scenario.at) } } : {}),
        kernel: run.kernel,
        kernels: runs.map((r) => r.kernel),
        releases: PROFILES.map((p) => p.name),
        steps, current,
        totals: {
            ram: onlineBytes(now), ramBefore: onlineBytes(base), lost: book.total.lost,
            blockSize: now.memory.blockSize,
        },
        iomem, losses, iomemDepth: now.profile.iomemDepth,
        ...(selection ? { selection } : {}), ...(map ? { map } : {}), ...(other ? { other } : {}), places: places(analysis, run, current, [...(map?.items ?? []), ...subjectsOf(falls)]),
        ...(wanted('ledger') ? { ledger: { text: totalsText(book), waterfalls: falls } } : {}),
        ...(wanted('nodes') ? { nodes: { topology: topology(now), numactl: numactlText(now), lsmem: lsmemText(now) } } : {}),
    };
}

function statesOf(run: Run): KernelState[] {
    return [run.boot.state, ...run.steps.map((s) => s.state)];
}

/** The state that marks compare with. */
function baseState(run: Run, runs: readonly Run[], states: readonly KernelState[], current: number, wanted: Comparison, chosen: Candidate): KernelState {
    if (wanted === 'boot') return states[0]!;
    if (wanted === 'step') return states[Math.max(0, current - 1)]!;
    if ('step' in wanted) return states[Math.max(0, Math.min(states.length - 1, wanted.step))]!;
    if (wanted.kernel === run.kernel) return states[current]!;
    const other = runs.find((r) => r.kernel === wanted.kernel)
        ?? (chosen.scenario ? runScenario(chosen.scenario, wanted.kernel) : runPlatform(run.platform, wanted.kernel));
    // a release that provisions less has fewer steps: its last state then
    return other ? statesOf(other)[current] ?? statesOf(other).at(-1)! : states[current]!;
}

function nameOf(compared: Exclude<Comparison, 'step'>): string {
    return compared === 'boot' || ('step' in compared && compared.step === 0) ? 'after boot' : 'step' in compared ? `after step ${compared.step}` : `under Linux ${compared.kernel}`;
}

// -------------------------------------------------------------------------------------------------------- text and views

/** What the cursor is on: a name that the kernel knows, a described range, or what the step in this line changed. */
function selectionAt(analysis: Analysis, run: Run, now: KernelState, offset: number): PreviewSelection | undefined {
    const word = wordAt(analysis.source.text, offset);
    if (word !== undefined && isObject(now, word)) return { key: word };
    let best: { readonly size: number; readonly range: Range; readonly kind: string; readonly name?: string } | undefined;
    for (const origin of run.platform.origins) {
        if (!analysis.touches(origin.span, offset) || origin.kind === 'platform') continue;
        const size = origin.span.end - origin.span.start;
        if (origin.range && (!best || size < best.size)) best = { size, range: origin.range, kind: origin.kind, ...(origin.name === undefined ? {} : { name: origin.name }) };
    }
    if (best) return { range: best.range };
    const node = run.platform.origins.find((o) => o.kind === 'node' && analysis.touches(o.span, offset));
    return node?.name !== undefined && /^\d+$/.test(node.name) ? { key: `node${run.boot.state.numa.pxmToNode.get(Number(node.name)) ?? node.name}` } : undefined;
}

function wordAt(text: string, offset: number): string | undefined {
    const from = Math.max(0, offset - 64);
    const before = /[\w.]*$/.exec(text.slice(from, offset))![0];
    const after = /^[\w.]*/.exec(text.slice(offset, offset + 64))![0];
    return before + after || undefined;
}

function isObject(state: KernelState, name: string): boolean {
    const { dax, nvdimm, cxl, dimms, virtioMem } = state;
    if (dax.devices.has(name) || nvdimm.namespaces.has(name) || nvdimm.regions.has(name) || cxl.regions.has(name) || dimms.has(name)) return true;
    if ([...virtioMem.values()].some((v) => v.name === name)) return true;
    return /^hmem\.\d+$/.test(name) && state.hmem.devices.has(name.slice(5));
}

interface Shown {
    readonly sourceKey: string;
    readonly range?: Range;
}

function subjectsOf(all: readonly Waterfall[]): Shown[] {
    return all.flatMap((w) => [{ sourceKey: w.subject }, ...w.bars.flatMap((b) => b.subjects.map((s) => ({ sourceKey: s, ...(b.ranges[0] ? { range: b.ranges[0] } : {}) })))]);
}

/** Where each shown thing comes from: the step that made it, else the declaration that describes its addresses. */
function places(analysis: Analysis, run: Run, current: number, shown: readonly Shown[]): Record<string, PreviewSpan> {
    const out: Record<string, PreviewSpan> = {};
    const nodes = new Map(run.platform.origins.filter((o) => o.kind === 'node' && o.name !== undefined).map((o) => [`node${run.boot.state.numa.pxmToNode.get(Number(o.name)) ?? o.name}`, o.focus]));
    const origins = run.platform.origins.filter((o) => o.range && o.kind !== 'hotplug').sort((a, b) => sizeOf(a.range!) - sizeOf(b.range!));
    for (const { sourceKey, range } of shown) {
        if (sourceKey in out) continue;
        const maker = makerOf(run, current, sourceKey);
        const node = nodes.get(sourceKey);
        const origin = range && (origins.find((o) => o.range!.start <= range.start && o.range!.end >= range.end) ?? origins.find((o) => overlaps(o.range!, range)));
        const at = maker ?? node ?? origin?.focus;
        if (at) out[sourceKey] = span(analysis, at);
    }
    return out;
}

/** The step that made an object; undefined for what was there after boot, and for what is no object. */
function makerOf(run: Run, current: number, name: string): TextSpan | undefined {
    if (!/^(dax|namespace|region|dimm|virtio|hmem)/.test(name)) return undefined;
    let maker: TextSpan | undefined;
    for (const s of run.steps.slice(0, current)) if (!isObject(s.before, name) && isObject(s.state, name)) maker = s.step.span;
    return maker;
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
        kind: 'boot', text: 'boot', at: span(analysis, (run.scenario ?? run.platform).at), verdict: 'ok', summary: formatSummary(summarizeBoot(state, outcome)), status: 0, errnos: [],
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
    const changedAt = lastChanges(states, current);
    return diffIomem(base.iomem, now.iomem).map((line): PreviewResource => {
        const { mark, range, id } = line;
        const gone = mark === 'removed';
        const origin = line.depth <= 1 && !gone ? originOf(run.platform, range) : undefined;
        const was = describeWas(line);
        const changed = changedAt.get(id);
        return {
            key: gone ? `-${id}` : `${id}`, depth: line.depth, start: range.start, end: range.end, name: line.name, mark, ...(was ? { was } : {}),
            facts: gone ? [] : facts(now, line.name, range), ...(origin ? { at: span(analysis, origin) } : {}), ...(changed === undefined || gone ? {} : { step: changed }),
        };
    });
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
            if (was !== r && (!was || was.start !== r.start || was.end !== r.end || was.name !== r.name)) changes.set(id, i);
        }
    }
    return changes;
}

function facts(state: KernelState, name: string, r: Range): string[] {
    if (name.startsWith('System RAM')) {
        const nodes = new Set(state.memory.blocks.filter((b) => overlaps(blockRange(state, b), r)).flatMap((b) => b.nodes));
        const [, ...runs] = rangeFacts(state, r);
        return [...(nodes.size > 0 ? [`node ${[...nodes].join(', ')}`] : []), ...(runs.length <= 2 ? runs.map((f) => f.replace(/, node .*$/, '')) : [`${runs.length} runs of blocks`])];
    }
    const device = state.dax.devices.get(name);
    if (device && device.driver === null) return ['unusable until reboot'];
    return [];
}

function blockRange(state: KernelState, run: { first: number; last: number }): Range {
    return { start: run.first * state.memory.blockSize, end: (run.last + 1) * state.memory.blockSize - 1 };
}

function originOf(platform: LoweredPlatform, resource: Range): TextSpan | undefined {
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
