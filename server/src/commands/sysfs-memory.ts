// Memory blocks, nodes and the hotplug policy in sysfs (kernel model 03).
import { offlineBlock, offlineRefusal, onlineBlock, runOf } from '../kernel/memory-block.ts';
import type { Result } from '../kernel/outcome.ts';
import { hex } from '../kernel/range.ts';
import type { KernelState, MemoryState } from '../kernel/state.ts';
import type { Tx } from '../kernel/tx.ts';
import { virtioMemRetry } from '../kernel/virtio-mem.ts';
import { type OnlineType, validZones } from '../kernel/zones.ts';
import { poisonPage } from '../kernel/hwpoison.ts';
import type { Params, SysfsAttribute } from './sysfs.ts';

const MEMORY = '/sys/devices/system/memory';
const PARAMETERS = '/sys/module/memory_hotplug/parameters';
const ONLINE_TYPES: readonly string[] = ['online', 'online_kernel', 'online_movable'];
/** More names than this help nobody who completes a path. */
const MANY = 4096;

const line = (value: number | string): { readonly text: string } => ({ text: `${value}\n` });

/** Number of a block that the state has, on the node that the path names if it names one. */
function blockOf(state: KernelState, params: Params): number | undefined {
    const text = params['block'] ?? '';
    if (!/^(?:0|[1-9]\d{0,12})$/.test(text)) return undefined;
    const run = runOf(state.memory, Number(text));
    return run && (params['node'] === undefined || run.nodes.some((n) => `${n}` === params['node'])) ? Number(text) : undefined;
}

function blockNames(state: KernelState): readonly string[] {
    const out: string[] = [];
    for (const run of state.memory.blocks) {
        for (let block = run.first; block <= run.last && out.length < MANY; block++) out.push(`${block}`);
    }
    return out;
}

function bringOnline(tx: Tx, block: number, type: OnlineType): Result {
    const result = onlineBlock(tx, block, type);
    if (result === 0) virtioMemRetry(tx);
    return result;
}

/** ONL-02. */
function writeState(tx: Tx, block: number, value: string): Result {
    if (ONLINE_TYPES.includes(value)) return bringOnline(tx, block, value as OnlineType);
    if (value === 'offline') return offlineBlock(tx, block);
    return tx.fail('EINVAL', {
        code: 'memory/bad-state', rules: ['ONL-02'], subject: `memory${block}`, message: 'the kernel takes online, online_kernel, online_movable and offline only',
    });
}

/** `online`: 1 and 0 as every hot-pluggable device has them; no change is no error there. */
function writeOnline(tx: Tx, block: number, value: string): Result {
    const wanted = /^[1yYtT]|^on/.test(value) ? 'online' : /^[0nNfF]|^of/.test(value) ? 'offline' : undefined;
    if (wanted === undefined) return 'EINVAL';
    if (runOf(tx.state.memory, block)!.state === wanted) return 0;
    return wanted === 'online' ? bringOnline(tx, block, 'online') : offlineBlock(tx, block);
}

function blockAttribute(directory: string, file: string, doc: string, rules: SysfsAttribute['rules'], rest: {
    readonly read: (state: KernelState, block: number) => { readonly text: string };
    readonly write?: (tx: Tx, block: number, value: string) => Result;
    readonly values?: (state: KernelState, block: number) => readonly string[];
}): SysfsAttribute {
    const { read, write, values } = rest;
    return {
        path: `${directory}/memory:block/${file}`, doc, ...(rules ? { rules } : {}),
        exists: (state, params) => blockOf(state, params) !== undefined,
        read: (state, params) => read(state, blockOf(state, params)!),
        ...(write ? { write: (tx: Tx, params: Params, value: string): Result => write(tx, blockOf(tx.state, params)!, value) } : {}),
        ...(values ? { values: (state: KernelState, params: Params): readonly string[] => {
            const block = blockOf(state, params);
            return block === undefined ? [] : values(state, block);
        } } : {}),
        params: (state, name) => (name === 'block' ? blockNames(state) : name === 'node' ? state.numa.online.map(String) : []),
    };
}

const blockAttributes = (directory: string): readonly SysfsAttribute[] => [
    blockAttribute(directory, 'state', 'Whether the block is in use; writing online, online_kernel, online_movable or offline changes it.', ['ONL-02', 'ONL-04', 'OFF-01', 'OFF-02'], {
        read: (state, block) => line(runOf(state.memory, block)!.state), write: writeState,
        values: (state, block) => (runOf(state.memory, block)!.state === 'offline' ? [...ONLINE_TYPES] : offlineRefusal(state, block) ? [] : ['offline']),
    }),
    blockAttribute(directory, 'online', '1 or 0: the block as a device that can go online and offline.', ['ONL-02'], {
        read: (state, block) => line(runOf(state.memory, block)!.state === 'online' ? 1 : 0), write: writeOnline, values: () => ['0', '1'],
    }),
    blockAttribute(directory, 'valid_zones', 'The zone of an online block; of an offline one the zones it can go to, the default first.', ['ONL-03'], {
        read: (state, block) => line(validZones(state.memory, runOf(state.memory, block)!, block)),
    }),
    blockAttribute(directory, 'removable', 'Always 1 where the kernel can remove memory; it says nothing.', ['ONL-03'], { read: () => line(1) }),
    blockAttribute(directory, 'phys_index', 'The block number in hexadecimal.', ['GEO-03'], { read: (_state, block) => line(hex(block, 8)) }),
    blockAttribute(directory, 'phys_device', 'Unused on x86-64.', ['GEO-03'], { read: () => line(0) }),
];

function memoryAttribute(
    path: string, doc: string, rules: SysfsAttribute['rules'], read: ((state: KernelState) => string | number) | undefined,
    write?: (tx: Tx, value: string) => Result, values?: (state: KernelState) => readonly string[], exists?: (state: KernelState) => boolean,
): SysfsAttribute {
    return {
        path, doc, ...(rules ? { rules } : {}), ...(exists ? { exists } : {}),
        ...(read ? { read: (state: KernelState): { readonly text: string } => line(read(state)) } : {}),
        ...(write ? { write: (tx: Tx, _params: Params, value: string): Result => write(tx, value) } : {}),
        ...(values ? { values } : {}),
    };
}

function setMemory(tx: Tx, change: Partial<MemoryState>): 0 {
    tx.set({ memory: { ...tx.state.memory, ...change } });
    return 0;
}

/** ONL-01. */
function writeAutoOnline(tx: Tx, value: string): Result {
    if (tx.state.profile.autoOnlineValues.includes(value)) return setMemory(tx, { autoOnline: value });
    return tx.fail('EINVAL', { code: 'memory/bad-policy', rules: ['ONL-01'], message: `this kernel takes ${tx.state.profile.autoOnlineValues.join(', ')}` });
}

/** ONL-05. */
function writePolicy(tx: Tx, value: string): Result {
    if (value === 'contig-zones' || value === 'auto-movable') return setMemory(tx, { onlinePolicy: value });
    return tx.fail('EINVAL', { code: 'memory/bad-policy', rules: ['ONL-05'], message: 'the policy is contig-zones or auto-movable' });
}

const hasGroups = (state: KernelState): boolean => state.profile.memoryGroups;

/** The page of a physical address, as memory-failure testing names it. */
function writePoison(tx: Tx, value: string): Result {
    if (!/^(?:0[xX][0-9a-fA-F]+|\d+)$/.test(value)) return 'EINVAL';
    return poisonPage(tx, Number(value));
}

const policy: readonly SysfsAttribute[] = [
    memoryAttribute(`${MEMORY}/auto_online_blocks`, 'What happens to memory blocks when they are added.', ['ONL-01'], (state) => state.memory.autoOnline, writeAutoOnline, (state) => state.profile.autoOnlineValues),
    memoryAttribute(`${MEMORY}/block_size_bytes`, 'Bytes of a memory block, in hexadecimal.', ['GEO-03', 'GEO-04'], (state) => hex(state.memory.blockSize)),
    memoryAttribute(`${MEMORY}/probe`, 'Adds memory by address; x86-64 kernels of distributions are built without it.', ['MHP-01'], undefined, undefined, undefined, () => false),
    memoryAttribute(`${MEMORY}/hard_offline_page`, 'Treats the page at a physical address as broken.', ['ONL-06'], undefined, writePoison),
    memoryAttribute(`${MEMORY}/soft_offline_page`, 'Moves the page at a physical address away and uses it no more.', ['ONL-06'], undefined, writePoison),
    memoryAttribute(`${PARAMETERS}/online_policy`, 'How plain `online` chooses the zone: contig-zones or auto-movable.', ['ONL-05'], (state) => state.memory.onlinePolicy, writePolicy, () => ['contig-zones', 'auto-movable'], hasGroups),
    memoryAttribute(`${PARAMETERS}/auto_movable_ratio`, 'Most ZONE_MOVABLE memory per early kernel memory, in percent.', ['ONL-05'], (state) => state.memory.autoMovableRatio, (tx, value) => {
        return /^\d{1,9}$/.test(value) ? setMemory(tx, { autoMovableRatio: Number(value) }) : 'EINVAL';
    }, undefined, hasGroups),
    memoryAttribute(`${PARAMETERS}/auto_movable_numa_aware`, 'Whether each node keeps the ratio as well.', ['ONL-05'], (state) => (state.memory.autoMovableNumaAware ? 'Y' : 'N'), (tx, value) => {
        return /^(?:[1yYtT]|on)/.test(value) ? setMemory(tx, { autoMovableNumaAware: true }) : /^(?:[0nNfF]|of)/.test(value) ? setMemory(tx, { autoMovableNumaAware: false }) : 'EINVAL';
    }, () => ['Y', 'N'], hasGroups),
    memoryAttribute(`${PARAMETERS}/memmap_on_memory`, 'Whether added memory may hold its own struct pages; set at boot only.', ['MHP-09'], (state) => (state.memory.memmapOnMemory ? 'Y' : 'N'), undefined, undefined, (state) => state.profile.memmapOnMemory !== 'none'),
];

export const memoryAttributes: readonly SysfsAttribute[] = [
    ...blockAttributes(MEMORY), ...blockAttributes('/sys/bus/memory/devices'), ...blockAttributes('/sys/devices/system/node/node:node'), ...policy,
];
