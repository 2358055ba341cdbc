import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { execute } from '../../../server/src/commands/engine.ts';
import { parseLine } from '../../../server/src/commands/line.ts';
import { ATTRIBUTES, findAttribute, normalizePath } from '../../../server/src/commands/sysfs-table.ts';
import { addMemory } from '../../../server/src/kernel/memory-hotplug.ts';
import { GiB, rangeOf } from '../../../server/src/kernel/range.ts';
import { snapshot } from '../../../server/src/kernel/snapshot.ts';
import type { KernelState } from '../../../server/src/kernel/state.ts';
import { blocks, ready, WINDOW } from '../kernel/memory-machine.ts';

function type(state: KernelState, ...lines: string[]) {
    let outcome = execute(state, parseLine('$', '')).outcome;
    for (const line of lines) ({ state, outcome } = execute(state, parseLine('$', line)));
    return { state, outcome };
}

/** 1 GiB added at block 48, offline. */
function added(): KernelState {
    const tx = ready();
    addMemory(tx, { node: 0, range: rangeOf(WINDOW, GiB), resourceName: 'System RAM' });
    return tx.state;
}

describe('writing', () => {
    it('reaches the kernel and says what it answered', () => {
        const online = type(added(), 'echo online_movable > /sys/devices/system/memory/memory48/state');
        expect(online.outcome).toMatchObject({ status: 0, errnos: [] });
        expect(blocks(online.state)[0]).toBe('48 online Movable');
        const again = type(online.state, 'echo online > /sys/devices/system/memory/memory48/state');
        expect(again.outcome).toMatchObject({ status: 1, errnos: ['EINVAL'], stderr: 'bash: line 1: echo: write error: Invalid argument\n' });
        expect(again.state).toBe(online.state);
    });
    it.each([
        ["echo '' > /sys/devices/system/memory/memory48/state", 'EINVAL'],
        ['echo bogus > /sys/devices/system/memory/memory48/state', 'EINVAL'],
        ['echo bogus > /sys/devices/system/memory/auto_online_blocks', 'EINVAL'],
        ['echo foo > /sys/module/memory_hotplug/parameters/online_policy', 'EINVAL'],
        ['echo online > /sys/devices/system/memory/memory999/state', 'ENOENT'],
        ['echo 0 > /sys/devices/system/memory/probe', 'EACCES'],
        ['echo Movable > /sys/devices/system/memory/memory48/valid_zones', 'EACCES'],
    ])('%s is refused with %s', (line, errno) => {
        const before = added();
        const { state, outcome } = type(before, line);
        expect(outcome).toMatchObject({ status: 1, errnos: [errno] });
        expect(state).toBe(before);
    });
    it('to a file that is not modelled claims nothing', () => {
        const before = added();
        const { state, outcome } = type(before, 'echo 1 > /proc/sys/vm/drop_caches');
        expect(outcome).toMatchObject({ status: 0, notSimulated: 'writing to /proc/sys/vm/drop_caches' });
        expect(state).toBe(before);
    });
    it('reaches a block by each of its paths', () => {
        for (const path of ['/sys/devices/system/memory/memory49/state', '/sys/bus/memory/devices/memory49/online', '/sys/devices/system/node/node0/memory49/state']) {
            const value = path.endsWith('online') ? '1' : 'online';
            expect(type(added(), `echo ${value} > ${path}`).outcome.status).toBe(0);
        }
    });
});

describe('reading', () => {
    it.each([
        ['cat /sys/devices/system/memory/memory48/valid_zones', 0, 'Normal Movable\n'],
        ['cat /sys/devices/system/memory/memory48/state', 0, 'offline\n'],
        ['cat /sys/devices/system/memory/block_size_bytes', 0, '8000000\n'],
        ['cat /sys/devices/system/node/possible', 0, '0-1\n'],
        ['cat /sys/devices/system/memory/memory999/state', 1, ''],
        ["grep 'System RAM' /proc/iomem", 0, '00001000-0009ffff : System RAM\n00100000-7fffffff : System RAM\n100000000-17fffffff : System RAM\n180000000-1bfffffff : System RAM\n'],
        ["grep 'Soft Reserved' /proc/iomem", 1, ''],
        ["cat /proc/iomem | grep 'System RAM' | tail -n 1", 0, '180000000-1bfffffff : System RAM\n'],
        ['cat /proc/iomem | grep nothing', 1, ''],
        ["grep -c '^1[08]' /proc/iomem", 0, '2\n'],
        ["egrep '^(100000000|180000000)-' /proc/iomem | wc -l", 0, '2\n'],
        ["grep 'System RAM (kmem)' /proc/iomem", 1, ''],
        ['ndctl list | jq .', 0, ''],
    ])('%s', (line, status, stdout) => {
        const { state, outcome } = type(added(), line);
        expect(outcome).toMatchObject({ status, stdout });
        expect(snapshot(state)).toEqual(snapshot(added()));
    });
});

describe('patterns', () => {
    it('that could take for ever claim nothing', () => {
        for (const pattern of ['(.*)*x', '((f+)+)+x', '(a|a)*', '.*.*.*.*.*.*.*.*x']) {
            expect(type(added(), `egrep '${pattern}' /proc/iomem`).outcome).toMatchObject({ status: 0, stdout: '' });
        }
    });
});

describe('restarting', () => {
    it('forgets block states and keeps what the hypervisor plugged (KEX-01)', () => {
        const base = ready().state;
        let state = base;
        for (const line of ['object_add memory-backend-ram,id=m0,size=1G', 'device_add pc-dimm,id=d0,memdev=m0']) state = execute(state, parseLine('(qemu)', line)).state;
        state = type(state, 'echo online_movable > /sys/devices/system/memory/memory48/state').state;
        for (const command of ['reboot', 'kexec -e', 'systemctl reboot']) {
            const again = type(state, command).state;
            expect(blocks(again)).toEqual(['48-55 offline Normal Movable']);
            expect(again.dimms.has('d0')).toBe(true);
        }
        expect(snapshot(type(base, 'reboot').state)).toEqual(snapshot(base));
        expect(type(state, 'kexec -l /boot/vmlinuz --reuse-cmdline').state).toBe(state);
    });
});

describe('chmem', () => {
    it('works by size, range and block numbers, in Movable where that is allowed', () => {
        expect(blocks(type(added(), 'chmem -e 256m').state)).toEqual(['48-49 online Movable', '50-55 offline Normal Movable']);
        expect(blocks(type(added(), 'chmem -e -z normal 256').state)[0]).toBe('48-49 online Normal');
        expect(blocks(type(added(), 'chmem -e -z Movable 0x188000000-0x197ffffff').state)[1]).toBe('49-50 online Movable');
        expect(blocks(type(added(), 'chmem -e -b 48-55', 'chmem -d 128m').state)).toEqual(['48-54 online Movable', '55 offline Normal Movable']);
    });
    it.each([
        ['chmem -e 100m', 1, 'chmem: Size must be aligned to memory block size (128M)'],
        ['chmem -e 0x188000000-0x188ffffff', 1, 'chmem: Start address and (end address + 1) must be aligned to memory block size (128M)'],
        ['chmem -e 4-8', 1, 'chmem: Invalid start address format: 4'],
        ['chmem -e -b 50-49', 1, 'chmem: Invalid range: 50-49'],
        ['chmem -e -z High 128m', 1, 'chmem: unknown memory zone: High'],
        ['chmem 128m', 1, 'chmem: bad usage'],
        ['chmem -e 2g', 64, 'chmem: Could only enable 1G of memory'],
        ['chmem -e -b 55-56', 64, ''],
        ['chmem -e -b 60-61', 1, ''],
        ['chmem -d -b 55-55', 0, ''],
    ])('%s ends with %i', (line, status, said) => {
        expect(type(added(), line).outcome).toMatchObject({ status, stderr: said === '' ? '' : `${said}\n` });
    });
    it('says which block refuses', () => {
        // Boot memory that the kernel holds refuses: some, not all.
        expect(type(added(), 'chmem -d -b 46-47').outcome).toMatchObject({ status: 64, errnos: ['EBUSY'] });
        const { state } = type(added(), 'chmem -e -b 48-48');
        expect(type(state, 'chmem -d -z Normal -b 48').outcome).toMatchObject({ status: 1, stderr: 'chmem: Memory Block 48 (0x0000000180000000-0x0000000187ffffff) disable failed: Zone mismatch\n' });
    });
});

describe('lines', () => {
    it('place what they do not understand', () => {
        const line = parseLine('$', 'frobnicate --now');
        expect(line.commands[0]!.command).toMatchObject({ kind: 'unknown', what: 'frobnicate' });
        expect(line.problems).toMatchObject([{ code: 'command/unknown', span: { start: 0, end: 10 } }]);
        const state = added();
        const { state: after, outcome } = execute(state, line);
        expect(after).toBe(state);
        expect(outcome).toMatchObject({ status: 0, notSimulated: 'the command frobnicate' });
    });
    it('never throw, whatever is typed', () => {
        const state = added();
        const words = ['echo', 'cat', 'grep', 'ndctl', 'daxctl', 'chmem', 'reboot', '>', '-e', '48', "'", '"', '\\', '/sys/devices/system/memory/memory48/state',
            'create-namespace', '/proc/iomem', '|', '&&', '#', '..', '0x', '-', '--', '='];
        fc.assert(fc.property(fc.oneof(fc.string({ maxLength: 40 }), fc.array(fc.constantFrom(...words), { maxLength: 6 }).map((w) => w.join(' '))),
            fc.constantFrom('$' as const, '(qemu)' as const), (text, prompt) => {
                const line = parseLine(prompt, text);
                for (const p of line.problems) {
                    expect(p.span.start).toBeGreaterThanOrEqual(0);
                    expect(p.span.end).toBeLessThanOrEqual(text.length);
                }
                execute(state, line);
            }), { numRuns: 300 });
    });
});

describe('the attribute table', () => {
    it('has each path once, with a sentence', () => {
        const paths = ATTRIBUTES.map((a) => a.path);
        expect(new Set(paths).size).toBe(paths.length);
        for (const a of ATTRIBUTES) expect(a.doc.length).toBeGreaterThan(5);
    });
    it('is found through doubled slashes and dots', () => {
        expect(normalizePath('/sys//devices/./system/memory/')).toBe('/sys/devices/system/memory');
        expect(findAttribute('/sys/bus/dax/devices/dax0.0/../dax_region/create')?.attribute.doc).toBeDefined();
        expect(findAttribute('/sys/devices/system/memory/nothing')).toBeUndefined();
    });
});
