// A machine with a hotplug window on two nodes, and the invariants that hold after every operation on its memory.
import { expect } from 'vitest';
import { boot } from '../../../server/src/kernel/boot.ts';
import type { Machine, MemoryDevice } from '../../../server/src/kernel/machine.ts';
import { GiB, MiB, PAGE, rangeOf } from '../../../server/src/kernel/range.ts';
import { walk } from '../../../server/src/kernel/resource.ts';
import type { KernelState } from '../../../server/src/kernel/state.ts';
import { Tx } from '../../../server/src/kernel/tx.ts';
import { readableRuns } from '../../../server/src/kernel/zones.ts';
import { pc, sratMemory } from './boot-machine.ts';

/** First address behind boot RAM: block 48. */
export const WINDOW = 6 * GiB;
export const BLOCK = 128 * MiB;

/** 4 GiB of RAM on node 0; the window is node 0 up to 38 GiB, then node 1 up to 70 GiB. */
export function pluggable(change: Partial<Machine> = {}): Machine {
    return pc(2 * GiB, {
        srat: { cpus: [{ pxm: 0, apicId: 0 }], memory: [
            sratMemory(0, 0, 2 * GiB), sratMemory(0, 4 * GiB, 6 * GiB), sratMemory(0, WINDOW, 38 * GiB, true), sratMemory(1, 38 * GiB, 70 * GiB, true),
        ] },
        hotplugWindow: { ...rangeOf(WINDOW, 64 * GiB), slots: 8 },
        ...change,
    });
}

export function ready(change: Partial<Machine> = {}): Tx {
    return new Tx(boot(pluggable(change)).state);
}

export function virtioMem(size: number, requestedSize: number, blockSize = 2 * MiB): MemoryDevice {
    return { kind: 'virtio-mem', id: 'vm0', pxm: 0, ...rangeOf(WINDOW, size), blockSize, requestedSize, virtio: 'virtio0' };
}

/** `48-51 offline Normal Movable`, from block 48 on. */
export function blocks(state: KernelState): string[] {
    return readableRuns(state.memory).filter((r) => r.last >= 48).map((r) => ({ ...r, first: Math.max(r.first, 48) }))
        .map((r) => `${r.first === r.last ? r.first : `${r.first}-${r.last}`} ${r.state} ${r.validZones}`);
}

/** What must hold of every state. */
export function checkInvariants(state: KernelState): void {
    const { memory } = state;
    const perBlock = memory.blockSize / PAGE;
    let next = 0;
    for (const run of memory.blocks) {
        expect(run.first).toBeGreaterThanOrEqual(next);
        expect(run.last).toBeGreaterThanOrEqual(run.first);
        next = run.last + 1;
        if (run.state === 'offline') expect(run.zone).toBeNull();
    }
    for (const zone of memory.zones) {
        expect(zone.present).toBeGreaterThan(0);
        expect(zone.endPfn - zone.startPfn).toBeGreaterThanOrEqual(zone.present);
        const whole = memory.blocks.filter((b) => b.state === 'online' && b.zone === zone.zone && b.nodes.includes(zone.node));
        for (const b of whole) {
            expect(b.first * perBlock).toBeGreaterThanOrEqual(Math.floor(zone.startPfn / perBlock) * perBlock);
            expect((b.last + 1) * perBlock).toBeLessThanOrEqual(Math.ceil(zone.endPfn / perBlock) * perBlock);
        }
        const added = whole.filter((b) => !b.early).reduce((sum, b) => sum + (b.last - b.first + 1) * perBlock, 0);
        expect(zone.present).toBeGreaterThanOrEqual(added);
        if (zone.zone === 'Movable') expect(zone.present).toBe(added);
    }
    for (let i = 1; i < memory.present.length; i++) expect(memory.present[i]!.start).toBeGreaterThan(memory.present[i - 1]!.end);
    for (const { resource } of walk(state.iomem)) {
        let end = resource.start - 1;
        for (const child of resource.children) {
            expect(child.start).toBeGreaterThan(end);
            expect(child.end).toBeLessThanOrEqual(resource.end);
            end = child.end;
        }
    }
}
