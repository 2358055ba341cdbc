// /proc/iomem as somebody expects it beside the part of it that this is about.
import { formatRange, overlaps } from '../kernel/range.ts';
import { formatIomem, type Resource } from '../kernel/resource.ts';
import type { KernelState } from '../kernel/state.ts';

/** Lines that are expected. `exactly`: all of the tree. */
export interface WantedIomem {
    readonly lines: readonly { readonly text: string }[];
    readonly exactly: boolean;
}

/** The expected lines and those to set against them, in words where there are none. */
export function iomemBeside(wanted: WantedIomem, state: KernelState): { readonly expected: string[]; readonly actual: string[] } {
    const actual = linesAbout(wanted, state);
    return { expected: linesOf(wanted), actual: actual.length > 0 ? actual : ['(nothing there)'] };
}

/** The lines of the tree that the wanted ones are about: what overlaps the outermost wanted ranges and is no wider than they are. */
export function linesAbout(wanted: WantedIomem, { iomem: tree, profile: { iomemDepth: depth } }: KernelState): string[] {
    const lines = linesOf(wanted);
    const ranges = lines.filter((l) => !l.startsWith(' ')).map((l) => /^([0-9a-fA-F]+)-([0-9a-fA-F]+)/.exec(l)).filter((m) => m !== null)
        .map((m) => ({ start: Number.parseInt(m[1]!, 16), end: Number.parseInt(m[2]!, 16) }));
    if (wanted.exactly || ranges.length === 0) return formatIomem(tree, depth).trimEnd().split('\n');
    const names = new Set(lines.map((l) => l.slice(l.indexOf(' : ') + 3).trim()));
    const out: string[] = [];
    const visit = (r: Resource, level: number): void => {
        const touched = ranges.filter((w) => overlaps(w, r));
        if (touched.length === 0) return;
        const wider = touched.every((w) => r.start <= w.start && w.end <= r.end && (r.start < w.start || w.end < r.end));
        // a wider one that is not asked for is told only where nothing inside it is
        if (wider && !names.has(r.name) && r.children.some((c) => ranges.some((w) => overlaps(w, c)))) {
            for (const child of r.children) visit(child, level);
            return;
        }
        print(r, level);
    };
    const print = (r: Resource, level: number): void => {
        out.push(`${'  '.repeat(Math.min(level, depth))}${formatRange(r)} : ${r.name}`);
        for (const child of r.children) print(child, level + 1);
    };
    for (const r of tree.root.children) visit(r, 0);
    return out;
}

/** What is written, the outermost lines without indent. */
function linesOf(wanted: WantedIomem): string[] {
    const lines = wanted.lines.map((l) => l.text).filter((t) => t.trim() !== '');
    const indent = Math.min(...lines.map((l) => l.length - l.trimStart().length));
    return lines.map((l) => l.slice(Number.isFinite(indent) ? indent : 0).trimEnd());
}
