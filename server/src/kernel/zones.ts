// Zones after boot: which zone a block may go to, how spans grow and shrink (kernel model 03, D2). Page frame numbers throughout;
// a zone spans [startPfn, endPfn), holes and other zones' pages included.
import { alignDown, PAGE } from './range.ts';
import type { BlockRun, MemoryGroup, MemoryState, Zone, ZoneName } from './state.ts';

/** How a block is asked to go online (ONL-02). */
export type OnlineType = 'online' | 'online_kernel' | 'online_movable';

const ZONE_ORDER: readonly ZoneName[] = ['DMA', 'DMA32', 'Normal', 'Movable'];
/** Kernel zones below Normal, lowest first. */
const LOW_ZONES: readonly ZoneName[] = ['DMA', 'DMA32'];

/** Pages of a block. */
export function pagesPerBlock(memory: MemoryState): number {
    return memory.blockSize / PAGE;
}

export function findZone(zones: readonly Zone[], node: number, zone: ZoneName): Zone | undefined {
    return zones.find((z) => z.node === node && z.zone === zone);
}

/** Does the zone's span, holes included, meet [start, end)? */
function intersects(zone: Zone | undefined, start: number, end: number): boolean {
    return zone !== undefined && zone.startPfn < end && start < zone.endPfn;
}

/** The node the kernel stored for a block: the last it was linked to (OFF-04). */
export function storedNode(run: BlockRun): number {
    return run.nodes.at(-1) ?? 0;
}

/** Lowest kernel zone of the node whose span meets the pages, else Normal (ONL-04). */
export function kernelZone(memory: MemoryState, node: number, start: number, end: number): ZoneName {
    return LOW_ZONES.find((name) => intersects(findZone(memory.zones, node, name), start, end)) ?? 'Normal';
}

/** What plain `online` takes under contiguous zones (ONL-04). */
function contiguousZone(memory: MemoryState, node: number, start: number, end: number): ZoneName {
    const kernel = kernelZone(memory, node, start, end);
    const inKernel = intersects(findZone(memory.zones, node, kernel), start, end);
    const inMovable = intersects(findZone(memory.zones, node, 'Movable'), start, end);
    if (inKernel !== inMovable) return inKernel ? kernel : 'Movable';
    return memory.movableNode ? 'Movable' : kernel;
}

/** Pages of kernel zones that were there at boot, and of ZONE_MOVABLE; of one node or of all. */
function movableBalance(memory: MemoryState, node: number | undefined): { readonly early: number; readonly movable: number } {
    let early = 0;
    let movable = 0;
    for (const z of memory.zones) {
        if (node !== undefined && z.node !== node) continue;
        if (z.zone === 'Movable') movable += z.present;
        else early += z.present;
    }
    const perBlock = pagesPerBlock(memory);
    for (const run of memory.blocks) {
        if (run.early || run.state !== 'online' || run.zone === 'Movable' || (node !== undefined && storedNode(run) !== node)) continue;
        early -= (run.last - run.first + 1) * perBlock;
    }
    return { early, movable };
}

/** May `pages` more go to ZONE_MOVABLE within the ratio (ONL-05)? Other dynamic groups keep what they need for themselves. */
function ratioAllows(memory: MemoryState, node: number | undefined, group: MemoryGroup | undefined, pages: number): boolean {
    const ratio = memory.autoMovableRatio;
    let { early, movable } = movableBalance(memory, node);
    let required = 0;
    for (const other of memory.groups.values()) {
        if (other.kind !== 'dynamic' || other.id === group?.id || (node !== undefined && other.node !== node)) continue;
        required += Math.max(0, Math.floor((other.presentMovablePages * 100) / ratio) - other.presentKernelPages);
        movable -= other.presentMovablePages;
    }
    if (early <= required) return false;
    early -= required;
    if (group?.kind === 'dynamic') early += group.presentKernelPages;
    return movable + pages <= Math.floor((ratio * early) / 100);
}

/** ONL-05: Movable while the ratio holds, for what is left of a static group at once. */
function autoMovableZone(memory: MemoryState, node: number, group: MemoryGroup | undefined, start: number, end: number): ZoneName {
    const kernel = kernelZone(memory, node, start, end);
    if (memory.autoMovableRatio === 0) return kernel;
    let pages = end - start;
    if (group?.kind === 'static') {
        if (group.presentKernelPages > 0) return kernel;
        pages = group.pages - group.presentMovablePages;
    } else if (group && group.pages !== pages) {
        const unit = alignDown(start, group.pages);
        const perBlock = pagesPerBlock(memory);
        const siblings = memory.blocks.filter((b) => b.state === 'online' && b.first * perBlock < unit + group.pages && unit < (b.last + 1) * perBlock);
        if (siblings.some((b) => b.zone !== 'Movable')) return kernel;
        pages = group.pages;
        for (const b of siblings) pages -= Math.min((b.last + 1) * perBlock, unit + group.pages) - Math.max(b.first * perBlock, unit);
    }
    const allowed = ratioAllows(memory, undefined, group, pages) && (!memory.autoMovableNumaAware || ratioAllows(memory, node, group, pages));
    return allowed ? 'Movable' : kernel;
}

/** Zone that pages [start, end) of a node go to (ONL-04, ONL-05). */
export function zoneFor(memory: MemoryState, type: OnlineType, node: number, group: number | undefined, start: number, end: number): ZoneName {
    if (type === 'online_movable') return 'Movable';
    if (type === 'online_kernel') return kernelZone(memory, node, start, end);
    if (memory.onlinePolicy === 'auto-movable') {
        return autoMovableZone(memory, node, group === undefined ? undefined : memory.groups.get(group), start, end);
    }
    return contiguousZone(memory, node, start, end);
}

/** Block numbers where the answer of `validZones` can change: the edges of the zones' spans, rounded both ways. */
export function zoneEdges(memory: MemoryState, node: number): number[] {
    const perBlock = pagesPerBlock(memory);
    const edges = new Set<number>();
    for (const z of memory.zones) {
        if (z.node !== node) continue;
        for (const pfn of [z.startPfn, z.endPfn]) edges.add(Math.floor(pfn / perBlock)).add(Math.ceil(pfn / perBlock));
    }
    return [...edges].sort((a, b) => a - b);
}

export interface ReadableRun {
    /** Block numbers, inclusive. */
    readonly first: number;
    readonly last: number;
    readonly state: BlockRun['state'];
    readonly nodes: readonly number[];
    /** As sysfs prints it. */
    readonly validZones: string;
}

/** Blocks as sysfs shows them, in the longest runs that agree: an offline run is cut where its valid_zones change. */
export function readableRuns(memory: MemoryState): ReadableRun[] {
    const out: ReadableRun[] = [];
    const add = (run: ReadableRun): void => {
        const previous = out.at(-1);
        const joins = previous && previous.last + 1 === run.first && previous.state === run.state && previous.validZones === run.validZones
            && previous.nodes.length === run.nodes.length && previous.nodes.every((n, i) => n === run.nodes[i]);
        if (joins) out[out.length - 1] = { ...previous, last: run.last };
        else out.push(run);
    };
    for (const run of memory.blocks) {
        const { state, nodes } = run;
        const cuts = state === 'online' ? [] : zoneEdges(memory, storedNode(run)).filter((e) => e > run.first && e <= run.last);
        let first = run.first;
        for (const next of [...cuts, run.last + 1]) {
            add({ first, last: next - 1, state, nodes, validZones: validZones(memory, run, first) });
            first = next;
        }
    }
    return out;
}

/** valid_zones of one block of a run (ONL-03): the zone it is in, or those it can go to, the default first. */
export function validZones(memory: MemoryState, run: BlockRun, block: number): string {
    if (run.state === 'online') return run.zone ?? 'none';
    const perBlock = pagesPerBlock(memory);
    const zone = (type: OnlineType): ZoneName => zoneFor(memory, type, storedNode(run), run.group, block * perBlock, (block + 1) * perBlock);
    return [...new Set([zone('online'), zone('online_kernel'), 'Movable'])].join(' ');
}

function compareZones(a: Zone, b: Zone): number {
    return a.node - b.node || ZONE_ORDER.indexOf(a.zone) - ZONE_ORDER.indexOf(b.zone);
}

/** Pages [start, end) join a zone: its span grows to hold them (ONL-07). */
export function growZone(zones: readonly Zone[], node: number, zone: ZoneName, start: number, end: number): Zone[] {
    const old = findZone(zones, node, zone);
    const grown: Zone = old
        ? { ...old, startPfn: Math.min(old.startPfn, start), endPfn: Math.max(old.endPfn, end), present: old.present + end - start }
        : { node, zone, startPfn: start, endPfn: end, present: end - start };
    return [...zones.filter((z) => z !== old), grown].sort(compareZones);
}

/**
 * Pages [start, end) leave a zone. Its span shrinks only where they were at one of its ends, to the next online page of the zone
 * (OFF-05): a block that leaves the middle makes a hole. `memory.blocks` must already have them offline.
 */
export function shrinkZone(memory: MemoryState, node: number, zone: ZoneName, start: number, end: number): Zone[] {
    const old = findZone(memory.zones, node, zone);
    if (!old) return [...memory.zones];
    const rest = memory.zones.filter((z) => z !== old);
    const present = old.present - (end - start);
    const members = memory.blocks.filter((b) => b.state === 'online' && (b.zone === zone || b.zone === null) && b.nodes.includes(node));
    const perBlock = pagesPerBlock(memory);
    let { startPfn, endPfn } = old;
    if (startPfn === start) {
        const next = members.find((b) => (b.last + 1) * perBlock > end && b.first * perBlock < endPfn);
        if (!next) return rest;
        startPfn = Math.max(next.first * perBlock, end);
    } else if (endPfn === end) {
        const previous = members.findLast((b) => b.first * perBlock < start && (b.last + 1) * perBlock > startPfn);
        if (!previous) return rest;
        endPfn = Math.min((previous.last + 1) * perBlock, start);
    }
    return [...rest, { ...old, startPfn, endPfn, present }].sort(compareZones);
}

