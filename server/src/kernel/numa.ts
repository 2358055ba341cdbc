// Nodes: who they are (SRAT, CXL windows), what memory is theirs, how far apart they are. Sizes and addresses in bytes.
import { lastParameter, type Parameter } from './cmdline.ts';
import type { CxlWindow, Machine, Srat } from './machine.ts';
import { emulateNodes } from './numa-emulation.ts';
import type { Profile } from './profile.ts';
import { intersect, MiB, type Range } from './range.ts';
import type { KernelState, NodeRange, NumaState } from './state.ts';

/** Distance of a node to itself and to others where no SLIT says better (NUMA-11). */
export const LOCAL_DISTANCE = 10;
export const REMOTE_DISTANCE = 20;
/** A node with less memory than this does not come online by it (NUMA-13). */
const NODE_MIN_SIZE = 4 * MiB;
/** RAM that SRAT may leave without a node (NUMA-03). */
const UNCOVERED_LIMIT = MiB;

/** What a NUMA description method found, before nodes are brought up. */
export interface NumaLayout {
    readonly pxmToNode: ReadonlyMap<number, number>;
    readonly parsed: ReadonlySet<number>;
    readonly meminfo: readonly NodeRange[];
    readonly reservedMeminfo: readonly NodeRange[];
    /** Node of each CPU; undefined: the table does not name it. */
    readonly cpuNode: readonly (number | undefined)[];
    /** Absent: 10 and 20. */
    readonly distance?: (from: number, to: number) => number;
    /** Memory of a node that emulation split, by fake node. */
    readonly physicalNode?: (node: number) => number;
    /** Ranges that SRAT marks as hot-pluggable (NUMA-01). */
    readonly hotplug: readonly Range[];
}

/** Numbers of the boot that NUMA discovery works on. */
export interface BootMemory {
    /** Boot RAM, sorted, disjoint, whole pages. */
    readonly ram: readonly Range[];
    /** End of RAM, exclusive (GEO-05). */
    readonly end: number;
    /** What blocks of meminfo are clipped to: since v6.12 from the first to the last byte of RAM, before [0, end of RAM) (NUMA-04). */
    readonly clip: Range;
}

/** Index of the first range that ends at or behind `address`. */
export function firstEndingAt(ranges: readonly Range[], address: number): number {
    let low = 0;
    let high = ranges.length;
    while (low < high) {
        const mid = (low + high) >> 1;
        if (ranges[mid]!.end < address) low = mid + 1;
        else high = mid;
    }
    return low;
}

/** Parts of `range` that lie in `ranges` (sorted, disjoint), in order. */
export function piecesWithin(ranges: readonly Range[], range: Range): Range[] {
    const out: Range[] = [];
    for (let i = firstEndingAt(ranges, range.start); i < ranges.length && ranges[i]!.start <= range.end; i++) {
        out.push(intersect(ranges[i]!, range)!);
    }
    return out;
}

function bytesWithin(ranges: readonly Range[], range: Range): number {
    return piecesWithin(ranges, range).reduce((sum, r) => sum + (r.end - r.start + 1), 0);
}

/** Is there any of `ranges` in `range`? */
function anyWithin(ranges: readonly Range[], range: Range): boolean {
    const i = firstEndingAt(ranges, range.start);
    return i < ranges.length && ranges[i]!.start <= range.end;
}

/** Proximity domains to nodes, in order of first appearance: CPUs and initiators, then memory (NUMA-01). */
function numberNodes(srat: Srat): Map<number, number> {
    const map = new Map<number, number>();
    const name = (pxm: number): void => {
        if (!map.has(pxm)) map.set(pxm, map.size);
    };
    for (const cpu of srat.cpus) name(cpu.pxm);
    for (const pxm of srat.genericInitiators ?? []) name(pxm);
    for (const memory of srat.memory) name(memory.pxm);
    return map;
}

/** Nodes for CXL windows that SRAT does not describe: one each, behind the others (CXL-02). */
function cxlNodes(windows: readonly CxlWindow[], pxmToNode: Map<number, number>, blocks: readonly NodeRange[]): NodeRange[] {
    let pxm = Math.max(-1, ...pxmToNode.keys()) + 1;
    const added: NodeRange[] = [];
    for (const window of windows) {
        if ([...blocks, ...added].some((b) => b.start <= window.start && window.start <= b.end)) continue;
        const node = pxmToNode.size;
        pxmToNode.set(pxm++, node);
        added.push({ start: window.start, end: window.end, node });
    }
    return added;
}

/** SLIT is used only when all of it is sound: 10 on the diagonal, more elsewhere (NUMA-11). */
function slitValid(slit: readonly (readonly number[])[]): boolean {
    return slit.every((row, from) => row.every((value, to) => (from === to ? value === LOCAL_DISTANCE : value > LOCAL_DISTANCE)));
}

function slitDistance(slit: readonly (readonly number[])[] | undefined, pxmToNode: ReadonlyMap<number, number>): ((from: number, to: number) => number) | undefined {
    if (!slit || !slitValid(slit)) return undefined;
    const nodeToPxm: number[] = [];
    for (const [pxm, node] of pxmToNode) nodeToPxm[node] = pxm;
    return (from, to) => {
        const value = slit[nodeToPxm[from] ?? -1]?.[nodeToPxm[to] ?? -1];
        if (value !== undefined && value <= 255) return value;
        return from === to ? LOCAL_DISTANCE : REMOTE_DISTANCE;
    };
}

export type Cleaned = { readonly ok: true; readonly meminfo: readonly NodeRange[]; readonly reserved: readonly NodeRange[] } | { readonly ok: false; readonly message: string };

/**
 * Sorts SRAT blocks into those with boot RAM and the reserved rest, clips the former, and joins blocks of
 * one node unless another node lies between them (NUMA-02, NUMA-04).
 */
export function cleanMeminfo(blocks: readonly NodeRange[], memory: BootMemory): Cleaned {
    const reserved: NodeRange[] = [];
    const kept: NodeRange[] = [];
    for (const block of blocks) {
        if (!anyWithin(memory.ram, block)) {
            reserved.push(block);
            continue;
        }
        if (block.end > memory.clip.end) reserved.push({ node: block.node, start: memory.clip.end + 1, end: block.end });
        const clipped = intersect(block, memory.clip);
        if (clipped) kept.push({ ...clipped, node: block.node });
    }
    kept.sort((a, b) => a.start - b.start);
    const joined: { node: number; start: number; end: number }[] = [];
    for (const block of kept) {
        const last = joined.at(-1);
        if (last && block.start <= last.end && last.node !== block.node) {
            return { ok: false, message: `node ${last.node} overlaps with node ${block.node}` };
        }
        if (last && last.node === block.node) last.end = Math.max(last.end, block.end);
        else joined.push({ ...block });
    }
    return { ok: true, meminfo: joined, reserved: reserved.filter((r) => r.end >= r.start).sort((a, b) => a.start - b.start) };
}

/** Does the description give (nearly) all RAM a node? (NUMA-03) */
function covers(meminfo: readonly NodeRange[], memory: BootMemory): boolean {
    const all = memory.ram.reduce((sum, r) => sum + (r.end - r.start + 1), 0);
    const covered = meminfo.reduce((sum, b) => sum + bytesWithin(memory.ram, b), 0);
    return all - covered < UNCOVERED_LIMIT;
}

/** The layout of SRAT, or why it cannot be used. */
function sratLayout(machine: Machine, profile: Profile, memory: BootMemory): NumaLayout | undefined {
    const srat = machine.srat;
    if (!srat || srat.memory.length === 0) return undefined;
    const pxmToNode = numberNodes(srat);
    const blocks = srat.memory.map((m): NodeRange => ({ start: m.start, end: m.end, node: pxmToNode.get(m.pxm)! }));
    if (profile.cxlWindows) blocks.push(...cxlNodes(machine.cxlWindows, pxmToNode, blocks));
    const cleaned = cleanMeminfo(blocks, memory);
    if (!cleaned.ok || !covers(cleaned.meminfo, memory)) return undefined;
    const cpus = [...srat.cpus].sort((a, b) => a.apicId - b.apicId);
    const distance = slitDistance(machine.slit, pxmToNode);
    return {
        pxmToNode, parsed: new Set(pxmToNode.values()), meminfo: cleaned.meminfo, reservedMeminfo: cleaned.reserved,
        cpuNode: Array.from({ length: machine.cpus }, (_, cpu) => cpus[cpu] && pxmToNode.get(cpus[cpu].pxm)),
        ...(distance ? { distance } : {}),
        hotplug: srat.memory.filter((m) => m.hotplug).map(({ start, end }) => ({ start, end })),
    };
}

/** One node over everything below the end of RAM (NUMA-05). */
function dummyLayout(machine: Machine, memory: BootMemory): NumaLayout {
    const cleaned = cleanMeminfo([{ start: 0, end: Math.max(0, memory.end - 1), node: 0 }], memory);
    return {
        pxmToNode: new Map(), parsed: new Set([0]), meminfo: cleaned.ok ? cleaned.meminfo : [], reservedMeminfo: cleaned.ok ? cleaned.reserved : [],
        cpuNode: Array.from({ length: machine.cpus }, () => 0), hotplug: [],
    };
}

/** Values of `numa=`, in order. */
function numaOptions(parameters: readonly Parameter[]): string[] {
    return parameters.filter((p) => p.name === 'numa').map((p) => p.value ?? '');
}

/** NUMA discovery, emulation and the bringing up of nodes (NUMA-01 … NUMA-12). */
export function initNuma(machine: Machine, profile: Profile, parameters: readonly Parameter[], memory: BootMemory): NumaState & { readonly hotplugRanges: readonly Range[] } {
    const options = numaOptions(parameters);
    const acpi = !options.includes('off') && !options.includes('noacpi') && lastParameter(parameters, 'acpi') !== 'off';
    const found = (acpi ? sratLayout(machine, profile, memory) : undefined) ?? dummyLayout(machine, memory);
    const fake = options.findLast((o) => o.startsWith('fake='));
    const layout = fake === undefined ? found : emulateNodes(found, fake.slice('fake='.length), memory);
    return { ...bringUp(layout, machine), hotplugRanges: layout.hotplug };
}

function bringUp(layout: NumaLayout, machine: Machine): NumaState {
    const possible = new Set([...layout.parsed, ...layout.meminfo.map((b) => b.node)]);
    const span = new Map<number, Range>();
    for (const b of layout.meminfo) {
        const s = span.get(b.node);
        span.set(b.node, s ? { start: Math.min(s.start, b.start), end: Math.max(s.end, b.end) } : b);
    }
    const online = new Set([...span].filter(([, s]) => s.end - s.start + 1 >= NODE_MIN_SIZE).map(([node]) => node));
    const cpuNode = layout.cpuNode.map((node) => node ?? 0);
    const nodeCpus = new Map<number, number[]>();
    const physical = layout.physicalNode;
    cpuNode.forEach((node, cpu) => {
        // Under emulation every fake node of the CPU's physical node lists the CPU (NUMA-12).
        const on = physical ? [...online].filter((n) => physical(n) === physical(node)) : [node];
        for (const n of on) {
            const cpus = nodeCpus.get(n);
            if (cpus) cpus.push(cpu);
            else nodeCpus.set(n, [cpu]);
        }
        online.add(node);
        possible.add(node);
    });
    for (const pxm of machine.srat?.genericInitiators ?? []) {
        const node = layout.pxmToNode.get(pxm);
        if (node !== undefined) online.add(node);
    }
    // The mask is made when only the first CPU runs, from the lists; each later CPU then adds the one node it is on.
    const hasCpu = new Set(cpuNode.length > 0 ? [...nodeCpus].filter(([, cpus]) => cpus.includes(0)).map(([node]) => node) : []);
    for (const node of cpuNode.slice(1)) hasCpu.add(node);
    const numbers = (set: Iterable<number>): number[] => [...set].sort((a, b) => a - b);
    const nodes = numbers(possible);
    const size = (nodes.at(-1) ?? 0) + 1;
    const { distance: given } = layout;
    const distance = given && Array.from({ length: size }, (_, from) => Array.from({ length: size }, (__, to) => given(from, to)));
    return {
        pxmToNode: layout.pxmToNode, meminfo: layout.meminfo, reservedMeminfo: layout.reservedMeminfo, possible: nodes, online: numbers(online),
        cpuNode, hasCpu: numbers(hasCpu), nodeCpus, ...(distance ? { distance } : {}), access: new Map(),
    };
}

function nodeAt(blocks: readonly NodeRange[], address: number): number | undefined {
    return blocks.find((b) => b.start <= address && address <= b.end)?.node;
}

/** Node that device memory at `address` is meant for; −1 when nothing names it (NUMA-06). */
export function physToTargetNode(state: KernelState, address: number): number {
    const { meminfo, reservedMeminfo } = state.numa;
    const boot = nodeAt(meminfo, address);
    switch (state.profile.targetNode) {
        case 'fallback': return boot ?? meminfo[0]?.node ?? 0;
        case 'meminfo-first': return boot ?? nodeAt(reservedMeminfo, address) ?? -1;
        case 'reserved-wins': return nodeAt(reservedMeminfo, address) ?? boot ?? -1;
    }
}

/** Node that ACPI and legacy hot-add give memory at `address`; falls back to that of the first block of meminfo (NUMA-07). */
export function memoryAddPhysaddrToNid(state: KernelState, address: number): number {
    return nodeAt(state.numa.meminfo, address) ?? state.numa.meminfo[0]?.node ?? 0;
}

/** As node_distance() answers (NUMA-11). Without a table, and outside it, a node is 10 from itself and 20 from any other. */
export function nodeDistance({ distance }: Pick<NumaState, 'distance'>, from: number, to: number): number {
    return distance?.[from]?.[to] ?? (from === to ? LOCAL_DISTANCE : REMOTE_DISTANCE);
}

/** Nearest online node, lowest id on ties; −1 stays −1 (NUMA-10). */
export function mapToOnlineNode(state: KernelState, node: number): number {
    const { online } = state.numa;
    if (node < 0 || online.includes(node)) return node;
    let best = -1;
    let least = Infinity;
    for (const candidate of online) {
        const d = nodeDistance(state.numa, node, candidate);
        if (d < least) {
            best = candidate;
            least = d;
        }
    }
    return best;
}
