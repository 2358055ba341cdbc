// How the simulator's cost grows with the machine: a boot, and one further step on what has been booted. In this process, once warm.
import { execute } from '../../server/src/commands/engine.ts';
import { parseLine, type Prompt } from '../../server/src/commands/line.ts';
import { boot } from '../../server/src/kernel/boot.ts';
import { E820, type E820Entry, type Machine, type NfitRange, type SratMemory } from '../../server/src/kernel/machine.ts';
import { GiB, rangeOf } from '../../server/src/kernel/range.ts';

const TiB = 1024 * GiB;

const BASE: Machine = {
    arch: 'x86_64', kernel: '6.1', hypervisor: false, firmware: 'efi', cmdline: '', config: {}, cpus: 1, e820: [{ ...rangeOf(0, 4 * GiB), type: E820.RAM }], nfit: [], devices: [],
    cxlWindows: [], cxlMemdevs: [], resources: [], modules: ['nfit', 'nd_e820', 'nd_pmem', 'device_dax', 'dax_hmem'],
};

/** 64 TiB of RAM in so many ranges on up to 1024 nodes; blocks are 2 GiB. */
export function manyRanges(count: number): Machine {
    const size = Math.floor(64 * TiB / count / (2 * GiB)) * 2 * GiB;
    const e820: E820Entry[] = [];
    const memory: SratMemory[] = [];
    for (let i = 0; i < count; i++) {
        const range = rangeOf(i * size, size - (i % 2 === 0 || size === 2 * GiB ? 0 : 2 * GiB));
        e820.push({ ...range, type: E820.RAM });
        memory.push({ ...range, pxm: Math.floor(i * Math.min(1024, count) / count) });
    }
    return { ...BASE, e820, srat: { cpus: [{ pxm: 0, apicId: 0 }], memory } };
}

const spaced = (count: number): { start: number; end: number }[] => Array.from({ length: count }, (_, i) => rangeOf(TiB + i * 4 * GiB, 2 * GiB));

/** So many NVDIMMs, each a region. */
export function manyRegions(count: number): Machine {
    return { ...BASE, nfit: spaced(count).map((range, i): NfitRange => ({ ...range, proximityDomain: 0, dimms: [`nvdimm${i}`], labelSize: 0 })) };
}

/** So many soft-reserved ranges, each a dax region. */
export function manySoftReserved(count: number): Machine {
    return { ...BASE, e820: [...BASE.e820, ...spaced(count).map((range) => ({ ...range, type: E820.SOFT_RESERVED }))] };
}

export interface Point {
    readonly what: string;
    readonly count: number;
    /** Milliseconds. */
    readonly boot: number;
    /** Milliseconds for one step that touches one thing. */
    readonly step: number;
}

/** p50 of a few boots of the machine, and of one step on it. */
export function measure(what: string, count: number, machine: Machine, line: string, runs = 5): Point {
    const parsed = parseLine('$' satisfies Prompt, line);
    const boots: number[] = [];
    const steps: number[] = [];
    for (let i = 0; i < runs; i++) {
        const begin = performance.now();
        const { state } = boot(machine);
        const middle = performance.now();
        execute(state, parsed);
        boots.push(middle - begin);
        steps.push(performance.now() - middle);
    }
    const median = (times: number[]): number => times.sort((a, b) => a - b)[times.length >> 1]!;
    return { what, count, boot: median(boots), step: median(steps) };
}

/** The curve: what grows, and how far. */
export function curve(runs?: number): Point[] {
    return [
        ...[1000, 2500, 5000, 10_000].map((n) => measure('64 TiB in ranges', n, manyRanges(n), 'echo offline > /sys/devices/system/memory/memory5000/state', runs)),
        ...[500, 1000, 2000, 4000].map((n) => measure('NVDIMM regions', n, manyRegions(n), 'echo namespace7.0 > /sys/bus/nd/drivers/nd_pmem/unbind', runs)),
        ...[500, 1000, 2000, 4000].map((n) => measure('soft-reserved ranges', n, manySoftReserved(n), 'echo dax7.0 > /sys/bus/dax/drivers/device_dax/unbind', runs)),
    ];
}
