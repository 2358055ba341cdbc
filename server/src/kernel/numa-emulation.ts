// numa=fake: boot memory split into nodes that the machine does not have (NUMA-12). Addresses in bytes, ends exclusive in here.
import { parseNumber, parseSize } from './cmdline.ts';
import { type BootMemory, cleanMeminfo, LOCAL_DISTANCE, type NumaLayout, piecesWithin, REMOTE_DISTANCE } from './numa.ts';
import { alignDown, alignUp, GiB, MiB, PAGE } from './range.ts';
import type { NodeRange } from './state.ts';

/** Fake nodes are multiples of this, where memory allows. */
const FAKE_NODE_MIN = 32 * MiB;
const DMA32_END = 4 * GiB;
/** Nodes that a kernel can have (NODES_SHIFT 10). */
const MAX_NODES = 1024;

interface Block { start: number; end: number; node: number }

/** The splitting in progress: what is left of the physical blocks, and the fake ones so far. */
class Splitter {
    readonly fake: NodeRange[] = [];
    /** Physical node of each fake one. */
    readonly physical = new Map<number, number>();
    readonly left: Block[];
    private readonly memory: BootMemory;

    constructor(layout: NumaLayout, memory: BootMemory) {
        this.left = layout.meminfo.map((b) => ({ start: b.start, end: b.end + 1, node: b.node }));
        this.memory = memory;
    }

    /** Bytes of [start, end) that are not RAM. */
    hole(start: number, end: number): number {
        if (end <= start) return 0;
        return piecesWithin(this.memory.ram, { start, end: end - 1 }).reduce((rest, r) => rest - (r.end - r.start + 1), end - start);
    }

    ram(start: number, end: number): number {
        return end - start - this.hole(start, end);
    }

    first(node: number): Block | undefined {
        return this.left.find((b) => b.node === node);
    }

    take(block: Block, fake: number, end: number): void {
        this.fake.push({ start: block.start, end: end - 1, node: fake });
        if (!this.physical.has(fake)) this.physical.set(fake, block.node);
        block.start = end;
        if (block.start >= block.end) this.left.splice(this.left.indexOf(block), 1);
    }

    /** Too little DMA32 memory behind `end` for a node of its own: it is added to this one. */
    withDma32(end: number): number {
        return end < DMA32_END && this.ram(end, DMA32_END) < FAKE_NODE_MIN ? DMA32_END : end;
    }

    /** Grows [start, end) in steps until it holds `size` of RAM, or the block ends. */
    grow(start: number, end: number, limit: number, size: number): number {
        while (this.ram(start, end) < size) {
            end += FAKE_NODE_MIN;
            if (end > limit) return limit;
        }
        return end;
    }

    /** Takes fake nodes from each physical node in turn until none is left. */
    rounds(nodes: readonly number[], cut: (block: Block, count: number) => number, number: (count: number) => number): number {
        let count = 0;
        for (let active = nodes; active.length > 0;) {
            active = active.filter((node) => {
                const block = this.first(node);
                if (!block) return false;
                this.take(block, number(count), Math.min(cut(block, count), block.end));
                count++;
                return true;
            });
        }
        return count;
    }
}

/** `numa=fake=N`: N nodes of about equal RAM, spread over the physical nodes. */
function splitByCount(s: Splitter, nodes: readonly number[], end: number, wanted: number): boolean {
    if (wanted <= 0) return false;
    const count = Math.min(wanted, MAX_NODES);
    const even = Math.floor(s.ram(0, end) / PAGE / count) * PAGE;
    const big = Math.floor(((even % FAKE_NODE_MIN) * count) / FAKE_NODE_MIN);
    const size = alignDown(even, FAKE_NODE_MIN);
    if (size === 0) return false;
    s.rounds(nodes, (block, n) => {
        const grown = s.grow(block.start, block.start + size + (n < big ? FAKE_NODE_MIN : 0), block.end, size);
        const cut = s.withDma32(grown);
        return s.ram(cut, Math.max(cut, block.end)) < size ? block.end : cut;
    }, (n) => n % count);
    return true;
}

/** `numa=fake=1G`: nodes of at least this much RAM. */
function splitBySize(s: Splitter, nodes: readonly number[], end: number, wanted: number): boolean {
    if (wanted <= 0) return false;
    const least = alignUp(Math.max(Math.floor(s.ram(0, end) / PAGE / MAX_NODES) * PAGE, FAKE_NODE_MIN), FAKE_NODE_MIN);
    const size = alignDown(Math.max(wanted, least), FAKE_NODE_MIN);
    s.rounds(nodes, (block) => {
        const cut = s.withDma32(s.grow(block.start, block.start + size, block.end, size));
        return s.ram(cut, Math.max(cut, block.end)) < size ? block.end : cut;
    }, (n) => n % MAX_NODES);
    return true;
}

/** `numa=fake=2U`: each physical node by capacity, holes included, into this many. */
function splitUniformly(s: Splitter, nodes: readonly number[], wanted: number): boolean {
    let next = 0;
    for (const _ of nodes) {
        const first = s.left[0];
        if (!first || wanted <= 0) return false;
        const even = Math.floor((first.end - first.start) / PAGE / wanted) * PAGE;
        const size = alignUp(Math.max(even, FAKE_NODE_MIN), FAKE_NODE_MIN);
        const from = next;
        next += s.rounds([first.node], (block) => s.withDma32(block.start + size), (n) => (from + n) % MAX_NODES);
        if (next < wanted) return false;
    }
    return true;
}

/** Distances behind `:` in the option, row by row; the last number of a list does not count, as no comma follows it. */
function givenDistances(text: string): number[] {
    const numbers = text.split(',');
    return numbers.slice(0, -1).map(Number).filter((n) => Number.isFinite(n));
}

/** The layout under `numa=fake=SPEC`; the layout as it is when SPEC asks for nothing possible. */
export function emulateNodes(layout: NumaLayout, spec: string, memory: BootMemory): NumaLayout {
    const splitter = new Splitter(layout, memory);
    const nodes = [...layout.parsed].sort((a, b) => a - b);
    const count = parseNumber(spec).value;
    const done = /U/.test(spec) ? splitUniformly(splitter, nodes, count)
        : /[MG]/.test(spec) ? splitBySize(splitter, nodes, memory.end, parseSize(spec).value)
            : splitByCount(splitter, nodes, memory.end, count);
    const cleaned = done ? cleanMeminfo(splitter.fake, memory) : undefined;
    if (!cleaned?.ok) return layout;
    const physical = splitter.physical;
    const fallback = [...physical.values()][0] ?? 0;
    const physicalNode = (node: number): number => physical.get(node) ?? fallback;
    const firstFake = (node: number | undefined): number | undefined =>
        node === undefined ? undefined : [...physical].filter(([, p]) => p === node).map(([fake]) => fake).sort((a, b) => a - b)[0] ?? 0;
    const colon = spec.indexOf(':');
    const given = colon < 0 ? [] : givenDistances(spec.slice(colon + 1));
    const size = Math.max(...physical.keys()) + 1;
    const between = (a: number, b: number): number => layout.distance?.(a, b) ?? (a === b ? LOCAL_DISTANCE : REMOTE_DISTANCE);
    return {
        ...layout,
        parsed: new Set(cleaned.meminfo.map((b) => b.node)),
        meminfo: cleaned.meminfo,
        // Reserved ranges keep the ids of physical nodes.
        reservedMeminfo: [...layout.reservedMeminfo, ...cleaned.reserved].sort((a, b) => a.start - b.start),
        cpuNode: layout.cpuNode.map(firstFake),
        distance: (from, to) => (from === to ? LOCAL_DISTANCE : given[from * size + to] ?? between(physicalNode(from), physicalNode(to))),
        physicalNode,
    };
}
