import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contains, overlaps, type Range, sizeOf } from '../../../server/src/kernel/range.ts';
import {
    BUSY, emptyTree, findById, formatIomem, insertDisjoint, insertExpand, insertResource, mergeSystemRam, parentOf, releaseAdjustable, releaseResource,
    removeResource, requestRegion, type Resource, SYSTEM_RAM, systemRam, type Tree, walk,
} from '../../../server/src/kernel/resource.ts';

const UNIT = 0x1000;
const range = fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 60 })).map(([start, size]): Range => ({ start: start * UNIT, end: (start + size) * UNIT - 1 }));
type Op = { readonly kind: 'insert' | 'request' | 'expand' | 'adjust'; readonly range: Range } | { readonly kind: 'remove' | 'release'; readonly pick: number };
const op: fc.Arbitrary<Op> = fc.oneof(
    fc.record({ kind: fc.constantFrom('insert', 'request', 'expand', 'adjust'), range }),
    fc.record({ kind: fc.constantFrom('remove', 'release'), pick: fc.nat(1000) }),
) as fc.Arbitrary<Op>;

function apply(tree: Tree, o: Op): Tree {
    switch (o.kind) {
        case 'insert': {
            const placed = insertResource(tree, { ...o.range, name: 'producer' });
            return placed.ok ? placed.tree : tree;
        }
        case 'request': {
            const placed = requestRegion(tree, { ...o.range, name: 'System RAM', flags: SYSTEM_RAM });
            return placed.ok ? placed.tree : tree;
        }
        case 'expand': return insertExpand(tree, { ...o.range, name: 'late' }).tree;
        case 'adjust': return releaseAdjustable(tree, o.range);
        case 'remove':
        case 'release': {
            const ids = [...walk(tree)].map((w) => w.resource.id);
            if (ids.length === 0) return tree;
            const id = ids[o.pick % ids.length]!;
            return o.kind === 'remove' ? removeResource(tree, id) : releaseResource(tree, id);
        }
    }
}

const grown = fc.array(op, { maxLength: 40 }).map((ops) => ops.reduce(apply, emptyTree()));

/** Sentences about every tree that operations can make. */
function expectSound(tree: Tree): void {
    const ids = new Set<number>();
    const visit = (parent: Resource): void => {
        parent.children.forEach((child, i) => {
            expect(child.end).toBeGreaterThanOrEqual(child.start);
            expect(contains(parent, child), 'children lie inside their parent').toBe(true);
            const next = parent.children[i + 1];
            if (next) expect(child.end, 'siblings are sorted and disjoint').toBeLessThan(next.start);
            expect(ids.has(child.id), 'ids are unique').toBe(false);
            expect(child.id).toBeLessThan(tree.nextId);
            ids.add(child.id);
            visit(child);
        });
    };
    visit(tree.root);
}

const shape = (tree: Tree): string => formatIomem(tree, 99);

describe('the resource tree', () => {
    it('stays sound under any sequence of operations', () => {
        fc.assert(fc.property(fc.array(op, { maxLength: 60 }), (ops) => {
            let tree = emptyTree();
            for (const o of ops) {
                tree = apply(tree, o);
                expectSound(tree);
            }
        }));
    });

    it('RES-02: request and release give back the same tree', () => {
        fc.assert(fc.property(grown, range, (tree, r) => {
            const placed = requestRegion(tree, { ...r, name: 'claim' });
            if (!placed.ok) return;
            expect(findById(placed.tree, placed.id)).toMatchObject({ ...r, name: 'claim' });
            expect(shape(releaseResource(placed.tree, placed.id))).toBe(shape(tree));
        }));
    });

    it('RES-03, RES-04: insert and remove give back the same tree', () => {
        fc.assert(fc.property(grown, range, (tree, r) => {
            const placed = insertResource(tree, { ...r, name: 'producer' });
            if (!placed.ok) return;
            expect(shape(removeResource(placed.tree, placed.id))).toBe(shape(tree));
        }));
    });

    it('RES-02: a claim fails exactly when something BUSY or an edge of its would-be parent is in the way', () => {
        fc.assert(fc.property(grown, range, (tree, r) => {
            const placed = requestRegion(tree, { ...r, name: 'claim' });
            if (placed.ok) {
                const parent = parentOf(placed.tree, placed.id)!;
                expect(parent.id === 0 || (parent.flags & BUSY) === 0).toBe(true);
            } else {
                const { conflict } = placed;
                const busy = (conflict.flags & BUSY) !== 0 && overlaps(conflict, r);
                expect(busy || !contains(conflict, r)).toBe(true);
            }
        }));
    });

    it('RES-05: an expanded resource covers what it was asked for, and nothing is lost', () => {
        fc.assert(fc.property(grown, range, (tree, r) => {
            const before = [...walk(tree)].length;
            const { tree: after, range: covered } = insertExpand(tree, { ...r, name: 'late' });
            expect(contains(covered, r)).toBe(true);
            expect([...walk(after)].length).toBe(before + 1);
        }));
    });

    it('RES-08: releasing an adjustable range takes exactly its bytes from RAM, or nothing', () => {
        const ram = fc.uniqueArray(fc.nat(20), { minLength: 1, maxLength: 6 }).map((slots) => slots.reduce((tree, slot) => {
            const placed = requestRegion(tree, { start: slot * 16 * UNIT, end: (slot * 16 + 15) * UNIT - 1, name: 'System RAM', flags: SYSTEM_RAM });
            return placed.ok ? placed.tree : tree;
        }, emptyTree()));
        const bytes = (tree: Tree): number => systemRam(tree, { start: 0, end: tree.root.end }).reduce((sum, p) => sum + sizeOf(p), 0);
        fc.assert(fc.property(ram, range, (tree, r) => {
            const inside = [...walk(tree)].some((w) => contains(w.resource, r));
            const after = releaseAdjustable(tree, r);
            expectSound(after);
            expect(bytes(tree) - bytes(after)).toBe(inside ? sizeOf(r) : 0);
            if (inside) expect(systemRam(after, r)).toEqual([]);
        }));
    });

    it('RES-09: merging neighbours keeps the bytes', () => {
        const claim = (tree: Tree, start: number, end: number): { tree: Tree; id: number } => {
            const placed = requestRegion(tree, { start, end, name: 'System RAM (virtio_mem)', flags: SYSTEM_RAM });
            if (!placed.ok) throw new Error('claim failed');
            return placed;
        };
        let { tree } = claim(emptyTree(), 0x1000, 0x1fff);
        tree = claim(tree, 0x3000, 0x3fff).tree;
        const middle = claim(tree, 0x2000, 0x2fff);
        expect(shape(mergeSystemRam(middle.tree, middle.id))).toBe('00001000-00003fff : System RAM (virtio_mem)\n');
    });

    it('RES-03: an equal range becomes the parent of what was there', () => {
        const soft = insertResource(emptyTree(), { start: 0x1000, end: 0x1fff, name: 'Soft Reserved' });
        if (!soft.ok) throw new Error('insert failed');
        const hmem = insertResource(soft.tree, { start: 0x1000, end: 0x1fff, name: 'hmem.0' });
        expect(hmem.ok && shape(hmem.tree)).toBe('00001000-00001fff : hmem.0\n  00001000-00001fff : Soft Reserved\n');
    });

    it('a pass over disjoint ranges is the same as inserting one by one', () => {
        fc.assert(fc.property(grown, fc.array(range, { maxLength: 12 }), (tree, ranges) => {
            const sorted = [...ranges].sort((a, b) => a.start - b.start).filter((r, i, all) => i === 0 || r.start > all[i - 1]!.end).map((r) => ({ ...r, name: 'e820' }));
            const disjoint = sorted.every((r, i) => i === 0 || r.start > sorted[i - 1]!.end) && sorted.every((r) => !tree.root.children.some((c) => overlaps(c, r)));
            const all = insertDisjoint(tree, sorted);
            expect(all !== undefined).toBe(disjoint);
            if (!all) return;
            const single = sorted.reduce((t, r) => {
                const placed = insertResource(t, r);
                return placed.ok ? placed.tree : t;
            }, tree);
            expect(shape(all)).toBe(shape(single));
        }));
    });
});
