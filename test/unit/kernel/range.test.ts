import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alignDown, alignUp, contains, formatSize, intersect, normalize, overlaps, type Range, sizeOf, subtract } from '../../../server/src/kernel/range.ts';

const range = fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 60 })).map(([start, size]): Range => ({ start, end: start + size - 1 }));
const bytes = (ranges: readonly Range[]): Set<number> => new Set(ranges.flatMap((r) => Array.from({ length: sizeOf(r) }, (_, i) => r.start + i)));

describe('ranges', () => {
    it('subtract leaves exactly the bytes that no hole has', () => {
        fc.assert(fc.property(range, fc.array(range, { maxLength: 6 }), (whole, holes) => {
            const left = subtract(whole, holes);
            const cut = bytes(holes);
            expect(bytes(left)).toEqual(new Set([...bytes([whole])].filter((b) => !cut.has(b))));
            left.forEach((r, i) => {
                expect(contains(whole, r)).toBe(true);
                if (i > 0) expect(r.start).toBeGreaterThan(left[i - 1]!.end);
            });
        }));
    });

    it('normalize keeps the bytes in the fewest ranges', () => {
        fc.assert(fc.property(fc.array(range, { maxLength: 8 }), (ranges) => {
            const out = normalize(ranges);
            expect(bytes(out)).toEqual(bytes(ranges));
            out.forEach((r, i) => {
                if (i > 0) expect(r.start).toBeGreaterThan(out[i - 1]!.end + 1);
            });
        }));
    });

    it('intersect and overlaps agree', () => {
        fc.assert(fc.property(range, range, (a, b) => {
            expect(intersect(a, b) !== undefined).toBe(overlaps(a, b));
        }));
    });

    it('aligns to any unit, beyond 32 bits too', () => {
        expect(alignUp(2 ** 40 + 1, 3 * 2 ** 20)).toBe(349526 * 3 * 2 ** 20);
        expect(alignDown(2 ** 51 - 1, 2 ** 21)).toBe(2 ** 51 - 2 ** 21);
        expect(alignUp(2 ** 27, 2 ** 27)).toBe(2 ** 27);
    });

    it('prints sizes in the largest unit that keeps them whole', () => {
        expect([0, 4097, 4096, 1920 * 2 ** 20, 2 ** 31, 2 ** 41].map(formatSize)).toEqual(['0 B', '4097 B', '4 KiB', '1920 MiB', '2 GiB', '2 TiB']);
    });
});
