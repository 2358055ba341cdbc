// What is in a memory block that keeps it from going offline (OFF-02). The machine description does not say what every page holds;
// these rules are what recorded kernels had in common.
import { replaceBlocks, runOf } from './memory-block.ts';
import type { BlockRun, MemoryState } from './state.ts';
import type { Tx } from './tx.ts';

/** Why the content of an online block cannot be moved away; undefined when it can. */
export function offlineObstacle(run: BlockRun): string | undefined {
    // A poisoned page is no obstacle: there is nothing to move (ONL-06).
    return run.pinned === 'hwpoison' ? undefined : run.pinned;
}

/** Marks a block as holding what stays; a block that holds something already keeps its mark. */
function pin(memory: MemoryState, block: number, why: string): MemoryState {
    const run = runOf(memory, block);
    if (!run || run.state !== 'online' || run.zone === 'Movable') return memory;
    return { ...memory, blocks: replaceBlocks(memory.blocks, block, block, [{ ...run, first: block, last: block, pinned: run.pinned ?? why }]) };
}

/**
 * A block went to a kernel zone. The first of its node is where kernel data that wants the node goes, since the page allocator
 * hands out the oldest free memory first; `stays`: the kernel puts data of its own there at once (OFF-02; measured: 7.2). On a node with
 * CPUs (`local`) whatever they do ends there, in all releases, as soon as it is the node's first memory of the Normal zone: what the
 * node has below 4 GiB is taken after it (OFF-02; measured: 5.10, 6.1, 7.2).
 */
export function settleKernelHome(memory: MemoryState, node: number, block: number, stays: boolean, local: boolean): MemoryState {
    const perBlock = memory.blockSize / 4096;
    if (local && memory.zones.some((z) => z.node === node && z.zone === 'Normal' && z.present === perBlock)) {
        memory = pin(memory, block, `kernel data of the CPUs of node ${node}`);
    }
    const kernelPages = memory.zones.reduce((sum, z) => sum + (z.node === node && z.zone !== 'Movable' ? z.present : 0), 0);
    if (kernelPages !== perBlock) return memory;
    const settled: MemoryState = { ...memory, kernelHome: new Map(memory.kernelHome).set(node, block) };
    return stays ? pin(settled, block, `kernel data of node ${node}`) : settled;
}

/** The home goes offline: what is asked for on its node goes to kernel memory that is left, the lowest block of it. */
export function leaveKernelHome(memory: MemoryState, node: number, left: BlockRun): MemoryState {
    const home = memory.kernelHome?.get(node);
    if (home === undefined || home < left.first || home > left.last) return memory;
    const kernelHome = new Map(memory.kernelHome);
    const next = addedKernelRuns(memory, node)[0];
    if (next) kernelHome.set(node, next.first);
    else kernelHome.delete(node);
    return { ...memory, kernelHome };
}

/** Online runs in kernel zones of a node that were added after boot. */
function addedKernelRuns(memory: MemoryState, node: number): BlockRun[] {
    return memory.blocks.filter((b) => b.state === 'online' && !b.early && b.zone !== 'Movable' && b.nodes.at(-1) === node);
}

/** The block where unmovable memory that is asked for on a node comes from; undefined where boot memory of the node or another node has it. */
function kernelHomeOf(memory: MemoryState, node: number): number | undefined {
    if (memory.blocks.some((b) => b.early && b.state === 'online' && b.zone !== 'Movable' && b.nodes.includes(node))) return undefined;
    const home = memory.kernelHome?.get(node);
    const candidates = addedKernelRuns(memory, node);
    return home !== undefined && candidates.some((b) => b.first <= home && home <= b.last) ? home : candidates[0]?.first;
}

const STRUCT_PAGES = 'struct pages of memory that was added later';

/**
 * Memory comes to a node: its struct pages are allocated with a preference for that node, so on one whose kernel memory was all added
 * later they lie in the block that came first, which stays online until that memory is removed (MHP-08, OFF-02).
 */
export function hostStructPages(memory: MemoryState, node: number): { readonly memory: MemoryState; readonly host?: number } {
    const host = kernelHomeOf(memory, node);
    return host === undefined ? { memory } : { memory: pin(memory, host, STRUCT_PAGES), host };
}

/** Memory is gone: blocks that held the struct pages of nothing else are free to go offline again. */
export function releaseStructPages(memory: MemoryState, hosts: Iterable<number>): MemoryState {
    for (const host of hosts) {
        const run = runOf(memory, host);
        if (run?.pinned !== STRUCT_PAGES || memory.present.some((p) => p.memmapIn === host)) continue;
        const { pinned: _pinned, ...free } = run;
        void _pinned;
        memory = { ...memory, blocks: replaceBlocks(memory.blocks, host, host, [{ ...free, first: host, last: host }]) };
    }
    return memory;
}

/**
 * Kernel data (directories, files, page tables) is allocated with a preference for a node. On a node whose kernel memory was all
 * added later it lands in the block that came first, which stays online from then on (OFF-02).
 */
export function allocateKernelData(tx: Tx, node: number): void {
    const { memory } = tx.state;
    const block = kernelHomeOf(memory, node);
    if (block !== undefined) tx.set({ memory: pin(memory, block, `kernel data that was asked for on node ${node}`) });
}
