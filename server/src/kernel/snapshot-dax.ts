// The dax part of a state's document.
import { availableSize, deviceSize } from './dax-bus.ts';
import { readdirOrder } from './kernfs.ts';
import type { DaxDocument, DaxRegionDocument } from './snapshot.ts';
import type { KernelState } from './state.ts';

const byNumber = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

export function snapshotDax(state: KernelState): { readonly dax: Record<string, DaxDocument>; readonly dax_regions: Record<string, DaxRegionDocument> } {
    const dax: Record<string, DaxDocument> = {};
    for (const name of [...state.dax.devices.keys()].sort(byNumber)) {
        const device = state.dax.devices.get(name)!;
        const region = state.dax.regions.get(device.region);
        const size = deviceSize(device);
        dax[name] = {
            size, align: device.align, target_node: region?.targetNode ?? -1, numa_node: region?.numaNode ?? -1, driver: device.driver,
            mappings: device.mappings.map((m) => ({ start: m.start, end: m.end, page_offset: m.pageOffset })),
            resource: device.mappings[0]?.start ?? null,
        };
    }
    const regions: Record<string, DaxRegionDocument> = {};
    // Several devdax namespaces of one nvdimm region have a dax region each, all of the same number: the recorder walks the devices
    // in directory order, and the last one it meets names the region.
    for (const name of readdirOrder([...state.dax.devices.keys()])) {
        const region = state.dax.regions.get(state.dax.devices.get(name)!.region);
        if (!region) continue;
        regions[`region${region.id}`] = {
            size: region.range.end - region.range.start + 1, align: region.align,
            ...(region.kind === 'dynamic' ? { available_size: availableSize(state.dax, region) } : {}),
            seed: region.seed,
        };
    }
    return { dax, dax_regions: regions };
}
