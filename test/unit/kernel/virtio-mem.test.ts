import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { offlineBlock, onlineBlock } from '../../../server/src/kernel/memory-block.ts';
import { boot } from '../../../server/src/kernel/boot.ts';
import { GiB, MiB, rangeOf, sizeOf } from '../../../server/src/kernel/range.ts';
import { formatIomem } from '../../../server/src/kernel/resource.ts';
import type { VirtioMemState } from '../../../server/src/kernel/state.ts';
import { Tx } from '../../../server/src/kernel/tx.ts';
import { virtioMemBind, virtioMemRequest, virtioMemRetry, virtioMemUnbind } from '../../../server/src/kernel/virtio-mem.ts';
import { pc } from './boot-machine.ts';
import { BLOCK, blocks, checkInvariants, ready, virtioMem, WINDOW } from './memory-machine.ts';

const MOVABLE = 'memhp_default_state=online_movable';
const given = (requested: number, change = {}, size = 4 * GiB, blockSize = 2 * MiB): Tx =>
    ready({ cmdline: MOVABLE, devices: [virtioMem(size, requested, blockSize)], modules: ['virtio_mem'], ...change });
const device = (tx: Tx): VirtioMemState => tx.state.virtioMem.get('virtio0')!;
const lines = (tx: Tx): string[] => formatIomem(tx.state.iomem, 5).split('\n').filter((l) => parseInt(l, 16) >= WINDOW);

describe('a virtio-mem device', () => {
    it('is a parent in iomem with one child that grows (VM-03, VM-05)', () => {
        const tx = given(GiB);
        expect(lines(tx)).toEqual(['180000000-27fffffff : virtio0', '  180000000-1bfffffff : System RAM (virtio_mem)']);
        virtioMemRequest(tx, 'virtio0', 2 * GiB);
        expect(lines(tx)).toEqual(['180000000-27fffffff : virtio0', '  180000000-1ffffffff : System RAM (virtio_mem)']);
        expect(blocks(tx.state)).toEqual(['48-63 online Movable']);
    });
    it('shows a partly plugged block as a whole one (VM-05)', () => {
        const tx = given(2 * MiB);
        expect(device(tx).pluggedSize).toBe(2 * MiB);
        expect(blocks(tx.state)).toEqual(['48 online Movable']);
    });
    it('gives memory back from the top, offline blocks first (VM-07)', () => {
        const tx = given(GiB);
        offlineBlock(tx, 50);
        virtioMemRequest(tx, 'virtio0', GiB - BLOCK - 2 * MiB);
        expect(blocks(tx.state)).toEqual(['48-49 online Movable', '51-55 online Movable']);
        expect(lines(tx)).toEqual([
            '180000000-27fffffff : virtio0', '  180000000-18fffffff : System RAM (virtio_mem)', '  198000000-1bfffffff : System RAM (virtio_mem)',
        ]);
        virtioMemRequest(tx, 'virtio0', 0);
        expect(lines(tx)).toEqual(['180000000-27fffffff : virtio0']);
    });
    it('adds no block that the hypervisor does not offer whole (VM-01)', () => {
        // RAM up to 66 GiB makes blocks of 2 GiB; a request of 1 GiB makes 1.25 GiB usable, which is no block.
        const tx = new Tx(boot(pc(62 * GiB, {
            cmdline: MOVABLE, modules: ['virtio_mem'], devices: [{ ...virtioMem(8 * GiB, GiB), ...rangeOf(66 * GiB, 8 * GiB) }],
        })).state);
        expect(tx.state.memory.blockSize).toBe(2 * GiB);
        expect(device(tx).pluggedSize).toBe(0);
        virtioMemRequest(tx, 'virtio0', 3 * GiB);
        expect(device(tx).pluggedSize).toBe(2 * GiB);
    });
    it('works in big blocks where its own block is larger (VM-04)', () => {
        const tx = given(GiB, {}, 4 * GiB, 256 * MiB);
        expect(blocks(tx.state)).toEqual(['48-55 online Movable']);
        virtioMemRequest(tx, 'virtio0', 256 * MiB);
        expect(blocks(tx.state)).toEqual(['48-49 online Movable']);
    });
    it('takes a big block for offline only as a whole (VM-07)', () => {
        const tx = given(3 * GiB, {}, 4 * GiB, GiB);
        offlineBlock(tx, 50);
        virtioMemRequest(tx, 'virtio0', GiB);
        expect(blocks(tx.state)).toEqual(['48-49 online Movable', '50 offline Movable Normal', '51-55 online Movable']);
        expect(device(tx).pluggedSize).toBe(GiB);
    });
    it('is refused by v5.8 … v5.10 when its block is larger than a memory block (VM-04)', () => {
        const tx = given(GiB, { kernel: '5.10', modules: [] }, 4 * GiB, 256 * MiB);
        expect(virtioMemBind(tx, 'virtio0')).toBe('EINVAL');
        expect(tx.log.at(-1)!.text).toContain('too big');
    });
    it('pauses at 1 GiB that nobody brings online, and goes on after half of it is (VM-06)', () => {
        const tx = given(2 * GiB, { cmdline: 'memhp_default_state=offline' });
        expect(device(tx).pluggedSize).toBe(GiB);
        expect(tx.notes).toEqual([]);
        for (const block of [48, 49, 50]) onlineBlock(tx, block, 'online_movable');
        virtioMemRetry(tx);
        expect(device(tx).pluggedSize).toBe(GiB);
        onlineBlock(tx, 51, 'online_movable');
        virtioMemRetry(tx);
        expect(device(tx).pluggedSize).toBe(GiB + 512 * MiB);
    });
});

describe('unbinding', () => {
    it('leaves added memory for good (VM-08)', () => {
        const tx = given(GiB);
        for (const block of [48, 49, 50, 51, 52, 53, 54, 55]) offlineBlock(tx, block);
        const before = lines(tx);
        expect(virtioMemUnbind(tx, 'virtio0')).toBe(0);
        expect(tx.log.at(-1)!.text).toBe('virtio_mem virtio0: device still has system memory added');
        expect(lines(tx)).toEqual(before);
        expect(virtioMemBind(tx, 'virtio0')).toBe('EBUSY');
        expect(virtioMemUnbind(tx, 'virtio0')).toBe('ENODEV');
        expect(virtioMemBind(tx, 'virtio0'), 'the failed probe left its queue active').toBe('ENOENT');
    });
    it('removes offline blocks that are plugged in part', () => {
        const tx = given(BLOCK + 4 * MiB, { cmdline: '' });
        for (const block of [48, 49]) offlineBlock(tx, block);
        expect(virtioMemUnbind(tx, 'virtio0')).toBe(0);
        expect(device(tx).added).toEqual([{ start: 48 * BLOCK, end: 49 * BLOCK - 1 }]);
    });
    it('takes everything along when nothing is added', () => {
        const tx = given(0);
        expect(virtioMemUnbind(tx, 'virtio0')).toBe(0);
        expect(lines(tx)).toEqual([]);
        expect(virtioMemBind(tx, 'virtio0')).toBe(0);
        expect(lines(tx)).toEqual(['180000000-27fffffff : virtio0']);
    });
});

describe('any sequence of requests', () => {
    it('ends at the requested size, in whole blocks, within the region', () => {
        fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 2048 }), { minLength: 1, maxLength: 12 }), fc.constantFrom('5.10', '6.1', '7.2'), (requests, kernel) => {
            const tx = given(0, { kernel });
            for (const request of requests) {
                virtioMemRequest(tx, 'virtio0', request * 2 * MiB);
                const { plugged, added, pluggedSize, region } = device(tx);
                // v5.10 plugs in sub-blocks of 4 MiB.
                expect(Math.abs(pluggedSize - request * 2 * MiB)).toBeLessThanOrEqual(kernel === '5.10' ? 2 * MiB : 0);
                expect(plugged.reduce((sum, r) => sum + sizeOf(r), 0)).toBe(pluggedSize);
                for (const p of plugged) expect(added.some((a) => a.start <= p.start && p.end <= a.end)).toBe(true);
                for (const a of added) {
                    expect(a.start % BLOCK).toBe(0);
                    expect(a.start).toBeGreaterThanOrEqual(region.start);
                    expect(a.end).toBeLessThanOrEqual(region.end);
                }
                checkInvariants(tx.state);
            }
            virtioMemRequest(tx, 'virtio0', 0);
            if (kernel !== '5.10') expect(lines(tx)).toEqual(['180000000-27fffffff : virtio0']);
        }), { numRuns: 60 });
    });
});
