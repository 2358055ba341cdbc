// CXL: fixed memory windows, memory devices behind them, and the regions that are made of them (drivers/cxl; kernel model 08, L).
import { daxRegionCreateDynamic, daxRegionDestroy } from './dax-bus.ts';
import type { CxlWindow } from './machine.ts';
import { memregionAlloc, memregionFree } from './memregion.ts';
import { ndBusRegister, ndRegionCreate, ndRegionDestroy } from './nd-region.ts';
import { initLabels } from './nd-label.ts';
import { ndProbe, setNd } from './nvdimm.ts';
import { memoryAddPhysaddrToNid, physToTargetNode } from './numa.ts';
import type { Result } from './outcome.ts';
import { alignUp, formatMem, hex, intersect, isAligned, MiB, overlaps, type Range, rangeOf, sizeOf } from './range.ts';
import { findById, insertExpand, insertResource, removeResource, systemRam } from './resource.ts';
import type { CxlDecoder, CxlRegion, CxlState, KernelState, NdDimm } from './state.ts';
import type { Tx } from './tx.ts';

/** Unit of windows and regions in bytes (CXL-01, CXL-03). */
export const CXL_UNIT = 256 * MiB;

function setCxl(tx: Tx, change: Partial<CxlState>): void {
    tx.set({ cxl: { ...tx.state.cxl, ...change } });
}

// ----------------------------------------------------------------------------------------------------- windows and devices

/** Module cxl_acpi: publishes each window, grown over what straddles it (CXL-01). */
export function cxlAcpiLoad(tx: Tx): void {
    for (const window of tx.state.machine.cxlWindows) addWindow(tx, window);
}

function addWindow(tx: Tx, window: CxlWindow): void {
    const bad = !isAligned(window.start, CXL_UNIT) ? 'CFMWS Base HPA not 256MB aligned' : !isAligned(sizeOf(window), CXL_UNIT) ? 'CFMWS Window Size not 256MB aligned' : undefined;
    if (bad) {
        tx.err(`cxl_acpi ACPI0017:00: ${bad}`, 'CXL-01');
        tx.err(`cxl_acpi ACPI0017:00: Failed to add decode range: [0x${hex(window.start)} - 0x${hex(window.end)}] (-22)`, 'CXL-01');
        tx.note({
            code: 'cxl/window-misaligned', rules: ['CXL-01'], severity: 'error', subject: `CXL Window ${window.index}`, range: { start: window.start, end: window.end },
            message: `window ${window.index} is skipped: its start and size must be multiples of 256 MiB`,
            data: { start: alignUp(window.start, CXL_UNIT), unit: CXL_UNIT },
        });
        return;
    }
    const placed = insertExpand(tx.state.iomem, { start: window.start, end: window.end, name: `CXL Window ${window.index}`, desc: 'cxl' });
    tx.set({ iomem: placed.tree });
    if (placed.range.start !== window.start || placed.range.end !== window.end) {
        tx.note({
            code: 'cxl/window-grown', rules: ['CXL-01', 'RES-05'], severity: 'warning', subject: `CXL Window ${window.index}`, range: placed.range,
            message: `window ${window.index} covers ${formatMem(placed.range)} now: something else straddles its edge`,
        });
    }
    setCxl(tx, { windows: [...tx.state.cxl.windows, { ...window, ...placed.range, claim: placed.id }] });
}

/** Windows go again, and regions in them before that. */
export function cxlAcpiUnload(tx: Tx): void {
    for (const name of [...tx.state.cxl.regions.keys()]) cxlRegionDestroy(tx, name);
    for (const window of tx.state.cxl.windows) tx.set({ iomem: removeResource(tx.state.iomem, window.claim) });
    setCxl(tx, { windows: [] });
}

/** Module cxl_mem: memory devices become active, those whose decoders firmware programmed with their region (CXL-04). */
export function cxlMemLoad(tx: Tx): void {
    const { cxlMemdevs } = tx.state.machine;
    setCxl(tx, { memdevs: cxlMemdevs.filter((m) => !m.oldEmulation || tx.state.profile.cxlOldEmulation) });
}

/** Module cxl_pmem: the persistent part of each device is an NVDIMM with labels (CXL-06). */
export function cxlPmemLoad(tx: Tx): void {
    for (const memdev of tx.state.cxl.memdevs) {
        if (memdev.pmemSize === 0 || [...tx.state.nvdimm.dimms.values()].some((d) => d.device === memdev.name)) continue;
        ndBusRegister(tx, 'CXL');
        const { dimms, media } = tx.state.nvdimm;
        const dimm: NdDimm = { name: `nmem${dimms.size}`, device: memdev.name, labelSize: LABEL_STORAGE, enabled: false, unarmed: false };
        setNd(tx, { dimms: new Map(dimms).set(dimm.name, dimm) });
        ndProbe(tx, dimm.name);
        if (!media.labels.has(memdev.name)) initLabels(tx, dimm.name, '1.2');
    }
    // Regions that firmware had assembled appear once everything they need is there.
    for (const memdev of tx.state.cxl.memdevs) if (memdev.region) autoRegion(tx, memdev.name, memdev.region);
}

/** Bytes of label storage that a device is taken to have; its size does not limit anything modelled here. */
const LABEL_STORAGE = 256 * MiB;

// ------------------------------------------------------------------------------------------------------------------ regions

/** Free extents of a window, as `cxl list -D` counts them: between what lies in it (RES-13). */
export function windowHoles(state: KernelState, window: CxlDecoder): Range[] {
    const inside = findById(state.iomem, window.claim)?.children ?? [];
    const holes: Range[] = [];
    let next = window.start;
    for (const child of inside) {
        if (child.start > next) holes.push({ start: next, end: child.start - 1 });
        next = Math.max(next, child.end + 1);
    }
    if (next <= window.end) holes.push({ start: next, end: window.end });
    return holes;
}

/** First address for a region: candidates step by the size itself from the window's start, so small gaps are missed (RES-13). */
export function findRegionAddress(state: KernelState, window: CxlDecoder, size: number): number | undefined {
    const inside = findById(state.iomem, window.claim)?.children ?? [];
    const first = alignUp(window.start, CXL_UNIT);
    let candidate = first;
    while (candidate + size - 1 <= window.end) {
        const taken = inside.find((c) => overlaps(c, rangeOf(candidate, size)));
        if (!taken) return candidate;
        candidate = first + Math.ceil((taken.end + 1 - first) / size) * size;
    }
    return undefined;
}

export interface NewCxlRegion {
    readonly window: number;
    readonly type: 'ram' | 'pmem';
    readonly memdevs: readonly string[];
    /** Bytes of the whole region. */
    readonly size: number;
    readonly granularity: number;
}

/**
 * Makes a region and commits its decoders (CXL-03): a pmem region becomes an nvdimm region, a RAM region a dax region.
 *
 * @returns the region's name, or EINVAL for a size that is no multiple of 256 MiB for each device, ENXIO without devices or window,
 * ERANGE without a hole on its stride, EOPNOTSUPP for RAM regions before v6.3.
 */
export function cxlRegionCreate(tx: Tx, wanted: NewCxlRegion): { readonly ok: true; readonly name: string } | { readonly ok: false; readonly errno: Exclude<Result, 0> } {
    const window = tx.state.cxl.windows.find((w) => w.index === wanted.window);
    const ways = wanted.memdevs.length;
    const no = (errno: 'EINVAL' | 'ENXIO' | 'ERANGE' | 'EOPNOTSUPP', code: string, message: string, data?: Record<string, number>): { readonly ok: false; readonly errno: Exclude<Result, 0> } => ({
        ok: false, errno: tx.fail(errno, { code, rules: ['CXL-03', 'RES-13'], subject: `decoder0.${wanted.window}`, message, ...(data ? { data } : {}) }),
    });
    if (!window || ways === 0) return no('ENXIO', 'cxl/no-target', 'a region needs a window and at least one memory device');
    if (wanted.type === 'ram' && !tx.state.profile.cxlRamRegions) return no('EOPNOTSUPP', 'cxl/no-ram-regions', 'this release makes persistent regions only');
    if (wanted.size === 0 || !isAligned(wanted.size, CXL_UNIT * ways)) {
        return no('EINVAL', 'cxl/region-size', `the size must be a multiple of 256 MiB times ${ways}`, { above: alignUp(Math.max(1, wanted.size), CXL_UNIT * ways) });
    }
    const start = findRegionAddress(tx.state, window, wanted.size);
    if (start === undefined) return no('ERANGE', 'cxl/no-hole', `window ${window.index} has no free place for the region on a multiple of its size`);
    return { ok: true, name: addRegion(tx, window, wanted, rangeOf(start, wanted.size)) };
}

/** A region that firmware programmed (CXL-04): inserted where it is, over what the map already says there. */
function autoRegion(tx: Tx, memdev: string, range: Range): void {
    const device = tx.state.cxl.memdevs.find((m) => m.name === memdev)!;
    const window = tx.state.cxl.windows.find((w) => w.index === device.window && intersect(w, range));
    if (!window || !tx.state.profile.cxlRamRegions || [...tx.state.cxl.regions.values()].some((r) => overlaps(r.range, range))) return;
    addRegion(tx, window, { window: window.index, type: device.pmemSize > 0 ? 'pmem' : 'ram', memdevs: [memdev], size: sizeOf(range), granularity: 256 }, range);
}

function addRegion(tx: Tx, window: CxlDecoder, wanted: NewCxlRegion, range: Range): string {
    const id = memregionAlloc(tx);
    const name = `region${id}`;
    // below the window, also where it fills it (CXL-03, CXL-04)
    const placed = insertResource(tx.state.iomem, { ...range, name, desc: 'cxl' }, window.claim);
    if (placed.ok) tx.set({ iomem: placed.tree });
    else tx.warn(`cxl_region ${name}: cannot insert resource`, 'CXL-04');
    const region: CxlRegion = {
        name, id, range, type: wanted.type, window: window.index, memdevs: wanted.memdevs, granularity: wanted.granularity, enabled: false,
        ...(placed.ok ? { claim: placed.id } : {}),
    };
    setCxl(tx, { regions: new Map(tx.state.cxl.regions).set(name, region) });
    cxlRegionEnable(tx, name);
    return name;
}

/** Binds the region driver: what the region is made for appears. */
export function cxlRegionEnable(tx: Tx, name: string): void {
    const region = tx.state.cxl.regions.get(name)!;
    if (region.enabled) return;
    setCxl(tx, { regions: new Map(tx.state.cxl.regions).set(name, { ...region, enabled: true }) });
    if (region.type === 'pmem') probePmem(tx, region);
    else probeRam(tx, region);
}

/** The range becomes Persistent Memory, above the region in iomem, and an nvdimm region of the same number (CXL-06). */
function probePmem(tx: Tx, region: CxlRegion): void {
    const placed = insertResource(tx.state.iomem, { ...region.range, name: 'Persistent Memory', desc: 'persistent' });
    if (placed.ok) tx.set({ iomem: placed.tree });
    const dimms = [...tx.state.nvdimm.dimms.values()];
    const ways = region.memdevs.length;
    ndRegionCreate(tx, {
        id: region.id, range: region.range, provider: 'CXL', pagemap: false, readOnly: false, ...(placed.ok ? { claim: placed.id } : {}),
        numaNode: memoryAddPhysaddrToNid(tx.state, region.range.start), targetNode: physToTargetNode(tx.state, region.range.start),
        mappings: region.memdevs.map((memdev, position) => ({
            dimm: dimms.find((d) => d.device === memdev)?.name ?? memdev, offset: 0, length: sizeOf(region.range) / ways, position,
        })),
    });
}

/** A RAM region is offered as dax device, by default to kmem, unless its memory is already in use (CXL-05). */
function probeRam(tx: Tx, region: CxlRegion): void {
    if (systemRam(tx.state.iomem, region.range).length > 0) {
        tx.note({
            code: 'cxl/already-ram', rules: ['CXL-05'], severity: 'info', subject: region.name, range: region.range,
            message: `${region.name} holds System RAM already: it stays as it is, without a dax device`,
        });
        return;
    }
    const target = physToTargetNode(tx.state, region.range.start);
    const node = target >= 0 ? target : memoryAddPhysaddrToNid(tx.state, region.range.start);
    daxRegionCreateDynamic(tx, {
        key: `dax_region${region.id}`, id: region.id, range: region.range, align: 2 * MiB, targetNode: node, numaNode: node, type: 'kmem', origin: 'cxl',
    }, false);
}

/** Unbinds the region driver: what was made of the region goes; memory that kmem cannot remove stays behind (CXL-08). */
export function cxlRegionDisable(tx: Tx, name: string): void {
    const region = tx.state.cxl.regions.get(name)!;
    if (!region.enabled) return;
    if (region.type === 'ram') daxRegionDestroy(tx, `dax_region${region.id}`);
    else {
        const nd = tx.state.nvdimm.regions.get(name);
        ndRegionDestroy(tx, name);
        if (nd?.claim !== undefined) tx.set({ iomem: removeResource(tx.state.iomem, nd.claim) });
    }
    setCxl(tx, { regions: new Map(tx.state.cxl.regions).set(name, { ...region, enabled: false }) });
}

/** Gives the region's addresses back. What lies in it moves up to the window. */
export function cxlRegionDestroy(tx: Tx, name: string): void {
    cxlRegionDisable(tx, name);
    const region = tx.state.cxl.regions.get(name)!;
    if (region.claim !== undefined) tx.set({ iomem: removeResource(tx.state.iomem, region.claim) });
    const regions = new Map(tx.state.cxl.regions);
    regions.delete(name);
    setCxl(tx, { regions });
    memregionFree(tx, region.id);
}
