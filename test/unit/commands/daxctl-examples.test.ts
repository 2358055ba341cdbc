// Worked examples of the kernel model (11-worked-examples), typed as a user would.
import { describe, expect, it } from 'vitest';
import { execute } from '../../../server/src/commands/engine.ts';
import { parseLine } from '../../../server/src/commands/line.ts';
import { boot } from '../../../server/src/kernel/boot.ts';
import { E820, type Machine } from '../../../server/src/kernel/machine.ts';
import type { Outcome } from '../../../server/src/kernel/outcome.ts';
import { GiB, KiB, MiB } from '../../../server/src/kernel/range.ts';
import { formatIomem } from '../../../server/src/kernel/resource.ts';
import { booted, machine } from '../kernel/dax-machine.ts';

/** 8 GiB q35 guest without SRAT: RAM below 2 GiB and from 4 to 10 GiB. */
function guest(change: Partial<Machine>): Machine {
    return {
        ...machine(),
        e820: [{ start: 0, end: 640 * KiB - 1, type: E820.RAM }, { start: MiB, end: 2 * GiB - 1, type: E820.RAM }, { start: 4 * GiB, end: 10 * GiB - 1, type: E820.RAM }],
        modules: ['nd_e820', 'nd_pmem', 'dax_pmem', 'device_dax'], ...change,
    };
}

/** Runs lines and keeps what each came to; `iomem` shows what lies at or above 4 GiB. */
class Shell {
    state;
    constructor(given: Machine) {
        this.state = boot(given).state;
    }
    run(line: string): Outcome {
        const { state, outcome } = execute(this.state, parseLine('$', line));
        this.state = state;
        return outcome;
    }
    iomem(): string[] {
        return formatIomem(this.state.iomem, 8).split('\n').filter((l) => /^ *[1-9a-f][0-9a-f]{8,}-/.test(l));
    }
    blocks(first: number, last: number): string {
        return this.state.memory.blocks.filter((b) => b.first >= first && b.last <= last).map((b) => `${b.first}-${b.last} ${b.state}`).join(', ');
    }
}

const SEED = guest({ cmdline: 'memmap=2G!6G' });

describe('O1: devdax, memory of the system, and back', () => {
    it('adds 15 whole blocks and takes them away again', () => {
        const shell = new Shell(SEED);
        const initial = shell.iomem();
        expect(shell.run('ndctl create-namespace --mode devdax --map mem -e namespace0.0 -f').status).toBe(0);
        expect(shell.iomem().slice(1, 4)).toEqual([
            '180000000-1ffffffff : Persistent Memory (legacy)', '  180000000-1801fffff : namespace0.0', '  180200000-1ffffffff : dax0.0',
        ]);
        shell.run('echo dax0.0 > /sys/bus/dax/drivers/device_dax/unbind');
        shell.run('modprobe kmem');
        const bound = shell.run('echo dax0.0 > /sys/bus/dax/drivers/kmem/new_id');
        expect(bound.notes.map((n) => n.code)).toEqual(['kmem/block-trim']);
        expect(bound.notes[0]!.losses).toMatchObject([{ bytes: 126 * MiB }]);
        expect(shell.iomem().slice(2, 5)).toEqual([
            '  180000000-1801fffff : namespace0.0', '  188000000-1ffffffff : dax0.0', '    188000000-1ffffffff : System RAM (kmem)',
        ]);
        expect(shell.blocks(49, 63)).toBe('49-63 offline');
        for (let block = 49; block <= 63; block++) expect(shell.run(`echo online_movable > /sys/devices/system/memory/memory${block}/state`).status).toBe(0);
        for (let block = 49; block <= 63; block++) expect(shell.run(`echo offline > /sys/devices/system/memory/memory${block}/state`).status).toBe(0);
        expect(shell.run('echo dax0.0 > /sys/bus/dax/drivers/kmem/unbind').log).toEqual([]);
        expect(shell.run('ndctl create-namespace --mode raw -e namespace0.0 -f').status).toBe(0);
        expect(shell.iomem()).toEqual(initial);
    });
});

describe('O2: one block left online', () => {
    it('keeps the range for good, and each way back fails in its own words', () => {
        const shell = new Shell(SEED);
        shell.run('ndctl create-namespace --mode devdax --map mem -e namespace0.0 -f');
        shell.run('echo dax0.0 > /sys/bus/dax/drivers/device_dax/unbind');
        shell.run('modprobe kmem');
        shell.run('echo dax0.0 > /sys/bus/dax/drivers/kmem/new_id');
        shell.run('echo online_movable > /sys/devices/system/memory/memory49/state');
        const unbound = shell.run('echo dax0.0 > /sys/bus/dax/drivers/kmem/unbind');
        expect(unbound.status).toBe(0);
        expect(unbound.log.map((l) => l.text)).toEqual([
            'removing memory fails, because memory [0x0000000188000000-0x000000018fffffff] is onlined',
            'kmem dax0.0: mapping0: 0x188000000-0x1ffffffff cannot be hotremoved until the next reboot',
        ]);
        expect(unbound.notes).toMatchObject([{ code: 'kmem/left-online', subject: 'dax0.0', others: ['memory49'] }]);
        shell.run('echo offline > /sys/devices/system/memory/memory49/state');
        expect(shell.run('echo dax0.0 > /sys/bus/dax/drivers/kmem/bind')).toMatchObject({ status: 1, errnos: ['EBUSY'] });
        expect(shell.run('echo dax0.0 > /sys/bus/dax/drivers/device_dax/bind').log[0]!.text).toBe('device_dax dax0.0: mapping0: 0x180200000-0x1ffffffff could not reserve range');
        expect(shell.run('ndctl create-namespace --mode raw -e namespace0.0 -f').status).not.toBe(0);
        // As recorded (seed-left-online): the info block is still there, so the namespace comes back as devdax.
        expect(shell.iomem().slice(1, 5)).toEqual([
            '180000000-1ffffffff : Persistent Memory (legacy)', '  180000000-1801fffff : namespace0.0', '  188000000-1ffffffff : dax0.0',
            '    188000000-1ffffffff : System RAM (kmem)',
        ]);
    });
});

describe('O4: soft-reserved memory in two parts', () => {
    it('keeps one part on device_dax and gives the other to the system', () => {
        const shell = new Shell(machine());
        for (const line of [
            'echo dax0.0 > /sys/bus/dax/drivers/device_dax/unbind',
            'echo 3221225472 > /sys/bus/dax/devices/dax0.0/size',
            'echo 1 > /sys/bus/dax/devices/dax0.0/../dax_region/create',
            'echo 1073741824 > /sys/bus/dax/devices/dax0.1/size',
            'modprobe kmem',
            'echo dax0.0 > /sys/bus/dax/drivers/device_dax/bind',
            'echo dax0.1 > /sys/bus/dax/drivers/kmem/new_id',
        ]) expect(shell.run(line).status, line).toBe(0);
        expect(shell.iomem().filter((l) => /hmem|Soft|dax|kmem/.test(l))).toEqual([
            '140000000-23fffffff : hmem.0', '  140000000-23fffffff : Soft Reserved', '    140000000-1ffffffff : dax0.0',
            '    200000000-23fffffff : dax0.1', '      200000000-23fffffff : System RAM (kmem)',
        ]);
    });
    it('is refused from v6.3 on while kmem has the whole', () => {
        const shell = new Shell(machine({ kernel: '6.12', modules: ['device_dax', 'kmem', 'dax_hmem'] }));
        expect(shell.run('echo 3221225472 > /sys/bus/dax/devices/dax0.0/size').errnos).toEqual(['EBUSY']);
    });
});

describe('O12: boot RAM in the untrimmed tail', () => {
    it('makes daxctl count a block that is not its own, and fail on it for ever (DXC-05)', () => {
        const shell = new Shell(guest({ cmdline: 'memmap=1G!5184M' }));
        expect(shell.run('ndctl create-namespace -f -e namespace0.0 -m devdax -M mem').status).toBe(0);
        const added = shell.run('daxctl reconfigure-device -m system-ram dax0.0');
        expect(added.status).toBe(0);
        expect(added.stderr).toContain('dax0.0: 1 memory section already online');
        expect(added.notes.find((n) => n.code === 'kmem/block-trim')!.losses!.map((l) => l.bytes)).toEqual([62 * MiB, 64 * MiB]);
        expect(added.notes.find((n) => n.code === 'daxctl/foreign-blocks')!.others).toEqual(['memory48']);
        const off = shell.run('daxctl offline-memory dax0.0');
        expect(off).toMatchObject({ status: 234, errnos: ['EINVAL'] });
        expect(off.notes.map((n) => n.code)).toContain('daxctl/foreign-offline');
        // Directory order: these four come before memory48.
        expect(shell.blocks(41, 47)).toBe('41-41 offline, 42-42 online, 43-43 offline, 44-44 online, 45-45 offline, 46-46 online, 47-47 offline');
        expect(shell.run('daxctl reconfigure-device -m devdax dax0.0').errnos).toEqual(['EBUSY']);
        for (const block of [42, 44, 46]) shell.run(`echo offline > /sys/devices/system/memory/memory${block}/state`);
        expect(shell.run('echo dax0.0 > /sys/bus/dax/drivers/kmem/unbind').log).toEqual([]);
        expect(shell.run('echo dax0.0 > /sys/bus/dax/drivers/device_dax/bind').status).toBe(0);
    });
});

it('stops at a foreign block of a huge device in little time', () => {
    const low = machine().e820.filter((e) => e.end < 5 * GiB);
    const start = 2 ** 42;
    const size = 16 * 2 ** 40 - 64 * MiB;
    const shell = new Shell({ ...machine(), e820: [...low, { start, end: start + size - 1, type: E820.SOFT_RESERVED }, { start: start + size, end: start + 17 * 2 ** 40 - 1, type: E820.RAM }] });
    const began = performance.now();
    expect(shell.run('daxctl reconfigure-device -m system-ram dax0.0').status).toBe(0);
    const off = shell.run('daxctl offline-memory dax0.0');
    expect(off).toMatchObject({ status: 234, errnos: ['EINVAL'] });
    expect(shell.run('daxctl reconfigure-device -m devdax dax0.0').errnos).toEqual(['EBUSY']);
    expect(performance.now() - began).toBeLessThan(1000);
});

describe('O5: 2 GiB blocks', () => {
    it('lose almost 2 GiB at the front of a pmem device', () => {
        const shell = new Shell({
            ...machine({ modules: ['nd_e820', 'nd_pmem', 'dax_pmem', 'device_dax'] }), hypervisor: false,
            e820: [
                { start: 0, end: 640 * KiB - 1, type: E820.RAM }, { start: MiB, end: 3 * GiB - 1, type: E820.RAM }, { start: 4 * GiB, end: 129 * GiB - 1, type: E820.RAM },
                { start: 130 * GiB, end: 136 * GiB - 1, type: E820.PRAM }, { start: 136 * GiB, end: 137 * GiB - 1, type: E820.RAM },
            ],
        });
        expect(shell.state.memory.blockSize).toBe(2 * GiB);
        shell.run('ndctl create-namespace -f -e namespace0.0 -m devdax -M mem');
        const added = shell.run('daxctl reconfigure-device -m system-ram -N dax0.0');
        expect(added.notes[0]).toMatchObject({ code: 'kmem/block-trim', losses: [{ bytes: 2046 * MiB }], data: { blockSize: 2 * GiB, startAbove: 0x2100000000 } });
        expect(shell.iomem()).toContain('  2100000000-21ffffffff : dax0.0');
    });
});

it('starts from the machine that the tests of the kernel use', () => expect(booted().dax.devices.size).toBe(1));
