// Immutable maps that share: a state with one entry changed costs little however many entries there are. Kernel state is full of
// maps by device name, and a boot with thousands of devices changes each of them a few times.

/** Changes that a map may lie above its base before it is copied flat. */
const OVERLAY_LIMIT = 64;

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
    private flattened(): ReadonlyMap<K, V> {
        if (!this.flat) {
            const flat = new Map(this.base);
            for (const [key, value] of this.above) flat.set(key, value);
            this.flat = flat;
        }
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
    if (map.size < OVERLAY_LIMIT) return new Map(map).set(key, value);
    if (map instanceof SharedMap) {
        const { base, above } = map as SharedMap<K, V>;
        if (above.size < OVERLAY_LIMIT || above.has(key)) return new SharedMap(base, new Map(above).set(key, value));
        return new Map(map).set(key, value);
    }
    return new SharedMap(map, new Map([[key, value]]));
}
