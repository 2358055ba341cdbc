// ZONE_DEVICE page maps: memremap_pages() and its checks (kernel model 04). Users are device_dax and nd_pmem; kmem is not.
import { alignDown, alignUp, hex, isAligned, MiB, overlaps, type Range, SECTION, SUBSECTION } from './range.ts';
import { HOTPLUG_LIMIT } from './memory-hotplug.ts';
import { firstEndingAt } from './numa.ts';
import type { Result } from './outcome.ts';
import { regionIntersects, type Resource, SYSTEM_RAM } from './resource.ts';
import type { BlockRun, MemoryState, PresentRange } from './state.ts';
import { replaceBlocks, runsWithin } from './memory-block.ts';
import type { Tx } from './tx.ts';

/** Largest block of the page allocator, in bytes: how far apart sampled pages are. */
const SAMPLE = 4 * MiB;

/** The sub-sections a range activates: at boot a partly covered one counts as a whole (ZD-06). */
function activated(present: PresentRange): Range {
    return { start: alignDown(present.start, SUBSECTION), end: alignUp(present.end + 1, SUBSECTION) - 1 };
}

/** Present memory that shares a section with `range`. */
function nearby(present: readonly PresentRange[], range: Range): PresentRange[] {
    const around = { start: alignDown(range.start, SECTION), end: alignUp(range.end + 1, SECTION) - 1 };
    const out: PresentRange[] = [];
    for (let i = firstEndingAt(present, around.start); i < present.length && present[i]!.start <= around.end; i++) out.push(present[i]!);
    return out;
}

/** What the kernel really maps for `range`: itself, or whole sections before v5.3 (ZD-02). */
function mappedRange(tx: Tx, range: Range): Range {
    if (tx.state.profile.subSections) return range;
    return { start: alignDown(range.start, SECTION), end: alignUp(range.end + 1, SECTION) - 1 };
}

const isSystemRam = (r: Resource): boolean => (r.flags & SYSTEM_RAM) !== 0;

/**
 * Gives `range` (bytes, inclusive end) struct pages as ZONE_DEVICE memory of `owner`. An owner may map several ranges, one call
 * each; `memunmapPages` drops them all.
 *
 * @returns ENOMEM when another page map holds its first or last page (ZD-03), ENXIO over System RAM (ZD-04), EINVAL beyond the
 * addressable range (ZD-05) or off 2 MiB (ZD-01), EEXIST where a sub-section is in use (ZD-06).
 */
export function memremapPages(tx: Tx, owner: string, range: Range): Result {
    const { state } = tx;
    const mapped = mappedRange(tx, range);
    // Only what lies around the range matters; present memory is sorted and apart.
    const near = nearby(state.memory.present, mapped);
    const holder = near.find((p) => p.by === 'zone-device' && (holds(p, mapped.start) || holds(p, mapped.end)));
    if (holder) {
        tx.warn('Conflicting mapping in same section', 'ZD-03');
        return tx.fail('ENOMEM', {
            code: 'memremap/conflict', rules: ['ZD-03'], subject: owner, range, ...(holder.owner ? { others: [holder.owner] } : {}),
            message: state.profile.subSections
                ? `${owner} cannot be mapped: ${holder.owner ?? 'another device'} already has pages for its first or last page`
                : `${owner} shares a ${SECTION / MiB} MiB section with ${holder.owner ?? 'another device'}; before v5.3 one section has one page map`,
        });
    }
    const ram = regionIntersects(state.iomem, mapped, isSystemRam, state.profile.intersectsDescends);
    if (ram !== 'disjoint') {
        const kind = ram === 'mixed' ? 'mixed' : 'ram';
        tx.warn(`attempted on ${kind} region 0x${hex(mapped.start)}-0x${hex(mapped.end)}`, 'ZD-04');
        return tx.fail('ENXIO', {
            code: 'memremap/system-ram', rules: ['ZD-04'], subject: owner, range: mapped,
            message: `${owner} cannot be mapped: System RAM lies in ${state.profile.subSections ? 'its range' : 'the sections it touches'}`,
        });
    }
    if (state.profile.mhpRangeCheck === 'early' && mapped.end > HOTPLUG_LIMIT) {
        return tx.fail('EINVAL', {
            code: 'memremap/too-high', rules: ['ZD-05'], subject: owner, range,
            message: `${owner} ends above the addresses this kernel can map`,
        });
    }
    if (!isAligned(mapped.start, SUBSECTION) || !isAligned(mapped.end + 1, SUBSECTION)) {
        tx.warn(`Misaligned __add_pages start: 0x${hex(mapped.start / 4096)} end: 0x${hex(Math.floor(mapped.end / 4096))}`, 'ZD-01');
        return tx.fail('EINVAL', {
            code: 'memremap/misaligned', rules: ['ZD-01'], subject: owner, range,
            message: `${owner} cannot be mapped: ZONE_DEVICE memory starts and ends on 2 MiB`,
            data: { start: alignUp(mapped.start, SUBSECTION), end: alignDown(mapped.end + 1, SUBSECTION) - 1 },
        });
    }
    const active = near.find((p) => overlaps(activated(p), mapped));
    if (active) {
        return tx.fail('EEXIST', {
            code: 'memremap/sub-section-in-use', rules: ['ZD-06'], subject: owner, range,
            message: `${owner} cannot be mapped: a 2 MiB unit of its range already holds ${active.by === 'boot' ? 'boot memory' : 'memory'}`,
        });
    }
    const at = firstEndingAt(state.memory.present, mapped.start);
    const added: PresentRange = { start: mapped.start, end: mapped.end, by: 'zone-device', owner };
    const present = [...state.memory.present.slice(0, at), added, ...state.memory.present.slice(at)];
    const blocks = state.profile.storedBlockZone ? state.memory.blocks : withoutZone(state.memory, mapped);
    tx.set({ memory: { ...state.memory, present, blocks } });
    return 0;
}

/**
 * Before v5.18 the zone of a block is read from one page in every 4 MiB. Pages that a device maps into a partly filled boot block are
 * of another zone: the block has none while they are there. In a section with boot memory they stay when the device is gone (OFF-01).
 */
function withoutZone(memory: MemoryState, mapped: Range): readonly BlockRun[] {
    let { blocks } = memory;
    for (const run of touchedBlocks(memory, mapped)) {
        const { zone } = run;
        if (zone === null) continue;
        for (let block = run.first; block <= run.last; block++) {
            const from = alignUp(Math.max(mapped.start, block * memory.blockSize), SAMPLE);
            const to = alignDown(Math.min(mapped.end, (block + 1) * memory.blockSize - 1), SAMPLE);
            const stays = [from, to].some((at) => memory.present.some((p) => p.by === 'boot' && overlaps(p, sectionOf(at))));
            blocks = replaceBlocks(blocks, block, block, [{ ...run, first: block, last: block, zone: null, ...(stays ? {} : { zoneWhenUnmapped: zone }) }]);
        }
    }
    return blocks;
}

/** The other way: blocks whose foreign pages went with their sections are of their zone again. */
function withZone(memory: MemoryState, mapped: Range): readonly BlockRun[] {
    let { blocks } = memory;
    for (const { zoneWhenUnmapped, ...run } of touchedBlocks(memory, mapped)) {
        if (zoneWhenUnmapped) blocks = replaceBlocks(blocks, run.first, run.last, [{ ...run, zone: zoneWhenUnmapped }]);
    }
    return blocks;
}

function sectionOf(address: number): Range {
    const start = alignDown(address, SECTION);
    return { start, end: start + SECTION - 1 };
}

/** Online boot blocks in which a mapped range has a sampled page. A range touches at most two: its inner blocks are its own. */
function touchedBlocks(memory: MemoryState, mapped: Range): BlockRun[] {
    const sampled = alignUp(mapped.start, SAMPLE);
    if (sampled > mapped.end) return [];
    const first = Math.floor(sampled / memory.blockSize);
    const last = Math.floor(alignDown(mapped.end, SAMPLE) / memory.blockSize);
    return runsWithin(memory, first, last).filter((run) => run.early && run.state === 'online');
}

/** Drops every page map of `owner`. No effect when it has none. Waits for nothing: pinned pages are not modelled (ZD-12). */
export function memunmapPages(tx: Tx, owner: string): void {
    const { memory } = tx.state;
    const present = memory.present.filter((p) => p.by !== 'zone-device' || p.owner !== owner);
    if (present.length === memory.present.length) return;
    const removed = tx.state.profile.storedBlockZone ? [] : memory.present.filter((p) => !present.includes(p));
    const blocks = removed.reduce((b, range) => withZone({ ...memory, blocks: b }, range), memory.blocks);
    tx.set({ memory: { ...memory, present, blocks } });
}

function holds(range: Range, address: number): boolean {
    return range.start <= address && address <= range.end;
}
