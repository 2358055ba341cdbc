// nvdimm regions: what they start with when they appear or are enabled, and what goes when they are disabled
// (drivers/nvdimm/region.c, region_devs.c; kernel model 05, F1).
import { memregionAlloc } from './memregion.ts';
import { dropPersonality, newPersonality } from './nd-claim.ts';
import { labelArea, labelling } from './nd-label.ts';
import { emptyNamespace } from './nd-namespace.ts';
import { namespacesOf, ndBound, ndProbe, ndRemove, personalitiesOf, setNd, updateNdRegion } from './nvdimm.ts';
import { parseKernelNumber } from './dax-bus.ts';
import type { Result } from './outcome.ts';
import { alignDown, formatSize, MiB, PAGE, type Range, rangeOf, sizeOf } from './range.ts';
import { withEntry } from './shared-map.ts';
import type { KernelState, NdLabel, NdMapping, NdNamespace, NdProvider, NdRegion } from './state.ts';
import type { Tx } from './tx.ts';

/** Alignment that a region has unless somebody writes another one, in bytes (ND-05). */
const DEFAULT_ALIGN = 16 * MiB;

export interface RegionDescription {
    readonly range: Range;
    readonly mappings: readonly NdMapping[];
    readonly numaNode: number;
    readonly targetNode: number;
    /** Namespaces without an info block get struct pages (legacy pmem). */
    readonly pagemap: boolean;
    readonly readOnly: boolean;
    readonly provider: NdProvider;
    readonly claim?: number;
    /** Number given by somebody else (CXL regions have theirs already). */
    readonly id?: number;
}

/** Region align at creation (ND-05): a multiple of the interleave width, 4 KiB where the region is smaller than 16 MiB. */
export function defaultAlign(size: number, ways: number): number {
    const align = size < DEFAULT_ALIGN ? PAGE : DEFAULT_ALIGN;
    return align % ways === 0 ? align : align * ways;
}

/** Registers a bus of the nd subsystem once. */
export function ndBusRegister(tx: Tx, provider: NdProvider): void {
    if (!tx.state.nvdimm.buses.includes(provider)) setNd(tx, { buses: [...tx.state.nvdimm.buses, provider] });
}

/** Makes a region device and enables it. Returns its name. */
export function ndRegionCreate(tx: Tx, description: RegionDescription): string {
    const id = description.id ?? memregionAlloc(tx);
    const name = `region${id}`;
    const ways = Math.max(1, description.mappings.length);
    const { claim, ...rest } = description;
    const region: NdRegion = {
        ...rest, name, id, ways, ...(claim === undefined ? {} : { claim }),
        // Before v5.7 there is no such attribute: sizes are multiples of a page on each DIMM (ND-09).
        align: tx.state.profile.regionAlign ? defaultAlign(sizeOf(description.range), ways) : PAGE * ways,
        labelled: false, enabled: false, namespaceSeed: null, pfnSeed: null, daxSeed: null, bttSeed: null,
    };
    setNd(tx, { regions: withEntry(tx.state.nvdimm.regions, name, region) });
    ndProbe(tx, name);
    return name;
}

/** Capacity behind the last multiple of the region's align cannot be allocated by labels, and blocks label-less reconfiguration (ND-05). */
function noteTail(tx: Tx, name: string): void {
    const region = tx.state.nvdimm.regions.get(name)!;
    const size = sizeOf(region.range);
    const usable = alignDown(size, region.align);
    if (usable === size) return;
    tx.note({
        code: 'nvdimm/region-misaligned', rules: ['ND-05', 'NDC-06'], severity: 'warning', subject: name, range: region.range,
        message: region.labelled
            ? `the size of ${name} is no multiple of its align of ${formatSize(region.align)}: the tail cannot be allocated`
            : `the size of ${name} is no multiple of its align of ${formatSize(region.align)}: ndctl refuses to reconfigure its namespace`,
        data: { align: region.align, size },
        ...(region.labelled ? { losses: [{
            bytes: size - usable, range: rangeOf(region.range.start + usable, size - usable), cause: 'tail behind the last multiple of the region align',
            rule: 'ND-05', subject: name,
        }] } : {}),
    });
}

/**
 * Enables a region: decides whether it is labelled, finds its namespaces and offers them to their driver, makes the seeds.
 *
 * @returns ENXIO when a DIMM whose labels it needs is disabled (ND-04).
 */
export function ndRegionProbe(tx: Tx, name: string): Result {
    const region = tx.state.nvdimm.regions.get(name)!;
    const { dimms } = tx.state.nvdimm;
    const down = region.mappings.map((m) => dimms.get(m.dimm)).find((d) => d && !d.enabled);
    if (down) {
        tx.err(`nd_region ${name}: ${down.name}: is disabled, failing probe`, 'ND-04');
        return tx.fail('ENXIO', {
            code: 'nvdimm/dimm-disabled', rules: ['ND-04'], subject: name, others: [down.name],
            message: `${name} cannot be enabled while ${down.name} is disabled`,
        });
    }
    const labelled = region.mappings.some((m) => labelling(tx.state, m.dimm));
    updateNdRegion(tx, name, { enabled: true, labelled });
    const made = (labelled ? labelledNamespaces(tx.state, region) : [{ ...emptyNamespace(region, 0), range: region.range }]);
    let { namespaces } = tx.state.nvdimm;
    for (const namespace of made) namespaces = withEntry(namespaces, namespace.name, namespace);
    setNd(tx, { namespaces });
    updateNdRegion(tx, name, { namespaceSeed: made[0]!.name });
    const probeAll = (): void => {
        for (const namespace of made) ndProbe(tx, namespace.name);
    };
    // Personalities of info blocks are made while namespaces are probed, and the lower numbers are theirs or the seeds' (ND-12).
    if (!tx.state.profile.seedsFirst) probeAll();
    const bttSeed = newPersonality(tx, name, 'btt');
    const pfnSeed = newPersonality(tx, name, 'pfn');
    const daxSeed = newPersonality(tx, name, 'dax');
    updateNdRegion(tx, name, { bttSeed, pfnSeed, daxSeed });
    if (tx.state.profile.seedsFirst) probeAll();
    noteTail(tx, name);
    return 0;
}

/** Namespaces that the labels describe, numbered in address order; without any, one empty seed (ND-12, ND-29). */
function labelledNamespaces(state: KernelState, region: NdRegion): NdNamespace[] {
    const first = region.mappings[0]!;
    const labels = (labelArea(state, first.dimm)?.labels ?? [])
        .filter((l) => first.offset <= l.dpa && l.dpa < first.offset + first.length)
        .sort((a, b) => a.dpa - b.dpa);
    if (labels.length === 0) return [emptyNamespace(region, 0)];
    return labels.map((label, id) => ({
        ...emptyNamespace(region, id), range: spaOf(region, label), uuid: label.uuid, sectorSize: label.sectorSize, holderClass: label.holderClass,
    }));
}

/** Physical addresses of a label's allocation (ND-07). */
function spaOf(region: NdRegion, label: NdLabel): Range {
    return rangeOf(region.range.start + (label.dpa - region.mappings[0]!.offset) * region.ways, label.length * region.ways);
}

/** Disables a region: everything in it leaves its driver and goes away. Labels and info blocks stay on the media. */
export function ndRegionRemove(tx: Tx, name: string): void {
    for (const { name: personality } of personalitiesOf(tx.state, name)) {
        if (ndBound(tx.state, personality)) ndRemove(tx, personality);
        dropPersonality(tx, personality);
    }
    const namespaces = new Map(tx.state.nvdimm.namespaces);
    for (const { name: namespace } of namespacesOf(tx.state, name)) {
        if (ndBound(tx.state, namespace)) ndRemove(tx, namespace);
        namespaces.delete(namespace);
    }
    setNd(tx, { namespaces });
    updateNdRegion(tx, name, { enabled: false, namespaceSeed: null, bttSeed: null, pfnSeed: null, daxSeed: null });
}

/** Takes a region away for good. The memregion id is the caller's to free. */
export function ndRegionDestroy(tx: Tx, name: string): void {
    if (tx.state.nvdimm.regions.get(name)?.enabled) ndRegionRemove(tx, name);
    const regions = new Map(tx.state.nvdimm.regions);
    regions.delete(name);
    setNd(tx, { regions });
}

/**
 * Write to /sys/bus/nd/devices/regionN/align (ND-05, v5.7+). Nothing allocated changes; later allocations follow it.
 *
 * @returns EINVAL unless the value is a power of two of at least 4 KiB on each DIMM and at most the region; ENXIO without DIMMs, where
 * the release does not foresee that.
 */
export function ndRegionAlignStore(tx: Tx, name: string, text: string): Result {
    const region = tx.state.nvdimm.regions.get(name)!;
    const value = parseKernelNumber(text);
    if (value !== undefined && region.mappings.length === 0 && !tx.state.profile.legacyRegionAlign) {
        return tx.fail('ENXIO', {
            code: 'nvdimm/region-align-value', rules: ['ND-05'], subject: name, range: region.range, message: `${name} has no DIMMs: this kernel does not let its align be set`,
        });
    }
    const each = value === undefined ? 0 : value / region.ways;
    if (value === undefined || !Number.isInteger(each) || each < PAGE || !Number.isInteger(Math.log2(each)) || value > sizeOf(region.range)) {
        return tx.fail('EINVAL', {
            code: 'nvdimm/region-align-value', rules: ['ND-05'], subject: name, range: region.range,
            message: `${name} cannot have this align: it is a power of two of at least 4 KiB${region.ways > 1 ? ` times ${region.ways}` : ''}, up to the region's size`,
        });
    }
    updateNdRegion(tx, name, { align: value });
    noteTail(tx, name);
    return 0;
}
