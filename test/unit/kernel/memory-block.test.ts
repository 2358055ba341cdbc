import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { poisonPage } from '../../../server/src/kernel/hwpoison.ts';
import { offlineBlock, offlineBlocks, onlineBlock, onlineBlocks, replaceBlocks, runOf, runsWithin } from '../../../server/src/kernel/memory-block.ts';
import { addMemory, registerGroup } from '../../../server/src/kernel/memory-hotplug.ts';
import { GiB, PAGE, rangeOf } from '../../../server/src/kernel/range.ts';
import { snapshot } from '../../../server/src/kernel/snapshot.ts';
import type { BlockRun } from '../../../server/src/kernel/state.ts';
import type { Tx } from '../../../server/src/kernel/tx.ts';
import { findZone, type OnlineType } from '../../../server/src/kernel/zones.ts';
import { BLOCK, blocks, checkInvariants, ready, WINDOW } from './memory-machine.ts';

/** Adds blocks from 48 on, to a node. */
function withBlocks(count: number, change = {}, node = 0): Tx {
    const tx = ready(change);
    const start = node === 0 ? WINDOW : 38 * GiB;
    expect(addMemory(tx, { node, range: rangeOf(start, count * BLOCK), resourceName: 'System RAM' }).result).toBe(0);
    return tx;
}

describe('the zone of a block (ONL-04)', () => {
    it('is the kernel zone by default, Movable when asked for', () => {
        const tx = withBlocks(4);
        expect(blocks(tx.state)).toEqual(['48-51 offline Normal Movable']);
        expect(onlineBlock(tx, 48, 'online')).toBe(0);
        expect(onlineBlock(tx, 51, 'online_movable')).toBe(0);
        expect(blocks(tx.state)).toEqual(['48 online Normal', '49-50 offline Normal Movable', '51 online Movable']);
    });
    it('is Movable between movable blocks, where plain online asks', () => {
        const tx = withBlocks(8);
        onlineBlock(tx, 50, 'online_movable');
        onlineBlock(tx, 54, 'online_movable');
        expect(blocks(tx.state)).toEqual([
            '48-49 offline Normal Movable', '50 online Movable', '51-53 offline Movable Normal', '54 online Movable', '55 offline Normal Movable',
        ]);
        expect(onlineBlock(tx, 52, 'online')).toBe(0);
        expect(runOf(tx.state.memory, 52)!.zone).toBe('Movable');
        // Zones may overlap: kernel memory goes between movable blocks when asked for.
        expect(onlineBlock(tx, 51, 'online_kernel')).toBe(0);
        expect(runOf(tx.state.memory, 51)!.zone).toBe('Normal');
    });
    it('is Movable with movable_node where neither span decides', () => {
        expect(blocks(withBlocks(2, { cmdline: 'movable_node' }).state)).toEqual(['48-49 offline Movable Normal']);
    });
    it('follows the ratio of early kernel memory under auto-movable (ONL-05)', () => {
        const tx = ready({ cmdline: 'memory_hotplug.online_policy=auto-movable' });
        const add = (start: number, size: number): void => {
            const group = registerGroup(tx, 'static', 0, size / PAGE);
            addMemory(tx, { node: 0, range: rangeOf(start, size), resourceName: 'System RAM', ...(group === undefined ? {} : { group }) });
            onlineBlocks(tx, start / BLOCK, (start + size) / BLOCK - 1, 'online');
        };
        add(WINDOW, 8 * GiB);
        expect(blocks(tx.state)).toEqual(['48-111 online Movable']);
        // 4 GiB of early memory allow 12 GiB; the next group asks for 8 GiB at once and becomes kernel memory.
        add(14 * GiB, 8 * GiB);
        expect(blocks(tx.state)).toEqual(['48-111 online Movable', '112-175 online Normal']);
    });
});

describe('spans', () => {
    it('shrink at their ends and keep holes in the middle (OFF-05)', () => {
        const tx = withBlocks(8);
        onlineBlocks(tx, 48, 55, 'online_movable');
        const span = (): [number, number] | undefined => {
            const zone = findZone(tx.state.memory.zones, 0, 'Movable');
            return zone && [zone.startPfn * PAGE / BLOCK, zone.endPfn * PAGE / BLOCK];
        };
        offlineBlock(tx, 50);
        expect(span()).toEqual([48, 56]);
        offlineBlock(tx, 48);
        expect(span()).toEqual([49, 56]);
        offlineBlock(tx, 49);
        expect(span()).toEqual([51, 56]);
        offlineBlocks(tx, 51, 55);
        expect(span()).toBeUndefined();
    });
});

describe('refusals', () => {
    it('answer EINVAL where nothing would change (ONL-02)', () => {
        const tx = withBlocks(2);
        expect(offlineBlock(tx, 48)).toBe('EINVAL');
        onlineBlock(tx, 48, 'online');
        expect(onlineBlock(tx, 48, 'online_movable')).toBe('EINVAL');
        expect(tx.notes.map((n) => n.code)).toEqual(['memory/no-change', 'memory/no-change']);
        expect(onlineBlock(tx, 400, 'online')).toBe('ENODEV');
    });
    it('answer EINVAL for a block over several zones or with holes (OFF-01)', () => {
        const tx = ready();
        const before = tx.state;
        expect(offlineBlock(tx, 0)).toBe('EINVAL');
        expect(tx.notes.at(-1)!.message).toContain('several zones');
        expect(tx.state).toBe(before);
    });
    it('answer EBUSY where the kernel keeps its data (OFF-02)', () => {
        const tx = ready();
        expect(offlineBlock(tx, 47)).toBe('EBUSY');
        expect(offlineBlock(tx, 40)).toBe(0);
    });
    it('keep a block with a broken page offline since v6.2 (ONL-06)', () => {
        for (const [kernel, result] of [['6.1', 0], ['7.2', 'EHWPOISON']] as const) {
            const tx = withBlocks(2, { kernel });
            onlineBlocks(tx, 48, 49, 'online_movable');
            expect(poisonPage(tx, WINDOW + PAGE)).toBe(0);
            expect(offlineBlock(tx, 48)).toBe(0);
            expect(onlineBlock(tx, 48, 'online_movable')).toBe(result);
        }
    });
    it('keep the first kernel block of a node online since v7 (OFF-02)', () => {
        for (const [kernel, result] of [['6.1', 0], ['7.2', 'EBUSY']] as const) {
            const tx = withBlocks(4, { kernel }, 1);
            onlineBlock(tx, 306, 'online_kernel');
            onlineBlock(tx, 304, 'online_kernel');
            expect(offlineBlock(tx, 304)).toBe(0);
            expect(offlineBlock(tx, 306)).toBe(result);
        }
    });
});

describe('runs', () => {
    const run = (first: number, last: number, state: BlockRun['state'] = 'offline'): BlockRun => ({ first, last, state, zone: null, nodes: [0], early: false });
    it('are cut and joined', () => {
        expect(replaceBlocks([run(0, 9)], 3, 4, [run(3, 4, 'online')])).toEqual([run(0, 2), run(3, 4, 'online'), run(5, 9)]);
        expect(replaceBlocks([run(0, 2), run(3, 4, 'online'), run(5, 9)], 3, 4, [run(3, 4)])).toEqual([run(0, 9)]);
        expect(replaceBlocks([run(0, 9)], 3, 4, [])).toEqual([run(0, 2), run(5, 9)]);
    });
    it('agree with blocks taken one by one', () => {
        fc.assert(fc.property(fc.array(fc.tuple(fc.nat(40), fc.nat(10), fc.constantFrom('online', 'offline', 'gone')), { maxLength: 12 }), (edits) => {
            const expected = new Map<number, string>();
            let runs: readonly BlockRun[] = [];
            for (const [first, more, what] of edits) {
                const last = first + more;
                runs = replaceBlocks(runs, first, last, what === 'gone' ? [] : [run(first, last, what as BlockRun['state'])]);
                for (let b = first; b <= last; b++) {
                    if (what === 'gone') expected.delete(b);
                    else expected.set(b, what);
                }
            }
            const seen = new Map<number, string>();
            for (const r of runs) for (let b = r.first; b <= r.last; b++) seen.set(b, r.state);
            expect([...seen].sort((a, b) => a[0] - b[0])).toEqual([...expected].sort((a, b) => a[0] - b[0]));
            // Longest runs: neighbours that touch differ.
            runs.slice(1).forEach((r, i) => expect(r.first === runs[i]!.last + 1 && r.state === runs[i]!.state).toBe(false));
        }));
    });
    it('are found by block', () => {
        const memory = { ...ready().state.memory, blocks: [run(1, 3), run(5, 9, 'online')] };
        expect(runOf(memory, 4)).toBeUndefined();
        expect(runOf(memory, 9)!.first).toBe(5);
        expect(runsWithin(memory, 2, 6)).toEqual([run(2, 3), run(5, 6, 'online')]);
    });
});

describe('online and offline', () => {
    const types: readonly OnlineType[] = ['online', 'online_kernel', 'online_movable'];
    it('are each other\'s inverse for what a user can see', () => {
        fc.assert(fc.property(fc.integer({ min: 48, max: 63 }), fc.constantFrom(...types), fc.array(fc.tuple(fc.integer({ min: 48, max: 63 }), fc.constantFrom(...types)), { maxLength: 6 }), (block, type, earlier) => {
            const tx = withBlocks(16);
            for (const [b, t] of earlier) onlineBlock(tx, b, t);
            if (runOf(tx.state.memory, block)!.state === 'online') return;
            // A span that grew over a hole does not give the hole back, so only blocks that touch it are compared.
            const zonesBefore = tx.state.memory.zones;
            const before = snapshot(tx.state);
            expect(onlineBlock(tx, block, type)).toBe(0);
            checkInvariants(tx.state);
            expect(offlineBlock(tx, block)).toBe(0);
            expect(tx.state.memory.zones).toEqual(zonesBefore);
            expect(snapshot(tx.state)).toEqual(before);
        }));
    });
    it('by run is the same as block by block', () => {
        fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 48, max: 79 }), fc.constantFrom(...types)), { maxLength: 5 }), fc.integer({ min: 48, max: 79 }), fc.nat(31), fc.constantFrom(...types), (earlier, first, more, type) => {
            const one = withBlocks(32);
            for (const [b, t] of earlier) onlineBlock(one, b, t);
            const many = withBlocks(32);
            many.state = one.state;
            const last = Math.min(79, first + more);
            onlineBlocks(many, first, last, type);
            for (let b = first; b <= last; b++) onlineBlock(one, b, type);
            expect(many.state.memory.blocks).toEqual(one.state.memory.blocks);
            expect(many.state.memory.zones).toEqual(one.state.memory.zones);
        }));
    });
});
