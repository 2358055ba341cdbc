// Machines and runs for tests of pictures.
import { readdirSync, readFileSync } from 'node:fs';
import { boot } from '../../../server/src/kernel/boot.ts';
import { E820, type E820Entry, type Machine } from '../../../server/src/kernel/machine.ts';
import { GiB, MiB } from '../../../server/src/kernel/range.ts';
import type { KernelState } from '../../../server/src/kernel/state.ts';
import { lowerFile } from '../../../server/src/language/file.ts';
import type { Run } from '../../../server/src/language/model.ts';
import { runPlatform, runScenario } from '../../../server/src/language/run.ts';
import type { MapItem, MapModel, MapRowName } from '../../../server/src/render/address-map-model.ts';

const FOLDER = new URL('../../../examples/', import.meta.url);

export const EXAMPLES: readonly string[] = readdirSync(FOLDER).filter((f) => f.endsWith('.memtopo')).sort();

/** Runs of a text: of its scenarios, or of its platforms where it has none. */
export function runsOfText(text: string, uri = 'test:///a.memtopo'): Run[] {
    const file = lowerFile(uri, text, (other) => readFileSync(new URL(other), 'utf8'));
    const runs = file.scenarios.flatMap((s) => runScenario(s) ?? []);
    return runs.length > 0 ? runs : file.platforms.map((p) => runPlatform(p));
}

export function runsOfExample(name: string): Run[] {
    const uri = new URL(name, FOLDER);
    return runsOfText(readFileSync(uri, 'utf8'), uri.href);
}

/** All states of a run, the boot first. */
export function statesOf(run: Run): KernelState[] {
    return [run.boot.state, ...run.steps.map((s) => s.state)];
}

/** A booted machine with a firmware map of pairs (RAM, hole) of MiB, in ascending addresses. */
export function bootWith(pieces: readonly { readonly type: number; readonly mib: number; readonly gapMib: number }[]): KernelState {
    const e820: E820Entry[] = [{ start: 0, end: 2 * GiB - 1, type: E820.RAM }];
    let at = 4 * GiB;
    for (const p of pieces) {
        at += p.gapMib * MiB;
        e820.push({ start: at, end: at + p.mib * MiB - 1, type: p.type });
        at += p.mib * MiB;
    }
    const machine: Machine = {
        arch: 'x86_64', kernel: '6.12', hypervisor: false, firmware: 'efi', cmdline: '', config: {}, cpus: 4, e820, nfit: [], devices: [], cxlWindows: [], cxlMemdevs: [], resources: [],
        modules: ['dax_hmem', 'nd_pmem'],
    };
    return boot(machine).state;
}

/** A model of nothing but given ranges. */
export function modelOf(ranges: readonly { readonly start: number; readonly size: number; readonly row?: MapRowName; readonly kind?: MapItem['kind'] }[]): MapModel {
    return {
        blockSize: 128 * MiB,
        items: ranges.map((r, i): MapItem => ({
            key: `t:${i}`, row: r.row ?? 'blocks', range: { start: r.start, end: r.start + r.size - 1 }, kind: r.kind ?? 'ram', labels: [`thing number ${i} of many`, `thing ${i}`, `${i}`],
            title: `thing ${i}`, sourceKey: `t:${i}`, mark: 'same',
        })),
    };
}
