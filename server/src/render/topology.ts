// Nodes with what belongs to them, how far they are from each other, and what HMAT says of them: as tables of values.
import type { HmatCache, HmatValue } from '../kernel/machine.ts';
import { memoryTiers } from '../kernel/memory-tiers.ts';
import { nodeDistance } from '../kernel/numa.ts';
import { PAGE } from '../kernel/range.ts';
import { formatList } from '../kernel/snapshot.ts';
import type { KernelState } from '../kernel/state.ts';

export interface TopologyNode {
    readonly node: number;
    readonly online: boolean;
    /** As sysfs prints a list: `0-31,64`; empty for none. */
    readonly cpus: string;
    readonly cpuCount: number;
    /** Bytes in use as RAM; the part of them in zone Movable. */
    readonly ram: number;
    readonly movable: number;
    /** Bytes in memory blocks that are offline. */
    readonly offline: number;
    readonly zones: readonly string[];
    /** Number of the memory tier; undefined where the release has none, or the node no memory. */
    readonly tier?: number;
    readonly caches: readonly HmatCache[];
    /** A proximity domain without CPU and memory that starts memory accesses. */
    readonly genericInitiator: boolean;
}

export interface HeatMatrix {
    readonly attribute: HmatValue['attribute'];
    readonly title: string;
    readonly unit: 'ns' | 'MB/s';
    /** Nodes, in order. */
    readonly initiators: readonly number[];
    readonly targets: readonly number[];
    /** By initiator, then by target; undefined where the table says nothing. */
    readonly cells: readonly (readonly (HeatCell | undefined)[])[];
}

export interface HeatCell {
    readonly value: number;
    /** 0 is the best value of the matrix, 1 the worst; 0 where all are alike. */
    readonly heat: number;
}

export interface Topology {
    readonly nodes: readonly TopologyNode[];
    /** By node, among `nodes`; undefined between nodes the kernel has no distance for. */
    readonly distances: readonly (readonly (number | undefined)[])[];
    readonly matrices: readonly HeatMatrix[];
}

const TITLES: Readonly<Record<HmatValue['attribute'], readonly [string, 'ns' | 'MB/s']>> = {
    read_latency: ['read latency', 'ns'], write_latency: ['write latency', 'ns'], read_bandwidth: ['read bandwidth', 'MB/s'], write_bandwidth: ['write bandwidth', 'MB/s'],
};

export function topology(state: KernelState): Topology {
    const { numa, memory, machine } = state;
    const tierOf = new Map([...memoryTiers(state)].flatMap(([tier, nodes]) => nodes.map((n): [number, number] => [n, tier])));
    const pxmOf = new Map([...numa.pxmToNode].map(([pxm, node]) => [node, pxm]));
    const shown = [...new Set([...numa.online, ...numa.possible])].sort((a, b) => a - b);
    const nodes = shown.map((node): TopologyNode => {
        const zones = memory.zones.filter((z) => z.node === node && z.present > 0);
        const cpus = numa.nodeCpus.get(node) ?? [];
        const tier = tierOf.get(node);
        const pxm = pxmOf.get(node) ?? node;
        return {
            node, online: numa.online.includes(node), cpus: cpus.length === 0 ? '' : formatList(cpus), cpuCount: cpus.length,
            ram: zones.reduce((n, z) => n + z.present * PAGE, 0), movable: zones.reduce((n, z) => n + (z.zone === 'Movable' ? z.present * PAGE : 0), 0),
            offline: memory.blocks.reduce((n, b) => n + (b.state === 'offline' && b.nodes.at(-1) === node ? (b.last - b.first + 1) * memory.blockSize : 0), 0),
            zones: zones.map((z) => z.zone), ...(tier === undefined ? {} : { tier }), caches: (machine.hmat?.caches ?? []).filter((c) => c.target === pxm),
            genericInitiator: machine.srat?.genericInitiators?.includes(pxm) === true,
        };
    });
    return { nodes, distances: shown.map((a) => shown.map((b) => nodeDistance(numa, a, b))), matrices: matrices(state) };
}

function matrices(state: KernelState): HeatMatrix[] {
    const values = (state.machine.hmat?.values ?? []).filter((v) => v.value > 0);
    const node = (pxm: number): number => state.numa.pxmToNode.get(pxm) ?? pxm;
    return (Object.keys(TITLES) as HmatValue['attribute'][]).flatMap((attribute): HeatMatrix[] => {
        const own = values.filter((v) => v.attribute === attribute);
        if (own.length === 0) return [];
        const [title, unit] = TITLES[attribute];
        const sorted = (pick: (v: HmatValue) => number): number[] => [...new Set(own.map((v) => node(pick(v))))].sort((a, b) => a - b);
        const initiators = sorted((v) => v.initiator);
        const targets = sorted((v) => v.target);
        const byPair = new Map(own.map((v) => [`${node(v.initiator)} ${node(v.target)}`, v.value]));
        const least = Math.min(...own.map((v) => v.value));
        const most = Math.max(...own.map((v) => v.value));
        const heat = (value: number): number => (most === least ? 0 : unit === 'ns' ? (value - least) / (most - least) : (most - value) / (most - least));
        const cells = initiators.map((i) => targets.map((t) => {
            const value = byPair.get(`${i} ${t}`);
            return value === undefined ? undefined : { value, heat: heat(value) };
        }));
        return [{ attribute, title, unit, initiators, targets, cells }];
    });
}
