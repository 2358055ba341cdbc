// Makes this machine able to boot a real kernel for the tests of `memtopo verify --qemu`: QEMU and the guest's tools out of Debian, and
// a kernel that is unpacked beside the project, never installed. Every step is skipped when it is done already.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

const PACKAGES = ['qemu-system-x86', 'seabios', 'ndctl', 'daxctl', 'busybox-static', 'cpio', 'kmod', 'xfsprogs', 'e2fsprogs', 'xz-utils'];
const PROGRAMS = ['qemu-system-x86_64', 'ndctl', 'daxctl', 'busybox', 'cpio', 'modinfo', 'depmod', 'mkfs.xfs', 'mkfs.ext4', 'xz'];
const cache = path.join(import.meta.dirname, '../node_modules/.cache/memtopo-kernel');
const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

function run(command, args, options = {}) {
    const result = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env, ...options });
    if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} failed\n${`${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`.trim().split('\n').slice(-6).join('\n')}`);
    return result.stdout;
}

const missing = () => PROGRAMS.filter(p => spawnSync('sh', ['-c', `command -v ${p}`], { env }).status !== 0);
const hasKernel = root => existsSync(path.join(root, 'boot')) && readdirSync(path.join(root, 'boot')).some(f => f.startsWith('vmlinuz-'));

/** Where boot/ and lib/modules/ of a kernel are. Throws a sentence that says what to do where there cannot be one. */
export function setUpGuest(log) {
    const apt = existsSync('/usr/bin/apt-get');
    const lacking = missing();
    if (lacking.length > 0) {
        if (!apt || process.getuid?.() !== 0) throw new Error(`no ${lacking.join(', ')}${apt ? `; as root: apt-get install ${PACKAGES.join(' ')}` : ''}`);
        log(`apt-get install ${PACKAGES.join(' ')}`);
        run('apt-get', ['update', '-qq']);
        run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...PACKAGES]);
    }
    const named = process.env.MEMTOPO_KERNEL_ROOT;
    if (named) return named;
    if (hasKernel('/')) return '/';
    if (!hasKernel(cache)) unpackKernel(apt, log);
    return cache;
}

function unpackKernel(apt, log) {
    if (!apt) throw new Error('no kernel in /boot; name the place of one in MEMTOPO_KERNEL_ROOT');
    const depends = run('apt-cache', ['depends', 'linux-image-amd64']);
    const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
    if (!name) throw new Error('apt knows no linux-image-amd64; apt-get update may help');
    log(`apt-get download ${name}`);
    rmSync(cache, { recursive: true, force: true });
    mkdirSync(cache, { recursive: true });
    run('apt-get', ['download', name], { cwd: cache });
    for (const file of readdirSync(cache).filter(f => f.endsWith('.deb'))) {
        run('dpkg', ['-x', path.join(cache, file), cache]);
        rmSync(path.join(cache, file));
    }
    if (!hasKernel(cache)) throw new Error(`${name} holds no kernel`);
}
