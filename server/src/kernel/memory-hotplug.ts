// Adding and removing memory (mm/memory_hotplug.c; kernel model 03, D1 and D4). Callers are ACPI memory devices, kmem and
// virtio-mem.
import { hostStructPages, releaseStructPages } from './block-contents.ts';
import { blockRange, onlineBlocks, replaceBlocks, runsWithin } from './memory-block.ts';
import type { Result } from './outcome.ts';
import { hex, isAligned, MiB, overlaps, PAGE, type Range, sizeOf } from './range.ts';
import { DRIVER_MANAGED, findById, mergeSystemRam, MERGEABLE, releaseAdjustable, releaseResource, requestRegion, SYSTEM_RAM } from './resource.ts';
import type { BlockRun, KernelState, MemoryGroup, PresentRange } from './state.ts';
import type { Tx } from './tx.ts';
import type { OnlineType } from './zones.ts';

export interface AddMemory {
    readonly node: number;
    /** Bytes, inclusive end. */
    readonly range: Range;
    /** `System RAM`, or `System RAM (kmem)` for memory that a driver manages (MHP-03). */
    readonly resourceName: string;
    /** Join the iomem line with equal neighbours (RES-09). */
    readonly merge?: boolean;
    /** Memory group (`registerGroup`). */
    readonly group?: number;
    /** Keep the struct pages in the memory itself where the conditions hold (MHP-09). */
    readonly memmapOnMemory?: boolean;
}

/** `claim`: id of the iomem resource, while it has not merged into another. */
export interface Added {
    readonly result: Result;
    readonly claim?: number;
}

/** Last address that hot-added memory may have: the 46-bit direct map of 4-level paging (GEO-07). */
export const HOTPLUG_LIMIT = 2 ** 46 - 1;

/** Registers what is added together by one device (ONL-05). Pages: of the device (static) or of a unit (dynamic). Before v5.15: none. */
export function registerGroup(tx: Tx, kind: MemoryGroup['kind'], node: number, pages: number): number | undefined {
    if (!tx.state.profile.memoryGroups || !tx.state.numa.possible.includes(node)) return undefined;
    const { memory } = tx.state;
    const id = memory.nextGroup;
    const group: MemoryGroup = { id, node, kind, pages, presentKernelPages: 0, presentMovablePages: 0 };
    tx.set({ memory: { ...memory, nextGroup: id + 1, groups: new Map(memory.groups).set(id, group) } });
    return id;
}

/** Forgets a group. No effect when it is unknown. */
export function unregisterGroup(tx: Tx, id: number | undefined): void {
    const { memory } = tx.state;
    if (id === undefined || !memory.groups.has(id)) return;
    const groups = new Map(memory.groups);
    groups.delete(id);
    tx.set({ memory: { ...memory, groups } });
}

/** Memory of a node that goes away takes the node with it, unless something keeps it (RMV-03). */
function tryOfflineNode(tx: Tx, node: number): void {
    const { numa, memory } = tx.state;
    if (numa.nodeCpus.get(node)?.length || numa.hasCpu.includes(node)) return;
    if (memory.zones.some((z) => z.node === node) || memory.blocks.some((b) => b.nodes.includes(node))) return;
    if (holdsDeviceMemory(tx.state, node) || !numa.online.includes(node)) return;
    const departed = [...(numa.departed ?? []).filter((n) => n !== node), node];
    tx.set({ numa: { ...numa, online: numa.online.filter((n) => n !== node), departed } });
}

/** Are there ZONE_DEVICE pages of the node (RMV-03)? */
function holdsDeviceMemory(state: KernelState, node: number): boolean {
    const mapped = state.memory.present.filter((p) => p.by === 'zone-device');
    if (mapped.length === 0) return false;
    return [...state.dax.regions.values()].some((r) => r.numaNode === node && mapped.some((p) => overlaps(p, r.range)));
}

/** The node appears when memory is added, before any block is online (MHP-06). */
function tryOnlineNode(tx: Tx, node: number): void {
    const { numa } = tx.state;
    if (!numa.online.includes(node)) tx.set({ numa: { ...numa, online: [...numa.online, node].sort((a, b) => a - b) } });
}

/** Does the added memory hold its own struct pages (MHP-09)? Answers the bytes of each block, 0 = no. */
function selfHostedMemmap(state: KernelState, request: AddMemory): number {
    const { memory, profile } = state;
    if (!request.memmapOnMemory || !memory.memmapOnMemory || profile.memmapOnMemory === 'none') return 0;
    if (profile.memmapOnMemory === 'single-block' && sizeOf(request.range) !== memory.blockSize) return 0;
    const bytes = memory.blockSize / 64;
    return isAligned(bytes, 2 * MiB) ? bytes : 0;
}

function addPresent(present: readonly PresentRange[], range: Range, memmapIn: number | undefined): PresentRange[] {
    return [...present, { start: range.start, end: range.end, by: 'hotplug' as const, ...(memmapIn === undefined ? {} : { memmapIn }) }].sort((a, b) => a.start - b.start);
}

/** The address gate, which v5.12 moved in front of everything else (MHP-02). */
function tooHigh(tx: Tx, range: Range): Result {
    if (range.end <= HOTPLUG_LIMIT) return 0;
    const limit = hex(HOTPLUG_LIMIT);
    tx.warn(tx.state.profile.mhpRangeCheck === 'early'
        ? `Hotplug memory [0x${hex(range.start)}-0x${hex(range.end)}] exceeds maximum addressable range [0x0-0x${limit}]`
        : `Hotplugged memory exceeds maximum addressable address, range=0x${hex(range.start)}-0x${hex(range.end)}, maximum=0x${limit}`, 'MHP-02');
    return tx.fail('E2BIG', { code: 'hotplug/too-high', rules: ['MHP-02'], range, message: 'memory above the addresses that this kernel can map' });
}

/**
 * Adds memory and, where the policy says so, brings it online (MHP-01 … MHP-07, ONL-01). A refusal leaves everything as it was.
 *
 * @returns E2BIG above the addressable range (MHP-02), EEXIST where iomem or a section is taken (MHP-03, MHP-05), EINVAL for a range
 * off the block size (MHP-01) or an impossible node (MHP-04).
 */
export function addMemory(tx: Tx, request: AddMemory): Added {
    const before = tx.state;
    const { range } = request;
    const { profile } = before;
    const blockSize = before.memory.blockSize;
    const refuse = (result: Result): Added => {
        tx.state = before;
        return { result };
    };
    if (profile.mhpRangeCheck === 'early' && tooHigh(tx, range) !== 0) return refuse('E2BIG');
    const managed = request.resourceName !== 'System RAM';
    const placed = requestRegion(before.iomem, {
        ...range, name: request.resourceName, flags: SYSTEM_RAM | (managed ? DRIVER_MANAGED : 0) | (request.merge ? MERGEABLE : 0), desc: 'none',
    });
    if (!placed.ok) {
        return refuse(tx.fail('EEXIST', {
            code: 'hotplug/range-taken', rules: ['MHP-03'], range, others: [placed.conflict.name],
            message: `/proc/iomem has \`${placed.conflict.name}\` in the way`,
        }));
    }
    tx.set({ iomem: placed.tree });
    if (!isAligned(range.start, blockSize) || !isAligned(range.end + 1, blockSize)) {
        tx.err(`Block size [0x${hex(blockSize)}] unaligned hotplug range: start 0x${hex(range.start)}, size 0x${hex(sizeOf(range))}`, 'MHP-01');
        return refuse(tx.fail('EINVAL', {
            code: 'hotplug/unaligned', rules: ['MHP-01'], range, message: `memory is added in whole blocks of ${blockSize / MiB} MiB; nothing of this range is used`, data: { align: blockSize },
        }));
    }
    if (!before.numa.possible.includes(request.node)) {
        tx.warn(`node ${request.node} was absent from the node_possible_map`, 'NUMA-09');
        return refuse(tx.fail('EINVAL', { code: 'hotplug/impossible-node', rules: ['MHP-04', 'NUMA-09'], range, message: `the firmware tables do not announce node ${request.node}` }));
    }
    tryOnlineNode(tx, request.node);
    if (profile.mhpRangeCheck === 'late' && tooHigh(tx, range) !== 0) return refuse('E2BIG');
    const first = range.start / blockSize;
    const last = (range.end + 1) / blockSize - 1;
    const taken = before.memory.present.find((p) => overlaps(p, range));
    if (taken || runsWithin(before.memory, first, last).length > 0) {
        return refuse(tx.fail('EEXIST', {
            code: 'hotplug/section-taken', rules: ['MHP-05'], range, ...(taken?.owner ? { others: [taken.owner] } : {}),
            message: 'part of the range already has struct pages',
        }));
    }
    const selfHosted = selfHostedMemmap(before, request);
    const run: BlockRun = {
        first, last, state: 'offline', zone: null, nodes: [request.node], early: false,
        ...(request.group !== undefined ? { group: request.group } : {}), ...(selfHosted > 0 ? { selfHosted } : {}),
    };
    const { memory, host } = selfHosted > 0 ? { memory: tx.state.memory, host: undefined } : hostStructPages(tx.state.memory, request.node);
    tx.set({ memory: { ...memory, blocks: replaceBlocks(memory.blocks, first, last, [run]), present: addPresent(memory.present, range, host) } });
    if (request.merge && profile.mergeSystemRam) tx.set({ iomem: mergeSystemRam(tx.state.iomem, placed.id) });
    const policy = tx.state.memory.autoOnline;
    if (policy !== 'offline') onlineBlocks(tx, first, last, policy as OnlineType);
    return { result: 0, ...(findById(tx.state.iomem, placed.id) ? { claim: placed.id } : {}) };
}

/** Cuts a range out of the hot-added part of the section map. */
function dropPresent(present: readonly PresentRange[], range: Range): PresentRange[] {
    return present.flatMap((p): PresentRange[] => {
        if (p.by !== 'hotplug' || !overlaps(p, range)) return [p];
        return [
            ...(p.start < range.start ? [{ ...p, end: range.start - 1 }] : []),
            ...(p.end > range.end ? [{ ...p, start: range.end + 1 }] : []),
        ];
    });
}

/**
 * Removes hot-added memory: every block of the range must be offline (RMV-01). `range` in whole blocks, bytes, inclusive end.
 * `claim`: the iomem resource that the caller added it under, for memory that did not merge.
 *
 * @returns EBUSY with a block online (nothing is removed), EINVAL for memory that hosts its own struct pages and is not removed as it
 * was added (MHP-09).
 */
export function removeMemory(tx: Tx, range: Range, claim?: number): Result {
    const { memory, profile } = tx.state;
    const blockSize = memory.blockSize;
    const first = Math.floor(range.start / blockSize);
    const last = Math.floor(range.end / blockSize);
    const runs = runsWithin(memory, first, last);
    const online = runs.find((r) => r.state === 'online');
    if (online) {
        const block = blockRange(memory, online.first);
        tx.warn(`removing memory fails, because memory [0x${hex(block.start, 16)}-0x${hex(block.end, 16)}] is onlined`, 'RMV-01');
        return tx.fail('EBUSY', {
            code: 'hotplug/left-online', rules: ['RMV-01'], subject: `memory${online.first}`, range: block,
            message: `memory${online.first} is online: take it offline first; nothing was removed`,
        });
    }
    if (profile.memmapOnMemory === 'single-block' && runs.some((r) => r.selfHosted) && last > first) {
        tx.warn(`Refuse to remove 0x${hex(range.start)} - 0x${hex(range.end)},wrong granularity`, 'MHP-09');
        return 'EINVAL';
    }
    const hosts = new Set(memory.present.flatMap((p) => (p.memmapIn !== undefined && overlaps(p, range) ? [p.memmapIn] : [])));
    tx.set({
        memory: releaseStructPages({ ...memory, blocks: replaceBlocks(memory.blocks, first, last, []), present: dropPresent(memory.present, range) }, hosts),
        iomem: claim !== undefined && findById(tx.state.iomem, claim) ? releaseResource(tx.state.iomem, claim) : releaseAdjustable(tx.state.iomem, range),
    });
    for (const node of new Set(runs.flatMap((r) => r.nodes))) tryOfflineNode(tx, node);
    return 0;
}

/** Bytes of struct pages that memory of this size needs from memory that is there already (MHP-08, GEO-08). */
export function memmapBytes(size: number): number {
    return (size / PAGE) * 64;
}
