// Commands that only read: cat, grep, ls, readlink and their like. They change nothing; what they print comes from the simulated
// files, and their exit status is predicted where the simulator knows the file.
import { formatIomem } from '../kernel/resource.ts';
import { STRERROR } from '../kernel/outcome.ts';
import type { KernelState } from '../kernel/state.ts';
import { type CommandResult, OK } from './result.ts';
import type { Word } from './shell.ts';
import { attributeExists, findAttribute, normalizePath } from './sysfs-table.ts';

/** Tools whose only effect is output. */
export const READERS: readonly string[] = [
    'cat', 'grep', 'egrep', 'ls', 'readlink', 'head', 'tail', 'wc', 'dmesg', 'lsmem', 'lsblk', 'numactl', 'free', 'find', 'hexdump', 'od', 'stat',
    'lsmod', 'uname', 'true', 'sleep', 'sync', 'id', 'whoami', 'cut', 'sort', 'uniq', 'tree', 'test', '[', 'findmnt', 'df', 'blkid', 'udevadm',
];

type Content = { readonly text: string } | { readonly errno: 'ENOENT' | 'EACCES' | 'ENXIO' | 'EIO' | 'EINVAL' } | undefined;

/** What reading a file gives; undefined where the simulator cannot tell. */
export function readFile(state: KernelState, path: string): Content {
    const normal = normalizePath(path);
    if (normal === '/proc/iomem') return { text: formatIomem(state.iomem, state.profile.iomemDepth) };
    if (normal === '/proc/cmdline') return { text: `${state.machine.cmdline}\n` };
    if (normal === '/proc/mounts') return { text: state.mounts.map((m) => `${m.device} ${m.path} ${m.fs} rw${m.dax ? ',dax=always' : ''} 0 0\n`).join('') };
    const found = findAttribute(normal);
    if (!found) return undefined;
    if (!attributeExists(state, found)) return { errno: 'ENOENT' };
    if (!found.attribute.read) return { errno: 'EACCES' };
    const read = found.attribute.read(state, found.params);
    return 'text' in read ? read : { errno: read.errno as 'ENXIO' };
}

/** Runs a reading command. Where its result hangs on something not modelled it succeeds silently and claims nothing. */
export function runReader(state: KernelState, words: readonly Word[]): CommandResult {
    const [tool, ...rest] = words.map((w) => w.text);
    const operands = rest.filter((w) => !w.startsWith('-'));
    if (tool === 'cat') {
        let stdout = '';
        for (const path of operands) {
            const content = readFile(state, path);
            if (content === undefined) continue;
            if ('errno' in content) {
                const what = content.errno === 'ENOENT' ? `can't open '${path}'` : content.errno === 'EACCES' ? `can't open '${path}'` : 'read error';
                return { status: 1, errnos: [content.errno], stdout, stderr: `cat: ${what}: ${STRERROR[content.errno]}\n` };
            }
            stdout += content.text;
        }
        return { ...OK, stdout };
    }
    if (tool === 'grep' || tool === 'egrep') return grep(state, rest, operands);
    if (tool === 'readlink' || tool === 'ls') {
        const path = operands[0];
        const found = path === undefined ? undefined : findAttribute(path);
        if (found && !attributeExists(state, found)) {
            return { status: 1, errnos: tool === 'ls' ? ['ENOENT'] : [], stdout: '', stderr: tool === 'ls' ? `ls: ${path}: ${STRERROR.ENOENT}\n` : '' };
        }
        const content = found?.attribute.read?.(state, found.params);
        if (tool === 'readlink' && content && 'text' in content) return { ...OK, stdout: content.text };
    }
    return OK;
}

function grep(state: KernelState, options: readonly string[], operands: readonly string[]): CommandResult {
    const [pattern, ...paths] = operands;
    const contents = paths.map((p) => readFile(state, p));
    if (pattern === undefined || contents.length === 0 || contents.some((c) => c === undefined || 'errno' in c)) return OK;
    let regexp: RegExp;
    try {
        regexp = new RegExp(pattern, options.some((o) => /^-\w*i/.test(o)) ? 'i' : '');
    } catch {
        return OK; // a basic regular expression that JavaScript does not read: nothing is claimed
    }
    const lines = contents.flatMap((c) => (c && 'text' in c ? c.text.split('\n') : []));
    const after = Number(options.map((o) => /^-A(\d+)$/.exec(o)?.[1]).find((n) => n !== undefined) ?? 0);
    const matched = lines.map((l) => l !== '' && regexp.test(l));
    const shown = lines.filter((_, i) => matched.slice(Math.max(0, i - after), i + 1).includes(true));
    return matched.includes(true) ? { ...OK, stdout: `${shown.join('\n')}\n` } : { status: 1, errnos: [], stdout: '', stderr: '' };
}
