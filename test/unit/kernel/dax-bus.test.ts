import { describe, expect, it } from 'vitest';
import { daxBind, daxCreate, daxDelete, daxNewId, daxRegionCreateStatic, daxRegionDestroy, daxRemoveId, daxUnbind, deviceSize } from '../../../server/src/kernel/dax-bus.ts';
import { daxSetSize } from '../../../server/src/kernel/dax-resize.ts';
import { unloadModule } from '../../../server/src/kernel/modules.ts';
import { GiB, MiB, rangeOf } from '../../../server/src/kernel/range.ts';
import { formatIomem, requestRegion } from '../../../server/src/kernel/resource.ts';
import type { Tx } from '../../../server/src/kernel/tx.ts';
import { SOFT, started } from './dax-machine.ts';

const driver = (tx: Tx, name = 'dax0.0') => tx.state.dax.devices.get(name)?.driver;
const dax = (tx: Tx) => formatIomem(tx.state.iomem, 8).split('\n').filter((l) => l.includes('dax')).map((l) => l.trim());
const STATIC = { key: 'pmem', id: 7, deviceId: 1, range: rangeOf(16 * GiB, GiB), align: 2 * MiB, targetNode: 0, numaNode: 0 };

describe('who binds a new device', () => {
    it('is device_dax before v6.3', () => expect(driver(started({ kernel: '6.1' }))).toBe('device_dax'));
    it('is kmem for hmem regions from v6.3 on, and nobody while kmem is not loaded', () => {
        expect(driver(started({ kernel: '6.12' }))).toBeNull();
    });
    it('is device_dax again with region_idle', () => {
        const tx = started({ kernel: '6.12', modules: ['device_dax', 'dax_hmem region_idle=1'] });
        expect(daxCreate(tx, 'hmem.0', '1')).toBe(0);
        expect(daxSetSize(tx, 'dax0.1', '0x40000000')).toBe(0);
        expect(daxBind(tx, 'device_dax', 'dax0.1')).toBe(0);
    });
    it('is device_dax for the regions of namespaces in any release', () => {
        const tx = started({ kernel: '6.12' });
        expect(daxRegionCreateStatic(tx, STATIC)).toBe(0);
        expect(driver(tx, 'dax7.1')).toBe('device_dax');
    });
});

describe('regions', () => {
    it('need start and size on their align (DAX-02)', () => {
        const tx = started();
        expect(daxRegionCreateStatic(tx, { ...STATIC, range: rangeOf(16 * GiB + MiB, GiB) })).toBe('ENOMEM');
        expect(tx.state.dax.regions.size).toBe(1);
    });
    it('collide with each other since v7.1, where they are claimed', () => {
        for (const [kernel, result] of [['6.12', 0], ['7.2', 'ENOMEM']] as const) {
            const tx = started({ kernel });
            expect(daxRegionCreateStatic(tx, { ...STATIC, range: rangeOf(SOFT, GiB) })).toBe(result);
            daxRegionDestroy(tx, 'hmem.0');
            daxRegionDestroy(tx, 'pmem');
            expect(daxRegionCreateStatic(tx, { ...STATIC, range: rangeOf(SOFT, GiB) })).toBe(0);
        }
    });
    it('give the claims of their devices back', () => {
        const tx = started();
        const before = formatIomem(tx.state.iomem, 8);
        daxRegionCreateStatic(tx, STATIC);
        expect(dax(tx)).toContain('400000000-43fffffff : dax7.1');
        daxRegionDestroy(tx, 'pmem');
        expect(formatIomem(tx.state.iomem, 8)).toBe(before);
        expect(tx.state.dax.devices.has('dax7.1')).toBe(false);
        expect(tx.state.memory.present.some((p) => p.owner === 'dax7.1')).toBe(false);
    });
});

describe('create and delete', () => {
    it('takes the value 1 only, and free space', () => {
        const tx = started();
        expect(daxCreate(tx, 'hmem.0', '2')).toBe('EINVAL');
        expect(daxCreate(tx, 'hmem.0', '1')).toBe('ENOSPC');
        daxUnbind(tx, 'device_dax', 'dax0.0');
        daxSetSize(tx, 'dax0.0', '0x40000000');
        expect(daxCreate(tx, 'hmem.0', '0x1')).toBe(0);
        expect(daxCreate(tx, 'hmem.0', '1')).toBe(0);
        const region = tx.state.dax.regions.get('hmem.0')!;
        expect([region.seed, region.youngest]).toEqual(['dax0.1', 'dax0.2']);
    });
    it('clears the seed when the seed is bound, and not before', () => {
        const tx = started();
        daxUnbind(tx, 'device_dax', 'dax0.0');
        daxSetSize(tx, 'dax0.0', '0');
        daxCreate(tx, 'hmem.0', '1');
        daxCreate(tx, 'hmem.0', '1');
        expect(daxBind(tx, 'device_dax', 'dax0.1')).toBe('ENXIO');
        daxSetSize(tx, 'dax0.2', '0x40000000');
        expect(daxBind(tx, 'device_dax', 'dax0.2')).toBe(0);
        expect(tx.state.dax.regions.get('hmem.0')!.seed).toBe('dax0.1');
        daxSetSize(tx, 'dax0.1', '0x40000000');
        expect(daxBind(tx, 'device_dax', 'dax0.1')).toBe(0);
        expect(tx.state.dax.regions.get('hmem.0')!.seed).toBeNull();
    });
    it('refuses bound, sized and first devices, in this order', () => {
        const tx = started();
        expect(daxDelete(tx, 'hmem.0', 'dax0.9')).toBe('ENXIO');
        expect(daxDelete(tx, 'hmem.0', 'dax0.0')).toBe('EBUSY');
        expect(tx.notes.at(-1)!.code).toBe('dax/delete-bound');
        daxUnbind(tx, 'device_dax', 'dax0.0');
        expect(daxDelete(tx, 'hmem.0', 'dax0.0')).toBe('EBUSY');
        expect(tx.notes.at(-1)!.code).toBe('dax/delete-sized');
        daxSetSize(tx, 'dax0.0', '0');
        expect(daxDelete(tx, 'hmem.0', 'dax0.0')).toBe('EBUSY');
        expect(tx.notes.at(-1)!.code).toBe('dax/delete-first');
        daxCreate(tx, 'hmem.0', '1');
        expect(daxDelete(tx, 'hmem.0', 'dax0.1')).toBe(0);
        expect([...tx.state.dax.devices.keys()]).toEqual(['dax0.0']);
    });
});

describe('binding by hand', () => {
    it('answers ENODEV for everything before v5.15', () => {
        const tx = started({ kernel: '5.10' });
        expect(daxBind(tx, 'device_dax', 'dax0.0')).toBe('ENODEV');
        daxUnbind(tx, 'device_dax', 'dax0.0');
        daxSetSize(tx, 'dax0.0', '0');
        expect(daxBind(tx, 'device_dax', 'dax0.0')).toBe('ENODEV');
    });
    it('answers what probe said from v5.15 on', () => {
        const tx = started();
        expect(daxBind(tx, 'device_dax', 'dax0.0')).toBe('EBUSY');
        expect(daxUnbind(tx, 'device_dax', 'dax0.0')).toBe(0);
        expect(daxUnbind(tx, 'device_dax', 'dax0.0')).toBe('ENODEV');
        daxSetSize(tx, 'dax0.0', '0');
        expect(daxBind(tx, 'device_dax', 'dax0.0')).toBe('ENXIO');
    });
    it.each([['6.1', 'EINVAL'], ['5.15', 0]] as const)('of what device_dax failed to bind before ends with EINVAL since v5.17 (DAX-22): %s', (kernel, after) => {
        const tx = started({ kernel });
        daxUnbind(tx, 'device_dax', 'dax0.0');
        const free = tx.state.iomem;
        const other = requestRegion(free, { start: SOFT, end: SOFT + 2 * MiB - 1, name: 'other' });
        if (other.ok) tx.set({ iomem: other.tree });
        expect(daxBind(tx, 'device_dax', 'dax0.0')).toBe('EBUSY');
        tx.set({ iomem: free });
        expect(daxBind(tx, 'device_dax', 'dax0.0')).toBe(after);
    });
    it('attaches every unbound device when a name goes to new_id of device_dax (DAX-19, up to v6.2)', () => {
        const tx = started();
        daxUnbind(tx, 'device_dax', 'dax0.0');
        daxSetSize(tx, 'dax0.0', '0x40000000');
        daxCreate(tx, 'hmem.0', '1');
        daxSetSize(tx, 'dax0.1', '0x40000000');
        expect(daxNewId(tx, 'device_dax', 'dax0.1')).toBe(0);
        expect([driver(tx), driver(tx, 'dax0.1')]).toEqual(['device_dax', 'device_dax']);
        expect(tx.notes.at(-1)).toMatchObject({ code: 'dax/new-id-binds-others', others: ['dax0.0'] });
    });
    it('takes device names only, known or not', () => {
        const tx = started();
        expect(daxNewId(tx, 'device_dax', 'foo')).toBe('EINVAL');
        expect(daxNewId(tx, 'device_dax', 'dax00.1')).toBe('EINVAL');
        expect(daxNewId(tx, 'device_dax', 'dax9.9')).toBe(0);
        expect(daxRemoveId(tx, 'device_dax', 'dax8.8')).toBe(0);
        expect(tx.state.dax.drivers.get('device_dax')).toEqual(['dax9.9']);
    });
    it('forgets names with the module', () => {
        const tx = started();
        daxNewId(tx, 'device_dax', 'dax0.0');
        unloadModule(tx, 'device_dax');
        expect(driver(tx)).toBeNull();
        expect(dax(tx)).toEqual([]);
        expect(deviceSize(tx.state.dax.devices.get('dax0.0')!)).toBe(4 * GiB);
    });
});

it('places dax0.0 below hmem.0 and Soft Reserved up to v6.2', () => {
    const lines = formatIomem(started().state.iomem, 8).split('\n').filter((l) => l.includes('140000000'));
    expect(lines).toEqual(['140000000-23fffffff : hmem.0', '  140000000-23fffffff : Soft Reserved', '    140000000-23fffffff : dax0.0']);
    expect(SOFT).toBe(0x140000000);
});
