import { describe, expect, it } from 'vitest';
import { GiB, MiB } from '../../../server/src/kernel/range.ts';
import { humanSize, lsmemText } from '../../../server/src/render/lsmem.ts';
import { numactlText } from '../../../server/src/render/numactl.ts';
import { drawTopology } from '../../../server/src/render/svg-topology.ts';
import { topology } from '../../../server/src/render/topology.ts';
import { bootWith, runsOfExample, runsOfText } from './pictures.ts';

const run = runsOfExample('two-tier.memtopo')[0]!;
const booted = run.boot.state;

describe('topology', () => {
    it('has nodes with CPUs, memory and caches, and distances', () => {
        const t = topology(booted);
        expect(t.nodes.find((n) => n.node === 0)).toMatchObject({ online: true, cpus: '0-31', cpuCount: 32 });
        expect(t.nodes.find((n) => n.node === 2)!.caches).toEqual([expect.objectContaining({ level: 1, size: 16 * GiB })]);
        expect(t.distances[0]![1]).toBe(21);
        expect(t.distances[1]![0]).toBe(21);
    });

    it('has the matrices of HMAT with the best value coldest', () => {
        const latency = topology(booted).matrices.find((m) => m.attribute === 'read_latency')!;
        expect(latency).toMatchObject({ unit: 'ns', initiators: [0, 1], targets: [2], cells: [[{ value: 90, heat: 0 }], [{ value: 160, heat: 1 }]] });
        const bandwidth = topology(booted).matrices.find((m) => m.attribute === 'read_bandwidth')!;
        expect(bandwidth.cells).toEqual([[{ value: 400_000, heat: 0 }], [{ value: 180_000, heat: 1 }]]);
    });

    it.each([400, 1400])('draws sixteen nodes with every number in sight (%i wide)', (width) => {
        const nodes = Array.from({ length: 16 }, (_, i) => `node ${i} { ${i < 8 ? `cpus ${i}` : ''} memory at ${i * 8}G size ${i === 0 ? '2G' : '8G'} }`);
        const targets = Array.from({ length: 16 }, (_, i) => `target ${i} { ${Array.from({ length: 8 }, (__, k) => `initiator ${k} { latency ${90 + Math.abs(i - k) * 11}ns  bandwidth ${200 - Math.abs(i - k) * 9}GB/s }`).join('\n')} }`);
        const [many] = runsOfText(`platform hbm {\n kernel 6.12\n ${[...nodes, ...targets].join('\n ')}\n}\n`);
        const { elements } = drawTopology(topology(many!.boot.state), width, { theme: 'light' });
        const svg = elements.join('');
        expect(svg).toContain('read bandwidth (GB/s)');
        expect(svg).toContain('>200<');
        expect(svg).not.toContain('…');
    });

    it('has no matrix without HMAT', () => {
        expect(topology(bootWith([])).matrices).toEqual([]);
    });
});

describe('numactl -H', () => {
    it('prints nodes and distances as the tool does', () => {
        const lines = numactlText(booted).split('\n');
        expect(lines[0]).toMatch(/^available: \d+ nodes \([\d,-]+\)$/);
        expect(lines[1]).toBe(`node 0 cpus:${Array.from({ length: 32 }, (_, i) => ` ${i}`).join('')}`);
        expect(lines).toContain('node distances:');
        expect(lines[lines.indexOf('node distances:') + 2]).toMatch(/^ {2}0: {2}10 {2}21 /);
    });
});

describe('lsmem', () => {
    it('prints runs of blocks and sums as the tool does', () => {
        const text = lsmemText(bootWith([]));
        expect(text).toBe(`RANGE                                  SIZE  STATE REMOVABLE BLOCK
0x0000000000000000-0x000000007fffffff    2G online       yes  0-15

Memory block size:       128M
Total online memory:       2G
Total offline memory:      0B
`);
    });

    it.each([[0, '0B'], [128 * MiB, '128M'], [1.5 * GiB, '1.5G'], [1.96 * GiB, '2G'], [3840 * MiB, '3.8G'], [1024 * GiB, '1T']])('%d bytes are %s', (bytes, text) => {
        expect(humanSize(bytes)).toBe(text);
    });
});
