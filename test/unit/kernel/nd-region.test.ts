import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { labelSlots } from '../../../server/src/kernel/nd-label.ts';
import { availableCapacity, maxAvailableExtent } from '../../../server/src/kernel/nd-namespace.ts';
import { defaultAlign } from '../../../server/src/kernel/nd-region.ts';
import { GiB, KiB, MiB, overlaps, PAGE, type Range, rangeOf, sizeOf } from '../../../server/src/kernel/range.ts';
import { walk } from '../../../server/src/kernel/resource.ts';
import { labelled, Terminal } from './nd-machine.ts';

const REGION = '/sys/bus/nd/devices/region0';

describe('ND-05: region align', () => {
    it.each([[GiB, 1, 16 * MiB], [GiB, 2, 16 * MiB], [GiB, 3, 48 * MiB], [8 * MiB, 1, PAGE]])('%d bytes, %d ways: %d', (size, ways, align) => {
        expect(defaultAlign(size, ways)).toBe(align);
    });

    it('takes powers of two of a page on each DIMM, up to the region', () => {
        const t = new Terminal({ nfit: [labelled(3 * GiB, { dimms: ['a', 'b', 'c'] })] });
        expect(t.state.nvdimm.regions.get('region0')!.align).toBe(48 * MiB);
        t.ok(`echo 0x600000 > ${REGION}/align`);
        for (const bad of ['0x200000', '4096', '0', 'foo', String(6 * GiB)]) expect(t.run(`echo ${bad} > ${REGION}/align`).errnos, bad).toEqual(['EINVAL']);
        expect(t.state.nvdimm.regions.get('region0')!.align).toBe(6 * MiB);
    });
});

describe('ND-01, ND-02: regions', () => {
    it('are numbered in the order of the table, DIMMs by address', () => {
        const t = new Terminal({ nfit: [labelled(GiB, { ...rangeOf(8 * GiB, GiB), dimms: ['b'] }), labelled(GiB, { dimms: ['a'] })] });
        expect([...t.state.nvdimm.regions.values()].map((r) => [r.name, r.range.start / GiB, r.mappings[0]!.dimm])).toEqual([['region0', 8, 'nmem1'], ['region1', 6, 'nmem0']]);
    });

    it('a range over System RAM is refused', () => {
        const t = new Terminal({ nfit: [labelled(GiB, rangeOf(5 * GiB + 512 * MiB, GiB))] });
        expect(t.state.nvdimm.regions.size).toBe(0);
    });
});

describe('ND-03: labels', () => {
    it.each([[128 * KiB, '1.2', 510], [128 * KiB, '1.1', 1020], [2 * MiB, '1.1', 16348]] as const)('%d bytes of v%s hold %d labels', (size, version, slots) => {
        expect(labelSlots(size, version)).toBe(slots);
    });

    it('make a region labelled the next time it is enabled', () => {
        const t = new Terminal({ nfit: [labelled(GiB, { labelsInitialised: false })] });
        expect(t.state.nvdimm.regions.get('region0')!.labelled).toBe(false);
        expect(t.run('ndctl init-labels nmem0').status).toBe(1);
        t.ok('ndctl disable-region region0');
        t.ok('ndctl init-labels nmem0');
        expect(t.run('ndctl init-labels nmem0').stderr).toBe('nmem0: error: labels already initialized\ninitialized 0 nmem\n');
        t.ok('ndctl enable-region region0');
        expect(t.state.nvdimm.regions.get('region0')!.labelled).toBe(true);
        t.ok('ndctl disable-region region0');
    });

    it('once seen keep a region labelled without them: it is empty, and its first namespace brings new ones', () => {
        const t = new Terminal({ nfit: [labelled(GiB)] });
        t.ok('ndctl create-namespace -m raw -s 128M');
        t.ok('ndctl disable-region region0');
        t.ok('ndctl zero-labels nmem0');
        t.ok('ndctl enable-region region0');
        expect(t.state.nvdimm.regions.get('region0')!.labelled).toBe(true);
        expect([...t.state.nvdimm.namespaces.values()].map((n) => [n.name, n.range])).toEqual([['namespace0.0', undefined]]);
        t.ok('ndctl create-namespace -m devdax -s 256M');
        expect(t.state.nvdimm.media.labels.get('nvd0')).toMatchObject({ version: '1.2', labels: [{ length: 256 * MiB }] });
    });

    it('that are gone make a label-less region after a reboot', () => {
        const t = new Terminal({ nfit: [labelled(GiB)] });
        t.ok('ndctl disable-region region0');
        t.ok('ndctl zero-labels nmem0');
        t.ok('reboot');
        expect(t.state.nvdimm.regions.get('region0')!.labelled).toBe(false);
    });

    it('ND-04: a disabled DIMM keeps its region disabled', () => {
        const t = new Terminal({ nfit: [labelled(GiB)] });
        expect(t.run('ndctl disable-dimm nmem0').stderr).toContain('nmem0 is active, skipping...');
        t.ok('ndctl disable-region region0');
        t.ok('ndctl disable-dimm nmem0');
        expect(t.run('echo region0 > /sys/bus/nd/drivers/nd_region/bind').errnos).toEqual(['ENXIO']);
        t.ok('ndctl enable-dimm nmem0');
        t.ok('ndctl enable-region region0');
    });
});

describe('ND-06, ND-07, ND-12, ND-29: allocation', () => {
    it('is first fit, and seeds take the lowest free number', () => {
        const t = new Terminal({ nfit: [labelled(GiB)] });
        for (let i = 0; i < 3; i++) t.ok('ndctl create-namespace -m raw -s 256M');
        t.ok('ndctl destroy-namespace -f namespace0.1');
        expect(maxAvailableExtent(t.state, t.state.nvdimm.regions.get('region0')!)).toBe(256 * MiB);
        expect(availableCapacity(t.state, t.state.nvdimm.regions.get('region0')!)).toBe(512 * MiB);
        t.ok('ndctl create-namespace -m raw -s 256M');
        const made = [...t.state.nvdimm.namespaces.values()].filter((n) => n.range).map((n) => [n.name, (n.range!.start - 6 * GiB) / MiB]);
        expect(made.sort()).toEqual([['namespace0.0', 0], ['namespace0.2', 512], ['namespace0.3', 256]]);
        expect(t.state.nvdimm.regions.get('region0')!.namespaceSeed).toBe('namespace0.1');
    });

    it('grows only where the free capacity touches the namespace', () => {
        const t = new Terminal({ nfit: [labelled(GiB)] });
        t.ok('ndctl create-namespace -m raw -s 256M');
        t.ok('ndctl create-namespace -m raw -s 256M');
        t.ok('ndctl disable-namespace namespace0.0');
        const grown = t.run(`echo ${512 * MiB} > /sys/bus/nd/devices/namespace0.0/size`);
        expect(grown.errnos).toEqual(['ENXIO']);
        expect(grown.log.map((l) => l.text).join()).toContain('allocation underrun');
        t.ok('ndctl disable-namespace namespace0.1');
        t.ok(`echo ${512 * MiB} > /sys/bus/nd/devices/namespace0.1/size`);
        expect(t.state.nvdimm.namespaces.get('namespace0.1')!.range).toEqual(rangeOf(6 * GiB + 256 * MiB, 512 * MiB));
    });
});

/** What must hold after every step. */
function invariants(t: Terminal): void {
    const used: Range[] = [...t.state.nvdimm.namespaces.values()].flatMap((n) => n.range ?? []).sort((a, b) => a.start - b.start);
    for (const [i, r] of used.entries()) if (i > 0) expect(overlaps(used[i - 1]!, r)).toBe(false);
    for (const region of t.state.nvdimm.regions.values()) {
        if (!region.labelled || !region.enabled) continue;
        const own = used.filter((r) => overlaps(r, region.range)).reduce((sum, r) => sum + sizeOf(r), 0);
        expect(availableCapacity(t.state, region)).toBeLessThanOrEqual(sizeOf(region.range) - own);
        expect(maxAvailableExtent(t.state, region)).toBeLessThanOrEqual(availableCapacity(t.state, region) + region.align);
        expect(t.state.nvdimm.namespaces.has(region.namespaceSeed!)).toBe(true);
        for (const seed of [region.bttSeed, region.pfnSeed, region.daxSeed].filter((x): x is string => typeof x === 'string')) expect(t.state.nvdimm.personalities.has(seed)).toBe(true);
    }
    for (const p of t.state.nvdimm.personalities.values()) if (p.namespace) expect(t.state.nvdimm.namespaces.get(p.namespace)!.holder).toBe(p.name);
    const claims = new Set([...t.state.nvdimm.namespaces.values(), ...t.state.nvdimm.personalities.values()].flatMap((d) => d.claims));
    const named = [...walk(t.state.iomem)].filter((w) => w.resource.name.startsWith('namespace')).map((w) => w.resource.id);
    expect(new Set(named)).toEqual(claims);
}

describe('any sequence', () => {
    const line = fc.oneof(
        fc.record({ mode: fc.constantFrom('raw', 'fsdax', 'devdax', 'sector'), size: fc.constantFrom('', '-s 16M', '-s 34M', '-s 256M', '-s 1G'), more: fc.constantFrom('', '-f', '-a 4K', '-a 1G') })
            .map((c) => `ndctl create-namespace -m ${c.mode} ${c.size} ${c.more}`),
        fc.nat(4).map((n) => `ndctl destroy-namespace -f namespace0.${n}`),
        fc.nat(3).map((n) => `ndctl disable-namespace namespace0.${n}`),
        fc.nat(3).map((n) => `ndctl enable-namespace namespace0.${n}`),
        fc.tuple(fc.nat(3), fc.constantFrom('raw', 'devdax', 'fsdax')).map(([n, m]) => `ndctl create-namespace -f -e namespace0.${n} -m ${m}`),
        fc.constantFrom('ndctl disable-region all', 'ndctl enable-region all', `echo 0x200000 > ${REGION}/align`, `echo 0x1000000 > ${REGION}/align`, 'ndctl destroy-namespace -f all'),
        fc.tuple(fc.nat(3), fc.constantFrom(0, 64, 128)).map(([n, m]) => `echo ${m * MiB} > /sys/bus/nd/devices/namespace0.${n}/size`),
    );

    it('keeps namespaces apart, claims in step with devices, and gives every byte back', () => {
        fc.assert(fc.property(fc.array(line, { maxLength: 14 }), fc.constantFrom('5.10', '6.1', '7.2'), (lines, kernel) => {
            const t = new Terminal({ kernel, nfit: [labelled(2 * GiB)] });
            const before = t.iomem(/Persistent/);
            for (const l of lines) {
                t.run(l);
                invariants(t);
            }
            t.run('ndctl enable-region all');
            t.run('ndctl destroy-namespace -f all');
            expect(t.iomem(/Persistent/)).toEqual(before);
            expect(availableCapacity(t.state, t.state.nvdimm.regions.get('region0')!)).toBe(2 * GiB);
            expect(t.state.dax.devices.size).toBe(0);
            expect(t.state.memory.present.some((p) => p.by === 'zone-device')).toBe(false);
        }), { numRuns: 150 });
    });

    it('a btt that does not fit keeps its namespace, which comes up raw when the region is enabled again (ND-24)', () => {
        const t = new Terminal({ nfit: [labelled(GiB)] });
        expect(t.run('ndctl create-namespace -m sector -s 16M').status).toBe(237);
        expect(t.state.nvdimm.namespaces.get('namespace0.0')).toMatchObject({ holder: 'btt0.0', range: rangeOf(6 * GiB, 16 * MiB) });
        t.ok('ndctl disable-region region0');
        t.ok('ndctl enable-region region0');
        expect(t.state.nvdimm.namespaces.get('namespace0.0')).toMatchObject({ holder: null, enabled: true });
    });

    it('is found again on the media after the region was disabled', () => {
        fc.assert(fc.property(fc.array(line.filter((l) => l.startsWith('ndctl create-namespace -m') && !l.includes('sector -s 16M')), { minLength: 1, maxLength: 4 }), (lines) => {
            const t = new Terminal({ nfit: [labelled(2 * GiB)] });
            for (const l of lines) t.run(l);
            const before = t.iomem(/Persistent/);
            t.ok('ndctl disable-region region0');
            expect(t.iomem(/Persistent/)).toHaveLength(1);
            t.ok('ndctl enable-region region0');
            // Namespaces are numbered by address again.
            const plain = (lines_: readonly string[]): string[] => lines_.map((l) => l.replace(/(namespace|dax)0\.\d+/, '$1'));
            expect(plain(t.iomem(/Persistent/))).toEqual(plain(before));
        }), { numRuns: 60 });
    });
});
