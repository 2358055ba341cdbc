// Everything about one state on one sheet: what became of the bytes, where they are, how they went, and whose they are.
import type { Note } from '../kernel/outcome.ts';
import type { KernelState } from '../kernel/state.ts';
import { layOutMap } from './address-map.ts';
import { mapModel } from './address-map-model.ts';
import { ledger } from './ledger.ts';
import { at, type Drawing, drawLegend, drawMap, picture, type SvgOptions, text } from './svg.ts';
import { breakText } from './svg-text.ts';
import { drawTopology } from './svg-topology.ts';
import { drawTotals, drawWaterfalls, totalsText } from './svg-waterfall.ts';
import { KINDS } from './theme.ts';
import { topology } from './topology.ts';
import { waterfalls } from './waterfall.ts';

/** What a sheet is about. */
export interface Sheet {
    /** `scenario "grow" on guest`. */
    readonly title: string;
    /** `Linux 6.12 · after step 3: daxctl …`. */
    readonly subtitle: string;
    readonly state: KernelState;
    /** What marks compare with; absent: nothing is marked. */
    readonly previous?: KernelState;
    readonly notes: readonly Note[];
    /** The outcome of the steps up to here, a line each: `$ command → ok`. */
    readonly outcome: readonly string[];
    /** The kernel log of the step and what the step printed. */
    readonly log: readonly string[];
}

export interface SheetSize {
    readonly width: number;
}

/** The sheet as one SVG document. */
export function sheetToSvg(sheet: Sheet, size: SheetSize, options: SvgOptions): string {
    const { width } = size;
    const book = ledger(sheet.state);
    const parts: Drawing[] = [];
    let y = 0;
    const placed: string[] = [];
    const put = (drawing: Drawing, above = 0): void => {
        y += above;
        placed.push(at(y, drawing));
        parts.push(drawing);
        y += drawing.height;
    };
    put(prose(sheet.title, width, 15, 'title'), 10);
    if (sheet.subtitle) put(prose(sheet.subtitle, width, 12, 'muted'), 2);
    put(prose(totalsText(book), width, 13, 'title'), 8);
    put(drawTotals(book, width, options), 6);
    put(heading('Where the bytes are', width), 18);
    put(drawMap(layOutMap(mapModel(sheet.state, { notes: sheet.notes, ...(sheet.previous ? { previous: sheet.previous } : {}) }), { width }), options), 6);
    put(heading('Where they went', width), 10);
    put(drawWaterfalls(waterfalls(book), width, options), 6);
    put(heading('Nodes', width), 8);
    put(drawTopology(topology(sheet.state), width, options), 6);
    const used = new Set(parts.flatMap((p) => p.kinds));
    const kinds = KINDS.filter((k) => used.has(k));
    put(drawLegend(kinds, width, options), 10);
    return picture(width, y + 6, { title: `${sheet.title}: memory map`, description: `${totalsText(book)}.` }, kinds, placed, options);
}

/** The address map of a sheet alone. */
export function sheetMap(sheet: Sheet, size: SheetSize, options: SvgOptions): string {
    const layout = layOutMap(mapModel(sheet.state, { notes: sheet.notes, ...(sheet.previous ? { previous: sheet.previous } : {}) }), size);
    const map = drawMap(layout, options);
    const legend = drawLegend(map.kinds, size.width, options);
    const book = ledger(sheet.state);
    const totals = drawTotals(book, size.width, options);
    const kinds = KINDS.filter((k) => map.kinds.includes(k) || totals.kinds.includes(k));
    return picture(size.width, map.height + legend.height + totals.height + 20, { title: `${sheet.title}: address map`, description: `${totalsText(book)}.` }, kinds,
        [at(4, totals), at(totals.height + 16, map), at(totals.height + 16 + map.height, legend)], options);
}

function prose(content: string, width: number, size: number, kind: string): Drawing {
    const lines = breakText(content, width - 16, size * (kind === 'title' ? 1.06 : 1));
    return { height: lines.length * (size + 5), elements: lines.map((l, i) => text(8, size + i * (size + 5), l, kind, { 'font-size': size })), kinds: [] };
}

function heading(content: string, width: number): Drawing {
    return { height: 20, elements: [text(8, 13, content, 'title', { 'font-size': 13 }), `<path d="M8 19H${width - 8}" class="rule"/>`], kinds: [] };
}
