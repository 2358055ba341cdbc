// Legacy persistent memory: e820 entries of type 12, as `memmap=nn!ss` makes them (arch/x86/kernel/pmem.c, drivers/nvdimm/e820.c;
// kernel model E820-06, ND-03, ND-16).
import { memregionFree } from './memregion.ts';
import { ndBusRegister, ndRegionCreate, ndRegionDestroy } from './nd-region.ts';
import { setNd } from './nvdimm.ts';
import { mapToOnlineNode, memoryAddPhysaddrToNid, physToTargetNode } from './numa.ts';
import type { Resource } from './resource.ts';
import type { KernelState } from './state.ts';
import type { Tx } from './tx.ts';

function legacyRanges(state: KernelState): Resource[] {
    const found: Resource[] = [];
    const visit = (of: Resource): void => {
        for (const r of of.children) {
            if (r.desc === 'persistent-legacy' && r.name.startsWith('Persistent Memory')) found.push(r);
            if (r.children.length > 0) visit(r);
        }
    };
    visit(state.iomem.root);
    return found;
}

/** Boot: a platform device appears when there is legacy persistent memory at all (E820-06). */
export function e820PmemInit(tx: Tx): void {
    if (legacyRanges(tx.state).length > 0) setNd(tx, { legacy: true });
}

/** Module nd_e820: one label-less region for each legacy entry, in address order. Without the platform device nothing happens. */
export function ndE820Load(tx: Tx): void {
    if (!tx.state.nvdimm.legacy) return;
    ndBusRegister(tx, 'e820');
    for (const range of legacyRanges(tx.state)) {
        const target = physToTargetNode(tx.state, range.start);
        // Before v5.6 there was no target node; the numa node then is the node that memory added there would get.
        const numaNode = tx.state.profile.targetNode === 'fallback' ? memoryAddPhysaddrToNid(tx.state, range.start) : mapToOnlineNode(tx.state, target);
        ndRegionCreate(tx, {
            range: { start: range.start, end: range.end }, mappings: [], numaNode, targetNode: target, pagemap: true, readOnly: false, provider: 'e820',
        });
    }
}

/** Removes the regions again. */
export function ndE820Unload(tx: Tx): void {
    for (const region of [...tx.state.nvdimm.regions.values()].filter((r) => r.provider === 'e820')) {
        ndRegionDestroy(tx, region.name);
        memregionFree(tx, region.id);
    }
    setNd(tx, { buses: tx.state.nvdimm.buses.filter((b) => b !== 'e820') });
}
