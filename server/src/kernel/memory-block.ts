// Memory blocks: runs of blocks that agree, going online and offline (kernel model 03, D2 and D3). Nothing here costs more than the
// runs it touches; only the auto-movable policy, which decides block by block, is asked block by block.
import { leaveKernelHome, offlineObstacle, settleKernelHome } from './block-contents.ts';
import { hmatNodeOnline } from './dax-hmem.ts';
import { nodeDistance } from './numa.ts';
import type { Result } from './outcome.ts';
import { formatRange, hex, type Range } from './range.ts';
import { systemRam } from './resource.ts';
import type { BlockRun, KernelState, MemoryGroup, MemoryState, ZoneName } from './state.ts';
import type { Tx } from './tx.ts';
import { growZone, type OnlineType, pagesPerBlock, shrinkZone, storedNode, zoneEdges, zoneFor } from './zones.ts';

/** Bytes of a block, inclusive end. */
export function blockRange(memory: MemoryState, block: number): Range {
    return { start: block * memory.blockSize, end: (block + 1) * memory.blockSize - 1 };
}

/** Index of the first run that ends at or behind a block. */
function firstRunAt(blocks: readonly BlockRun[], block: number): number {
    let low = 0;
    let high = blocks.length;
    while (low < high) {
        const mid = (low + high) >> 1;
        if (blocks[mid]!.last < block) low = mid + 1;
        else high = mid;
    }
    return low;
}

/** The run a block belongs to; undefined where there is no such block. */
export function runOf(memory: MemoryState, block: number): BlockRun | undefined {
    const run = memory.blocks[firstRunAt(memory.blocks, block)];
    return run && run.first <= block ? run : undefined;
}

/** The runs that meet blocks [first, last], cut to it. */
export function runsWithin(memory: MemoryState, first: number, last: number): BlockRun[] {
    const out: BlockRun[] = [];
    for (let i = firstRunAt(memory.blocks, first); i < memory.blocks.length && memory.blocks[i]!.first <= last; i++) {
        const run = memory.blocks[i]!;
        out.push({ ...run, first: Math.max(run.first, first), last: Math.min(run.last, last) });
    }
    return out;
}

function alike(a: BlockRun, b: BlockRun): boolean {
    return a.state === b.state && a.zone === b.zone && a.early === b.early && a.group === b.group && a.selfHosted === b.selfHosted
        && a.pinned === b.pinned && a.nodes.length === b.nodes.length && a.nodes.every((n, i) => n === b.nodes[i]);
}

/** Puts `runs` in place of whatever blocks [first, last] were. Runs that agree and touch are joined. */
export function replaceBlocks(blocks: readonly BlockRun[], first: number, last: number, runs: readonly BlockRun[]): BlockRun[] {
    const from = firstRunAt(blocks, first);
    let to = from;
    while (to < blocks.length && blocks[to]!.first <= last) to++;
    const middle: BlockRun[] = [];
    const push = (run: BlockRun): void => {
        const previous = middle.at(-1);
        if (previous && previous.last + 1 === run.first && alike(previous, run)) middle[middle.length - 1] = { ...previous, last: run.last };
        else middle.push(run);
    };
    const low = Math.max(0, from - 1);
    const high = Math.min(blocks.length, to + 1);
    if (low < from) push(blocks[low]!);
    if (from < to && blocks[from]!.first < first) push({ ...blocks[from]!, last: first - 1 });
    for (const run of runs) push(run);
    if (from < to && blocks[to - 1]!.last > last) push({ ...blocks[to - 1]!, first: last + 1 });
    if (to < high) push(blocks[to]!);
    return [...blocks.slice(0, low), ...middle, ...blocks.slice(high)];
}

/** Counts pages that come to (or, negative, leave) a group's kernel or movable memory. */
function accountGroup(groups: ReadonlyMap<number, MemoryGroup>, id: number | undefined, zone: ZoneName, pages: number): ReadonlyMap<number, MemoryGroup> {
    const group = id === undefined ? undefined : groups.get(id);
    if (!group) return groups;
    const changed = zone === 'Movable'
        ? { ...group, presentMovablePages: group.presentMovablePages + pages }
        : { ...group, presentKernelPages: group.presentKernelPages + pages };
    return new Map(groups).set(group.id, changed);
}

/** Puts offline blocks of one run into a zone. */
function place(memory: MemoryState, run: BlockRun, zone: ZoneName): MemoryState {
    const perBlock = pagesPerBlock(memory);
    const pages = (run.last - run.first + 1) * perBlock;
    return {
        ...memory,
        blocks: replaceBlocks(memory.blocks, run.first, run.last, [{ ...run, state: 'online', zone }]),
        zones: growZone(memory.zones, storedNode(run), zone, run.first * perBlock, (run.last + 1) * perBlock),
        groups: accountGroup(memory.groups, run.group, zone, pages),
    };
}

/** What was in a block is gone once it is offline; a broken page stays broken. */
function withoutPin(run: BlockRun): BlockRun {
    if (run.pinned === undefined || run.pinned === 'hwpoison') return run;
    const { pinned: _pinned, ...rest } = run;
    void _pinned;
    return rest;
}

/** Takes online blocks of one run out of their zone. */
export function displace(memory: MemoryState, run: BlockRun): MemoryState {
    const zone = run.zone ?? 'Normal';
    const perBlock = pagesPerBlock(memory);
    const pages = (run.last - run.first + 1) * perBlock;
    const blocks = replaceBlocks(memory.blocks, run.first, run.last, [withoutPin({ ...run, state: 'offline', zone: null })]);
    return {
        ...leaveKernelHome({ ...memory, blocks }, storedNode(run), run),
        zones: shrinkZone({ ...memory, blocks }, storedNode(run), zone, run.first * perBlock, (run.last + 1) * perBlock),
        groups: accountGroup(memory.groups, run.group, zone, -pages),
    };
}

/** Brings offline blocks of a run online as sysfs or the default policy would, one after the other. `stays`, `local`: OFF-02. */
function onlineRun(memory: MemoryState, run: BlockRun, type: OnlineType, stays: boolean, local: boolean): MemoryState {
    const perBlock = pagesPerBlock(memory);
    const node = storedNode(run);
    const zoneOf = (block: number): ZoneName => zoneFor(memory, type, node, run.group, block * perBlock, (block + 1) * perBlock);
    const uniform = type !== 'online' || memory.onlinePolicy === 'contig-zones' || memory.groups.get(run.group ?? -1)?.kind === 'static';
    for (let block = run.first; block <= run.last;) {
        const zone = zoneOf(block);
        memory = place(memory, { ...run, first: block, last: block }, zone);
        if (zone !== 'Movable') memory = settleKernelHome(memory, node, block, stays, local);
        block++;
        // The blocks up to the next edge of a zone are decided alike.
        if (!uniform || block > run.last || zoneOf(block) !== zone) continue;
        const edge = zoneEdges(memory, node).find((e) => e > block) ?? Infinity;
        const last = Math.min(run.last, edge - 1);
        memory = place(memory, { ...run, first: block, last }, zone);
        block = last + 1;
    }
    return memory;
}

/**
 * Brings every offline block of [first, last] online (ONL-04, ONL-07). Blocks that are online already stay as they are; a block
 * with a poisoned page refuses (ONL-06). Answers how many blocks refused.
 */
export function onlineBlocks(tx: Tx, first: number, last: number, type: OnlineType): number {
    let memory = tx.state.memory;
    let refused = 0;
    const before = memory;
    for (const run of runsWithin(memory, first, last)) {
        if (run.state === 'online') continue;
        if (run.pinned === 'hwpoison' && tx.state.profile.hwpoisonBlocksOnline) {
            refused += run.last - run.first + 1;
            continue;
        }
        memory = onlineRun(memory, run, type, tx.state.profile.nodeDataInFirstBlock, (tx.state.numa.nodeCpus.get(storedNode(run))?.length ?? 0) > 0);
    }
    tx.set({ memory });
    logZonelists(tx, before, memory);
    const had = new Set(before.zones.map((z) => z.node));
    for (const node of new Set(memory.zones.map((z) => z.node))) if (!had.has(node)) hmatNodeOnline(tx, node);
    return refused;
}

/** The zonelists are built anew when a zone becomes populated or empty (ONL-07). */
export function logZonelists(tx: Tx, before: MemoryState, after: MemoryState): void {
    const key = (m: MemoryState): string => m.zones.map((z) => `${z.node}${z.zone}`).join();
    if (key(before) === key(after)) return;
    const nodes = [...new Set(after.zones.map((z) => z.node))];
    const { state } = tx;
    // one line for each node that names all nodes: a thousand of them would be a million numbers that hardly anybody reads
    for (const node of nodes) tx.infoWhenRead(() => `Fallback order for Node ${node}: ${fallbackOrder(state, node, nodes).join(' ')} `, 'ONL-07');
    tx.info(`Built ${nodes.length} zonelists, mobility grouping on.`, 'ONL-07');
}

/** All nodes, nearest to `node` first, itself before all others. */
function fallbackOrder(state: KernelState, node: number, nodes: readonly number[]): number[] {
    return [...nodes].sort((a, b) => distance(state, node, a) - distance(state, node, b) || a - b);
}

function distance(state: KernelState, from: number, to: number): number {
    return from === to ? -1 : nodeDistance(state.numa, from, to);
}

/**
 * Writes `online…` to a block's state.
 *
 * @returns ENODEV without such a block, EINVAL when it is online already (ONL-02), EHWPOISON for a poisoned page (ONL-06).
 */
export function onlineBlock(tx: Tx, block: number, type: OnlineType): Result {
    const run = runOf(tx.state.memory, block);
    if (!run) return 'ENODEV';
    if (run.state === 'online') {
        return tx.fail('EINVAL', {
            code: 'memory/no-change', rules: ['ONL-02'], subject: `memory${block}`, message: `memory${block} is online already: the kernel answers EINVAL, not success`,
        });
    }
    if (onlineBlocks(tx, block, block, type) > 0) {
        return tx.fail('EHWPOISON', {
            code: 'memory/hwpoison', rules: ['ONL-06'], subject: `memory${block}`, message: `memory${block} has a page with a hardware error and stays offline`,
        });
    }
    return 0;
}

/** May a block go offline, and if not, why (OFF-01, OFF-02)? Changes nothing. */
export function offlineRefusal(state: KernelState, block: number): { readonly errno: 'EINVAL' | 'EBUSY'; readonly rule: 'OFF-01' | 'OFF-02'; readonly reason: string } | undefined {
    const run = runOf(state.memory, block)!;
    const range = blockRange(state.memory, block);
    if (run.zone === null) return { errno: 'EINVAL', rule: 'OFF-01', reason: run.nodes.length > 1 ? 'it spans several nodes' : 'it spans several zones' };
    const ram = systemRam(state.iomem, range).reduce((sum, r) => sum + r.end - r.start + 1, 0);
    if (ram !== state.memory.blockSize) {
        return { errno: 'EINVAL', rule: 'OFF-01', reason: `it has holes: only ${ram / 2 ** 20} of its ${state.memory.blockSize / 2 ** 20} MiB are System RAM` };
    }
    const obstacle = offlineObstacle(run);
    return obstacle === undefined ? undefined : { errno: 'EBUSY', rule: 'OFF-02', reason: obstacle };
}

/**
 * Writes `offline` to a block's state.
 *
 * @returns ENODEV without such a block, EINVAL when it is offline already (ONL-02) or can never go offline (OFF-01), EBUSY where it
 * holds what cannot be moved (OFF-02).
 */
export function offlineBlock(tx: Tx, block: number): Result {
    const run = runOf(tx.state.memory, block);
    if (!run) return 'ENODEV';
    if (run.state === 'offline') {
        return tx.fail('EINVAL', {
            code: 'memory/no-change', rules: ['ONL-02'], subject: `memory${block}`, message: `memory${block} is offline already: the kernel answers EINVAL, not success`,
        });
    }
    const refusal = offlineRefusal(tx.state, block);
    if (refusal) {
        const range = blockRange(tx.state.memory, block);
        if (refusal.rule === 'OFF-02') {
            tx.log.push({ level: 'debug', text: `memory offlining [mem 0x${hex(range.start)}-0x${hex(range.end)}] failed due to unmovable page`, rule: 'OFF-02' });
        }
        return tx.fail(refusal.errno, {
            code: refusal.rule === 'OFF-01' ? 'memory/never-offline' : 'memory/unmovable', rules: [refusal.rule], subject: `memory${block}`, range,
            message: `memory${block} (${formatRange(range)}) cannot go offline: ${refusal.reason}`,
        });
    }
    const before = tx.state.memory;
    tx.set({ memory: displace(before, { ...run, first: block, last: block }) });
    logZonelists(tx, before, tx.state.memory);
    return 0;
}

/** Does nothing keep the blocks of an online run from going offline, one like the other: one zone, no hole, nothing that stays? */
function leavesAsOne(state: KernelState, run: BlockRun): boolean {
    if (run.zone === null || offlineObstacle(run) !== undefined) return false;
    const range = { start: blockRange(state.memory, run.first).start, end: blockRange(state.memory, run.last).end };
    return systemRam(state.iomem, range).reduce((sum, r) => sum + r.end - r.start + 1, 0) === range.end - range.start + 1;
}

/** Takes blocks [first, last] offline one by one, as drivers do; stops at the first that refuses and says what it answered. */
export function offlineBlocks(tx: Tx, first: number, last: number): Result {
    for (const run of runsWithin(tx.state.memory, first, last)) {
        if (run.state === 'offline') continue;
        if (leavesAsOne(tx.state, run)) {
            const before = tx.state.memory;
            tx.set({ memory: displace(before, run) });
            logZonelists(tx, before, tx.state.memory);
            continue;
        }
        for (let block = run.first; block <= run.last; block++) {
            const result = offlineBlock(tx, block);
            if (result !== 0) return result;
        }
    }
    return 0;
}
