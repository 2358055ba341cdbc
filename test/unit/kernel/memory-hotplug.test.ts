import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dimmAdd, dimmEject } from '../../../server/src/kernel/dimm.ts';
import { offlineBlock, onlineBlock } from '../../../server/src/kernel/memory-block.ts';
import { addMemory, removeMemory } from '../../../server/src/kernel/memory-hotplug.ts';
import { GiB, MiB, rangeOf, TiB } from '../../../server/src/kernel/range.ts';
import { formatIomem } from '../../../server/src/kernel/resource.ts';
import { snapshot } from '../../../server/src/kernel/snapshot.ts';
import type { Tx } from '../../../server/src/kernel/tx.ts';
import { BLOCK, blocks, checkInvariants, ready, WINDOW } from './memory-machine.ts';

const add = (tx: Tx, start: number, size: number, node = 0, rest = {}) => addMemory(tx, { node, range: rangeOf(start, size), resourceName: 'System RAM', ...rest });
const lines = (tx: Tx): string[] => formatIomem(tx.state.iomem, 5).split('\n').filter((l) => parseInt(l, 16) >= WINDOW);

describe('adding memory', () => {
    it('makes offline blocks and a line in iomem (MHP-03, MHP-07)', () => {
        const tx = ready();
        expect(add(tx, WINDOW, GiB).result).toBe(0);
        expect(lines(tx)).toEqual(['180000000-1bfffffff : System RAM']);
        expect(blocks(tx.state)).toEqual(['48-55 offline Normal Movable']);
    });
    it('joins lines that touch only when asked to (RES-09)', () => {
        const tx = ready();
        add(tx, WINDOW, GiB);
        add(tx, WINDOW + GiB, GiB);
        add(tx, WINDOW + 2 * GiB, GiB, 0, { merge: true, resourceName: 'System RAM (virtio_mem)' });
        const second = add(tx, WINDOW + 3 * GiB, GiB, 0, { merge: true, resourceName: 'System RAM (virtio_mem)' });
        expect(lines(tx)).toEqual(['180000000-1bfffffff : System RAM', '1c0000000-1ffffffff : System RAM', '200000000-27fffffff : System RAM (virtio_mem)']);
        expect(second.claim).toBeUndefined();
    });
    it('brings blocks online as the policy says (ONL-01)', () => {
        for (const [policy, zone] of [['online', 'Normal'], ['online_kernel', 'Normal'], ['online_movable', 'Movable']]) {
            const tx = ready({ cmdline: `memhp_default_state=${policy}` });
            add(tx, WINDOW, GiB);
            expect(blocks(tx.state)).toEqual([`48-55 online ${zone}`]);
        }
    });
    it.each([
        ['off the block size', WINDOW, 64 * MiB, 0, 'EINVAL', 'hotplug/unaligned'],
        ['off a block boundary', WINDOW + MiB, BLOCK, 0, 'EINVAL', 'hotplug/unaligned'],
        ['on RAM', 4 * GiB, BLOCK, 0, 'EEXIST', 'hotplug/range-taken'],
        ['on a node nobody announced', WINDOW, BLOCK, 7, 'EINVAL', 'hotplug/impossible-node'],
        ['above the direct map', 64 * TiB, BLOCK, 0, 'E2BIG', 'hotplug/too-high'],
    ] as const)('is refused %s and changes nothing', (_what, start, size, node, errno, code) => {
        const tx = ready();
        const before = tx.state;
        expect(add(tx, start, size, node).result).toBe(errno);
        expect(tx.notes.at(-1)!.code).toBe(code);
        expect(tx.state).toBe(before);
    });
    it('says what the kernel says about misaligned ranges (MHP-01)', () => {
        const tx = ready();
        add(tx, WINDOW, 64 * MiB);
        expect(tx.log.at(-1)!.text).toBe('Block size [0x8000000] unaligned hotplug range: start 0x180000000, size 0x4000000');
    });
    it('lets memory hold its own struct pages, one block at a time before v6.8 (MHP-09)', () => {
        const hosted = (kernel: string, size: number): number | undefined => {
            const tx = ready({ kernel, cmdline: 'memory_hotplug.memmap_on_memory=1' });
            add(tx, WINDOW, size, 0, { memmapOnMemory: true });
            return tx.state.memory.blocks.at(-1)!.selfHosted;
        };
        expect(hosted('6.1', BLOCK)).toBe(2 * MiB);
        expect(hosted('6.1', 2 * BLOCK)).toBeUndefined();
        expect(hosted('6.12', 2 * BLOCK)).toBe(2 * MiB);
        expect(hosted('5.10', BLOCK)).toBeUndefined();
    });
});

describe('nodes', () => {
    it('come online with their memory and go with it (MHP-06, RMV-03)', () => {
        const tx = ready();
        expect(tx.state.numa.online).toEqual([0]);
        add(tx, 38 * GiB, GiB, 1);
        expect(tx.state.numa.online).toEqual([0, 1]);
        expect(snapshot(tx.state).node_masks.has_memory).toBe('0');
        onlineBlock(tx, 304, 'online_movable');
        expect(snapshot(tx.state).node_masks).toMatchObject({ has_memory: '0-1', has_normal_memory: '0' });
        offlineBlock(tx, 304);
        expect(removeMemory(tx, rangeOf(38 * GiB, GiB))).toBe(0);
        expect(tx.state.numa.online).toEqual([0]);
    });
});

describe('removing memory', () => {
    it('needs every block offline, and removes nothing otherwise (RMV-01)', () => {
        const tx = ready();
        add(tx, WINDOW, GiB);
        onlineBlock(tx, 49, 'online');
        const before = tx.state;
        expect(removeMemory(tx, rangeOf(WINDOW, GiB))).toBe('EBUSY');
        expect(tx.log.at(-1)!.text).toBe('removing memory fails, because memory [0x0000000188000000-0x000000018fffffff] is onlined');
        expect(tx.state).toBe(before);
    });
    it('splits a joined line (RES-08)', () => {
        const tx = ready();
        add(tx, WINDOW, GiB);
        expect(removeMemory(tx, rangeOf(WINDOW + BLOCK, BLOCK))).toBe(0);
        expect(lines(tx)).toEqual(['180000000-187ffffff : System RAM', '190000000-1bfffffff : System RAM']);
    });
    it('restores what was before the memory was added', () => {
        fc.assert(fc.property(fc.nat(40), fc.integer({ min: 1, max: 40 }), fc.nat(1), (first, count, node) => {
            const tx = ready();
            const before = tx.state;
            const start = (node === 0 ? WINDOW : 38 * GiB) + first * BLOCK;
            const { claim } = add(tx, start, count * BLOCK, node);
            checkInvariants(tx.state);
            expect(removeMemory(tx, rangeOf(start, count * BLOCK), claim)).toBe(0);
            expect(snapshot(tx.state)).toEqual(snapshot(before));
            expect(tx.state.memory.present).toEqual(before.memory.present);
        }));
    });
});

describe('DIMMs', () => {
    const dimm = (id: string, start: number, size: number, pxm = 0) => ({ kind: 'dimm' as const, id, pxm, ...rangeOf(start, size) });
    it('are there even when Linux refuses their memory', () => {
        const tx = ready();
        expect(dimmAdd(tx, dimm('d0', WINDOW, 192 * MiB))).toBe('EINVAL');
        expect(tx.log.map((l) => l.text)).toContain('acpi PNP0C80:00: add_memory failed');
        expect(tx.state.dimms.get('d0')).toMatchObject({ added: false });
        expect(dimmEject(tx, 'd0')).toBe(0);
        expect(tx.state.dimms.size).toBe(0);
    });
    it('are ejected with their blocks online', () => {
        const tx = ready({ cmdline: 'memhp_default_state=online_movable' });
        const before = tx.state;
        dimmAdd(tx, dimm('d0', 38 * GiB, GiB, 1));
        expect(dimmEject(tx, 'd0')).toBe(0);
        expect(snapshot(tx.state)).toEqual(snapshot(before));
    });
    it('stay as they were when a block refuses', () => {
        const tx = ready({ kernel: '7.2', cmdline: 'memhp_default_state=online_kernel' });
        dimmAdd(tx, dimm('d0', 38 * GiB, GiB, 1));
        const before = snapshot(tx.state);
        expect(dimmEject(tx, 'd0')).toBe('EBUSY');
        expect(snapshot(tx.state)).toEqual(before);
    });
    it('that stay bring their blocks back as plain online decides, not where they were (RMV-05)', () => {
        const tx = ready({ kernel: '7.2', cmdline: 'memhp_default_state=offline' });
        dimmAdd(tx, dimm('d0', 38 * GiB, GiB / 2, 1));
        onlineBlock(tx, 304, 'online_kernel');
        onlineBlock(tx, 305, 'online_movable');
        onlineBlock(tx, 307, 'online_movable');
        expect(dimmEject(tx, 'd0')).toBe('EBUSY');
        expect(blocks(tx.state)).toEqual(['304-305 online Normal', '306 offline Normal Movable', '307 online Normal']);
    });
    it('have their struct pages in the kernel memory of their node that came first, until they are gone (MHP-08, OFF-02)', () => {
        const tx = ready();
        dimmAdd(tx, dimm('d0', 38 * GiB, GiB / 2, 1));
        onlineBlock(tx, 305, 'online_kernel');
        onlineBlock(tx, 304, 'online_kernel');
        dimmAdd(tx, dimm('d1', 40 * GiB, GiB / 4, 1));
        expect([offlineBlock(tx, 304), offlineBlock(tx, 305)]).toEqual([0, 'EBUSY']);
        expect(dimmEject(tx, 'd1')).toBe(0);
        expect(offlineBlock(tx, 305)).toBe(0);
        checkInvariants(tx.state);
    });
    it('above mem= are kept out while booting (E820-05)', () => {
        const tx = ready({ cmdline: 'mem=5G', devices: [dimm('d0', WINDOW, GiB)] });
        expect(tx.state.dimms.get('d0')).toMatchObject({ added: false });
        expect(blocks(tx.state)).toEqual([]);
    });
});

describe('any sequence', () => {
    const operation = fc.oneof(
        fc.record({ op: fc.constant('add' as const), first: fc.nat(60), count: fc.integer({ min: 1, max: 8 }), node: fc.nat(1) }),
        fc.record({ op: fc.constant('remove' as const), first: fc.nat(60), count: fc.integer({ min: 1, max: 8 }), node: fc.nat(1) }),
        fc.record({ op: fc.constantFrom('online' as const, 'online_kernel' as const, 'online_movable' as const, 'offline' as const), first: fc.nat(60), node: fc.nat(1) }),
    );
    it('keeps blocks, zones, sections and iomem in order', () => {
        fc.assert(fc.property(fc.array(operation, { maxLength: 30 }), fc.constantFrom('5.10', '6.1', '7.2'), (operations, kernel) => {
            const tx = ready({ kernel });
            for (const o of operations) {
                const base = o.node === 0 ? 48 : 304;
                const before = tx.state;
                let result: unknown;
                if (o.op === 'add') result = add(tx, (base + o.first) * BLOCK, o.count * BLOCK, o.node).result;
                else if (o.op === 'remove') result = removeMemory(tx, rangeOf((base + o.first) * BLOCK, o.count * BLOCK));
                else if (o.op === 'offline') result = offlineBlock(tx, base + o.first);
                else result = onlineBlock(tx, base + o.first, o.op);
                if (result !== 0) expect(tx.state).toBe(before);
                checkInvariants(tx.state);
            }
        }), { numRuns: 60 });
    });
});
