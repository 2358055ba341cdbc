import { describe, expect, it } from 'vitest';
import { E820 } from '../../../server/src/kernel/machine.ts';
import { GiB, MiB } from '../../../server/src/kernel/range.ts';
import { lowerFile } from '../../../server/src/language/file.ts';
import type { LoweredPlatform } from '../../../server/src/language/model.ts';

const URI = 'file:///t.memtopo';

function lower(text: string): LoweredPlatform {
    const file = lowerFile(URI, text);
    expect(file.syntax).toEqual([]);
    return file.platforms.at(-1)!;
}

const ram = (start: number, end: number): unknown => ({ start, end, type: E820.RAM });

describe('the firmware map', () => {
    it('follows the memory of the nodes where no e820 line is given', () => {
        const { machine } = lower('platform p { node 0 { cpus 0-3  memory 0x0-0x9fbff  memory at 1M size 2047M  memory at 4G size 6G } reserved at 3G size 1M }');
        expect(machine.e820).toEqual([ram(0, 0x9fbff), ram(MiB, 2 * GiB - 1), { start: 3 * GiB, end: 3 * GiB + MiB - 1, type: E820.RESERVED }, ram(4 * GiB, 10 * GiB - 1)]);
        expect(machine.cpus).toBe(4);
        expect(machine.srat).toBeUndefined();
    });

    it('has soft-reserved ranges and legacy pmem cut out of it, NFIT ranges not at all', () => {
        const { machine } = lower(`platform p {
            node 0 { cpus 0  memory at 0 size 8G }
            soft-reserved at 1G size 1G
            soft-reserved at 2G size 1G
            pmem at 4G size 1G legacy
            pmem at 1T size 1G { dimms 2  label-size 128K }
        }`);
        expect(machine.e820.map((e) => [e.start / GiB, (e.end + 1) / GiB, e.type])).toEqual([
            [0, 1, E820.RAM], [1, 2, E820.SOFT_RESERVED], [2, 3, E820.SOFT_RESERVED], [3, 4, E820.RAM], [4, 5, E820.PRAM], [5, 8, E820.RAM],
        ]);
        expect(machine.nfit).toEqual([{ start: 1024 * GiB, end: 1025 * GiB - 1, dimms: ['nvdimm0', 'nvdimm1'], labelSize: 128 * 1024 }]);
        expect(machine.firmware).toBe('efi');
    });

    it('is the e820 lines where there are any', () => {
        const { machine } = lower('platform p { node 0 { memory at 0 size 8G } e820 0x0-0x9fbff usable e820 0xf0000-0xfffff reserved }');
        expect(machine.e820).toEqual([ram(0, 0x9fbff), { start: 0xf0000, end: 0xfffff, type: E820.RESERVED }]);
    });
});

describe('SRAT, SLIT and HMAT', () => {
    it('lists domains in ascending order, hot-pluggable ranges last', () => {
        const { machine } = lower(`platform p {
            node 1 { cpus 2-3  memory at 4G size 4G }
            node 0 { cpus 0-1  memory at 0 size 4G  hotplug at 64G size 64G }
            node 2
            soft-reserved at 8G size 1G node 2
            dimm d at 70G size 1G node 0
            virtio-mem v at 1T size 1G node 1
        }`);
        expect(machine.srat!.cpus.map((c) => [c.apicId, c.pxm])).toEqual([[0, 0], [1, 0], [2, 1], [3, 1]]);
        expect(machine.srat!.memory.map((m) => [m.pxm, m.start / GiB, m.hotplug ?? false])).toEqual([[0, 0, false], [1, 4, false], [2, 8, false], [0, 64, true], [1, 1024, true]]);
        expect(machine.devices.map((d) => d.id)).toEqual(['d', 'v']);
    });

    it.each([
        ['a node of another number', 'node 1 { memory at 0 size 1G }'], ['a hot-plug window', 'node 0 { memory at 0 size 1G  hotplug at 4G size 1G }'],
        ['a range that names its node', 'node 0 { memory at 0 size 1G } pmem at 4G size 1G node 0'],
    ])('there is one because of %s', (_, members) => {
        expect(lower(`platform p { ${members} }`).machine.srat).toBeDefined();
    });

    it('fills the SLIT both ways, 20 where nothing is said', () => {
        const { machine } = lower('platform p { node 0 { memory at 0 size 1G } node 1 node 2 distance 0 to 1 = 21 distance 2 to 0 = 17 distance 0 to 2 = 18 }');
        expect(machine.slit).toEqual([[10, 21, 18], [21, 10, 20], [17, 20, 10]]);
    });

    it('spreads latency and bandwidth over read and write, and finds the attached initiator', () => {
        const { machine } = lower(`platform p {
            node 0 { cpus 0  memory at 0 size 1G } node 1
            target 0 { initiator 0 { latency 90ns  read-bandwidth 1GB/s } }
            target 1 { attached 0  memory-side-cache { size 1G } }
        }`);
        expect(machine.hmat!.values).toEqual([
            { initiator: 0, target: 0, attribute: 'read_latency', value: 90 }, { initiator: 0, target: 0, attribute: 'write_latency', value: 90 },
            { initiator: 0, target: 0, attribute: 'read_bandwidth', value: 1000 },
        ]);
        expect(machine.hmat!.domains).toEqual([{ memory: 0, processor: 0 }, { memory: 1, processor: 0 }]);
        expect(machine.hmat!.caches).toEqual([{ target: 1, level: 1, size: GiB, line: 64, associativity: 'direct', writePolicy: 'write-back' }]);
    });
});

describe('variants', () => {
    const base = `platform base {
        kernel 6.1  hypervisor  cmdline "a"
        node 0 { cpus 0  memory at 0 size 4G } node 1 { memory at 4G size 4G }
        pmem data at 1T size 1G  dimm d at 16G size 1G node 1
    }\n`;

    it('replace by identity, in place, and keep the rest', () => {
        const { machine, origins } = lower(`${base}platform v extends base { cmdline "b"  node 1 { memory at 4G size 8G }  pmem data at 2T size 2G  dimm e at 20G size 1G node 1 }`);
        expect(machine.cmdline).toBe('b');
        expect(machine.hypervisor).toBe(true);
        expect(machine.srat!.memory.filter((m) => m.pxm === 1 && !m.hotplug).map((m) => m.end)).toEqual([12 * GiB - 1]);
        expect(machine.nfit.map((n) => n.start)).toEqual([2048 * GiB]);
        expect(machine.devices.map((d) => d.id)).toEqual(['d', 'e']);
        expect(origins.filter((o) => o.kind === 'node').map((o) => o.name)).toEqual(['0', '1']);
    });

    it('turn a flag of the base off', () => {
        expect(lower(`${base}platform v extends base { hypervisor off }`).machine.hypervisor).toBe(false);
    });

    it('have the key of what they describe, whatever the comments say', () => {
        const one = lower('platform p { node 0 { memory at 0 size 4G } }');
        const same = lower('// moved\n\nplatform other { /* why */ node 0 { memory 0x0-0xffffffff } }');
        const different = lower('platform p { node 0 { memory at 0 size 5G } }');
        expect(same.key).toBe(one.key);
        expect(different.key).not.toBe(one.key);
    });
});

describe('the kernel', () => {
    it('is the one named, else the one asked for, else 6.1', () => {
        const text = 'platform a { } platform b { kernel 5.10 }';
        expect(lowerFile(URI, text).platforms.map((p) => p.machine.kernel)).toEqual(['6.1', '5.10']);
        expect(lowerFile(URI, text, undefined, '7.2').platforms.map((p) => p.machine.kernel)).toEqual(['7.2', '5.10']);
    });
});

describe('places', () => {
    it('are those of the text', () => {
        const text = 'platform p {\n    node 0 { memory at 0 size 4G }\n}\nscenario "s" on p {\n    $   ndctl list\n    expect ok\n}\n';
        const file = lowerFile(URI, text);
        const cut = (s: { start: number; end: number }): string => text.slice(s.start, s.end);
        expect(cut(file.platforms[0]!.origins.find((o) => o.kind === 'memory')!.focus)).toBe('at 0 size 4G');
        expect(cut(file.scenarios[0]!.steps[0]!.span)).toBe('ndctl list');
        expect(cut(file.scenarios[0]!.steps[0]!.expectations[0]!.span)).toBe('expect ok');
        expect(cut(file.scenarios[0]!.at)).toBe('"s"');
    });
});
