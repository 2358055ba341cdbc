import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { machineOf, parseE820Line, parseHmat, parseRecording, parseSrat, type RecordedInput } from '../../../server/src/formats/recording.ts';
import { qemuCpus, qemuHmat } from '../../../server/src/formats/qemu-args.ts';
import { E820 } from '../../../server/src/kernel/machine.ts';

const INPUT: RecordedInput = {
    schema: 1, name: 'x', title: 'x', kernel: { release: '6.1.0-56-amd64', version: '6.1.192', arch: 'x86_64' }, cmdline: '', firmware: 'seabios',
    hypervisor: true, cpus: 2, qemu: [], modules: [], e820: [], srat: [], steps: [],
};

describe('recordings', () => {
    it('read both wordings of the firmware map, and skip gaps', () => {
        const line = (words: string): number | undefined => parseE820Line(`BIOS-e820: [mem 0x0000000100000000-0x000000017fffffff] ${words}`)?.type;
        expect(['usable', ' System RAM', 'reserved', ' device reserved', 'ACPI data', 'ACPI NVS', 'soft reserved', 'persistent (type 12)', 'type 20'].map(line))
            .toEqual([E820.RAM, E820.RAM, E820.RESERVED, E820.RESERVED, E820.ACPI, E820.NVS, E820.SOFT_RESERVED, E820.PRAM, 20]);
        expect(parseE820Line('BIOS-e820: [gap 0x00000000000a0000-0x00000000000effff]')).toBeUndefined();
    });

    it('read SRAT lines; without any there is no SRAT', () => {
        expect(parseSrat(['SRAT: PXM 1 -> APIC 0x0a -> Node 0', 'ACPI: SRAT: Node 1 PXM 3 [mem 0x180000000-0x27fffffff] hotplug', 'ACPI: SRAT: Node 1 PXM 3 [mem 0x280000000-0x2ffffffff] non-volatile'])).toEqual({
            cpus: [{ pxm: 1, apicId: 10 }],
            memory: [{ pxm: 3, start: 0x180000000, end: 0x27fffffff, hotplug: true }, { pxm: 3, start: 0x280000000, end: 0x2ffffffff, nonVolatile: true }],
        });
        expect(parseSrat([])).toBeUndefined();
    });

    it('read HMAT lines: only localities of memory itself', () => {
        const hmat = parseHmat([
            'acpi/hmat: Memory Flags:0001 Processor Domain:0 Memory Domain:1', 'acpi/hmat: Memory Flags:0000 Processor Domain:0 Memory Domain:2',
            'acpi/hmat: Locality: Flags:00 Type:Read Latency Initiator Domains:1 Target Domains:1 Base:1000', 'acpi/hmat:   Initiator-Target[0-1]:40 nsec',
            'acpi/hmat: Locality: Flags:01 Type:Read Latency Initiator Domains:1 Target Domains:1 Base:1000', 'acpi/hmat:   Initiator-Target[0-1]:5 nsec',
            'acpi/hmat: Cache: Domain:1 Size:536870912 Attrs:00402212 SMBIOS Handles:0',
        ]);
        expect(hmat.domains).toEqual([{ memory: 1, processor: 0 }, { memory: 2 }]);
        expect(hmat.values).toEqual([{ initiator: 0, target: 1, attribute: 'read_latency', value: 40 }]);
        expect(hmat.caches).toEqual([{ target: 1, level: 1, size: 2 ** 29, line: 64, associativity: 'complex', writePolicy: 'write-through' }]);
    });

    it('take from QEMU what a log does not print', () => {
        const args = ['-machine', 'q35,hmat=on', '-numa', 'node,nodeid=0,cpus=0', '-numa', 'node,nodeid=1,cpus=1-3,initiator=0',
            '-numa', 'hmat-lb,initiator=0,target=1,hierarchy=memory,data-type=access-bandwidth,bandwidth=20G'];
        expect(qemuCpus(args, 4).map((c) => c.pxm)).toEqual([0, 1, 1, 1]);
        expect(qemuHmat(args)?.domains).toEqual([{ memory: 0, processor: 0 }, { memory: 1, processor: 0 }]);
        expect(qemuHmat(args)?.values.map((v) => v.value)).toEqual([20480, 20480]);
        expect(qemuHmat(['-machine', 'q35'])).toBeUndefined();
        const srat = ['ACPI: SRAT: Node 0 PXM 0 [mem 0x00000000-0xffffffff]', 'ACPI: SRAT: Node 1 PXM 1 [mem 0x100000000-0x1ffffffff]'];
        expect(machineOf({ ...INPUT, srat, qemu: args, cpus: 2 }).srat?.cpus).toEqual([{ pxm: 0, apicId: 0 }, { pxm: 1, apicId: 1 }]);
    });

    it('know that Debian brings memory online by itself since 6.12, and others do not', () => {
        const config = (release: string, version: string): unknown => machineOf({ ...INPUT, kernel: { release, version, arch: 'x86_64' } }).config;
        expect(config('6.12.117+deb12-amd64', '6.12.117')).toEqual({ MEMORY_HOTPLUG_DEFAULT_ONLINE: 'y' });
        expect(config('6.1.0-56-amd64', '6.1.192')).toEqual({});
        expect(config('6.12.4-arch1-1', '6.12.4')).toEqual({});
    });

    it('that are no recordings are answered with what is wrong', () => {
        const problem = (text: string): string => {
            const parsed = parseRecording(text);
            return 'problem' in parsed ? parsed.problem : '';
        };
        expect(problem('{')).toMatch(/^not JSON/);
        expect(problem('[]')).toBe('not a JSON object');
        expect(problem('{"schema":2}')).toMatch(/schema 2/);
        expect(problem(JSON.stringify({ ...INPUT, steps: undefined }))).toBe('`steps` must be a list');
        expect(problem(JSON.stringify({ ...INPUT, kernel: {} }))).toBe('`kernel.version` must be a string');
        expect(problem(JSON.stringify({ ...INPUT, e820: [1] }))).toBe('`e820` must be a list of strings');
        expect(problem(JSON.stringify({ ...INPUT, steps: [null] }))).toBe('`steps` must be a list of objects');
        expect(problem(JSON.stringify({ ...INPUT, steps: [{}] }))).toBe('each of `steps` needs an `id`');
        expect(problem(JSON.stringify(INPUT))).toBe('');
        fc.assert(fc.property(fc.json(), (text) => problem(text) !== ''));
    });
});
