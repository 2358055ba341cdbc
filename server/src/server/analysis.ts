// What is known of one version of a document: text → declarations → lowered → runs → findings, each made when first asked for and
// kept. Every feature reads this and nothing else.
import type { Range } from 'vscode-languageserver-types';
import { tellable } from '../diagnostics/flood.ts';
import { suppress } from '../diagnostics/suppress.ts';
import type { Finding, LoweredPlatform, LoweredScenario, Run, StepRun, TextSpan } from '../language/model.ts';
import type { AnalysisCaches } from './caches.ts';
import { fileFindings, type Item, nearestWord } from './language.ts';
import type { LineMap } from './line-map.ts';
import type { Lookup, Source, Unit } from './source.ts';

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

type PlatformItem = Item & { readonly kind: 'platform' };

interface Own {
    readonly platforms: readonly OwnItem<LoweredPlatform>[];
    readonly scenarios: readonly OwnItem<LoweredScenario>[];
}

/** What one declaration comes to, for as long as the names that it asks for lead where they do. */
interface Told extends Own {
    /** What is wrong with its text, its platforms and its scenarios. */
    readonly syntax: readonly Finding[];
    readonly platformFindings: readonly Finding[];
    readonly scenarioFindings: readonly Finding[];
}

/** The declarations that a platform of one name may stand in, in the order of precedence, and what it comes to. */
interface Named {
    readonly units: readonly Unit[];
    /** Undefined while nobody has asked. */
    lowered: LoweredPlatform | undefined;
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
    private readonly known: ReadonlyMap<string, Named>;
    /** By unit of the source; made when asked for. */
    private readonly told: (Told | undefined)[];
    private everythingOnce: Own | undefined;
    private findingsOnce: readonly Finding[] | undefined;
    /** Findings about several declarations together, made when asked for. `all`: about all declarations, not only those that are ready. */
    private together: { readonly findings: readonly Finding[]; readonly all: boolean } | undefined;

    /** `previous`: of an earlier text of the same document. What cannot have changed since is taken from it. */
    constructor(source: Source, generation: number, importSource: ImportSource, caches: AnalysisCaches, kernel?: string, previous?: Analysis) {
        this.source = source;
        this.generation = generation;
        this.caches = caches;
        const reached = reachImports(source, importSource);
        this.sources = reached.sources;
        this.incomplete = reached.incomplete;
        this.importFindings = reached.findings;
        this.kernel = kernel === '' ? undefined : kernel;
        const same = previous?.generation === generation && previous.source.large === source.large && previous.kernel === this.kernel && sameBehindFirst(previous.sources, this.sources);
        const kept = same ? this.keep(previous) : undefined;
        this.known = kept?.known ?? this.index();
        this.told = kept?.told ?? new Array<Told | undefined>(source.units.length).fill(undefined);
        this.together = kept?.together;
    }

    /** Names that a declaration may declare platforms under. */
    private namesOf(source: Source, unit: Unit): readonly string[] {
        return source.large ? unit.likelyPlatforms : unit.platformNames;
    }

    private index(): Map<string, Named> {
        const units = new Map<string, Unit[]>();
        for (const source of this.sources) {
            for (const unit of source.units) {
                for (const name of this.namesOf(source, unit)) {
                    const list = units.get(name);
                    if (!list) units.set(name, [unit]);
                    else if (list.at(-1) !== unit) list.push(unit);
                }
            }
        }
        return new Map([...units].map(([name, list]) => [name, { units: list, lowered: undefined }]));
    }

    /** What stays of an earlier analysis: everything but the declarations that changed and those that ask for a name one of them has. */
    private keep(previous: Analysis): { readonly known: ReadonlyMap<string, Named>; readonly told: (Told | undefined)[]; readonly together: Analysis['together'] } {
        const { units } = this.source;
        const { gone, come, head, tail } = difference(previous.source.units, units);
        const told = [...previous.told.slice(0, head), ...come.map(() => undefined), ...previous.told.slice(previous.told.length - tail)];
        const names = (unit: Unit): readonly string[] => this.namesOf(this.source, unit);
        const changed = this.dependents([...gone, ...come].flatMap(names));
        if (changed.size > 0) for (let i = 0; i < told.length; i++) if (units[i]!.asksFor(changed)) told[i] = undefined;

        const sameNames = saysTheSame(gone, come, names);
        const known = sameNames ? new Map(previous.known) : this.index();
        if (sameNames) {
            for (const name of changed) {
                const named = known.get(name);
                if (named) known.set(name, { units: named.units.map((u) => come[gone.indexOf(u)] ?? u), lowered: undefined });
            }
        } else for (const [name, named] of known) if (!changed.has(name)) named.lowered = previous.known.get(name)?.lowered;

        // where all names differ, they do so in each part of the text
        const differ = previous.together?.all === true && previous.together.findings.length === 0 && come.length < FEW && saysTheSame(gone, come, namesDeclared);
        return { known, told, together: differ ? previous.together : undefined };
    }

    /** These names, those of the platforms that ask for them, and so on. */
    private dependents(names: readonly string[]): ReadonlySet<string> {
        const all = new Set(names);
        for (let before = 0; before < all.size;) {
            before = all.size;
            for (const { units } of this.sources) {
                for (let i = 0; i < units.length; i++) if (units[i]!.asksFor(all)) for (const name of units[i]!.platformNames) all.add(name);
            }
        }
        return all;
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
        if (!this.everythingOnce) {
            const own = this.source.ready.map((unit) => this.ownOf(unit));
            this.everythingOnce = { platforms: own.flatMap((o) => o.platforms), scenarios: own.flatMap((o) => o.scenarios) };
        }
        return this.everythingOnce;
    }

    /** What a declaration holds, ready or not. Lowered things are kept by their declarations, so that asking again is cheap. */
    ownOf(unit: Unit): Own {
        const platforms: OwnItem<LoweredPlatform>[] = [];
        const scenarios: OwnItem<LoweredScenario>[] = [];
        for (const item of unit.parsed.items) {
            if (item.kind === 'platform') {
                const first = this.declared(item.name)?.item === item;
                const lowered = first ? this.platformNamed(item.name)! : unit.platform(item, this.lookupFor(item), this.kernel);
                platforms.push({ unit, item, lowered });
            } else if (item.kind === 'scenario') scenarios.push({ unit, item, lowered: unit.scenario(item, this.lookup) });
        }
        return { platforms, scenarios };
    }

    private tell(unit: Unit): Told {
        const { platforms, scenarios } = this.ownOf(unit);
        const platformFindings = platforms.flatMap(({ lowered }) => [...lowered.findings, ...this.caches.platformFindings(lowered)]);
        const scenarioFindings = scenarios.flatMap(({ lowered }) => [...lowered.findings, ...this.caches.scenarioFindings(lowered)]);
        return { platforms: kept(platforms), scenarios: kept(scenarios), syntax: unit.parsed.errors, platformFindings: kept(platformFindings), scenarioFindings: kept(scenarioFindings) };
    }

    /** Platforms and scenarios between two offsets, ready or not: what somebody looks at. */
    within(start: number, end: number): Own {
        const own = this.source.unitsBetween(start, end).map((unit) => this.ownOf(unit));
        return { platforms: own.flatMap((o) => o.platforms), scenarios: own.flatMap((o) => o.scenarios) };
    }

    /** Works out everything about one declaration, so that it is ready from the next analysis on. */
    warm(unit: Unit): void {
        this.told[this.source.seatOf(unit)] ??= this.tell(unit);
        unit.warm = true;
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
        return this.lookup(name);
    }

    private readonly lookup = (name: string): LoweredPlatform | undefined => {
        const named = this.known.get(name);
        const at = named?.lowered ? undefined : this.declared(name);
        if (named && at) named.lowered = at.unit.platform(at.item, this.lookupFor(at.item), this.kernel);
        return named?.lowered;
    };

    /** What a platform finds: where bases go in a circle, the one that leads to the first of them in the text finds the end of it. */
    private lookupFor(item: PlatformItem): Lookup {
        return (name) => {
            const base = this.declared(name);
            const circle: { readonly unit: Unit; readonly item: PlatformItem }[] = [];
            let at = base;
            while (at && at.item !== item && !circle.some((c) => c.item === at?.item)) {
                circle.push(at);
                const next: string | undefined = at.item.node.base?.$refText;
                at = next === undefined ? undefined : this.declared(next);
            }
            if (!base || at?.item !== item) return this.lookup(name);
            circle.push(at);
            return circle.every((other) => other.item === base.item || this.before(base, other)) ? 'cycle' : this.lookup(name);
        };
    }

    /** Does the first of two declarations come first, files in the order of precedence? */
    private before(a: { readonly unit: Unit; readonly item: PlatformItem }, b: { readonly unit: Unit; readonly item: PlatformItem }): boolean {
        if (a.unit === b.unit) return a.unit.parsed.items.indexOf(a.item) < a.unit.parsed.items.indexOf(b.item);
        const source = (unit: Unit): number => this.sources.findIndex((s) => s.units.includes(unit));
        const [x, y] = [source(a.unit), source(b.unit)];
        return x === y ? this.sources[x]!.startOf(a.unit) < this.sources[x]!.startOf(b.unit) : x < y;
    }

    /** The first declaration of a platform of that name. */
    private declared(name: string): { readonly unit: Unit; readonly item: PlatformItem } | undefined {
        for (const unit of this.known.get(name)?.units ?? []) {
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
        const { units, large } = this.source;
        const syntax: Finding[] = [];
        const platforms: Finding[] = [];
        const scenarios: Finding[] = [];
        const commented: Unit[] = [];
        let whole = !this.incomplete;
        for (let i = 0; i < units.length; i++) {
            if (large && !units[i]!.warm) {
                whole = false;
                continue;
            }
            const told = (this.told[i] ??= this.tell(units[i]!));
            if (units[i]!.maySuppress) commented.push(units[i]!);
            if (told.syntax.length > 0) syntax.push(...told.syntax);
            if (told.platformFindings.length > 0) platforms.push(...told.platformFindings);
            if (told.scenarioFindings.length > 0) scenarios.push(...told.scenarioFindings);
        }
        const errors = tellable(syntax, this.source.text, { uri: units[0]?.uri ?? this.uri, start: 0, end: 0 });
        if (errors.binary) return errors.errors;
        this.together ??= { findings: fileFindings(this.source, this.sources), all: whole };
        const all = [...errors.errors, ...this.importFindings, ...this.together.findings, ...platforms, ...scenarios];
        const here = all.filter((f) => this.source.holds(f.at)).map((f) => (f.code === 'language/unknown-platform' ? this.withNames(f) : f));
        return suppress(here, commented, whole);
    }

    /** A platform that is not there, with the names of those that are; a base, without those that extend the one that looks for it. */
    private withNames(finding: Finding): Finding {
        const name = this.textOf(finding.at);
        const own = this.platformAt(this.place(finding.at).start)?.item;
        const names = this.platformNames().filter((n) => n !== name && !this.extendsItem(n, own));
        const near = nearestWord(name, names);
        return { ...finding, message: near ? `${finding.message}: do you mean \`${near}\`?` : finding.message, data: { ...finding.data, ...(near ? { near } : { words: names.slice(0, 4) }) } };
    }

    /** Is the platform of that name this one, or made from it? */
    private extendsItem(name: string, item: Item | undefined): boolean {
        const seen = new Set<Item>();
        for (let at = this.declared(name)?.item; at && !seen.has(at); at = at.node.base?.$refText === undefined ? undefined : this.declared(at.node.base.$refText)?.item) {
            if (at === item) return true;
            seen.add(at);
        }
        return false;
    }

    // ------------------------------------------------------------------------------------------------------------- places

    /** Offsets in the whole document that a span lies in. */
    place(span: TextSpan): Place {
        for (const source of this.sources) {
            const unit = source.unitOf(span);
            if (unit) return { uri: source.uri, start: source.startOf(unit) + span.start, end: source.startOf(unit) + span.end };
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
            if (unit) return unit.text.slice(span.start, span.end);
        }
        return '';
    }

    /** Is the offset of this document inside the span, its end included? */
    touches(span: TextSpan, offset: number): boolean {
        const unit = this.source.unitOf(span);
        if (!unit) return false;
        const local = offset - this.source.startOf(unit);
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

const NONE: readonly never[] = [];

/** A list for as long as its text: with room for what is in it, and one for all that are empty. */
function kept<T>(list: readonly T[]): readonly T[] {
    return list.length === 0 ? NONE : list.slice();
}

/** So many declarations are read without keeping anybody waiting. */
const FEW = 8;

/** Where two lists differ: what is only in the old one, what is only in the new one, and how much is the same at both ends. */
function difference<T>(old: readonly T[], now: readonly T[]): { readonly gone: readonly T[]; readonly come: readonly T[]; readonly head: number; readonly tail: number } {
    const least = Math.min(old.length, now.length);
    let head = 0;
    while (head < least && old[head] === now[head]) head++;
    let tail = 0;
    while (tail < least - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
    return { gone: old.slice(head, old.length - tail), come: now.slice(head, now.length - tail), head, tail };
}

/** Do two lists of declarations have the same names, one by one? */
function saysTheSame(a: readonly Unit[], b: readonly Unit[], names: (unit: Unit) => readonly string[]): boolean {
    return a.length === b.length && JSON.stringify(a.map(names)) === JSON.stringify(b.map(names));
}

function namesDeclared(unit: Unit): readonly string[] {
    return unit.declaredNames.map((d) => d.key);
}

/** The same imports, read in the same versions? */
function sameBehindFirst(a: readonly Source[], b: readonly Source[]): boolean {
    return a.length === b.length && a.every((source, i) => i === 0 || source === b[i]);
}

function unitRange(source: Source, unit: Unit, span: TextSpan): Range {
    const start = unit.lines.positionAt(span.start);
    const end = unit.lines.positionAt(span.end);
    const line = source.lineOf(unit);
    // the unit's first line may begin in the middle of the document's
    const shift = start.line > 0 && end.line > 0 ? 0 : columnOf(source, unit);
    return {
        start: { line: start.line + line, character: start.character + (start.line === 0 ? shift : 0) },
        end: { line: end.line + line, character: end.character + (end.line === 0 ? shift : 0) },
    };
}

function columnOf(source: Source, unit: Unit): number {
    const start = source.startOf(unit);
    return start - (source.text.lastIndexOf('\n', start - 1) + 1);
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
