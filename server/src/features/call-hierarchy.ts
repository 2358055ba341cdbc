// Call hierarchy where it is natural: a scenario boots a platform and carries out its lines; a line makes or changes devices. Callees of a scenario
// are its lines, callees of a line what it makes and touches, the callee of a platform is its base; the callers of a platform are its scenarios and
// variants, in whatever document, those of a device the lines that touch it.
import { type CallHierarchyIncomingCall, type CallHierarchyItem, type CallHierarchyOutgoingCall, type Range, SymbolKind } from 'vscode-languageserver-types';
import { namesIn as kernelsNamesIn, resolveObject } from '../language/resolve.ts';
import { objectKind } from '../language/history.ts';
import type { LoweredPlatform, LoweredScenario, Run, StepRun } from '../language/model.ts';
import { objectNames } from '../render/objects.ts';
import type { Analysis } from '../server/analysis.ts';
import { type Item, namesIn } from '../server/language.ts';
import type { FeatureContext } from './context.ts';
import { objectAt } from './hover.ts';
import { outcomeHint } from './inlay-hints.ts';
import { nameAt, sameSpan } from './names.ts';

/** What an item stands for, as it travels through the client and back. The text may have changed meanwhile: it is looked up again. */
interface Data {
    readonly kind: 'platform' | 'scenario' | 'step' | 'device';
    /** Of a platform; else of the scenario. */
    readonly name: string;
    /** Index of the typed step, for steps and devices. */
    readonly step?: number;
    readonly device?: string;
}

export function prepareCallHierarchy({ analysis }: FeatureContext, offset: number): CallHierarchyItem[] {
    const scenario = analysis.scenarioAt(offset)?.lowered;
    const ran = analysis.stepAt(offset);
    if (ran) {
        const at = analysis.place(ran.step.step.span).start;
        const named = objectAt(ran.step.step.line.text, offset - at);
        if (named) {
            const item = deviceItem(analysis, ran.run, ran.scenario, ran.run.steps.indexOf(ran.step), named.text);
            if (item) return [item];
        }
        return [stepItem(analysis, ran.scenario, ran.run, ran.step)];
    }
    const name = nameAt(analysis, offset);
    const platform = name?.kind === 'platform' ? analysis.platformNamed(name.name) : undefined;
    if (platform) return [platformItem(analysis, platform)];
    return scenario ? [scenarioItem(analysis, scenario)] : [];
}

export function outgoingCalls({ analysis }: Pick<FeatureContext, 'analysis'>, item: CallHierarchyItem): CallHierarchyOutgoingCall[] {
    const data = dataOf(item);
    if (data?.kind === 'platform') {
        const own = analysis.platforms.find((p) => p.lowered.name === data.name)?.item;
        const base = own && namesIn(own).find((n) => n.kind === 'platform' && !n.declares);
        const to = base && analysis.platformNamed(base.name);
        return to ? [{ to: platformItem(analysis, to), fromRanges: [analysis.range(base.at)] }] : [];
    }
    const found = data && data.kind !== 'device' ? scenarioNamed(analysis, data.name) : undefined;
    if (!data || !found) return [];
    const { scenario, run, item: own } = found;
    if (data.kind === 'scenario') {
        const named = namesIn(own).find((n) => n.kind === 'platform');
        const platform: CallHierarchyOutgoingCall[] = scenario.platform && named ? [{ to: platformItem(analysis, scenario.platform), fromRanges: [analysis.range(named.at)] }] : [];
        return [...platform, ...typed(run).map((step) => ({ to: stepItem(analysis, scenario, run, step), fromRanges: [analysis.range(step.step.span)] }))];
    }
    const step = run.steps[data.step ?? -1];
    if (!step) return [];
    const at = analysis.place(step.step.span).start;
    const written = new Map<string, Range[]>();
    for (const { name, span } of kernelsNamesIn(step.step.line.text)) written.set(name, [...(written.get(name) ?? []), analysis.lines.rangeOf(at + span.start, at + span.end)]);
    for (const name of changedNames(step)) if (!written.has(name)) written.set(name, [analysis.range(step.step.span)]);
    return [...written].flatMap(([name, fromRanges]) => {
        const to = deviceItem(analysis, run, scenario, run.steps.indexOf(step), name);
        return to ? [{ to, fromRanges }] : [];
    });
}

/** `others`: documents that may call a platform of this one. */
export function incomingCalls({ analysis }: Pick<FeatureContext, 'analysis'>, item: CallHierarchyItem, others: readonly Analysis[] = []): CallHierarchyIncomingCall[] {
    const data = dataOf(item);
    if (!data) return [];
    if (data.kind === 'platform') {
        const called = analysis.platformNamed(data.name)?.at;
        const calls = (document: Analysis): CallHierarchyIncomingCall[] => {
            if (!sameSpan(document.platformNamed(data.name)?.at, called)) return [];
            const from = (named: Item, caller: CallHierarchyItem): CallHierarchyIncomingCall[] => {
                const name = namesIn(named).find((n) => n.kind === 'platform' && !n.declares && n.name === data.name);
                return name ? [{ from: caller, fromRanges: [document.range(name.at)] }] : [];
            };
            return [
                ...document.platforms.flatMap(({ item: named, lowered }) => from(named, platformItem(document, lowered))),
                ...document.scenarios.flatMap(({ item: named, lowered }) => from(named, scenarioItem(document, lowered))),
            ];
        };
        return [analysis, ...others.filter((o) => o.uri !== analysis.uri)].flatMap(calls);
    }
    const found = scenarioNamed(analysis, data.name);
    if (!found) return [];
    const { scenario, run } = found;
    if (data.kind === 'step') return [{ from: scenarioItem(analysis, scenario), fromRanges: [item.selectionRange] }];
    if (data.kind !== 'device' || data.device === undefined) return [];
    const { device } = data;
    return typed(run).flatMap((step) => {
        const at = analysis.place(step.step.span).start;
        const ranges = kernelsNamesIn(step.step.line.text).filter((n) => n.name === device).map(({ span }) => analysis.lines.rangeOf(at + span.start, at + span.end));
        if (ranges.length === 0 && changedNames(step).includes(device)) ranges.push(analysis.range(step.step.span));
        return ranges.length > 0 ? [{ from: stepItem(analysis, scenario, run, step), fromRanges: ranges }] : [];
    });
}

function typed(run: Run): StepRun[] {
    return run.steps.filter((s) => !s.step.provisioned);
}

/** Devices that are there after a step and were not before, or the other way round. */
function changedNames({ before, state }: StepRun): string[] {
    const names: string[] = [];
    for (const kind of ['dax', 'namespace', 'virtio-mem', 'dimm', 'cxl-region'] as const) {
        for (const name of new Set([...objectNames(before, kind), ...objectNames(state, kind)])) if (objectKind(before, name) !== objectKind(state, name)) names.push(name);
    }
    return names;
}

function scenarioNamed(analysis: Analysis, name: string): { readonly item: Item; readonly scenario: LoweredScenario; readonly run: Run } | undefined {
    const found = analysis.scenarios.find((s) => s.lowered.name === name);
    const run = found && analysis.runs(found.lowered)[0];
    return run && { item: found.item, scenario: found.lowered, run };
}

function platformItem(analysis: Analysis, platform: LoweredPlatform): CallHierarchyItem {
    const { uri, range: selectionRange } = analysis.location(platform.at);
    return { name: platform.name, kind: SymbolKind.Class, detail: `platform, kernel ${platform.machine.kernel}`, uri, range: analysis.location(platform.span).range, selectionRange, data: { kind: 'platform', name: platform.name } satisfies Data };
}

function scenarioItem(analysis: Analysis, scenario: LoweredScenario): CallHierarchyItem {
    return {
        name: scenario.name, kind: SymbolKind.Method, detail: scenario.platform ? `on ${scenario.platform.name}` : 'scenario', uri: analysis.uri,
        range: analysis.range(scenario.span), selectionRange: analysis.range(scenario.at), data: { kind: 'scenario', name: scenario.name } satisfies Data,
    };
}

function stepItem(analysis: Analysis, scenario: LoweredScenario, run: Run, step: StepRun): CallHierarchyItem {
    const range = analysis.range(step.step.span);
    return {
        name: `${step.step.line.prompt} ${step.step.line.text}`, kind: SymbolKind.Event, detail: outcomeHint(step), uri: analysis.uri, range, selectionRange: range,
        data: { kind: 'step', name: scenario.name, step: run.steps.indexOf(step) } satisfies Data,
    };
}

function deviceItem(analysis: Analysis, run: Run, scenario: LoweredScenario, step: number, device: string): CallHierarchyItem | undefined {
    const about = resolveObject(run, step, device);
    if (about.kind === undefined || !about.madeAt) return undefined;
    const { uri, range } = analysis.location(about.madeAt);
    return { name: device, kind: SymbolKind.Object, detail: about.kind, uri, range, selectionRange: range, data: { kind: 'device', name: scenario.name, step, device } satisfies Data };
}

function dataOf(item: CallHierarchyItem): Data | undefined {
    const data = item.data as Partial<Data> | undefined;
    return typeof data === 'object' && data !== null && typeof data.kind === 'string' && typeof data.name === 'string' ? (data as Data) : undefined;
}
