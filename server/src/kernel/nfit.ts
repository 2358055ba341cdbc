// NVDIMMs that ACPI describes: the NFIT at module load and what is hot-added later (drivers/acpi/nfit/core.c; kernel model ND-02).
import type { NfitRange } from './machine.ts';
import { memregionFree } from './memregion.ts';
import { ndBusRegister, ndRegionCreate, ndRegionDestroy } from './nd-region.ts';
import { ndProbe, setNd } from './nvdimm.ts';
import { mapToOnlineNode, memoryAddPhysaddrToNid, physToTargetNode } from './numa.ts';
import { formatMem, sameRange, sizeOf } from './range.ts';
import { childrenWithin, insertResource, removeResource } from './resource.ts';
import { withEntry } from './shared-map.ts';
import type { NdDimm } from './state.ts';
import type { Tx } from './tx.ts';

/** Module nfit: DIMMs first, in the order of their handles (QEMU: by address), then regions in the table's order. */
export function nfitLoad(tx: Tx): void {
    const nfit = [...tx.state.machine.nfit, ...tx.state.nvdimm.plugged];
    if (nfit.length > 0 || tx.state.machine.hotplugWindow) ndBusRegister(tx, 'ACPI.NFIT');
    const byAddress = [...nfit].sort((a, b) => a.start - b.start);
    const names = dimmNames(tx);
    for (const range of byAddress) for (const device of range.dimms) addDimm(tx, device, range, names);
    for (const range of nfit) addSpa(tx, range, names);
}

/** nmemN by what the table calls the NVDIMM; kept by hand while a table is read, which may have thousands. */
function dimmNames(tx: Tx): Map<string, string> {
    return new Map([...tx.state.nvdimm.dimms.values()].map((d) => [d.device, d.name]));
}

/** Module nfit leaves: regions, DIMMs and their iomem entries go. */
export function nfitUnload(tx: Tx): void {
    for (const region of [...tx.state.nvdimm.regions.values()].filter((r) => r.provider === 'ACPI.NFIT')) {
        ndRegionDestroy(tx, region.name);
        memregionFree(tx, region.id);
        if (region.claim !== undefined) tx.set({ iomem: removeResource(tx.state.iomem, region.claim) });
    }
    const cxl = new Set([...tx.state.nvdimm.regions.values()].flatMap((r) => r.mappings.map((m) => m.dimm)));
    setNd(tx, {
        dimms: new Map([...tx.state.nvdimm.dimms].filter(([name]) => cxl.has(name))), buses: tx.state.nvdimm.buses.filter((b) => b !== 'ACPI.NFIT'),
    });
}

/** An NVDIMM is plugged while Linux runs: the table lists it from now on, and with module nfit its range becomes a region. */
export function nfitHotAdd(tx: Tx, range: NfitRange): void {
    setNd(tx, { plugged: [...tx.state.nvdimm.plugged, range] });
    if (!tx.state.nvdimm.buses.includes('ACPI.NFIT')) return;
    const names = dimmNames(tx);
    for (const device of range.dimms) addDimm(tx, device, range, names);
    addSpa(tx, range, names);
}

function addDimm(tx: Tx, device: string, range: NfitRange, names: Map<string, string>): void {
    if (names.has(device)) return;
    const { dimms } = tx.state.nvdimm;
    const dimm: NdDimm = { name: `nmem${dimms.size}`, device, labelSize: range.labelSize, enabled: false, unarmed: range.unarmed ?? false };
    setNd(tx, { dimms: withEntry(dimms, dimm.name, dimm) });
    names.set(device, dimm.name);
    ndProbe(tx, dimm.name);
}

/** One system physical address range becomes one region (ND-02). */
function addSpa(tx: Tx, spa: NfitRange, names: ReadonlyMap<string, string>): void {
    const range = { start: spa.start, end: spa.end };
    const claim = insertPersistentMemory(tx, spa);
    if (claim === undefined) return;
    const node = spa.proximityDomain === undefined ? undefined : tx.state.numa.pxmToNode.get(spa.proximityDomain);
    const online = node === undefined ? -1 : mapToOnlineNode(tx.state, node);
    const fallback = memoryAddPhysaddrToNid(tx.state, spa.start);
    if (online < 0 && tx.state.profile.regionAlign) {
        tx.info(`nfit ACPI0012:00: changing numa node from -1 to ${fallback} for nfit region ${formatMem(range)}`, 'ND-02');
    }
    const ways = Math.max(1, spa.dimms.length);
    ndRegionCreate(tx, {
        range, numaNode: online >= 0 ? online : fallback, targetNode: node ?? physToTargetNode(tx.state, spa.start), pagemap: false,
        readOnly: spa.unarmed ?? false, provider: 'ACPI.NFIT', ...(claim === 0 ? {} : { claim }),
        mappings: spa.dimms.map((device, position) => ({
            dimm: names.get(device)!, offset: 0, length: sizeOf(range) / ways, position,
        })),
    });
}

/** "Persistent Memory" over the range, unless the map already says so (ND-02). 0: nothing added; undefined: refused. */
function insertPersistentMemory(tx: Tx, spa: NfitRange): number | undefined {
    const present = childrenWithin(tx.state.iomem.root, spa).find((r) => r.desc === 'persistent' && sameRange(r, spa));
    if (present) return 0;
    const placed = insertResource(tx.state.iomem, { start: spa.start, end: spa.end, name: 'Persistent Memory', desc: 'persistent' });
    if (placed.ok) {
        tx.set({ iomem: placed.tree });
        return placed.id;
    }
    tx.err('nfit ACPI0012:00: failed to insert pmem resource to iomem: -16', 'ND-02');
    tx.fail('EBUSY', {
        code: 'nvdimm/spa-conflict', rules: ['ND-02'], subject: spa.dimms.join(', '), range: { start: spa.start, end: spa.end }, others: [placed.conflict.name],
        message: `the NFIT range cannot become a region: ${placed.conflict.name} overlaps part of it`,
    });
    return undefined;
}

