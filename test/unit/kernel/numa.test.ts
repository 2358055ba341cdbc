import { describe, expect, it } from 'vitest';
import { boot } from '../../../server/src/kernel/boot.ts';
import type { Machine } from '../../../server/src/kernel/machine.ts';
import { mapToOnlineNode, memoryAddPhysaddrToNid, nodeDistance, physToTargetNode } from '../../../server/src/kernel/numa.ts';
import { GiB, MiB } from '../../../server/src/kernel/range.ts';
import type { KernelState } from '../../../server/src/kernel/state.ts';
import { pc, sratMemory } from './boot-machine.ts';

const cpu = (pxm: number, apicId = pxm): { pxm: number; apicId: number } => ({ pxm, apicId });
const numa = (machine: Machine): KernelState['numa'] => boot(machine).state.numa;
const meminfo = (machine: Machine): string[] => numa(machine).meminfo.map((b) => `${b.node}: ${b.start / MiB}-${(b.end + 1) / MiB}`);

describe('nodes', () => {
    it('NUMA-01: are numbered by first appearance, CPUs before memory', () => {
        const srat = { cpus: [cpu(7, 0), cpu(3, 1)], memory: [sratMemory(3, 0, 4 * GiB), sratMemory(1, 4 * GiB, 6 * GiB), sratMemory(7, 6 * GiB, 8 * GiB)] };
        expect([...numa(pc(4 * GiB, { srat, cpus: 2 })).pxmToNode]).toEqual([[7, 0], [3, 1], [1, 2]]);
    });

    it('NUMA-02: overlapping nodes make SRAT unusable, overlapping blocks of one node do not', () => {
        const over = { cpus: [cpu(0)], memory: [sratMemory(0, 0, 5 * GiB), sratMemory(1, 4 * GiB, 8 * GiB)] };
        expect(numa(pc(4 * GiB, { srat: over })).possible).toEqual([0]);
        const same = { cpus: [cpu(0)], memory: [sratMemory(0, 0, 5 * GiB), sratMemory(0, 4 * GiB, 8 * GiB)] };
        expect(meminfo(pc(4 * GiB, { srat: same }))).toEqual(['0: 0-8192']);
    });

    it('NUMA-03: SRAT that leaves RAM without a node is dropped', () => {
        const srat = { cpus: [cpu(0), cpu(1)], memory: [sratMemory(0, 0, 2 * GiB), sratMemory(1, 4 * GiB, 7 * GiB)] };
        expect(numa(pc(4 * GiB, { srat, cpus: 2 })).possible).toEqual([0]);
        expect(numa(pc(3 * GiB, { srat, cpus: 2 })).possible).toEqual([0, 1]);
    });

    it('NUMA-04: blocks without boot RAM are kept apart, and RAM blocks end at the end of RAM', () => {
        const srat = { cpus: [cpu(0)], memory: [sratMemory(0, 0, 2 * GiB), sratMemory(0, 4 * GiB, 10 * GiB), sratMemory(1, 16 * GiB, 32 * GiB, true)] };
        const { reservedMeminfo, online, possible } = numa(pc(4 * GiB, { srat }));
        expect(meminfo(pc(4 * GiB, { srat }))).toEqual(['0: 0-8192']);
        expect(reservedMeminfo.map((b) => [b.node, b.start / GiB, (b.end + 1) / GiB])).toEqual([[0, 8, 10], [1, 16, 32]]);
        expect([possible, online]).toEqual([[0, 1], [0]]);
    });

    it('NUMA-05, NUMA-08: without SRAT one node ends with RAM; behind it there is no node', () => {
        const { state } = boot(pc(4 * GiB));
        expect(physToTargetNode(state, 5 * GiB)).toBe(0);
        expect(physToTargetNode(state, 8 * GiB)).toBe(-1);
        expect(memoryAddPhysaddrToNid(state, 8 * GiB)).toBe(0);
    });

    it('NUMA-06: where both know an address, v6.12 prefers what is reserved', () => {
        const srat = { cpus: [cpu(0)], memory: [sratMemory(0, 0, 8 * GiB), sratMemory(1, 8 * GiB, 16 * GiB)] };
        for (const [kernel, node] of [['5.1', 0], ['6.1', 1], ['7.2', 1]] as const) {
            expect(physToTargetNode(boot(pc(4 * GiB, { srat, kernel })).state, 9 * GiB), kernel).toBe(node);
        }
    });

    it('NUMA-10: an offline node maps to the nearest online one, the lowest on ties', () => {
        const memory = [sratMemory(0, 0, 4 * GiB), sratMemory(1, 4 * GiB, 8 * GiB), sratMemory(2, 8 * GiB, 16 * GiB)];
        const srat = { cpus: [cpu(0)], memory };
        const near = boot(pc(4 * GiB, { srat, slit: [[10, 20, 30], [20, 10, 15], [30, 15, 10]] })).state;
        expect([mapToOnlineNode(near, 2), mapToOnlineNode(near, 0), mapToOnlineNode(near, -1)]).toEqual([1, 0, -1]);
        expect(mapToOnlineNode(boot(pc(4 * GiB, { srat })).state, 2)).toBe(0);
    });

    it('NUMA-11: a SLIT with one wrong entry is not used at all; asymmetry is fine', () => {
        const srat = { cpus: [cpu(0)], memory: [sratMemory(0, 0, 4 * GiB), sratMemory(1, 4 * GiB, 8 * GiB)] };
        const distances = (slit: number[][]): number[][] => {
            const state = numa(pc(4 * GiB, { srat, slit }));
            return state.online.map((from) => state.online.map((to) => nodeDistance(state, from, to)));
        };
        expect(distances([[10, 12], [17, 10]])).toEqual([[10, 12], [17, 10]]);
        expect(distances([[10, 10], [17, 10]])).toEqual([[10, 20], [20, 10]]);
        expect(distances([[11, 12], [17, 10]])).toEqual([[10, 20], [20, 10]]);
    });

    it('NUMA-12: fake nodes split RAM, keep a CPU of their physical node, and stand at its distances', () => {
        const two = { cpus: [cpu(0), cpu(1)], memory: [sratMemory(0, 0, 6 * GiB), sratMemory(1, 6 * GiB, 8 * GiB)] };
        const fake = numa(pc(4 * GiB, { srat: two, cpus: 2, slit: [[10, 30], [30, 10]], cmdline: 'numa=fake=2U' }));
        expect(fake.possible).toEqual([0, 1, 2, 3]);
        expect(fake.distance?.[0]).toEqual([10, 10, 30, 30]);
        expect([...fake.nodeCpus].map(([n, c]) => `${n}:${c.join(',')}`).sort()).toEqual(['0:0', '1:0', '2:1', '3:1']);
        expect(meminfo(pc(6 * GiB, { cmdline: 'numa=fake=4' })).length).toBe(4);
        expect(meminfo(pc(6 * GiB, { cmdline: 'numa=fake=0' }))).toEqual(['0: 0-10240']);
        expect(meminfo(pc(6 * GiB, { cmdline: 'numa=fake=1000' })).length, 'too little memory for so many').toBeLessThan(300);
    });

    it('numa=off ignores SRAT', () => {
        const srat = { cpus: [cpu(0)], memory: [sratMemory(0, 0, 4 * GiB), sratMemory(1, 4 * GiB, 8 * GiB)] };
        expect(numa(pc(4 * GiB, { srat, cmdline: 'numa=off' })).possible).toEqual([0]);
    });

    it('CXL-02: a CXL window that SRAT does not name is a node of its own', () => {
        const srat = { cpus: [cpu(0)], memory: [sratMemory(0, 0, 8 * GiB)] };
        const cxlWindows = [{ index: 0, start: 64 * GiB, end: 128 * GiB - 1 }];
        expect(numa(pc(4 * GiB, { srat, cxlWindows })).possible).toEqual([0, 1]);
        expect(numa(pc(4 * GiB, { srat, cxlWindows, kernel: '5.10' })).possible).toEqual([0]);
        const { state } = boot(pc(4 * GiB, { srat, cxlWindows }));
        expect(physToTargetNode(state, 100 * GiB)).toBe(1);
    });
});
