// One text of the project and its declarations: parsed and lowered part by part, each kept for as long as nothing it depends on
// changes. A version is immutable; the next one is made from it.
import { mentionsSuppression } from '../diagnostics/suppress.ts';
import type { PlatformLookup } from '../language/lower.ts';
import type { Finding, LoweredPlatform, LoweredScenario, TextSpan } from '../language/model.ts';
import { type Item, lowerPlatformItem, lowerScenarioItem, type ParsedUnit, parseUnit } from './language.ts';
import { LineMap } from './line-map.ts';
import { type Cut, reuse, type Same, splitParts } from './parts.ts';

/**
 * A declaration: its text with what was made of it. It does not know where it stands, so that it is the same in all versions that hold
 * it. Spans of everything below it are offsets in its text, under `uri`.
 */
export class Unit {
    readonly text: string;
    /** Name of the text in spans: the document's uri and a number that no other unit ever gets. */
    readonly uri: string;
    /** Everything that can be told about it has been worked out once: asking again costs next to nothing. */
    warm = false;
    /** Names that its items have asked for. */
    private asked = NONE;
    /** Where it stood when it was last looked for: the first place to look for it again. */
    seat = 0;
    private parsedOnce: ParsedUnit | undefined;
    private linesOnce: LineMap | undefined;
    private likelyOnce: readonly string[] | undefined;
    private mayImportOnce: boolean | undefined;
    private maySuppressOnce: boolean | undefined;
    private platformNamesOnce: readonly string[] | undefined;
    private lowered: readonly Kept[] = [];

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

    /** Names that it may declare platforms under, found without a parse: it may be that one of them stands in a comment. */
    get likelyPlatforms(): readonly string[] {
        return (this.likelyOnce ??= [...this.text.matchAll(/(?<![\w.-])platform(?:\s|\/\/[^\r\n]*|\/\*[^]*?\*\/)+([A-Za-z_][\w.-]*)/g)].map((m) => m[1]!));
    }

    /** False where a parse would find no import for certain. */
    get mayImport(): boolean {
        return (this.mayImportOnce ??= this.text.includes('import'));
    }

    /** Is there a comment that suppresses findings? */
    get maySuppress(): boolean {
        return (this.maySuppressOnce ??= mentionsSuppression(this.text));
    }

    /** Names of the platforms it declares. */
    get platformNames(): readonly string[] {
        return (this.platformNamesOnce ??= this.parsed.items.some((i) => i.kind === 'platform') ? this.parsed.items.flatMap((i) => (i.kind === 'platform' ? [i.name] : [])) : NONE);
    }

    /** The names that no other item of a project may have: kind and name, with where they stand. */
    get declaredNames(): readonly DeclaredName[] {
        return this.parsed.items.flatMap((i) => (i.kind === 'import' || i.name === '' ? [] : [{ kind: i.kind, name: i.name, key: `${i.kind} ${i.name}`, at: i.at }]));
    }

    /** Lowers an item, or answers with what was made of it while its look-ups still find the same. `kernel`: of platforms that name none. */
    platform(item: Item & { kind: 'platform' }, look: Lookup, kernel?: string): LoweredPlatform {
        return this.remember(item, look, kernel, (l) => lowerPlatformItem(item, this.uri, l, kernel));
    }

    scenario(item: Item & { kind: 'scenario' }, look: Lookup): LoweredScenario {
        return this.remember(item, look, undefined, (l) => lowerScenarioItem(item, this.uri, l));
    }

    /** Has one of its items asked for one of the names? */
    asksFor(names: ReadonlySet<string>): boolean {
        for (let i = 0; i < this.asked.length; i++) if (names.has(this.asked[i]!)) return true;
        return false;
    }

    private remember<T>(item: Item, look: Lookup, kernel: string | undefined, make: (look: Lookup) => T): T {
        const kept = this.lowered.find((k) => k.item === item);
        if (kept && kept.kernel === kernel && kept.used.every(({ name, found }) => look(name) === found)) return kept.value as T;
        const used: { readonly name: string; readonly found: ReturnType<Lookup> }[] = [];
        const value = make((name) => {
            const found = look(name);
            used.push({ name, found });
            if (!this.asked.includes(name)) this.asked = [...this.asked, name];
            return found;
        });
        this.lowered = [...this.lowered.filter((k) => k !== kept), { item, value, kernel, used: used.slice() }];
        return value;
    }
}

const NONE: readonly string[] = [];

/** What was made of an item, with what it found when it asked for names. */
interface Kept {
    readonly item: Item;
    readonly value: unknown;
    readonly kernel: string | undefined;
    readonly used: readonly { readonly name: string; readonly found: ReturnType<Lookup> }[];
}

export interface DeclaredName {
    readonly kind: 'platform' | 'scenario';
    readonly name: string;
    readonly key: string;
    readonly at: TextSpan;
}

/** Finds a platform by name, as it is lowered now. */
export type Lookup = PlatformLookup;

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

    /** `same`: what is known of both ends of the text to be as it was in the version before. */
    constructor(uri: string, version: number, text: string, previous?: Source, large = false, same?: Same) {
        this.uri = uri;
        this.large = large;
        this.version = version;
        this.text = text;
        this.cut = splitParts(text, previous?.cut, same);
        this.units = reuse<Unit>(previous?.units ?? [], this.cut.texts, (part) => new Unit(part, `${uri}#${nextUnit++}`));
    }

    get lines(): LineMap {
        return (this.linesOnce ??= new LineMap(this.text));
    }

    unitOf(span: TextSpan): Unit | undefined {
        return this.byUri.get(span.uri);
    }

    /** UTF-16 offset of one of its units. */
    startOf(unit: Unit): number {
        return this.cut.starts[this.seatOf(unit)]!;
    }

    /** Line that one of its units begins in. */
    lineOf(unit: Unit): number {
        return this.cut.lines[this.seatOf(unit)]!;
    }

    /** Where among its units one of them stands. */
    seatOf(unit: Unit): number {
        if (this.units[unit.seat] !== unit) {
            for (let i = 0; i < this.units.length; i++) this.units[i]!.seat = i;
            if (this.units[unit.seat] !== unit) throw new Error('this declaration is of another text');
        }
        return unit.seat;
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
            if (this.cut.starts[mid]! < offset) low = mid;
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
            if (this.cut.starts[mid]! + this.cut.texts[mid]!.length < start) low = mid + 1;
            else high = mid;
        }
        let last = low;
        while (last + 1 < this.units.length && this.cut.starts[last + 1]! <= end) last++;
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
