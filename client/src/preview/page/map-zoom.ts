// Zoom and pan of the address map. A window is a range of physical addresses; distances are measured on the map of everything, where
// empty parts are left out, so that one turn of the wheel is as far in a gap of terabytes as in the memory beside it.
import type { Range } from '../../../../server/src/kernel/range.ts';
import type { MapScale } from '../../../../server/src/render/address-map-scale.ts';

/** Smallest part to show: a few pages. */
const LEAST = 64 * 1024;

interface Part {
    readonly range: Range;
    readonly x: number;
    readonly width: number;
}

function parts(scale: MapScale): Part[] {
    return [...scale.segments, ...scale.breaks].sort((a, b) => a.x - b.x);
}

/** Where an address lies on a scale; at the next edge for one that it does not show. */
export function toX(scale: MapScale, address: number): number {
    const all = parts(scale);
    for (const part of all) {
        if (address < part.range.start) return part.x;
        if (address <= part.range.end) return part.x + ((address - part.range.start) / (part.range.end - part.range.start + 1)) * part.width;
    }
    const last = all.at(-1);
    return last ? last.x + last.width : 0;
}

/** The address at a place of a scale. */
export function toAddress(scale: MapScale, x: number): number {
    const all = parts(scale);
    const first = all[0];
    if (!first) return 0;
    if (x <= first.x) return first.range.start;
    for (const part of all) {
        if (x > part.x + part.width) continue;
        return Math.floor(part.range.start + (Math.max(0, x - part.x) / part.width) * (part.range.end - part.range.start + 1));
    }
    return all.at(-1)!.range.end;
}

/** Left and right end of everything. */
export function extent(scale: MapScale): { readonly from: number; readonly to: number } {
    const all = parts(scale);
    const last = all.at(-1);
    return { from: all[0]?.x ?? 0, to: last ? last.x + last.width : 1 };
}

/** The window `factor` times as close (below 1: further away) with `pivot` staying where it is; undefined: everything. */
export function zoom(whole: MapScale, window: Range | undefined, factor: number, pivot: number): Range | undefined {
    const { from, to } = extent(whole);
    const a = window ? toX(whole, window.start) : from;
    const b = window ? toX(whole, window.end + 1) : to;
    const p = Math.max(a, Math.min(b, toX(whole, pivot)));
    return between(whole, p - (p - a) / factor, p + (b - p) / factor, window);
}

/** The window moved by a share of its own width. */
export function pan(whole: MapScale, window: Range | undefined, share: number): Range | undefined {
    if (!window) return undefined;
    const { from, to } = extent(whole);
    const a = toX(whole, window.start);
    const b = toX(whole, window.end + 1);
    const by = Math.max(from - a, Math.min(to - b, share * (b - a)));
    return between(whole, a + by, b + by, window);
}

/** The window around a range, with a little room on both sides. */
export function around(whole: MapScale, range: Range): Range | undefined {
    const a = toX(whole, range.start);
    const b = toX(whole, range.end + 1);
    const room = Math.max((b - a) * 0.08, 1e-6);
    return between(whole, a - room, b + room, undefined);
}

function between(whole: MapScale, a: number, b: number, before: Range | undefined): Range | undefined {
    const { from, to } = extent(whole);
    if (a <= from + 0.01 && b >= to - 0.01) return undefined;
    const start = toAddress(whole, Math.max(from, a));
    const end = toAddress(whole, Math.min(to, b));
    return end - start < LEAST ? before : { start, end };
}
