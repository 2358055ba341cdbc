// The block translation table: sector mode's arithmetic (drivers/nvdimm/btt.c, btt_devs.c; kernel model ND-24).
import { labelArea } from './nd-label.ts';
import { alignDown, GiB, KiB, MiB, PAGE } from './range.ts';
import type { KernelState, NdRegion } from './state.ts';

/** Sector sizes a btt accepts, in bytes: data, or data with protection information. */
export const BTT_SECTORS: readonly number[] = [512, 520, 528, 4096, 4104, 4160, 4224];

const ARENA_MAX = 512 * GiB;
const ARENA_MIN = 16 * MiB;
/** Free blocks each arena keeps for its atomic updates, one for each lane. */
const FREE_BLOCKS = 256;
/** Bytes of the log: one group of 64 bytes for each free block. */
const LOG = FREE_BLOCKS * 64;
/** Bytes of a map entry. */
const MAP_ENTRY = 4;

/** Where the first arena starts: 4 KiB behind the namespace's start, or at once with v1.2 labels, which say themselves what lies there. */
export function bttOffset(state: KernelState, region: NdRegion): number {
    const first = region.mappings[0];
    return region.labelled && first && labelArea(state, first.dimm)?.version === '1.2' ? 0 : 4 * KiB;
}

/** Usable bytes of a btt over `capacity` bytes, or undefined where not even one arena fits. */
export function bttSize(capacity: number, sectorSize: number, offset: number): number | undefined {
    let left = capacity - offset;
    if (left < ARENA_MIN) return undefined;
    const block = Math.ceil(sectorSize / 64) * 64;
    let sectors = 0;
    // All arenas but the last are equal.
    const full = Math.floor(left / ARENA_MAX);
    if (full > 0) sectors += full * arenaSectors(ARENA_MAX, block);
    left -= full * ARENA_MAX;
    if (left >= ARENA_MIN) sectors += arenaSectors(left, block);
    // Protection information is kept beside the data: the disk has sectors of 512 or 4096 bytes (ND-24).
    return sectors * (sectorSize >= 4096 ? 4096 : 512);
}

/** Sectors one arena offers: two info blocks and the log come off, then map and data share what is left. */
function arenaSectors(size: number, block: number): number {
    const available = alignDown(size, PAGE) - 2 * PAGE - LOG;
    return Math.floor((available - PAGE) / (block + MAP_ENTRY)) - FREE_BLOCKS;
}
