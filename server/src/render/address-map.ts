// The layout of the address map: what stands where, in pixels. A value without a screen: the page draws it, the command line prints
// it, tests measure it.
import { formatSize, intersect, overlaps, type Range, SECTION, sizeOf, SUBSECTION } from '../kernel/range.ts';
import type { RuleId } from '../kernel/outcome.ts';
import { MAP_ROWS, type MapItem, type MapMark, type MapModel, type MapRowName } from './address-map-model.ts';
import { type MapBreak, type MapScale, mapScale, type MapSegment, round } from './address-map-scale.ts';
import { formatApproximate } from './summary.ts';
import { fitting, textWidth } from './svg-text.ts';
import { type Kind, KINDS } from './theme.ts';

export interface MapBox {
    /** The item's key; of the first item where it stands for several. With `~N` for the Nth piece of a range that a break cuts. */
    readonly id: string;
    readonly row: MapRowName;
    /** Physical addresses drawn, end inclusive. */
    readonly range: Range;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
    readonly kind: Kind;
    /** Fits into the box; empty where nothing fits. */
    readonly label: string;
    readonly title: string;
    readonly sourceKey: string;
    readonly rule?: RuleId;
    readonly mark: MapMark;
    readonly fault: boolean;
    /** Ranges that it stands for; more than 1: too small to draw apart. */
    readonly count: number;
    /** Bytes of those ranges. */
    readonly bytes: number;
    /** Several ranges: the one thing that made them all. */
    readonly common?: string;
    /** Wider than to scale, because it could not be seen otherwise. */
    readonly widened: boolean;
    /** Its bytes lie spread over the range: drawn thinner. */
    readonly spread: boolean;
    readonly selected: boolean;
}

/** A text beside a box that is too small for it, with a line that leads to it. */
export interface MapCallout {
    readonly id: string;
    /** Where the line starts: the box. */
    readonly fromX: number;
    readonly fromY: number;
    /** Left end and baseline of the text. */
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly text: string;
}

export interface MapRow {
    readonly name: MapRowName;
    readonly label: string;
    readonly long: string;
    /** Baseline and left end of the label. */
    readonly labelX: number;
    readonly labelY: number;
    readonly y: number;
    readonly height: number;
}

export interface MapOverlay {
    /** Of the box that it lies on. */
    readonly id: string;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
}

export interface MapLayout {
    readonly width: number;
    readonly height: number;
    readonly scale: MapScale;
    readonly segments: readonly MapSegment[];
    readonly breaks: readonly MapBreak[];
    readonly rows: readonly MapRow[];
    readonly boxes: readonly MapBox[];
    /** Losses once more, hatched, on the boxes of the things that lose them. */
    readonly overlays: readonly MapOverlay[];
    readonly callouts: readonly MapCallout[];
    /** Borders of sections (and of sub-sections, `strong: false`) where they can be told apart. */
    readonly grid: readonly { readonly x: number; readonly strong: boolean }[];
    readonly kinds: readonly Kind[];
}

export interface MapSelection {
    /** A key or source key. */
    readonly key?: string;
    readonly range?: Range;
}

export interface MapOptions {
    /** Pixels. */
    readonly width: number;
    /** Only this part, filling the width: zoom and pan. */
    readonly window?: Range;
    readonly selection?: MapSelection;
    /** A map that is shown beside this one: both take part in the scale, so that the same address is at the same place. */
    readonly beside?: MapModel;
}

const BOX = 20;
const LANE = 23;
const ROW_GAP = 8;
const AXIS = 36;
const EDGE = 8;
/** Smaller boxes cannot be seen: they are drawn together, this wide at least. */
const SMALLEST = 3;
/** Boxes drawn together stop growing here, so that a crowd still shows where it is. */
const CROWD = 56;
const MOST_LANES = 6;
const MOST_CALLOUT_LANES = 6;
/** Of a crowd the largest are told. */
const MOST_CALLOUTS = 12;

/** Lays an address map out. Cost follows the number of items, and of segments, of which there are few. */
export function layOutMap(model: MapModel, options: MapOptions): MapLayout {
    const { window } = options;
    const items = window ? model.items.filter((i) => overlaps(i.range, window)) : model.items;
    const wide = options.width >= 640;
    const left = wide ? 76 : EDGE;
    const clip = (r: Range): Range => (window ? intersect(r, window)! : r);
    const beside = (options.beside?.items ?? []).filter((i) => !window || overlaps(i.range, window));
    const placing = beside.length === 0 ? items : [...items, ...beside];
    const anchors = placing.filter((i) => i.minor !== true);
    const solid = anchors.filter((i) => i.kind !== 'hotplug' && i.row !== 'nodes').map((i) => clip(i.range));
    const scale = mapScale(anchors.map((i) => clip(i.range)), placing.filter((i) => i.minor === true && i.row !== 'sections').map((i) => clip(i.range)), (r) => !solid.some((s) => overlaps(s, r)), {
        left, width: options.width - left - EDGE, least: wide ? 84 : 58, breakWidth: wide ? 22 : 16,
    });
    const finest = Math.min(Infinity, ...scale.segments.map((s) => s.bytesPerPixel));
    const boxes: MapBox[] = [];
    const callouts: MapCallout[] = [];
    const rows: MapRow[] = [];
    const byRow = new Map<MapRowName, MapItem[]>();
    for (const item of items) {
        const row = byRow.get(item.row);
        if (row) row.push(item);
        else byRow.set(item.row, [item]);
    }
    let y = AXIS;
    for (const { name, label, long } of MAP_ROWS) {
        if (name === 'sections' && finest > SECTION / 5) continue;
        const own = byRow.get(name);
        if (!own) continue;
        const top = wide ? y : y + 15;
        const lanes = inLanes(own);
        const placed = lanes.flatMap((lane, n) => placeLane(lane, scale, top + n * LANE, options.selection));
        if (placed.length === 0) continue;
        boxes.push(...placed);
        let height = lanes.length * LANE - (LANE - BOX);
        if (name === 'lost' || name === 'faults') {
            const made = placeCallouts(placed, own, top + height, left, options.width - EDGE);
            callouts.push(...made.callouts);
            height += made.height;
        }
        rows.push({ name, label, long, labelX: wide ? EDGE : left, labelY: wide ? top + 14 : y + 10, y: top, height });
        y = top + height + ROW_GAP;
    }
    const kinds = KINDS.filter((k) => boxes.some((b) => b.kind === k));
    return { width: options.width, height: round(y), scale, segments: scale.segments, breaks: scale.breaks, rows, boxes, overlays: overlaysOf(boxes, items, scale), callouts, grid: gridOf(scale, rows, boxes), kinds };
}

/** Items that share addresses stand in different lanes: the larger one above. The last lane takes what is left. */
function inLanes(items: readonly MapItem[]): MapItem[][] {
    const sorted = [...items].sort((a, b) => a.range.start - b.range.start || b.range.end - a.range.end || (a.key < b.key ? -1 : 1));
    const lanes: { end: number; items: MapItem[] }[] = [];
    for (const item of sorted) {
        let lane = lanes.find((l) => l.end < item.range.start);
        if (!lane && lanes.length < MOST_LANES) {
            lane = { end: -1, items: [] };
            lanes.push(lane);
        }
        lane ??= lanes.at(-1)!;
        lane.items.push(item);
        lane.end = Math.max(lane.end, item.range.end);
    }
    return lanes.map((l) => l.items);
}

interface Piece {
    readonly item: MapItem;
    readonly range: Range;
    readonly x: number;
    readonly width: number;
    readonly part: number;
}

/** Boxes of one lane. Pieces that are too small to see become one box with their number, as do those that found no lane of their own. */
function placeLane(items: readonly MapItem[], scale: MapScale, y: number, selection: MapSelection | undefined): MapBox[] {
    const boxes: MapBox[] = [];
    let crowd: Piece[] = [];
    let crowdEnd = -Infinity;
    const flush = (): void => {
        if (crowd.length > 0) boxes.push(crowdBox(crowd, y, selection));
        crowd = [];
        crowdEnd = -Infinity;
    };
    let segmentFrom = 0;
    for (const item of items) {
        // Items come in address order, so segments that lie wholly before this one lie before all that follow
        while (segmentFrom < scale.segments.length && scale.segments[segmentFrom]!.range.end < item.range.start) segmentFrom++;
        for (let s = segmentFrom, part = 0; s < scale.segments.length && scale.segments[s]!.range.start <= item.range.end; s++, part++) {
            const segment = scale.segments[s]!;
            const range = intersect(item.range, segment.range)!;
            const piece = { item, range, x: segment.x + (range.start - segment.range.start) / segment.bytesPerPixel, width: sizeOf(range) / segment.bytesPerPixel, part };
            const last = boxes.at(-1);
            const crowded = last !== undefined && crowd.length === 0 && last.range.end >= range.start;
            if (crowded) {
                // no lane was left for it: it joins the box that it lies on
                boxes[boxes.length - 1] = { ...last, count: last.count + 1, fault: last.fault || item.fault === true, title: last.count < 6 ? `${last.title}; ${item.title}` : last.title };
                continue;
            }
            if (piece.width >= SMALLEST) {
                flush();
                boxes.push(pieceBox(piece, y, selection));
                continue;
            }
            if (crowd.length > 0 && (piece.x > crowdEnd + SMALLEST || piece.x - crowd[0]!.x > CROWD || crowd[0]!.item.fault !== item.fault)) flush();
            crowd.push(piece);
            crowdEnd = Math.max(crowd[0]!.x + SMALLEST, piece.x + piece.width);
        }
    }
    flush();
    return boxes;
}

function isSelected(item: MapItem, selection: MapSelection | undefined): boolean {
    if (!selection) return false;
    if (selection.key !== undefined && (selection.key === item.key || selection.key === item.sourceKey)) return true;
    return selection.range !== undefined && overlaps(selection.range, item.range);
}

function pieceBox({ item, range, x, width, part }: Piece, y: number, selection: MapSelection | undefined): MapBox {
    const spread = item.bytes !== undefined && item.row === 'lost';
    const labels = item.fault && item.row !== 'faults' ? item.labels.flatMap((l) => [`⚠ ${l}`]) : item.labels;
    const sign = item.mark === 'added' ? '+ ' : item.mark === 'changed' ? '~ ' : item.mark === 'removed' ? '− ' : '';
    return {
        id: part === 0 ? item.key : `${item.key}~${part}`, row: item.row, range, x: round(x), y: spread ? y + 7 : y, width: round(width), height: spread ? 7 : BOX, kind: item.kind,
        label: spread ? '' : fitting([...labels.map((l) => sign + l), ...(sign ? [sign.trim()] : [])], width - 8) ?? '', title: item.title, sourceKey: item.sourceKey, ...(item.rule ? { rule: item.rule } : {}),
        mark: item.mark, fault: item.fault === true, count: 1, bytes: item.bytes ?? sizeOf(range), widened: false, spread, selected: isSelected(item, selection),
    };
}

function crowdBox(pieces: readonly Piece[], y: number, selection: MapSelection | undefined): MapBox {
    const first = pieces[0]!;
    const { item } = first;
    const end = Math.max(...pieces.map((p) => p.x + p.width));
    const width = Math.max(SMALLEST, end - first.x);
    const bytes = pieces.reduce((n, p) => n + (p.item.bytes ?? sizeOf(p.range)), 0);
    const kind = pieces.every((p) => p.item.kind === item.kind) ? item.kind : 'mixed';
    const told = pieces.slice(0, 6).map((p) => p.item.title);
    const one = pieces.length === 1;
    const mark = pieces.every((p) => p.item.mark === item.mark) ? item.mark : 'changed';
    return {
        id: item.key, row: item.row, range: { start: first.range.start, end: Math.max(...pieces.map((p) => p.range.end)) }, x: round(first.x), y, width: round(width), height: BOX, kind,
        label: one ? '' : fitting([`${pieces.length} ranges · ${formatApproximate(bytes)}`, `${pieces.length} ranges`, `×${pieces.length}`], width - 6) ?? '',
        title: one ? item.title : `${pieces.length} ranges, ${formatSize(bytes)} in all: ${told.join('; ')}${pieces.length > told.length ? `; and ${pieces.length - told.length} more` : ''}`,
        sourceKey: item.sourceKey, ...(!one && pieces.every((p) => p.item.sourceKey === item.sourceKey) ? { common: item.sourceKey } : {}), ...(item.rule ? { rule: item.rule } : {}), mark, fault: item.fault === true, count: pieces.length, bytes, widened: true, spread: false,
        selected: pieces.some((p) => isSelected(p.item, selection)),
    };
}

/** Texts for boxes whose own text does not say what is the matter: to the right of the box, to its left where only there is room for all of it. */
function placeCallouts(boxes: readonly MapBox[], items: readonly MapItem[], top: number, left: number, right: number): { readonly callouts: MapCallout[]; readonly height: number } {
    const byKey = new Map(items.map((i) => [i.key, i]));
    const untold = told(boxes.filter((b) => b.label === '' || b.label !== byKey.get(b.id)?.labels[0]), byKey);
    const wanted = [...untold].sort((a, b) => b.bytes - a.bytes || a.x - b.x).slice(0, MOST_CALLOUTS).map((box): Wanted => {
        const item = byKey.get(box.id.replace(/~\d+$/, ''));
        const rule = box.rule ? ` · ${box.rule}` : '';
        return { box, anchor: box.x + Math.min(box.width / 2, 12), labels: box.count > 1 ? crowdLabels(box, byKey) : [`${item?.labels[0] ?? ''}${rule}`, ...(rule && item ? [item.labels[0]!, `${item.labels[1] ?? ''}${rule}`, ...item.labels.slice(1)] : item?.labels ?? [])] };
    }).sort((a, b) => a.anchor - b.anchor || a.box.y - b.box.y);
    const toTheLeft = wanted.filter((w) => goesLeft(w, wanted, left, right));
    // No line crosses a text: those to the left go down from left to right, those to the right from right to left.
    const lanes: Said[] = [];
    const callouts: MapCallout[] = [];
    for (const w of [...toTheLeft, ...wanted.filter((one) => !toTheLeft.includes(one)).reverse()]) {
        const { box, anchor, labels } = w;
        const beside = toTheLeft.includes(w);
        const text = beside ? labels[0]! : fitting(labels, right - anchor - 6, 11) ?? fitting(labels, right - left, 11) ?? labels.at(-1)!;
        const width = textWidth(text, 11);
        const x = beside ? anchor - 5 - width : Math.max(left, Math.min(anchor + 5, right - width));
        const lane = freeLane(lanes, anchor, x, x + width);
        if (lane === undefined) continue;
        lanes.push({ lane, anchor, from: x - 8, to: x + width + 8 });
        callouts.push({ id: box.id, fromX: round(anchor), fromY: box.y + box.height, x: round(x), y: top + 14 + lane * 15, width, text });
    }
    const depth = Math.max(0, ...lanes.map((l) => l.lane + 1));
    const more = untold.length - callouts.length;
    if (more > 0) callouts.push({ id: 'more', fromX: left, fromY: top, x: left, y: top + 14 + depth * 15, width: textWidth(`and ${more} more`, 11), text: `and ${more} more` });
    return { callouts, height: callouts.length === 0 ? 0 : (depth + (more > 0 ? 1 : 0)) * 15 + 4 };
}

interface Wanted {
    readonly box: MapBox;
    /** Where its line goes down. */
    readonly anchor: number;
    readonly labels: readonly string[];
}

interface Said {
    readonly lane: number;
    readonly anchor: number;
    readonly from: number;
    readonly to: number;
}

/** The whole text has no room to the right, has it to the left, and no other line would have to go down through it. */
function goesLeft({ anchor, labels }: Wanted, all: readonly Wanted[], left: number, right: number): boolean {
    const width = textWidth(labels[0]!, 11) + 13;
    return anchor + width > right && anchor - width >= left && !all.some((o) => o.anchor > anchor - width && o.anchor < anchor && textWidth(o.labels[0]!, 11) + 13 <= right - o.anchor);
}

/** The highest lane where a text meets no other, its line meets no text above, and no line goes through it. */
function freeLane(said: readonly Said[], anchor: number, from: number, to: number): number | undefined {
    for (let lane = 0; lane < MOST_CALLOUT_LANES; lane++) {
        const met = said.some((s) => (s.lane === lane && from < s.to && to > s.from) || (s.lane < lane && anchor > s.from + 4 && anchor < s.to - 4) || (s.lane > lane && s.anchor > from - 4 && s.anchor < to + 4));
        if (!met) return lane;
    }
    return undefined;
}

/** Many boxes: those that tell the same story are told once, at the first of them. */
function told(boxes: readonly MapBox[], items: ReadonlyMap<string, MapItem>): MapBox[] {
    if (boxes.length <= MOST_CALLOUTS) return [...boxes];
    const stories = new Map<string, MapBox>();
    for (const box of boxes) {
        const story = storyOf(box, items) ?? box.id;
        const first = stories.get(story);
        stories.set(story, first === undefined ? box : { ...first, common: first.common === box.common && first.sourceKey === box.sourceKey ? first.common : undefined, count: first.count + box.count, bytes: first.bytes + box.bytes });
    }
    return [...stories.values()];
}

/** Why the bytes of a box are lost, in the words of its items; undefined for what is no loss. */
function storyOf(box: MapBox, items: ReadonlyMap<string, MapItem>): string | undefined {
    const words = box.row === 'lost' ? items.get(box.id)?.labels[0] : undefined;
    const cause = words === undefined ? -1 : words.indexOf(': ');
    return cause < 0 ? undefined : `${words!.slice(cause + 2)}${box.rule ? ` · ${box.rule}` : ''}`;
}

function crowdLabels(box: MapBox, items: ReadonlyMap<string, MapItem>): string[] {
    const bytes = formatApproximate(box.bytes);
    const story = box.common === undefined ? storyOf(box, items) : undefined;
    if (box.row === 'faults') return [`✕ ${box.count} problems`, `✕ ${box.count}`];
    return [...(story === undefined ? [] : [`−${bytes} in ${box.count} ranges: ${story}`]), `−${bytes} ${box.common ? `${box.common} ` : ''}in ${box.count} ranges`, `−${bytes} in ${box.count} ranges`, `−${bytes}`];
}

/** Where losses lie on the boxes of what loses them. */
function overlaysOf(boxes: readonly MapBox[], items: readonly MapItem[], scale: MapScale): MapOverlay[] {
    const lost = items.filter((i) => i.row === 'lost' && i.bytes === undefined);
    if (lost.length === 0) return [];
    const owners = new Map<string, MapBox[]>();
    for (const b of boxes) if ((b.row === 'objects' || b.row === 'devices') && b.count === 1) owners.set(b.sourceKey, [...(owners.get(b.sourceKey) ?? []), b]);
    const out: MapOverlay[] = [];
    for (const item of lost) {
        for (const box of owners.get(item.sourceKey) ?? []) {
            const range = intersect(item.range, box.range);
            const segment = range && scale.segments.find((s) => overlaps(s.range, range));
            if (!range || !segment) continue;
            const width = Math.max(SMALLEST, sizeOf(range) / segment.bytesPerPixel);
            const x = Math.min(segment.x + (range.start - segment.range.start) / segment.bytesPerPixel, box.x + box.width - width);
            out.push({ id: box.id, x: round(Math.max(box.x, x)), y: box.y, width: round(Math.min(width, box.width)), height: box.height });
        }
    }
    return out;
}

function gridOf(scale: MapScale, rows: readonly MapRow[], boxes: readonly MapBox[]): { x: number; strong: boolean }[] {
    if (!rows.some((r) => r.name === 'sections')) return [];
    const out: { x: number; strong: boolean }[] = [];
    for (const box of boxes) {
        const s = box.row === 'sections' && !box.widened ? scale.segments.find((p) => overlaps(p.range, box.range)) : undefined;
        const step = s === undefined ? 0 : s.bytesPerPixel <= SUBSECTION / 5 ? SUBSECTION : s.bytesPerPixel <= SECTION / 5 ? SECTION : 0;
        if (s === undefined || step === 0) continue;
        for (let at = (Math.floor(box.range.start / step) + 1) * step; at <= box.range.end; at += step) out.push({ x: round(s.x + (at - s.range.start) / s.bytesPerPixel), strong: at % SECTION === 0 });
    }
    return out;
}
