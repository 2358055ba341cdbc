// Memory tiers: nodes with online memory, grouped by how fast their memory is (TIER-01 … TIER-04).
import { overlaps, PAGE, rangeOf, type Range } from './range.ts';
import { DRIVER_MANAGED, walkMatching } from './resource.ts';
import type { AccessClass, KernelState } from './state.ts';

/** Abstract distance of DRAM, and of what kmem adds where nothing says better (TIER-01). */
const DRAM_ADISTANCE = 576;
const KMEM_ADISTANCE = 5 * DRAM_ADISTANCE;
/** Abstract distances that share a tier: 128. */
const CHUNK_BITS = 7;

type Performance = Readonly<Required<Pick<AccessClass, 'read_latency' | 'write_latency' | 'read_bandwidth' | 'write_bandwidth'>>>;

/** Performance as seen from the nearest CPU, where HMAT gives all four values. */
function performanceOf(state: KernelState, node: number): Performance | undefined {
    const a = state.numa.access.get(node)?.access1;
    if (!a?.read_latency || !a.write_latency || !a.read_bandwidth || !a.write_bandwidth) return undefined;
    return { read_latency: a.read_latency, write_latency: a.write_latency, read_bandwidth: a.read_bandwidth, write_bandwidth: a.write_bandwidth };
}

/** The DRAM that others are measured by: that of the nodes with CPUs, if they are alike within 10 % (TIER-02). */
function referenceDram(state: KernelState): Performance | undefined {
    let reference: Performance | undefined;
    for (const node of state.numa.hasCpu) {
        const own = performanceOf(state, node);
        if (!own) continue;
        reference ??= own;
        for (const key of Object.keys(own) as (keyof Performance)[]) {
            if (Math.abs(own[key] - reference[key]) * 10 > reference[key]) return undefined;
        }
    }
    return reference;
}

/** Abstract distance from performance (TIER-02): integer divisions from left to right. */
export function adistance(own: Performance, dram: Performance): number {
    const latency = Math.floor((DRAM_ADISTANCE * (own.read_latency + own.write_latency)) / (dram.read_latency + dram.write_latency));
    return Math.floor((latency * (dram.read_bandwidth + dram.write_bandwidth)) / (own.read_bandwidth + own.write_bandwidth));
}

/** Does all memory of a node come from kmem? */
function onlyKmem(state: KernelState, node: number, kmem: readonly Range[]): boolean {
    const { blocks, blockSize } = state.memory;
    const own = blocks.filter((b) => b.nodes.includes(node));
    return own.length > 0 && own.every((b) => kmem.some((k) => overlaps(k, rangeOf(b.first * blockSize, (b.last - b.first + 1) * blockSize))));
}

/** Tier directories and their node lists. */
export function memoryTiers(state: KernelState): ReadonlyMap<number, readonly number[]> {
    const tiers = new Map<number, number[]>();
    if (state.profile.memoryTiers !== 'tiers') return tiers;
    const kmem = walkMatching(state.iomem, { start: 0, end: state.iomem.root.end }, (r) => r.name === state.profile.kmemName && (r.flags & DRIVER_MANAGED) !== 0)
        .map((m) => m.piece);
    const dram = state.profile.hmatAdistance ? referenceDram(state) : undefined;
    const nodes = [...new Set(state.memory.zones.filter((z) => z.present * PAGE > 0).map((z) => z.node))].sort((a, b) => a - b);
    for (const node of nodes) {
        const own = dram && !state.numa.hasCpu.includes(node) ? performanceOf(state, node) : undefined;
        const distance = own && dram ? adistance(own, dram) : kmem.length > 0 && onlyKmem(state, node, kmem) ? KMEM_ADISTANCE : DRAM_ADISTANCE;
        const tier = distance >> CHUNK_BITS;
        tiers.set(tier, [...(tiers.get(tier) ?? []), node]);
    }
    return tiers;
}
