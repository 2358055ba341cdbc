// Pages with hardware errors (mm/memory-failure.c), as far as memory blocks notice them.
import { replaceBlocks, runOf } from './memory-block.ts';
import type { Result } from './outcome.ts';
import type { Tx } from './tx.ts';

/**
 * Marks the page at a physical address (bytes) as poisoned. Its block still goes offline; since v6.2 it does not come back (ONL-06).
 *
 * @returns ENXIO where no memory is online.
 */
export function poisonPage(tx: Tx, address: number): Result {
    const { memory } = tx.state;
    const block = Math.floor(address / memory.blockSize);
    const run = runOf(memory, block);
    if (!run || run.state === 'offline') return 'ENXIO';
    tx.set({ memory: { ...memory, blocks: replaceBlocks(memory.blocks, block, block, [{ ...run, first: block, last: block, pinned: run.pinned ?? 'hwpoison' }]) } });
    return 0;
}
