// Namespaces: attributes, and where their capacity comes from in a labelled region (drivers/nvdimm/namespace_devs.c, dimm_devs.c;
// kernel model ND-06, ND-07, ND-09 … ND-12).
import { parseKernelNumber } from './dax-bus.ts';
import { availableSlots, labelArea, writeLabels } from './nd-label.ts';
import { lowestFree, namespacesOf, setNd, updateNamespace, updateNdRegion } from './nvdimm.ts';
import type { Result } from './outcome.ts';
import { alignDown, alignUp, formatSize, hex, isAligned, type Range, rangeOf, sizeOf } from './range.ts';
import { regionIntersects, SYSTEM_RAM } from './resource.ts';
import { withEntry } from './shared-map.ts';
import type { KernelState, NdNamespace, NdRegion } from './state.ts';
import type { Tx } from './tx.ts';

/** An unconfigured namespace device. */
export function emptyNamespace(region: NdRegion, id: number): NdNamespace {
    return {
        name: `namespace${region.id}.${id}`, region: region.name, id, uuid: null, sectorSize: 512, holderClass: '', forceRaw: false, enabled: false,
        claims: [], holder: null,
    };
}

/** Offers the next unconfigured namespace, with the lowest free number (ND-12, ND-29). Label-less regions have none. */
export function nextNamespaceSeed(tx: Tx, name: string): void {
    const region = tx.state.nvdimm.regions.get(name)!;
    if (!region.labelled) return;
    const seed = emptyNamespace(region, lowestFree(namespacesOf(tx.state, name).map((n) => n.id)));
    setNd(tx, { namespaces: withEntry(tx.state.nvdimm.namespaces, seed.name, seed) });
    updateNdRegion(tx, name, { namespaceSeed: seed.name });
}

/** Bytes a namespace has; 0 for an unconfigured one. */
export function capacity(namespace: NdNamespace): number {
    return namespace.range ? sizeOf(namespace.range) : 0;
}

/**
 * Does a namespace without info block get struct pages (ND-16)? In a legacy region, unless it is forced raw or claimed, or its
 * range is partly System RAM.
 */
export function mapsPages(state: KernelState, namespace: NdNamespace): boolean {
    const region = state.nvdimm.regions.get(namespace.region);
    if (!region?.pagemap || namespace.forceRaw || !namespace.range) return false;
    return regionIntersects(state.iomem, namespace.range, (r) => (r.flags & SYSTEM_RAM) !== 0, state.profile.intersectsDescends) !== 'mixed';
}

// ---------------------------------------------------------------------------------------------------------------- capacity

/** Are the DIMMs of the region able to tell what is allocated? Without label storage they are not (ND-04). */
function hasDimmData(state: KernelState, region: NdRegion): boolean {
    const { dimms } = state.nvdimm;
    return region.mappings.length > 0 && region.mappings.every((m) => {
        const dimm = dimms.get(m.dimm);
        return dimm !== undefined && dimm.enabled && dimm.labelSize > 0;
    });
}

/** Allocated physical ranges of a labelled region, in address order. A disabled region still has its labels. */
function allocations(state: KernelState, region: NdRegion): Range[] {
    const first = region.mappings[0];
    const labels = (first && labelArea(state, first.dimm)?.labels) ?? [];
    return labels
        .filter((l) => first!.offset <= l.dpa && l.dpa < first!.offset + first!.length)
        .map((l) => rangeOf(region.range.start + (l.dpa - first!.offset) * region.ways, l.length * region.ways))
        .sort((a, b) => a.start - b.start);
}

/** Free holes of a region, each trimmed to the region's align, in address order (ND-07). Offsets from the region start count. */
function holes(region: NdRegion, used: readonly Range[]): Range[] {
    const out: Range[] = [];
    const base = region.range.start;
    let next = 0;
    const add = (end: number): void => {
        const start = alignUp(next, region.align);
        const stop = alignDown(end, region.align);
        if (start < stop) out.push({ start: base + start, end: base + stop - 1 });
    };
    for (const range of used) {
        add(range.start - base);
        next = range.end + 1 - base;
    }
    add(sizeOf(region.range));
    return out;
}

/** `available_size` of a region in bytes: each allocation counts rounded outward to the region's align (ND-06). */
export function availableCapacity(state: KernelState, region: NdRegion): number {
    if (!hasDimmData(state, region)) return 0;
    const base = region.range.start;
    const busy = allocations(state, region).reduce((sum, r) => sum + alignUp(r.end + 1 - base, region.align) - alignDown(r.start - base, region.align), 0);
    const size = sizeOf(region.range);
    return busy < size ? alignDown(size - busy, region.align) : 0;
}

/** `max_available_extent` in bytes: the largest aligned hole (ND-06). */
export function maxAvailableExtent(state: KernelState, region: NdRegion): number {
    if (!hasDimmData(state, region)) return 0;
    return holes(region, allocations(state, region)).reduce((most, h) => Math.max(most, sizeOf(h)), 0);
}

// -------------------------------------------------------------------------------------------------------------- attributes

/**
 * Write to `size` of a namespace (ND-09). 0 deletes: the device itself goes too unless it is the seed or number 0.
 *
 * @returns EBUSY active or claimed; ENXIO without uuid, without DIMMs or without their labels; EINVAL off the region's align;
 * ENOSPC beyond what is free.
 */
export function namespaceSizeStore(tx: Tx, name: string, text: string): Result {
    const value = parseKernelNumber(text);
    if (value === undefined) return tx.fail('EINVAL', { code: 'nvdimm/size-number', rules: ['ND-09'], subject: name, message: `\`${text}\` is not a plain number of bytes` });
    return setNamespaceSize(tx, name, value);
}

/** The same with a number of bytes. */
export function setNamespaceSize(tx: Tx, name: string, value: number): Result {
    const namespace = tx.state.nvdimm.namespaces.get(name)!;
    const region = tx.state.nvdimm.regions.get(namespace.region)!;
    const bad = (errno: 'EBUSY' | 'ENXIO' | 'EINVAL' | 'ENOSPC', code: string, message: string, data?: Record<string, number>): Result =>
        tx.fail(errno, { code, rules: ['ND-09'], subject: name, message, ...(namespace.range ? { range: namespace.range } : {}), ...(data ? { data } : {}) });
    if (namespace.enabled || namespace.holder) return bad('EBUSY', 'nvdimm/size-active', `${name} is in use: disable it before changing its size`);
    if (!namespace.uuid) return bad('ENXIO', 'nvdimm/size-without-uuid', `${name} has no uuid yet: write one first`);
    if (region.mappings.length === 0) return bad('ENXIO', 'nvdimm/size-label-less', `${region.name} has no labels to record a size in`);
    if (!isAligned(value, region.align)) {
        return bad('EINVAL', 'nvdimm/size-misaligned', `the size must be a multiple of the align of ${region.name}, ${formatSize(region.align)}`, {
            below: alignDown(value, region.align), above: alignUp(value, region.align), align: region.align,
        });
    }
    if (!hasDimmData(tx.state, region)) return bad('ENXIO', 'nvdimm/size-label-less', `the DIMMs of ${region.name} have no labels to record a size in`);
    const own = capacity(namespace);
    if (value > 0 && own === 0 && region.mappings.some((m) => (availableSlots(tx.state, m.dimm) ?? 1) <= 0)) {
        return bad('ENXIO', 'nvdimm/labels-full', `no label is free on the DIMMs of ${region.name}: each namespace takes one`);
    }
    const free = maxAvailableExtent(tx.state, region);
    if (value > free + own) return bad('ENOSPC', 'nvdimm/no-space', `${region.name} has no hole of that size: the largest has ${formatSize(free)}`, { available: free });
    if (value !== own) {
        const resized = value === 0 ? undefined : place(tx.state, region, namespace.range, value);
        if (value !== 0 && !resized) {
            tx.warn(`nd_region ${region.name}: allocation underrun: 0x0 of 0x${hex(value - own)} bytes`, 'ND-07');
            return bad('ENXIO', 'nvdimm/not-contiguous', `${name} cannot grow where it is: the free capacity does not touch it`);
        }
        const { range: _old, ...rest } = namespace;
        setNd(tx, { namespaces: withEntry(tx.state.nvdimm.namespaces, name, resized ? { ...rest, range: resized } : rest) });
    }
    if (value === 0) deleteAllocation(tx, name);
    writeLabels(tx, region);
    return 0;
}

/** Where an allocation of `size` bytes goes: first fit, or grown or cut in place (ND-07). Undefined: nowhere. */
function place(state: KernelState, region: NdRegion, own: Range | undefined, size: number): Range | undefined {
    if (own && size < sizeOf(own)) return rangeOf(own.start, size);
    const grow = own ? size - sizeOf(own) : size;
    for (const hole of holes(region, allocations(state, region))) {
        if (sizeOf(hole) < grow) continue;
        if (!own) return rangeOf(hole.start, size);
        if (hole.start === own.end + 1) return { start: own.start, end: own.end + grow };
        if (hole.end === own.start - 1) return { start: own.start - grow, end: own.end };
    }
    return undefined;
}

function deleteAllocation(tx: Tx, name: string): void {
    const { namespaces, regions } = tx.state.nvdimm;
    const namespace = namespaces.get(name)!;
    if (namespace.id !== 0 && regions.get(namespace.region)!.namespaceSeed !== name) {
        const left = new Map(namespaces);
        left.delete(name);
        setNd(tx, { namespaces: left });
    } else updateNamespace(tx, name, { uuid: null });
}

/**
 * Write to `uuid` (ND-10). `uuid` is any identity; text from a user is compared as it is written.
 *
 * @returns EBUSY when claimed, or when it had one that never got a size; EINVAL when malformed or another namespace has it.
 */
export function namespaceUuidStore(tx: Tx, name: string, uuid: string): Result {
    const namespace = tx.state.nvdimm.namespaces.get(name)!;
    const region = tx.state.nvdimm.regions.get(namespace.region)!;
    if (namespace.holder) {
        return tx.fail('EBUSY', { code: 'nvdimm/uuid-claimed', rules: ['ND-10'], subject: name, message: `${name} is claimed by ${namespace.holder}`, others: [namespace.holder] });
    }
    const twin = [...tx.state.nvdimm.namespaces.values()].find((n) => n.name !== name && n.uuid === uuid);
    if (twin) {
        return tx.fail('EINVAL', { code: 'nvdimm/uuid-not-unique', rules: ['ND-10'], subject: name, message: `${twin.name} already has this uuid`, others: [twin.name] });
    }
    if (namespace.uuid && namespacesOf(tx.state, region.name).every((n) => !n.range || !n.uuid)) {
        return tx.fail('EBUSY', { code: 'nvdimm/uuid-set', rules: ['ND-10'], subject: name, message: `${name} already has a uuid that no label carries yet` });
    }
    updateNamespace(tx, name, { uuid });
    writeLabels(tx, region);
    return 0;
}

/** Write to `holder_class`: which personality may claim the namespace (ND-10). EBUSY when active or claimed, EINVAL otherwise. */
export function holderClassStore(tx: Tx, name: string, word: string): Result {
    const namespace = tx.state.nvdimm.namespaces.get(name)!;
    if (namespace.enabled || namespace.holder) {
        return tx.fail('EBUSY', { code: 'nvdimm/holder-class-active', rules: ['ND-10'], subject: name, message: `${name} is in use` });
    }
    if (word !== '' && word !== 'btt' && word !== 'pfn' && word !== 'dax') {
        return tx.fail('EINVAL', { code: 'nvdimm/holder-class-value', rules: ['ND-10'], subject: name, message: 'holder_class is btt, pfn, dax or empty' });
    }
    updateNamespace(tx, name, { holderClass: word });
    if (namespace.uuid) writeLabels(tx, tx.state.nvdimm.regions.get(namespace.region)!);
    return 0;
}

/** Sector sizes a labelled namespace may have itself, in bytes (ND-10). */
export const NAMESPACE_SECTORS: readonly number[] = [512, 4096];

/** Write to `sector_size` of a labelled namespace (ND-10). */
export function namespaceSectorStore(tx: Tx, name: string, text: string): Result {
    const namespace = tx.state.nvdimm.namespaces.get(name)!;
    const value = parseKernelNumber(text);
    if (namespace.holder || namespace.enabled) return tx.fail('EBUSY', { code: 'nvdimm/sector-size-active', rules: ['ND-10'], subject: name, message: `${name} is in use` });
    if (value === undefined || !NAMESPACE_SECTORS.includes(value)) {
        return tx.fail('EINVAL', { code: 'nvdimm/sector-size-value', rules: ['ND-10'], subject: name, message: 'the sector size of a namespace is 512 or 4096' });
    }
    updateNamespace(tx, name, { sectorSize: value });
    if (namespace.uuid) writeLabels(tx, tx.state.nvdimm.regions.get(namespace.region)!);
    return 0;
}
