// ACPI memory devices (drivers/acpi/acpi_memhotplug.c): DIMMs present at boot, hot-added and ejected.
import type { DimmDevice } from './machine.ts';
import { displace, logZonelists, offlineBlock, onlineBlocks, runsWithin } from './memory-block.ts';
import { addMemory, registerGroup, removeMemory, unregisterGroup } from './memory-hotplug.ts';
import { memoryAddPhysaddrToNid } from './numa.ts';
import type { Result } from './outcome.ts';
import { lastParameter, parseCmdline, parseSize } from './cmdline.ts';
import { PAGE, type Range, sizeOf } from './range.ts';
import type { BlockRun, KernelState } from './state.ts';
import type { Tx } from './tx.ts';

/** Name of the ACPI device as the log has it; devices are numbered as they appear. */
function acpiName(index: number): string {
    return `acpi PNP0C80:${index.toString(16).padStart(2, '0')}`;
}

/** Upper end for memory added while booting, from `mem=` (E820-05); exclusive. */
function bootCeiling(state: KernelState): number {
    const limit = lastParameter(parseCmdline(state.machine.cmdline), 'mem');
    const size = limit === undefined ? undefined : parseSize(limit);
    return size !== undefined && size.length > 0 ? size.value : Infinity;
}

/**
 * Adds a memory device: Linux takes its memory or refuses it; the device is there either way (MHP-01).
 *
 * @returns what adding the memory answered; EEXIST counts as memory that is in use already.
 */
export function dimmAdd(tx: Tx, device: DimmDevice & { readonly backend?: string }, booting = false): Result {
    const range: Range = { start: device.start, end: device.end };
    const name = acpiName(tx.state.dimms.size);
    const node = tx.state.numa.pxmToNode.get(device.pxm) ?? memoryAddPhysaddrToNid(tx.state, device.start);
    let result: Result;
    let claim: number | undefined;
    if (booting && range.end >= bootCeiling(tx.state)) {
        result = tx.fail('E2BIG', { code: 'hotplug/mem-limit', rules: ['E820-05'], subject: device.id, range, message: '`mem=` keeps memory above it out while the kernel boots' });
    } else {
        const group = registerGroup(tx, 'static', node, sizeOf(range) / PAGE);
        const added = addMemory(tx, { node, range, resourceName: 'System RAM', memmapOnMemory: true, ...(group === undefined ? {} : { group }) });
        ({ result, claim } = added);
        if (result !== 0) unregisterGroup(tx, group);
    }
    if (result !== 0 && result !== 'EEXIST') {
        tx.err(`${name}: add_memory failed`, 'MHP-01');
        tx.err(`${name}: acpi_memory_enable_device() error`, 'MHP-01');
    }
    const dimm = { ...range, pxm: device.pxm, added: result === 0, ...(claim === undefined ? {} : { claim }), ...(device.backend === undefined ? {} : { backend: device.backend }) };
    tx.set({ dimms: new Map(tx.state.dimms).set(device.id, dimm) });
    return result;
}

/** Takes every online block of the runs offline that can; answers which, and the first that refused. */
function offlineAll(tx: Tx, runs: readonly BlockRun[]): { readonly left: readonly BlockRun[]; readonly refused?: { readonly block: number; readonly result: Result } } {
    const left: BlockRun[] = [];
    let refused: { block: number; result: Result } | undefined;
    for (const run of runs) {
        if (run.state === 'offline') continue;
        // Blocks of a run are alike, so the first tells for all of them.
        const result = offlineBlock(tx, run.first);
        if (result === 0) {
            if (run.last > run.first) tx.set({ memory: displace(tx.state.memory, { ...run, first: run.first + 1 }) });
            left.push(run);
        } else refused ??= { block: run.first, result };
    }
    return refused ? { left, refused } : { left };
}

/**
 * The hypervisor asks for a device back: its blocks go offline, kernel zones included where nothing keeps them (OFF-02), then the
 * memory and the device go. One block that stays keeps the device, and the blocks that had gone offline come back as plain `online`
 * decides, not in the zones they were in (RMV-05).
 *
 * @returns EBUSY when the device stays.
 */
export function dimmEject(tx: Tx, id: string): Result {
    const dimm = tx.state.dimms.get(id);
    if (!dimm) return 'ENODEV';
    if (dimm.added) {
        const before = tx.state;
        const { memory } = before;
        const first = Math.floor(dimm.start / memory.blockSize);
        const last = Math.floor(dimm.end / memory.blockSize);
        const runs = runsWithin(memory, first, last);
        const { left, refused } = offlineAll(tx, runs);
        logZonelists(tx, memory, tx.state.memory);
        if (refused) {
            tx.warn(`memory memory${refused.block}: Offline failed.`, 'RMV-05');
            for (const run of left) onlineBlocks(tx, run.first, run.last, 'online');
            return refused.result;
        }
        const result = removeMemory(tx, dimm, dimm.claim);
        if (result !== 0) {
            tx.set({ memory });
            return result;
        }
        for (const group of new Set(runs.map((r) => r.group))) unregisterGroup(tx, group);
    }
    const dimms = new Map(tx.state.dimms);
    dimms.delete(id);
    tx.set({ dimms });
    return 0;
}

/** Memory devices that are in their slots when the kernel boots. */
export function dimmsAtBoot(tx: Tx): void {
    for (const device of tx.state.machine.devices) if (device.kind === 'dimm') dimmAdd(tx, device, true);
}
