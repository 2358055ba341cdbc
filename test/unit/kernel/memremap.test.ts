import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memremapPages, memunmapPages } from '../../../server/src/kernel/memremap.ts';
import { GiB, MiB, overlaps, type Range, rangeOf } from '../../../server/src/kernel/range.ts';
import { insertResource } from '../../../server/src/kernel/resource.ts';
import type { Tx } from '../../../server/src/kernel/tx.ts';
import { started } from './dax-machine.ts';

/** A machine with 1 GiB of persistent memory at 16 GiB, which no driver maps yet. */
function ready(kernel = '6.1'): Tx {
    const tx = started({ kernel, modules: [] });
    const placed = insertResource(tx.state.iomem, { ...rangeOf(16 * GiB, GiB), name: 'Persistent Memory', desc: 'persistent' });
    if (placed.ok) tx.set({ iomem: placed.tree });
    return tx;
}

const at = (offset: number, size: number): Range => rangeOf(16 * GiB + offset, size);

describe('page maps of ZONE_DEVICE', () => {
    it('share a section at 2 MiB granularity since v5.3 (ZD-03)', () => {
        const tx = ready();
        expect(memremapPages(tx, 'a', at(0, 64 * MiB))).toBe(0);
        expect(memremapPages(tx, 'b', at(64 * MiB, 64 * MiB))).toBe(0);
    });
    it('do not share a section before', () => {
        const tx = ready('5.2');
        expect(memremapPages(tx, 'a', at(0, 64 * MiB))).toBe(0);
        expect(memremapPages(tx, 'b', at(64 * MiB, 64 * MiB))).toBe('ENOMEM');
        expect(tx.log.at(-1)!.text).toBe('Conflicting mapping in same section');
        expect(tx.notes.at(-1)!.others).toEqual(['a']);
        expect(memremapPages(tx, 'b', at(128 * MiB, 64 * MiB))).toBe(0);
    });
    it('do not overlap', () => {
        const tx = ready();
        memremapPages(tx, 'a', at(64 * MiB, 64 * MiB));
        expect(memremapPages(tx, 'b', at(0, 66 * MiB))).toBe('ENOMEM');
        // Neither the first nor the last page is taken: only the section map notices.
        expect(memremapPages(tx, 'b', at(0, 256 * MiB))).toBe('EEXIST');
    });
    it.each([[MiB, 4 * MiB], [0, 3 * MiB], [4096, 2 * MiB]])('start and end on 2 MiB (%i + %i)', (offset, size) => {
        const tx = ready();
        expect(memremapPages(tx, 'a', at(offset, size))).toBe('EINVAL');
        expect(tx.log.at(-1)!.text).toMatch(/^Misaligned __add_pages start: 0x[0-9a-f]+ end: 0x/);
    });
    it('do not lie over System RAM (ZD-04)', () => {
        const tx = ready();
        expect(memremapPages(tx, 'a', rangeOf(4 * GiB, 64 * MiB))).toBe('ENXIO');
        expect(tx.log.at(-1)!.text).toBe('attempted on ram region 0x100000000-0x103ffffff');
        expect(memremapPages(tx, 'a', rangeOf(5 * GiB - 64 * MiB, 128 * MiB))).toBe('ENXIO');
        expect(tx.log.at(-1)!.text).toMatch(/^attempted on mixed region/);
    });
    it('may touch the section of System RAM since v5.3, not before (ZD-15)', () => {
        for (const [kernel, result] of [['5.4', 0], ['5.2', 'ENXIO']] as const) {
            // Legacy pmem: specific-purpose memory is ordinary RAM before v5.5 (EFI-01).
            const tx = started({ kernel, modules: [], start: 5 * GiB + 64 * MiB, soft: GiB, cmdline: 'memmap=1G!5184M' });
            expect(memremapPages(tx, 'a', rangeOf(5 * GiB + 64 * MiB, 64 * MiB))).toBe(result);
        }
    });
    it('do not reach above what the kernel can map since v5.12 (ZD-05)', () => {
        expect(memremapPages(ready(), 'a', rangeOf(2 ** 46, GiB))).toBe('EINVAL');
        expect(memremapPages(ready(), 'a', rangeOf(2 ** 46 - GiB, GiB))).toBe(0);
    });
});

it('any sequence of maps and unmaps keeps them apart, and unmapping all restores the state', () => {
    const op = fc.record({ map: fc.boolean(), owner: fc.constantFrom('a', 'b', 'c'), start: fc.nat(60), size: fc.integer({ min: 1, max: 16 }) });
    fc.assert(fc.property(fc.array(op, { maxLength: 20 }), (ops) => {
        const tx = ready();
        const { present } = tx.state.memory;
        for (const { map, owner, start, size } of ops) {
            const before = tx.state;
            if (!map) memunmapPages(tx, owner);
            else if (memremapPages(tx, owner, at(start * 16 * MiB, size * 2 * MiB)) !== 0) expect(tx.state).toBe(before);
            const maps = tx.state.memory.present.filter((p) => p.by === 'zone-device');
            expect(maps.some((a, i) => maps.slice(i + 1).some((b) => overlaps(a, b)))).toBe(false);
        }
        for (const owner of ['a', 'b', 'c']) memunmapPages(tx, owner);
        expect(tx.state.memory.present).toEqual(present);
    }), { numRuns: 100 });
});
