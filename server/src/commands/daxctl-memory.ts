// The memory blocks of a device as daxctl sees them: those whose first byte lies between the device's start and start + size, which
// is neither what kmem added nor what the device covers when it is trimmed or in pieces (DXC-05).
import { readdirOrder } from '../kernel/kernfs.ts';
import { offlineBlocks, onlineBlocks, runsWithin } from '../kernel/memory-block.ts';
import { type Errno, type Result, STRERROR } from '../kernel/outcome.ts';
import type { BlockRun, KernelState } from '../kernel/state.ts';
import type { Tx } from '../kernel/tx.ts';
import type { Code, ListedDevice, Session } from './daxctl-session.ts';

interface Window {
    readonly node: number;
    /** Block numbers, inclusive; last < first when there is none. */
    readonly first: number;
    readonly last: number;
}

function windowOf(state: KernelState, device: ListedDevice): Window {
    const { blockSize } = state.memory;
    return { node: device.targetNode, first: Math.ceil(device.resource / blockSize), last: Math.floor((device.resource + device.size - 1) / blockSize) };
}

/** Runs of blocks in the window that the node's directory lists. */
function runsIn(state: KernelState, window: Window): BlockRun[] {
    return state.memory.blocks
        .filter((run) => run.first <= window.last && run.last >= window.first && run.nodes.includes(window.node))
        .map((run) => ({ ...run, first: Math.max(run.first, window.first), last: Math.min(run.last, window.last) }));
}

const count = (runs: readonly { readonly first: number; readonly last: number }[]): number => runs.reduce((sum, run) => sum + run.last - run.first + 1, 0);

/** Blocks of the device by daxctl's count; ENOENT when its node has no directory, because no memory ever came online there. */
export function sectionCount(state: KernelState, device: ListedDevice): number | Errno {
    if (device.targetNode < 0) return 'ENXIO';
    if (!state.numa.online.includes(device.targetNode)) return 'ENOENT';
    return count(runsIn(state, windowOf(state, device)));
}

/** How many of them are online. */
export function onlineSections(state: KernelState, device: ListedDevice): number | Errno {
    const total = sectionCount(state, device);
    return typeof total === 'string' ? total : count(runsIn(state, windowOf(state, device)).filter((run) => run.state === 'online'));
}

/** Are they all online in ZONE_MOVABLE? Undefined when that cannot be told, because one is offline. */
export function movableMemory(state: KernelState, device: ListedDevice): boolean | undefined {
    if (typeof sectionCount(state, device) === 'string') return undefined;
    const runs = runsIn(state, windowOf(state, device));
    if (runs.some((run) => run.state === 'offline')) return undefined;
    return runs.length > 0 && runs.every((run) => run.zone === 'Movable');
}

/** More blocks than this are taken in address order: what a failure leaves would cost as many runs as there are blocks. */
const MANY = 0x1000;

/** The first block by address that `act` left as it was, after it failed on one of the runs. */
function firstLeft(tx: Tx, runs: readonly BlockRun[], act: (tx: Tx, first: number, last: number) => Result): { readonly failed?: { readonly block: number; readonly errno: Errno } } {
    for (const run of runs) {
        const left = runsWithin(tx.state.memory, run.first, run.last).find((now) => now.state === run.state);
        const errno = left ? act(tx, left.first, left.first) : 0;
        if (left && errno !== 0) return { failed: { block: left.first, errno } };
    }
    return {};
}

/**
 * Does `act` to every block of the runs as a loop over the node's directory would: when one fails, those before it in directory
 * order are done and the rest is untouched.
 */
function eachBlock(tx: Tx, runs: readonly BlockRun[], act: (tx: Tx, first: number, last: number) => Result): { readonly failed?: { readonly block: number; readonly errno: Errno } } {
    const before = { state: tx.state, log: tx.log.length, notes: tx.notes.length };
    if (runs.every((run) => act(tx, run.first, run.last) === 0)) return {};
    if (count(runs) > MANY) return firstLeft(tx, runs, act);
    tx.state = before.state;
    tx.log.splice(before.log);
    tx.notes.splice(before.notes);
    for (const name of readdirOrder(blockNamesOf(runs))) {
        const block = Number(name.slice('memory'.length));
        const errno = act(tx, block, block);
        if (errno !== 0) return { failed: { block, errno } };
    }
    return {};
}

function blockNamesOf(runs: readonly BlockRun[]): string[] {
    return runs.flatMap((run) => Array.from({ length: run.last - run.first + 1 }, (_, i) => `memory${run.first + i}`));
}

/** What libdaxctl writes for `--no-movable`: plain `online`, so that the kernel's policy decides, and it may decide for ZONE_MOVABLE (DXC-03). */
const NO_MOVABLE = 'online';

/** Onlines the block that directory order puts first. */
function onlineFirst(tx: Tx, runs: readonly BlockRun[]): void {
    if (runs.length === 0 || count(runs) > MANY) return;
    const block = Number(readdirOrder(blockNamesOf(runs))[0]!.slice('memory'.length));
    onlineBlocks(tx, block, block, NO_MOVABLE);
}

/** What the two verbs look at first: how many blocks, how many online. */
function survey(session: Session, device: ListedDevice): { readonly total: number; readonly online: number } | Errno {
    const { state } = session.tx;
    const total = sectionCount(state, device);
    if (typeof total === 'string') {
        session.say(`${device.name}: failed to get number of memory sections`);
        return total;
    }
    return { total, online: onlineSections(state, device) as number };
}

const s = (n: number): string => (n === 1 ? '' : 's');

/** DXC-03, DXC-05: onlines what is offline, to ZONE_MOVABLE unless told otherwise. */
export function onlineMemory(session: Session, device: ListedDevice, noMovable: boolean): Code {
    const { tx } = session;
    const found = survey(session, device);
    if (typeof found === 'string') return found;
    if (found.online > 0) {
        session.say(`${device.name}:\n  WARNING: detected a race while onlining memory\n  Some memory may not be in the expected zone. It is\n`
            + '  recommended to disable any other onlining mechanisms,\n  and retry. If onlining is to be left to other agents,\n'
            + '  use the --no-online option to suppress this warning');
        tx.note({
            code: 'daxctl/online-race', rules: ['DXC-05', 'ONL-01'], severity: 'warning', subject: device.name, data: { online: found.online, total: found.total },
            message: `${found.online} of the ${found.total} memory blocks that daxctl counts to ${device.name} were online before daxctl came to them, in a zone of somebody else’s choice`,
        });
    }
    if (found.online === found.total) {
        session.say(`${device.name}: all memory sections (${found.total}) already online`);
        return 'nothing';
    }
    if (found.online > 0) session.say(`${device.name}: ${found.online} memory section${s(found.online)} already online`);
    const offline = runsIn(tx.state, windowOf(tx.state, device)).filter((run) => run.state === 'offline');
    // Which block of a node is the first for kernel data matters later: it may never go offline again.
    if (noMovable) onlineFirst(tx, offline);
    const left = runsIn(tx.state, windowOf(tx.state, device)).filter((run) => run.state === 'offline');
    const { failed } = eachBlock(tx, left, (t, first, last) => (onlineBlocks(t, first, last, noMovable ? NO_MOVABLE : 'online_movable') > 0 ? 'EHWPOISON' : 0));
    if (failed) {
        session.say(`${device.name}: failed to online memory: ${session.name(failed.errno)}`);
        return failed.errno;
    }
    if (session.verbose) session.say(`${device.name}: ${count(offline)} memory section${s(count(offline))} onlined`);
    noteWindow(tx, device);
    return 0;
}

/** DXC-04, DXC-05: offlines what is online, and stops at the first block that refuses. */
export function offlineMemory(session: Session, device: ListedDevice): Code {
    const { tx } = session;
    const found = survey(session, device);
    if (typeof found === 'string') return found;
    if (found.online === 0) {
        session.say(`${device.name}: all memory sections (${found.total}) already offline`);
        return 'nothing';
    }
    const off = found.total - found.online;
    if (off > 0) session.say(`${device.name}: ${off} memory section${s(off)} already offline`);
    const online = runsIn(tx.state, windowOf(tx.state, device)).filter((run) => run.state === 'online');
    const { failed } = eachBlock(tx, online, offlineBlocks);
    if (failed) {
        const path = `/sys/devices/system/node/node${device.targetNode}/memory${failed.block}/state`;
        session.say(`libdaxctl: offline_one_memblock: ${device.name}: Failed to offline ${path}: ${STRERROR[failed.errno]}`);
        session.say(`${device.name}: failed to offline memory: ${session.name(failed.errno)}`);
        noteForeignBlock(tx, device, failed.block);
        return failed.errno;
    }
    if (session.verbose) session.say(`${device.name}: ${found.online} memory section${s(found.online)} offlined`);
    return 0;
}

/** Blocks in daxctl's window that kmem did not add, and blocks of kmem outside it. */
function mismatch(tx: Tx, device: ListedDevice): { readonly foreign: number[][]; readonly missed: number[][] } {
    const { state } = tx;
    const { blockSize } = state.memory;
    const window = windowOf(state, device);
    const claims = (state.dax.devices.get(device.name)?.claims ?? []).map((c) => ({ first: c.start / blockSize, last: (c.end + 1) / blockSize - 1 }));
    const outside = (range: { first: number; last: number }, cuts: readonly { first: number; last: number }[]): number[][] => {
        const left: number[][] = [];
        let next = range.first;
        for (const cut of [...cuts].sort((a, b) => a.first - b.first)) {
            if (cut.first > next && next <= range.last) left.push([next, Math.min(cut.first - 1, range.last)]);
            next = Math.max(next, cut.last + 1);
        }
        if (next <= range.last) left.push([next, range.last]);
        return left;
    };
    return {
        foreign: runsIn(state, window).flatMap((run) => outside(run, claims)),
        missed: claims.flatMap((claim) => outside(claim, [window])),
    };
}

const blockNames = (runs: readonly number[][]): string[] => runs.map(([first, last]) => (first === last ? `memory${first}` : `memory${first}-${last}`));

/** Tells that daxctl will act on other blocks than those the device gave to the system (DXC-05). */
export function noteWindow(tx: Tx, device: ListedDevice): void {
    const { foreign, missed } = mismatch(tx, device);
    if (foreign.length > 0) {
        const names = blockNames(foreign);
        tx.note({
            code: 'daxctl/foreign-blocks', rules: ['DXC-05'], severity: 'warning', subject: device.name, others: names, data: { blocks: foreign.flat() },
            message: `daxctl counts ${names.join(', ')} to ${device.name} although kmem did not add ${foreign.length === 1 ? 'it' : 'them'}: taking the device back with daxctl will fail, sysfs works`,
        });
    }
    if (missed.length > 0) {
        const names = blockNames(missed);
        tx.note({
            code: 'daxctl/missed-blocks', rules: ['DXC-05'], severity: 'warning', subject: device.name, others: names, data: { blocks: missed.flat() },
            message: `daxctl does not see ${names.join(', ')} of ${device.name}, which lies in pieces: they stay as they are`,
        });
    }
}

function noteForeignBlock(tx: Tx, device: ListedDevice, block: number): void {
    const { foreign } = mismatch(tx, device);
    if (!foreign.some(([first, last]) => first! <= block && block <= last!)) return;
    tx.note({
        code: 'daxctl/foreign-offline', rules: ['DXC-05'], severity: 'error', subject: device.name, others: [`memory${block}`],
        message: `memory${block} is not memory of ${device.name}, but daxctl tries to offline it and stops: offline the device's own blocks through sysfs, then unbind kmem`,
    });
}
