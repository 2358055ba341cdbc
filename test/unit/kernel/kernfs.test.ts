import { describe, expect, it } from 'vitest';
import { kernfsHash, readdirOrder } from '../../../server/src/kernel/kernfs.ts';

const memory = (first: number, last: number): string[] => Array.from({ length: last - first + 1 }, (_, i) => `memory${first + i}`);

describe('order of a sysfs directory', () => {
    // Recorded: the blocks that were offline when daxctl stopped at memory48 (boot RAM), and at memory51 (kernel pages).
    it('has these blocks before memory48', () => {
        const order = readdirOrder(memory(41, 48));
        expect(order.slice(0, order.indexOf('memory48')).sort()).toEqual(['memory41', 'memory43', 'memory45', 'memory47']);
    });

    it('has these blocks before memory51', () => {
        const order = readdirOrder(memory(49, 63));
        expect(order.slice(0, order.indexOf('memory51')).sort()).toEqual(
            [49, 50, 53, 55, 57, 59, 60, 61, 63].map((n) => `memory${n}`));
    });

    it('keeps carries beyond 32 bits', () => {
        const reference = (name: string): number => {
            let x = 0n;
            for (const c of new TextEncoder().encode(name)) x = ((x + (BigInt(c) << 4n) + (BigInt(c) >> 4n)) * 11n) & 0xffffffffffffffffn;
            return Number((((x * 0x61c8864680b583ebn) & 0xffffffffffffffffn) >> 32n) & 0x7fffffffn);
        };
        for (const name of ['a', 'dax0.0', 'memory123', 'namespace10.25', 'x'.repeat(40), 'größe']) expect(kernfsHash(name)).toBe(reference(name));
    });
});
