// A small machine with soft-reserved memory for tests of the dax core, booted by the real boot code.
import { boot } from '../../../server/src/kernel/boot.ts';
import { E820, type Machine } from '../../../server/src/kernel/machine.ts';
import { GiB, KiB, MiB, rangeOf } from '../../../server/src/kernel/range.ts';
import type { KernelState } from '../../../server/src/kernel/state.ts';
import { Tx } from '../../../server/src/kernel/tx.ts';

/** Start of the soft-reserved range. */
export const SOFT = 0x140000000;

export interface Given {
    readonly kernel?: string;
    readonly cmdline?: string;
    readonly modules?: readonly string[];
    /** Bytes of the soft-reserved range at 5 GiB. */
    readonly soft?: number;
    readonly start?: number;
}

/** 2 GiB of low RAM, RAM from 4 to 5 GiB and from 9 to 10 GiB, a soft-reserved range at 5 GiB (4 GiB unless said otherwise). */
export function machine(given: Given = {}): Machine {
    const start = given.start ?? SOFT;
    const soft = rangeOf(start, given.soft ?? 4 * GiB);
    return {
        arch: 'x86_64', kernel: given.kernel ?? '6.1', hypervisor: true, firmware: 'efi', cmdline: given.cmdline ?? '', config: {}, cpus: 1,
        e820: [
            { start: 0, end: 640 * KiB - 1, type: E820.RAM },
            { start: MiB, end: 2 * GiB - 1, type: E820.RAM },
            { start: 4 * GiB, end: start - 1, type: E820.RAM },
            { ...soft, type: E820.SOFT_RESERVED },
            { start: 9 * GiB, end: 10 * GiB - 1, type: E820.RAM },
        ],
        nfit: [], devices: [], cxlWindows: [], cxlMemdevs: [], resources: [], modules: given.modules ?? ['device_dax', 'dax_hmem'],
    };
}

export function booted(given: Given = {}): KernelState {
    return boot(machine(given)).state;
}

/** The booted machine, ready for operations. */
export function started(given: Given = {}): Tx {
    return new Tx(booted(given));
}
