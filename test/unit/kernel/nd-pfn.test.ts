import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { geometry } from '../../../server/src/kernel/nd-pfn.ts';
import { GiB, KiB, MiB, PAGE, rangeOf, SUBSECTION } from '../../../server/src/kernel/range.ts';
import { labelled, Terminal } from './nd-machine.ts';

const RULES = { subSections: true, zeroSizeGuard: false };

function usable(size: number, align: number, map: 'mem' | 'dev', start = 64 * GiB, rules: Parameters<typeof geometry>[4] = RULES): number | string {
    const laid = geometry(rangeOf(start, size), align, 'dax', map, rules);
    return laid.ok ? size - laid.startPad - laid.dataOffset - laid.endTrunc : laid.reason;
}

describe('ND-19: usable capacity behind the info block', () => {
    // size, map=mem up to 2M, map=dev up to 2M, align 1G with map=mem and map=dev, in MiB
    it.each([
        [16, 14, 14, 'no-room', 'no-room'],
        [64, 62, 62, 'no-room', 'no-room'],
        [512, 510, 502, 'no-room', 'no-room'],
        [1024, 1022, 1006, 'no-room', 'no-room'],
        [2048, 2046, 2014, 1024, 1024],
        [4096, 4094, 4030, 3072, 3072],
        [6144, 6142, 6046, 5120, 5120],
        [16 * 1024, 16382, 16126, 15360, 15360],
        [126 * 1024, 129022, 127006, 128000, 126976],
        [128 * 1024, 131070, 129022, 130048, 128000],
    ] as const)('%d MiB', (size, mem, dev, gigMem, gigDev) => {
        const mib = (value: number | string): number | string => (typeof value === 'number' ? value / MiB : value);
        expect(mib(usable(size * MiB, SUBSECTION, 'mem'))).toBe(mem);
        expect(mib(usable(size * MiB, SUBSECTION, 'dev'))).toBe(dev);
        expect(mib(usable(size * MiB, PAGE, 'mem'))).toBe(mem);
        expect(mib(usable(size * MiB, PAGE, 'dev'))).toBe(dev);
        expect(mib(usable(size * MiB, GiB, 'mem'))).toBe(gigMem);
        expect(mib(usable(size * MiB, GiB, 'dev'))).toBe(gigDev);
    });
});

describe('ND-18', () => {
    it('refuses a start off 2 MiB since v5.3', () => expect(usable(GiB, PAGE, 'mem', 64 * GiB + MiB)).toBe('misaligned'));
    it('gives 1 GiB off a 1 GiB boundary no byte at all up to v6.1', () => expect(usable(GiB, GiB, 'dev', 64 * GiB + 16 * MiB)).toBe(0));
    it('refuses the same since v6.2', () => expect(usable(GiB, GiB, 'dev', 64 * GiB + 16 * MiB, { ...RULES, zeroSizeGuard: true })).toBe('no-room'));

    it('ND-20: pads to sections before v5.3', () => {
        const laid = geometry(rangeOf(64 * GiB + 64 * MiB, GiB), SUBSECTION, 'dax', 'mem', { subSections: false, zeroSizeGuard: false, padding: { start: 64 * MiB, end: 0 } });
        expect(laid).toEqual({ ok: true, startPad: 64 * MiB, dataOffset: 2 * MiB, endTrunc: 0 });
    });

    it('puts data inside the namespace, aligned, behind what it needs, and wastes less than one align at each end', () => {
        fc.assert(fc.property(
            fc.integer({ min: 0, max: 4096 }), fc.integer({ min: 8, max: 262144 }), fc.constantFrom(PAGE, SUBSECTION, GiB), fc.constantFrom('mem' as const, 'dev' as const), fc.boolean(),
            (start, units, align, map, guard) => {
                const range = rangeOf(64 * GiB + start * SUBSECTION, units * SUBSECTION);
                const size = units * SUBSECTION;
                const laid = geometry(range, align, 'pfn', map, { subSections: true, zeroSizeGuard: guard });
                const unit = Math.max(align, SUBSECTION);
                const needs = 8 * KiB + (map === 'dev' ? (size - 8 * KiB) / PAGE * 64 : 0);
                if (!laid.ok) return size < needs + 2 * unit;
                const left = size - laid.dataOffset - laid.endTrunc;
                return left >= 0 && (!guard || left > 0) && (range.start + laid.dataOffset) % unit === 0 && left % unit === 0
                    && laid.dataOffset >= needs && laid.dataOffset < needs + unit && laid.endTrunc < unit;
            }));
    });
});

describe('ND-21: a block that was written for another namespace is not seen', () => {
    it('a new namespace in the old place comes up raw', () => {
        const t = new Terminal({ nfit: [labelled(GiB)] });
        t.ok('ndctl create-namespace -m devdax -s 512M');
        t.ok('ndctl disable-namespace namespace0.0');
        t.ok('echo 0 > /sys/bus/nd/devices/namespace0.0/size');
        t.ok('echo 11111111-2222-3333-4444-555555555555 > /sys/bus/nd/devices/namespace0.0/uuid');
        t.ok('echo 536870912 > /sys/bus/nd/devices/namespace0.0/size');
        t.ok('echo namespace0.0 > /sys/bus/nd/drivers/nd_pmem/bind');
        expect(t.iomem(/Persistent/)).toEqual(['180000000-1bfffffff : Persistent Memory', '  180000000-19fffffff : namespace0.0']);
    });

    it('a block that no longer fits its namespace keeps it without a disk', () => {
        const t = new Terminal({ nfit: [labelled(4 * GiB)] });
        t.ok('ndctl create-namespace -m devdax -a 1G -s 2G');
        t.ok('ndctl disable-namespace namespace0.0');
        t.ok('echo 536870912 > /sys/bus/nd/devices/namespace0.0/size');
        const bound = t.run('echo namespace0.0 > /sys/bus/nd/drivers/nd_pmem/bind');
        expect(bound.errnos).toEqual(['EOPNOTSUPP']);
        expect(bound.log.map((l) => l.text).join('\n')).toContain('alignment: 40000000 exceeds capacity 20000000');
        expect(t.iomem(/Persistent/)).toHaveLength(1);
    });
});

describe('losses', () => {
    it('name every byte between the namespace and its data', () => {
        const t = new Terminal({ nfit: [labelled(4 * GiB)] });
        const { notes } = t.ok('ndctl create-namespace -m devdax -a 1G');
        const lost = notes.flatMap((n) => n.losses ?? []);
        expect(lost.map((l) => [l.rule, l.bytes / MiB])).toEqual([['ND-18', 66], ['ND-18', 958]]);
        expect(lost.reduce((sum, l) => sum + l.bytes, 0)).toBe(GiB);
    });
});
