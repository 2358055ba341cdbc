// The waterfall drawn: one bar under the other, each as long as its bytes, each with its words beside or above it.
import type { Ledger } from './ledger.ts';
import { formatApproximate } from './summary.ts';
import { type Drawing, element, escapeText, filled, labelOn, line, type SvgOptions, text } from './svg.ts';
import { breakText, cutTo, fitting, textWidth } from './svg-text.ts';
import type { Kind } from './theme.ts';
import { BAR_KIND, barTitle, sizeBeside, type Waterfall, type WaterfallBar } from './waterfall.ts';

/** Accounts drawn at most; a reader of more has the table. */
const MOST = 12;

/** Waterfalls on a common scale: `bytes` is the width of all. */
export function drawWaterfalls(all: readonly Waterfall[], width: number, options: SvgOptions): Drawing {
    const out: string[] = [];
    let y = 0;
    const alike = together(all);
    const shown = mostLost(alike);
    // one column of numbers for all
    const column = Math.max(0, ...shown.flatMap((w) => w.bars.map((b) => textWidth(amount(b, mostOf(w)), 12)))) + 12;
    for (const w of shown) {
        const drawn = drawWaterfall(w, width, w === all[0], column, options);
        out.push(element('g', { transform: `translate(0 ${y})` }, `\n${drawn.elements.join('\n')}\n`));
        y += drawn.height + 10;
    }
    if (alike.length > MOST) {
        out.push(text(8, y + 10, `and ${alike.length - MOST} more devices`, 'muted'));
        y += 20;
    }
    return { height: y, elements: out, kinds: [...new Set(shown.flatMap((w) => w.bars.flatMap((b) => (b.bytes > 0 ? [BAR_KIND[b.kind]] : []))))] };
}

/** Devices that go the same way, byte for byte, share a picture. */
function together(all: readonly Waterfall[]): Waterfall[] {
    const [whole, ...others] = all;
    const groups = new Map<string, Waterfall[]>();
    for (const w of others) {
        const way = JSON.stringify(w.bars.map((b) => [b.kind, b.bytes, b.rules, b.label.replaceAll(w.subject, '')]));
        groups.set(way, [...(groups.get(way) ?? []), w]);
    }
    const joined = [...groups.values()].map((group): Waterfall => {
        const first = group[0]!;
        if (group.length === 1) return first;
        const names = group.map((w) => w.subject);
        const subject = new Set(names).size === 1 ? `${first.subject}, ${group.length} times` : `${names.slice(0, 4).join(', ')}${names.length > 4 ? ` and ${names.length - 4} more` : ''}, each`;
        return { subject, bars: first.bars.map((b) => ({ ...b, subjects: [] })) };
    });
    return [...(whole ? [whole] : []), ...joined];
}

function mostOf(w: Waterfall): number {
    return Math.max(1, ...w.bars.map((b) => b.to));
}

/** The whole platform and those that lose most, or use least; in their order. */
function mostLost(all: readonly Waterfall[]): Waterfall[] {
    const taken = (w: Waterfall, kinds: readonly WaterfallBar['kind'][]): number => w.bars.reduce((n, b) => n + (kinds.includes(b.kind) ? b.bytes : 0), 0);
    const [whole, ...others] = all;
    const chosen = new Set(others.map((w, i) => ({ w, i, lost: taken(w, ['lost']), idle: taken(w, ['idle']) })).sort((a, b) => b.lost - a.lost || b.idle - a.idle || a.i - b.i).slice(0, MOST - 1).map(({ w }) => w));
    return [...(whole ? [whole] : []), ...others.filter((w) => chosen.has(w))];
}

function drawWaterfall(w: Waterfall, width: number, whole: boolean, column: number, options: SvgOptions): Drawing {
    const prefix = options.prefix ?? 'mt-';
    const most = mostOf(w);
    const wide = width >= 640;
    // Wide: words to the right of a column of bars. Narrow: words above each bar.
    const left = 8;
    const barsWidth = wide ? Math.floor(width * 0.42) : width - 16;
    const out: string[] = [];
    let y = 0;
    if (!whole) {
        out.push(text(left, 11, cutTo(w.subject, width - 16), 'title'));
        y += 18;
    }
    const size = wide ? column : 0;
    let before: { x: number; y: number } | undefined;
    for (const bar of w.bars) {
        const x = left + (bar.from / most) * barsWidth;
        const barWidth = Math.max(2, ((bar.to - bar.from) / most) * barsWidth);
        const from = Math.min(x, left + barsWidth - barWidth);
        const strong = bar.kind === 'rest' || bar.kind === 'start' ? 'title' : '';
        const rules = bar.rules.length > 0 ? ` · ${bar.rules.join(', ')}` : '';
        const elements: string[] = [element('title', {}, escapeText(barTitle(bar)))];
        if (wide) {
            if (bar.bytes > 0) elements.push(filled(from, y, barWidth, 16, BAR_KIND[bar.kind], prefix));
            elements.push(text(left + barsWidth + 16 + size - 12, y + 12.5, amount(bar, most), `num ${strong}`, { 'text-anchor': 'end' }));
            const room = width - (left + barsWidth + 16 + size) - 8;
            const words = fitting([`${who(bar, w)}${bar.label}${rules}`, `${bar.label}${rules}`, bar.label], room) ?? cutTo(bar.label, room);
            elements.push(text(left + barsWidth + 16 + size, y + 12.5, words, strong));
            if (before && bar.from + bar.bytes > 0) out.push(line(before.x, before.y, before.x, y, 'cut'));
            before = { x: bar.kind === 'rest' || bar.kind === 'start' ? from + barWidth : from, y: y + 16 };
            y += 20;
        } else {
            const lines = breakText(`${amount(bar, most)} ${who(bar, w)}${bar.label}${rules}`, width - 16, 11);
            lines.forEach((l, i) => elements.push(text(left, y + 10 + i * 14, l, strong, { 'font-size': 11 })));
            y += lines.length * 14;
            if (bar.bytes > 0) elements.push(filled(from, y, barWidth, 10, BAR_KIND[bar.kind], prefix));
            y += bar.bytes > 0 ? 17 : 5;
        }
        out.push(element('g', {}, ...elements));
    }
    return { height: y, elements: out, kinds: [] };
}

function amount(bar: WaterfallBar, whole: number): string {
    const sign = bar.kind === 'start' ? '' : bar.kind === 'rest' ? '= ' : '− ';
    // what went off is told as exactly as it is short
    return `${sign}${bar.kind === 'lost' || bar.kind === 'idle' ? formatApproximate(bar.bytes) : sizeBeside(bar.bytes, whole)}`;
}

/** Whose bytes they are, unless the heading or the words say so. */
function who(bar: WaterfallBar, w: Waterfall): string {
    const subjects = bar.subjects.filter((s) => s !== w.subject && !bar.label.includes(s));
    if (bar.kind === 'start' || bar.kind === 'rest' || subjects.length === 0) return '';
    return `${subjects.slice(0, 3).join(', ')}${subjects.length > 3 ? ` and ${subjects.length - 3} more` : ''}: `;
}

/** One bar for everything: what became of all that was described. The first thing to read. */
export function drawTotals(book: Ledger, width: number, options: SvgOptions): Drawing {
    const prefix = options.prefix ?? 'mt-';
    const { described, ram, other, idle, lost } = book.total;
    const parts: readonly { kind: Kind; bytes: number; word: string }[] = [
        { kind: 'ram', bytes: ram, word: 'RAM' }, { kind: 'pmem', bytes: other, word: 'pmem or dax' }, { kind: 'idle', bytes: idle, word: 'idle' }, { kind: 'lost', bytes: lost, word: 'lost' },
    ];
    const shown = parts.filter((p) => p.bytes > 0);
    const room = width - 16;
    const least = 4;
    const scale = (room - shown.length * least) / Math.max(described, 1);
    const out: string[] = [];
    let x = 8;
    for (const p of shown) {
        const w = p.bytes * scale + least;
        const label = fitting([`${sizeBeside(p.bytes, described)} ${p.word}`, sizeBeside(p.bytes, described)], w - 8);
        out.push(element('g', {}, element('title', {}, escapeText(`${sizeBeside(p.bytes, described)} ${p.word}`)), filled(x, 0, w, 24, p.kind, prefix),
            label === undefined ? '' : labelOn(x + w / 2, 16.5, label, p.kind, 12, true)));
        x += w;
    }
    return { height: 24, elements: out, kinds: shown.map((p) => p.kind) };
}

/** The same in words: `126 GiB described: 120 GiB RAM · 2 GiB lost`. */
export function totalsText(book: Ledger): string {
    const { described, ram, other, idle, lost } = book.total;
    const size = (bytes: number): string => sizeBeside(bytes, described);
    const parts = [`${size(ram)} RAM`];
    if (other > 0) parts.push(`${size(other)} persistent memory or dax`);
    if (idle > 0) parts.push(`${size(idle)} idle`);
    parts.push(lost > 0 ? `${size(lost)} lost` : 'nothing lost');
    return `${size(described)} described to Linux: ${parts.join(' · ')}`;
}
