// What is known of one version of a document: text → declarations → lowered → runs → findings, each made when first asked for and
// kept. Every feature reads this and nothing else.
import type { Range } from 'vscode-languageserver-types';
import { tellable } from '../diagnostics/flood.ts';
import { suppress } from '../diagnostics/suppress.ts';
import type { Finding, LoweredPlatform, LoweredScenario, Run, StepRun, TextSpan } from '../language/model.ts';
import type { AnalysisCaches } from './caches.ts';
import { fileFindings, type Item, nearestWord } from './language.ts';
import type { LineMap } from './line-map.ts';
import type { Source, Unit } from './source.ts';

/** Text that an import leads to: null where there is none, undefined while it is being read. */
export type ImportSource = (from: string, path: string) => Source | null | undefined;

/** UTF-16 offsets in a whole document. */
export interface Place {
    readonly uri: string;
    readonly start: number;
    readonly end: number;
}

export interface OwnItem<T> {
    readonly unit: Unit;
    readonly item: Item;
    readonly lowered: T;
}

interface Own {
    readonly platforms: readonly OwnItem<LoweredPlatform>[];
    readonly scenarios: readonly OwnItem<LoweredScenario>[];
}

export class Analysis {
    readonly source: Source;
    /** Of the project; a newer one makes this analysis stale. */
    readonly generation: number;
    /** The document and everything it imports, itself first. */
    readonly sources: readonly Source[];
    /** An import is still being read: findings are not complete yet. */
    readonly incomplete: boolean;
    private readonly caches: AnalysisCaches;
    private readonly importFindings: readonly Finding[];
    /** Release of platforms that name none; undefined: the newest. */
    private readonly kernel: string | undefined;
    /** Declarations that a platform of that name may stand in, in the order of precedence. */
    private readonly known = new Map<string, Unit | Unit[]>();
    private everythingOnce: Own | undefined;
    private readonly lowered = new Map<string, LoweredPlatform | 'cycle' | undefined>();
    private findingsOnce: readonly Finding[] | undefined;

    constructor(source: Source, generation: number, importSource: ImportSource, caches: AnalysisCaches, kernel?: string) {
        this.source = source;
        this.generation = generation;
        this.caches = caches;
        const reached = reachImports(source, importSource);
        this.sources = reached.sources;
        this.incomplete = reached.incomplete;
        this.importFindings = reached.findings;
        this.kernel = kernel === '' ? undefined : kernel;
        for (const s of this.sources) {
            for (const unit of s.units) {
                const names = s.large ? unit.likelyPlatforms : unit.platformNames;
                for (const name of names) {
                    // nearly always one: a text of hundreds of platforms makes no list for each with every key
                    const units = this.known.get(name);
                    if (units === undefined) this.known.set(name, unit);
                    else if (!Array.isArray(units)) this.known.set(name, units === unit ? unit : [units, unit]);
                    else if (units.at(-1) !== unit) units.push(unit);
                }
            }
        }
    }

    /** Platforms of this document; of a large one those that are ready (`Source.ready`). */
    get platforms(): readonly OwnItem<LoweredPlatform>[] {
        return this.everything.platforms;
    }

    /** Scenarios of this document; of a large one those that are ready (`Source.ready`). */
    get scenarios(): readonly OwnItem<LoweredScenario>[] {
        return this.everything.scenarios;
    }

    private get everything(): Own {
        return (this.everythingOnce ??= this.ownOf(this.source.ready));
    }

    /** What declarations hold, ready or not. Lowered things are kept by their declarations, so that asking again is cheap. */
    private ownOf(units: readonly Unit[]): Own {
        const platforms: OwnItem<LoweredPlatform>[] = [];
        const scenarios: OwnItem<LoweredScenario>[] = [];
        for (const unit of units) {
            for (const item of unit.parsed.items) {
                if (item.kind === 'platform') {
                    const first = this.declared(item.name)?.item === item;
                    const lowered = first ? this.platformNamed(item.name)! : unit.platform(item, this.lookup, this.kernel);
                    platforms.push({ unit, item, lowered });
                } else if (item.kind === 'scenario') scenarios.push({ unit, item, lowered: unit.scenario(item, this.lookup) });
            }
        }
        return { platforms, scenarios };
    }

    /** Platforms and scenarios between two offsets, ready or not: what somebody looks at. */
    within(start: number, end: number): Own {
        return this.ownOf(this.source.unitsBetween(start, end));
    }

    /** Works out everything about one declaration, so that it is ready from the next analysis on. */
    warm(unit: Unit): void {
        const { platforms, scenarios } = this.ownOf([unit]);
        for (const { lowered } of platforms) this.caches.platformFindings(lowered);
        for (const { lowered } of scenarios) this.caches.scenarioFindings(lowered);
        unit.markWarm();
    }

    /** Declarations that are not told about yet. */
    get waiting(): readonly Unit[] {
        return this.source.large ? this.source.units.filter((u) => !u.warm) : [];
    }

    get uri(): string {
        return this.source.uri;
    }

    get version(): number {
        return this.source.version;
    }

    get lines(): LineMap {
        return this.source.lines;
    }

    /** The platform of that name, here or in an imported file; undefined where there is none. */
    platformNamed(name: string): LoweredPlatform | undefined {
        const found = this.lookup(name);
        return found === 'cycle' ? undefined : found;
    }

    private readonly lookup = (name: string): LoweredPlatform | 'cycle' | undefined => {
        if (this.lowered.has(name)) return this.lowered.get(name);
        const found = this.declared(name);
        if (!found) return undefined;
        this.lowered.set(name, 'cycle'); // what a circle of `extends` meets
        const lowered = found.unit.platform(found.item, this.lookup, this.kernel);
        this.lowered.set(name, lowered);
        return lowered;
    };

    /** The first declaration of a platform of that name. */
    private declared(name: string): { readonly unit: Unit; readonly item: Item & { kind: 'platform' } } | undefined {
        const units = this.known.get(name) ?? [];
        for (const unit of Array.isArray(units) ? units : [units]) {
            for (const item of unit.parsed.items) if (item.kind === 'platform' && item.name === name) return { unit, item };
        }
        return undefined;
    }

    /** Names of all platforms that can be referred to here. */
    platformNames(): string[] {
        return [...this.known.keys()];
    }

    /** One run for each kernel of the scenario; empty where its platform does not resolve. */
    runs(scenario: LoweredScenario): readonly Run[] {
        return this.caches.runs(scenario);
    }

    /** A scenario under a release that it need not name. */
    runUnder(scenario: LoweredScenario, kernel: string): Run | undefined {
        return this.caches.runUnder?.(scenario, kernel);
    }

    /** The platform booted, with what its blocks declare. */
    bootRun(platform: LoweredPlatform): Run {
        return this.caches.boot(platform);
    }

    /** Everything to tell about this document: without the findings that a comment suppresses. */
    findings(): readonly Finding[] {
        return (this.findingsOnce ??= this.collect());
    }

    private collect(): readonly Finding[] {
        const first = this.source.units[0];
        const syntax = tellable(this.source.syntaxErrors(), this.source.text, { uri: first?.uri ?? this.uri, start: 0, end: 0 });
        if (syntax.binary) return syntax.errors;
        const all: Finding[] = [...syntax.errors, ...this.importFindings, ...fileFindings(this.source, this.sources)];
        for (const { lowered } of this.platforms) {
            append(all, lowered.findings);
            append(all, this.caches.platformFindings(lowered));
        }
        for (const { lowered } of this.scenarios) {
            append(all, lowered.findings);
            append(all, this.caches.scenarioFindings(lowered));
        }
        const whole = !this.incomplete && this.source.ready.length === this.source.units.length;
        const told = all.filter((f) => this.source.holds(f.at)).map((f) => (f.code === 'language/unknown-platform' ? this.withNames(f) : f));
        return suppress(told, this.source.ready.filter((u) => u.maySuppress), whole);
    }

    /** A platform that is not there, with the names of those that are. */
    private withNames(finding: Finding): Finding {
        const name = this.textOf(finding.at);
        const names = this.platformNames().filter((n) => n !== name);
        const near = nearestWord(name, names);
        return { ...finding, message: near ? `${finding.message}: do you mean \`${near}\`?` : finding.message, data: { ...finding.data, words: near ? [near] : names.slice(0, 4) } };
    }

    // ------------------------------------------------------------------------------------------------------------- places

    /** Offsets in the whole document that a span lies in. */
    place(span: TextSpan): Place {
        for (const source of this.sources) {
            const unit = source.unitOf(span);
            if (unit) return { uri: source.uri, start: unit.part.start + span.start, end: unit.part.start + span.end };
        }
        return { uri: span.uri.replace(/#\d+$/, ''), start: span.start, end: span.end };
    }

    /** The span as a document's uri and an LSP range. */
    location(span: TextSpan): { uri: string; range: Range } {
        for (const source of this.sources) {
            const unit = source.unitOf(span);
            if (unit) return { uri: source.uri, range: unitRange(source, unit, span) };
        }
        return { uri: span.uri.replace(/#\d+$/, ''), range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } } };
    }

    /** LSP range of a span of this document. */
    range(span: TextSpan): Range {
        const unit = this.source.unitOf(span);
        return unit ? unitRange(this.source, unit, span) : this.location(span).range;
    }

    textOf(span: TextSpan): string {
        for (const source of this.sources) {
            const unit = source.unitOf(span);
            if (unit) return unit.part.text.slice(span.start, span.end);
        }
        return '';
    }

    /** Is the offset of this document inside the span, its end included? */
    touches(span: TextSpan, offset: number): boolean {
        const unit = this.source.unitOf(span);
        if (!unit) return false;
        const local = offset - unit.part.start;
        return span.start <= local && local <= span.end;
    }

    // ----------------------------------------------------------------------------------------------------- what is where

    scenarioAt(offset: number): OwnItem<LoweredScenario> | undefined {
        return this.within(offset, offset).scenarios.find((s) => this.touches(s.lowered.span, offset));
    }

    platformAt(offset: number): OwnItem<LoweredPlatform> | undefined {
        return this.within(offset, offset).platforms.find((p) => this.touches(p.lowered.span, offset));
    }

    /** The step whose line an offset is in, with its run under the scenario's first kernel. */
    stepAt(offset: number): { readonly run: Run; readonly step: StepRun; readonly scenario: LoweredScenario } | undefined {
        const scenario = this.scenarioAt(offset)?.lowered;
        const run = scenario && this.runs(scenario)[0];
        const step = run?.steps.find((s) => !s.step.provisioned && this.touches(s.step.span, offset));
        return scenario && run && step ? { run, step, scenario } : undefined;
    }

    /** State just before an offset of a scenario: after the last step that ends above it, or after boot and provisioning. */
    stateBefore(offset: number): { readonly run: Run; readonly state: Run['boot']['state'] } | undefined {
        const scenario = this.scenarioAt(offset)?.lowered;
        const run = scenario && this.runs(scenario)[0];
        if (!run) return undefined;
        let state = run.boot.state;
        for (const step of run.steps) {
            if (!step.step.provisioned && this.place(step.step.span).end >= offset) break;
            state = step.state;
        }
        return { run, state };
    }
}

function append<T>(to: T[], more: readonly T[]): void {
    for (const item of more) to.push(item);
}

function unitRange(source: Source, unit: Unit, span: TextSpan): Range {
    const start = unit.lines.positionAt(span.start);
    const end = unit.lines.positionAt(span.end);
    // the unit's first line may begin in the middle of the document's
    const shift = unit.part.start === 0 || (start.line > 0 && end.line > 0) ? 0 : columnOf(source, unit);
    return {
        start: { line: start.line + unit.part.line, character: start.character + (start.line === 0 ? shift : 0) },
        end: { line: end.line + unit.part.line, character: end.character + (end.line === 0 ? shift : 0) },
    };
}

function columnOf(source: Source, unit: Unit): number {
    return unit.part.start - (source.text.lastIndexOf('\n', unit.part.start - 1) + 1);
}

function reachImports(source: Source, importSource: ImportSource): { sources: Source[]; incomplete: boolean; findings: Finding[] } {
    const sources = [source];
    const edges = new Map<Source, Source[]>();
    const own: { readonly span: TextSpan; readonly target: Source }[] = [];
    const findings: Finding[] = [];
    let incomplete = false;
    const add = (code: string, message: string, at: TextSpan): void => {
        findings.push({ code, severity: 'error', message, at, rules: [], related: [] });
    };
    for (let i = 0; i < sources.length; i++) {
        const from = sources[i]!;
        const targets: Source[] = [];
        edges.set(from, targets);
        for (const unit of from.units) {
            if (!unit.mayImport) continue;
            for (const item of unit.parsed.items) {
                if (item.kind !== 'import') continue;
                const found = importSource(from.uri, item.path);
                if (found === undefined) incomplete = true;
                else if (found === null) {
                    if (i === 0) add('language/missing-import', `there is no file \`${item.path}\``, item.span);
                } else {
                    const target = sources.find((s) => s.uri === found.uri) ?? found;
                    if (target === found && !sources.includes(found)) sources.push(found);
                    targets.push(target);
                    if (i === 0) own.push({ span: item.span, target });
                }
            }
        }
    }
    for (const { span, target } of own) {
        if (target === source) add('language/import-cycle', 'this file imports itself', span);
        else if (leadsTo(target, source, edges)) add('language/import-cycle', 'this import comes back to this file', span);
    }
    return { sources, incomplete, findings };
}

function leadsTo(from: Source, wanted: Source, edges: ReadonlyMap<Source, readonly Source[]>): boolean {
    const seen = new Set([from]);
    for (const source of seen) {
        for (const next of edges.get(source) ?? []) {
            if (next === wanted) return true;
            seen.add(next);
        }
    }
    return false;
}
