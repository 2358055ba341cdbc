// chmem(8) of util-linux: brings memory blocks online or takes them offline, by size, address range or block numbers.
import { offlineBlock, onlineBlock, runsWithin } from '../kernel/memory-block.ts';
import { type Errno, STRERROR } from '../kernel/outcome.ts';
import { hex, MiB } from '../kernel/range.ts';
import type { BlockRun } from '../kernel/state.ts';
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
            { long: '--zone', short: '-z', value: 'text', values: ['Movable', 'Normal'], doc: 'Zone to bring memory online in, or to take it from. Without it, Movable where that is allowed.' },
            { long: '--verbose', short: '-v', doc: 'Say what is done.' },
        ],
        positionals: [{ name: 'size, range or blocks', kind: 'text' }],
    }],
};

const failed = (text: string): CommandResult => ({ status: 1, errnos: [], stdout: '', stderr: `chmem: ${text}\n` });

const ZONES: readonly string[] = ['DMA', 'DMA32', 'Normal', 'Highmem', 'Movable', 'Device'];

/** `4`, `0x4`, `4g`: a number, and bytes for sizes (MiB without a suffix). */
function sizeOf(text: string): number | undefined {
    const m = /^(0x[0-9a-f]+|\d+)([kmgtp]?)(?:ib|b)?$/i.exec(text);
    if (!m) return undefined;
    const unit = { '': MiB, k: 2 ** 10, m: MiB, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 }[m[2]!.toLowerCase()]!;
    return Number(m[1]) * unit;
}

/** What is to change: blocks by number (inclusive), or so many of them; a text is what chmem complains about. */
type Wanted = { readonly first: number; readonly last: number } | { readonly blocks: number };

function wantedOf(text: string, byBlocks: boolean, blockSize: number): Wanted | string {
    const parts = text.split('-');
    if (parts.length > 2) return `Invalid parameter: ${text}`;
    const [from = '', to] = parts;
    if (to === undefined && !byBlocks) {
        const bytes = sizeOf(from);
        if (bytes === undefined) return `Failed to parse size: '${from}'`;
        return bytes % blockSize === 0 ? { blocks: bytes / blockSize } : `Size must be aligned to memory block size (${human(blockSize)})`;
    }
    const range = [from, to ?? from].map((end) => (byBlocks ? (/^\d+$/.test(end) ? Number(end) : NaN) : Number(end)));
    const bad = [from, to ?? from].find((end, i) => !Number.isSafeInteger(range[i]) || (!byBlocks && end[1] !== 'x'));
    if (bad !== undefined) return byBlocks ? `Failed to parse block number: '${bad}'` : `Invalid start address format: ${bad}`;
    const [start = 0, end = 0] = range;
    if (!byBlocks && (start % blockSize !== 0 || (end + 1) % blockSize !== 0)) return `Start address and (end address + 1) must be aligned to memory block size (${human(blockSize)})`;
    const [first, last] = byBlocks ? [start, end] : [start / blockSize, (end + 1) / blockSize - 1];
    return first > last ? `Invalid range: ${text}` : { first, last };
}

/** Blocks of the runs one by one, from the lowest or from the highest. */
function* each(runs: readonly BlockRun[], upwards: boolean): Generator<readonly [run: BlockRun, block: number]> {
    for (const run of upwards ? runs : [...runs].reverse()) {
        for (let i = 0; i <= run.last - run.first; i++) yield [run, upwards ? run.first + i : run.last - i];
    }
}

function run(tx: Tx, invocation: Invocation): CommandResult {
    const enable = invocation.options.has('--enable');
    const operand = invocation.positionals[0]?.text;
    if (enable && invocation.options.has('--disable')) return failed('mutually exclusive arguments: --disable --enable');
    if ((!enable && !invocation.options.has('--disable')) || operand === undefined || invocation.positionals.length > 1) return failed('bad usage');
    const zoneName = invocation.options.get('--zone')?.value?.text;
    const zone = zoneName === undefined ? undefined : ZONES.find((z) => z.toLowerCase() === zoneName.toLowerCase());
    const { blockSize } = tx.state.memory;
    const wanted = wantedOf(operand, invocation.options.has('--blocks'), blockSize);
    if (typeof wanted === 'string') return failed(wanted);
    if (zoneName !== undefined && zone === undefined) return failed(`unknown memory zone: ${zoneName}`);
    return change(tx, wanted, enable, zone);
}

/** Goes through the blocks as chmem does. Without `--zone` it brings a block online in Movable where that is allowed. */
function change(tx: Tx, wanted: Wanted, enable: boolean, zone: string | undefined): CommandResult {
    const { blockSize } = tx.state.memory;
    const bySize = 'blocks' in wanted;
    const total = bySize ? wanted.blocks : wanted.last - wanted.first + 1;
    const runs = bySize ? tx.state.memory.blocks : runsWithin(tx.state.memory, wanted.first, wanted.last);
    const verb = enable ? 'enable' : 'disable';
    const errnos: Errno[] = [];
    let todo = total;
    let stderr = '';
    const digits = (address: number): string => `0x${hex(address, 16)}`;
    const refuse = (block: number, why: string): void => {
        stderr += `chmem: Memory Block ${block} (${digits(block * blockSize)}-${digits((block + 1) * blockSize - 1)}) ${verb} failed: ${why}\n`;
    };
    for (const [run, block] of each(runs, enable || !bySize)) {
        if (bySize && todo === 0) break;
        if ((run.state === 'online') === enable) {
            if (!bySize) todo--;
            continue;
        }
        const zones = validZones(tx.state.memory, run, block);
        if (zone !== undefined && !(enable ? zones.toLowerCase().includes(zone.toLowerCase()) : zones.startsWith(zone))) {
            if (!bySize) refuse(block, 'Zone mismatch');
            continue;
        }
        const type: OnlineType = zone === 'Movable' || (zone === undefined && zones.includes('Movable')) ? 'online_movable' : zone === undefined ? 'online' : 'online_kernel';
        const result = enable ? onlineBlock(tx, block, type) : offlineBlock(tx, block);
        if (result === 0) {
            todo--;
            continue;
        }
        if (!errnos.includes(result)) errnos.push(result);
        refuse(block, STRERROR[result]);
    }
    if (bySize && todo > 0) stderr += `chmem: Could only ${verb} ${human((total - todo) * blockSize)} of memory\n`;
    return { status: todo === 0 ? 0 : todo === total ? 1 : EXIT_SOME, errnos: todo === 0 ? [] : errnos, stdout: '', stderr };
}

/** Bytes with the largest suffix that leaves a number, as util-linux words sizes. */
function human(bytes: number): string {
    const units = ['B', 'K', 'M', 'G', 'T', 'P'];
    let unit = 0;
    for (let rest = bytes; rest >= 1024 && unit < units.length - 1; rest /= 1024) unit++;
    return `${Number((bytes / 1024 ** unit).toFixed(1))}${units[unit]}`;
}

export const chmemTool: { readonly spec: ToolSpec; readonly run: (tx: Tx, invocation: Invocation) => CommandResult } = { spec: CHMEM, run };
