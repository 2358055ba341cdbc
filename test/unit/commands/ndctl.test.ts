import { describe, expect, it } from 'vitest';
import { parseMode, parseToolSize } from '../../../server/src/commands/ndctl-options.ts';
import { NDCTL } from '../../../server/src/commands/ndctl-spec.ts';
import { GiB, KiB, MiB, rangeOf, TiB } from '../../../server/src/kernel/range.ts';
import { labelled, Terminal } from '../kernel/nd-machine.ts';

const legacy = (size = GiB): Terminal => new Terminal({ legacy: [rangeOf(6 * GiB, size)] });
const nvdimm = (size = 4 * GiB, kernel = '6.1'): Terminal => new Terminal({ kernel, nfit: [labelled(size)] });
const align2m = (t: Terminal): Terminal => {
    t.ok('echo 0x200000 > /sys/bus/nd/devices/region0/align');
    return t;
};

describe('NDC-02: words', () => {
    it.each([['16M', 16 * MiB], ['1g', GiB], ['2T', 2 * TiB], ['4k', 4 * KiB], ['0x10', 16], ['010', 8], ['1GiB', undefined], ['4 M', undefined], ['-1', undefined], ['99999999T', undefined]])(
        'size %s', (text, bytes) => expect(parseToolSize(text)?.bytes).toBe(bytes));
    it.each([['fsdax', 'fsdax'], ['memory', 'fsdax'], ['DAX', 'devdax'], ['safe', 'sector'], ['foo', undefined], ['constructor', undefined]])('mode %s', (text, mode) => expect(parseMode(text)).toBe(mode));

    it.each([
        ['ndctl create-namespace -m foo', "invalid mode 'foo'"],
        ['ndctl create-namespace -M ram', "invalid map location 'ram'"],
        ['ndctl create-namespace -m raw -M mem', '--map only valid for an devdax mode pmem namespace'],
        ['ndctl create-namespace -s 1X', "failed to parse namespace size '1X'"],
        ['ndctl create-namespace -a 3M', 'align must be a power-of-2 greater than 4096'],
        ['ndctl create-namespace -a 1K', 'align must be a power-of-2 greater than 4096'],
        ['ndctl create-namespace -u 123', "failed to parse uuid: '123'"],
        ['ndctl create-namespace -l big', 'invalid sector size: big'],
        ['ndctl create-namespace extra', 'unknown extra parameter "extra"'],
        ['ndctl destroy-namespace', 'specify a namespace to destroy, or "all"'],
        ['ndctl disable-region', 'specify a specific region id to act on, or "all"'],
        ['ndctl init-labels foo', "'foo' is not a valid dimm name"],
    ])('%s', (line, text) => {
        const t = nvdimm();
        const before = t.state;
        expect(t.run(line)).toMatchObject({ status: 129 });
        expect(t.run(line).stderr).toContain(text);
        expect(t.state).toBe(before);
    });
});

describe('refusals leave everything as it was', () => {
    it.each([
        ['NDC-03', 'ndctl create-namespace -s 100G', 237, 'failed to create namespace: No space left on device\n', ['ENOSPC']],
        ['NDC-05', 'ndctl create-namespace -m devdax -a 16M -s 256M', 237, '  Error: unsupported align: 16M\n\nfailed to create namespace: No such device or address\n', ['ENXIO']],
        ['NDC-05', 'ndctl create-namespace -m raw -a 4K -s 256M', 237, '  Error: raw mode does not support setting an alignment\n\nfailed to create namespace: No such device or address\n', ['ENXIO']],
        ['NDC-06', 'ndctl create-namespace -s 18M', 234, '  Error: create namespace: region0: align setting is 0x1000000 size 0x1200000 is misaligned\n\n', []],
        ['NDC-07', 'ndctl create-namespace -m devdax -a 1G -s 256M', 234, "  Error: create namespace: '--size=' must align to interleave-width: 1 and alignment: 1073741824\ndid you intend --size=1024M?\n\n", []],
        ['NDC-09', 'ndctl create-namespace -m raw -l 1024 -s 256M', 234, '  Error: create namespace: region0: does not support namespace sector_size 1024\n\n', []],
        ['NDC-09', 'ndctl create-namespace -m sector -l 1024 -s 256M', 234, '  Error: create namespace: region0: does not support btt sector_size 1024\n\n', []],
        ['', 'ndctl create-namespace -r region7', 237, 'failed to create namespace: No such device or address\n', ['ENXIO']],
        ['', 'ndctl create-namespace -t blk', 237, 'failed to create namespace: No such device or address\n', ['ENXIO']],
        ['', 'ndctl create-namespace -e namespace5.0 -f', 250, 'failed to reconfigure namespace: No such device or address\n', ['ENXIO']],
        ['', 'ndctl destroy-namespace namespace5.0', 250, 'error destroying namespaces: No such device or address\ndestroyed 0 namespaces\n', ['ENXIO']],
        ['', 'ndctl disable-region region9', 0, 'disabled 0 regions\n', []],
    ] as const)('%s %s', (rule, line, status, stderr, errnos) => {
        const t = nvdimm();
        const before = { ...t.state.nvdimm, iomem: t.state.iomem };
        const outcome = t.run(line);
        expect(outcome).toMatchObject({ status, stderr, errnos });
        if (rule !== '') expect(outcome.notes.flatMap((n) => n.rules)).toContain(rule);
        expect({ ...t.state.nvdimm, iomem: t.state.iomem }).toEqual(before);
    });

    it('NDC-08: fsdax below 16 MiB', () => {
        expect(align2m(nvdimm()).run('ndctl create-namespace -m fsdax -s 8M')).toMatchObject({
            status: 237, errnos: ['EINVAL'], stderr: "  Error: '--size=' must be >= 16MiB for 'fsdax' mode\n\nfailed to create namespace: Invalid argument\n",
        });
    });

    it('NDC-10: a start off 16 MiB, and the allocation given back', () => {
        const t = align2m(nvdimm());
        t.ok('ndctl create-namespace -m raw -s 18M');
        const before = t.iomem(/Persistent/);
        expect(t.run('ndctl create-namespace -m devdax -s 256M')).toMatchObject({
            status: 237, errnos: ['EINVAL'], stderr: '  Error: namespace0.1 misaligned to 16M, adjust region alignment and retry\n\nfailed to create namespace: Invalid argument\n',
        });
        expect(t.iomem(/Persistent/)).toEqual(before);
        expect(t.state.nvdimm.namespaces.get('namespace0.1')!.range).toBeUndefined();
        t.ok('ndctl create-namespace -m devdax -s 256M -f');
    });

    it('NDC-11: an active namespace without --force', () => {
        const t = legacy();
        expect(t.run('ndctl create-namespace -e namespace0.0 -m devdax')).toMatchObject({
            status: 240, errnos: ['EBUSY'], stderr: '  Error: namespace0.0 is active, specify --force for re-configuration\n\nfailed to reconfigure namespace: Device or resource busy\n',
        });
    });

    it('NDC-11: a read-only region', () => {
        const t = new Terminal({ nfit: [labelled(GiB, { unarmed: true, labelsInitialised: false })] });
        expect(t.run('ndctl create-namespace -f -e namespace0.0 -m devdax')).toMatchObject({ status: 250, errnos: ['ENXIO'] });
        expect(t.run('ndctl create-namespace -m devdax').errnos).toEqual(['ENOSPC']);
    });
});

describe('NDC-01, NDC-05: what reconfiguring keeps', () => {
    it('mode and align stay, map becomes dev', () => {
        const t = legacy();
        t.ok('ndctl create-namespace -f -e namespace0.0 -m devdax -M mem -a 4K');
        t.ok('ndctl create-namespace -f -e namespace0.0');
        expect(t.state.nvdimm.personalities.get(t.state.nvdimm.namespaces.get('namespace0.0')!.holder!)).toMatchObject({ kind: 'dax', align: 4096, mode: 'pmem' });
    });
});

describe('label-less regions', () => {
    it('NDC-04: have one namespace of one size', () => {
        const t = legacy();
        const { stderr, status } = t.run('ndctl create-namespace -f -e namespace0.0 -m fsdax -s 256M');
        expect([status, stderr]).toEqual([234, '  Error: Legacy / label-less namespaces do not support sub-dividing a region\n\n  Error: Retry without -s/--size=\n\nfailed to reconfigure namespace: Invalid argument\n']);
    });

    it('NDC-15: destroying counts only when there was an info block', () => {
        const t = legacy();
        t.ok('ndctl create-namespace -f -e namespace0.0 -m devdax');
        expect(t.ok('ndctl destroy-namespace -f namespace0.0').stderr).toBe('destroyed 1 namespace\n');
        expect(t.ok('ndctl destroy-namespace -f namespace0.0').stderr).toBe('destroyed 0 namespaces\n');
        t.ok('ndctl enable-namespace namespace0.0');
        expect(t.iomem(/Persistent/).slice(1)).toEqual(['  180000000-1bfffffff : namespace0.0']);
    });

    it('get labels on the way when their DIMMs can hold them', () => {
        const t = new Terminal({ nfit: [labelled(GiB, { labelsInitialised: false })] });
        t.ok('ndctl create-namespace -f -e namespace0.0 -m devdax');
        expect(t.state.nvdimm.regions.get('region0')).toMatchObject({ labelled: true, namespaceSeed: 'namespace0.1' });
        expect(t.state.nvdimm.media.labels.get('nvd0')!.version).toBe('1.2');
        const other = new Terminal({ nfit: [labelled(GiB, { labelsInitialised: false })] });
        other.ok('ndctl create-namespace -f -e namespace0.0 -m devdax --no-autolabel');
        expect(other.state.nvdimm.regions.get('region0')!.labelled).toBe(false);
    });
});

describe('several at once', () => {
    it('-c fills every region, `all` destroys in the order of the library', () => {
        const t = new Terminal({ nfit: [labelled(GiB), labelled(GiB, { ...rangeOf(8 * GiB, GiB), dimms: ['nvd1'] })] });
        expect(t.ok('ndctl create-namespace -m raw -c').stderr).toBe('created 2 namespaces\n');
        expect(t.ok('ndctl destroy-namespace -f all').stderr).toBe('destroyed 2 namespaces\n');
        t.ok('ndctl create-namespace -m raw -r region1 -s 512M');
        expect([...t.state.nvdimm.namespaces.values()].filter((n) => n.range).map((n) => n.name)).toEqual(['namespace1.0']);
    });
});

describe('NDC-12: what is in use is not disabled', () => {
    it('a mounted disk', () => {
        const t = nvdimm(GiB);
        t.ok('ndctl create-namespace -m fsdax');
        t.ok('mkfs.xfs -q -f -m reflink=0 /dev/pmem0');
        t.ok('mount -t xfs -o dax=always /dev/pmem0 /mnt');
        expect(t.run('ndctl disable-namespace namespace0.0')).toMatchObject({ status: 240, errnos: ['EBUSY'], stderr: 'error disabling namespaces: Device or resource busy\ndisabled 0 namespaces\n' });
        expect(t.ok('ndctl disable-region region0').stderr).toBe('disabled 0 regions\n');
        t.ok('umount /mnt');
        t.ok('ndctl disable-namespace namespace0.0');
    });

    it('memory that is online; once it is orphaned nobody notices until it is claimed', () => {
        const t = new Terminal({ legacy: [rangeOf(6 * GiB, 2 * GiB)] });
        t.ok('ndctl create-namespace -f -e namespace0.0 -m devdax -M mem');
        t.ok('modprobe kmem');
        t.ok('echo dax0.0 > /sys/bus/dax/drivers/device_dax/unbind');
        t.ok('echo dax0.0 > /sys/bus/dax/drivers/kmem/new_id');
        t.ok('echo online_movable > /sys/devices/system/memory/memory60/state');
        expect(t.run('ndctl destroy-namespace -f namespace0.0')).toMatchObject({ status: 240, errnos: ['EBUSY'] });
        t.ok('echo dax0.0 > /sys/bus/dax/drivers/kmem/unbind');
        const raw = t.run('ndctl create-namespace -f -e namespace0.0 -m raw');
        expect(raw.status).toBe(1);
        expect(raw.stderr).toContain('namespace0.0 failed to enable for zeroing, continuing');
        // The info block was not wiped, so the namespace is devdax again, over memory that is still there.
        expect(t.state.nvdimm.namespaces.get('namespace0.0')!.holder).toBe('dax0.0');
        expect(t.iomem(/Persistent/).join('\n')).toContain('System RAM (kmem)');
    });
});

describe('NF: a file system whose disk goes away', () => {
    const mounted = (kernel: string, meta: string): Terminal => {
        const t = nvdimm(GiB, kernel);
        t.ok('ndctl create-namespace -m fsdax');
        t.ok(`mkfs.xfs -q -f -m ${meta} /dev/pmem0`);
        t.ok('mount -t xfs -o dax=always /dev/pmem0 /mnt');
        return t;
    };
    it.each([
        ['7.2', 'reflink=0,rmapbt=1', 'NF-03', 'XFS (pmem0): Device is about to be removed!'],
        ['6.1', 'reflink=0,rmapbt=1', 'NF-02', 'XFS (pmem0): Please unmount the filesystem and rectify the problem(s)'],
        ['7.2', 'reflink=0', 'NF-05', undefined],
        ['5.15', 'reflink=0,rmapbt=1', 'NF-05', undefined],
    ])('%s -m %s: %s', (kernel, meta, rule, log) => {
        const t = mounted(kernel, meta);
        const outcome = t.ok('echo pfn0.0 > /sys/bus/nd/drivers/nd_pmem/unbind');
        expect(outcome.notes.flatMap((n) => n.rules)).toContain(rule);
        if (log) expect(outcome.log.map((l) => l.text)).toContain(log);
        else expect(outcome.log).toEqual([]);
        expect(t.state.mounts[0]!.shutdown).toBeDefined();
        t.ok('umount /mnt');
        expect(t.state.mounts).toEqual([]);
    });

    it('NF-06: raw and sector disks have no DAX', () => {
        const t = nvdimm(GiB);
        t.ok('ndctl create-namespace -m raw');
        t.ok('mkfs.xfs -q -f -m reflink=0 /dev/pmem0');
        t.ok('mount -t xfs -o dax=always /dev/pmem0 /mnt');
        expect(t.state.mounts).toMatchObject([{ dax: false }]);
        t.ok('umount /mnt');
        t.ok('mkfs.ext4 -q /dev/pmem0');
        expect(t.run('mount -o dax=always /dev/pmem0 /mnt').status).toBe(32);
    });
});

describe('ndctl list', () => {
    it('prints what exists, as the tool does', () => {
        const t = nvdimm(GiB);
        expect(t.ok('ndctl list').stdout).toBe('');
        t.ok('ndctl create-namespace -m devdax');
        expect(JSON.parse(t.ok('ndctl list -N').stdout)).toMatchObject([{ dev: 'namespace0.0', mode: 'devdax', map: 'dev', size: 1006 * MiB, uuid: 'UUID', align: 2 * MiB }]);
        expect(JSON.parse(t.ok('ndctl list -RN').stdout)).toMatchObject([{ dev: 'region0', available_size: 0, namespaces: [{ dev: 'namespace0.0' }] }]);
        expect(JSON.parse(t.ok('ndctl list -RD').stdout)).toMatchObject({ dimms: [{ dev: 'nmem0' }], regions: [{ dev: 'region0' }] });
    });
});

describe('attributes of the nd bus', () => {
    it.each([
        ['nmem0/available_slots', '16346'], ['nmem0/flags', 'label'], ['nmem0/state', 'active'], ['region0/align', '0x1000000'], ['region0/available_size', '805306368'],
        ['region0/namespace_seed', 'namespace0.1'], ['region0/dax_seed', 'dax0.1'], ['region0/nstype', '5'], ['region0/read_only', '0'], ['namespace0.0/mode', 'dax'],
        ['namespace0.0/size', '268435456'], ['namespace0.0/holder', 'dax0.0'], ['namespace0.0/holder_class', 'dax'], ['namespace0.0/sector_size', '[512] 4096'],
        ['dax0.0/namespace', 'namespace0.0'], ['dax0.0/size', '262144000'], ['dax0.0/resource', '0x180600000'], ['dax0.0/mode', 'pmem'], ['dax0.0/align', '2097152'],
    ])('%s', (path, text) => {
        const t = nvdimm(GiB);
        t.ok('ndctl create-namespace -m devdax -s 256M');
        expect(t.ok(`cat /sys/bus/nd/devices/${path}`).stdout).toBe(`${text}\n`);
    });

    it('are fixed while in use', () => {
        const t = nvdimm(GiB);
        t.ok('ndctl create-namespace -m devdax -s 256M');
        for (const [path, value] of [['namespace0.0/size', '0'], ['namespace0.0/holder_class', 'pfn'], ['dax0.0/align', '4096'], ['dax0.0/namespace', ''], ['dax0.0/mode', 'ram']]) {
            expect(t.run(`echo ${value} > /sys/bus/nd/devices/${path}`).errnos, path).toEqual(['EBUSY']);
        }
    });
});

it('every option has a sentence, and no two share a name', () => {
    for (const verb of NDCTL.verbs) {
        for (const key of ['long', 'short'] as const) {
            const names = verb.options.map((o) => o[key]).filter((n) => n !== undefined);
            expect(new Set(names).size, `${verb.verb} ${key}`).toBe(names.length);
        }
        for (const option of verb.options) expect(option.doc.endsWith('.'), `${verb.verb} ${option.long}`).toBe(true);
    }
});

describe('NDC-11: verbs that look at a namespace', () => {
    it.each(['check-namespace', 'clear-errors', 'write-infoblock'])('%s of none is ENXIO', (verb) => {
        expect(nvdimm().run(`ndctl ${verb} namespace0.5`)).toMatchObject({ status: 250, errnos: ['ENXIO'] });
    });

    it('check-namespace refuses an active one, finds a btt with --force, and brings it back', () => {
        const t = nvdimm();
        t.ok('ndctl create-namespace -m sector -s 64M');
        expect(t.run('ndctl check-namespace namespace0.0')).toMatchObject({ status: 240, errnos: ['EBUSY'] });
        t.ok('ndctl check-namespace -f namespace0.0');
        expect(t.state.nvdimm.personalities.get(t.state.nvdimm.namespaces.get('namespace0.0')!.holder!)).toMatchObject({ kind: 'btt', enabled: true });
        expect(t.run('ndctl clear-errors namespace0.0').status).toBe(1);
    });

    it('legacy memory has neither btt nor scrub', () => {
        const t = legacy();
        expect(t.run('ndctl check-namespace -f namespace0.0')).toMatchObject({ status: 250, errnos: ['ENXIO'] });
        expect(t.run('ndctl clear-errors namespace0.0')).toMatchObject({ status: 161, errnos: ['EOPNOTSUPP'] });
    });

    it('ND-05: the align of a region without DIMMs: 5.10 refuses, 6.1 takes it', () => {
        const line = 'echo 0x200000 > /sys/bus/nd/devices/region0/align';
        expect(new Terminal({ kernel: '5.10', legacy: [rangeOf(6 * GiB, GiB)] }).run(line)).toMatchObject({ status: 1, errnos: ['ENXIO'] });
        expect(legacy().run(line).status).toBe(0);
    });
});
