import { describe, expect, it } from 'vitest';
import { boot } from '../../../server/src/kernel/boot.ts';
import type { Machine } from '../../../server/src/kernel/machine.ts';
import { GiB, KiB, MiB } from '../../../server/src/kernel/range.ts';
import { pc, ram, sratMemory } from './boot-machine.ts';

/** Numbers of the boot blocks that hold kernel data. */
const pinned = (machine: Machine): number[] =>
    boot(machine).state.memory.blocks.flatMap((b) => (b.pinned ? Array.from({ length: b.last - b.first + 1 }, (_, i) => b.first + i) : []));

describe('boot memory that stays (ZONE-03)', () => {
    it('lies at the top of the node, 2 MiB for each section and some tables, and at the start of the highest kernel zone', () => {
        expect(pinned(pc(4 * GiB)), '6 GiB: 96 MiB of struct pages, 12 MiB of hash tables').toEqual([15, 32, 63]);
        expect(pinned(pc(4 * GiB, { cmdline: 'log_buf_len=4M' })), 'and 18 MiB of log').toEqual([15, 32, 62, 63]);
        expect(pinned(pc(6 * GiB)), '8 GiB: 128 MiB of struct pages').toEqual([15, 32, 78, 79]);
    });

    it('lies on each node, unless movable_node spares the hot-pluggable ones', () => {
        const srat = { cpus: [{ pxm: 0, apicId: 0 }], memory: [sratMemory(0, 0, 6 * GiB), sratMemory(1, 6 * GiB, 10 * GiB, true)] };
        expect(pinned(pc(6 * GiB, { srat }))).toEqual([15, 32, 47, 48, 79]);
        expect(pinned(pc(6 * GiB, { srat, cmdline: 'movable_node' }))).toEqual([15, 32, 46, 47]);
    });

    it('has the crash kernel below 4 GiB', () => {
        expect(pinned(pc(4 * GiB, { cmdline: 'crashkernel=256M' }))).toEqual([13, 14, 15, 32, 63]);
        expect(pinned(pc(4 * GiB, { cmdline: `crashkernel=128M@${GiB / MiB}M` }))).toEqual([8, 15, 32, 63]);
        expect(pinned(pc(4 * GiB, { cmdline: 'crashkernel=nonsense' }))).toEqual([15, 32, 63]);
    });

    it('has a crash kernel that may lie high below the log and above the struct pages, and a low part with it', () => {
        const high = { kernel: '5.10', cmdline: 'log_buf_len=4M crashkernel=512M,high crashkernel=128M,low' };
        expect(pinned(pc(4 * GiB, high))).toEqual([14, 15, 32, 58, 59, 60, 61, 62, 63]);
        expect(pinned(pc(4 * GiB, { cmdline: 'crashkernel=128M,high' })), 'a low part of 256 MiB where none is given').toEqual([13, 14, 15, 32, 61, 62, 63]);
    });

    it('lies behind the huge pages that are taken early; gigantic ones leave less memory to keep tables for', () => {
        const cmdline = 'log_buf_len=4M hugepagesz=1G hugepages=2 hugepagesz=2M hugepages=256';
        expect(pinned(pc(4 * GiB, { cmdline, kernel: '7.2' }))).toEqual([15, 32, 36, 63]);
        expect(pinned(pc(4 * GiB, { cmdline: 'hugepages=300' })), 'over the end of a block').toEqual([15, 32, 36, 37, 63]);
    });

    it('has the bounce buffers at the top of low memory, where there is memory above', () => {
        const cut = [ram(0, 640 * KiB), ram(MiB, 1025 * MiB)];
        expect(pinned(pc(0, { e820: [...cut, ram(4 * GiB, 8 * GiB)] })).slice(0, 2)).toEqual([7, 8]);
        expect(pinned(pc(0, { e820: [...cut.slice(0, 1), ram(MiB, 3 * GiB)] })), 'none: tables alone').toEqual([0, 23]);
    });
});
