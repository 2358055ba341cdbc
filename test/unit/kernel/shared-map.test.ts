import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withEntry } from '../../../server/src/kernel/shared-map.ts';

describe('maps that share', () => {
    it('read like a Map with the same settings, at every step, and earlier ones stay as they were', () => {
        fc.assert(fc.property(fc.array(fc.tuple(fc.nat(300), fc.nat()), { maxLength: 400 }), fc.nat(200), (settings, initial) => {
            let plain = new Map(Array.from({ length: initial }, (_, i) => [i, -1]));
            let shared: ReadonlyMap<number, number> = new Map(plain);
            const before = { plain, shared };
            for (const [key, value] of settings) {
                plain = new Map(plain).set(key, value);
                shared = withEntry(shared, key, value);
            }
            expect([...shared]).toEqual([...plain]);
            expect([...shared.keys()]).toEqual([...plain.keys()]);
            expect([...shared.values()]).toEqual([...plain.values()]);
            expect(shared.size).toBe(plain.size);
            for (let key = 0; key < 310; key += 7) {
                expect(shared.has(key)).toBe(plain.has(key));
                expect(shared.get(key)).toBe(plain.get(key));
            }
            const told: [number, number][] = [];
            shared.forEach((value, key) => told.push([key, value]));
            expect(told).toEqual([...plain]);
            expect([...before.shared]).toEqual([...before.plain]);
        }), { numRuns: 40 });
    });
});
