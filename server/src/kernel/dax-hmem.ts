// Soft-reserved memory as dax regions (drivers/dax/hmem): which ranges become hmem.N devices, and the driver that makes a region
// of each. Kernel model 06, HMEM-01…HMEM-07, and 02, RES-17.
import { isTrue, lastParameter, parseCmdline } from './cmdline.ts';
import { daxRegionCreateDynamic, daxRegionDestroy } from './dax-bus.ts';
import { memregionAlloc, memregionFree } from './memregion.ts';
import { mapToOnlineNode, physToTargetNode } from './numa.ts';
import { ERRNO, type Result } from './outcome.ts';
import { contains, formatMem, formatSize, isAligned, MiB, overlaps, type Range } from './range.ts';
import { insertResource, regionIntersects, type Resource, type Tree, walkMatching } from './resource.ts';
import { withEntry } from './shared-map.ts';
import type { HmemDevice, HmemState, KernelState } from './state.ts';
import type { Tx } from './tx.ts';

/** Align of every hmem region, bytes (HMEM-05). */
export const HMEM_ALIGN = 2 * MiB;

type Candidate = Range & { readonly targetNode: number };

const isSoftReserved = (r: Resource): boolean => r.desc === 'soft-reserved';

/** The tree that holds Soft Reserved entries: iomem, or one of its own since v7.0 (E820-08). */
function softReservedTree(state: KernelState): Tree {
    return state.profile.softReservedPrivate ? state.softReserved : state.iomem;
}

/**
 * Registers soft-reserved ranges at boot: first those that HMAT targets name, then every Soft Reserved entry that is left
 * (HMEM-01…03). Up to v6.2 each becomes an `hmem.N` platform device at once; later they wait for the module dax_hmem.
 */
export function hmemInit(tx: Tx): void {
    const { state } = tx;
    const parameters = parseCmdline(state.machine.cmdline);
    const disabled = lastParameter(parameters, 'device_hmem.disable');
    if (state.profile.hmemSource === 'none' || (disabled !== undefined && isTrue(disabled))) return;
    const taken = new RangeSet();
    for (const target of hmatTargets(state)) register(tx, target, taken);
    if (state.profile.hmemSource === 'hmat') return;
    // hmem.N resources count as soft-reserved themselves: before v6.1 the walk registers those that HMAT made once more.
    for (const { resource } of walkMatching(softReservedTree(tx.state), { start: 0, end: Number.MAX_SAFE_INTEGER }, isSoftReserved)) {
        register(tx, { start: resource.start, end: resource.end, targetNode: physToTargetNode(state, resource.start) }, taken);
    }
}

/**
 * A node got its first online memory: HMAT code registers the soft-reserved ranges of its proximity domain again, which makes one
 * more `hmem.N` each time before v6.1 (HMEM-02).
 */
export function hmatNodeOnline(tx: Tx, node: number): void {
    if (tx.state.profile.hmemOnce || tx.state.profile.hmemSource === 'none') return;
    for (const target of hmatTargets(tx.state).filter((t) => t.targetNode === node)) {
        const name = register(tx, target, new RangeSet());
        if (name !== undefined && tx.state.modules.has('dax_hmem')) probe(tx, name);
    }
}

/** SRAT ranges of each memory proximity domain, in the order HMAT code visits them (HMEM-02); none without HMAT. */
function hmatTargets(state: KernelState): Candidate[] {
    const { hmat, srat, cmdline } = state.machine;
    const numa = parseCmdline(cmdline).filter((p) => p.name === 'numa').map((p) => p.value);
    if (!hmat || !srat || numa.includes('off') || numa.includes('nohmat')) return [];
    const domains = [...new Set(srat.memory.map((m) => m.pxm))];
    return domains.flatMap((pxm) => srat.memory
        .filter((m) => m.pxm === pxm)
        .sort((a, b) => a.start - b.start)
        .map((m) => ({ start: m.start, end: m.end, targetNode: state.numa.pxmToNode.get(pxm) ?? -1 })));
}

/** Ranges that do not overlap, in address order. */
class RangeSet {
    private readonly ranges: Range[] = [];

    /** Adds a range unless it overlaps one that is there. */
    add(range: Range): boolean {
        let low = 0;
        let high = this.ranges.length;
        while (low < high) {
            const mid = (low + high) >> 1;
            if (this.ranges[mid]!.end < range.start) low = mid + 1;
            else high = mid;
        }
        if (low < this.ranges.length && overlaps(this.ranges[low]!, range)) return false;
        this.ranges.splice(low, 0, range);
        return true;
    }
}

/**
 * Registers one range unless it is not purely soft-reserved, or overlaps one of `taken`, those registered before (HMEM-02, HMEM-03).
 * Answers the device it made.
 */
function register(tx: Tx, range: Candidate, taken: RangeSet): string | undefined {
    const { state } = tx;
    if (regionIntersects(softReservedTree(state), range, isSoftReserved, state.profile.intersectsDescends) !== 'intersects') return undefined;
    if (!state.profile.hmemInIomem) {
        if (taken.add(range)) setHmem(tx, { pending: [...state.hmem.pending, range] });
        return undefined;
    }
    // The id is taken before the overlap is noticed and given back after, so it is never lost.
    if (state.profile.hmemOnce && !taken.add(range)) return undefined;
    const id = memregionAlloc(tx);
    const name = `hmem.${id}`;
    const placed = insertResource(tx.state.iomem, { start: range.start, end: range.end, name, desc: 'soft-reserved' });
    if (!placed.ok) {
        tx.err(`${name}: failed to claim resource 0: ${formatMem(range)}`, 'RES-17');
        tx.err(`hmem ${name}: device add failed for ${formatMem(range)}`, 'RES-17');
        memregionFree(tx, id);
        return undefined;
    }
    tx.set({ iomem: placed.tree });
    addDevice(tx, { ...range, id, bound: false, claim: placed.id });
    return name;
}

function setHmem(tx: Tx, change: Partial<HmemState>): void {
    tx.set({ hmem: { ...tx.state.hmem, ...change } });
}

function addDevice(tx: Tx, device: HmemDevice): void {
    setHmem(tx, { devices: withEntry(tx.state.hmem.devices, `hmem.${device.id}`, device) });
}

/** The platform driver `hmem` registers with module dax_hmem: makes the waiting devices, then binds to all (HMEM-01, HMEM-07). */
export function hmemDriverRegister(tx: Tx): void {
    const { pending } = tx.state.hmem;
    setHmem(tx, { pending: [] });
    for (const range of [...pending].sort((a, b) => a.start - b.start)) {
        if (leftToCxl(tx.state, range)) {
            tx.note({
                code: 'hmem/in-cxl-window', rules: ['HMEM-04'], severity: 'warning', range: { start: range.start, end: range.end },
                message: 'this release leaves specific-purpose memory in a CXL window to the CXL drivers: there is no dax device until they assemble a region of it',
            });
            continue;
        }
        const id = memregionAlloc(tx);
        addDevice(tx, { ...range, id, bound: false });
    }
    for (const [name, device] of tx.state.hmem.devices) if (!device.bound) probe(tx, name);
}

/** Module dax_hmem goes: regions vanish; devices that it made go too and wait again (HMEM-01). */
export function hmemDriverUnregister(tx: Tx): void {
    for (const [name, device] of tx.state.hmem.devices) if (device.bound) remove(tx, name);
    if (tx.state.profile.hmemSource !== 'module') return;
    const gone = [...tx.state.hmem.devices.values()];
    for (const device of gone) memregionFree(tx, device.id);
    setHmem(tx, { devices: new Map(), pending: gone.map(({ start, end, targetNode }) => ({ start, end, targetNode })) });
}

/** Is the range CXL's to decide about? (HMEM-04) */
function leftToCxl(state: KernelState, range: Range): boolean {
    switch (state.profile.hmemCxl) {
        case 'takes': return false;
        case 'defers': return regionIntersects(state.iomem, range, (r) => r.desc === 'cxl', state.profile.intersectsDescends) !== 'disjoint';
        case 'waits': return [...state.cxl.regions.values()].some((r) => contains(r.range, range));
    }
}

/** `region_idle` of module dax_hmem as it is now: regions start empty and are not kmem's by type (HMEM-06). */
function regionIdle(state: KernelState): boolean {
    const value = state.modules.get('dax_hmem')?.['region_idle'];
    return value !== undefined && isTrue(value);
}

function probe(tx: Tx, name: string): Result {
    const device = tx.state.hmem.devices.get(name)!;
    const idle = regionIdle(tx.state);
    const told = tx.notes.length;
    const made = daxRegionCreateDynamic(tx, {
        key: name, id: device.id, range: { start: device.start, end: device.end }, align: HMEM_ALIGN, targetNode: device.targetNode,
        numaNode: mapToOnlineNode(tx.state, device.targetNode), origin: 'hmem',
        type: tx.state.profile.daxMatchByType && !idle ? 'kmem' : 'device_dax',
    }, idle);
    if (made !== 0) {
        const errno = -ERRNO[made];
        tx.warn(tx.state.profile.probeLogNew ? `hmem ${name}: probe with driver hmem failed with error ${errno}` : `hmem: probe of ${name} failed with error ${errno}`, 'DAX-02');
        if (isAligned(device.start, HMEM_ALIGN) && isAligned(device.end + 1, HMEM_ALIGN)) return made;
        // What comes below says it in the terms of the range.
        tx.notes.splice(told);
        tx.note({
            code: 'hmem/unusable', rules: ['HMEM-05', 'DAX-02'], severity: 'warning', subject: name, range: device,
            message: `nothing of this soft-reserved range can be used: it must start and end on ${formatSize(HMEM_ALIGN)}`,
            losses: [{ bytes: device.end - device.start + 1, range: { start: device.start, end: device.end }, cause: 'start or end off 2 MiB', rule: 'HMEM-05', subject: name }],
        });
        return made;
    }
    setBound(tx, name, true);
    return 0;
}

function remove(tx: Tx, name: string): void {
    daxRegionDestroy(tx, name);
    setBound(tx, name, false);
}

function setBound(tx: Tx, name: string, bound: boolean): void {
    setHmem(tx, { devices: withEntry(tx.state.hmem.devices, name, { ...tx.state.hmem.devices.get(name)!, bound }) });
}

/** Writes `bind` of the platform driver hmem (DAX-20 holds for every bus). */
export function hmemBind(tx: Tx, value: string): Result {
    const name = value.replace(/\n$/, '');
    const device = tx.state.hmem.devices.get(name);
    const { bindReturnsProbeErrno } = tx.state.profile;
    if (!device) return tx.fail('ENODEV', { code: 'hmem/no-such-device', rules: ['DAX-20'], subject: name, message: `there is no platform device ${name}` });
    if (device.bound) {
        return tx.fail(bindReturnsProbeErrno ? 'EBUSY' : 'ENODEV', { code: 'hmem/already-bound', rules: ['DAX-20'], subject: name, message: `${name} is bound already` });
    }
    const result = probe(tx, name);
    return result === 0 || bindReturnsProbeErrno ? result : 'ENODEV';
}

/** Writes `unbind` of the platform driver hmem: the region goes with its devices, whatever state they are in (DAX-07). */
export function hmemUnbind(tx: Tx, value: string): Result {
    const name = value.replace(/\n$/, '');
    if (!tx.state.hmem.devices.get(name)?.bound) {
        return tx.fail('ENODEV', { code: 'hmem/not-bound', rules: ['DAX-20'], subject: name, message: `${name} is not bound to the driver hmem` });
    }
    remove(tx, name);
    return 0;
}

