// The libnvdimm part of a state's document.
import { availableCapacity, maxAvailableExtent } from './nd-namespace.ts';
import { viewNamespace } from './nd-view.ts';
import { sizeOf } from './range.ts';
import type { NamespaceDocument, NdRegionDocument } from './snapshot.ts';
import type { KernelState, NdNamespace, NdRegion } from './state.ts';

const byNumber = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

function regionDocument(state: KernelState, region: NdRegion): NdRegionDocument {
    return {
        size: sizeOf(region.range), align: region.align, resource: region.range.start, numa_node: region.numaNode,
        target_node: region.targetNode >= 0 ? region.targetNode : null, enabled: region.enabled,
        ...(region.mappings.length > 0
            ? { available_size: availableCapacity(state, region), max_available_extent: maxAvailableExtent(state, region) } : {}),
        mappings: region.mappings.map((m) => ({ ...m })),
        namespace_seed: region.namespaceSeed,
    };
}

/** Idle seeds, with neither size nor personality, are left out. */
function namespaceDocument(state: KernelState, namespace: NdNamespace): NamespaceDocument | undefined {
    const region = state.nvdimm.regions.get(namespace.region);
    if (!namespace.range || !region) return undefined;
    const view = viewNamespace(state, namespace);
    return {
        region: namespace.region, mode: view.mode, map: view.map, size: view.size, raw_size: sizeOf(namespace.range), resource: namespace.range.start,
        data_resource: view.data, align: view.align, ...(view.sectorSize === undefined ? {} : { sector_size: view.sectorSize }),
        enabled: view.active, numa_node: region.numaNode, target_node: region.targetNode >= 0 ? region.targetNode : null, claim: namespace.holder,
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
