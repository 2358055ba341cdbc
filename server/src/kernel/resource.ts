// The resource tree behind /proc/iomem, as an algebra (kernel model 02). A tree is an immutable value; every operation
// answers with a new root that shares all it did not touch. Drivers keep the `id` of what they claimed, as the kernel keeps pointers.
import { contains, formatRange, intersect, overlaps, type Range, sameRange, subtract } from './range.ts';

export const BUSY = 1;
export const SYSTEM_RAM = 2;
export const EXCLUSIVE = 4;
export const MERGEABLE = 8;
export const DRIVER_MANAGED = 16;

export type Desc = 'none' | 'reserved' | 'acpi tables' | 'acpi nvs' | 'persistent' | 'persistent-legacy' | 'soft-reserved' | 'cxl';

export interface Resource extends Range {
    /** Unique in its tree for as long as the resource lives. 0 is the root. */
    readonly id: number;
    readonly name: string;
    readonly flags: number;
    readonly desc: Desc;
    readonly children: readonly Resource[];
}

/** A tree: the root and the next free id. */
export interface Tree {
    readonly root: Resource;
    readonly nextId: number;
}

export interface NewResource extends Range {
    readonly name: string;
    readonly flags?: number;
    readonly desc?: Desc;
}

export type Placed = { readonly ok: true; readonly tree: Tree; readonly id: number } | { readonly ok: false; readonly conflict: Resource };

/** Empty tree whose root covers [0, 2^64) in effect; the root is never printed. */
export function emptyTree(name = 'iomem'): Tree {
    return { root: { id: 0, start: 0, end: Number.MAX_SAFE_INTEGER, name, flags: 0, desc: 'none', children: [] }, nextId: 1 };
}

/** Index of the first child whose end is not below `address` (children are sorted and disjoint). */
function firstAtOrAfter(children: readonly Resource[], address: number): number {
    let low = 0;
    let high = children.length;
    while (low < high) {
        const mid = (low + high) >> 1;
        if (children[mid]!.end < address) low = mid + 1;
        else high = mid;
    }
    return low;
}

/** The children of `parent` that overlap `range`, in address order. */
export function childrenWithin(parent: Resource, range: Range): readonly Resource[] {
    const from = firstAtOrAfter(parent.children, range.start);
    let to = from;
    while (to < parent.children.length && parent.children[to]!.start <= range.end) to++;
    return parent.children.slice(from, to);
}

/** Replaces `count` children from `index` by `replacement`. */
function splice(parent: Resource, index: number, count: number, replacement: readonly Resource[]): Resource {
    // One copy of the array and a move within it: there may be thousands of siblings
    const children = parent.children.slice();
    if (count === 1 && replacement.length === 1) children[index] = replacement[0]!;
    else children.splice(index, count, ...replacement);
    return { ...parent, children };
}

/** Rebuilds the spine of ancestors after `path[last]` became `changed`. `path[0]` is the root. */
function rebuild(path: readonly Resource[], changed: Resource): Resource {
    let below = changed;
    for (let i = path.length - 2; i >= 0; i--) {
        const parent = path[i]!;
        below = splice(parent, indexOfChild(parent, path[i + 1]!), 1, [below]);
    }
    return below;
}

/** Place of a child among its siblings: by address, or by id where its range has just changed. */
function indexOfChild(parent: Resource, child: Resource): number {
    const index = firstAtOrAfter(parent.children, child.start);
    return parent.children[index]?.id === child.id ? index : parent.children.findIndex((c) => c.id === child.id);
}

function pathTo(node: Resource, id: number, path: Resource[] = []): Resource[] | undefined {
    path.push(node);
    if (node.id === id) return path;
    for (const child of node.children) {
        if (child.children.length === 0 && child.id !== id) continue;
        const found = pathTo(child, id, path);
        if (found) return found;
    }
    path.pop();
    return undefined;
}

/** The resource with this id, or undefined when it is gone. */
export function findById(tree: Tree, id: number): Resource | undefined {
    return pathTo(tree.root, id)?.at(-1);
}

/** Parent of the resource with this id. */
export function parentOf(tree: Tree, id: number): Resource | undefined {
    return pathTo(tree.root, id)?.at(-2);
}

/** Every resource below the root, depth first in address order, with its depth (0 = top level). */
export function* walk(tree: Tree): Generator<{ readonly resource: Resource; readonly depth: number }> {
    function* visit(node: Resource, depth: number): Generator<{ resource: Resource; depth: number }> {
        for (const child of node.children) {
            yield { resource: child, depth };
            yield* visit(child, depth + 1);
        }
    }
    yield* visit(tree.root, 0);
}

/**
 * Claims a range for a driver (RES-02): lands under the deepest non-BUSY resource that contains it, is BUSY, and inherits type
 * flags and description of its parent. Fails with the conflicting resource, or with the parent when the range does not fit in it.
 */
export function requestRegion(tree: Tree, claim: NewResource): Placed {
    const path: Resource[] = [tree.root];
    for (;;) {
        const parent = path.at(-1)!;
        if (claim.end < claim.start || !contains(parent, claim)) return { ok: false, conflict: parent };
        const index = firstAtOrAfter(parent.children, claim.start);
        const conflict = parent.children[index];
        if (!conflict || !overlaps(conflict, claim)) {
            const id = tree.nextId;
            const inherited = parent.id === 0 ? 0 : parent.flags & SYSTEM_RAM;
            const node: Resource = {
                id, start: claim.start, end: claim.end, name: claim.name, flags: (claim.flags ?? 0) | BUSY | inherited,
                desc: claim.desc ?? parent.desc, children: [],
            };
            return { ok: true, id, tree: { root: rebuild(path, splice(parent, index, 0, [node])), nextId: id + 1 } };
        }
        if (conflict.flags & BUSY) return { ok: false, conflict };
        path.push(conflict);
    }
}

/**
 * Inserts a producer's range (RES-03): descends while a child strictly contains it, then adopts the siblings it covers. An equal
 * child becomes the new resource's child. Fails with the sibling that sticks out. BUSY flags do not matter. `under`: the resource below
 * which it goes, even where that is of the same range; the root where it is gone.
 */
export function insertResource(tree: Tree, added: NewResource, under = 0): Placed {
    const path: Resource[] = pathTo(tree.root, under) ?? [tree.root];
    for (;;) {
        const parent = path.at(-1)!;
        if (added.end < added.start || !contains(parent, added)) return { ok: false, conflict: parent };
        const index = firstAtOrAfter(parent.children, added.start);
        const first = parent.children[index];
        if (first && overlaps(first, added) && contains(first, added) && !sameRange(first, added)) {
            path.push(first);
            continue;
        }
        const covered = childrenWithin(parent, added);
        const sticksOut = covered.find((c) => !contains(added, c));
        if (sticksOut) return { ok: false, conflict: sticksOut };
        const id = tree.nextId;
        const node: Resource = {
            id, start: added.start, end: added.end, name: added.name, flags: added.flags ?? 0, desc: added.desc ?? 'none', children: covered,
        };
        return { ok: true, id, tree: { root: rebuild(path, splice(parent, index, covered.length, [node])), nextId: id + 1 } };
    }
}

/**
 * Inserts many producers' ranges, sorted and disjoint, none of which overlaps a child of the root: one pass instead of one for each.
 * Answers undefined where some do overlap; those need RES-03 or RES-05 one by one.
 */
export function insertDisjoint(tree: Tree, added: readonly NewResource[]): Tree | undefined {
    const children: Resource[] = [];
    let nextId = tree.nextId;
    let i = 0;
    for (const a of added) {
        while (i < tree.root.children.length && tree.root.children[i]!.start < a.start) children.push(tree.root.children[i++]!);
        const before = children.at(-1);
        const after = tree.root.children[i];
        if (a.end < a.start || a.end > tree.root.end || (before && before.end >= a.start) || (after && after.start <= a.end)) return undefined;
        children.push({ id: nextId++, start: a.start, end: a.end, name: a.name, flags: a.flags ?? 0, desc: a.desc ?? 'none', children: [] });
    }
    while (i < tree.root.children.length) children.push(tree.root.children[i++]!);
    return { root: { ...tree.root, children }, nextId };
}

/** Inserts at the root and grows over partial overlaps until it fits (RES-05). */
export function insertExpand(tree: Tree, added: NewResource): { readonly tree: Tree; readonly id: number; readonly range: Range } {
    let grown: NewResource = added;
    for (;;) {
        const placed = insertResource(tree, grown);
        if (placed.ok) return { tree: placed.tree, id: placed.id, range: { start: grown.start, end: grown.end } };
        if (placed.conflict.id === 0) return { tree, id: 0, range: grown };
        grown = { ...grown, start: Math.min(grown.start, placed.conflict.start), end: Math.max(grown.end, placed.conflict.end) };
    }
}

/** Removes one resource; its children move up to its parent (RES-04). No effect when the id is gone. */
export function removeResource(tree: Tree, id: number): Tree {
    return unlink(tree, id, true);
}

/** Releases one resource together with its children (RES-04). No effect when the id is gone. */
export function releaseResource(tree: Tree, id: number): Tree {
    return unlink(tree, id, false);
}

function unlink(tree: Tree, id: number, keepChildren: boolean): Tree {
    const path = pathTo(tree.root, id);
    if (!path || path.length < 2) return tree;
    const node = path.pop()!;
    const parent = path.at(-1)!;
    const index = parent.children.findIndex((c) => c.id === id);
    return { ...tree, root: rebuild(path, splice(parent, index, 1, keepChildren ? node.children : [])) };
}

/** Replaces fields of one resource in place: flags cleared by kmem, ranges adjusted (RES-07 checks are the caller's). */
export function updateResource(tree: Tree, id: number, change: Partial<Pick<Resource, 'flags' | 'start' | 'end' | 'name' | 'desc'>>): Tree {
    const path = pathTo(tree.root, id);
    if (!path || path.length < 2) return tree;
    const changed = { ...path.at(-1)!, ...change };
    path[path.length - 1] = changed;
    return { ...tree, root: rebuild(path, changed) };
}

/**
 * Takes the range of hot-removed RAM out of the BUSY node that holds it (RES-08): deletes it, shrinks it, or splits it in two.
 * Silent when nothing matches.
 */
export function releaseAdjustable(tree: Tree, range: Range): Tree {
    const path: Resource[] = [tree.root];
    for (;;) {
        const parent = path.at(-1)!;
        const child = childrenWithin(parent, range).find((c) => contains(c, range));
        if (!child) return tree;
        if (!(child.flags & BUSY)) {
            path.push(child);
            continue;
        }
        const index = parent.children.findIndex((c) => c.id === child.id);
        let nextId = tree.nextId;
        const pieces = subtract(child, [range]).map((piece, i): Resource => ({
            ...child, ...piece, id: i === 0 ? child.id : nextId++,
            children: child.children.filter((c) => contains(piece, c)),
        }));
        return { root: rebuild(path, splice(parent, index, 1, pieces)), nextId };
    }
}

/** Joins a freshly added System RAM resource with equal neighbours that touch it (RES-09). */
export function mergeSystemRam(tree: Tree, id: number): Tree {
    const path = pathTo(tree.root, id);
    if (!path || path.length < 2) return tree;
    const parent = path[path.length - 2]!;
    let index = parent.children.findIndex((c) => c.id === id);
    let merged = parent.children[index]!;
    let first = index;
    let count = 1;
    const alike = (a: Resource, b: Resource): boolean =>
        a.name === b.name && a.flags === b.flags && a.desc === b.desc && a.children.length === 0 && b.children.length === 0;
    const before = parent.children[index - 1];
    if (before && before.end + 1 === merged.start && alike(before, merged)) {
        merged = { ...before, end: merged.end };
        first = index - 1;
        count++;
    }
    const after = parent.children[index + 1];
    if (after && merged.end + 1 === after.start && alike(after, merged)) {
        merged = { ...merged, end: after.end };
        count++;
    }
    index = first;
    path.pop();
    return { ...tree, root: rebuild(path, splice(parent, index, count, [merged])) };
}

/** Nodes that match, in address order, clipped to `window`; a match's descendants are not visited (RES-10). */
export function walkMatching(tree: Tree, window: Range, matches: (r: Resource) => boolean): { readonly resource: Resource; readonly piece: Range }[] {
    const found: { resource: Resource; piece: Range }[] = [];
    const visit = (parent: Resource): void => {
        for (const child of childrenWithin(parent, window)) {
            if (matches(child)) found.push({ resource: child, piece: intersect(child, window)! });
            else visit(child);
        }
    };
    visit(tree.root);
    return found;
}

/** BUSY System RAM inside `window`, in address order (RES-11). */
export function systemRam(tree: Tree, window: Range): Range[] {
    const ram = SYSTEM_RAM | BUSY;
    return walkMatching(tree, window, (r) => (r.flags & ram) === ram).map((m) => m.piece);
}

export type Intersection = 'disjoint' | 'intersects' | 'mixed';

/**
 * How a range relates to resources of a kind (RES-12). Only top-level nodes are looked at; with `descend` (v6.12 and stable
 * back-ports) a top-level node of another kind counts as matching where its descendants match and cover the intersection.
 */
export function regionIntersects(tree: Tree, range: Range, matches: (r: Resource) => boolean, descend: boolean): Intersection {
    let type = 0;
    let other = 0;
    for (const top of childrenWithin(tree.root, range)) {
        if (matches(top)) {
            type++;
            continue;
        }
        const part = intersect(top, range)!;
        const inside = descend ? walkMatching({ ...tree, root: { ...tree.root, children: [top] } }, part, matches) : [];
        if (inside.length > 0) type++;
        if (inside.length === 0 || subtract(part, inside.map((m) => m.piece)).length > 0) other++;
    }
    if (type === 0) return 'disjoint';
    return other === 0 ? 'intersects' : 'mixed';
}

/** /proc/iomem: lower-case hex padded to eight digits, two blanks a level, depth capped by the release (RES-14). */
export function formatIomem(tree: Tree, maxDepth: number): string {
    let text = '';
    for (const { resource, depth } of walk(tree)) {
        text += `${'  '.repeat(Math.min(depth, maxDepth))}${formatRange(resource)} : ${resource.name}\n`;
    }
    return text;
}
