import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyTree, insertResource, releaseResource, removeResource, requestRegion, type Tree, updateResource } from '../../../server/src/kernel/resource.ts';
import { describeWas, diffIomem, iomemLines, iomemText, MARK_SIGN, onlyChanges } from '../../../server/src/render/iomem-diff.ts';

function put(tree: Tree, start: number, end: number, name: string): { tree: Tree; id: number } {
    const placed = insertResource(tree, { start, end, name });
    if (!placed.ok) throw new Error(`conflict with ${placed.conflict.name}`);
    return placed;
}

function claim(tree: Tree, start: number, end: number, name: string): { tree: Tree; id: number } {
    const placed = requestRegion(tree, { start, end, name });
    if (!placed.ok) throw new Error(`conflict with ${placed.conflict.name}`);
    return placed;
}

const show = (before: Tree, after: Tree): string[] => diffIomem(before, after).map((l) => `${MARK_SIGN[l.mark]} ${iomemText(l, 8)}${l.was ? ` (${describeWas(l)})` : ''}`);

const ram = put(emptyTree(), 0x100000000, 0x17fffffff, 'System RAM').tree;
const pmem = put(ram, 0x180000000, 0x1ffffffff, 'Persistent Memory (legacy)').tree;
const raw = claim(pmem, 0x180000000, 0x1ffffffff, 'namespace0.0');

describe('two states of /proc/iomem as one marked list', () => {
    it('puts what went before what came in its place', () => {
        const free = releaseResource(raw.tree, raw.id);
        const metadata = claim(free, 0x180000000, 0x1801fffff, 'namespace0.0').tree;
        const dax = claim(metadata, 0x180200000, 0x1ffffffff, 'dax0.0').tree;
        expect(show(raw.tree, dax)).toEqual([
            '= 100000000-17fffffff : System RAM',
            '= 180000000-1ffffffff : Persistent Memory (legacy)',
            '−   180000000-1ffffffff : namespace0.0',
            '+   180000000-1801fffff : namespace0.0',
            '+   180200000-1ffffffff : dax0.0',
        ]);
    });

    it('calls a range that shrank in place changed, and says what it was', () => {
        const shrunk = updateResource(raw.tree, raw.id, { end: 0x1bfffffff });
        expect(show(raw.tree, shrunk)[2]).toBe('~   180000000-1bfffffff : namespace0.0 (was 180000000-1ffffffff)');
    });

    it('shows no change where a driver put back what another had', () => {
        const again = claim(releaseResource(raw.tree, raw.id), 0x180000000, 0x1ffffffff, 'namespace0.0');
        expect(again.id).not.toBe(raw.id);
        expect(diffIomem(raw.tree, again.tree).every((l) => l.mark === 'same')).toBe(true);
    });

    it('keeps children that move up when their parent goes', () => {
        const parent = raw.tree.root.children.find((c) => c.name.startsWith('Persistent'))!;
        expect(show(raw.tree, removeResource(raw.tree, parent.id))).toEqual([
            '= 100000000-17fffffff : System RAM',
            '− 180000000-1ffffffff : Persistent Memory (legacy)',
            '~ 180000000-1ffffffff : namespace0.0 (moved up)',
        ]);
    });

    it('cuts to the change with ancestors and neighbours, a gap as null', () => {
        let many = emptyTree();
        for (let i = 0; i < 20; i++) many = put(many, i * 0x1000, i * 0x1000 + 0xfff, 'Reserved').tree;
        const changed = put(many, 0x5000, 0x53ff, 'inside').tree;
        const cut = onlyChanges(diffIomem(many, changed));
        expect(cut.map((l) => l && l.range.start)).toEqual([null, 0x5000, 0x5000, 0x6000, null]);
        expect(onlyChanges(diffIomem(many, many))).toEqual([]);
    });

    it('holds for any trees: without the removed lines it is the later tree, without the added ones as many as the earlier', () => {
        const op = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 20 }), fc.constantFrom('a', 'b', 'c'));
        const build = (from: Tree, ops: readonly [boolean, number, number, string][]): Tree => ops.reduce((tree, [drop, at, size, name]) => {
            if (drop) return releaseResource(tree, at);
            const placed = insertResource(tree, { start: at, end: at + size - 1, name });
            return placed.ok ? placed.tree : tree;
        }, from);
        fc.assert(fc.property(fc.array(op, { maxLength: 25 }), fc.array(op, { maxLength: 10 }), (first, second) => {
            const before = build(emptyTree(), first);
            const after = build(before, second);
            const lines = diffIomem(before, after);
            const text = (mark: (m: string) => boolean): string[] => lines.filter((l) => mark(l.mark)).map((l) => iomemText(l, 99));
            expect(text((m) => m !== 'removed')).toEqual(iomemLines(after).map((l) => iomemText(l, 99)));
            expect(text((m) => m !== 'added').length).toBe(iomemLines(before).length);
        }));
    });
});
