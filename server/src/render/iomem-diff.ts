// Two resource trees as one list of lines with marks: what an operation added, removed and changed in /proc/iomem. The command
// line and the preview show the same lines.
import { formatRange, type Range, sameRange } from '../kernel/range.ts';
import type { Resource, Tree } from '../kernel/resource.ts';

export type Mark = 'same' | 'added' | 'removed' | 'changed';

/** The sign in front of a line: `+` added, `−` removed, `~` changed, `=` as before. */
export const MARK_SIGN: Readonly<Record<Mark, string>> = { same: '=', added: '+', removed: '−', changed: '~' };

export interface IomemLine {
    readonly mark: Mark;
    /** Nesting, 0 = top level, not capped. */
    readonly depth: number;
    /** Inclusive end. */
    readonly range: Range;
    readonly name: string;
    /** Resource id in the tree the line comes from: the later one, or the earlier one for `removed`. */
    readonly id: number;
    /** For `changed`: what it was. */
    readonly was?: { readonly range: Range; readonly name: string; readonly depth: number };
}

interface Flat {
    readonly resource: Resource;
    readonly depth: number;
}

/** All lines of a tree, unmarked (`same`). */
export function iomemLines(tree: Tree): IomemLine[] {
    const lines: IomemLine[] = [];
    visit(tree.root.children, 0, (resource, depth) => lines.push(line('same', { resource, depth })));
    return lines;
}

/**
 * The lines of `after` with marks, and in between, at their addresses, those of `before` that are gone. A resource that was taken
 * out and put back as it was (another driver claims the same range under the same name) counts as unchanged: the reader of
 * /proc/iomem sees no difference. Subtrees that both trees share are not looked into.
 */
export function diffIomem(before: Tree, after: Tree): IomemLine[] {
    if (before === after || before.root === after.root) return iomemLines(after);
    const kept = new Set<Resource>(before.root.children);
    const shared = new Set<Resource>();
    for (const top of after.root.children) if (kept.has(top)) shared.add(top);

    const oldById = new Map<number, Flat>();
    const oldByText = new Map<string, Flat[]>();
    visit(before.root.children.filter((c) => !shared.has(c)), 0, (resource, depth) => {
        const flat = { resource, depth };
        oldById.set(resource.id, flat);
        const key = textKey(flat);
        const same = oldByText.get(key);
        if (same) same.push(flat);
        else oldByText.set(key, [flat]);
    });

    // Equal text first: it says "nothing to see here" whatever the kernel did behind it.
    const fresh: Flat[] = [];
    const partner = new Map<Resource, Flat>();
    const used = new Set<Resource>();
    visit(after.root.children.filter((c) => !shared.has(c)), 0, (resource, depth) => {
        const flat = { resource, depth };
        const candidates = oldByText.get(textKey(flat));
        const match = candidates?.find((c) => c.resource.id === resource.id && !used.has(c.resource)) ?? candidates?.find((c) => !used.has(c.resource));
        if (match) {
            partner.set(resource, match);
            used.add(match.resource);
        } else fresh.push(flat);
    });
    for (const { resource } of fresh) {
        const old = oldById.get(resource.id);
        if (!old || used.has(old.resource)) continue;
        partner.set(resource, old);
        used.add(old.resource);
    }

    const removed: IomemLine[] = [];
    for (const flat of oldById.values()) if (!used.has(flat.resource)) removed.push(line('removed', flat));

    const lines: IomemLine[] = [];
    let next = 0;
    const add = (l: IomemLine): void => {
        while (next < removed.length && comesFirst(removed[next]!, l)) lines.push(removed[next++]!);
        lines.push(l);
    };
    for (const top of after.root.children) {
        visit([top], 0, (resource, depth) => {
            const flat = { resource, depth };
            const old = partner.get(resource);
            if (shared.has(top)) add(line('same', flat));
            else if (!old) add(line('added', flat));
            else if (textKey(old) === textKey(flat)) add(line('same', flat));
            else add({ ...line('changed', flat), was: { range: rangeOnly(old.resource), name: old.resource.name, depth: old.depth } });
        });
    }
    lines.push(...removed.slice(next));
    return lines;
}

/** Text of a line without its mark, indented as the release prints it (`maxDepth`: Profile.iomemDepth). */
export function iomemText(l: IomemLine, maxDepth: number): string {
    return `${'  '.repeat(Math.min(l.depth, maxDepth))}${formatRange(l.range)} : ${l.name}`;
}

/** What changed in a `changed` line, for the end of the line: `was 180000000-1ffffffff`, `was inside another range`. */
export function describeWas(l: IomemLine): string {
    if (!l.was) return '';
    if (!sameRange(l.was.range, l.range)) return `was ${formatRange(l.was.range)}`;
    if (l.was.name !== l.name) return `was ${l.was.name}`;
    return l.was.depth < l.depth ? 'now inside' : 'moved up';
}

/** Lines worth showing where only the change matters: the marked ones, their ancestors, and `context` neighbours; `null` stands for a gap. */
export function onlyChanges(lines: readonly IomemLine[], context = 1): (IomemLine | null)[] {
    const show = new Set<number>();
    const ancestors: number[] = [];
    lines.forEach((l, i) => {
        ancestors.length = l.depth;
        ancestors[l.depth] = i;
        if (l.mark === 'same') return;
        for (const a of ancestors) if (a !== undefined) show.add(a);
        for (let k = Math.max(0, i - context); k <= Math.min(lines.length - 1, i + context); k++) show.add(k);
    });
    const out: (IomemLine | null)[] = [];
    let last = -1;
    for (const i of [...show].sort((a, b) => a - b)) {
        if (i > last + 1) out.push(null);
        out.push(lines[i]!);
        last = i;
    }
    if (out.length > 0 && last < lines.length - 1) out.push(null);
    return out;
}

/** Pre-order of a tree is the order by start, then by depth; a line that went stands before one that came in its place. */
function comesFirst(gone: IomemLine, l: IomemLine): boolean {
    return gone.range.start < l.range.start || (gone.range.start === l.range.start && gone.depth <= l.depth);
}

function textKey(flat: Flat): string {
    return `${flat.depth} ${flat.resource.start} ${flat.resource.end} ${flat.resource.name}`;
}

function rangeOnly(range: Range): Range {
    return { start: range.start, end: range.end };
}

function line(mark: Mark, { resource, depth }: Flat): IomemLine {
    return { mark, depth, range: rangeOnly(resource), name: resource.name, id: resource.id };
}

function visit(children: readonly Resource[], depth: number, each: (resource: Resource, depth: number) => void): void {
    for (const child of children) {
        each(child, depth);
        visit(child.children, depth + 1, each);
    }
}
