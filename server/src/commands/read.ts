// Commands that only read: cat, grep, ls, readlink and their like. They change nothing; what they print comes from the simulated
// files, and their exit status is predicted where the simulator knows the file.
import { formatIomem } from '../kernel/resource.ts';
import { type Errno, STRERROR } from '../kernel/outcome.ts';
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

/** Is what a reading command prints predicted in full? */
export function isKnownReader(state: KernelState, words: readonly Word[]): boolean {
    const [tool, ...rest] = words.map((w) => w.text);
    const files = rest.filter((w) => w.startsWith('/')).map((p) => readFile(state, p));
    return ['cat', 'grep', 'egrep'].includes(tool ?? '') && files.length > 0 && !files.includes(undefined);
}

/** Runs a reading command. Where its result hangs on something not modelled it succeeds silently and claims nothing. */
export function runReader(state: KernelState, words: readonly Word[]): CommandResult {
    const [tool, ...rest] = words.map((w) => w.text);
    const operands = rest.filter((w) => !w.startsWith('-'));
    if (tool === 'cat') {
        let stdout = '';
        let stderr = '';
        const errnos: Errno[] = [];
        for (const path of operands) {
            const content = readFile(state, path);
            if (content === undefined) continue;
            if ('errno' in content) {
                stderr += `cat: ${content.errno === 'ENOENT' || content.errno === 'EACCES' ? `can't open '${path}'` : 'read error'}: ${STRERROR[content.errno]}\n`;
                if (!errnos.includes(content.errno)) errnos.push(content.errno);
            } else stdout += content.text;
        }
        return { status: errnos.length > 0 ? 1 : 0, errnos, stdout, stderr };
    }
    if (tool === 'grep' || tool === 'egrep') return grep(state, tool === 'egrep' ? ['-E', ...rest.filter((w) => w.startsWith('-'))] : rest.filter((w) => w.startsWith('-')), operands);
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
    const contents = operands.slice(1).map((p) => readFile(state, p));
    if (contents.length === 0 || contents.some((c) => c === undefined || 'errno' in c)) return OK;
    return grepText(contents.map((c) => (c && 'text' in c ? c.text : '')).join(''), options, operands[0]);
}

/**
 * The JavaScript form of a grep pattern; undefined where it is not read: back references, and repeated groups, whose cost may
 * explode. `extended`: as egrep has it; otherwise `+ ? | ( ) { }` stand for themselves unless they are escaped.
 */
function grepPattern(pattern: string, extended: boolean): string | undefined {
    let out = '';
    for (let i = 0; i < pattern.length; i++) {
        let c = pattern[i]!;
        if (c === '[') {
            const close = pattern.indexOf(']', i + (pattern[i + 1] === '^' ? 3 : 2));
            if (close < 0) return undefined;
            const set = pattern.slice(i, close + 1).replaceAll('\\', '\\\\');
            if (set.includes('[:')) return undefined;
            out += set;
            i = close;
            continue;
        }
        const escaped = c === '\\';
        if (escaped) c = pattern[++i] ?? '';
        if (escaped && !/[.*^$[\]\\/+?|(){}-]/.test(c)) return undefined;
        const special = '+?|(){}'.includes(c) ? escaped !== extended : '.*^$'.includes(c) && !escaped;
        if (special && '*+?{'.includes(c) && out.endsWith(')') && !out.endsWith('\\)')) return undefined;
        out += special ? c : c.replace(/[.*^$+?|(){}[\]\\/]/g, '\\$&');
    }
    return out;
}

/** grep over a text. A pattern that is not understood claims nothing. */
export function grepText(text: string, options: readonly string[], pattern: string | undefined): CommandResult {
    const flag = (letter: string): boolean => options.some((o) => new RegExp(`^-[a-zA-Z]*${letter}`).test(o));
    const source = pattern === undefined ? undefined : flag('F') ? pattern.replace(/[.*^$+?|(){}[\]\\/]/g, '\\$&') : grepPattern(pattern, flag('E'));
    if (source === undefined) return OK;
    // Each repetition may multiply the work by the length of a line: what could take seconds claims nothing.
    const longest = text.split('\n').reduce((most, l) => Math.max(most, l.length), 1);
    if (longest ** ((source.match(/[*+{]/g)?.length ?? 0) + 1) > 1e8) return OK;
    let regexp: RegExp;
    try {
        regexp = new RegExp(source, flag('i') ? 'i' : '');
    } catch {
        return OK;
    }
    const lines = text.replace(/\n$/, '').split('\n');
    const after = Number(options.map((o) => /^-A(\d+)$/.exec(o)?.[1]).find((n) => n !== undefined) ?? 0);
    const matched = lines.map((l) => regexp.test(l) !== flag('v') && (text !== '' || flag('v')));
    if (!matched.includes(true)) return { status: 1, errnos: [], stdout: flag('c') ? '0\n' : '', stderr: '' };
    if (flag('q')) return OK;
    if (flag('c')) return { ...OK, stdout: `${matched.filter(Boolean).length}\n` };
    const shown = lines.filter((_, i) => matched.slice(Math.max(0, i - after), i + 1).includes(true));
    return { ...OK, stdout: `${shown.join('\n')}\n` };
}

/** Tools that take what another one prints. */
export const FILTERS: readonly string[] = ['grep', 'egrep', 'head', 'tail', 'wc', 'sort', 'uniq', 'cut', 'cat', 'less', 'more', 'jq', 'column', 'tr', 'sed', 'awk', 'tee'];

/** One stage of a pipeline. `input`: what the stage before printed; undefined where that is not known, and then nothing is claimed. */
export function runFilter(input: string | undefined, words: readonly Word[]): { readonly result: CommandResult; readonly known: boolean } {
    const [tool, ...rest] = words.map((w) => w.text);
    if (input === undefined) return { result: OK, known: false };
    const operands = rest.filter((w) => !w.startsWith('-'));
    const count = Number(rest.map((w, i) => /^-n?(\d+)$/.exec(w)?.[1] ?? (w === '-n' ? rest[i + 1] : undefined)).find((n) => n !== undefined) ?? 10);
    const lines = input === '' ? [] : input.replace(/\n$/, '').split('\n');
    const print = (kept: readonly string[]) => ({ result: { ...OK, stdout: kept.map((l) => `${l}\n`).join('') }, known: true });
    switch (tool) {
        case 'grep': return { result: grepText(input, rest.filter((w) => w.startsWith('-')), operands[0]), known: true };
        case 'egrep': return { result: grepText(input, ['-E', ...rest.filter((w) => w.startsWith('-'))], operands[0]), known: true };
        case 'head': return print(lines.slice(0, count));
        case 'tail': return print(lines.slice(Math.max(0, lines.length - count)));
        case 'sort': return rest.length === 0 ? print([...lines].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))) : { result: OK, known: false };
        case 'wc': return rest[0] === '-l' ? print([`${lines.length}`]) : { result: OK, known: false };
        case 'cat': case 'less': case 'more': return print(lines);
        default: return { result: OK, known: false };
    }
}
