import { describe, expect, it } from 'vitest';
import { execute } from '../../../server/src/commands/engine.ts';
import { parseLine } from '../../../server/src/commands/line.ts';
import { GiB, MiB, rangeOf } from '../../../server/src/kernel/range.ts';
import type { KernelState } from '../../../server/src/kernel/state.ts';
import { blocks, ready, virtioMem, WINDOW } from '../kernel/memory-machine.ts';

/** Types monitor lines; answers the last outcome and the state. */
function monitor(state: KernelState, ...lines: string[]) {
    let outcome = execute(state, parseLine('(qemu)', '')).outcome;
    for (const line of lines) ({ state, outcome } = execute(state, parseLine('(qemu)', line)));
    return { state, outcome };
}

describe('the monitor', () => {
    it('plugs dimms one behind the other and takes them back', () => {
        const plugged = monitor(ready().state, 'object_add memory-backend-ram,id=m0,size=256M', 'object_add memory-backend-ram,id=m1,size=1G',
            'device_add pc-dimm,id=d0,memdev=m0', 'device_add pc-dimm,id=d1,memdev=m1,node=0');
        expect(plugged.outcome.status).toBe(0);
        expect([...plugged.state.dimms.values()].map((d) => [d.start, d.end])).toEqual([[WINDOW, WINDOW + 256 * MiB - 1], [WINDOW + 256 * MiB, WINDOW + 1280 * MiB - 1]]);
        expect(blocks(plugged.state)).toEqual(['48-57 offline Normal Movable']);
        expect(blocks(monitor(plugged.state, 'device_del d0').state)).toEqual(['50-57 offline Normal Movable']);
    });
    it('fills the first gap that fits', () => {
        const { state } = monitor(ready().state, ...['a', 'b', 'c'].map((n) => `object_add memory-backend-ram,id=${n},size=256M`),
            'device_add pc-dimm,id=da,memdev=a', 'device_add pc-dimm,id=db,memdev=b', 'device_del da', 'device_add pc-dimm,id=dc,memdev=c');
        expect(state.dimms.get('dc')).toMatchObject(rangeOf(WINDOW, 256 * MiB));
    });
    it('succeeds where Linux refuses the memory', () => {
        const { state, outcome } = monitor(ready().state, 'object_add memory-backend-ram,id=m0,size=64M', 'device_add pc-dimm,id=d0,memdev=m0');
        expect(outcome.status).toBe(0);
        expect(outcome.notes.map((n) => n.code)).toContain('hotplug/unaligned');
        expect(blocks(state)).toEqual([]);
    });
    it('resizes virtio-mem in its own blocks only', () => {
        const tx = ready({ cmdline: 'memhp_default_state=online', devices: [virtioMem(4 * GiB, 0, 256 * MiB)], modules: ['virtio_mem'] });
        const refused = monitor(tx.state, 'qom-set vm0 requested-size 300M');
        expect(refused.outcome.status).toBe(1);
        expect(refused.outcome.stderr).toContain("'requested-size' has to be multiples of 'block-size' (0x10000000)");
        expect(refused.state).toBe(tx.state);
        const grown = monitor(tx.state, 'qom-set vm0 requested-size 1G', 'qom-get vm0 size');
        expect(grown.outcome.stdout).toBe(`${GiB}\n`);
    });
    it.each([
        ['device_add pc-dimm,id=d0,memdev=none', 'not found'],
        ['device_del none', 'not found'],
        ['qom-set none requested-size 1G', 'not found'],
        ['object_del none', 'not found'],
    ])('refuses %s', (line, text) => {
        const tx = ready();
        const { state, outcome } = monitor(tx.state, line);
        expect(outcome.status).toBe(1);
        expect(outcome.stderr).toContain(text);
        expect(state).toBe(tx.state);
    });
    it('says what it does not know, and where', () => {
        const line = parseLine('(qemu)', 'drive_add 0 if=none');
        expect(line.problems).toMatchObject([{ code: 'command/unknown', span: { start: 0, end: 9 } }]);
        expect(execute(ready().state, line).outcome.notSimulated).toContain('drive_add');
        const bad = parseLine('(qemu)', 'object_add memory-backend-ram,id=m0,size=lots');
        expect(bad.problems).toMatchObject([{ code: 'command/bad-size', span: { start: 41, end: 45 } }]);
    });
    it('reads the form of recordings, with the address that QEMU gave', () => {
        const args = { driver: 'pc-dimm', id: 'd0', memdev: 'm0', placed: [{ id: 'd0', driver: 'pc-dimm', start: 8 * GiB, size: GiB, node: 0 }] };
        const base = monitor(ready().state, 'object_add memory-backend-ram,id=m0,size=1G').state;
        const { state } = execute(base, { ...parseLine('(qemu)', ''), commands: [{ shell: { words: [] }, command: { kind: 'qemu', execute: 'device_add', args } }] });
        expect(state.dimms.get('d0')).toMatchObject(rangeOf(8 * GiB, GiB));
    });
});
