// chmem(8) of util-linux: brings memory blocks online or takes them offline, by size, address range or block numbers.
import { offlineBlock, onlineBlock, runsWithin } from '../kernel/memory-block.ts';
import { type Errno, STRERROR } from '../kernel/outcome.ts';
import { formatMem, MiB } from '../kernel/range.ts';
import type { Tx } from '../kernel/tx.ts';
import type { OnlineType } from '../kernel/zones.ts';
import { validZones } from '../kernel/zones.ts';
import type { CommandResult } from './result.ts';
import type { Invocation, ToolSpec } from './spec.ts';

/** Some of the blocks changed, others refused. */
const EXIT_SOME = 64;

const CHMEM: ToolSpec = {
    tool: 'chmem', doc: 'Brings memory online or takes it offline.',
    verbs: [{
        verb: '', doc: 'Brings memory online or takes it offline.', man: 'chmem(8)',
        options: [
            { long: '--enable', short: '-e', doc: 'Bring online, lowest addresses first.' },
            { long: '--disable', short: '-d', doc: 'Take offline, highest addresses first.' },
            { long: '--blocks', short: '-b', doc: 'The range names memory blocks.' },
            { long: '--zone', short: '-z', value: 'text', values: ['Movable', 'Normal'], doc: 'Zone to bring memory online in.' },
            { long: '--verbose', short: '-v', doc: 'Say what is done.' },
        ],
        positionals: [{ name: 'size, range or blocks', kind: 'text' }],
    }],
};

const failed = (text: string): CommandResult => ({ status: 1, errnos: [], stdout: '', stderr: `chmem: ${text}\n` });

/** `4`, `0x4`, `4g`: a number, and bytes for sizes (MiB without a suffix). */
function sizeOf(text: string): number | undefined {
    const m = /^(0x[0-9a-f]+|\d+)([kmgtp]?)(?:ib|b)?$/i.exec(text);
    if (!m) return undefined;
    const unit = { '': MiB, k: 2 ** 10, m: MiB, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 }[m[2]!.toLowerCase()]!;
    return Number(m[1]) * unit;
}

/** Block numbers that the operand names, inclusive; a text is what chmem complains about. */
function blocksOf(text: string, blocks: boolean, blockSize: number): readonly [number, number] | string {
    const [from = '', to] = text.split('-');
    const number = (s: string): number => Number(s);
    if (blocks) {
        const range = [number(from), number(to ?? from)] as const;
        return range.every((n) => Number.isSafeInteger(n) && n >= 0) && range[0] <= range[1] ? range : `Invalid parameter: ${text}`;
    }
    const start = number(from);
    const end = number(to ?? '');
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end)) return `Invalid parameter: ${text}`;
    if (start % blockSize !== 0) return `Start address ${from} is not aligned to next memory block: 0x${(Math.ceil(start / blockSize) * blockSize).toString(16)}`;
    if ((end + 1) % blockSize !== 0) return `End address ${to} is not aligned to previous memory block`;
    return start < end ? [start / blockSize, (end + 1) / blockSize - 1] : `Invalid parameter: ${text}`;
}

function run(tx: Tx, invocation: Invocation): CommandResult {
    const enable = invocation.options.has('--enable');
    const operand = invocation.positionals[0]?.text;
    if (enable === invocation.options.has('--disable')) return failed('one of --enable and --disable is required');
    if (operand === undefined) return failed('Invalid parameter');
    const zone = invocation.options.get('--zone')?.value?.text;
    const type: OnlineType = zone === undefined ? 'online' : zone === 'Movable' ? 'online_movable' : 'online_kernel';
    const { blockSize } = tx.state.memory;
    const bySize = !operand.includes('-') && !invocation.options.has('--blocks');
    let range: readonly [number, number] = [0, Number.MAX_SAFE_INTEGER];
    let todo = Infinity;
    if (bySize) {
        const bytes = sizeOf(operand);
        if (bytes === undefined) return failed(`Invalid parameter: ${operand}`);
        if (bytes === 0 || bytes % blockSize !== 0) return failed(`Size must be aligned to memory block size (${blockSize / MiB}M)`);
        todo = bytes / blockSize;
    } else {
        const found = blocksOf(operand, invocation.options.has('--blocks'), blockSize);
        if (typeof found === 'string') return failed(found);
        range = found;
    }
    const runs = runsWithin(tx.state.memory, range[0], range[1]).filter((r) => (r.state === 'offline') === enable);
    if (!enable && bySize) runs.reverse();
    let done = 0;
    let tried = 0;
    let stderr = '';
    const errnos: Errno[] = [];
    for (const part of runs) {
        const count = part.last - part.first + 1;
        for (let i = 0; i < count && done < todo; i++) {
            const block = enable || !bySize ? part.first + i : part.last - i;
            if (enable && zone !== undefined && !validZones(tx.state.memory, part, block).split(' ').includes(zone)) continue;
            tried++;
            const result = enable ? onlineBlock(tx, block, type) : offlineBlock(tx, block);
            if (result === 0) {
                done++;
                continue;
            }
            if (!errnos.includes(result)) errnos.push(result);
            const mem = formatMem({ start: block * blockSize, end: (block + 1) * blockSize - 1 });
            // By size it looks for other blocks and says nothing; by range it tells.
            if (!bySize || invocation.options.has('--verbose')) stderr += `chmem: Memory Block ${block} (${mem}) ${enable ? 'enable' : 'disable'} failed: ${STRERROR[result]}\n`;
        }
    }
    const wanted = bySize ? todo : tried;
    if (done >= wanted) return { status: 0, errnos: [], stdout: '', stderr };
    if (bySize) stderr += `chmem: Could only ${enable ? 'enable' : 'disable'} ${(done * blockSize) / MiB} MiB of memory\n`;
    return { status: done > 0 ? EXIT_SOME : 1, errnos, stdout: '', stderr };
}

export const chmemTool: { readonly spec: ToolSpec; readonly run: (tx: Tx, invocation: Invocation) => CommandResult } = { spec: CHMEM, run };
