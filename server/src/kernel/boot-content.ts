// Boot memory that the kernel itself keeps, so that its blocks cannot go offline: what was handed out before the page allocator
// ran, from the top of each node downwards, and the first pages of the zone that kernel data comes from (ZONE-03).
import { lastParameter, type Parameter, parseSize } from './cmdline.ts';
import { alignDown, GiB, MiB, PAGE, type Range, SECTION } from './range.ts';
import type { BlockRun, NodeRange, NumaState, Zone } from './state.ts';

/** struct pages of one section (GEO-08). */
const SECTION_MEMMAP = 2 * MiB;
/** Page tables, hash tables and per-CPU areas on the node that boots; the amount hardly depends on the machine. */
const BOOT_TABLES = 16 * MiB;
/** What boot loaders leave at the top of low memory: the initial file system. */
const LOADED = 32 * MiB;
const CRASH_ALIGN = 16 * MiB;

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

/** Memory that `crashkernel=SIZE[@START]` keeps: below 4 GiB under what the boot loader put at the top of it, or high (`,high`). */
function crashKernel(parameters: readonly Parameter[], pieces: readonly NodeRange[]): Range[] {
    const text = lastParameter(parameters, 'crashkernel');
    const size = parseSize(text ?? '');
    if (text === undefined || size.value === 0) return [];
    const at = text.charAt(size.length) === '@' ? parseSize(text.slice(size.length + 1)).value : undefined;
    if (at !== undefined) return [{ start: at, end: at + size.value - 1 }];
    const high = /,high/.test(text);
    const last = pieces.findLast((p) => high || p.end < 4 * GiB);
    if (!last) return [];
    const start = alignDown(Math.max(0, last.end + 1 - LOADED - size.value), CRASH_ALIGN);
    return [{ start, end: start + size.value - 1 }];
}

/**
 * Ranges that hold kernel data after boot. `pieces`: boot RAM by node in address order. With movable_node hot-pluggable nodes are
 * spared: what describes them lies on the node that boots.
 */
export function kernelRanges(pieces: readonly NodeRange[], zones: readonly Zone[], numa: NumaState, parameters: readonly Parameter[]): Range[] {
    const byNode = new Map<number, NodeRange[]>();
    for (const piece of pieces) {
        const list = byNode.get(piece.node);
        if (list) list.push(piece);
        else byNode.set(piece.node, [piece]);
    }
    const bootNode = numa.cpuNode[0] ?? 0;
    const sparing = lastParameter(parameters, 'movable_node') !== undefined;
    const spared = new Set(sparing ? [...byNode.keys()].filter((node) => zones.every((z) => z.node !== node || z.zone === 'Movable')) : []);
    const out = crashKernel(parameters, pieces);
    let elsewhere = BOOT_TABLES;
    for (const node of spared) elsewhere += memmapOf(byNode.get(node)!);
    for (const [node, ram] of byNode) {
        if (!spared.has(node)) out.push(...top(ram, memmapOf(ram) + (node === bootNode ? elsewhere : 0)));
    }
    // The page allocator serves the kernel from the start of the node's highest zone for kernel data.
    const kernelZone = zones.findLast((z) => z.node === bootNode && z.zone !== 'Movable');
    if (kernelZone) out.push({ start: kernelZone.startPfn * PAGE, end: kernelZone.startPfn * PAGE + BOOT_TABLES - 1 });
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
