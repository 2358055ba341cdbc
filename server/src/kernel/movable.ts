// Where ZONE_MOVABLE begins at boot: kernelcore=, movablecore= and movable_node (ZONE-02). Works in pages.
import { lastParameter, type Parameter, parseSize } from './cmdline.ts';
import type { Profile } from './profile.ts';
import { alignUp, GiB, MiB, PAGE, type Range } from './range.ts';
import type { NodeRange } from './state.ts';

/** Largest block of the page allocator, in pages: movable zones start on a multiple of it. */
const MAX_ORDER_PAGES = (4 * MiB) / PAGE;
/** Where the kernel image is put without randomisation, in bytes. */
const KERNEL_START = 16 * MiB;

interface Pages { readonly start: number; readonly end: number; readonly node: number }

/** A `kernelcore=`/`movablecore=` amount: pages, or a share of all pages. */
function amount(text: string | undefined, total: number): number {
    if (text === undefined) return 0;
    const { value, length } = parseSize(text);
    if (text.charAt(length) === '%') return Math.floor((total * value) / 100);
    return Math.floor(value / PAGE);
}

/**
 * Start of ZONE_MOVABLE of each node that has one, in bytes. `pieces`: boot RAM by node in address order; `hotplug`: what SRAT marks
 * as hot-pluggable.
 */
export function movableStarts(
    parameters: readonly Parameter[], profile: Profile, pieces: readonly NodeRange[], hotplug: readonly Range[],
): Map<number, number> {
    const ram = pieces.map((p): Pages => ({ start: p.start / PAGE, end: (p.end + 1) / PAGE, node: p.node }));
    const starts = lastParameter(parameters, 'movable_node') !== undefined ? hotpluggableNodes(pieces, hotplug)
        : lastParameter(parameters, 'kernelcore') === 'mirror' ? mirrored(profile, ram) : spread(parameters, ram);
    const out = new Map<number, number>();
    for (const [node, start] of starts) {
        const aligned = alignUp(start, MAX_ORDER_PAGES);
        const end = ram.findLast((p) => p.node === node)?.end ?? 0;
        if (start > 0 && aligned < end) out.set(node, aligned * PAGE);
    }
    return out;
}

/**
 * movable_node: hot-pluggable memory is movable from its start, except on nodes where the kernel itself lives: its image, and the
 * initial file system that loaders put at the top of low memory.
 */
function hotpluggableNodes(pieces: readonly NodeRange[], hotplug: readonly Range[]): Map<number, number> {
    const nodeOf = (address: number): number | undefined => pieces.find((p) => p.start <= address && address <= p.end)?.node;
    const kernel = new Set([nodeOf(KERNEL_START), pieces.findLast((p) => p.start < 4 * GiB)?.node]);
    const starts = new Map<number, number>();
    for (const piece of pieces) {
        if (kernel.has(piece.node)) continue;
        const marked = hotplug.filter((h) => h.start <= piece.end && piece.start <= h.end);
        for (const h of marked) {
            const start = Math.floor(Math.max(h.start, piece.start) / PAGE);
            starts.set(piece.node, Math.min(starts.get(piece.node) ?? Infinity, start));
        }
    }
    return starts;
}

/**
 * kernelcore=mirror where no memory is mirrored: up to v6.5 everything above 4 GiB is movable then, later the parameter is ignored.
 */
function mirrored(profile: Profile, ram: readonly Pages[]): Map<number, number> {
    const starts = new Map<number, number>();
    if (profile.mirrorNeedsMirrors) return starts;
    for (const piece of ram) if (piece.start >= (4 * GiB) / PAGE && !starts.has(piece.node)) starts.set(piece.node, piece.start);
    return starts;
}

/** kernelcore= and movablecore=: kernel memory is spread over the nodes as evenly as it goes; the rest of each is movable. */
function spread(parameters: readonly Parameter[], ram: readonly Pages[]): Map<number, number> {
    const starts = new Map<number, number>();
    const total = ram.reduce((sum, p) => sum + p.end - p.start, 0);
    const kernelcore = lastParameter(parameters, 'kernelcore');
    let required = amount(kernelcore, total);
    const movable = amount(lastParameter(parameters, 'movablecore'), total);
    if (movable > 0) required = Math.max(required, total - Math.min(total, alignUp(movable, MAX_ORDER_PAGES)));
    if (required === 0 || required >= total) return starts;
    // Below the highest zone that a page of the machine lies in, memory is for the kernel only.
    const highest = ram.reduce((end, p) => Math.max(end, p.end), 0) * PAGE;
    const lowest = (highest > 4 * GiB ? 4 * GiB : highest > 16 * MiB ? 16 * MiB : 0) / PAGE;
    const nodes = [...new Set(ram.map((p) => p.node))].sort((a, b) => a - b);
    for (let usable = nodes.length; usable > 0;) {
        let perNode = Math.floor(required / usable);
        for (const node of nodes) {
            if (required < perNode) perNode = Math.floor(required / usable);
            let remaining = perNode;
            for (const piece of ram) {
                if (piece.node !== node) continue;
                let start = Math.max(piece.start, starts.get(node) ?? 0);
                if (start >= piece.end) continue;
                if (start < lowest) {
                    const kernel = Math.min(piece.end, lowest) - start;
                    remaining -= Math.min(kernel, remaining);
                    required -= Math.min(kernel, required);
                    if (piece.end <= lowest) {
                        starts.set(node, piece.end);
                        continue;
                    }
                    start = lowest;
                }
                const taken = Math.min(piece.end - start, remaining);
                starts.set(node, start + taken);
                required -= Math.min(required, taken);
                remaining -= taken;
                if (remaining === 0) break;
            }
        }
        usable--;
        if (required <= usable) break;
    }
    return starts;
}
