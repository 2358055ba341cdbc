// The kmem driver (drivers/dax/kmem.c): the whole memory blocks of a dax device become System RAM. Kernel model 07, KM-01…KM-15.
import { addMemory, registerGroup, removeMemory, unregisterGroup } from './memory-hotplug.ts';
import type { Errno, Loss, Result } from './outcome.ts';
import { alignDown, alignUp, formatMem, formatSize, hex, overlaps, PAGE, type Range, sizeOf } from './range.ts';
import { BUSY, releaseResource, requestRegion, type Resource, SYSTEM_RAM, updateResource } from './resource.ts';
import { withEntry } from './shared-map.ts';
import type { DaxClaim, DaxDevice, DaxMapping, DaxRegion } from './state.ts';
import type { Tx } from './tx.ts';

/** The whole memory blocks inside a range, or undefined when there is none (KM-02). */
export function wholeBlocks(range: Range, blockSize: number): Range | undefined {
    const start = alignUp(range.start, blockSize);
    const end = alignDown(range.end + 1, blockSize) - 1;
    return start < end ? { start, end } : undefined;
}

/** A mapping with its number in array order and the part of it that kmem can use. */
interface Usable {
    readonly index: number;
    readonly mapping: DaxMapping;
    readonly blocks: Range | undefined;
}

function usableParts(device: DaxDevice, blockSize: number): Usable[] {
    return device.mappings.map((mapping, index) => ({ index, mapping, blocks: wholeBlocks(mapping, blockSize) }));
}

/** The parts of a bound device that could be used and that kmem did not get (KM-05, KM-08). */
function skippedParts(device: DaxDevice, blockSize: number): { readonly index: number; readonly blocks: Range }[] {
    return usableParts(device, blockSize).flatMap(({ index, blocks }) => (blocks && !device.claims.some((c) => overlaps(c, blocks)) ? [{ index, blocks }] : []));
}

const span = (range: Range): string => `0x${hex(range.start)}-0x${hex(range.end)}`;

// -------------------------------------------------------------------------------------------------------------------- probe

/**
 * Adds the whole memory blocks of each mapping to the device's target node (KM-01…KM-08). Leaves nothing behind when it fails.
 *
 * @returns EINVAL without a node or a whole block, EBUSY when the range is claimed, or the error of add_memory for the first part.
 */
export function kmemProbe(tx: Tx, device: DaxDevice, region: DaxRegion): Result {
    if (region.targetNode < 0) return noNode(tx, device, region);
    const { profile, memory } = tx.state;
    const parts = usableParts(device, memory.blockSize);
    const total = parts.reduce((sum, p) => sum + (p.blocks ? sizeOf(p.blocks) : 0), 0);
    if (profile.kmemPerMapping) {
        for (const part of parts) {
            if (!part.blocks) tx.info(`kmem ${device.name}: mapping${part.index}: ${span(part.mapping)} too small after alignment`, 'KM-03');
        }
    }
    if (total === 0 && profile.kmemTooSmall !== 'empty') return tooSmall(tx, device, profile.kmemTooSmall);
    if (profile.kmemTruncationWarning) truncationWarning(tx, device, parts);
    const group = registerGroup(tx, 'static', region.targetNode, total / PAGE);
    if (group === undefined && profile.memoryGroups) return impossibleNode(tx, device, region);
    const claims: DaxClaim[] = [];
    for (const part of parts) {
        if (!part.blocks) continue;
        const result = addPart(tx, device, region, part.index, part.blocks, group);
        if (typeof result !== 'string') {
            claims.push(result);
        } else if (claims.length === 0) {
            // A node that came online for memory that was then refused stays online (MHP-06).
            unregisterGroup(tx, group);
            return result;
        }
    }
    noteTrim(tx, device, parts, claims);
    tx.set({ dax: { ...tx.state.dax, devices: withEntry(tx.state.dax.devices, device.name, { ...device, claims, ...(group !== undefined ? { group } : {}) }) } });
    return 0;
}

/** Claims one part and adds it as memory; the claim is a parent for the RAM resource and not busy itself (KM-05, KM-06). */
function addPart(tx: Tx, device: DaxDevice, region: DaxRegion, index: number, range: Range, group: number | undefined): DaxClaim | Errno {
    const { profile } = tx.state;
    const placed = requestRegion(tx.state.iomem, { ...range, name: device.name });
    if (!placed.ok) {
        tx.warn(`kmem ${device.name}: ${claimFailure(tx, index, range)}`, 'KM-05');
        return refuseClaim(tx, device, range, placed.conflict);
    }
    tx.set({ iomem: updateResource(placed.tree, placed.id, { flags: SYSTEM_RAM }) });
    const { result } = addMemory(tx, {
        range, node: region.targetNode, resourceName: profile.kmemName, ...(group !== undefined ? { group } : {}),
        ...(profile.kmemMemmapOnMemoryAttr && (device.memmapOnMemory ?? region.origin === 'cxl') ? { memmapOnMemory: true } : {}),
    });
    if (result === 0) return { start: range.start, end: range.end, resource: placed.id };
    tx.warn(`kmem ${device.name}: mapping${index}: ${span(range)} memory add failed`, 'KM-06');
    tx.set({ iomem: releaseResource(tx.state.iomem, placed.id) });
    return result;
}

function claimFailure(tx: Tx, index: number, range: Range): string {
    if (tx.state.profile.kmemPerMapping) return `mapping${index}: ${span(range)} could not reserve region`;
    return `could not reserve region [0x${hex(range.start, 16)}-0x${hex(range.end + 1, 16)}]`;
}

/** EBUSY, and why: most often memory of this device that an earlier unbind could not remove (KM-12). */
function refuseClaim(tx: Tx, device: DaxDevice, range: Range, conflict: Resource): Errno {
    const left = conflict.flags & SYSTEM_RAM && conflict.flags & BUSY;
    return tx.fail('EBUSY', {
        code: left ? 'kmem/left-memory' : 'kmem/range-busy', rules: ['KM-05', 'KM-12'], subject: device.name, range, others: [conflict.name],
        message: left
            ? `kmem cannot have ${device.name} again: ${conflict.name} is still there from before and stays until reboot, online or not`
            : `kmem cannot claim ${formatMem(range)} of ${device.name}: ${conflict.name} holds part of it`,
    });
}

// ------------------------------------------------------------------------------------------------------ refusals and losses

/** KM-01. */
function noNode(tx: Tx, device: DaxDevice, region: DaxRegion): Errno {
    const range = tx.state.profile.dynamicDax ? '' : `${formatMem(region.range)} `;
    tx.warn(`kmem ${device.name}: rejecting DAX region ${range}with invalid node: -1`, 'KM-01');
    return tx.fail('EINVAL', {
        code: 'kmem/no-node', rules: ['KM-01', 'NUMA-06'], subject: device.name, range: region.range,
        message: `${device.name} belongs to no node, so kmem cannot add its memory: describe the range in SRAT, or leave RAM above it`,
    });
}

/** KM-04: a node that the firmware tables did not announce has no memory group; nothing is logged. */
function impossibleNode(tx: Tx, device: DaxDevice, region: DaxRegion): Errno {
    return tx.fail('EINVAL', {
        code: 'kmem/impossible-node', rules: ['KM-04', 'NUMA-09'], subject: device.name, range: region.range, others: [`node${region.targetNode}`],
        message: `the firmware tables do not announce node ${region.targetNode}, so kmem cannot add the memory of ${device.name}`,
    });
}

/** KM-03. */
function tooSmall(tx: Tx, device: DaxDevice, errno: Errno): Errno {
    const { blockSize } = tx.state.memory;
    if (errno === 'EINVAL') {
        tx.warn(`kmem ${device.name}: rejecting DAX region without any memory after alignment`, 'KM-03');
    } else {
        // Before v5.10 the trimmed range is empty, and claiming an empty range fails.
        tx.warn(`kmem ${device.name}: ${claimFailure(tx, 0, { start: alignUp(device.mappings[0]!.start, blockSize), end: alignUp(device.mappings[0]!.start, blockSize) - 1 })}`, 'KM-03');
    }
    return tx.fail(errno, {
        code: 'kmem/too-small', rules: ['KM-03', 'KM-02'], subject: device.name, range: device.mappings[0]!,
        message: `no memory block of ${formatSize(blockSize)} lies wholly in ${device.name}: kmem has nothing to add`,
        losses: trimLosses(device, usableParts(device, blockSize)), data: alignmentData(device, blockSize),
    });
}

/** What trimming to whole blocks costs, mapping by mapping, front and back (KM-02). */
function trimLosses(device: DaxDevice, parts: readonly Usable[]): Loss[] {
    return parts.flatMap(({ mapping, blocks }) => {
        const loss = (start: number, end: number, cause: string): Loss[] =>
            (start > end ? [] : [{ bytes: end - start + 1, range: { start, end }, cause, rule: 'KM-02', subject: device.name }]);
        if (!blocks) return loss(mapping.start, mapping.end, 'no whole memory block lies in the range');
        return [
            ...loss(mapping.start, blocks.start - 1, 'front of the range is below the next memory block'),
            ...loss(blocks.end + 1, mapping.end, 'back of the range does not fill a memory block'),
        ];
    });
}

/** Nearest starts and sizes that lose nothing, for a fix. */
function alignmentData(device: DaxDevice, blockSize: number): Record<string, number> {
    const first = device.mappings[0]!;
    return {
        blockSize, startBelow: alignDown(first.start, blockSize), startAbove: alignUp(first.start, blockSize),
        endBelow: alignDown(first.end + 1, blockSize) - 1, endAbove: alignUp(first.end + 1, blockSize) - 1,
    };
}

function noteTrim(tx: Tx, device: DaxDevice, parts: readonly Usable[], claims: readonly DaxClaim[]): void {
    const { blockSize } = tx.state.memory;
    const losses = trimLosses(device, parts);
    const lost = losses.reduce((sum, l) => sum + l.bytes, 0);
    if (lost > 0) {
        tx.note({
            code: 'kmem/block-trim', rules: ['KM-02', ...(parts.some((p) => !p.blocks) ? ['KM-03' as const] : [])], severity: 'warning', subject: device.name,
            range: device.mappings[0]!, losses, data: alignmentData(device, blockSize),
            message: `${formatSize(lost)} of ${device.name} are lost: kmem adds whole memory blocks of ${formatSize(blockSize)} only`,
        });
    }
    for (const { index, blocks } of skippedParts({ ...device, claims }, blockSize)) {
        tx.note({
            code: 'kmem/mapping-skipped', rules: ['KM-05', 'KM-08'], severity: 'warning', subject: device.name, range: blocks,
            message: `mapping${index} of ${device.name} was skipped: the device is bound, with less memory than its size`,
        });
    }
}

/** `126 MiB`: three significant digits in the largest fitting binary unit, as the kernel prints sizes (KM-03, v7). */
function kernelSize(bytes: number): string {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
    let value = bytes;
    let unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
        value /= 1024;
        unit++;
    }
    return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${units[unit]}`;
}

function truncationWarning(tx: Tx, device: DaxDevice, parts: readonly Usable[]): void {
    const lost = trimLosses(device, parts).reduce((sum, l) => sum + l.bytes, 0);
    if (lost > 0) tx.warn(`kmem ${device.name}: DAX region truncated by ${kernelSize(lost)} due to alignment`, 'KM-03');
}

// ------------------------------------------------------------------------------------------------------------------- remove

/**
 * Unbind never fails and never offlines: parts whose blocks are all offline go, the others stay as they are until reboot
 * (KM-11, KM-12). Before v5.3 nothing is ever removed.
 */
export function kmemRemove(tx: Tx, device: DaxDevice): void {
    let removed = 0;
    for (const [i, claim] of device.claims.entries()) {
        if (!tx.state.profile.kmemRemoves) {
            noteLeft(tx, device, claim);
            continue;
        }
        const told = tx.notes.length;
        if (removeMemory(tx, claim) === 0) {
            tx.set({ iomem: releaseResource(tx.state.iomem, claim.resource) });
            removed++;
            continue;
        }
        // What comes below says it in the terms of the device.
        tx.notes.splice(told);
        tx.err(`kmem ${device.name}: ${removalFailure(tx, device, i, claim)}`, 'KM-11');
        noteLeft(tx, device, claim);
    }
    if (removed === device.claims.length) unregisterGroup(tx, device.group);
    if (tx.state.profile.kmemRemovesSkipped) removeSkipped(tx, device);
}

/**
 * 5.10 also removes the mappings that its probe skipped, and then releases a claim that it never made: harmless while a block
 * there is online, a null pointer dereference that keeps the lock of the resource tree otherwise (KM-11).
 */
function removeSkipped(tx: Tx, device: DaxDevice): void {
    const { blockSize, blocks } = tx.state.memory;
    const online = (range: Range): boolean => blocks.some((run) => run.state === 'online'
        && overlaps(range, { start: run.first * blockSize, end: (run.last + 1) * blockSize - 1 }));
    for (const { index, blocks: part } of skippedParts(device, blockSize)) {
        if (online(part)) {
            tx.err(`kmem ${device.name}: mapping${index}: ${span(part)} cannot be hotremoved until the next reboot`, 'KM-11');
            continue;
        }
        tx.note({
            code: 'kmem/unbind-crash', rules: ['KM-11', 'KM-05'], severity: 'error', subject: device.name, range: part,
            message: `mapping${index} of ${device.name} was skipped when kmem took the device and has no online memory: this kernel crashes at the unbind`,
        });
        return;
    }
}

function removalFailure(tx: Tx, device: DaxDevice, index: number, claim: Range): string {
    if (!tx.state.profile.kmemPerMapping) return `DAX region ${formatMem(claim).replace(']', ' flags 0x200]')} cannot be hotremoved until the next reboot`;
    // Numbered by mapping: a claim is a part of the mapping it came from.
    const mapping = device.mappings.findIndex((m) => overlaps(m, claim));
    return `mapping${mapping < 0 ? index : mapping}: ${span(claim)} cannot be hotremoved until the next reboot`;
}

function noteLeft(tx: Tx, device: DaxDevice, claim: Range): void {
    const { blockSize, blocks } = tx.state.memory;
    const first = claim.start / blockSize;
    const last = (claim.end + 1) / blockSize - 1;
    const online = blocks
        .filter((run) => run.state === 'online' && run.first <= last && run.last >= first)
        .map((run) => ({ first: Math.max(run.first, first), last: Math.min(run.last, last) }));
    const count = online.reduce((sum, run) => sum + run.last - run.first + 1, 0);
    const named = online.map((run) => (run.first === run.last ? `memory${run.first}` : `memory${run.first}-${run.last}`));
    tx.note({
        code: 'kmem/left-online', rules: ['KM-11', 'KM-12', 'RMV-01'], severity: 'error', subject: device.name, range: { start: claim.start, end: claim.end }, others: named,
        message: count > 0
            ? `${named.join(', ')} ${count === 1 ? 'was' : 'were'} online when ${device.name} left kmem: the whole range stays System RAM, and blocked, until reboot`
            : `the memory of ${device.name} stays System RAM, and blocked, until reboot: this kernel never removes it`,
        losses: [{ bytes: sizeOf(claim), range: { start: claim.start, end: claim.end }, cause: 'left behind by kmem', rule: 'KM-12', subject: device.name }],
        data: { online: online.flatMap((run) => [run.first, run.last]) },
    });
}
