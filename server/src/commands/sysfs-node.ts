// NUMA nodes in sysfs: masks, CPUs and distances, what HMAT publishes, memory tiers (kernel model 01).
import { memoryTiers } from '../kernel/memory-tiers.ts';
import { nodeDistance } from '../kernel/numa.ts';
import { formatList } from '../kernel/snapshot.ts';
import type { AccessClass, KernelState, MemorySideCache } from '../kernel/state.ts';
import type { Params, SysfsAttribute } from './sysfs.ts';

const NODE = '/sys/devices/system/node';

const line = (value: number | string): { readonly text: string } => ({ text: `${value}\n` });

const withMemory = (state: KernelState, normal: boolean): number[] =>
    state.memory.zones.filter((z) => z.present > 0 && (!normal || z.zone !== 'Movable')).map((z) => z.node);

function mask(file: string, doc: string, rules: SysfsAttribute['rules'], nodes: (state: KernelState) => readonly number[]): SysfsAttribute {
    return { path: `${NODE}/${file}`, doc, ...(rules ? { rules } : {}), read: (state) => line(formatList(nodes(state))) };
}

/** Number of a node that is online. */
function nodeOf(state: KernelState, params: Params): number | undefined {
    return state.numa.online.find((n) => `${n}` === params['node']);
}

const onlineNodes = (state: KernelState, name: string): readonly string[] => (name === 'node' ? state.numa.online.map(String) : []);

function nodeAttribute(file: string, doc: string, rules: SysfsAttribute['rules'], value: (state: KernelState, node: number) => string): SysfsAttribute {
    return {
        path: `${NODE}/node:node/${file}`, doc, ...(rules ? { rules } : {}), params: onlineNodes,
        exists: (state, params) => nodeOf(state, params) !== undefined,
        read: (state, params) => line(value(state, nodeOf(state, params)!)),
    };
}

/** The access class of a node as a target; undefined while the node is offline and where HMAT says nothing (HMAT-05, HMAT-06). */
function accessOf(state: KernelState, params: Params): AccessClass | undefined {
    const node = nodeOf(state, params);
    const access = node === undefined ? undefined : state.numa.access.get(node);
    return params['access'] === '0' ? access?.access0 : params['access'] === '1' && state.profile.access1 ? access?.access1 : undefined;
}

function performance(file: 'read_latency' | 'write_latency' | 'read_bandwidth' | 'write_bandwidth', doc: string): SysfsAttribute {
    return {
        path: `${NODE}/node:node/access:access/initiators/${file}`, doc, rules: ['HMAT-04', 'HMAT-05', 'HMAT-06'],
        params: (state, name) => (name === 'access' ? (state.profile.access1 ? ['0', '1'] : ['0']) : onlineNodes(state, name)),
        exists: (state, params) => accessOf(state, params) !== undefined,
        read: (state, params) => line(accessOf(state, params)![file] ?? 0),
    };
}

function cacheOf(state: KernelState, params: Params): MemorySideCache | undefined {
    const node = nodeOf(state, params);
    return node === undefined ? undefined : state.numa.access.get(node)?.caches.find((c) => `${c.level}` === params['level']);
}

function cacheAttribute(file: 'size' | 'line_size' | 'indexing' | 'write_policy', doc: string): SysfsAttribute {
    return {
        path: `${NODE}/node:node/memory_side_cache/index:level/${file}`, doc, rules: ['HMAT-07'],
        params: (state, name) => (name === 'level' ? [...new Set([...state.numa.access.values()].flatMap((a) => a.caches.map((c) => `${c.level}`)))] : onlineNodes(state, name)),
        exists: (state, params) => cacheOf(state, params) !== undefined,
        read: (state, params) => line(cacheOf(state, params)![file]),
    };
}

const tier: SysfsAttribute = {
    path: '/sys/devices/virtual/memory_tiering/memory_tier:tier/nodelist', doc: 'Nodes of a memory tier; a lower number is faster memory.', rules: ['TIER-01'],
    params: (state) => [...memoryTiers(state).keys()].map(String),
    exists: (state, params) => [...memoryTiers(state).keys()].some((t) => `${t}` === params['tier']),
    read: (state, params) => line(formatList([...memoryTiers(state)].find(([t]) => `${t}` === params['tier'])![1])),
};

export const nodeAttributes: readonly SysfsAttribute[] = [
    mask('possible', 'Nodes that can ever come online.', ['NUMA-09'], (state) => state.numa.possible),
    mask('online', 'Nodes that are online.', ['NUMA-09', 'MHP-06'], (state) => state.numa.online),
    mask('has_cpu', 'Nodes with a CPU.', ['NUMA-09'], (state) => state.numa.hasCpu),
    mask('has_memory', 'Nodes with online memory.', ['ONL-07'], (state) => withMemory(state, false)),
    mask('has_normal_memory', 'Nodes with online memory that kernel data can use.', ['ONL-07'], (state) => withMemory(state, true)),
    nodeAttribute('cpulist', 'CPUs of the node.', ['NUMA-09'], (state, node) => formatList(state.numa.nodeCpus.get(node) ?? [])),
    nodeAttribute('distance', 'Distances to the nodes that are online, in their order.', ['NUMA-11'], (state, node) => state.numa.online.map((to) => nodeDistance(state.numa, node, to)).join(' ')),
    performance('read_latency', 'Latency of reads by the best initiators of the class, in nanoseconds.'),
    performance('write_latency', 'Latency of writes by the best initiators of the class, in nanoseconds.'),
    performance('read_bandwidth', 'Bandwidth of reads by the best initiators of the class, in MB/s.'),
    performance('write_bandwidth', 'Bandwidth of writes by the best initiators of the class, in MB/s.'),
    cacheAttribute('size', 'Bytes of the memory-side cache.'),
    cacheAttribute('line_size', 'Bytes of a line of the memory-side cache.'),
    cacheAttribute('indexing', '0: direct-mapped, 1: indexed, 2: other.'),
    cacheAttribute('write_policy', '0: write-back, 1: write-through, 2: other.'),
    tier,
];
