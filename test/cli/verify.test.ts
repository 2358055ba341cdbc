// memtopo verify against real kernels: three examples are booted in QEMU where it and a kernel are at hand (MEMTOPO_KERNEL_ROOT names
// where boot/ and lib/modules/ are; without it the machine's own), visibly skipped elsewhere. What needs no guest is tested everywhere.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { chooseKernel, namedErrors } from '../../server/src/cli/verify.ts';
import { findKernels, type Kernel, MissingError } from '../../server/src/cli/guest.ts';
import { built, inScratch, memtopo, ROOT } from './run.ts';

beforeAll(built, 60_000);

const KERNEL_ROOT = process.env['MEMTOPO_KERNEL_ROOT'] ?? '/';
const BOOT = 300_000;

function lacking(): string | undefined {
    for (const tool of ['qemu-system-x86_64', 'busybox', 'cpio', 'modinfo', 'ndctl', 'daxctl']) {
        const path_ = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
        if (spawnSync('sh', ['-c', `command -v ${tool}`], { env: { PATH: path_ } }).status !== 0) return tool;
    }
    try {
        findKernels(KERNEL_ROOT);
        return undefined;
    } catch {
        return 'kernel image; npm test -- --qemu sets one up';
    }
}

const missing = lacking();

/** Processes whose command line names the folder. */
function processesIn(folder: string): number[] {
    return readdirSync('/proc').filter((p) => /^\d+$/.test(p)).map(Number).filter((pid) => {
        try {
            return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(folder);
        } catch {
            return false; // gone meanwhile
        }
    });
}

describe.skipIf(missing !== undefined)(`a real kernel agrees with the prediction${missing === undefined ? '' : ` (skipped: no ${missing})`}`, () => {
    it.each([
        ['fast-reboot.memtopo', 'give the 2 GiB'],
        ['virtio-mem-guest.memtopo', '1'],
        ['subdivide.memtopo', 'mappings at chosen addresses'],
    ])('%s: %s', (file, scenario) => {
        const { status, stdout, stderr } = memtopo(['verify', '--qemu', `examples/${file}`, '--scenario', scenario, '--kernel-root', KERNEL_ROOT], { timeout: BOOT });
        expect(stdout + stderr).toMatch(/^✓ boot$/m);
        expect(stdout.split('\n').filter((l) => l.startsWith('✗'))).toEqual([]);
        expect(stdout).toMatch(/^(\d+) of \1 as predicted$/m);
        expect(status).toBe(0);
    }, BOOT);

    it('tells where a prediction is wrong', () => inScratch((folder) => {
        // The window is not where QEMU puts its memory devices: the DIMM lands elsewhere than predicted
        const file = path.join(folder, 'wrong.memtopo');
        writeFileSync(file, `platform wrong {
    kernel 6.1
    hypervisor
    node 0 { cpus 0  memory at 0 size 640K  memory at 1M size 1023M }
    hotplug-window at 8G size 8G slots 2
}

scenario "plug" on wrong {
    (qemu) object_add memory-backend-ram,id=mem1,size=256M
    (qemu) device_add pc-dimm,id=dimm1,memdev=mem1
}
`);
        const { status, stdout } = memtopo(['verify', '--qemu', file, '--kernel-root', KERNEL_ROOT], { timeout: BOOT });
        expect(stdout).toContain('✗ (qemu) device_add');
        expect(stdout).toMatch(/^ +- 100000000-10fffffff : System RAM/m);
        expect(stdout).toMatch(/^ +\+ 200000000-20fffffff : System RAM/m);
        expect(status).toBe(1);
    }), BOOT);

    it.each([
        ['kill -ABRT $$', 'QEMU was ended by SIGABRT: error: failed to set MSR 0x10a'],
        ['exit 1', 'QEMU ended with status 1: error: failed to set MSR 0x10a'],
    ])('says in the words of QEMU why it did not start: %s', (end, said) => inScratch((folder) => {
        mkdirSync(folder, { recursive: true });
        writeFileSync(path.join(folder, 'qemu-system-x86_64'), `#!/bin/sh\necho 'qemu-system-x86_64: error: failed to set MSR 0x10a' >&2\n${end}\n`, { mode: 0o755 });
        const { status, stderr } = memtopo(['verify', '--qemu', 'examples/odd-dimm.memtopo', '--accel', 'kvm', '--kernel-root', KERNEL_ROOT], {
            timeout: BOOT, env: { PATH: `${folder}:${process.env['PATH'] ?? ''}` },
        });
        expect(stderr).toContain(said);
        expect(stderr).toContain('--accel tcg');
        expect(status).toBe(3);
    }), BOOT);

    it('ends at once on Ctrl-C and leaves nothing behind', async () => {
        const folder = inScratch((f) => f); // a name that is free
        mkdirSync(folder);
        const child = spawn(process.execPath, [path.join(ROOT, 'dist/memtopo.cjs'), 'verify', '--qemu', 'examples/odd-dimm.memtopo', '--kernel-root', KERNEL_ROOT], {
            cwd: ROOT, env: { ...process.env, TMPDIR: folder }, stdio: ['ignore', 'ignore', 'pipe'],
        });
        let said = '';
        child.stderr.on('data', (d: Buffer) => (said += d.toString()));
        const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
        const running = (): number[] => processesIn(`${folder}/memtopo-guest-`);
        for (let i = 0; i < 600 && running().length === 0; i++) await new Promise((r) => setTimeout(r, 100));
        expect(running().length).toBeGreaterThan(0);
        child.kill('SIGINT');
        expect(await ended).toBe(130);
        expect(said).toContain('stopped');
        for (let i = 0; i < 50 && running().length > 0; i++) await new Promise((r) => setTimeout(r, 100));
        expect(running()).toEqual([]);
        expect(readdirSync(folder)).toEqual([]);
    }, BOOT);
});

describe('what verify needs', () => {
    it('says what is missing and how to get it', () => inScratch((folder) => {
        const { status, stderr } = memtopo(['verify', '--qemu', 'examples/fast-reboot.memtopo', '--kernel-root', folder]);
        expect(stderr).toContain('no kernel image with modules');
        expect(stderr).toContain('apt-get install linux-image-amd64');
        expect(status).toBe(3);
    }));

    it('says which file it cannot read', () => {
        expect(memtopo(['verify', '--qemu', 'examples/nothing.memtopo']).status).not.toBe(0);
        const { status, stderr } = memtopo(['verify', 'README.md']);
        expect(stderr).toContain('is no record');
        expect(status).toBe(2);
        expect(existsSync(path.join(ROOT, 'examples'))).toBe(true);
    });
});

describe('the kernel that is booted', () => {
    const kernel = (release: string): Kernel => ({ release, image: `/boot/vmlinuz-${release}`, modules: `/lib/modules/${release}` });
    const there = [kernel('7.2.13+deb14-amd64'), kernel('6.12.95-amd64'), kernel('6.1.0-56-amd64')];

    it('is the one that is asked for', () => {
        expect(chooseKernel(there, '6.12.95-amd64', '6.1').release).toBe('6.12.95-amd64');
        expect(() => chooseKernel(there, '5.10.0', '6.1')).toThrow(MissingError);
    });

    it('else one under the rules of the scenario, else the newest', () => {
        expect(chooseKernel(there, undefined, '6.1.192').release).toBe('6.1.0-56-amd64');
        expect(chooseKernel(there, undefined, '6.13').release).toBe('6.12.95-amd64');
        expect(chooseKernel(there, undefined, '5.10').release).toBe('7.2.13+deb14-amd64');
    });

    it('is found with its modules, newest first', () => inScratch((folder) => {
        for (const release of ['6.1.0-9-amd64', '6.1.0-56-amd64']) mkdirSync(path.join(folder, 'lib/modules', release), { recursive: true });
        mkdirSync(path.join(folder, 'boot'));
        for (const release of ['6.1.0-9-amd64', '6.1.0-56-amd64', '6.6.0-without-modules']) writeFileSync(path.join(folder, 'boot', `vmlinuz-${release}`), '');
        expect(findKernels(folder).map((k) => k.release)).toEqual(['6.1.0-56-amd64', '6.1.0-9-amd64']);
    }));

    it('is found beside its modules where there is no boot/', () => inScratch((folder) => {
        const tree = path.join(folder, 'usr/lib/modules');
        for (const release of ['7.2.13+deb14-amd64', '7.1.0-without-image']) mkdirSync(path.join(tree, release), { recursive: true });
        const image = path.join(tree, '7.2.13+deb14-amd64/vmlinuz');
        writeFileSync(image, '');
        expect(findKernels(folder)).toEqual([{ image, modules: path.dirname(image), release: '7.2.13+deb14-amd64' }]);
        expect(() => findKernels(path.join(folder, 'usr'))).not.toThrow();
    }));
});

describe('errors that a command names', () => {
    it.each([
        ['bash: line 1: echo: write error: Device or resource busy', ['EBUSY']],
        ['error: No such device or address', ['ENXIO']],
        ['a: No such device; b: No such device or address', ['ENXIO', 'ENODEV']],
        ['all fine', []],
        ['failed to offline memory49: Invalid argument\nfailed to offline memory50: Invalid argument', ['EINVAL']],
    ])('%s', (text, errnos) => {
        expect(namedErrors(text)).toEqual(errnos);
    });
});
