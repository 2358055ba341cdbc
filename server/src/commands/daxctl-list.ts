// What daxctl prints about devices and regions, as JSON.
import { availableSize } from '../kernel/dax-bus.ts';
import { sizeOf } from '../kernel/range.ts';
import type { DaxRegion, KernelState } from '../kernel/state.ts';
import { movableMemory, onlineSections, sectionCount } from './daxctl-memory.ts';
import { type ListedDevice, type ListedRegion, matchesDevice, matchesRegion, type Session } from './daxctl-session.ts';
import { formatJsonArray, hexadecimal, type Json, size } from './json-c.ts';

/** One device. `mappings` come last one first, as libdaxctl keeps them. */
export function deviceJson(session: Session, device: ListedDevice, mappings = false): Json {
    const { state } = session.tx;
    const ram = session.isSystemRam(device);
    const total = ram ? sectionCount(state, device) : 0;
    const online = ram ? onlineSections(state, device) : 0;
    const movable = ram ? movableMemory(state, device) : undefined;
    const ranges = state.dax.devices.get(device.name)?.mappings ?? [];
    return {
        chardev: device.name,
        size: size(device.size),
        target_node: device.targetNode >= 0 ? device.targetNode : undefined,
        align: device.align > 0 ? size(device.align) : undefined,
        mode: ram ? 'system-ram' : 'devdax',
        online_memblocks: ram && typeof online === 'number' ? online : undefined,
        total_memblocks: ram && typeof total === 'number' ? total : undefined,
        movable,
        state: session.isEnabled(device) ? undefined : 'disabled',
        mappings: mappings && ranges.length > 0
            ? ranges.map((m) => ({ page_offset: hexadecimal(m.pageOffset), start: hexadecimal(m.start), end: hexadecimal(m.end), size: size(sizeOf(m)) })).reverse()
            : undefined,
    };
}

export interface ListOptions {
    readonly regions: boolean;
    readonly devices: boolean;
    readonly mappings: boolean;
    readonly idle: boolean;
    readonly human: boolean;
    readonly region?: string;
    readonly dev?: string;
}

/** Path of a region's parent below /sys/devices. */
function regionPath(state: KernelState, region: DaxRegion): string {
    if (region.origin === 'hmem') return `/platform/${state.profile.hmemBelowPlatform ? 'hmem_platform.0/' : ''}${region.key}`;
    if (region.origin === 'nvdimm') return `${state.nvdimm.legacy ? '/platform/e820_pmem' : '/LNXSYSTM:00/LNXSYBUS:00/ACPI0012:00'}/ndbus0/region${region.id}/${region.key}`;
    return `/platform/ACPI0017:00/root0/${region.key}`;
}

function listedDevices(session: Session, region: ListedRegion, options: ListOptions): Json[] {
    return region.devices()
        .filter((d) => matchesDevice(d, options.dev) && (options.idle || d.size > 0))
        .map((d) => deviceJson(session, d, options.mappings));
}

/** Standard output of `daxctl list`. */
export function listText(session: Session, options: ListOptions): string {
    const none = !options.regions && !options.devices;
    const regions = options.regions || (none && options.region !== undefined);
    const devices = options.devices || (none && (options.dev !== undefined || !regions));
    const { state } = session.tx;
    const out: Json[] = [];
    for (const listed of session.regions().filter((r) => matchesRegion(r, options.region))) {
        if (!regions) {
            out.push(...listedDevices(session, listed, options));
            continue;
        }
        const region = state.dax.regions.get(listed.key)!;
        const free = region.kind === 'dynamic' ? availableSize(state.dax, region) : 0;
        const shown = devices ? listedDevices(session, listed, options) : [];
        out.push({
            path: regionPath(state, region), id: region.id, size: size(sizeOf(region.range)), available_size: free > 0 ? size(free) : undefined,
            align: region.align, devices: shown.length > 0 ? shown : undefined,
        });
    }
    return out.length > 0 ? formatJsonArray(out, options.human) : '';
}
