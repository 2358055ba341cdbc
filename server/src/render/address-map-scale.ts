// The scale of an address map: linear within a segment, with a break for each empty part. A segment that would come out too narrow
// to see is enlarged, and says so; nothing is bent.
import { formatSize, hex, intersect, normalize, type Range, sizeOf } from '../kernel/range.ts';
import { formatApproximate } from './summary.ts';
import { fitting, textWidth } from './svg-text.ts';

export interface MapTick {
    readonly x: number;
    readonly label: string;
    readonly anchor: 'start' | 'middle' | 'end';
}

export interface MapSegment {
    /** End inclusive. */
    readonly range: Range;
    readonly x: number;
    readonly width: number;
    readonly bytesPerPixel: number;
    /** How many times larger than the map's common scale it is drawn; below 1: smaller. */
    readonly enlarged: number;
    /** Size, and the enlargement where there is one; empty where no text fits. */
    readonly label: string;
    readonly title: string;
    readonly ticks: readonly MapTick[];
}

export interface MapBreak {
    /** What is left out, end inclusive. */
    readonly range: Range;
    readonly x: number;
    readonly width: number;
    readonly label: string;
    readonly title: string;
}

export interface MapScale {
    readonly segments: readonly MapSegment[];
    readonly breaks: readonly MapBreak[];
}

export interface ScaleOptions {
    /** Pixels of the left edge, and of what there is to fill. */
    readonly left: number;
    readonly width: number;
    /** Least width of a segment. */
    readonly least: number;
    readonly breakWidth: number;
}

/** Empty parts larger than this share of what is occupied are left out. */
const WORTH_A_BREAK = 0.02;
/** Share of the width that something empty (a window for hot-plug) gets at most. */
const EMPTY_SHARE = 0.1;

/**
 * The scale for ranges in any order. `anchors` ask for a place; of `minor` ranges those that are large do, the others only show
 * where they happen to be. `vacant` says whether an anchor stands for nothing but room.
 */
export function mapScale(anchors: readonly Range[], minor: readonly Range[], vacant: (range: Range) => boolean, options: ScaleOptions): MapScale {
    const occupied = normalize(anchors);
    const total = occupied.reduce((n, r) => n + sizeOf(r), 0);
    const large = minor.filter((r) => occupied.length === 0 || sizeOf(r) > total * 0.05);
    const parts = joined(normalize([...occupied, ...large]), options);
    if (parts.length === 0) return { segments: [], breaks: [] };
    const room = options.width - (parts.length - 1) * options.breakWidth;
    const { widths, common } = share(parts, parts.map(vacant), room, Math.min(options.least, room / parts.length));
    const segments: MapSegment[] = [];
    const breaks: MapBreak[] = [];
    let x = options.left;
    parts.forEach((range, i) => {
        const before = parts[i - 1];
        if (before) {
            const gap = { start: before.end + 1, end: range.start - 1 };
            const hidden = minor.filter((m) => intersect(m, gap)).length;
            breaks.push({
                range: gap, x: round(x), width: options.breakWidth, label: `${formatApproximate(sizeOf(gap))} left out`,
                title: `${formatSize(sizeOf(gap))} left out: ${hidden === 0 ? 'nothing is there' : `${hidden} small reserved range${hidden === 1 ? '' : 's'} only`}`,
            });
            x += options.breakWidth;
        }
        segments.push(segment(range, round(x), round(widths[i]!), common));
        x += widths[i]!;
    });
    return { segments, breaks };
}

/** Parts with the gaps between them closed that are small, or too many. */
function joined(parts: readonly Range[], options: ScaleOptions): Range[] {
    if (parts.length === 0) return [];
    const total = parts.reduce((n, r) => n + sizeOf(r), 0);
    const most = Math.max(1, Math.floor((options.width + options.breakWidth) / (options.least + options.breakWidth)));
    const gaps = parts.slice(1).map((r, i) => r.start - parts[i]!.end - 1);
    const sorted = gaps.filter((g) => g > total * WORTH_A_BREAK).sort((a, b) => b - a);
    // of many alike none is left out: a break here and not there would say that they differ
    const tooMany = sorted[most - 1] ?? -1;
    const kept = sorted.slice(0, most - 1).filter((g) => g > tooMany);
    const least = kept.at(-1) ?? Infinity;
    let left = kept.length;
    const out: Range[] = [parts[0]!];
    parts.slice(1).forEach((r, i) => {
        if (gaps[i]! >= least && left > 0) {
            left--;
            out.push(r);
        } else out[out.length - 1] = { start: out.at(-1)!.start, end: r.end };
    });
    return out;
}

/** Widths by size, none below `least`, vacant ones not above their share. `common`: bytes per pixel of all the others. */
function share(parts: readonly Range[], vacant: readonly boolean[], room: number, least: number): { readonly widths: number[]; readonly common: number } {
    const most = parts.map((_, i) => (vacant[i] && vacant.some((v) => !v) ? Math.max(least, room * EMPTY_SHARE) : Infinity));
    const fixed = new Map<number, number>();
    for (;;) {
        const free = parts.map((_, i) => i).filter((i) => !fixed.has(i));
        const left = room - [...fixed.values()].reduce((n, w) => n + w, 0);
        const bytes = free.reduce((n, i) => n + sizeOf(parts[i]!), 0);
        const common = bytes / Math.max(left, 1);
        // Those that are too wide go first: what they give back may save the narrow ones
        const wide = free.filter((i) => sizeOf(parts[i]!) / common > most[i]!);
        const changed = wide.length > 0 ? wide : free.filter((i) => sizeOf(parts[i]!) / common < least);
        if (changed.length === 0 || changed.length === free.length) {
            const widths = parts.map((r, i) => fixed.get(i) ?? (bytes === 0 ? left / Math.max(free.length, 1) : sizeOf(r) / common));
            return stretched(widths, room, common);
        }
        for (const i of changed) fixed.set(i, wide.length > 0 ? most[i]! : least);
    }
}

/** Fills the room to the last pixel. */
function stretched(widths: number[], room: number, common: number): { readonly widths: number[]; readonly common: number } {
    const sum = widths.reduce((n, w) => n + w, 0);
    const factor = sum > 0 ? room / sum : 1;
    return { widths: widths.map((w) => w * factor), common: common / factor };
}

function segment(range: Range, x: number, width: number, common: number): MapSegment {
    const size = formatApproximate(sizeOf(range));
    const bytesPerPixel = sizeOf(range) / width;
    const enlarged = common > 0 ? common / bytesPerPixel : 1;
    const factor = enlarged >= 1.5 ? `×${times(enlarged)}` : enlarged <= 1 / 1.5 ? `÷${times(1 / enlarged)}` : '';
    const word = factor === '' ? '' : enlarged > 1 ? `, ${times(enlarged)} times enlarged` : `, ${times(1 / enlarged)} times reduced`;
    return {
        range, x, width, bytesPerPixel, enlarged, label: fitting(factor ? [`${size} · drawn ${factor}`, `${size} ${factor}`, factor] : [size], width - 4, 10.5) ?? '',
        title: `${hex(range.start, 8)}-${hex(range.end, 8)}, ${size} to scale${word}`, ticks: ticks(range, x, width),
    };
}

function times(n: number): string {
    if (n >= 10_000) return `10${[...`${Math.round(Math.log10(n))}`].map((d) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(d)]).join('')}`;
    return n >= 10 ? n.toFixed(0) : Number(n.toPrecision(2)).toString();
}

/** Addresses at both ends where they fit, else at the start, and round ones in between. */
function ticks(range: Range, x: number, width: number): MapTick[] {
    const first = hex(range.start, 8);
    const last = hex(range.end, 8);
    const out: MapTick[] = [];
    let from = x;
    let to = x + width;
    if (textWidth(first, 10.5) + textWidth(last, 10.5) + 12 <= width) {
        out.push({ x, label: first, anchor: 'start' }, { x: x + width, label: last, anchor: 'end' });
        from += textWidth(first, 10.5) + 10;
        to -= textWidth(last, 10.5) + 10;
    } else {
        const label = fitting([first, short(range.start)], width - 2, 10.5);
        if (label) out.push({ x, label, anchor: 'start' });
        from += label ? textWidth(label, 10.5) + 10 : 0;
    }
    const step = 2 ** Math.ceil(Math.log2((sizeOf(range) * 88) / width));
    for (let at = Math.ceil((range.start + 1) / step) * step; at < range.end; at += step) {
        const label = inUnitOf(step, at);
        const place = round(x + ((at - range.start) / sizeOf(range)) * width);
        const half = textWidth(label, 10.5) / 2;
        if (place - half >= from && place + half <= to) out.push({ x: place, label, anchor: 'middle' });
    }
    return out;
}

const UNITS = [[2 ** 50, 'PiB'], [2 ** 40, 'TiB'], [2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [2 ** 10, 'KiB']] as const;

/** Round addresses in one unit: `0.5 TiB`, `1 TiB`, `1.5 TiB`. Quarters of a unit are read easily, finer parts are not. */
function inUnitOf(step: number, address: number): string {
    const unit = UNITS.find(([size]) => (step * 4) % size === 0);
    return unit ? `${address / unit[0]} ${unit[1]}` : short(address);
}

/** An address as a size from 0: `4 GiB`. */
function short(address: number): string {
    return address === 0 ? '0' : formatApproximate(address);
}

/** Pixels of an address; undefined in a break or outside. `edge`: the address is an exclusive end. */
export function place(scale: MapScale, address: number): number | undefined {
    const segment = scale.segments.find((s) => s.range.start <= address && address <= s.range.end + 1);
    return segment && segment.x + (address - segment.range.start) / segment.bytesPerPixel;
}

/** The address at a pixel; the nearest one where the pixel is in a break. For zooming at the pointer. */
export function addressAt(scale: MapScale, x: number): number {
    const segment = scale.segments.find((s) => x <= s.x + s.width) ?? scale.segments.at(-1);
    if (!segment) return 0;
    const bytes = Math.round((Math.max(0, Math.min(segment.width, x - segment.x))) * segment.bytesPerPixel);
    return segment.range.start + Math.min(bytes, sizeOf(segment.range) - 1);
}

/** Two digits behind the point: enough for a screen, and the same everywhere. */
export function round(x: number): number {
    return Math.round(x * 100) / 100;
}
