// Small machines with persistent memory for tests, booted by the real boot code and driven by real command lines.
import { execute } from '../../../server/src/commands/engine.ts';
import { parseLine } from '../../../server/src/commands/line.ts';
import { boot } from '../../../server/src/kernel/boot.ts';
import { E820, type Machine, type NfitRange } from '../../../server/src/kernel/machine.ts';
import type { Outcome } from '../../../server/src/kernel/outcome.ts';
import { GiB, KiB, MiB, type Range, rangeOf } from '../../../server/src/kernel/range.ts';
import { formatIomem } from '../../../server/src/kernel/resource.ts';
import type { KernelState } from '../../../server/src/kernel/state.ts';

export const MODULES = ['nfit', 'nd_e820', 'nd_pmem', 'dax_pmem', 'device_dax', 'cxl_acpi', 'cxl_mem', 'cxl_pmem'];

export interface NdGiven {
    readonly kernel?: string;
    /** Legacy persistent memory. */
    readonly legacy?: readonly Range[];
    readonly nfit?: readonly NfitRange[];
    readonly cxl?: Pick<Machine, 'cxlWindows' | 'cxlMemdevs'>;
    readonly modules?: readonly string[];
}

/** 2 GiB of low RAM, RAM from 4 to 6 and from 16 to 17 GiB, and what is given. */
export function ndMachine(given: NdGiven): Machine {
    return {
        arch: 'x86_64', kernel: given.kernel ?? '6.1', hypervisor: true, firmware: 'bios', cmdline: '', config: {}, cpus: 1,
        e820: [
            { start: 0, end: 640 * KiB - 1, type: E820.RAM },
            { start: MiB, end: 2 * GiB - 1, type: E820.RAM },
            { start: 4 * GiB, end: 6 * GiB - 1, type: E820.RAM },
            { start: 16 * GiB, end: 17 * GiB - 1, type: E820.RAM },
            ...(given.legacy ?? []).map((r) => ({ ...r, type: E820.PRAM })),
        ],
        nfit: given.nfit ?? [], devices: [], cxlWindows: given.cxl?.cxlWindows ?? [], cxlMemdevs: given.cxl?.cxlMemdevs ?? [], resources: [],
        modules: given.modules ?? MODULES,
    };
}

/** A machine that runs command lines one after the other. */
export class Terminal {
    state: KernelState;

    constructor(given: NdGiven) {
        this.state = boot(ndMachine(given)).state;
    }

    run(line: string): Outcome {
        const { state, outcome } = execute(this.state, parseLine(line.startsWith('(qemu)') ? '(qemu)' : '$', line.replace(/^\(qemu\) /, '')));
        this.state = state;
        return outcome;
    }

    /** Runs a line that must succeed. */
    ok(line: string): Outcome {
        const outcome = this.run(line);
        if (outcome.status !== 0 || outcome.notSimulated) throw new Error(`${line}: exit ${outcome.status} ${outcome.notSimulated ?? ''}\n${outcome.stderr}${outcome.log.map((l) => l.text).join('\n')}`);
        return outcome;
    }

    /** /proc/iomem from the first line that matches on, as long as lines are nested below it. */
    iomem(under: RegExp): string[] {
        const lines = formatIomem(this.state.iomem, this.state.profile.iomemDepth).split('\n');
        const from = lines.findIndex((l) => under.test(l));
        if (from < 0) return [];
        const depth = /^ */.exec(lines[from]!)![0].length;
        const rest = lines.slice(from + 1);
        const to = rest.findIndex((l) => /^ */.exec(l)![0].length <= depth);
        return [lines[from]!, ...rest.slice(0, to)].map((l) => l.slice(depth));
    }

}

/** A labelled region of `size` bytes at 6 GiB, its labels initialised (v1.1). */
export const labelled = (size: number, more: Partial<NfitRange> = {}): NfitRange => ({
    ...rangeOf(6 * GiB, size), proximityDomain: 0, dimms: ['nvd0'], labelSize: 2 * MiB, labelsInitialised: true, ...more,
});
