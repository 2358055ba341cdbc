// /proc/iomem as somebody expects it beside the part of it that this is about.
import { formatIomem, type Resource, type Tree } from '../kernel/resource.ts';
import type { KernelState } from '../kernel/state.ts';

/** The expected lines and those to set against them: all of the tree where all of it is expected. */
export function iomemBeside({ lines, exactly }: { readonly lines: readonly { readonly text: string }[]; readonly exactly: boolean }, { iomem, profile }: KernelState): { readonly expected: string[]; readonly actual: string[] } {
    const wanted = lines.map((l) => l.text).filter((t) => t.trim() !== '');
    return { expected: dedent(wanted), actual: exactly ? formatIomem(iomem, profile.iomemDepth).trimEnd().split('\n') : about(iomem, profile.iomemDepth, wanted) };
}

/** The lines of the tree that the wanted ones are about: what overlaps the outermost wanted ranges and is no wider than they are. */
function about(tree: Tree, depth: number, wanted: readonly string[]): string[] {
    const lines = dedent(wanted);
    const ranges = lines.filter((l) => !l.startsWith(' ')).map((l) => /^([0-9a-fA-F]+)-([0-9a-fA-F]+)/.exec(l)).filter((m) => m !== null)
        .map((m) => ({ start: Number.parseInt(m[1]!, 16), end: Number.parseInt(m[2]!, 16) }));
    if (ranges.length === 0) return formatIomem(tree, depth).trimEnd().split('\n');
    const names = new Set(lines.map((l) => l.slice(l.indexOf(' : ') + 3).trim()));
    const out: string[] = [];
    const visit = (r: Resource, level: number): void => {
        const touched = ranges.filter((w) => w.start <= r.end && r.start <= w.end);
        if (touched.length === 0) return;
        const wider = touched.every((w) => r.start <= w.start && w.end <= r.end && (r.start < w.start || w.end < r.end));
        // a wider one that is not asked for is told only where nothing inside it is
        if (wider && !names.has(r.name) && r.children.some((c) => ranges.some((w) => w.start <= c.end && c.start <= w.end))) {
            for (const child of r.children) visit(child, level);
            return;
        }
        print(r, level);
    };
    const print = (r: Resource, level: number): void => {
        out.push(`${'  '.repeat(Math.min(level, depth))}${hex(r.start)}-${hex(r.end)} : ${r.name}`);
        for (const child of r.children) print(child, level + 1);
    };
    for (const r of tree.root.children) visit(r, 0);
    return out.length > 0 ? out : ['(nothing there)'];
}

function hex(address: number): string {
    return address.toString(16).padStart(8, '0');
}

function dedent(lines: readonly string[]): string[] {
    const indent = Math.min(...lines.map((l) => l.length - l.trimStart().length));
    return lines.map((l) => l.slice(Number.isFinite(indent) ? indent : 0).trimEnd());
}
