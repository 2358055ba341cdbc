import { describe, expect, it } from 'vitest';
import { boot } from '../../../server/src/kernel/boot.ts';
import type { Hmat, HmatValue } from '../../../server/src/kernel/machine.ts';
import { adistance } from '../../../server/src/kernel/memory-tiers.ts';
import { GiB } from '../../../server/src/kernel/range.ts';
import { snapshot, type NodeDocument } from '../../../server/src/kernel/snapshot.ts';
import { pc, sratMemory } from './boot-machine.ts';

/** Nodes 0 and 1 with a CPU each, node 2 without. */
const srat = {
    cpus: [{ pxm: 0, apicId: 0 }, { pxm: 1, apicId: 1 }],
    memory: [sratMemory(0, 0, 4 * GiB), sratMemory(1, 4 * GiB, 6 * GiB), sratMemory(2, 6 * GiB, 8 * GiB)],
};
const cell = (initiator: number, target: number, latency: number, bandwidth: number): HmatValue[] => [
    { initiator, target, attribute: 'read_latency', value: latency }, { initiator, target, attribute: 'write_latency', value: latency },
    { initiator, target, attribute: 'read_bandwidth', value: bandwidth }, { initiator, target, attribute: 'write_bandwidth', value: bandwidth },
];
const values = [...cell(0, 0, 10, 1000), ...cell(1, 0, 20, 500), ...cell(0, 1, 20, 500), ...cell(1, 1, 10, 1000), ...cell(0, 2, 40, 200), ...cell(1, 2, 40, 250)];
const nodes = (hmat: Hmat, kernel = '6.1', cmdline = ''): readonly NodeDocument[] => snapshot(boot(pc(4 * GiB, { srat, hmat, kernel, cmdline, cpus: 2 })).state).nodes;

describe('HMAT', () => {
    it('HMAT-04: the best initiators are linked, ties are broken by the next attribute', () => {
        const [n0, n1, n2] = nodes({ domains: [], values, caches: [] });
        expect(n0?.access0).toMatchObject({ initiators: [0], targets: [0], read_latency: 10, write_bandwidth: 1000 });
        expect(n1?.access0).toMatchObject({ initiators: [1], targets: [1, 2] });
        expect(n2?.access0, 'equal latency, more bandwidth from node 1').toMatchObject({ initiators: [1], read_latency: 40, read_bandwidth: 250 });
    });

    it('HMAT-04: a processor domain that the table names wins over better values', () => {
        const [, , n2] = nodes({ domains: [{ memory: 2, processor: 0 }], values, caches: [] });
        expect(n2?.access0).toMatchObject({ initiators: [0], read_bandwidth: 200 });
    });

    it('HMAT-05: class 1 exists since v5.10', () => {
        expect(nodes({ domains: [], values, caches: [] }, '5.6')[0]?.access1).toBeUndefined();
        expect(nodes({ domains: [], values, caches: [] })[0]?.access1?.initiators).toEqual([0]);
    });

    it('HMAT-07: caches as sysfs prints them', () => {
        const [, n1] = nodes({ domains: [], values, caches: [{ target: 1, level: 1, size: GiB, line: 64, associativity: 'direct', writePolicy: 'write-back' }] });
        expect(n1?.memory_side_cache).toEqual({ index1: { size: GiB, line_size: 64, indexing: 0, write_policy: 0 } });
    });

    it('HMAT-01, EFI-03: without a table, or with numa=nohmat, nothing is published', () => {
        expect(snapshot(boot(pc(4 * GiB, { srat, cpus: 2 })).state).nodes[0]?.access0).toBeUndefined();
        expect(nodes({ domains: [], values, caches: [] }, '6.1', 'numa=nohmat')[0]?.access0).toBeUndefined();
    });

    it('TIER-02: abstract distance from performance, integers from left to right', () => {
        const dram = { read_latency: 10, write_latency: 10, read_bandwidth: 102400, write_bandwidth: 102400 };
        expect(adistance({ read_latency: 40, write_latency: 40, read_bandwidth: 20480, write_bandwidth: 20480 }, dram) >> 7).toBe(90);
        expect(adistance(dram, dram) >> 7).toBe(4);
    });
});
