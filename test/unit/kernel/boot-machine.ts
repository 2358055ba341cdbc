// Machines for tests of the boot: a PC with RAM below and above 4 GiB, and what one asks to be different.
import { E820, type E820Entry, type Machine, type SratMemory } from '../../../server/src/kernel/machine.ts';
import { GiB, KiB, MiB } from '../../../server/src/kernel/range.ts';

export const ram = (start: number, end: number): E820Entry => ({ start, end: end - 1, type: E820.RAM });
export const sratMemory = (pxm: number, start: number, end: number, hotplug?: true): SratMemory => ({ pxm, start, end: end - 1, ...(hotplug ? { hotplug } : {}) });

/** 2 GiB below 4 GiB and `high` bytes above. */
export function pc(high: number, change: Partial<Machine> = {}): Machine {
    return {
        arch: 'x86_64', kernel: '6.1', hypervisor: true, firmware: 'bios', cmdline: '', config: {}, cpus: 1,
        e820: [ram(0, 640 * KiB), ram(MiB, 2 * GiB), ...(high > 0 ? [ram(4 * GiB, 4 * GiB + high)] : [])],
        nfit: [], devices: [], cxlWindows: [], cxlMemdevs: [], resources: [], modules: [], ...change,
    };
}
