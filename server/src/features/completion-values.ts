// Values that can be worked out: the next free aligned addresses of a platform, sizes that fit there, node numbers, capacity that is left.
import { alignUp, contains, GiB, MiB, normalize, type Range, sizeOf, TiB } from '../kernel/range.ts';
import type { KernelState, VirtioMemState } from '../kernel/state.ts';
import { parseNumber, writeSize } from '../language/numbers.ts';
import type { LoweredPlatform } from '../language/model.ts';
import { readAttribute } from '../server/language.ts';
import type { Analysis } from '../server/analysis.ts';

export interface ValueProposal {
    readonly label: string;
    readonly detail: string;
}

/** Memory below this belongs to firmware and devices of old. */
const LOW = MiB;
/** Where PCs have their PCI hole: no place for memory to begin. */
const HOLE: Range = { start: 3 * GiB, end: 4 * GiB - 1 };
const MOST = 6;

/** What may follow `before`, the line up to the word being typed; empty where no value can be worked out. */
export function platformValues(analysis: Analysis, offset: number, before: string): ValueProposal[] {
    const platform = analysis.platformAt(offset)?.lowered;
    if (!platform) return [];
    if (/\b(?:node|target|initiator|attached|to)\s+$/.test(before) || /\bdistance\s+$/.test(before)) {
        if (/^\s*node\s+$/.test(before)) return [{ label: nextNumber(platform, 'node'), detail: 'next proximity domain' }];
        return platform.described.nodes.map((n) => ({ label: String(n.id), detail: `node with ${n.cpus.length > 0 ? 'CPUs' : 'memory only'}` }));
    }
    if (/^\s*node\s+\d+\s+/.test(before) && !before.includes('{')) return [];
    if (/^\s*cxl\s+window\s+$/.test(before)) return [{ label: nextNumber(platform, 'cxl window'), detail: 'next window' }];
    if (/\bat\s+$/.test(before)) return freeAddresses(analysis, platform, offset);
    const typed = /\bat\s+(\S+)\s+size\s+$/.exec(before)?.[1];
    if (typed === undefined) return [];
    const start = parseNumber(typed, 'address');
    return start.ok ? sizesAt(analysis, platform, start.value, offset) : [];
}

/** The number that the next declaration of a kind has. */
export function nextNumber(platform: LoweredPlatform, kind: 'node' | 'cxl window'): string {
    const given = kind === 'node' ? platform.described.nodes.map((n) => n.id) : platform.machine.cxlWindows.map((w) => w.index);
    return String(given.reduce((most, n) => Math.max(most, n), -1) + 1);
}

/** Ranges that are taken, but for the one that is being written. */
function taken(analysis: Analysis, platform: LoweredPlatform, offset: number): Range[] {
    const inside = new Set(['memory', 'hotplug', 'pmem', 'soft-reserved', 'virtio-mem', 'dimm', 'reserved', 'cxl-window', 'e820']);
    return normalize(platform.origins.flatMap((o) => (o.range && inside.has(o.kind) && !(o.span.uri === platform.span.uri && analysis.touches(o.focus, offset)) ? [o.range] : [])));
}

function blockSize(analysis: Analysis, platform: LoweredPlatform): number {
    return analysis.bootRun(platform).boot.state.memory.blockSize;
}

/** First addresses behind what is there: aligned to a memory block, so that nothing is lost, and to 1 GiB. */
export function freeAddresses(analysis: Analysis, platform: LoweredPlatform, offset: number): ValueProposal[] {
    const used = taken(analysis, platform, offset);
    const block = blockSize(analysis, platform);
    const free = (at: number): boolean => at >= LOW && !(at >= HOLE.start && at <= HOLE.end) && !used.some((r) => contains(r, { start: at, end: at }));
    const out = new Map<number, string>();
    for (const range of used) {
        const at = alignUp(range.end + 1, block);
        if (free(at)) out.set(at, `next free memory block (${writeSize(block)})`);
    }
    const last = used.at(-1);
    const end = alignUp(Math.max(last ? last.end + 1 : 0, 4 * GiB), GiB);
    if (free(end) && !out.has(end)) out.set(end, 'next free gigabyte');
    return [...out].sort((a, b) => b[0] - a[0]).slice(0, MOST).map(([at, why]) => ({ label: writeSize(at), detail: `0x${at.toString(16)}: ${why}` }));
}

/** Whole blocks that fit between an address and the next thing: all there is, and powers of two. */
function sizesAt(analysis: Analysis, platform: LoweredPlatform, start: number, offset: number): ValueProposal[] {
    const block = blockSize(analysis, platform);
    const next = taken(analysis, platform, offset).find((r) => r.end >= start);
    const room = (next ? next.start : Math.max(start + TiB, 4 * TiB)) - start;
    const whole = room - (room % block);
    const out: ValueProposal[] = next && whole > 0 ? [{ label: writeSize(whole), detail: `up to 0x${next.start.toString(16)}, in whole memory blocks` }] : [];
    // from an address that is not aligned, the size that ends at a block
    if (start % block !== 0 && block - (start % block) <= room) out.push({ label: writeSize(block - (start % block)), detail: 'up to the next memory block' });
    for (const size of [GiB, 2 * GiB, 4 * GiB, 8 * GiB, 16 * GiB, 64 * GiB]) {
        if (size <= room && size % block === 0 && !out.some((o) => o.label === writeSize(size))) out.push({ label: writeSize(size), detail: `${size / block} memory blocks of ${writeSize(block)}` });
    }
    return out;
}

/** Capacity that `--size` of a tool can take now: what its regions or windows say is available, and half of it. */
export function capacityLeft(state: KernelState, tool: string): ValueProposal[] {
    const out: ValueProposal[] = [];
    const add = (bytes: number, unit: number, where: string): void => {
        if (bytes <= 0) return;
        for (const [size, what] of [[bytes, 'all that is free'], [Math.floor(bytes / 2 / unit) * unit, 'half of what is free']] as const) {
            if (size > 0 && !out.some((o) => o.label === writeSize(size))) out.push({ label: writeSize(size), detail: `${what} in ${where}` });
        }
    };
    const used = (ranges: readonly Range[]): number => ranges.reduce((sum, r) => sum + sizeOf(r), 0);
    if (tool === 'ndctl') {
        for (const [name, region] of state.nvdimm.regions) {
            if (region.labelled) add(Number(readAttribute(`/sys/bus/nd/devices/${name}/max_available_extent`, state) ?? readAttribute(`/sys/bus/nd/devices/${name}/available_size`, state) ?? 0), Math.max(region.align, 16 * MiB), name);
        }
    } else if (tool === 'daxctl') {
        for (const [name, region] of state.dax.regions) {
            if (region.kind !== 'static') add(sizeOf(region.range) - used([...state.dax.devices.values()].filter((d) => d.region === name).flatMap((d) => d.mappings)), 2 * MiB, name);
        }
    } else if (tool === 'cxl') {
        for (const window of state.cxl.windows) add(sizeOf(window) - used([...state.cxl.regions.values()].filter((r) => r.window === window.index).map((r) => r.range)), 256 * MiB, `window ${window.index}`);
    }
    return out;
}

/** Sizes that the hypervisor may ask of a virtio-mem device: nothing, all of it, and powers of two between. */
export function requestedSizes({ region, requestedSize, deviceBlockSize }: VirtioMemState): ValueProposal[] {
    const all = sizeOf(region);
    const out: ValueProposal[] = [{ label: '0', detail: 'everything back' }];
    for (let size = GiB; size < all; size *= 2) if (size % deviceBlockSize === 0 && size !== requestedSize) out.push({ label: writeSize(size), detail: size > requestedSize ? 'more' : 'less' });
    return requestedSize === all ? out : [...out, { label: writeSize(all), detail: 'all of its region' }];
}
