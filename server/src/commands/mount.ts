// mkfs, mount and umount of file systems on pmem disks (kernel model 08, K).
import { namespaceOfDisk, type NamespaceView } from '../kernel/nd-view.ts';
import { MiB } from '../kernel/range.ts';
import type { Filesystem, KernelState, Mount } from '../kernel/state.ts';
import type { Tx } from '../kernel/tx.ts';
import { flag, valueOf } from './ndctl-options.ts';
import type { CommandResult } from './result.ts';
import type { Invocation, OptionSpec, ToolSpec } from './spec.ts';

type FsName = Filesystem['fs'];

/** Below this size mkfs.xfs (5.19 and newer) makes no file system, in bytes. */
const XFS_MIN = 300 * MiB;

function failed(status: number, stderr: string): CommandResult {
    return { status, errnos: [], stdout: '', stderr: `${stderr}\n` };
}

const ok: CommandResult = { status: 0, errnos: [], stdout: '', stderr: '' };

function diskOf(state: KernelState, path: string): { readonly name: string; readonly view: NamespaceView } | undefined {
    const name = path.startsWith('/dev/') ? path.slice('/dev/'.length) : undefined;
    const view = name === undefined ? undefined : namespaceOfDisk(state, name);
    return view && { name: name!, view };
}

/** Where a disk's first byte is on the media; sector mode has a translation in between, so it counts apart. */
function mediaKey(view: NamespaceView): string {
    const start = view.data ?? view.namespace.range!.start;
    return `${start.toString(16)}${view.mode === 'sector' ? 's' : ''}`;
}

/** A disk is DAX capable where the kernel has struct pages for it (ND-16, NF-06). */
function daxCapable(view: NamespaceView): boolean {
    return view.mode === 'fsdax';
}

/** `reflink=0,rmapbt=1` of mkfs.xfs -m. */
function metadataFlag(invocation: Invocation, name: string): boolean | undefined {
    const found = (valueOf(invocation, '-m') ?? '').split(',').map((w) => w.split('=')).find(([key]) => key === name);
    return found && found[1] !== '0';
}

function mkfs(fs: FsName) {
    return (tx: Tx, invocation: Invocation): CommandResult => {
        const tool = `mkfs.${fs}`;
        const path = invocation.positionals[0]?.text;
        if (path === undefined) return failed(1, 'no device name given in argument list');
        const disk = diskOf(tx.state, path);
        if (!disk) {
            tx.note({ code: 'mount/no-device', rules: ['RES-16'], severity: 'error', message: `there is no block device ${path} here`, subject: path });
            return { ...failed(1, `Error accessing specified device ${path}: No such file or directory`), errnos: ['ENOENT'] };
        }
        if (tx.state.mounts.some((m) => m.device === disk.name && !m.shutdown)) {
            tx.note({ code: 'mount/mounted', rules: ['NDC-12'], severity: 'error', message: `${path} is mounted`, subject: disk.name });
            return failed(1, `${tool}: ${path} contains a mounted filesystem`);
        }
        const key = mediaKey(disk.view);
        const old = tx.state.filesystems.get(key);
        if (old && fs === 'xfs' && !flag(invocation, '-f')) {
            return failed(1, `${tool}: ${path} appears to contain an existing filesystem (${old.fs}).\n${tool}: Use the -f option to force overwrite.`);
        }
        if (fs === 'xfs' && (disk.view.size ?? 0) < XFS_MIN) {
            tx.note({ code: 'mount/too-small', rules: ['ND-19'], severity: 'error', message: `XFS needs 300 MiB, ${path} has ${disk.view.size ?? 0} bytes`, subject: disk.name });
            return failed(1, 'Filesystem must be larger than 300MB.');
        }
        const made: Filesystem = { fs, rmapbt: metadataFlag(invocation, 'rmapbt') ?? false, reflink: fs === 'xfs' && (metadataFlag(invocation, 'reflink') ?? true) };
        tx.set({ filesystems: new Map(tx.state.filesystems).set(key, made) });
        return ok;
    };
}

function optionsOf(invocation: Invocation): string[] {
    return (valueOf(invocation, '--options') ?? '').split(',').filter((w) => w !== '');
}

function mount(tx: Tx, invocation: Invocation): CommandResult {
    const [source, target] = invocation.positionals.map((p) => p.text);
    if (source === undefined || target === undefined) {
        if (source === undefined) return { ...ok, stdout: tx.state.mounts.map((m) => `/dev/${m.device} on ${m.path} type ${m.fs}\n`).join('') };
        return failed(1, `mount: ${source}: can't find in /etc/fstab.`);
    }
    if (!source.startsWith('/dev/pmem')) {
        tx.notSimulated = `mount of ${source}`;
        return ok;
    }
    const disk = diskOf(tx.state, source);
    if (!disk) {
        tx.note({ code: 'mount/no-device', rules: ['RES-16'], severity: 'error', message: `there is no block device ${source} here`, subject: source });
        return failed(32, `mount: ${target}: special device ${source} does not exist.`);
    }
    const fs = tx.state.filesystems.get(mediaKey(disk.view));
    const type = valueOf(invocation, '--types');
    const bad = failed(32, `mount: ${target}: wrong fs type, bad option, bad superblock on ${source}, missing codepage or helper program, or other error.`);
    if (!fs || (type !== undefined && type !== 'auto' && type !== fs.fs)) {
        tx.note({ code: 'mount/no-filesystem', rules: ['ND-27'], severity: 'error', subject: disk.name, message: fs ? `${source} holds ${fs.fs}` : `${source} holds no file system: mkfs makes one` });
        return bad;
    }
    if (tx.state.mounts.some((m) => m.path === target && m.device === disk.name)) return failed(32, `mount: ${target}: ${source} already mounted on ${target}.`);
    const words = optionsOf(invocation);
    let dax = words.some((w) => w === 'dax' || w === 'dax=always');
    const who = fs.fs === 'xfs' ? `XFS (${disk.name})` : `EXT4-fs (${disk.name})`;
    if (dax && !daxCapable(disk.view)) {
        const message = `${source} is not capable of DAX: ${disk.view.mode} mode has no struct pages`;
        if (fs.fs === 'ext4') {
            tx.err(`${who}: DAX unsupported by block device.`, 'NF-06');
            tx.note({ code: 'mount/no-dax', rules: ['NF-06', 'ND-16'], severity: 'error', subject: disk.name, message });
            return bad;
        }
        tx.warn(`${who}: DAX unsupported by block device. Turning off DAX.`, 'NF-06');
        tx.note({ code: 'mount/no-dax', rules: ['NF-06', 'ND-16'], severity: 'warning', subject: disk.name, message: `${message}; it is mounted without` });
        dax = false;
    }
    if (dax && fs.fs === 'xfs' && fs.reflink && tx.state.profile.xfsRemoval === 'none') {
        tx.err(`${who}: DAX and reflink cannot be used together!`, 'NF-06');
        tx.note({ code: 'mount/dax-reflink', rules: ['NF-06'], severity: 'error', subject: disk.name, message: 'this release cannot use DAX with reflink: make the file system with -m reflink=0' });
        return bad;
    }
    if (dax && tx.state.profile.xfsDaxExperimental) tx.warn(`${who}: DAX enabled. Warning: EXPERIMENTAL, use at your own risk`, 'NF-06');
    const mounted: Mount = { device: disk.name, path: target, fs: fs.fs, dax, rmapbt: fs.rmapbt };
    tx.set({ mounts: [...tx.state.mounts, mounted] });
    return ok;
}

function umount(tx: Tx, invocation: Invocation): CommandResult {
    for (const { text } of invocation.positionals) {
        const found = tx.state.mounts.findLast((m) => m.path === text || `/dev/${m.device}` === text);
        if (!found) return failed(32, `umount: ${text}: not mounted.`);
        tx.set({ mounts: tx.state.mounts.filter((m) => m !== found) });
        tx.info(`${found.fs === 'xfs' ? 'XFS' : 'EXT4-fs'} (${found.device}): ${found.fs === 'xfs' ? 'Unmounting Filesystem' : 'unmounting filesystem'}`, 'NF-05');
    }
    return ok;
}

interface Tool { readonly spec: ToolSpec; readonly run: (tx: Tx, invocation: Invocation) => CommandResult }

function tool(name: string, doc: string, options: readonly OptionSpec[], positionals: ToolSpec['verbs'][number]['positionals'], run: Tool['run']): Tool {
    return { spec: { tool: name, doc, verbs: [{ verb: '', doc, man: `${name}(8)`, options, positionals }] }, run };
}

const DEVICE = { name: 'device', kind: 'blockdev' } as const;
const QUIET: OptionSpec = { long: '-q', short: '-q', doc: 'Print nothing.' };

/** mkfs.xfs, mkfs.ext4, mount and umount for the command engine. */
export const mountTools: readonly Tool[] = [
    tool('mkfs.xfs', 'Makes an XFS file system.', [
        QUIET, { long: '-f', short: '-f', doc: 'Overwrite what is there.' },
        { long: '-m', short: '-m', value: 'text', values: ['reflink=0', 'rmapbt=1', 'reflink=0,rmapbt=1'], doc: 'Metadata: `reflink`, and `rmapbt`, which a removal notification needs.' },
        { long: '-d', short: '-d', value: 'text', doc: 'Data section: su, sw, agcount …' }, { long: '-L', short: '-L', value: 'text', doc: 'Label.' },
    ], [DEVICE], mkfs('xfs')),
    tool('mkfs.ext4', 'Makes an ext4 file system.', [
        QUIET, { long: '-F', short: '-F', doc: 'Do not ask.' }, { long: '-b', short: '-b', value: 'number', doc: 'Block size in bytes; DAX needs 4096.' },
        { long: '-E', short: '-E', value: 'text', doc: 'Extended options.' }, { long: '-L', short: '-L', value: 'text', doc: 'Label.' },
    ], [DEVICE], mkfs('ext4')),
    tool('mount', 'Mounts a file system.', [
        { long: '--types', short: '-t', value: 'text', values: ['xfs', 'ext4'], doc: 'Kind of file system.' },
        { long: '--options', short: '-o', value: 'text', values: ['dax=always', 'dax=inode', 'dax=never', 'dax'], doc: 'Mount options; `dax=always` maps files without page cache.' },
    ], [{ ...DEVICE, optional: true }, { name: 'directory', kind: 'path', optional: true }], mount),
    tool('umount', 'Unmounts a file system.', [
        { long: '--lazy', short: '-l', doc: 'Detach now, clean up later.' }, { long: '--force', short: '-f', doc: 'Force.' },
    ], [{ name: 'directory', kind: 'path', many: true }], umount),
];
