// Where ZONE_MOVABLE begins at boot: kernelcore=, movablecore= and movable_node (ZONE-02).
import type { Parameter } from './cmdline.ts';
import type { Range } from './range.ts';
import type { NodeRange } from './state.ts';

/** Start of ZONE_MOVABLE of each node that has one, in bytes. */
export function movableStarts(parameters: readonly Parameter[], pieces: readonly NodeRange[], hotplug: readonly Range[]): Map<number, number> {
    void parameters; void pieces; void hotplug;
    return new Map();
}
