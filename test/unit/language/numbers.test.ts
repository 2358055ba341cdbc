import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalNumber, type NumberKind, parseNumber, writeSize } from '../../../server/src/language/numbers.ts';

const value = (text: string, kind: NumberKind = 'size'): number | string => {
    const p = parseNumber(text, kind);
    return p.ok ? p.value : p.code;
};

describe('numbers', () => {
    it.each([
        ['0', 0], ['4096', 4096], ['0x9fbff', 0x9fbff], ['0xFFFF_FFFF', 0xffffffff], ['1_000', 1000], ['2G', 2 ** 31], ['2047M', 2047 * 2 ** 20], ['1k', 1024], ['4KiB', 4096],
        ['1T', 2 ** 40], ['2P', 2 ** 51], ['4096T', 2 ** 52], ['16GB', 2 ** 34], ['0x10M', 2 ** 24],
    ])('reads %s as %d', (text, expected) => {
        expect(value(text)).toBe(expected);
    });

    it.each([
        ['12abc', 'language/unknown-unit'], ['0xzz', 'language/bad-number'], ['0x', 'language/bad-number'], ['1.5G', 'language/bad-number'], ['5Q', 'language/unknown-unit'],
        ['8P', 'platform/past-52-bits'], ['0x10000000000001', 'platform/past-52-bits'], ['0x10000000000000000', 'language/number-past-64-bits'],
        ['99999999999999999999', 'language/number-past-64-bits'], ['20000000P', 'language/number-past-64-bits'], ['3/s', 'language/bad-number'],
    ])('says what is wrong with %s', (text, code) => {
        expect(value(text)).toBe(code);
    });

    it('reads latencies in ns and bandwidths in MB/s, decimal as in HMAT', () => {
        expect(value('90ns', 'latency')).toBe(90);
        expect(value('1500ps', 'latency')).toBe(2);
        expect(value('400GB/s', 'bandwidth')).toBe(400_000);
        expect(value('1.5TB/s', 'bandwidth')).toBe(1_500_000);
        expect(value('90', 'latency')).toBe('language/missing-unit');
        expect(value('90G', 'bandwidth')).toBe('language/unknown-unit');
        expect(value('64K', 'count')).toBe('language/unknown-unit');
    });

    it('reads back every size it writes', () => {
        fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 50 }), (bytes) => {
            expect(value(writeSize(bytes))).toBe(bytes);
        }));
    });

    it('keeps the value in the canonical spelling, which is a fixed point', () => {
        const spelling = fc.tuple(fc.nat(4095), fc.constantFrom('', 'k', 'K', 'KiB', 'MB', 'g', 'GiB', 't')).map(([n, u]) => n + u);
        fc.assert(fc.property(fc.oneof(spelling, fc.nat().map((n) => `0X${n.toString(16).toUpperCase()}`)), (text) => {
            const canonical = canonicalNumber(text);
            expect(value(canonical)).toBe(value(text));
            expect(canonicalNumber(canonical)).toBe(canonical);
        }));
    });

    it('answers any text', () => {
        fc.assert(fc.property(fc.string(), fc.constantFrom<NumberKind>('address', 'size', 'count', 'latency', 'bandwidth'), (text, kind) => {
            const p = parseNumber(text, kind);
            if (p.ok) expect(p.value).toBeGreaterThanOrEqual(0);
            else expect(p.code).toMatch(/^(language|platform)\//);
        }));
    });
});
