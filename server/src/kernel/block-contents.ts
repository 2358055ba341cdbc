// What is in a memory block that keeps it from going offline (OFF-02). The machine description does not say what every page holds;
// these rules are what recorded kernels had in common.
import type { Range } from './range.ts';
import type { BlockRun, KernelState, MemoryState } from './state.ts';

/** Why the content of an online block cannot be moved away; undefined when it can. */
export function offlineObstacle(state: KernelState, run: BlockRun, range: Range): string | undefined {
    void state, range;
    if (run.pinned !== undefined && run.pinned !== 'hwpoison') return run.pinned;
    return undefined;
}

/**
 * Blocks that received data of their own node, because they are the first of it that came online in a zone for kernel data: one for
 * each node that had no such memory `before`. `first` … `last`: the blocks brought online in between, in this order.
 */
export function nodeDataBlocks(before: MemoryState, after: MemoryState, first: number, last: number): number[] {
    const served = (memory: MemoryState, node: number): boolean => memory.zones.some((z) => z.node === node && z.zone !== 'Movable');
    const nodes = new Set(after.zones.map((z) => z.node).filter((node) => !served(before, node) && served(after, node)));
    return [...nodes].flatMap((node) => {
        const run = after.blocks.find((b) => b.last >= first && b.first <= last && b.state === 'online' && b.zone !== 'Movable' && b.nodes.at(-1) === node);
        return run ? [Math.max(run.first, first)] : [];
    });
}
