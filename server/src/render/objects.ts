// Kernel objects by name: what a state says of `dax0.0`, `memory49`, `namespace0.0`, `region0`, `node1`. Hover, completion and
// go-to-definition ask here, so that a name means the same everywhere.
import { nodeDistance } from '../kernel/numa.ts';
import { type Range, rangeOf, sizeOf } from '../kernel/range.ts';
import type { BlockRun, KernelState } from '../kernel/state.ts';
import { daxBytes, formatApproximate, namespaceMode } from './summary.ts';

export type ObjectKind = 'block' | 'dax' | 'dax-region' | 'namespace' | 'nd-region' | 'personality' | 'nmem' | 'node' | 'hmem' | 'virtio-mem' | 'dimm' | 'cxl-region' | 'memdev' | 'module';

export interface KernelObject {
    readonly kind: ObjectKind;
    readonly name: string;
    /** What it is, in the field's terms: `dax device`. */
    readonly title: string;
    /** Physical memory it stands for, in array order; empty where it has none. */
    readonly ranges: readonly Range[];
    /** Its state, a fact each: `bound to kmem`. */
    readonly facts: readonly string[];
}

/** A name as it may occur in a command line or a path, with nothing around it. */
export const OBJECT_NAME = /\b(?:memory\d+|node\d+|dax\d+\.\d+|namespace\d+\.\d+|region\d+|nmem\d+|(?:pfn|btt)\d+\.\d+|hmem\.\d+|virtio\d+|mem\d+|dax_region\d+|pmem\d+(?:\.\d+)?s?)\b/g;

/** The run that holds a block, or undefined where there is no such block. */
export function blockRun(state: KernelState, block: number): BlockRun | undefined {
    const runs = state.memory.blocks;
    let low = 0;
    let high = runs.length - 1;
    while (low <= high) {
        const mid = (low + high) >> 1;
        const run = runs[mid]!;
        if (block < run.first) high = mid - 1;
        else if (block > run.last) low = mid + 1;
        else return run;
    }
    return undefined;
}

/** Looks a name up in a state; undefined where nothing of that name exists. */
export function findObject(state: KernelState, name: string): KernelObject | undefined {
    const block = /^memory(\d+)$/.exec(name);
    if (block) {
        const number = Number(block[1]);
        const run = blockRun(state, number);
        if (!run) return undefined;
        return {
            kind: 'block', name, title: 'memory block', ranges: [rangeOf(number * state.memory.blockSize, state.memory.blockSize)],
            facts: [
                run.state, ...(run.zone ? [`zone ${run.zone}`] : run.state === 'online' ? ['in several zones'] : []),
                `node${run.nodes.length > 1 ? 's' : ''} ${run.nodes.join(', ')}`, run.early ? 'there since boot' : 'hot-added', ...(run.pinned ? [`cannot go offline: ${run.pinned}`] : []),
            ],
        };
    }
    const node = /^node(\d+)$/.exec(name);
    if (node) return describeNode(state, Number(node[1]));
    const dax = state.dax.devices.get(name);
    if (dax) {
        const region = state.dax.regions.get(dax.region);
        return {
            kind: 'dax', name, title: 'dax device', ranges: dax.mappings,
            facts: [
                daxBytes(dax) === 0 ? 'size 0' : formatApproximate(daxBytes(dax)), `align ${formatApproximate(dax.align)}`,
                dax.driver ? `bound to ${dax.driver}` : 'bound to no driver', ...(region ? [`target node ${region.targetNode}`, `region ${region.id} (${region.origin})`] : []),
            ],
        };
    }
    const namespace = state.nvdimm.namespaces.get(name);
    if (namespace) {
        const info = namespace.holder === null ? undefined : state.nvdimm.personalities.get(namespace.holder)?.info;
        return {
            kind: 'namespace', name, title: 'nvdimm namespace', ranges: namespace.range ? [namespace.range] : [],
            facts: namespace.range
                ? [
                    `${namespaceMode(state, namespace)}${info && info.kind !== 'btt' ? `, map ${info.map}, align ${formatApproximate(info.align)}` : ''}`,
                    formatApproximate(sizeOf(namespace.range)), namespace.enabled || namespace.holder ? 'enabled' : 'disabled',
                    ...(namespace.holder ? [`held by ${namespace.holder}`] : []), ...(namespace.disk ? [`/dev/${namespace.disk}`] : []), `in ${namespace.region}`,
                ]
                : ['no capacity yet: a seed', `in ${namespace.region}`],
        };
    }
    const region = state.nvdimm.regions.get(name);
    if (region) {
        return {
            kind: 'nd-region', name, title: 'nvdimm region', ranges: [region.range],
            facts: [
                formatApproximate(sizeOf(region.range)), `align ${formatApproximate(region.align)}`, `${region.ways} way${region.ways === 1 ? '' : 's'}`, region.provider,
                region.labelled ? 'labelled: namespaces are carved out of it' : 'label-less: one namespace covers it', `target node ${region.targetNode}`, ...(region.enabled ? [] : ['disabled']),
            ],
        };
    }
    const personality = state.nvdimm.personalities.get(name);
    if (personality) {
        return {
            kind: 'personality', name, title: `${personality.kind} device of libnvdimm`, ranges: [],
            facts: [personality.namespace ? `claims ${personality.namespace}` : 'claims nothing: a seed', `align ${formatApproximate(personality.align)}`, personality.enabled ? 'enabled' : 'disabled'],
        };
    }
    const nmem = state.nvdimm.dimms.get(name);
    if (nmem) return { kind: 'nmem', name, title: 'NVDIMM', ranges: [], facts: [`label storage ${formatApproximate(nmem.labelSize)}`, nmem.enabled ? 'enabled' : 'disabled'] };
    const daxRegion = state.dax.regions.get(name);
    if (daxRegion) {
        return {
            kind: 'dax-region', name, title: 'dax region', ranges: [daxRegion.range],
            facts: [formatApproximate(sizeOf(daxRegion.range)), daxRegion.kind, `target node ${daxRegion.targetNode}`, ...(daxRegion.seed ? [`seed ${daxRegion.seed}`] : [])],
        };
    }
    const hmem = state.hmem.devices.get(name);
    if (hmem) return { kind: 'hmem', name, title: 'soft-reserved range as a platform device', ranges: [hmem], facts: [formatApproximate(sizeOf(hmem)), `target node ${hmem.targetNode}`, hmem.bound ? 'bound' : 'unbound'] };
    const virtio = state.virtioMem.get(name) ?? [...state.virtioMem.values()].find((v) => v.name === name);
    if (virtio) {
        return {
            kind: 'virtio-mem', name, title: 'virtio-mem device', ranges: [virtio.region],
            facts: [`requested ${formatApproximate(virtio.requestedSize)}`, `plugged ${formatApproximate(virtio.pluggedSize)}`, `device block ${formatApproximate(virtio.deviceBlockSize)}`, `node ${virtio.node}`, virtio.bound ? 'bound' : 'unbound'],
        };
    }
    const dimm = state.dimms.get(name);
    if (dimm) return { kind: 'dimm', name, title: 'ACPI memory device', ranges: [dimm], facts: [formatApproximate(sizeOf(dimm)), dimm.added ? 'added to Linux' : 'Linux refused its memory'] };
    const cxl = state.cxl.regions.get(name);
    if (cxl) return { kind: 'cxl-region', name, title: 'CXL region', ranges: [cxl.range], facts: [formatApproximate(sizeOf(cxl.range)), cxl.type, cxl.enabled ? 'enabled' : 'disabled', `decoders of ${cxl.memdevs.join(', ')}`] };
    const memdev = state.cxl.memdevs.find((m) => m.name === name);
    if (memdev) return { kind: 'memdev', name, title: 'CXL memory device', ranges: [], facts: [`${formatApproximate(memdev.volatileSize)} volatile`, `${formatApproximate(memdev.pmemSize)} persistent`] };
    return undefined;
}

function describeNode(state: KernelState, node: number): KernelObject | undefined {
    if (!state.numa.possible.includes(node)) return undefined;
    const online = state.numa.online.includes(node);
    const zones = state.memory.zones.filter((z) => z.node === node);
    const cpus = state.numa.nodeCpus.get(node)?.length ?? 0;
    const pages = zones.reduce((sum, z) => sum + z.present, 0);
    return {
        kind: 'node', name: `node${node}`, title: 'NUMA node', ranges: state.numa.meminfo.filter((r) => r.node === node),
        facts: [
            online ? 'online' : 'possible, without CPU and memory', cpus === 0 ? 'no CPUs' : `${cpus} CPU${cpus === 1 ? '' : 's'}`, `${formatApproximate(pages * 4096)} RAM`,
            ...(zones.length ? [`zones ${zones.map((z) => z.zone).join(', ')}`] : []),
            ...(state.numa.online.length > 1 && online
                ? [`distances ${state.numa.online.map((other) => `${other}: ${nodeDistance(state.numa, node, other)}`).join(', ')}`] : []),
        ],
    };
}

/** Names of the objects of a kind that exist in a state, in the kernel's order. Blocks are left to `blockNames`. */
export function objectNames(state: KernelState, kind: Exclude<ObjectKind, 'block'>): readonly string[] {
    switch (kind) {
        case 'dax':
            return [...state.dax.devices.keys()];
        case 'dax-region':
            return [...state.dax.regions.keys()];
        case 'namespace':
            return [...state.nvdimm.namespaces.keys()];
        case 'nd-region':
            return [...state.nvdimm.regions.keys()];
        case 'personality':
            return [...state.nvdimm.personalities.keys()];
        case 'nmem':
            return [...state.nvdimm.dimms.keys()];
        case 'node':
            return state.numa.online.map((n) => `node${n}`);
        case 'hmem':
            return [...state.hmem.devices.keys()];
        case 'virtio-mem':
            return [...state.virtioMem.keys()];
        case 'dimm':
            return [...state.dimms.keys()];
        case 'cxl-region':
            return [...state.cxl.regions.keys()];
        case 'memdev':
            return state.cxl.memdevs.map((m) => m.name);
        case 'module':
            return [...state.modules.keys()];
    }
}

/** Names of memory blocks that begin with a text, at most `limit`, lowest first. Looks at ranges only: there may be millions of blocks. */
export function blockNames(state: KernelState, limit: number, begin = ''): string[] {
    const digits = begin.slice('memory'.length);
    if (!'memory'.startsWith(begin.slice(0, 'memory'.length)) || /\D|^0./.test(digits)) return [];
    const runs = state.memory.blocks;
    const last = runs.at(-1)?.last ?? -1;
    const names: string[] = [];
    for (let width = 1, from = Number(digits); from <= last; width *= 10, from *= 10) {
        const to = digits === '' ? last : from + width - 1;
        for (const run of runs) for (let n = Math.max(run.first, from); n <= Math.min(run.last, to) && names.length < limit; n++) names.push(`memory${n}`);
        if (from === 0) break;
    }
    return names;
}

/** What Linux made of a range: memory blocks and nodes and zones that cover it, as short facts. */
export function rangeFacts(state: KernelState, range: Range): string[] {
    const facts: string[] = [];
    const size = state.memory.blockSize;
    const first = Math.floor(range.start / size);
    const last = Math.floor(range.end / size);
    let covered = 0;
    const groups: { key: string; first: number; last: number }[] = [];
    for (const run of state.memory.blocks) {
        const from = Math.max(run.first, first);
        const to = Math.min(run.last, last);
        if (from > to) continue;
        covered += to - from + 1;
        const key = `${run.state}${run.zone ? ` in ${run.zone}` : ''}, node ${run.nodes.join('+')}`;
        const lastGroup = groups.at(-1);
        if (lastGroup && lastGroup.key === key && lastGroup.last + 1 === from) lastGroup.last = to;
        else groups.push({ key, first: from, last: to });
    }
    facts.push(covered === 0 ? 'no memory block' : `${covered === 1 ? 'memory block' : `${covered} memory blocks`} of ${formatApproximate(size)}`);
    for (const g of groups.slice(0, 4)) facts.push(`${g.first === g.last ? `memory${g.first}` : `memory${g.first}…memory${g.last}`}: ${g.key}`);
    if (groups.length > 4) facts.push(`and ${groups.length - 4} more runs of blocks`);
    return facts;
}
