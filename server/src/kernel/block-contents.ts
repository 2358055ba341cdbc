// What is in a memory block that keeps it from going offline (OFF-02). The machine description does not say what every page holds;
// these rules are what recorded kernels had in common.
import type { Range } from './range.ts';
import type { BlockRun, KernelState } from './state.ts';

/** Why the content of an online block cannot be moved away; undefined when it can. */
export function offlineObstacle(state: KernelState, run: BlockRun, range: Range): string | undefined {
    void state, range;
    if (run.pinned !== undefined && run.pinned !== 'hwpoison') return run.pinned;
    return undefined;
}
