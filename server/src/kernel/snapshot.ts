// What a user would read from /proc and /sys in a state, as one document. Its shape is that of the recorded runs, and of
// `memtopo simulate --json`.
import { memoryTiers } from './memory-tiers.ts';
import { nodeDistance } from './numa.ts';
import { formatIomem } from './resource.ts';
import { snapshotDax } from './snapshot-dax.ts';
import { snapshotNd } from './snapshot-nd.ts';
import type { AccessClass, KernelState, MemorySideCache } from './state.ts';
import { readableRuns } from './zones.ts';

export interface BlockDocument {
    /** Block numbers, inclusive. */
    readonly first: number;
    readonly last: number;
    readonly state: string;
    /** valid_zones: the zone of an online block, or what an offline block can become, default first. */
    readonly zones: string;
    readonly nodes: readonly number[];
}

export interface NodeDocument {
    readonly id: number;
    readonly cpulist: string;
    /** To each online node. */
    readonly distances: readonly number[];
    readonly access0?: AccessClass;
    readonly access1?: AccessClass;
    readonly memory_side_cache?: Readonly<Record<string, Omit<MemorySideCache, 'level'>>>;
}

export interface DaxDocument {
    readonly size: number;
    readonly align: number;
    readonly target_node: number;
    readonly numa_node: number;
    readonly driver: string | null;
    readonly mappings: readonly { readonly start: number; readonly end: number; readonly page_offset: number }[];
    readonly resource?: number | null;
}

export interface DaxRegionDocument {
    readonly size: number;
    readonly align: number;
    readonly available_size?: number;
    readonly seed?: string | null;
}

export interface NdRegionDocument {
    readonly size: number;
    readonly align: number;
    readonly resource: number;
    readonly numa_node: number;
    readonly target_node: number | null;
    readonly enabled: boolean;
    readonly available_size?: number;
    readonly max_available_extent?: number;
    readonly mappings: readonly { readonly dimm: string; readonly offset: number; readonly length: number; readonly position: number }[];
    readonly namespace_seed?: string | null;
}

export interface NamespaceDocument {
    readonly region: string;
    readonly mode: 'raw' | 'sector' | 'fsdax' | 'devdax';
    readonly map: 'mem' | 'dev' | null;
    readonly size: number | null;
    readonly raw_size: number;
    readonly resource: number;
    readonly data_resource: number | null;
    readonly align: number | null;
    readonly sector_size?: number;
    readonly enabled: boolean;
    readonly numa_node?: number;
    readonly target_node?: number | null;
    readonly claim?: string | null;
}

/** STATE of the recorded runs. */
export interface StateDocument {
    readonly iomem: string;
    readonly block_size: number;
    readonly memory_blocks: readonly BlockDocument[];
    readonly auto_online_blocks: string;
    readonly node_masks: {
        readonly possible: string; readonly online: string; readonly has_cpu: string; readonly has_memory: string; readonly has_normal_memory: string;
    };
    readonly nodes: readonly NodeDocument[];
    /** Populated zones, in pages. */
    readonly zones: readonly { readonly node: number; readonly zone: string; readonly start_pfn: number; readonly spanned: number; readonly present: number }[];
    readonly memory_tiers: Readonly<Record<string, string>>;
    readonly dax: Readonly<Record<string, DaxDocument>>;
    readonly dax_regions: Readonly<Record<string, DaxRegionDocument>>;
    readonly nd_regions: Readonly<Record<string, NdRegionDocument>>;
    readonly namespaces: Readonly<Record<string, NamespaceDocument>>;
}

/** Numbers as sysfs prints a mask: `0-2,5`; '' when there are none. */
export function formatList(numbers: readonly number[]): string {
    const sorted = [...new Set(numbers)].sort((a, b) => a - b);
    const parts: string[] = [];
    for (let i = 0; i < sorted.length;) {
        let j = i;
        while (j + 1 < sorted.length && sorted[j + 1] === sorted[j]! + 1) j++;
        parts.push(i === j ? `${sorted[i]}` : `${sorted[i]}-${sorted[j]}`);
        i = j + 1;
    }
    return parts.join(',');
}

function nodeDocument(state: KernelState, id: number): NodeDocument {
    const { numa } = state;
    const access = numa.access.get(id);
    const withTargets = (key: 'access0' | 'access1'): AccessClass | undefined => {
        if (numa.access.size === 0) return undefined;
        const linked = [...new Set([...numa.online, ...(numa.departed ?? [])])].sort((a, b) => a - b);
        const targets = linked.filter((n) => numa.access.get(n)?.[key]?.initiators.includes(id));
        const own = access?.[key];
        return own || targets.length > 0 ? { ...own, initiators: own?.initiators ?? [], targets } : undefined;
    };
    const access0 = withTargets('access0');
    const access1 = state.profile.access1 ? withTargets('access1') : undefined;
    const caches = access?.caches ?? [];
    return {
        id,
        cpulist: formatList(numa.nodeCpus.get(id) ?? []),
        distances: numa.online.map((to) => nodeDistance(numa, id, to)),
        ...(access0 ? { access0 } : {}),
        ...(access1 ? { access1 } : {}),
        ...(caches.length > 0 ? { memory_side_cache: Object.fromEntries(caches.map(({ level, ...cache }) => [`index${level}`, cache])) } : {}),
    };
}

/** Node ids with a populated zone, or with one of the zones that kernel data can live in. */
function nodesWithMemory(state: KernelState, normalOnly: boolean): number[] {
    return state.memory.zones.filter((z) => z.present > 0 && (!normalOnly || z.zone !== 'Movable')).map((z) => z.node);
}

/** The document of a state. Pure; cost follows the number of ranges, blocks runs and devices. */
export function snapshot(state: KernelState): StateDocument {
    const { numa, memory } = state;
    return {
        iomem: formatIomem(state.iomem, state.profile.iomemDepth),
        block_size: memory.blockSize,
        memory_blocks: readableRuns(memory).map((run): BlockDocument => ({
            first: run.first, last: run.last, state: run.state, zones: run.validZones, nodes: [...run.nodes].sort((a, b) => a - b),
        })),
        auto_online_blocks: memory.autoOnline,
        node_masks: {
            possible: formatList(numa.possible), online: formatList(numa.online), has_cpu: formatList(numa.hasCpu),
            has_memory: formatList(nodesWithMemory(state, false)), has_normal_memory: formatList(nodesWithMemory(state, true)),
        },
        nodes: numa.online.map((id) => nodeDocument(state, id)),
        zones: memory.zones.map((z) => ({ node: z.node, zone: z.zone, start_pfn: z.startPfn, spanned: z.endPfn - z.startPfn, present: z.present })),
        memory_tiers: Object.fromEntries([...memoryTiers(state)].sort((a, b) => a[0] - b[0]).map(([tier, nodes]) => [`memory_tier${tier}`, formatList(nodes)])),
        ...snapshotDax(state),
        ...snapshotNd(state),
    };
}
