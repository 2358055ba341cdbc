import { describe, expect, it } from 'vitest';
import { boot } from '../../../server/src/kernel/boot.ts';
import type { Machine } from '../../../server/src/kernel/machine.ts';
import { GiB, MiB } from '../../../server/src/kernel/range.ts';
import { pc, sratMemory } from './boot-machine.ts';

/** Numbers of the boot blocks that hold kernel data. */
const pinned = (machine: Machine): number[] =>
    boot(machine).state.memory.blocks.flatMap((b) => (b.pinned ? Array.from({ length: b.last - b.first + 1 }, (_, i) => b.first + i) : []));

describe('boot memory that stays (ZONE-03)', () => {
    it('lies at the top of the node, 2 MiB for each section and some tables, and at the start of the highest kernel zone', () => {
        expect(pinned(pc(4 * GiB)), '6 GiB: 96 MiB of struct pages').toEqual([32, 63]);
        expect(pinned(pc(6 * GiB)), '8 GiB: 128 MiB of struct pages').toEqual([32, 78, 79]);
    });

    it('lies on each node, unless movable_node spares the hot-pluggable ones', () => {
        const srat = { cpus: [{ pxm: 0, apicId: 0 }], memory: [sratMemory(0, 0, 6 * GiB), sratMemory(1, 6 * GiB, 10 * GiB, true)] };
        expect(pinned(pc(6 * GiB, { srat }))).toEqual([32, 47, 79]);
        expect(pinned(pc(6 * GiB, { srat, cmdline: 'movable_node' }))).toEqual([32, 46, 47]);
    });

    it('has the crash kernel below 4 GiB', () => {
        expect(pinned(pc(4 * GiB, { cmdline: 'crashkernel=256M' }))).toEqual([13, 14, 15, 32, 63]);
        expect(pinned(pc(4 * GiB, { cmdline: `crashkernel=128M@${GiB / MiB}M` }))).toEqual([8, 32, 63]);
        expect(pinned(pc(4 * GiB, { cmdline: 'crashkernel=nonsense' }))).toEqual([32, 63]);
    });
});
