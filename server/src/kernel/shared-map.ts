// Immutable maps that share: a state with one entry changed costs little however many entries there are. Kernel state is full of
// maps by device name, and a boot with thousands of devices changes each of them a few times.

/** Changes that may lie above a base before they are merged into the next level, and the same for that level. */
const LEVELS: readonly number[] = [16, 512];
/** Smaller maps are copied. */
const SMALL = 64;

/** A base that never changes, with a few entries above it. Order is that of Map: an entry keeps the place of its first setting. */
class SharedMap<K, V> implements ReadonlyMap<K, V> {
    readonly base: ReadonlyMap<K, V>;
    readonly above: ReadonlyMap<K, V>;
    readonly size: number;
    private flat: ReadonlyMap<K, V> | undefined;

    constructor(base: ReadonlyMap<K, V>, above: ReadonlyMap<K, V>) {
        this.base = base;
        this.above = above;
        let size = base.size;
        for (const key of above.keys()) if (!base.has(key)) size++;
        this.size = size;
    }

    get(key: K): V | undefined {
        return this.above.has(key) ? this.above.get(key) : this.base.get(key);
    }

    has(key: K): boolean {
        return this.above.has(key) || this.base.has(key);
    }

    /** All entries as one Map, made when somebody first looks at them all. */
    flattened(): ReadonlyMap<K, V> {
        this.flat ??= union(flat(this.base), this.above);
        return this.flat;
    }

    entries(): MapIterator<[K, V]> {
        return this.flattened().entries();
    }

    keys(): MapIterator<K> {
        return this.flattened().keys();
    }

    values(): MapIterator<V> {
        return this.flattened().values();
    }

    [Symbol.iterator](): MapIterator<[K, V]> {
        return this.entries();
    }

    forEach(call: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
        for (const [key, value] of this.entries()) call(value, key, this);
    }
}

/** `map` with one entry set. `map` itself does not change. */
export function withEntry<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
    if (map.size < SMALL) return new Map(map).set(key, value);
    const one = new Map([[key, value]]);
    return map instanceof SharedMap ? merged(map as SharedMap<K, V>, one, 0) : new SharedMap(map, one);
}

/** `changes` above `map`: in its own overlay while that stays small, else pushed one level down, else in a flat copy. */
function merged<K, V>(map: SharedMap<K, V>, changes: ReadonlyMap<K, V>, level: number): ReadonlyMap<K, V> {
    const { base, above } = map;
    if (above.size + changes.size <= LEVELS[level]!) return new SharedMap(base, union(above, changes));
    // This level is full: what it holds goes down, and the changes start it anew
    if (level + 1 >= LEVELS.length) return union(union(flat(base), above), changes);
    const below = base instanceof SharedMap ? merged(base as SharedMap<K, V>, above, level + 1) : new SharedMap(base, above);
    return new SharedMap(below, changes);
}

function flat<K, V>(map: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
    return map instanceof SharedMap ? (map as SharedMap<K, V>).flattened() : map;
}

function union<K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>): Map<K, V> {
    const out = new Map(a);
    for (const [key, value] of b) out.set(key, value);
    return out;
}
