// The libnvdimm part of a state's document.
import { sizeOf } from './range.ts';
import type { NamespaceDocument, NdRegionDocument } from './snapshot.ts';
import type { KernelState, NdNamespace, NdRegion } from './state.ts';

const byNumber = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

/** Bytes of a region that no namespace has. */
function availableSize(state: KernelState, region: NdRegion): number {
    let used = 0;
    for (const ns of state.nvdimm.namespaces.values()) if (ns.region === region.name && ns.range) used += sizeOf(ns.range);
    return sizeOf(region.range) - used;
}

function regionDocument(state: KernelState, region: NdRegion): NdRegionDocument {
    return {
        size: sizeOf(region.range), align: region.align, resource: region.range.start, numa_node: region.numaNode,
        target_node: region.targetNode, enabled: region.enabled,
        ...(region.provider !== 'e820' ? { available_size: availableSize(state, region) } : {}),
        mappings: region.mappings.map((m) => ({ ...m })),
        namespace_seed: region.namespaceSeed,
    };
}

function namespaceDocument(state: KernelState, ns: NdNamespace): NamespaceDocument | undefined {
    const region = state.nvdimm.regions.get(ns.region);
    if (!ns.range || !region) return undefined;
    const rawSize = sizeOf(ns.range);
    const holder = ns.holder ? state.nvdimm.personalities.get(ns.holder) : undefined;
    const info = ns.info;
    const nodes = { numa_node: region.numaNode, target_node: region.targetNode, claim: ns.holder };
    if (holder?.kind === 'btt' && info?.kind === 'btt') {
        return {
            region: ns.region, mode: 'sector', map: null, size: holder.enabled ? rawSize : null, raw_size: rawSize, resource: ns.range.start,
            data_resource: null, align: null, sector_size: info.sectorSize, enabled: holder.enabled, ...nodes,
        };
    }
    if (holder && info && info.kind !== 'btt') {
        const data = ns.range.start + info.startPad + info.dataOffset;
        return {
            region: ns.region, mode: holder.kind === 'dax' ? 'devdax' : 'fsdax', map: info.map,
            size: holder.enabled ? rawSize - info.startPad - info.dataOffset - info.endTrunc : null, raw_size: rawSize,
            resource: ns.range.start, data_resource: holder.enabled ? data : null, align: info.align, enabled: holder.enabled, ...nodes,
        };
    }
    return {
        region: ns.region, mode: region.pagemap ? 'fsdax' : 'raw', map: region.pagemap ? 'mem' : null, size: rawSize, raw_size: rawSize,
        resource: ns.range.start, data_resource: null, align: null, enabled: ns.enabled, ...nodes,
    };
}

export function snapshotNd(state: KernelState): {
    readonly nd_regions: Record<string, NdRegionDocument>; readonly namespaces: Record<string, NamespaceDocument>;
} {
    const regions: Record<string, NdRegionDocument> = {};
    const namespaces: Record<string, NamespaceDocument> = {};
    for (const name of [...state.nvdimm.regions.keys()].sort(byNumber)) regions[name] = regionDocument(state, state.nvdimm.regions.get(name)!);
    for (const name of [...state.nvdimm.namespaces.keys()].sort(byNumber)) {
        const document = namespaceDocument(state, state.nvdimm.namespaces.get(name)!);
        if (document) namespaces[name] = document;
    }
    return { nd_regions: regions, namespaces };
}
