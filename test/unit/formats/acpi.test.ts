import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hmatValue, parseCedt, parseHmat, parseNfit, parseSlit, parseSrat } from '../../../server/src/formats/acpi.ts';

const shared = join(process.env.MEMTOPO_SHARED ?? '../shared', 'realdata');
const q35 = join(shared, 'qemu-acpi/7.2.0/q35');
const read = (file: string): Uint8Array => readFileSync(file);
const readers = [parseSrat, parseSlit, parseHmat, parseNfit, parseCedt];

describe('ACPI tables that QEMU must produce', () => {
    const withData = existsSync(q35) ? it : it.skip;

    withData('reads the SRAT of two nodes with a hot-pluggable window', () => {
        const { value, problems } = parseSrat(read(join(q35, 'SRAT.memhp')));
        expect(problems).toEqual([]);
        expect(value.memory.map((m) => m.pxm)).toEqual([0, 0, 1, 1]);
        expect(value.memory.at(-1)).toMatchObject({ hotplug: true });
    });

    withData('reads distances by proximity domain', () => {
        expect(parseSlit(read(join(q35, 'SLIT.memhp'))).value).toEqual([[10, 21], [21, 10]]);
    });

    withData('reads HMAT latencies, bandwidths and the cache in the units of sysfs', () => {
        const { value, problems } = parseHmat(read(join(q35, 'HMAT.acpihmat')));
        expect(problems).toEqual([]);
        expect(value.domains).toEqual([{ memory: 0, processor: 0 }, { memory: 1, processor: 0 }]);
        const access = (target: number, attribute: string): number | undefined =>
            value.values.find((v) => v.initiator === 0 && v.target === target && v.attribute === attribute)?.value;
        expect([access(0, 'read_latency'), access(0, 'read_bandwidth')]).toEqual([1, 65534]);
        expect([access(1, 'read_latency'), access(1, 'read_bandwidth')]).toEqual([65534, 32767]);
        expect(value.caches.map((c) => [c.target, c.level, c.size, c.associativity, c.writePolicy, c.line])).toEqual([
            [0, 1, 10240, 'direct', 'write-back', 8], [1, 1, 10240, 'direct', 'write-back', 8],
        ]);
    });

    withData('reads CXL windows with their interleave', () => {
        const { value } = parseCedt(read(join(q35, 'CEDT.cxl')));
        expect(value.map((w) => [w.start, w.end - w.start + 1, w.ways, w.granularity])).toEqual([[0x110000000, 0x100000000, 1, 8192], [0x210000000, 0x100000000, 2, 8192]]);
    });

    withData('reads every table of the collection without a structural problem', () => {
        const bad: string[] = [];
        for (const version of readdirSync(join(shared, 'qemu-acpi')).filter((v) => !v.endsWith('.json'))) {
            for (const dir of readdirSync(join(shared, 'qemu-acpi', version), { recursive: true, encoding: 'utf8' })) {
                const name = dir.split('/').at(-1)!;
                const reader = ({ SRAT: parseSrat, SLIT: parseSlit, HMAT: parseHmat, NFIT: parseNfit, CEDT: parseCedt } as Record<string, (b: Uint8Array) => { problems: readonly unknown[] }>)[name.split('.')[0]!];
                if (!reader || !dir.includes('/')) continue;
                if (reader(read(join(shared, 'qemu-acpi', version, dir))).problems.length) bad.push(`${version}/${dir}`);
            }
        }
        expect(bad).toEqual([]);
    });
});

describe('damage', () => {
    it('never throws and says what is wrong for any bytes', () => {
        fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(readers.length - 1), (bytes, i) => {
            const { problems } = readers[i]!(bytes);
            expect(problems.length).toBeGreaterThan(0); // 200 random bytes never are a table with its signature
        }));
    });

    it('keeps the structures before a truncated one', () => {
        const table = new Uint8Array(36 + 12 + 16 + 8);
        table.set(new TextEncoder().encode('SRAT'));
        new DataView(table.buffer).setUint32(4, table.length, true);
        table[8] = 3;
        table.set([0, 16, 2, 7, 1, 0, 0, 0], 48); // CPU 7 in domain 2, enabled
        table.set([1, 40], 64); // a memory structure of 40 bytes of which 8 are there
        const { value, problems } = parseSrat(table);
        expect(value.cpus).toEqual([{ pxm: 2, apicId: 7 }]);
        expect(problems.map((p) => p.offset)).toContain(64);
    });
});

describe('HMAT units (HMAT-03)', () => {
    it.each([
        [0, 1000, 2, true, 0], [0xffff, 1000, 2, true, 0], [5, 1000, 2, true, 5], [5, 1, 2, true, 1], [7, 100, 2, false, 700], [5, 1, 1, true, 0], [3, 5, 1, true, 2],
    ])('entry %i × %i, revision %i', (entry, base, revision, latency, expected) => {
        expect(hmatValue(entry, base, revision, latency)).toBe(expected);
    });
});
