// Namespace labels: what a DIMM's label storage holds (drivers/nvdimm/label.c, kernel model ND-03, ND-08). Labels are media: they
// outlive drivers and reboots.
import type { NfitRange } from './machine.ts';
import { namespacesOf, setNd } from './nvdimm.ts';
import { alignDown, KiB, sizeOf } from './range.ts';
import { withEntry } from './shared-map.ts';
import type { KernelState, NdLabel, NdLabelArea, NdRegion } from './state.ts';
import type { Tx } from './tx.ts';

/** Bytes of one label by version of the label specification (ND-08). */
const SLOT = { '1.1': 128, '1.2': 256 } as const;

/** The initialised label storage of a DIMM, or undefined: no storage, never initialised, or the DIMM is disabled. */
export function labelArea(state: KernelState, dimm: string): NdLabelArea | undefined {
    const device = state.nvdimm.dimms.get(dimm);
    return device?.enabled && device.labelSize > 0 ? state.nvdimm.media.labels.get(device.device) : undefined;
}

/** Labels that fit a label area of `size` bytes: two index blocks with one bit for each slot come off first (ND-08). */
export function labelSlots(size: number, version: NdLabelArea['version']): number {
    const slot = SLOT[version];
    const most = Math.floor(size / slot);
    // An index block has a 72-byte header and a bit map, in units of 256 bytes.
    const index = Math.ceil((72 + Math.ceil(most / 8)) / 256) * 256;
    return Math.floor((size - 2 * index) / slot);
}

/** Labels that can still be written to a DIMM: one slot stays free for updates (ND-08). null: no label storage. */
export function availableSlots(state: KernelState, dimm: string): number | null {
    const device = state.nvdimm.dimms.get(dimm);
    if (!device || device.labelSize === 0) return null;
    const area = state.nvdimm.media.labels.get(device.device);
    return labelSlots(device.labelSize, area?.version ?? '1.2') - (area?.labels.length ?? 0) - 1;
}

/** What the label storages hold when the machine starts for the first time, by DIMM. */
export function firstLabels(ranges: readonly NfitRange[]): ReadonlyMap<string, NdLabelArea> {
    return new Map(ranges.filter((r) => r.labelsInitialised && r.labelSize >= KiB).flatMap((r) => r.dimms.map((dimm) => [dimm, { version: '1.1', labels: [] }])));
}

function setArea(tx: Tx, device: string, area: NdLabelArea | undefined): void {
    const { media } = tx.state.nvdimm;
    const labels = new Map(media.labels);
    if (area) labels.set(device, area);
    else labels.delete(device);
    setNd(tx, { media: { ...media, labels } });
}

/** Writes a fresh, empty index: labels that were there are gone, and with them every allocation of the DIMM. */
export function initLabels(tx: Tx, dimm: string, version: NdLabelArea['version']): void {
    const device = tx.state.nvdimm.dimms.get(dimm);
    if (!device || device.labelSize < KiB) return;
    setArea(tx, device.device, { version, labels: [] });
    if (device.enabled) setNd(tx, { dimms: withEntry(tx.state.nvdimm.dimms, dimm, { ...device, labelling: true }) });
}

/** May namespaces be allocated on a DIMM: it has labels, or had some since it was found, and gets new ones with the first namespace (ND-03). */
export function labelling(state: KernelState, dimm: string): boolean {
    const device = state.nvdimm.dimms.get(dimm);
    return device?.enabled === true && device.labelSize > 0 && (device.labelling === true || state.nvdimm.media.labels.has(device.device));
}

/** Overwrites the label storage with zeroes: namespaces are gone, and after a reboot the region is label-less. */
export function zeroLabels(tx: Tx, dimm: string): void {
    const device = tx.state.nvdimm.dimms.get(dimm);
    if (device) setArea(tx, device.device, undefined);
}

/** Writes the labels of a region anew from its namespaces; those without size or uuid have none. */
export function writeLabels(tx: Tx, region: NdRegion): void {
    for (const mapping of region.mappings) {
        const device = tx.state.nvdimm.dimms.get(mapping.dimm);
        // An index that is not there is written with the first label, for the larger labels of version 1.2.
        const area = device && (tx.state.nvdimm.media.labels.get(device.device) ?? (labelling(tx.state, mapping.dimm) ? { version: '1.2', labels: [] } : undefined));
        if (!device || !area) continue;
        const others = area.labels.filter((l) => l.dpa < mapping.offset || l.dpa >= mapping.offset + mapping.length);
        const own = namespacesOf(tx.state, region.name).flatMap((n): NdLabel[] => (n.range && n.uuid ? [{
            uuid: n.uuid, dpa: mapping.offset + (n.range.start - region.range.start) / region.ways, length: alignDown(sizeOf(n.range), region.ways) / region.ways,
            sectorSize: n.sectorSize, holderClass: n.holderClass,
        }] : []));
        if (own.length > 0 || area.labels.length > 0) setArea(tx, device.device, { ...area, labels: [...others, ...own] });
    }
}
