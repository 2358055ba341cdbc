import { describe, expect, it } from 'vitest';
import { boot } from '../../../server/src/kernel/boot.ts';
import { daxNewId, daxUnbind } from '../../../server/src/kernel/dax-bus.ts';
import { hmemBind, hmemUnbind } from '../../../server/src/kernel/dax-hmem.ts';
import type { Machine } from '../../../server/src/kernel/machine.ts';
import { onlineBlock } from '../../../server/src/kernel/memory-block.ts';
import { loadModule, unloadModule } from '../../../server/src/kernel/modules.ts';
import { GiB, KiB, MiB } from '../../../server/src/kernel/range.ts';
import { formatIomem } from '../../../server/src/kernel/resource.ts';
import { Tx } from '../../../server/src/kernel/tx.ts';
import { type Given, machine, SOFT, started } from './dax-machine.ts';

const lines = (tx: Tx) => formatIomem(tx.state.iomem, 8).split('\n').filter((l) => /hmem|Soft|dax/.test(l));
const regions = (tx: Tx) => [...tx.state.dax.regions.values()].map((r) => `${r.key} ${r.range.start.toString(16)} node${r.targetNode}`);

/** The soft-reserved 4 GiB are two proximity domains; `hmat` names both. */
function twoDomains(kernel: string, hmat: boolean, extra: Partial<Machine> = {}): Tx {
    const whole = machine({ kernel });
    const half = SOFT + 2 * GiB;
    return new Tx(boot({
        ...whole,
        srat: {
            cpus: [{ pxm: 0, apicId: 0 }],
            memory: [
                { start: 0, end: SOFT - 1, pxm: 0 }, { start: SOFT, end: half - 1, pxm: 1 }, { start: half, end: SOFT + 4 * GiB - 1, pxm: 2 },
                { start: SOFT + 4 * GiB, end: 10 * GiB - 1, pxm: 0 },
            ],
        },
        ...(hmat ? { hmat: { domains: [{ memory: 0, processor: 0 }, { memory: 1 }, { memory: 2 }], values: [], caches: [] } } : {}),
        ...extra,
    }).state);
}

describe('which ranges become regions', () => {
    it.each([
        ['5.8', []],
        ['5.10', ['140000000-23fffffff : hmem.0', '  140000000-23fffffff : Soft Reserved', '    140000000-23fffffff : dax0.0']],
        ['6.1', ['140000000-23fffffff : hmem.0', '  140000000-23fffffff : Soft Reserved', '    140000000-23fffffff : dax0.0']],
        ['6.6', ['140000000-23fffffff : Soft Reserved']],
        ['7.2', []],
    ])('in %s, without HMAT', (kernel, expected) => {
        const seen = lines(started({ kernel })).filter((l) => kernel !== '5.8' || !l.includes('Soft Reserved'));
        expect(seen).toEqual(expected);
    });
    // Node 0 has RAM on both sides, so its boot memory seems to span the range (NUMA-04); reserved ranges win since v6.12 (NUMA-06).
    it.each([['6.1', 0], ['6.12', 1]])('one for each Soft Reserved entry, on the node of its first byte (%s: node %i)', (kernel, node) => {
        expect(regions(twoDomains(kernel, false))).toEqual([`hmem.0 140000000 node${node}`]);
    });
    it('one for each proximity domain that HMAT names (example O7)', () => {
        const tx = twoDomains('6.1', true);
        expect(regions(tx)).toEqual(['hmem.0 140000000 node1', 'hmem.1 1c0000000 node2']);
        expect(lines(tx)).toEqual([
            '140000000-23fffffff : Soft Reserved',
            '  140000000-1bfffffff : hmem.0', '    140000000-1bfffffff : dax0.0',
            '  1c0000000-23fffffff : hmem.1', '    1c0000000-23fffffff : dax1.0',
        ]);
    });
    it('only HMAT ranges before v5.10', () => {
        expect(regions(twoDomains('5.8', true))).toEqual(['hmem.0 140000000 node1', 'hmem.1 1c0000000 node2']);
        expect(twoDomains('5.8', true).state.dax.regions.get('hmem.0')!.kind).toBe('static');
    });
    it.each(['numa=nohmat', 'numa=off'])('no HMAT ranges with %s', (cmdline) => {
        expect([...twoDomains('6.1', true, { cmdline }).state.dax.regions.keys()]).toEqual(['hmem.0']);
    });
    it('none at all with device_hmem.disable=1', () => expect(lines(started({ cmdline: 'device_hmem.disable=1' }))).toEqual(['140000000-23fffffff : Soft Reserved']));

    it('the same range again before v6.1, and once more when its node gets memory (HMEM-02)', () => {
        const tx = twoDomains('5.10', true);
        expect([...tx.state.hmem.devices.keys()]).toEqual(['hmem.0', 'hmem.1', 'hmem.2']);
        // The whole range of the fallback overlaps what device_dax has: its device stays without a driver.
        expect([...tx.state.dax.devices.values()].map((d) => d.driver)).toEqual(['device_dax', 'device_dax', null]);
        loadModule(tx, 'kmem');
        daxUnbind(tx, 'device_dax', 'dax0.0');
        daxNewId(tx, 'kmem', 'dax0.0');
        expect(tx.state.hmem.devices.size).toBe(3);
        onlineBlock(tx, SOFT / (128 * MiB), 'online_movable');
        expect([...tx.state.hmem.devices.keys()]).toEqual(['hmem.0', 'hmem.1', 'hmem.2', 'hmem.3']);
        onlineBlock(tx, SOFT / (128 * MiB) + 1, 'online_movable');
        expect(tx.state.hmem.devices.size).toBe(4);
    });
});

describe('a range off 2 MiB', () => {
    const given: Given[] = [{ soft: GiB + MiB }, { start: SOFT + 4 * KiB, soft: GiB }];
    it.each(given)('becomes a device without a region (HMEM-05)', (g) => {
        const tx = started(g);
        expect(tx.state.dax.regions.size).toBe(0);
        expect([...tx.state.hmem.devices.values()]).toMatchObject([{ id: 0, bound: false }]);
        expect(lines(tx)[0]).toMatch(/ : hmem\.0$/);
        expect(hmemBind(tx, 'hmem.0')).toBe('ENOMEM');
        expect(tx.log.at(-1)!.text).toBe('hmem: probe of hmem.0 failed with error -12');
        expect(tx.notes.at(-1)).toMatchObject({ code: 'hmem/unusable' });
    });
});

describe('the module dax_hmem', () => {
    it('makes the devices from v6.3 on, and takes them with it', () => {
        const tx = started({ kernel: '6.12', modules: ['device_dax'] });
        expect(tx.state.hmem.devices.size).toBe(0);
        expect(loadModule(tx, 'dax_hmem')).toBe(0);
        expect([...tx.state.hmem.devices.keys()]).toEqual(['hmem.0']);
        expect(unloadModule(tx, 'dax_hmem')).toBe(0);
        expect([tx.state.hmem.devices.size, tx.state.dax.devices.size, tx.state.memregions.length]).toEqual([0, 0, 0]);
        loadModule(tx, 'dax_hmem');
        expect([...tx.state.dax.devices.keys()]).toEqual(['dax0.0']);
    });
    it('leaves the devices before v6.3', () => {
        const tx = started();
        unloadModule(tx, 'dax_hmem');
        expect([...tx.state.hmem.devices.keys()]).toEqual(['hmem.0']);
        expect(tx.state.dax.devices.size).toBe(0);
        loadModule(tx, 'dax_hmem');
        expect([...tx.state.dax.devices.keys()]).toEqual(['dax0.0']);
    });
    it.each([['dax_hmem region_idle=1', ''], ['dax_hmem', 'dax_hmem.region_idle=Y']])('starts regions empty with %s %s', (module, cmdline) => {
        const tx = started({ modules: ['device_dax', module], cmdline });
        expect(tx.state.dax.devices.get('dax0.0')!.mappings).toEqual([]);
    });
    it('exists only where soft-reserved memory does', () => expect(loadModule(started({ kernel: '5.4', modules: [] }), 'dax_hmem')).toBe('ENOENT'));
});

describe('the platform driver hmem', () => {
    it('takes the region away whatever is in it, and makes it anew', () => {
        const tx = started();
        expect(hmemUnbind(tx, 'hmem.1')).toBe('ENODEV');
        expect(hmemUnbind(tx, 'hmem.0')).toBe(0);
        expect(hmemUnbind(tx, 'hmem.0')).toBe('ENODEV');
        expect(lines(tx)).toEqual(['140000000-23fffffff : hmem.0', '  140000000-23fffffff : Soft Reserved']);
        expect(hmemBind(tx, 'hmem.0')).toBe(0);
        expect(hmemBind(tx, 'hmem.0')).toBe('EBUSY');
        expect(hmemBind(tx, 'hmem.7')).toBe('ENODEV');
        expect(tx.state.dax.devices.get('dax0.0')!.driver).toBe('device_dax');
    });
});

describe('ranges inside CXL windows', () => {
    const withWindow = (kernel: string): Tx => {
        const tx = started({ kernel, modules: ['device_dax'] });
        const top = tx.state.iomem;
        tx.set({ iomem: { ...top, root: { ...top.root, children: top.root.children.map((c) => (c.start === SOFT ? { ...c, desc: 'cxl' as const, name: 'CXL Window 0', children: [c] } : c)) } } });
        return tx;
    };
    it('are left to CXL from v6.3 on (HMEM-04)', () => {
        const tx = withWindow('6.6');
        loadModule(tx, 'dax_hmem');
        expect(tx.state.hmem.devices.size).toBe(0);
    });
    it('are taken after all from v7.1 on, when no CXL region covers them', () => {
        const tx = started({ kernel: '7.2', modules: ['device_dax'] });
        loadModule(tx, 'dax_hmem');
        expect(tx.state.hmem.devices.size).toBe(1);
    });
});
