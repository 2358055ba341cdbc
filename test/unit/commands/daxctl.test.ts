import { describe, expect, it } from 'vitest';
import { daxctlTool, parseToolSize } from '../../../server/src/commands/daxctl.ts';
import { parseWords } from '../../../server/src/commands/shell.ts';
import { parseInvocation } from '../../../server/src/commands/spec.ts';
import { daxCreate, daxRegionCreateStatic, daxUnbind } from '../../../server/src/kernel/dax-bus.ts';
import { daxAddMapping, daxSetSize } from '../../../server/src/kernel/dax-resize.ts';
import { onlineBlock } from '../../../server/src/kernel/memory-block.ts';
import { GiB, MiB, rangeOf } from '../../../server/src/kernel/range.ts';
import type { Tx } from '../../../server/src/kernel/tx.ts';
import { started } from '../kernel/dax-machine.ts';

const run = (tx: Tx, line: string) => daxctlTool.run(tx, parseInvocation(daxctlTool.spec, parseWords(line).shell.words));
const device = (tx: Tx, name: string) => tx.state.dax.devices.get(name);

describe('sizes', () => {
    it.each([['1', 1], ['4k', 4096], ['512M', 512 * MiB], ['1g', GiB], ['0x10', 16], ['010', 8], ['1GiB', undefined], ['foo', undefined], ['', undefined]] as const)(
        '%s is %s', (text, bytes) => expect(parseToolSize(text)).toBe(bytes));
});

describe('command lines that daxctl refuses', () => {
    it.each([
        ['daxctl reconfigure-device -m system-ram', 'specify a device to reconfigure, or "all"'],
        ['daxctl reconfigure-device dax0.0', "error: a 'align', 'mode' or 'size' option is required"],
        ['daxctl reconfigure-device -m devdax -N dax0.0', '--no-online is incompatible with --mode=devdax'],
        ['daxctl offline-memory', 'specify a device to offline memory for, or "all"'],
        ['daxctl destroy-device dax0.0 dax0.1', 'unknown extra parameter "dax0.1"'],
        ['daxctl list --frob', 'unknown option'],
    ])('%s', (line, text) => {
        const tx = started();
        const before = tx.state;
        const result = run(tx, line);
        expect(result.status).toBe(129);
        expect(result.stderr).toContain(text);
        expect(tx.state).toBe(before);
    });
    it('a mode that is none', () => {
        expect(run(started(), 'daxctl reconfigure-device -m ram dax0.0')).toMatchObject({
            status: 234, errnos: ['EINVAL'], stderr: 'dax0.0: unknown mode requested: 0\nerror reconfiguring devices: Invalid argument\nreconfigured 0 devices\n',
        });
    });
    it('a device that is not there', () => {
        expect(run(started(), 'daxctl offline-memory dax3.0')).toMatchObject({
            status: 250, errnos: ['ENXIO'], stderr: 'error offlining memory: No such device or address\nofflined memory for 0 devices\n',
        });
    });
});

describe('reconfigure-device', () => {
    it('gives memory to the system and takes it back', () => {
        const tx = started();
        const before = tx.state;
        expect(run(tx, 'daxctl reconfigure-device -m system-ram dax0.0')).toEqual({
            status: 0, errnos: [], stderr: 'reconfigured 1 device\n',
            stdout: '[\n  {\n    "chardev":"dax0.0",\n    "size":4294967296,\n    "target_node":0,\n    "align":2097152,\n    "mode":"system-ram",\n'
                + '    "online_memblocks":32,\n    "total_memblocks":32,\n    "movable":true\n  }\n]\n',
        });
        expect(run(tx, 'daxctl reconfigure-device -m devdax dax0.0')).toMatchObject({ status: 240, stderr: 'error reconfiguring devices: Device or resource busy\nreconfigured 0 devices\n' });
        expect(run(tx, 'daxctl reconfigure-device -f -m devdax dax0.0')).toMatchObject({ status: 0, stderr: 'reconfigured 1 device\n' });
        expect(tx.state.memory.blocks).toEqual(before.memory.blocks);
        expect(device(tx, 'dax0.0')!.driver).toBe('device_dax');
        expect(run(tx, 'daxctl reconfigure-device -m devdax dax0.0')).toMatchObject({ status: 0, stderr: 'dax0.0 was already in devdax mode\nreconfigured 1 device\n' });
    });
    it('stops where the kernel would online the memory by itself, unless forced', () => {
        const tx = started({ cmdline: 'memhp_default_state=online' });
        const refused = run(tx, 'daxctl reconfigure-device -m system-ram dax0.0');
        expect(refused).toMatchObject({ status: 240, errnos: ['EBUSY'] });
        expect(refused.stderr).toBe('dax0.0: error: kernel policy will auto-online memory, aborting\nerror reconfiguring devices: Device or resource busy\nreconfigured 0 devices\n');
        expect(run(tx, 'daxctl reconfigure-device -m system-ram --no-movable --no-online dax0.0').status).toBe(240);
        const forced = run(tx, 'daxctl reconfigure-device -m system-ram -f dax0.0');
        expect(forced.status).toBe(0);
        expect(forced.stderr).toMatch(/WARNING: detected a race[^]*dax0\.0: all memory sections \(32\) already online\nreconfigured 1 device\n$/);
    });
    it('has ENXIO for whatever the kernel says about a size', () => {
        const tx = started();
        expect(run(tx, 'daxctl reconfigure-device -s 1G dax0.0')).toMatchObject({
            status: 250, stderr: 'libdaxctl: daxctl_dev_set_size: dax0.0: failed to set size\nerror reconfiguring devices: No such device or address\nreconfigured 0 devices\n',
        });
        daxUnbind(tx, 'device_dax', 'dax0.0');
        expect(run(tx, 'daxctl reconfigure-device -s 1G -m system-ram dax0.0')).toMatchObject({ status: 0, stdout: '', stderr: 'reconfigured 1 device\n' });
        expect(device(tx, 'dax0.0')!.driver).toBeNull();
    });
    it('sets an align and then fails all the same, when nothing else is asked for', () => {
        const tx = started();
        daxUnbind(tx, 'device_dax', 'dax0.0');
        expect(run(tx, 'daxctl reconfigure-device -a 1G dax0.0')).toMatchObject({ status: 234, errnos: ['EINVAL'] });
        expect(device(tx, 'dax0.0')!.align).toBe(GiB);
        expect(tx.notes.map((n) => n.code)).toContain('daxctl/align-only');
    });
});

describe('online-memory and offline-memory', () => {
    it('are no business of a device in devdax mode', () => {
        expect(run(started(), 'daxctl online-memory dax0.0')).toMatchObject({
            status: 250, stderr: 'dax0.0: memory operations are not applicable in devdax mode\nerror onlining memory: No such device or address\nonlined memory for 0 devices\n',
        });
    });
    it('fail without an error when there is nothing to do', () => {
        const tx = started();
        run(tx, 'daxctl reconfigure-device -m system-ram -N dax0.0');
        expect(run(tx, 'daxctl offline-memory dax0.0')).toMatchObject({
            status: 1, errnos: [], stderr: 'dax0.0: all memory sections (32) already offline\nofflined memory for 0 devices\n',
        });
        onlineBlock(tx, 50, 'online_movable');
        expect(run(tx, 'daxctl online-memory dax0.0').stderr).toMatch(/dax0\.0: 1 memory section already online\nonlined memory for 1 device\n$/);
        expect(run(tx, 'daxctl online-memory dax0.0').status).toBe(1);
    });
    it('miss the blocks of a mapping below the first (DXC-05)', () => {
        const tx = started();
        daxUnbind(tx, 'device_dax', 'dax0.0');
        daxSetSize(tx, 'dax0.0', '0');
        daxAddMapping(tx, 'dax0.0', '180000000-1bfffffff');
        daxAddMapping(tx, 'dax0.0', '140000000-17fffffff');
        run(tx, 'daxctl reconfigure-device -m system-ram dax0.0');
        expect(tx.notes.find((n) => n.code === 'daxctl/missed-blocks')?.others).toEqual(['memory40-47']);
        expect(tx.state.memory.blocks.filter((b) => b.first >= 40 && b.last < 72)).toMatchObject([
            { first: 40, last: 47, state: 'offline' }, { first: 48, last: 55, state: 'online' },
        ]);
    });
});

describe('create-device and destroy-device', () => {
    it('work on the oldest device that was never bound (DXC-07)', () => {
        const tx = started();
        daxUnbind(tx, 'device_dax', 'dax0.0');
        daxSetSize(tx, 'dax0.0', `${GiB}`);
        expect(run(tx, 'daxctl create-device -r region0 -s 2G')).toMatchObject({ status: 0, stderr: 'created 1 device\n' });
        expect(device(tx, 'dax0.1')).toMatchObject({ driver: 'device_dax' });
        expect(device(tx, 'dax0.0')!.driver).toBe('device_dax');
        expect(run(tx, 'daxctl create-device -r region0 -s 3M')).toMatchObject({
            status: 250, stderr: 'libdaxctl: daxctl_dev_set_size: dax0.2: failed to set size\nerror creating devices: No such device or address\ncreated 0 devices\n',
        });
        expect(tx.notes.map((n) => n.code)).toContain('daxctl/leftover');
        expect(run(tx, 'daxctl create-device -r region0 -s 512M').status).toBe(0);
        expect(tx.notes.find((n) => n.code === 'daxctl/stale-seed')).toMatchObject({ subject: 'dax0.2', others: ['dax0.3'] });
        expect(device(tx, 'dax0.2')).toMatchObject({ driver: 'device_dax' });
        expect(device(tx, 'dax0.3')!.mappings).toEqual([]);
    });
    it('need space', () => {
        expect(run(started(), 'daxctl create-device')).toMatchObject({ status: 228, errnos: ['ENOSPC'], stderr: 'error creating devices: No space left on device\ncreated 0 devices\n' });
    });
    it('refuse enabled devices, and empty the first device before they find that it stays (DXC-08)', () => {
        const tx = started();
        expect(run(tx, 'daxctl destroy-device dax0.0')).toMatchObject({
            status: 250, stderr: 'dax0.0 is active, specify --force for deletion\nerror destroying devices: No such device or address\ndestroyed 0 devices\n',
        });
        expect(run(tx, 'daxctl destroy-device -f dax0.0')).toMatchObject({ status: 240, stderr: 'error destroying devices: Device or resource busy\ndestroyed 0 devices\n' });
        expect(device(tx, 'dax0.0')!.mappings).toEqual([]);
        daxCreate(tx, 'hmem.0', '1');
        expect(run(tx, 'daxctl destroy-device dax0.1')).toMatchObject({ status: 0, stderr: 'destroyed 1 device\n' });
    });
    it('leave devices of namespaces alone (DAX-27)', () => {
        const tx = started();
        daxRegionCreateStatic(tx, { key: 'pmem', id: 7, deviceId: 1, range: rangeOf(16 * GiB, GiB), align: 2 * MiB, targetNode: 0, numaNode: 0 });
        expect(run(tx, 'daxctl create-device -r 7').status).toBe(228);
        expect(run(tx, 'daxctl destroy-device -f dax7.1').status).toBe(250);
        expect(device(tx, 'dax7.1')!.mappings).toHaveLength(1);
    });
});

describe('list', () => {
    it('prints regions with their devices and ranges, as JSON of json-c', () => {
        const tx = started();
        expect(run(tx, 'daxctl list -DRM').stdout).toBe('[\n  {\n    "path":"\\/platform\\/hmem.0",\n    "id":0,\n    "size":4294967296,\n    "align":2097152,\n    "devices":[\n      {\n'
            + '        "chardev":"dax0.0",\n        "size":4294967296,\n        "target_node":0,\n        "align":2097152,\n        "mode":"devdax",\n        "mappings":[\n          {\n'
            + '            "page_offset":0,\n            "start":5368709120,\n            "end":9663676415,\n            "size":4294967296\n          }\n        ]\n      }\n    ]\n  }\n]\n');
        expect(run(tx, 'daxctl list -u').stdout).toContain('"size":"4.00 GiB (4.29 GB)"');
    });
    it('hides empty devices unless asked', () => {
        const tx = started();
        daxUnbind(tx, 'device_dax', 'dax0.0');
        daxSetSize(tx, 'dax0.0', '0');
        expect(run(tx, 'daxctl list').stdout).toBe('');
        expect(run(tx, 'daxctl list -i').stdout).toContain('"state":"disabled"');
    });
});

it('documents every verb and option', () => {
    for (const verb of daxctlTool.spec.verbs) {
        expect(verb.doc.length).toBeGreaterThan(10);
        for (const option of verb.options) expect(option.doc.endsWith('.')).toBe(true);
    }
});
