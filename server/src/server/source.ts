// One text of the project and its declarations: parsed and lowered part by part, each kept for as long as nothing it depends on
// changes. A version is immutable; the next one is made from it.
import type { PlatformLookup } from '../language/lower.ts';
import type { Finding, LoweredPlatform, LoweredScenario, TextSpan } from '../language/model.ts';
import { type Item, lowerPlatformItem, lowerScenarioItem, type ParsedUnit, parseUnit } from './language.ts';
import { LineMap } from './line-map.ts';
import { type Part, reuseParts, splitParts } from './parts.ts';

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

    /** Lowers an item, or answers with what was made of it while its look-ups still find the same. */
    platform(item: Item & { kind: 'platform' }, look: Lookup): LoweredPlatform {
        return this.shared.remember(item, look, (l) => lowerPlatformItem(item, this.uri, l));
    }

    scenario(item: Item & { kind: 'scenario' }, look: Lookup): LoweredScenario {
        return this.shared.remember(item, look, (l) => lowerScenarioItem(item, this.uri, l));
    }
}

/** Finds a platform by name, as it is lowered now. */
export type Lookup = PlatformLookup;

class UnitMemo {
    private readonly text: string;
    private readonly uri: string;
    private parsedOnce: ParsedUnit | undefined;
    private linesOnce: LineMap | undefined;
    private readonly lowered = new Map<Item, { readonly value: unknown; readonly used: ReadonlyMap<string, ReturnType<Lookup>> }>();

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

    remember<T>(item: Item, look: Lookup, make: (look: Lookup) => T): T {
        const kept = this.lowered.get(item);
        if (kept) {
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
        this.lowered.set(item, { value, used });
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
    private readonly byUri: ReadonlyMap<string, Unit>;
    private linesOnce: LineMap | undefined;

    constructor(uri: string, version: number, text: string, previous?: Source) {
        this.uri = uri;
        this.version = version;
        this.text = text;
        const parts = splitParts(text);
        this.units = reuseParts<Unit>(previous?.units ?? [], parts, (part) => new Unit(part, `${uri}#${nextUnit++}`), (kept, part) => kept.movedTo(part));
        this.byUri = new Map(this.units.map((u) => [u.uri, u]));
    }

    get lines(): LineMap {
        return (this.linesOnce ??= new LineMap(this.text));
    }

    unitOf(span: TextSpan): Unit | undefined {
        return this.byUri.get(span.uri);
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

    syntaxErrors(): Finding[] {
        return this.units.flatMap((u) => u.parsed.errors);
    }
}
