// Boot memory that the kernel itself keeps, so that its blocks cannot go offline: what was handed out before the page allocator
// ran, from the top of each node downwards, and the first pages of the zone that kernel data comes from (ZONE-03).
import { lastParameter, type Parameter, parseSize } from './cmdline.ts';
import type { Profile } from './profile.ts';
import { alignDown, alignUp, GiB, MiB, PAGE, type Range, SECTION } from './range.ts';
import type { BlockRun, NodeRange, NumaState, Zone } from './state.ts';

/** struct pages of one section (GEO-08). */
const SECTION_MEMMAP = 2 * MiB;
/** What is laid out in huge pages begins on one: struct pages, per-CPU areas. */
const HUGE = 2 * MiB;
/** Bookkeeping of sections and nodes. */
const BOOT_TABLES = 3 * MiB;
/** What the page allocator hands to the kernel while it starts. */
const FIRST_PAGES = 16 * MiB;
/** What boot loaders leave at the top of low memory: the initial file system. */
const LOADED = 32 * MiB;
/** Bounce buffers for devices that reach 4 GiB only, and what a crash kernel gets for its own. */
const BOUNCE = 64 * MiB;
const CRASH_LOW = 256 * MiB;
const CRASH_ALIGN = 16 * MiB;
/** A log of this size is part of the kernel image. */
const BUILT_IN_LOG = 128 * 1024;

/** The top `bytes` of a node's RAM, from its last piece downwards. */
function top(ram: readonly NodeRange[], bytes: number): Range[] {
    const out: Range[] = [];
    for (let i = ram.length - 1; i >= 0 && bytes > 0; i--) {
        const piece = ram[i]!;
        const start = Math.max(piece.start, piece.end + 1 - bytes);
        bytes -= piece.end + 1 - start;
        out.push({ start, end: piece.end });
    }
    return out;
}

/** Bytes of struct pages for a node: one memmap for each section that it has memory in. */
function memmapOf(ram: readonly NodeRange[]): number {
    let sections = 0;
    let last = -1;
    for (const piece of ram) {
        const from = Math.max(Math.floor(piece.start / SECTION), last + 1);
        const to = Math.floor(piece.end / SECTION);
        sections += Math.max(0, to - from + 1);
        last = Math.max(last, to);
    }
    return sections * SECTION_MEMMAP;
}

/** Memory that `crashkernel=SIZE[@START]` keeps: below 4 GiB under what the boot loader put at the top of it, or below `top` (`,high`). */
function crashKernel(parameters: readonly Parameter[], pieces: readonly NodeRange[], top: number): { readonly ranges: readonly Range[]; readonly high?: number } {
    const out: Range[] = [];
    const below = (end: number, size: number): number => {
        const start = alignDown(Math.max(0, end - size), CRASH_ALIGN);
        if (size > 0) out.push({ start, end: start + size - 1 });
        return start;
    };
    const low = (size: number): void => {
        const last = pieces.findLast((p) => p.end < 4 * GiB);
        if (last) below(last.end + 1 - LOADED, size);
    };
    let plain: string | undefined;
    let highSize = 0;
    let lowSize: number | undefined;
    for (const p of parameters) {
        if (p.name !== 'crashkernel' || p.value === undefined) continue;
        if (p.value.endsWith(',high')) highSize = parseSize(p.value).value;
        else if (p.value.endsWith(',low')) lowSize = parseSize(p.value).value;
        else plain = p.value;
    }
    if (plain !== undefined) {
        const size = parseSize(plain);
        const at = plain.charAt(size.length) === '@' ? parseSize(plain.slice(size.length + 1)).value : undefined;
        if (at === undefined) low(size.value);
        else if (size.value > 0) out.push({ start: at, end: at + size.value - 1 });
    } else if (highSize > 0) {
        const high = below(top, highSize);
        if (high >= 4 * GiB) low(lowSize ?? CRASH_LOW);
        return { ranges: out, high };
    }
    return { ranges: out };
}

/** Bytes of a log that `log_buf_len=` makes larger than the built-in one, with the descriptors of its records. */
function logBuffer(parameters: readonly Parameter[], profile: Profile): number {
    const { value } = parseSize(lastParameter(parameters, 'log_buf_len') ?? '');
    return value > BUILT_IN_LOG ? powerOfTwo(value) * profile.logBytesPerByte : 0;
}

/** Bytes of the hash tables for directory entries and inodes: a bucket of 8 bytes for every 2 and every 4 pages, fewer above 64 GiB. */
function hashTables(ram: number): number {
    const pages = alignUp(ram - (ram * SECTION_MEMMAP) / SECTION, MiB) / PAGE;
    let scale = 1;
    for (let most = (64 * GiB) / PAGE; most < pages; most *= 4) scale *= 2;
    return 8 * (powerOfTwo(pages / (2 * scale)) + powerOfTwo(pages / (4 * scale)));
}

/** Bytes of the huge pages that `hugepagesz=` and `hugepages=` ask for: gigantic ones come from boot memory, others from the page allocator. */
function hugePages(parameters: readonly Parameter[]): { readonly gigantic: number; readonly huge: number } {
    let size = HUGE;
    let gigantic = 0;
    let huge = 0;
    for (const p of parameters) {
        if (p.name === 'hugepagesz') size = parseSize(p.value ?? '').value;
        else if (p.name === 'hugepages') {
            const bytes = size * parseSize(p.value ?? '').value;
            if (size === HUGE) huge = bytes;
            else if (size === GiB) gigantic = bytes;
        }
    }
    return { gigantic, huge };
}

const powerOfTwo = (value: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, value)));

/**
 * Ranges that hold kernel data after boot. `pieces`: boot RAM by node in address order. With movable_node hot-pluggable nodes are
 * spared: what describes them lies on the node that boots.
 */
export function kernelRanges(pieces: readonly NodeRange[], zones: readonly Zone[], numa: NumaState, parameters: readonly Parameter[], profile: Profile): Range[] {
    const byNode = new Map<number, NodeRange[]>();
    for (const piece of pieces) {
        const list = byNode.get(piece.node);
        if (list) list.push(piece);
        else byNode.set(piece.node, [piece]);
    }
    const bootNode = numa.cpuNode[0] ?? 0;
    const sparing = lastParameter(parameters, 'movable_node') !== undefined;
    /** The highest zone for kernel data of each node that has one. */
    const highest = new Map(zones.flatMap((z) => (z.zone === 'Movable' ? [] : [[z.node, z] as const])));
    const spared = new Set(sparing ? [...byNode.keys()].filter((node) => !highest.has(node)) : []);
    const last = pieces.findLast((p) => !spared.has(p.node));
    if (!last) return [];
    // First of all, and at the top of everything, the log; with movable_node while memory is still handed out from below.
    const log = sparing ? 0 : logBuffer(parameters, profile);
    const crash = crashKernel(parameters, pieces, last.end + 1 - log - PAGE);
    const taken = last.end + 1 - (crash.high ?? last.end + 1 - log);
    const out = [...crash.ranges];
    let elsewhere = 0;
    for (const node of spared) elsewhere += memmapOf(byNode.get(node)!);
    const pages = hugePages(parameters);
    const withCpus = new Set(numa.cpuNode);
    const ramBytes = pieces.reduce((bytes, p) => bytes + p.end + 1 - p.start, 0) - (profile.giganticPagesFirst ? pages.gigantic : 0);
    for (const [node, ram] of byNode) {
        if (spared.has(node)) continue;
        const first = node === last.node ? alignUp(taken + BOOT_TABLES, HUGE) : HUGE;
        const perCpu = withCpus.has(node) ? HUGE : 0;
        // On more than one node the hash tables are mapped later, from pages of all nodes.
        const tables = byNode.size === 1 ? hashTables(ramBytes) : 0;
        out.push(...top(ram, first + memmapOf(ram) + (node === bootNode ? elsewhere : 0) + perCpu + tables));
    }
    // Devices that reach low memory only get their buffers at the top of it, where there is memory above.
    if (last.end >= 4 * GiB) out.push(...top(pieces.filter((p) => p.end < 4 * GiB), BOUNCE));
    // The page allocator serves the kernel from the start of a node's highest zone for kernel data. Every node has some: each slab cache
    // keeps a structure of its own there.
    for (const node of byNode.keys()) {
        const zone = highest.get(node);
        if (!zone) continue;
        const start = zone.startPfn * PAGE;
        out.push({ start, end: start + (node === bootNode ? FIRST_PAGES : PAGE) - 1 });
        // Huge pages are taken early, an equal share from each node; kernel data, unpacked files among it, goes on behind them.
        const behind = start + FIRST_PAGES + alignDown(pages.huge / byNode.size, HUGE);
        if (pages.huge > 0 && behind < zone.endPfn * PAGE) out.push({ start: behind, end: Math.min(zone.endPfn * PAGE, behind + LOADED) - 1 });
    }
    return out;
}

/** Marks the blocks that hold such ranges; runs are cut where they differ. */
export function pinBlocks(runs: readonly BlockRun[], ranges: readonly Range[], blockSize: number): BlockRun[] {
    const pinned = ranges.map((r) => ({ first: Math.floor(r.start / blockSize), last: Math.floor(r.end / blockSize) })).sort((a, b) => a.first - b.first);
    const out: BlockRun[] = [];
    let p = 0;
    for (const run of runs) {
        let next = run.first;
        while (p < pinned.length && pinned[p]!.last < run.first) p++;
        for (let i = p; i < pinned.length && pinned[i]!.first <= run.last; i++) {
            const first = Math.max(next, pinned[i]!.first);
            const last = Math.min(run.last, pinned[i]!.last);
            if (last < first) continue;
            if (first > next) out.push({ ...run, first: next, last: first - 1 });
            out.push({ ...run, first, last, pinned: 'kernel data of the boot' });
            next = last + 1;
        }
        if (next <= run.last) out.push({ ...run, first: next });
    }
    return out;
}
