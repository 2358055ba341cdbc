// How namespaces present themselves: mode, size and alignment as sysfs shows them and ndctl reads them (ND-11).
import { bttSize } from './nd-btt.ts';
import { capacity, mapsPages } from './nd-namespace.ts';
import { dataRange } from './nd-pfn.ts';
import type { KernelState, NdNamespace, NdPersonality } from './state.ts';

export interface NamespaceView {
    readonly namespace: NdNamespace;
    /** The personality that claimed it. */
    readonly holder?: NdPersonality;
    /** As ndctl names it; sysfs says raw, safe, memory, dax (ND-11). */
    readonly mode: 'raw' | 'sector' | 'fsdax' | 'devdax';
    /** Where the page map is. */
    readonly map: 'mem' | 'dev' | null;
    /** Usable bytes; null while the personality is not active. */
    readonly size: number | null;
    /** Start of the data behind info block and page map; null where the namespace is the data. */
    readonly data: number | null;
    readonly align: number | null;
    readonly sectorSize?: number;
    /** A driver serves it, itself or through its personality. */
    readonly active: boolean;
    readonly disk?: string;
}

/** View of a namespace of this state. */
export function viewNamespace(state: KernelState, namespace: NdNamespace): NamespaceView {
    const holder = namespace.holder ? state.nvdimm.personalities.get(namespace.holder) : undefined;
    if (!holder) {
        const pages = mapsPages(state, namespace);
        return {
            namespace, mode: pages ? 'fsdax' : 'raw', map: pages ? 'mem' : null, size: capacity(namespace), data: null, align: null,
            active: namespace.enabled, ...(namespace.disk ? { disk: namespace.disk } : {}),
        };
    }
    const disk = holder.disk ? { disk: holder.disk } : {};
    const { info } = holder;
    if (holder.kind === 'btt') {
        const offset = info?.kind === 'btt' ? info.initialOffset : 0;
        return {
            namespace, holder, mode: 'sector', map: null, data: null, align: null, sectorSize: holder.sectorSize, active: holder.enabled, ...disk,
            size: holder.enabled ? bttSize(capacity(namespace), holder.sectorSize, offset) ?? null : null,
        };
    }
    const range = namespace.range && info && info.kind !== 'btt' ? dataRange(namespace.range, info) : undefined;
    return {
        namespace, holder, mode: holder.kind === 'dax' ? 'devdax' : 'fsdax', map: holder.mode === 'none' ? null : holder.mode === 'pmem' ? 'dev' : 'mem',
        // The kernel subtracts in this order and may reach exactly 0 (ND-18 step 5).
        size: range ? Math.max(0, range.end - range.start + 1) : null, data: range?.start ?? null, align: holder.align, active: holder.enabled, ...disk,
    };
}

/** The namespace whose block device has this name, without `/dev/`. */
export function namespaceOfDisk(state: KernelState, disk: string): NamespaceView | undefined {
    for (const namespace of state.nvdimm.namespaces.values()) {
        const view = viewNamespace(state, namespace);
        if (view.disk === disk) return view;
    }
    return undefined;
}
