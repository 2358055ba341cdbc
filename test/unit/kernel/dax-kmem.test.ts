import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { daxBind, daxCreate, daxNewId, daxRegionCreateStatic, daxRegionDestroy, daxUnbind } from '../../../server/src/kernel/dax-bus.ts';
import { hmemUnbind } from '../../../server/src/kernel/dax-hmem.ts';
import { wholeBlocks } from '../../../server/src/kernel/dax-kmem.ts';
import { daxAddMapping, daxSetSize } from '../../../server/src/kernel/dax-resize.ts';
import { offlineBlock, onlineBlock } from '../../../server/src/kernel/memory-block.ts';
import { loadModule, unloadModule } from '../../../server/src/kernel/modules.ts';
import { formatRange, GiB, MiB, rangeOf } from '../../../server/src/kernel/range.ts';
import { formatIomem } from '../../../server/src/kernel/resource.ts';
import type { Tx } from '../../../server/src/kernel/tx.ts';
import { type Given, started } from './dax-machine.ts';

/** kmem loaded, dax0.0 unbound from device_dax and shrunk to `size`. */
function ready(given: Given & { readonly size?: number } = {}): Tx {
    const tx = started(given);
    loadModule(tx, 'kmem');
    if (tx.state.dax.devices.get('dax0.0')?.driver) daxUnbind(tx, tx.state.dax.devices.get('dax0.0')!.driver!, 'dax0.0');
    if (given.size !== undefined) expect(daxSetSize(tx, 'dax0.0', `${given.size}`)).toBe(0);
    tx.log.length = 0;
    tx.notes.length = 0;
    return tx;
}

const dax = (tx: Tx) => formatIomem(tx.state.iomem, 8).split('\n').filter((l) => /dax|kmem/.test(l)).map((l) => l.trim());
const log = (tx: Tx) => tx.log.map((l) => l.text).filter((t) => /kmem|removing/.test(t));
const codes = (tx: Tx) => tx.notes.map((n) => n.code);
const PMEM = { key: 'pmem', id: 7, deviceId: 1, align: 2 * MiB, targetNode: 0, numaNode: 0 };

describe('whole blocks of a range', () => {
    it('never reach beyond it, and lose less than a block at each end (KM-02)', () => {
        fc.assert(fc.property(fc.nat(4000), fc.integer({ min: 1, max: 4000 }), (start, size) => {
            const B = 128 * MiB;
            const range = rangeOf(start * 2 * MiB, size * 2 * MiB);
            const whole = wholeBlocks(range, B);
            if (!whole) {
                expect(size * 2 * MiB).toBeLessThan(2 * B);
                return;
            }
            expect([whole.start % B, (whole.end + 1) % B]).toEqual([0, 0]);
            expect(whole.start - range.start).toBeGreaterThanOrEqual(0);
            expect(whole.start - range.start).toBeLessThan(B);
            expect(range.end - whole.end).toBeGreaterThanOrEqual(0);
            expect(range.end - whole.end).toBeLessThan(B);
        }));
    });
});

describe('binding to kmem', () => {
    it('makes the device line cover the whole blocks only, with the memory below it', () => {
        const tx = ready();
        daxRegionCreateStatic(tx, { ...PMEM, range: { start: 0x400200000, end: 0x43fffffff } });
        daxUnbind(tx, 'device_dax', 'dax7.1');
        tx.notes.length = 0;
        expect(daxNewId(tx, 'kmem', 'dax7.1')).toBe(0);
        expect(dax(tx)).toEqual(['408000000-43fffffff : dax7.1', '408000000-43fffffff : System RAM (kmem)']);
        expect(tx.notes).toMatchObject([{ code: 'kmem/block-trim', losses: [{ bytes: 126 * MiB, range: { start: 0x400200000, end: 0x407ffffff } }] }]);
        expect(tx.state.memory.blocks.filter((b) => b.first >= 129 && b.last <= 135)).toMatchObject([{ first: 129, last: 135, state: 'offline' }]);
    });
    it('is refused without a node (KM-01)', () => {
        const tx = ready();
        daxRegionCreateStatic(tx, { ...PMEM, range: rangeOf(16 * GiB, GiB), targetNode: -1 });
        daxUnbind(tx, 'device_dax', 'dax7.1');
        expect(daxNewId(tx, 'kmem', 'dax7.1')).toBe(0);
        expect(log(tx)).toEqual(['kmem dax7.1: rejecting DAX region with invalid node: -1', 'kmem: probe of dax7.1 failed with error -22']);
        expect(codes(tx)).toContain('kmem/no-node');
    });
    it.each([
        ['6.1', 'EINVAL', ['kmem dax0.0: mapping0: 0x140000000-0x143ffffff too small after alignment', 'kmem dax0.0: rejecting DAX region without any memory after alignment', 'kmem: probe of dax0.0 failed with error -22']],
        ['6.8', 'EINVAL', ['kmem dax0.0: mapping0: 0x140000000-0x143ffffff too small after alignment', 'kmem dax0.0: rejecting DAX region without any memory after alignment', 'kmem dax0.0: probe with driver kmem failed with error -22']],
        ['5.10', 0, ['kmem dax0.0: mapping0: 0x140000000-0x143ffffff too small after alignment']],
    ] as const)('says in %s when no whole block is left (KM-03)', (kernel, result, lines) => {
        const tx = ready({ kernel, size: 64 * MiB });
        tx.set({ dax: { ...tx.state.dax, drivers: new Map(tx.state.dax.drivers).set('kmem', ['dax0.0']) } });
        expect(daxBind(tx, 'kmem', 'dax0.0')).toBe(result);
        expect(log(tx)).toEqual(lines);
        expect(tx.state.dax.devices.get('dax0.0')!.driver).toBe(result === 0 ? 'kmem' : null);
    });
    it('drops one small mapping and takes the others (KM-08)', () => {
        const tx = ready({ size: 0 });
        daxAddMapping(tx, 'dax0.0', '140000000-143ffffff');
        daxAddMapping(tx, 'dax0.0', '180000000-1bfffffff');
        daxNewId(tx, 'kmem', 'dax0.0');
        expect(tx.state.dax.devices.get('dax0.0')!.driver).toBe('kmem');
        expect(dax(tx)).toEqual(['180000000-1bfffffff : dax0.0', '180000000-1bfffffff : System RAM (kmem)']);
        expect(codes(tx)).toEqual(expect.arrayContaining(['kmem/block-trim']));
    });
    it('warns of what is cut off from v7.0 on, with three digits', () => {
        const tx = ready({ kernel: '7.2', soft: 4 * GiB - 62 * MiB });
        expect(tx.state.dax.devices.get('dax0.0')!.driver).toBeNull();
        daxBind(tx, 'kmem', 'dax0.0');
        expect(log(tx)).toEqual(['kmem dax0.0: DAX region truncated by 66.0 MiB due to alignment']);
    });
    it('needs no new_id for soft-reserved memory from v6.3 on', () => {
        const tx = started({ kernel: '6.12' });
        loadModule(tx, 'kmem');
        expect(tx.state.dax.devices.get('dax0.0')!.driver).toBe('kmem');
    });
});

describe('unbinding from kmem', () => {
    const bound = (): Tx => {
        const tx = ready({ size: GiB });
        daxNewId(tx, 'kmem', 'dax0.0');
        tx.log.length = 0;
        tx.notes.length = 0;
        return tx;
    };
    it('removes memory whose blocks are all offline, and can be repeated', () => {
        const tx = bound();
        const before = tx.state;
        for (let i = 0; i < 3; i++) {
            expect(daxUnbind(tx, 'kmem', 'dax0.0')).toBe(0);
            expect(dax(tx)).toEqual([]);
            expect(daxBind(tx, 'kmem', 'dax0.0')).toBe(0);
        }
        const blocks = (state: typeof before) => state.memory.blocks.map(({ group: _group, ...rest }) => rest);
        expect(blocks(tx.state)).toEqual(blocks(before));
        expect(tx.state.memory.groups.size).toBe(1);
        expect(formatIomem(tx.state.iomem, 8)).toBe(formatIomem(before.iomem, 8));
    });
    it('leaves everything when one block is online, for good (KM-11, KM-12)', () => {
        const tx = bound();
        onlineBlock(tx, 43, 'online_movable');
        tx.log.length = 0;
        expect(daxUnbind(tx, 'kmem', 'dax0.0')).toBe(0);
        expect(log(tx)).toEqual([
            'removing memory fails, because memory [0x0000000158000000-0x000000015fffffff] is onlined',
            'kmem dax0.0: mapping0: 0x140000000-0x17fffffff cannot be hotremoved until the next reboot',
        ]);
        expect(tx.notes.find((n) => n.code === 'kmem/left-online')).toMatchObject({ subject: 'dax0.0', others: ['memory43'], data: { online: [43, 43] } });
        expect(dax(tx)).toEqual(['140000000-17fffffff : dax0.0', '140000000-17fffffff : System RAM (kmem)']);
        offlineBlock(tx, 43);
        expect(daxBind(tx, 'kmem', 'dax0.0')).toBe('EBUSY');
        expect(tx.log.at(-2)!.text).toBe('kmem dax0.0: mapping0: 0x140000000-0x17fffffff could not reserve region');
        expect(daxBind(tx, 'device_dax', 'dax0.0')).toBe('EBUSY');
        expect(tx.log.at(-2)!.text).toBe('device_dax dax0.0: mapping0: 0x140000000-0x17fffffff could not reserve range');
        // Even so the dax core resizes, and the region may go.
        expect(daxSetSize(tx, 'dax0.0', '0')).toBe(0);
        expect(codes(tx)).toContain('dax/resize-left-memory');
        expect(hmemUnbind(tx, 'hmem.0')).toBe(0);
        expect(dax(tx)).toHaveLength(2);
    });
    it('happens with the module too', () => {
        const tx = bound();
        onlineBlock(tx, 40, 'online_movable');
        unloadModule(tx, 'kmem');
        expect(codes(tx)).toContain('kmem/left-online');
        expect(tx.state.dax.devices.get('dax0.0')!.driver).toBeNull();
    });
    it('removes one of two mappings and binds again with what is left (example O14)', () => {
        const tx = ready({ size: 0 });
        daxAddMapping(tx, 'dax0.0', '140000000-17fffffff');
        daxAddMapping(tx, 'dax0.0', '200000000-23fffffff');
        daxNewId(tx, 'kmem', 'dax0.0');
        onlineBlock(tx, 64, 'online_movable');
        daxUnbind(tx, 'kmem', 'dax0.0');
        expect(dax(tx)).toEqual(['200000000-23fffffff : dax0.0', '200000000-23fffffff : System RAM (kmem)']);
        expect(daxBind(tx, 'device_dax', 'dax0.0')).toBe('EBUSY');
        expect(dax(tx)).toHaveLength(2);
        expect(daxBind(tx, 'kmem', 'dax0.0')).toBe(0);
        expect(dax(tx)).toHaveLength(4);
        expect(codes(tx)).toContain('kmem/mapping-skipped');
    });
    it.each([['5.10', true], ['6.1', false]] as const)('of a mapping that was skipped crashes a kernel that removes it all the same: %s %s', (kernel, crashes) => {
        const tx = ready({ kernel, size: 0 });
        daxAddMapping(tx, 'dax0.0', '140000000-17fffffff');
        daxAddMapping(tx, 'dax0.0', '200000000-23fffffff');
        daxNewId(tx, 'kmem', 'dax0.0');
        onlineBlock(tx, 64, 'online_movable');
        daxUnbind(tx, 'kmem', 'dax0.0');
        daxBind(tx, 'kmem', 'dax0.0');
        expect(codes(tx)).toContain('kmem/mapping-skipped');
        expect(codes(tx)).not.toContain('kmem/unbind-crash');
        offlineBlock(tx, 64);
        daxUnbind(tx, 'kmem', 'dax0.0');
        expect(codes(tx).includes('kmem/unbind-crash')).toBe(crashes);
    });
    it('is never undone before v5.3', () => {
        const tx = ready({ kernel: '5.10' });
        tx.set({ profile: { ...tx.state.profile, kmemRemoves: false } });
        daxNewId(tx, 'kmem', 'dax0.0');
        daxUnbind(tx, 'kmem', 'dax0.0');
        expect(dax(tx)).toHaveLength(2);
        expect(codes(tx)).toContain('kmem/left-online');
    });
});

describe('any sequence of binding, onlining and resizing', () => {
    it('keeps every kmem line over whole blocks that exist, until its memory is removed', () => {
        const op = fc.record({ verb: fc.constantFrom('bind', 'ddax', 'unbind', 'online', 'offline', 'size', 'create'), device: fc.nat(2), n: fc.nat(32) });
        fc.assert(fc.property(fc.array(op, { maxLength: 30 }), (ops) => {
            const tx = ready({ size: GiB });
            for (const { verb, device, n } of ops) {
                const name = `dax0.${device}`;
                const block = 40 + n;
                const driver = tx.state.dax.devices.get(name)?.driver;
                const before = tx.state;
                let result: unknown = 0;
                if (verb === 'bind') result = daxNewId(tx, 'kmem', name);
                if (verb === 'ddax') result = daxBind(tx, 'device_dax', name);
                if (verb === 'unbind' && driver) result = daxUnbind(tx, driver, name);
                if (verb === 'online') result = onlineBlock(tx, block, 'online_movable');
                if (verb === 'offline') result = offlineBlock(tx, block);
                if (verb === 'size' && before.dax.devices.has(name)) result = daxSetSize(tx, name, `${n * 96 * MiB}`);
                if (verb === 'create') result = daxCreate(tx, 'hmem.0', '1');
                if (result !== 0) expect({ ...tx.state, dax: null }).toEqual({ ...before, dax: null });
                const ram = dax(tx).filter((l) => l.endsWith('System RAM (kmem)')).map((l) => l.split(' ')[0]);
                const blocks = tx.state.memory.blocks.filter((b) => b.first >= 40 && b.first < 72)
                    .reduce((sum, b) => sum + Math.min(b.last, 71) - b.first + 1, 0);
                expect(ram.reduce((sum, r) => sum + (Number.parseInt(r!.split('-')[1]!, 16) + 1 - Number.parseInt(r!.split('-')[0]!, 16)) / (128 * MiB), 0)).toBe(blocks);
                for (const d of tx.state.dax.devices.values()) {
                    if (d.driver === 'kmem') for (const c of d.claims) expect(ram).toContain(formatRange(c));
                }
            }
            for (const d of tx.state.dax.devices.values()) if (d.driver) daxUnbind(tx, d.driver, d.name);
            daxRegionDestroy(tx, 'hmem.0');
            expect(tx.state.dax.devices.size).toBe(0);
        }), { numRuns: 60 });
    });
});
