// One text of the project and its declarations: parsed and lowered part by part, each kept for as long as nothing it depends on
// changes. A version is immutable; the next one is made from it.
import { mentionsSuppression } from '../diagnostics/suppress.ts';
import type { PlatformLookup } from '../language/lower.ts';
import type { Finding, LoweredPlatform, LoweredScenario, TextSpan } from '../language/model.ts';
import { type Item, lowerPlatformItem, lowerScenarioItem, type ParsedUnit, parseUnit } from './language.ts';
import { LineMap } from './line-map.ts';
import { type Cut, type Part, reuseParts, splitParts } from './parts.ts';

/** A part with what was made of its text. Spans of everything below it are offsets in the part's text, under `uri`. */
export class Unit {
    readonly part: Part;
    /** Name of the part's text in spans: the document's uri and a number that no other part ever gets. */
    readonly uri: string;
    /** Parsed once; shared by all versions that hold the same text. */
    private readonly shared: UnitMemo;

    constructor(part: Part, uri: string, shared: UnitMemo = new UnitMemo(part.text, uri)) {
        this.part = part;
        this.uri = uri;
        this.shared = shared;
    }

    /** The same text at another place. */
    movedTo(part: Part): Unit {
        return part.start === this.part.start && part.line === this.part.line ? this : new Unit(part, this.uri, this.shared);
    }

    get parsed(): ParsedUnit {
        return this.shared.parsed;
    }

    get lines(): LineMap {
        return this.shared.lines;
    }

    /** Everything that can be told about it has been worked out once: asking again costs next to nothing. */
    get warm(): boolean {
        return this.shared.warm;
    }

    markWarm(): void {
        this.shared.warm = true;
    }

    /** Names that it may declare platforms under, found without a parse: it may be that one of them stands in a comment. */
    get likelyPlatforms(): readonly string[] {
        return this.shared.likelyPlatforms;
    }

    /** False where a parse would find no import for certain. */
    get mayImport(): boolean {
        return this.shared.mayImport;
    }

    /** Is there a comment that suppresses findings? */
    get maySuppress(): boolean {
        return this.shared.maySuppress;
    }

    /** Names of the platforms it declares. */
    get platformNames(): readonly string[] {
        return this.shared.platformNames;
    }

    /** The names that no other item of a project may have: kind and name, with where they stand. */
    get declaredNames(): readonly DeclaredName[] {
        return this.shared.declaredNames;
    }

    /** Lowers an item, or answers with what was made of it while its look-ups still find the same. `kernel`: of platforms that name none. */
    platform(item: Item & { kind: 'platform' }, look: Lookup, kernel?: string): LoweredPlatform {
        return this.shared.remember(item, look, kernel, (l) => lowerPlatformItem(item, this.uri, l, kernel));
    }

    scenario(item: Item & { kind: 'scenario' }, look: Lookup): LoweredScenario {
        return this.shared.remember(item, look, undefined, (l) => lowerScenarioItem(item, this.uri, l));
    }
}

export interface DeclaredName {
    readonly kind: 'platform' | 'scenario';
    readonly name: string;
    readonly key: string;
    readonly at: TextSpan;
}

/** Finds a platform by name, as it is lowered now. */
export type Lookup = PlatformLookup;

class UnitMemo {
    private readonly text: string;
    private readonly uri: string;
    private parsedOnce: ParsedUnit | undefined;
    private linesOnce: LineMap | undefined;
    private likelyOnce: readonly string[] | undefined;
    private mayImportOnce: boolean | undefined;
    private maySuppressOnce: boolean | undefined;
    private platformNamesOnce: readonly string[] | undefined;
    private declaredOnce: readonly DeclaredName[] | undefined;
    warm = false;
    private readonly lowered = new Map<Item, { readonly value: unknown; readonly kernel: string | undefined; readonly used: ReadonlyMap<string, ReturnType<Lookup>> }>();

    constructor(text: string, uri: string) {
        this.text = text;
        this.uri = uri;
    }

    get parsed(): ParsedUnit {
        return (this.parsedOnce ??= parseUnit(this.text, this.uri));
    }

    get lines(): LineMap {
        return (this.linesOnce ??= new LineMap(this.text));
    }

    get mayImport(): boolean {
        return (this.mayImportOnce ??= this.text.includes('import'));
    }

    get maySuppress(): boolean {
        return (this.maySuppressOnce ??= mentionsSuppression(this.text));
    }

    get platformNames(): readonly string[] {
        return (this.platformNamesOnce ??= this.parsed.items.flatMap((i) => (i.kind === 'platform' ? [i.name] : [])));
    }

    get declaredNames(): readonly DeclaredName[] {
        return (this.declaredOnce ??= this.parsed.items.flatMap((i) => (i.kind === 'import' || i.name === '' ? [] : [{ kind: i.kind, name: i.name, key: `${i.kind} ${i.name}`, at: i.at }])));
    }

    get likelyPlatforms(): readonly string[] {
        return (this.likelyOnce ??= [...this.text.matchAll(/(?<![\w.-])platform\s+([A-Za-z_][\w.-]*)/g)].map((m) => m[1]!));
    }

    remember<T>(item: Item, look: Lookup, kernel: string | undefined, make: (look: Lookup) => T): T {
        const kept = this.lowered.get(item);
        if (kept && kept.kernel === kernel) {
            let same = true;
            for (const [name, found] of kept.used) {
                if (look(name) !== found) {
                    same = false;
                    break;
                }
            }
            if (same) return kept.value as T;
        }
        const used = new Map<string, ReturnType<Lookup>>();
        const value = make((name) => {
            const found = look(name);
            used.set(name, found);
            return found;
        });
        this.lowered.set(item, { value, kernel, used });
        return value;
    }
}

let nextUnit = 1;

/** One version of a text, cut and parsed. */
export class Source {
    readonly uri: string;
    readonly version: number;
    readonly text: string;
    readonly units: readonly Unit[];
    /** So large that its declarations are worked out one after the other, with pauses, where a small text is done at once. */
    readonly large: boolean;
    private readonly cut: Cut;
    private byUriOnce: ReadonlyMap<string, Unit> | undefined;
    private linesOnce: LineMap | undefined;

    constructor(uri: string, version: number, text: string, previous?: Source, large = false) {
        this.uri = uri;
        this.large = large;
        this.version = version;
        this.text = text;
        this.cut = splitParts(text, previous?.cut);
        this.units = reuseParts<Unit>(previous?.units ?? [], this.cut.parts, (part) => new Unit(part, `${uri}#${nextUnit++}`), (kept, part) => kept.movedTo(part));
    }

    get lines(): LineMap {
        return (this.linesOnce ??= new LineMap(this.text));
    }

    unitOf(span: TextSpan): Unit | undefined {
        return this.byUri.get(span.uri);
    }

    /** Is the span in this text? */
    holds(span: TextSpan): boolean {
        return this.byUri.has(span.uri);
    }

    private get byUri(): ReadonlyMap<string, Unit> {
        return (this.byUriOnce ??= new Map(this.units.map((u) => [u.uri, u])));
    }

    /** The unit that an offset of the document is in. At a border: the one that ends there, unless it is empty. */
    unitAt(offset: number): Unit | undefined {
        let low = 0;
        let high = this.units.length - 1;
        while (low < high) {
            const mid = (low + high + 1) >> 1;
            if (this.units[mid]!.part.start < offset) low = mid;
            else high = mid - 1;
        }
        return this.units[low];
    }

    /** All units that have a part between two offsets, those that only touch there included. */
    unitsBetween(start: number, end: number): readonly Unit[] {
        let low = 0;
        let high = this.units.length - 1;
        while (low < high) {
            const mid = (low + high) >> 1;
            const part = this.units[mid]!.part;
            if (part.start + part.text.length < start) low = mid + 1;
            else high = mid;
        }
        let last = low;
        while (last + 1 < this.units.length && this.units[last + 1]!.part.start <= end) last++;
        return this.units.slice(low, last + 1);
    }

    /** Declarations that can be told about without keeping anybody waiting: of a large text those that are warm. */
    get ready(): readonly Unit[] {
        return this.large ? this.units.filter((u) => u.warm) : this.units;
    }

    syntaxErrors(): Finding[] {
        return this.ready.flatMap((u) => u.parsed.errors);
    }
}
