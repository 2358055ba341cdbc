import { describe, expect, it } from 'vitest';
import { e820PmemInit } from '../../../server/src/kernel/nd-e820.ts';
import { emptyNvdimm } from '../../../server/src/kernel/nvdimm.ts';
import { GiB, MiB, rangeOf } from '../../../server/src/kernel/range.ts';
import { Tx } from '../../../server/src/kernel/tx.ts';
import { labelled, Terminal } from './nd-machine.ts';

const legacy = (start = 6 * GiB, size = 2 * GiB): Terminal => new Terminal({ legacy: [rangeOf(start, size)] });

describe('RES-16: what a namespace shows in iomem', () => {
    it.each([
        ['raw', '', ['  180000000-1ffffffff : namespace0.0']],
        ['fsdax', '', ['  180000000-1ffffffff : namespace0.0']],
        ['sector', '', ['  180000000-1ffffffff : namespace0.0']],
        ['devdax', '-M mem', ['  180000000-1801fffff : namespace0.0', '  180200000-1ffffffff : dax0.0']],
        ['devdax', '-M dev', ['  180000000-1821fffff : namespace0.0', '  182200000-1ffffffff : dax0.0']],
    ])('%s %s', (mode, more, lines) => {
        const t = legacy();
        t.ok(`ndctl create-namespace -f -e namespace0.0 -m ${mode} ${more}`);
        expect(t.iomem(/Persistent/).slice(1)).toEqual(lines);
        t.ok('ndctl disable-namespace namespace0.0');
        expect(t.iomem(/Persistent/).slice(1)).toEqual([]);
        t.ok('ndctl enable-namespace namespace0.0');
        expect(t.iomem(/Persistent/).slice(1)).toEqual(lines);
    });

    it('devdax without a driver keeps the metadata only', () => {
        const t = legacy();
        t.ok('ndctl create-namespace -f -e namespace0.0 -m devdax');
        t.ok('echo dax0.0 > /sys/bus/dax/drivers/device_dax/unbind');
        expect(t.iomem(/Persistent/).slice(1)).toEqual(['  180000000-1821fffff : namespace0.0']);
    });
});

describe('ND-16: legacy persistent memory off 2 MiB', () => {
    it('has a region but no disk, and only sector mode works', () => {
        const t = legacy(6 * GiB + MiB, GiB);
        expect(t.iomem(/Persistent/)).toHaveLength(1);
        for (const mode of ['raw', 'fsdax', 'devdax']) expect(t.run(`ndctl create-namespace -f -e namespace0.0 -m ${mode}`)).toMatchObject({ status: 250, errnos: ['ENXIO'] });
        t.ok('ndctl create-namespace -f -e namespace0.0 -m sector');
        expect(t.state.nvdimm.namespaces.get('namespace0.0')!.holder).toBe('btt0.0');
    });

    it('tells how many bytes that costs', () => {
        const t = new Terminal({ legacy: [rangeOf(6 * GiB + MiB, GiB)], modules: ['nd_e820'] });
        const outcome = t.run('modprobe nd_pmem');
        expect(outcome.log.map((l) => l.text)).toContain('nd_pmem namespace0.0: [mem 0x180100000-0x1c00fffff flags 0x200] misaligned, unable to map');
        expect(outcome.notes.flatMap((n) => n.losses ?? [])).toMatchObject([{ bytes: GiB, rule: 'ND-16' }]);
    });

    it('before v5.7 the page map refuses it', () => {
        const t = new Terminal({ kernel: '5.3', legacy: [rangeOf(6 * GiB + MiB, GiB)] });
        expect(t.state.nvdimm.namespaces.get('namespace0.0')!.enabled).toBe(false);
    });
});

describe('ZD-02 … ZD-04: sections before v5.3', () => {
    it('two namespaces cannot share one', () => {
        const two = (kernel: string): Terminal => new Terminal({ kernel, nfit: [labelled(512 * MiB)] });
        const create = 'ndctl create-namespace -m fsdax -M mem -f -s 192M';
        const old = two('5.1');
        old.ok(create);
        expect(old.run(create).status).not.toBe(0);
        const now = two('5.10');
        now.ok(create);
        now.ok(create);
    });
});

describe('ND-14, ND-26: binding through sysfs', () => {
    const fsdax = (): Terminal => {
        const t = new Terminal({ nfit: [labelled(GiB)] });
        t.ok('ndctl create-namespace -m fsdax');
        return t;
    };

    it('the personality is what is bound, not its namespace', () => {
        const t = fsdax();
        expect(t.run('echo namespace0.0 > /sys/bus/nd/drivers/nd_pmem/unbind').errnos).toEqual(['ENODEV']);
        t.ok('echo pfn0.0 > /sys/bus/nd/drivers/nd_pmem/unbind');
        expect(t.iomem(/Persistent/)).toHaveLength(1);
        t.ok('echo pfn0.0 > /sys/bus/nd/drivers/nd_pmem/bind');
        expect(t.iomem(/Persistent/)).toHaveLength(2);
    });

    it.each([['6.1', 'EBUSY'], ['5.10', 'ENODEV']])('binding a bound device in %s: %s', (kernel, errno) => {
        const t = new Terminal({ kernel, nfit: [labelled(GiB)] });
        t.ok('ndctl create-namespace -m raw');
        expect(t.run('echo namespace0.0 > /sys/bus/nd/drivers/nd_pmem/bind').errnos).toEqual([errno]);
    });

    it('binding a namespace with an info block brings its personality up and reports ENXIO', () => {
        const t = fsdax();
        t.ok('ndctl disable-namespace namespace0.0');
        expect(t.run('echo namespace0.0 > /sys/bus/nd/drivers/nd_pmem/bind').errnos).toEqual(['ENXIO']);
        expect(t.state.nvdimm.namespaces.get('namespace0.0')!.holder).toBe('pfn0.0');
        expect(t.state.nvdimm.personalities.get('pfn0.0')!.enabled).toBe(true);
    });

    it('force_raw shows the whole namespace', () => {
        const t = fsdax();
        t.ok('ndctl disable-namespace namespace0.0');
        t.ok('echo 1 > /sys/bus/nd/devices/namespace0.0/force_raw');
        t.ok('echo namespace0.0 > /sys/bus/nd/drivers/nd_pmem/bind');
        expect(t.state.nvdimm.namespaces.get('namespace0.0')).toMatchObject({ enabled: true, disk: 'pmem0' });
    });

    it('rmmod nd_pmem takes every disk, modprobe brings them back', () => {
        const t = fsdax();
        t.ok('modprobe -r nd_pmem');
        expect(t.iomem(/Persistent/)).toHaveLength(1);
        t.ok('modprobe nd_pmem');
        expect(t.iomem(/Persistent/)).toHaveLength(2);
    });
});

describe('ND-13: claiming by hand', () => {
    it('goes through the seed', () => {
        const t = new Terminal({ nfit: [labelled(GiB)] });
        const ns = '/sys/bus/nd/devices/namespace0.0';
        const dax = '/sys/bus/nd/devices/dax0.0';
        t.ok(`echo 11111111-2222-3333-4444-555555555555 > ${ns}/uuid`);
        t.ok(`echo ${512 * MiB} > ${ns}/size`);
        expect(t.run(`echo region0 > ${dax}/namespace`).errnos).toEqual(['EINVAL']);
        expect(t.run(`echo namespace0.7 > ${dax}/namespace`).errnos).toEqual(['ENODEV']);
        expect(t.run(`echo 16777216 > ${dax}/align`).errnos).toEqual(['EINVAL']);
        t.ok(`echo 11111111-2222-3333-4444-555555555556 > ${dax}/uuid`);
        t.ok(`echo ram > ${dax}/mode`);
        t.ok(`echo namespace0.0 > ${dax}/namespace`);
        expect(t.run(`echo namespace0.0 > /sys/bus/nd/devices/pfn0.0/namespace`).errnos).toEqual(['EBUSY']);
        t.ok('echo dax0.0 > /sys/bus/nd/drivers/dax_pmem/bind');
        expect(t.iomem(/Persistent/).at(-1)).toBe('  180200000-19fffffff : dax0.0');
        expect(t.state.nvdimm.regions.get('region0')!.daxSeed).toBe('dax0.1');
    });
});

describe('hot-added NVDIMM', () => {
    it('becomes a region, label storage taken from its end', () => {
        const t = new Terminal({ nfit: [] });
        t.state = { ...t.state, machine: { ...t.state.machine, hotplugWindow: { ...rangeOf(6 * GiB, 8 * GiB), slots: 4 } } };
        t.ok('(qemu) object_add memory-backend-ram,id=m0,size=1G');
        t.ok('(qemu) device_add nvdimm,id=nv0,memdev=m0,label-size=128K');
        expect(t.state.nvdimm.regions.size).toBe(0);
        t.ok('modprobe -r nfit');
        t.ok('modprobe nfit');
        const lines = ['180000000-1bfdfffff : Persistent Memory', '  180000000-1bfdfffff : namespace0.0'];
        expect(t.iomem(/Persistent/)).toEqual(lines);
        t.ok('reboot');
        expect(t.iomem(/Persistent/)).toEqual(lines);
        t.ok('(qemu) object_add memory-backend-ram,id=m1,size=1G');
        t.ok('(qemu) device_add nvdimm,id=nv1,memdev=m1');
        expect([...t.state.nvdimm.regions.values()].map((r) => r.range.start)).toEqual([6 * GiB, 7 * GiB - 2 * MiB]);
    });
});

describe('KEX-01: what a restart leaves', () => {
    it('labels and info blocks, so the namespaces come back; new ones get uuids of their own', () => {
        const t = new Terminal({ nfit: [labelled(GiB)] });
        t.ok('ndctl create-namespace -m devdax -s 256M');
        t.ok('ndctl create-namespace -m fsdax -s 256M');
        const before = t.iomem(/Persistent/);
        t.ok('reboot');
        expect(t.iomem(/Persistent/)).toEqual(before);
        t.ok('ndctl create-namespace -m raw -s 256M');
        const uuids = [...t.state.nvdimm.namespaces.values()].flatMap((n) => n.uuid ?? []);
        expect(new Set(uuids).size).toBe(3);
    });

    it('legacy info blocks through kexec; the region align is the default again', () => {
        const t = legacy();
        t.ok('echo 0x200000 > /sys/bus/nd/devices/region0/align');
        t.ok('ndctl create-namespace -f -e namespace0.0 -m devdax -M mem');
        const before = t.iomem(/Persistent/);
        t.ok('kexec -e');
        expect(t.iomem(/Persistent/)).toEqual(before);
        expect(t.state.nvdimm.regions.get('region0')!.align).toBe(16 * MiB);
    });
});

it('E820-06: without a legacy entry there is no platform device', () => {
    const t = new Terminal({ legacy: [] });
    const tx = new Tx({ ...t.state, nvdimm: emptyNvdimm() });
    e820PmemInit(tx);
    expect(tx.state.nvdimm.legacy).toBe(false);
});
