// Memory blocks and zones as the boot leaves them: the size of a block, the zones of each node, and the runs of blocks.
// Everything after the boot (online, offline, add, remove) belongs to memory-block.ts and memory-hotplug.ts.
import { kernelRanges, pinBlocks } from './boot-content.ts';
import { isTrue, lastParameter, type Parameter } from './cmdline.ts';
import type { Machine } from './machine.ts';
import { movableStarts } from './movable.ts';
import { firstEndingAt, piecesWithin } from './numa.ts';
import type { Profile } from './profile.ts';
import { alignDown, alignUp, GiB, MiB, PAGE, type Range, SECTION, SUBSECTION } from './range.ts';
import type { BlockRun, MemoryState, NodeRange, NumaState, PresentRange, Zone, ZoneName } from './state.ts';

/** Bare metal and virtual machines whose RAM ends below this use the smallest blocks (GEO-04). */
const LARGE_BLOCK_RAM = 64 * GiB;
/** Largest block of the page allocator: how far apart sampled pages are. */
const SAMPLE = 4 * MiB;
const SMALLEST_BLOCK = SECTION;
const LARGEST_BLOCK = 2 * GiB;

/** Memory block size in bytes (GEO-04, GEO-06). `end`: end of RAM, exclusive. */
export function probeBlockSize(machine: Machine, profile: Profile, end: number): number {
    if (end < LARGE_BLOCK_RAM) return SMALLEST_BLOCK;
    const advice = profile.cfmwsAdvisesBlockSize ? cxlAdvice(machine) : undefined;
    if (!machine.hypervisor && profile.bareMetalBlockShortcut && advice === undefined) return LARGEST_BLOCK;
    let size = Math.min(LARGEST_BLOCK, Math.max(SMALLEST_BLOCK, advice ?? LARGEST_BLOCK));
    while (size > SMALLEST_BLOCK && end % size !== 0) size /= 2;
    return size;
}

/** Largest block size that the CXL windows' alignment allows; undefined without a usable window (GEO-06). */
function cxlAdvice(machine: Machine): number | undefined {
    const offers = machine.cxlWindows.map((w) => Math.min(lowestBit(w.start), lowestBit(w.end + 1))).filter((a) => a >= 256 * MiB);
    return offers.length > 0 ? Math.min(...offers) : undefined;
}

/** Largest power of two that divides `value`. */
function lowestBit(value: number): number {
    let bit = 1;
    while (bit < 2 ** 52 && value % (bit * 2) === 0) bit *= 2;
    return bit;
}

/** Where the zones of x86-64 end, exclusive, in bytes. */
const ZONE_ENDS: readonly (readonly [ZoneName, number])[] = [['DMA', 16 * MiB], ['DMA32', 4 * GiB], ['Normal', Infinity]];

/** Boot RAM with the node of each piece, in address order. RAM that no node covers (below 1 MiB in sum) is not used. */
export function ramByNode(ram: readonly Range[], meminfo: readonly NodeRange[]): NodeRange[] {
    return meminfo.flatMap((block) => piecesWithin(ram, block).map((piece): NodeRange => ({ ...piece, node: block.node })));
}

/** A zone while it is computed, in bytes, end exclusive. */
interface ZoneSpan {
    readonly node: number;
    readonly zone: ZoneName;
    readonly start: number;
    readonly end: number;
    readonly present: number;
}

/**
 * Populated zones. A zone spans from the node's first to its last byte, cut at the zone's limits, holes included; what lies
 * above the node's movable start is ZONE_MOVABLE (ZONE-01).
 */
export function bootZones(pieces: readonly NodeRange[], movableStart: ReadonlyMap<number, number>): ZoneSpan[] {
    const byNode = new Map<number, NodeRange[]>();
    for (const piece of pieces) {
        const list = byNode.get(piece.node);
        if (list) list.push(piece);
        else byNode.set(piece.node, [piece]);
    }
    const out: ZoneSpan[] = [];
    for (const node of [...byNode.keys()].sort((a, b) => a - b)) {
        const ram = byNode.get(node)!;
        const nodeStart = ram[0]!.start;
        const nodeEnd = ram.at(-1)!.end + 1;
        const movable = movableStart.get(node) ?? Infinity;
        let low = PAGE;
        for (const [zone, limit] of ZONE_ENDS) {
            add(zone, Math.max(low, nodeStart), Math.min(limit, nodeEnd, movable));
            low = limit;
        }
        if (movable < Infinity) add('Movable', Math.max(movable, nodeStart), nodeEnd);

        function add(zone: ZoneName, start: number, end: number): void {
            if (start >= end) return;
            const present = piecesWithin(ram, { start, end: end - 1 }).reduce((sum, r) => sum + r.end - r.start + 1, 0);
            if (present > 0) out.push({ node, zone, start, end, present });
        }
    }
    return out;
}

/**
 * Blocks in runs: those cut by a boundary of memory, node or zone stand alone, the others join (GEO-03, OFF-04). `late`: what
 * `lateReserved` tells.
 */
export function bootBlocks(pieces: readonly NodeRange[], zones: readonly ZoneSpan[], blockSize: number, profile: Profile, late?: LateReserved): BlockRun[] {
    const edges = new Set<number>();
    for (const p of pieces) edges.add(p.start).add(p.end + 1);
    for (const z of zones) edges.add(z.start).add(z.end);
    const cut = new Set<number>();
    for (const edge of edges) if (edge % blockSize !== 0) cut.add(Math.floor(edge / blockSize));
    const firsts = new Set<number>();
    for (const edge of edges) firsts.add(Math.ceil(edge / blockSize));
    for (const block of cut) firsts.add(block).add(block + 1);
    const starts = [...firsts].sort((a, b) => a - b);
    const zonesOf = new Map<number, ZoneSpan[]>();
    for (const z of zones) zonesOf.set(z.node, [...(zonesOf.get(z.node) ?? []), z]);
    const runs: BlockRun[] = [];
    starts.forEach((first, i) => {
        const last = (starts[i + 1] ?? first + 1) - 1;
        const run = describe(first, last);
        if (!run) return;
        const previous = runs.at(-1);
        if (previous && previous.last === first - 1 && previous.zone === run.zone && sameNodes(previous.nodes, run.nodes)) {
            runs[runs.length - 1] = { ...previous, last };
        } else runs.push(run);
    });
    return runs;

    function describe(first: number, last: number): BlockRun | undefined {
        const range = { start: first * blockSize, end: (first + 1) * blockSize - 1 };
        const nodes: number[] = [];
        for (let i = firstEndingAt(pieces, range.start); i < pieces.length && pieces[i]!.start <= range.end; i++) {
            if (!nodes.includes(pieces[i]!.node)) nodes.push(pieces[i]!.node);
        }
        nodes.sort((a, b) => a - b);
        if (nodes.length === 0) return undefined;
        const touching = (zonesOf.get(nodes[0]!) ?? []).filter((z) => z.start <= range.end && range.start < z.end);
        const single = nodes.length === 1 && touching.length === 1 ? touching[0]!.zone : null;
        const sampled = single !== null && cut.has(first) && !profile.storedBlockZone;
        const zone = sampled && !sampledInZone(pieces, zonesOf, touching[0]!, range, late) ? null : single;
        return { first, last, state: 'online', zone, nodes, early: true };
    }
}

/**
 * Before v5.18 the zone of a block is found by looking at one page in every 4 MiB of its present sections (OFF-01). A page
 * without memory counts to the zone of the RAM that follows it, wherever that is (ZONE-04), one of `late` to the zone there.
 */
function sampledInZone(
    pieces: readonly NodeRange[], zones: ReadonlyMap<number, readonly ZoneSpan[]>, zone: ZoneSpan, block: Range, late: LateReserved | undefined,
): boolean {
    for (let section = block.start; section <= block.end; section += SECTION) {
        if (piecesWithin(pieces, { start: section, end: section + SECTION - 1 }).length === 0) continue;
        for (let at = section; at < section + SECTION; at += SAMPLE) {
            const piece = pieces[firstEndingAt(pieces, at)];
            if (!piece || at < zone.start || at >= zone.end) return false;
            const claimed = late !== undefined && at >= late.from && piecesWithin(late.ranges, { start: at, end: at }).length > 0;
            const page = claimed ? at : Math.max(at, piece.start);
            const of = zones.get(claimed ? late.node : piece.node)?.find((z) => z.start <= page && page < z.end);
            if (of !== zone) return false;
        }
    }
    return true;
}

/** Soft-reserved memory whose pages above `from` are initialised once more, as pages of `node`. */
interface LateReserved {
    readonly ranges: readonly Range[];
    readonly node: number;
    readonly from: number;
}

/**
 * Reserved pages whose initialisation was put off are initialised when boot memory is handed over. Soft-reserved ranges are
 * reserved but are no memory, so no node is known for them and the first online one is taken: all its pages are late from the
 * first section on before which its highest zone has a section's worth of RAM (ZONE-04).
 */
function lateReserved(pieces: readonly NodeRange[], zones: readonly ZoneSpan[], ranges: readonly Range[], node: number): LateReserved | undefined {
    const highest = zones.findLast((z) => z.node === node);
    if (!highest) return undefined;
    let before = 0;
    for (const piece of piecesWithin(pieces.filter((p) => p.node === node), { start: highest.start, end: highest.end - 1 })) {
        const from = alignUp(Math.max(piece.start, piece.start + SECTION - before), SECTION);
        if (from <= piece.end) return { ranges, node, from };
        before += piece.end - piece.start + 1;
    }
    return undefined;
}

function sameNodes(a: readonly number[], b: readonly number[]): boolean {
    return a.length === b.length && a.every((x, i) => x === b[i]);
}

/** Sub-section map of boot RAM: whole sub-sections since v5.3, whole sections before (ZD-01, ZD-02). */
function bootPresent(ram: readonly Range[], profile: Profile): PresentRange[] {
    const unit = profile.subSections ? SUBSECTION : SECTION;
    const out: { start: number; end: number; by: 'boot' }[] = [];
    for (const r of ram) {
        const start = alignDown(r.start, unit);
        const end = alignUp(r.end + 1, unit) - 1;
        const last = out.at(-1);
        if (last && start <= last.end + 1) last.end = Math.max(last.end, end);
        else out.push({ start, end, by: 'boot' });
    }
    return out;
}

/** What hot-added memory does by default: command line, else kernel configuration (ONL-01). */
function autoOnline(parameters: readonly Parameter[], machine: Machine, profile: Profile): string {
    const given = lastParameter(parameters, 'memhp_default_state');
    if (given !== undefined && profile.autoOnlineValues.includes(given)) return given;
    return machine.config['MEMORY_HOTPLUG_DEFAULT_ONLINE'] === 'y' ? 'online' : 'offline';
}

/** A parameter of the memory_hotplug module, which is part of the kernel. */
function hotplugParameter(parameters: readonly Parameter[], name: string): string | undefined {
    return lastParameter(parameters, `memory_hotplug.${name}`);
}

/** What the firmware's map says of boot memory. */
export interface BootMap {
    /** Boot RAM in whole pages. */
    readonly ram: readonly Range[];
    /** End of RAM, exclusive. */
    readonly end: number;
    readonly softReserved: readonly Range[];
}

/** The memory part of the state after boot. */
export function initMemory(
    machine: Machine, profile: Profile, parameters: readonly Parameter[], numa: NumaState, map: BootMap, hotplug: readonly Range[],
): MemoryState {
    const { ram, end } = map;
    const blockSize = probeBlockSize(machine, profile, end);
    const pieces = ramByNode(ram, numa.meminfo);
    const spans = bootZones(pieces, movableStarts(parameters, profile, pieces, hotplug));
    const zones = spans.map((z): Zone => ({
        node: z.node, zone: z.zone, startPfn: z.start / PAGE, endPfn: z.end / PAGE, present: z.present / PAGE,
    }));
    const late = lateReserved(pieces, spans, map.softReserved, numa.online[0] ?? 0);
    const ratio = Number(hotplugParameter(parameters, 'auto_movable_ratio') ?? 301);
    const memmap = hotplugParameter(parameters, 'memmap_on_memory');
    return {
        blockSize,
        maxPfnEnd: end,
        present: bootPresent(ram, profile),
        blocks: pinBlocks(bootBlocks(pieces, spans, blockSize, profile, late), kernelRanges(pieces, zones, numa, parameters, profile), blockSize),
        zones,
        groups: new Map(),
        nextGroup: 0,
        autoOnline: autoOnline(parameters, machine, profile),
        onlinePolicy: profile.memoryGroups && hotplugParameter(parameters, 'online_policy') === 'auto-movable' ? 'auto-movable' : 'contig-zones',
        autoMovableRatio: Number.isFinite(ratio) ? ratio : 301,
        autoMovableNumaAware: isTrue(hotplugParameter(parameters, 'auto_movable_numa_aware') ?? 'Y'),
        memmapOnMemory: profile.memmapOnMemory !== 'none' && memmap !== undefined && isTrue(memmap),
        movableNode: lastParameter(parameters, 'movable_node') !== undefined,
    };
}
