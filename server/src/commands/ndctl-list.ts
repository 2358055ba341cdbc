// What ndctl prints about namespaces, regions, DIMMs and buses (NDC-16). uuids are random on a real machine: `UUID` stands for them.
import { availableCapacity, maxAvailableExtent } from '../kernel/nd-namespace.ts';
import { viewNamespace } from '../kernel/nd-view.ts';
import { sizeOf } from '../kernel/range.ts';
import type { DaxDevice, KernelState, NdDimm, NdNamespace, NdRegion } from '../kernel/state.ts';
import { formatJson, formatJsonArray, type Json, size } from './json-c.ts';
import { flag, parseMode, valueOf } from './ndctl-options.ts';
import type { NdctlSession } from './ndctl-session.ts';
import type { Invocation } from './spec.ts';

function deviceJson(device: DaxDevice, targetNode: number): Json {
    return {
        chardev: device.name, size: size(device.mappings.reduce((sum, m) => sum + sizeOf(m), 0)), target_node: targetNode >= 0 ? targetNode : undefined,
        align: size(device.align), mode: device.driver === 'kmem' ? 'system-ram' : 'devdax', state: device.driver ? undefined : 'disabled',
    };
}

function daxRegionJson(state: KernelState, key: string): Json | undefined {
    const region = state.dax.regions.get(key);
    if (!region) return undefined;
    const devices = [...state.dax.devices.values()].filter((d) => d.region === key && d.mappings.length > 0);
    return {
        id: region.id, size: size(Math.max(0, sizeOf(region.range))), align: size(region.align),
        devices: devices.length > 0 ? devices.map((d) => deviceJson(d, region.targetNode)) : undefined,
    };
}

/** One namespace as `create-namespace` and `list -N` print it. */
export function namespaceJson(state: KernelState, namespace: NdNamespace, verbose = false): Json {
    const view = viewNamespace(state, namespace);
    const region = state.nvdimm.regions.get(namespace.region)!;
    const uuid = view.holder || (region.labelled && namespace.uuid) ? 'UUID' : region.labelled && !view.active && view.size === 0 ? '00000000-0000-0000-0000-000000000000' : undefined;
    return {
        dev: namespace.name, mode: view.mode, map: view.map ?? undefined, size: size(view.size ?? 0), uuid,
        raw_uuid: verbose && region.labelled && namespace.uuid && view.holder ? 'UUID' : undefined,
        daxregion: view.holder?.kind === 'dax' && view.active ? daxRegionJson(state, view.holder.name) : undefined,
        sector_size: view.mode === 'devdax' ? undefined : view.sectorSize ?? (namespace.sectorSize || 512),
        align: view.align === null ? undefined : size(view.align),
        blockdev: view.disk, state: view.active ? undefined : 'disabled',
        numa_node: verbose && region.numaNode >= 0 ? region.numaNode : undefined, target_node: verbose && region.targetNode >= 0 ? region.targetNode : undefined,
    };
}

function regionJson(session: NdctlSession, region: NdRegion, verbose: boolean, namespaces: Json | undefined): Json {
    const { state } = session;
    const free = region.labelled ? availableCapacity(state, region) : 0;
    return {
        dev: region.name, size: size(sizeOf(region.range)), align: size(region.align), available_size: size(free),
        max_available_extent: size(region.labelled ? maxAvailableExtent(state, region) : 0), type: 'pmem',
        numa_node: verbose && region.numaNode >= 0 ? region.numaNode : undefined, target_node: verbose && region.targetNode >= 0 ? region.targetNode : undefined,
        iset_id: region.labelled ? 0 : undefined,
        mappings: region.mappings.length > 0 ? region.mappings.map((m) => ({ dimm: m.dimm, offset: size(m.offset), length: size(m.length), position: m.position })).reverse() : undefined,
        persistence_domain: region.provider === 'CXL' ? 'memory_controller' : 'unknown', state: region.enabled ? undefined : 'disabled', namespaces,
    };
}

function dimmJson(dimm: NdDimm): Json {
    return { dev: dimm.name, state: dimm.enabled ? undefined : 'disabled', flag_failed_arm: dimm.unarmed ? true : undefined };
}

/** `ndctl list`. Nothing to list prints nothing. */
export function listText(session: NdctlSession, invocation: Invocation): string {
    const verbose = flag(invocation, '--verbose');
    const idle = flag(invocation, '--idle');
    const wants = (name: string): boolean => flag(invocation, name);
    const asked = ['--buses', '--dimms', '--regions', '--namespaces'].filter(wants);
    const namespaces = asked.length === 0 || wants('--namespaces');
    const mode = parseMode(valueOf(invocation, '--mode') ?? '');
    const only = valueOf(invocation, '--namespace');
    const regions = session.regions(valueOf(invocation, '--region'), valueOf(invocation, '--bus'));
    const ofRegion = (region: NdRegion): Json[] => session.namespaces(region)
        .filter((n) => only === undefined || only === 'all' || only === n.name)
        .filter((n) => idle || (session.active(n.name) && (viewNamespace(session.state, n).size ?? 0) > 0))
        .filter((n) => mode === undefined || viewNamespace(session.state, n).mode === mode)
        .map((n) => namespaceJson(session.state, n, verbose));
    const human = wants('--human');
    const sections: Record<string, Json> = {};
    if (wants('--buses')) sections['buses'] = session.buses().map((provider) => ({ provider, dev: `ndbus${session.state.nvdimm.buses.indexOf(provider)}` }));
    if (wants('--dimms')) sections['dimms'] = session.dimms(valueOf(invocation, '--bus')).map(dimmJson);
    if (wants('--regions')) {
        sections['regions'] = regions.filter((r) => idle || r.enabled).map((r) => {
            const inside = namespaces ? ofRegion(r) : [];
            return regionJson(session, r, verbose, inside.length > 0 ? inside : undefined);
        });
    } else if (namespaces) sections['namespaces'] = regions.flatMap(ofRegion);
    const filled = Object.entries(sections).filter(([, v]) => (v as readonly Json[]).length > 0);
    if (filled.length === 0) return '';
    // One kind of device is an array of its own; several are the members of one object.
    if (Object.keys(sections).length > 1) return `${formatJson(Object.fromEntries(filled), human)}\n`;
    return formatJsonArray(filled[0]![1] as readonly Json[], human);
}
