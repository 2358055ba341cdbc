// Nodes, distances and HMAT drawn: a card for each node, a table for each matrix.
import { formatApproximate } from './summary.ts';
import { type Drawing, element, escapeText, filled, type SvgOptions, text } from './svg.ts';
import { breakText, cutTo, fitting, textWidth } from './svg-text.ts';
import type { Kind } from './theme.ts';
import type { HeatMatrix, Topology, TopologyNode } from './topology.ts';

/** Nodes drawn at most; distances up to fewer, as a table of hundreds is no picture. */
const MOST_NODES = 64;
const MOST_DISTANCES = 16;

export function drawTopology(topology: Topology, width: number, options: SvgOptions): Drawing {
    const out: string[] = [];
    const prefix = options.prefix ?? 'mt-';
    const columns = Math.max(1, Math.floor((width - 8) / 192));
    const cardWidth = Math.floor((width - 16 - (columns - 1) * 8) / columns);
    const nodes = topology.nodes.slice(0, MOST_NODES);
    const cards = nodes.map((n) => nodeLines(n, cardWidth - 16));
    let y = 0;
    for (let from = 0; from < cards.length; from += columns) {
        const line = cards.slice(from, from + columns);
        const height = Math.max(...line.map((c) => c.length)) * 15 + 42;
        line.forEach((lines, i) => {
            const n = nodes[from + i]!;
            const x = 8 + i * (cardWidth + 8);
            const most = Math.max(1, ...nodes.map((m) => m.ram + m.offline));
            const parts: readonly [Kind, number][] = [['ram', n.ram - n.movable], ['movable', n.movable], ['offline', n.offline]];
            let at = x + 8;
            const bar = parts.filter(([, bytes]) => bytes > 0).map(([kind, bytes]) => {
                const w = Math.max(2, (bytes / most) * (cardWidth - 16));
                const drawn = filled(at, y + 24, Math.min(w, x + cardWidth - 8 - at), 8, kind, prefix);
                at += w;
                return drawn;
            });
            out.push(element('g', {}, element('title', {}, escapeText(`node ${n.node}: ${lines.join(', ')}`)),
                element('rect', { x, y, width: cardWidth, height: height - 2, rx: 3, class: `box k-${n.online ? 'node' : 'offline'}` }),
                text(x + 8, y + 17, `node ${n.node}${n.online ? '' : ' (offline)'}`, 'title'), ...bar, ...lines.map((l, k) => text(x + 8, y + 46 + k * 15, l, 'small'))));
        });
        y += height + 6;
    }
    if (topology.nodes.length > MOST_NODES) {
        out.push(text(8, y + 12, `and ${topology.nodes.length - MOST_NODES} more nodes`, 'muted'));
        y += 20;
    }
    y += 4;
    const tables: Drawing[] = [];
    const online = topology.nodes.map((n, i) => ({ n, i })).filter(({ n }) => n.online);
    if (online.length > 1 && online.length <= MOST_DISTANCES) {
        const names = online.map(({ n }) => n.node);
        tables.push(table('distances', 'distances (SLIT)', names, names, online.map((a) => online.map((b) => {
            const value = topology.distances[a.i]?.[b.i];
            return value === undefined ? undefined : { text: `${value}`, heat: Math.min(1, Math.max(0, (value - 10) / 40)) };
        })), width));
    }
    for (const m of topology.matrices) tables.push(matrixTable(m, width));
    let x = 0;
    let lineHeight = 0;
    for (const t of tables) {
        const w = tableWidth.get(t)!;
        if (x > 0 && x + w > width) {
            x = 0;
            y += lineHeight + 10;
            lineHeight = 0;
        }
        out.push(element('g', { transform: `translate(${x + 8} ${y})` }, ...t.elements));
        x += w + 20;
        lineHeight = Math.max(lineHeight, t.height);
    }
    return { height: y + lineHeight, elements: out, kinds: nodes.flatMap((n): Kind[] => [...(n.ram > n.movable ? ['ram' as const] : []), ...(n.movable > 0 ? ['movable' as const] : []), ...(n.offline > 0 || !n.online ? ['offline' as const] : [])]) };
}

function nodeLines(n: TopologyNode, width: number): string[] {
    const cpus = n.cpuCount === 0 ? 'no CPU' : fitting([`CPUs ${n.cpus} (${n.cpuCount})`, `${n.cpuCount} CPUs`], width, 10.5) ?? '';
    return [
        cpus, n.ram === 0 ? 'no memory' : `${formatApproximate(n.ram)} RAM${n.movable > 0 ? `, ${n.movable === n.ram ? 'all' : formatApproximate(n.movable)} Movable` : ''}`,
        ...(n.offline > 0 ? [`${formatApproximate(n.offline)} offline`] : []), ...(n.tier === undefined ? [] : [`memory tier ${n.tier}`]), ...(n.genericInitiator ? ['generic initiator'] : []),
        ...n.caches.map((c) => `memory-side cache L${c.level} ${formatApproximate(c.size)}, ${c.associativity}, ${c.writePolicy}`),
    ].flatMap((l) => breakText(l, width, 10.5));
}

const tableWidth = new WeakMap<Drawing, number>();

function matrixTable(m: HeatMatrix, width: number): Drawing {
    // gigabytes where all are: six digits are no number to compare
    const giga = m.unit === 'MB/s' && m.cells.every((row) => row.every((c) => c === undefined || c.value === 0 || c.value >= 1000));
    const show = (v: number): string => (giga ? `${Number((v / 1000).toPrecision(3))}` : `${v}`);
    return table(m.attribute, `${m.title} (${giga ? 'GB/s' : m.unit})`, m.initiators, m.targets, m.cells.map((row) => row.map((c) => c && { text: show(c.value), heat: c.heat })), width);
}

/** A table with a number in each cell; the bar under a number grows with the heat, and so does its shade. */
function table(_: string, title: string, rows: readonly number[], columns: readonly number[], cells: readonly (readonly ({ readonly text: string; readonly heat: number } | undefined)[])[], width: number): Drawing {
    const head = 54;
    const cell = Math.max(18, Math.min(46, Math.floor((width - 16 - head) / Math.max(1, columns.length))));
    const size = cell < 32 ? 8 : 10.5;
    const out = [text(0, 11, cutTo(title, width - 16), 'title')];
    columns.forEach((c, i) => out.push(text(head + i * cell + cell / 2, 28, cutTo(`→${c}`, cell, size), 'muted', { 'text-anchor': 'middle', 'font-size': size })));
    rows.forEach((r, k) => {
        const y = 34 + k * 24;
        out.push(text(head - 6, y + 14, `node ${r}`, 'small muted', { 'text-anchor': 'end' }));
        cells[k]!.forEach((c, i) => {
            const x = head + i * cell;
            const inner = c === undefined ? text(x + cell / 2, y + 14, '·', 'muted', { 'text-anchor': 'middle' })
                : element('rect', { x: x + 1, y: y + 1, width: cell - 2, height: 20, class: 'k-soft', opacity: 0.1 + 0.6 * c.heat }) + (c.heat === 0 ? '' : element('rect', { x: x + 3, y: y + 18, width: Math.max(1, (cell - 6) * c.heat), height: 2, class: 'inkfill' }))
                    + text(x + cell / 2, y + 14, fitting([c.text], cell - 1, size) ?? '…', 'num', { 'text-anchor': 'middle', 'font-size': size });
            out.push(element('g', {}, element('title', {}, escapeText(`node ${r} to node ${columns[i]}: ${c?.text ?? 'not said'}`)), inner));
        });
    });
    const drawing: Drawing = { height: 34 + rows.length * 24, elements: out, kinds: [] };
    tableWidth.set(drawing, Math.max(head + columns.length * cell, textWidth(title, 12)));
    return drawing;
}
