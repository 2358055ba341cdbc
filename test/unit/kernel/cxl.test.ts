import { describe, expect, it } from 'vitest';
import { findRegionAddress } from '../../../server/src/kernel/cxl.ts';
import { GiB, MiB, rangeOf } from '../../../server/src/kernel/range.ts';
import { Terminal } from './nd-machine.ts';

const WINDOW = 64 * GiB;
const machine = (kernel: string, volatile: boolean, devices = 2): Terminal => new Terminal({
    kernel, cxl: {
        cxlWindows: [{ ...rangeOf(WINDOW, 4 * GiB), index: 0 }],
        cxlMemdevs: Array.from({ length: devices }, (_, i) => ({ name: `mem${i}`, volatileSize: volatile ? GiB : 0, pmemSize: volatile ? 0 : GiB, window: 0 })),
    },
});

describe('CXL-01: windows', () => {
    it('are published by cxl_acpi', () => expect(machine('6.1', false).iomem(/CXL/)).toEqual(['1000000000-10ffffffff : CXL Window 0']));
    it('are unknown before v5.18', () => expect(machine('5.15', false).iomem(/CXL/)).toEqual([]));
    it('off 256 MiB are skipped', () => {
        const t = new Terminal({ cxl: { cxlWindows: [{ ...rangeOf(WINDOW + MiB, GiB), index: 0 }], cxlMemdevs: [] } });
        expect(t.iomem(/CXL/)).toEqual([]);
    });
});

describe('CXL-03, CXL-06: persistent regions', () => {
    it('become nvdimm regions below Persistent Memory', () => {
        const t = machine('6.1', false);
        t.ok('cxl create-region -d decoder0.0 -t pmem -m mem0 mem1');
        expect(t.iomem(/CXL/)).toEqual(['1000000000-10ffffffff : CXL Window 0', '  1000000000-107fffffff : Persistent Memory', '    1000000000-107fffffff : region0']);
        expect(t.state.nvdimm.regions.get('region0')).toMatchObject({ ways: 2, labelled: true });
        t.ok('ndctl create-namespace -m devdax -s 512M');
        expect(t.iomem(/Persistent/)).toHaveLength(4);
        expect(t.run('cxl destroy-region region0').status).toBe(1);
        t.ok('cxl destroy-region -f region0');
        expect(t.iomem(/CXL/)).toHaveLength(1);
        expect(t.state.memregions).toEqual([]);
    });

    it('need 256 MiB on each device, capacity, and a hole on their stride (RES-13)', () => {
        const t = machine('6.1', false);
        expect(t.run('cxl create-region -d decoder0.0 -s 384M -m mem0').errnos).toEqual(['EINVAL']);
        expect(t.run('cxl create-region -d decoder0.0 -s 2G -m mem0').status).toBe(1);
        expect(t.run('cxl create-region -d decoder0.0 -m mem7').stderr).toContain('no active memdevs found');
        t.ok('cxl create-region -d decoder0.0 -s 256M -m mem0');
        const window = t.state.cxl.windows[0]!;
        expect(findRegionAddress(t.state, window, 512 * MiB)).toBe(WINDOW + 512 * MiB);
        expect(findRegionAddress(t.state, window, 256 * MiB)).toBe(WINDOW + 256 * MiB);
        expect(findRegionAddress(t.state, window, 4 * GiB)).toBeUndefined();
    });
});

describe('CXL-05: volatile regions', () => {
    it('become a dax device for kmem since v6.3', () => {
        const t = machine('6.12', true, 1);
        t.ok('modprobe kmem');
        t.ok('cxl create-region -d decoder0.0 -t ram -m mem0');
        expect(t.iomem(/CXL/)).toEqual([
            '1000000000-10ffffffff : CXL Window 0', '  1000000000-103fffffff : region0', '    1000000000-103fffffff : dax0.0', '      1000000000-103fffffff : System RAM (kmem)',
        ]);
    });
    it('stand below the window that they fill', () => {
        const t = new Terminal({ kernel: '6.12', cxl: { cxlWindows: [{ ...rangeOf(WINDOW, GiB), index: 0 }], cxlMemdevs: [{ name: 'mem0', volatileSize: GiB, pmemSize: 0, window: 0 }] } });
        t.ok('cxl create-region -d decoder0.0 -t ram -m mem0');
        expect(t.iomem(/CXL/)).toEqual(['1000000000-103fffffff : CXL Window 0', '  1000000000-103fffffff : region0']);
        expect(findRegionAddress(t.state, t.state.cxl.windows[0]!, GiB)).toBeUndefined();
    });
    it('are refused before', () => expect(machine('6.1', true, 1).run('cxl create-region -d decoder0.0 -t ram -m mem0').errnos).toEqual(['EOPNOTSUPP']));

    it('CXL-08: are not disabled while their memory is online', () => {
        const t = machine('6.12', true, 1);
        t.ok('modprobe kmem');
        t.ok('cxl create-region -d decoder0.0 -t ram -m mem0');
        t.ok(`echo online_movable > /sys/devices/system/memory/memory${WINDOW / t.state.memory.blockSize}/state`);
        expect(t.run('cxl disable-region region0')).toMatchObject({ status: 1, errnos: ['EBUSY'] });
        t.ok(`echo offline > /sys/devices/system/memory/memory${WINDOW / t.state.memory.blockSize}/state`);
        t.ok('cxl destroy-region -f region0');
        expect(t.iomem(/CXL/)).toHaveLength(1);
    });
});
