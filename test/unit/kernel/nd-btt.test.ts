import { describe, expect, it } from 'vitest';
import { bttSize } from '../../../server/src/kernel/nd-btt.ts';
import { GiB, KiB, MiB, TiB } from '../../../server/src/kernel/range.ts';

describe('ND-24: usable bytes of a btt', () => {
    it.each([
        [4 * GiB, 4096, 4 * KiB, 4289695744], [4 * GiB, 4096, 0, 4289699840], [2 * GiB, 4096, 4 * KiB, 2144305152], [2 * GiB, 4096, 0, 2144309248],
        [64 * MiB, 512, 4 * KiB, 66424832], [130 * MiB, 4096, 4 * KiB, 135098368],
        // With protection information beside them sectors count for what they hold
        [64 * MiB, 4104, 4 * KiB, 0x3dec000],
    ])('%d bytes in sectors of %d from %d', (capacity, sector, offset, usable) => expect(bttSize(capacity, sector, offset)).toBe(usable));

    it('needs an arena of 16 MiB behind the offset', () => {
        expect(bttSize(16 * MiB, 4096, 4 * KiB)).toBeUndefined();
        expect(bttSize(16 * MiB, 4096, 0)).toBeGreaterThan(0);
    });

    it('has one arena for each 512 GiB and drops a rest below 16 MiB', () => {
        const one = bttSize(512 * GiB, 4096, 0)!;
        expect(bttSize(TiB, 4096, 0)).toBe(2 * one);
        expect(bttSize(TiB + 8 * MiB, 4096, 0)).toBe(2 * one);
    });
});
