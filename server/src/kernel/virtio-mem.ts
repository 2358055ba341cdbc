// virtio-mem (drivers/virtio/virtio_mem.c; kernel model 08, VM-01…VM-11): the device region as a parent in iomem, memory blocks that
// come and go with the size the hypervisor asks for. Work is done on ranges; blocks are counted, not visited.
import { offlineObstacle } from './block-contents.ts';
import type { Machine, VirtioMemDevice } from './machine.ts';
import { displace, runsWithin } from './memory-block.ts';
import { addMemory, registerGroup, removeMemory, unregisterGroup } from './memory-hotplug.ts';
import { memoryAddPhysaddrToNid } from './numa.ts';
import { ERRNO, type Result } from './outcome.ts';
import { alignDown, alignUp, contains, GiB, hex, intersect, isAligned, MiB, normalize, overlaps, PAGE, type Range, rangeOf, sizeOf, subtract } from './range.ts';
import { EXCLUSIVE, removeResource, requestRegion, SYSTEM_RAM, updateResource } from './resource.ts';
import type { BlockRun, KernelState, NumaState, VirtioMemState } from './state.ts';
import type { Tx } from './tx.ts';

/** QEMU offers this much beyond the requested size, so that Linux has a choice of places. */
const USABLE_EXTENT = 256 * MiB;

/** Added memory that nobody brings online may come to this: 1 GiB, or two units where they are large; ten blocks up to v5.10 (VM-06). */
function offlineThreshold(state: KernelState, layout: Layout): number {
    return state.profile.virtioMem === 'sbm' ? 10 * layout.unit : Math.max(GiB, 2 * layout.unit);
}

/** How the driver cuts the device region: units that are added whole, sub-blocks that are plugged one by one (VM-04). */
interface Layout {
    readonly mode: 'sbm' | 'bbm';
    /** Bytes that are added to Linux at a time: a memory block, or a big block. */
    readonly unit: number;
    /** Bytes that are plugged at a time. */
    readonly subBlock: number;
}

/** VM-04. EINVAL: block sizes that the release does not support. */
function layoutOf(state: KernelState, device: VirtioMemState): Layout | undefined {
    const blockSize = state.memory.blockSize;
    const subBlock = Math.max(device.deviceBlockSize, state.profile.virtioMemSubBlock);
    if (subBlock < blockSize) return { mode: 'sbm', unit: blockSize, subBlock };
    if (state.profile.virtioMem === 'sbm') return device.deviceBlockSize > blockSize ? undefined : { mode: 'sbm', unit: blockSize, subBlock: blockSize };
    const unit = Math.max(device.deviceBlockSize, blockSize);
    return { mode: 'bbm', unit, subBlock: unit };
}

/** How far the hypervisor lets the driver plug once this size was requested (VM-01). Bytes. */
function usableSize(requested: number, device: { readonly region: Range; readonly deviceBlockSize: number }): number {
    if (requested === 0) return 0;
    return Math.min(sizeOf(device.region), alignUp(requested + USABLE_EXTENT, device.deviceBlockSize));
}

/** The devices of a machine, none bound yet. */
export function virtioMemDevices(machine: Machine): ReadonlyMap<string, VirtioMemState> {
    const devices = machine.devices.filter((d): d is VirtioMemDevice => d.kind === 'virtio-mem');
    return new Map(devices.map((d) => [d.virtio, virtioMemDevice(d)]));
}

function virtioMemDevice(d: VirtioMemDevice): VirtioMemState {
    const region: Range = { start: d.start, end: d.end };
    const deviceBlockSize = d.blockSize > 0 ? d.blockSize : 2 * MiB;
    return {
        device: d.id, name: d.virtio, region, deviceBlockSize, requestedSize: d.requestedSize, pluggedSize: 0, node: d.pxm,
        usableSize: usableSize(d.requestedSize, { region, deviceBlockSize }), bound: false, plugged: [], added: [],
    };
}

function update(tx: Tx, name: string, change: Partial<VirtioMemState>): VirtioMemState {
    const changed = { ...tx.state.virtioMem.get(name)!, ...change };
    tx.set({ virtioMem: new Map(tx.state.virtioMem).set(name, changed) });
    return changed;
}

function totalSize(ranges: readonly Range[]): number {
    return ranges.reduce((sum, r) => sum + sizeOf(r), 0);
}

/** The driver registers: it takes every device (VM-02, VM-03). */
export function virtioMemDriverRegister(tx: Tx): void {
    for (const name of tx.state.virtioMem.keys()) virtioMemBind(tx, name);
}

/** The driver unloads: it leaves every device (VM-08). */
export function virtioMemDriverUnregister(tx: Tx): void {
    for (const device of tx.state.virtioMem.values()) if (device.bound) virtioMemUnbind(tx, device.name);
}

/** A device that the hypervisor plugs while Linux runs. */
export function virtioMemAdd(tx: Tx, device: VirtioMemDevice): void {
    tx.set({ virtioMem: new Map(tx.state.virtioMem).set(device.virtio, virtioMemDevice(device)) });
    if (tx.state.modules.has('virtio_mem')) virtioMemBind(tx, device.virtio);
}

function nodeOf(state: KernelState & { readonly numa: NumaState }, device: VirtioMemState): number {
    return state.numa.pxmToNode.get(device.node) ?? memoryAddPhysaddrToNid(state, device.region.start);
}

/**
 * Probes a device: claims its region and plugs what the hypervisor asks for (VM-02 … VM-06).
 *
 * @returns ENODEV without such a device or when it is bound, EINVAL for a block size the release does not take, EBUSY where the
 * region is still claimed by the driver that left it with memory added (VM-08), ENOENT for each try after one that failed.
 */
export function virtioMemBind(tx: Tx, name: string): Result {
    const device = tx.state.virtioMem.get(name);
    const { profile } = tx.state;
    if (!device || profile.virtioMem === 'none') return 'ENODEV';
    if (device.bound) return 'EBUSY';
    const failed = (errno: 'EBUSY' | 'EINVAL' | 'ENOENT'): void =>
        tx.warn(profile.probeLogNew ? `virtio_mem ${name}: probe with driver virtio_mem failed with error -${ERRNO[errno]}` : `virtio_mem: probe of ${name} failed with error -${ERRNO[errno]}`, 'VM-03');
    if (device.queueLeft) {
        failed('ENOENT');
        return tx.fail('ENOENT', {
            code: 'virtio-mem/rebind', rules: ['VM-03', 'VM-08'], subject: name, range: device.region,
            message: `${name} was left with memory added, and the bind that failed left its queue active: nothing but a reboot resets it`,
        });
    }
    const say = (text: string): void => tx.info(`virtio_mem ${name}: ${text}`, 'VM-02');
    const layout = layoutOf(tx.state, device);
    const node = nodeOf(tx.state, device);
    say(`start address: 0x${hex(device.region.start)}`);
    say(`region size: 0x${hex(sizeOf(device.region))}`);
    say(`device block size: 0x${hex(device.deviceBlockSize)}`);
    say(`nid: ${node}`);
    const blockSize = tx.state.memory.blockSize;
    say(`memory block size: 0x${hex(blockSize)}`);
    if (!layout) {
        tx.err(`virtio_mem ${name}: The block size is not supported (too big).`, 'VM-04');
        update(tx, name, { queueLeft: true });
        return tx.fail('EINVAL', { code: 'virtio-mem/block-size', rules: ['VM-04'], subject: name, message: 'before v5.11 the device block may not be larger than a memory block' });
    }
    if (!isAligned(device.region.start, blockSize)) tx.warn(`virtio_mem ${name}: The alignment of the physical start address can make some memory unusable.`, 'VM-02');
    if (!isAligned(device.region.end + 1, blockSize)) tx.warn(`virtio_mem ${name}: The alignment of the physical end address can make some memory unusable.`, 'VM-02');
    say(layout.mode === 'sbm' ? `subblock size: 0x${hex(layout.subBlock)}` : `big block size: 0x${hex(layout.unit)}`);
    const placed = requestRegion(tx.state.iomem, { ...device.region, name, flags: SYSTEM_RAM | EXCLUSIVE, desc: 'none' });
    if (!placed.ok) {
        tx.err(`virtio_mem ${name}: could not reserve device region`, 'VM-03');
        tx.info(`virtio_mem ${name}: reloading the driver is not supported`, 'VM-03');
        failed('EBUSY');
        update(tx, name, { queueLeft: true });
        return tx.fail('EBUSY', {
            code: 'virtio-mem/rebind', rules: ['VM-03', 'VM-08'], subject: name, range: device.region, others: [placed.conflict.name],
            message: `${name} was left with memory added: its region stays claimed until the next reboot`,
        });
    }
    // Not BUSY: the memory below it is what counts as System RAM.
    tx.set({ iomem: updateResource(placed.tree, placed.id, { flags: SYSTEM_RAM | EXCLUSIVE }) });
    const group = registerGroup(tx, 'dynamic', node, layout.unit / PAGE);
    // The device starts with nothing plugged, whatever an earlier kernel left (VM-10).
    update(tx, name, {
        bound: true, claim: placed.id, plugged: [], pluggedSize: 0, added: [], ...(group === undefined ? {} : { group }),
    });
    virtioMemRun(tx, name);
    return 0;
}

/** Unbinds the driver: with memory added everything stays until reboot, without it the region vanishes (VM-08). ENODEV when not bound. */
export function virtioMemUnbind(tx: Tx, name: string): Result {
    if (!tx.state.virtioMem.get(name)?.bound) return 'ENODEV';
    // Offline blocks that are plugged in part go first: without the driver nobody keeps what is not plugged from going online.
    const layout = layoutOf(tx.state, tx.state.virtioMem.get(name)!);
    if (layout?.mode === 'sbm') {
        for (const s of stretches(tx.state, tx.state.virtioMem.get(name)!, layout)) if (s.offline && s.partial) removeUnits(tx, name, s);
    }
    const device = tx.state.virtioMem.get(name)!;
    if (device.added.length > 0) {
        tx.warn(`virtio_mem ${name}: device still has system memory added`, 'VM-08');
        tx.note({
            code: 'virtio-mem/left-added', rules: ['VM-08'], severity: 'warning', subject: name, range: device.region,
            message: `${name} leaves its memory in use: it cannot be bound again before the next reboot`,
        });
        update(tx, name, { bound: false });
        return 0;
    }
    if (device.claim !== undefined) tx.set({ iomem: removeResource(tx.state.iomem, device.claim) });
    unregisterGroup(tx, device.group);
    const { claim: _claim, group: _group, ...rest } = device;
    void _claim, _group;
    tx.set({ virtioMem: new Map(tx.state.virtioMem).set(name, { ...rest, bound: false }) });
    return 0;
}

/** The hypervisor asks for another size, a multiple of the device block size. */
export function virtioMemRequest(tx: Tx, name: string, requested: number): void {
    const device = tx.state.virtioMem.get(name)!;
    if (device.requestedSize === requested) return;
    // The usable region grows at once and shrinks only when nothing is plugged.
    const usable = Math.max(device.usableSize, usableSize(requested, device));
    update(tx, name, { requestedSize: requested, usableSize: usable });
    if (!device.bound) return;
    tx.info(`virtio_mem ${name}: plugged size: 0x${hex(device.pluggedSize)}`, 'VM-07');
    tx.info(`virtio_mem ${name}: requested size: 0x${hex(requested)}`, 'VM-07');
    virtioMemRun(tx, name);
}

/** Somebody brought blocks online: a device that waited for that goes on once half of what it may leave offline is in use (VM-06). */
export function virtioMemRetry(tx: Tx): void {
    for (const device of tx.state.virtioMem.values()) {
        const layout = device.bound && device.pluggedSize !== device.requestedSize ? layoutOf(tx.state, device) : undefined;
        if (!layout) continue;
        const threshold = offlineThreshold(tx.state, layout);
        // Up to v5.10 each block that goes online lets the next one in.
        const enough = tx.state.profile.virtioMem === 'sbm' ? threshold - layout.unit : threshold / 2;
        if (offlineBytes(tx.state, device) <= enough) virtioMemRun(tx, device.name);
    }
}

/** Plugs or unplugs towards the requested size. */
function virtioMemRun(tx: Tx, name: string): void {
    const device = tx.state.virtioMem.get(name)!;
    const layout = layoutOf(tx.state, device);
    if (!layout) return;
    if (device.requestedSize > device.pluggedSize) plug(tx, name, layout);
    else if (device.requestedSize < device.pluggedSize) unplug(tx, name, layout);
}

/** Added memory of the device that is offline. Bytes. */
function offlineBytes(state: KernelState, device: VirtioMemState): number {
    const { memory } = state;
    let bytes = 0;
    for (const range of device.added) {
        for (const run of runsWithin(memory, range.start / memory.blockSize, (range.end + 1) / memory.blockSize - 1)) {
            if (run.state === 'offline') bytes += (run.last - run.first + 1) * memory.blockSize;
        }
    }
    return bytes;
}

function setPlugged(tx: Tx, name: string, plugged: readonly Range[]): void {
    const joined = normalize(plugged);
    update(tx, name, { plugged: joined, pluggedSize: totalSize(joined) });
}

/** First fills blocks that are added, then adds blocks from the lowest address on (VM-05). */
function plug(tx: Tx, name: string, layout: Layout): void {
    let device = tx.state.virtioMem.get(name)!;
    let left = alignDown(device.requestedSize - device.pluggedSize, layout.subBlock);
    for (const added of device.added) {
        for (const gap of subtract(added, device.plugged)) {
            if (left <= 0) break;
            const size = Math.min(left, sizeOf(gap));
            setPlugged(tx, name, [...tx.state.virtioMem.get(name)!.plugged, rangeOf(gap.start, size)]);
            left -= size;
        }
    }
    device = tx.state.virtioMem.get(name)!;
    const { region } = device;
    const usableEnd = Math.min(region.end + 1, region.start + device.usableSize);
    const start = alignUp(region.start, layout.unit);
    const end = alignDown(usableEnd, layout.unit);
    if (end <= start) return;
    const threshold = offlineThreshold(tx.state, layout);
    for (const free of subtract({ start, end: end - 1 }, device.added)) {
        const room = sizeOf(free);
        const wanted = layout.mode === 'sbm' ? Math.min(room, alignUp(left, layout.unit)) : Math.min(room, alignDown(left, layout.unit));
        if (wanted <= 0) return;
        // With a policy that brings blocks online at once nothing stays offline: if one unit may be added, any number may.
        let allowed = alignDown(Math.max(0, threshold - offlineBytes(tx.state, tx.state.virtioMem.get(name)!)), layout.unit);
        if (tx.state.memory.autoOnline !== 'offline' && allowed > 0) allowed = wanted;
        const throttled = allowed < wanted;
        const size = Math.min(wanted, allowed);
        if (size > 0) {
            const range = rangeOf(free.start, size);
            const group = device.group;
            const { result } = addMemory(tx, {
                node: nodeOf(tx.state, device), range, resourceName: 'System RAM (virtio_mem)', merge: true, ...(group === undefined ? {} : { group }),
            });
            if (result !== 0) return;
            const plugged = Math.min(left, size);
            const now = tx.state.virtioMem.get(name)!;
            update(tx, name, { added: normalize([...now.added, range]) });
            setPlugged(tx, name, [...now.plugged, rangeOf(free.start, plugged)]);
            left -= plugged;
        }
        if (throttled) {
            tx.note({
                code: 'virtio-mem/offline-threshold', rules: ['VM-06'], severity: 'warning', subject: name,
                message: `${name} plugs no more until its memory is brought online: at most ${threshold / MiB} MiB may be added and offline`,
                data: { missing: left },
            });
            return;
        }
    }
}

/** A stretch of added units that are alike. */
interface Stretch extends Range {
    readonly offline: boolean;
    readonly movable: boolean;
    readonly partial: boolean;
    /** It holds kernel data that cannot be moved. */
    readonly pinned: boolean;
}

/** Added units of the device in stretches, highest address first. A big block counts as one: offline or movable only as a whole (VM-07). */
function stretches(state: KernelState, device: VirtioMemState, layout: Layout): Stretch[] {
    const { blockSize } = state.memory;
    const out: Stretch[] = [];
    const runs = device.added.flatMap((range) => runsWithin(state.memory, range.start / blockSize, (range.end + 1) / blockSize - 1));
    const extent = (run: BlockRun): Range => ({ start: run.first * blockSize, end: (run.last + 1) * blockSize - 1 });
    const mixed = layout.mode === 'sbm' ? [] : mixedUnits(runs.map(extent), layout.unit);
    for (const unit of mixed) {
        const within = runsWithin(state.memory, unit.start / blockSize, (unit.end + 1) / blockSize - 1);
        const online = within.filter((run) => run.state === 'online');
        out.push({
            ...unit, offline: online.length === 0, movable: online.every((run) => run.zone === 'Movable'), partial: false,
            pinned: online.some((run) => offlineObstacle(run) !== undefined),
        });
    }
    for (const run of runs) {
        const whole = extent(run);
        const base = { offline: run.state === 'offline', movable: run.zone === 'Movable', pinned: offlineObstacle(run) !== undefined };
        let rest: Range[] = subtract(whole, mixed);
        // Units that are partly plugged stand alone.
        for (const gap of device.plugged.flatMap((p) => [p.start, p.end + 1])) {
            if (isAligned(gap, layout.unit) || gap < whole.start || gap > whole.end) continue;
            const unit = rangeOf(alignDown(gap, layout.unit), layout.unit);
            rest = rest.flatMap((r) => (overlaps(r, unit) ? subtract(r, [unit]) : [r]));
            if (!out.some((s) => s.start === unit.start)) out.push({ ...unit, ...base, partial: true });
        }
        for (const r of rest) out.push({ ...r, ...base, partial: false });
    }
    return out.sort((a, b) => b.start - a.start);
}

/** Units that more than one of the ranges, in address order, have a part of. */
function mixedUnits(ranges: readonly Range[], unit: number): Range[] {
    const starts = new Set(ranges.flatMap((r) => [r.start, r.end + 1]).filter((edge) => !isAligned(edge, unit)).map((edge) => alignDown(edge, unit)));
    return [...starts].sort((a, b) => a - b).map((start) => rangeOf(start, unit));
}

/** Unplugs in the driver's order: offline blocks, then partly plugged ones, then movable, then kernel memory; from the top (VM-07). */
function unplug(tx: Tx, name: string, layout: Layout): void {
    const passes: readonly ((s: Stretch) => boolean)[] = layout.mode === 'sbm'
        ? [(s) => s.offline && s.partial, (s) => s.offline && !s.partial, (s) => !s.offline && s.partial && s.movable,
            (s) => !s.offline && s.partial && !s.movable, (s) => !s.offline && !s.partial && s.movable, (s) => !s.offline && !s.partial && !s.movable]
        : [(s) => s.offline, (s) => !s.offline && s.movable, (s) => !s.offline && !s.movable];
    const first = tx.state.virtioMem.get(name)!;
    let left = alignDown(first.pluggedSize - first.requestedSize, layout.subBlock);
    for (const matches of passes) {
        if (left <= 0) return;
        for (const stretch of stretches(tx.state, tx.state.virtioMem.get(name)!, layout).filter(matches)) {
            if (left <= 0) return;
            left -= unplugStretch(tx, name, stretch, left, layout);
        }
    }
}

/** Unplugs up to `bytes` from the top of a stretch; units without plugged memory left are removed. Answers what was unplugged. */
function unplugStretch(tx: Tx, name: string, stretch: Stretch, bytes: number, layout: Layout): number {
    const device = tx.state.virtioMem.get(name)!;
    // Which sub-block holds data that stays is not known; the first is as good as any.
    const fixed = !stretch.pinned ? 0 : layout.mode === 'sbm' ? layout.subBlock : sizeOf(stretch);
    const free = { start: stretch.start + fixed, end: stretch.end };
    const inside = device.plugged.flatMap((p) => intersect(p, free) ?? []).reverse();
    let left = layout.mode === 'bbm' ? alignDown(bytes, layout.unit) : bytes;
    const gone: Range[] = [];
    for (const piece of inside) {
        const size = Math.min(left, sizeOf(piece));
        if (size <= 0) break;
        gone.push({ start: piece.end + 1 - size, end: piece.end });
        left -= size;
    }
    if (gone.length === 0) return 0;
    const plugged = device.plugged.flatMap((p) => subtract(p, gone));
    setPlugged(tx, name, plugged);
    // Whole units above the last plugged byte of the stretch go.
    const kept = plugged.flatMap((p) => intersect(p, stretch) ?? []).at(-1);
    const from = kept ? alignUp(kept.end + 1, layout.unit) : stretch.start;
    if (from <= stretch.end) removeUnits(tx, name, { start: from, end: stretch.end });
    return totalSize(gone);
}

/** Takes added units offline where they are not, and removes them (RMV-04). */
function removeUnits(tx: Tx, name: string, range: Range): void {
    const { blockSize } = tx.state.memory;
    for (const run of runsWithin(tx.state.memory, range.start / blockSize, (range.end + 1) / blockSize - 1)) {
        if (run.state === 'online') tx.set({ memory: displace(tx.state.memory, run) });
    }
    if (removeMemory(tx, range) !== 0) return;
    const device = tx.state.virtioMem.get(name)!;
    update(tx, name, { added: device.added.flatMap((a) => (contains(a, range) ? subtract(a, [range]) : [a])) });
}

/** The device as QEMU knows it, by its id. */
export function virtioMemById(state: KernelState, id: string): VirtioMemState | undefined {
    return [...state.virtioMem.values()].find((d) => d.device === id);
}
