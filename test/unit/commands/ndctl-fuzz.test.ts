// Whatever is typed at the nvdimm tools and attributes: nothing throws, and iomem and the devices stay in step.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { GiB, MiB, rangeOf } from '../../../server/src/kernel/range.ts';
import { walk } from '../../../server/src/kernel/resource.ts';
import { snapshot } from '../../../server/src/kernel/snapshot.ts';
import { labelled, Terminal } from '../kernel/nd-machine.ts';

const word = fc.constantFrom(
    'namespace0.0', 'namespace0.1', 'namespace1.0', 'region0', 'region1', 'nmem0', 'all', 'dax0.0', 'dax0.1', 'pfn0.0', 'btt0.0', '-f', '-m', 'raw', 'fsdax', 'devdax', 'sector', '-s', '1G',
    '256M', '0', '18M', '-a', '2M', '4K', '-M', 'mem', 'dev', '-e', '-r', '-c', '-n', '-l', '512', '4096', '-u', '11111111-2222-3333-4444-555555555555', '--no-autorecover', '--no-autolabel',
    '-t', 'blk', '-V', '1.2', '/dev/pmem0', '-d', 'decoder0.0', 'mem0', "'x y'", '-9999999999999', '0xffffffffffffffff', 'foo');
const verb = fc.constantFrom(
    'create-namespace', 'destroy-namespace', 'enable-namespace', 'disable-namespace', 'enable-region', 'disable-region', 'init-labels', 'zero-labels', 'enable-dimm', 'disable-dimm', 'list');
const device = fc.constantFrom('region0', 'region1', 'namespace0.0', 'namespace0.1', 'namespace1.0', 'pfn0.0', 'dax0.0', 'dax0.1', 'btt0.0');
const attribute = fc.constantFrom('size', 'uuid', 'align', 'holder_class', 'force_raw', 'sector_size', 'mode', 'namespace', 'read_only', 'resource');

const line = fc.oneof(
    fc.tuple(verb, fc.array(word, { maxLength: 6 })).map(([v, words]) => `ndctl ${v} ${words.join(' ')}`),
    fc.tuple(fc.constantFrom('raw', 'fsdax', 'devdax', 'sector'), fc.constantFrom('', '-f', '-f -e namespace0.0', '-f -e namespace0.1', '-s 256M', '-s 64M -f'), fc.constantFrom('', '-a 1G', '-a 4K'))
        .map(([mode, where, align]) => `ndctl create-namespace -m ${mode} ${where} ${align}`),
    fc.tuple(word, device, attribute).map(([value, d, a]) => `echo ${value} > /sys/bus/nd/devices/${d}/${a}`),
    fc.tuple(word, fc.constantFrom('nd/drivers/nd_pmem', 'nd/drivers/nd_region', 'nd/drivers/dax_pmem', 'dax/drivers/device_dax'), fc.constantFrom('bind', 'unbind'))
        .map(([value, driver, what]) => `echo ${value} > /sys/bus/${driver}/${what}`),
    fc.constantFrom(
        'mkfs.xfs -f -m reflink=0,rmapbt=1 /dev/pmem0', 'mount -o dax=always /dev/pmem0 /mnt', 'umount /mnt', 'modprobe kmem', 'echo dax0.0 > /sys/bus/dax/drivers/kmem/new_id', 'modprobe -r nd_pmem',
        'modprobe nd_pmem', 'cxl create-region -d decoder0.0 -m mem0', 'cxl destroy-region -f all', 'cxl disable-region all', 'reboot', 'modprobe -r nfit', 'modprobe nfit', 'modprobe -r nd_e820', 'modprobe nd_e820'),
);

function inStep(t: Terminal): void {
    const ids = new Set<number>();
    const { namespaces, personalities } = t.state.nvdimm;
    const claims = new Set([...namespaces.values(), ...personalities.values()].flatMap((d) => d.claims));
    for (const { resource } of walk(t.state.iomem)) {
        ids.add(resource.id);
        let last = resource.start - 1;
        for (const child of resource.children) {
            expect(child.start).toBeGreaterThan(last);
            last = child.end;
        }
        expect(last).toBeLessThanOrEqual(resource.end);
        if (resource.name.startsWith('namespace')) expect(claims.has(resource.id), resource.name).toBe(true);
    }
    for (const claim of claims) expect(ids.has(claim)).toBe(true);
    for (const n of namespaces.values()) if (n.holder) expect(personalities.get(n.holder)?.namespace).toBe(n.name);
    for (const p of personalities.values()) {
        if (p.namespace) expect(namespaces.get(p.namespace)?.holder).toBe(p.name);
        if (p.kind === 'dax') expect(t.state.dax.regions.has(p.name)).toBe(p.enabled);
    }
    snapshot(t.state);
}

it('keeps everything in step', () => {
    fc.assert(fc.property(
        fc.constantFrom('5.1', '5.3', '5.10', '6.1', '6.3', '6.12', '7.2'), fc.constantFrom(undefined, 0, 1), fc.constantFrom(0, 128 * 1024, 2 * MiB), fc.boolean(), fc.array(line, { maxLength: 25 }),
        (kernel, legacy, labelSize, labelsInitialised, lines) => {
            const t = new Terminal({
                kernel, legacy: legacy === undefined ? [] : [{ start: 20 * GiB + legacy * MiB, end: 21 * GiB - 1 }],
                nfit: [labelled(2 * GiB, { labelSize, labelsInitialised: labelsInitialised && labelSize > 0 }), labelled(GiB, { ...rangeOf(10 * GiB, GiB), dimms: ['a', 'b'] })],
                cxl: { cxlWindows: [{ ...rangeOf(64 * GiB, 4 * GiB), index: 0 }], cxlMemdevs: [{ name: 'mem0', volatileSize: GiB, pmemSize: labelSize > 0 ? GiB : 0, window: 0 }] },
            });
            for (const l of lines) {
                t.run(l);
                inStep(t);
            }
        }), { numRuns: 150 });
});
