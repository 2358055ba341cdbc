// Who did that? Which line of a run made an object, took it away or brought it to the state it is in.
import type { KernelState } from '../kernel/state.ts';
import type { Origin, Run, StepRun, TextSpan } from './model.ts';

/** A word for an object of the kernel: `dax0.0`, `memory49`, `namespace0.0`, … */
export type ObjectKind =
    | 'dax device' | 'dax region' | 'memory block' | 'namespace' | 'nvdimm region' | 'NVDIMM' | 'node' | 'nd device' | 'hmem device' | 'virtio-mem device' | 'DIMM' | 'module'
    | 'CXL region' | 'CXL memory device';

/** What a name is in a state; undefined where there is no such thing. */
export function objectKind(state: KernelState, name: string): ObjectKind | undefined {
    if (state.dax.devices.has(name)) return 'dax device';
    if (state.nvdimm.namespaces.get(name)?.range) return 'namespace';
    if (state.nvdimm.regions.has(name)) return 'nvdimm region';
    const block = /^memory(\d+)$/.exec(name);
    if (block) return blockOf(state, Number(block[1])) ? 'memory block' : undefined;
    const node = /^node(\d+)$/.exec(name);
    if (node) return state.numa.online.includes(Number(node[1])) ? 'node' : undefined;
    if (state.nvdimm.namespaces.has(name)) return 'namespace';
    if (state.nvdimm.personalities.has(name)) return 'nd device';
    if (state.nvdimm.dimms.has(name)) return 'NVDIMM';
    if (state.hmem.devices.has(name)) return 'hmem device';
    if (state.dax.regions.has(name)) return 'dax region';
    for (const v of state.virtioMem.values()) if (v.name === name || v.device === name) return 'virtio-mem device';
    if (state.dimms.has(name)) return 'DIMM';
    if (state.cxl.regions.has(name)) return 'CXL region';
    if (state.cxl.memdevs.some((m) => m.name === name)) return 'CXL memory device';
    if (state.modules.has(name)) return 'module';
    return undefined;
}

function blockOf(state: KernelState, block: number): KernelState['memory']['blocks'][number] | undefined {
    const runs = state.memory.blocks;
    let low = 0;
    let high = runs.length - 1;
    while (low <= high) {
        const mid = (low + high) >> 1;
        const run = runs[mid]!;
        if (run.last < block) low = mid + 1;
        else if (run.first > block) high = mid - 1;
        else return run;
    }
    return undefined;
}

/** What people mean by the state of an object: enough to see that a step changed it. */
function condition(state: KernelState, name: string): string | undefined {
    const kind = objectKind(state, name);
    if (kind === undefined) return undefined;
    const block = /^memory(\d+)$/.exec(name);
    if (block) {
        const run = blockOf(state, Number(block[1]))!;
        return run.state === 'online' ? `online ${run.zone ?? ''}` : run.state;
    }
    const device = state.dax.devices.get(name);
    if (device) return device.driver === null ? 'bound to no driver' : `bound to ${device.driver}`;
    const namespace = state.nvdimm.namespaces.get(name);
    if (namespace) return namespace.holder ? `claimed by ${namespace.holder}` : namespace.enabled ? 'enabled' : 'disabled';
    return kind;
}

export interface Event {
    readonly what: 'made' | 'changed' | 'gone';
    /** Index into the run's steps; −1 = boot. */
    readonly step: number;
    /** `dax0.0 was made here`. */
    readonly message: string;
}

/** The last thing that happened to an object up to (not including) step `before`; undefined where it was never there. */
export function lastEvent(run: Run, name: string, before: number): Event | undefined {
    let now = condition(stateBefore(run, before), name);
    for (let i = before - 1; i >= 0; i--) {
        const { before: from, state: to } = run.steps[i]!;
        if (from === to) continue; // most failures change nothing at all
        const earlier = condition(from, name);
        if (earlier === now) continue;
        if (now === undefined) return { what: 'gone', step: i, message: `${name} went away here` };
        if (earlier === undefined) return { what: 'made', step: i, message: `${name} was made here` };
        return { what: 'changed', step: i, message: `${name} is ${now.trim()} since this line` };
    }
    now = condition(run.boot.state, name);
    return now === undefined ? undefined : { what: 'made', step: -1, message: `${name} is there since boot` };
}

/** The step that made an object which is there before step `before`; −1 = the boot. */
export function madeBy(run: Run, name: string, before: number): number | undefined {
    const kind = objectKind(stateBefore(run, before), name);
    if (kind === undefined) return undefined;
    // one name, two things: libnvdimm's seed dax0.0 is there since boot, the dax device of that name since some step
    for (let i = before - 1; i >= 0; i--) {
        const { before: from, state: to } = run.steps[i]!;
        if (from !== to && objectKind(from, name) !== kind) return i;
    }
    return -1;
}

/** State before a step; after the last one for `run.steps.length`. */
export function stateBefore(run: Run, step: number): KernelState {
    return run.steps[step]?.before ?? run.steps.at(-1)?.state ?? run.boot.state;
}

/** Where a step stands in the text. */
export function stepSpan(step: StepRun): TextSpan {
    return step.step.span;
}

/** The described thing that an address range comes from: the smallest one that holds its start. */
export function originOfRange(run: Run, start: number): Origin | undefined {
    let best: Origin | undefined;
    for (const o of run.platform.origins) {
        if (!o.range || start < o.range.start || start > o.range.end) continue;
        if (!best || o.range.end - o.range.start < best.range!.end - best.range!.start) best = o;
    }
    return best;
}

/** Range of addresses of an object, where it has one. */
export function objectRange(state: KernelState, name: string): { readonly start: number; readonly end: number } | undefined {
    const block = /^memory(\d+)$/.exec(name);
    if (block) return { start: Number(block[1]) * state.memory.blockSize, end: (Number(block[1]) + 1) * state.memory.blockSize - 1 };
    const device = state.dax.devices.get(name);
    if (device) return device.mappings[0] ?? state.dax.regions.get(device.region)?.range;
    return state.nvdimm.namespaces.get(name)?.range ?? state.nvdimm.regions.get(name)?.range ?? state.hmem.devices.get(name) ?? state.dax.regions.get(name)?.range
        ?? state.dimms.get(name) ?? [...state.virtioMem.values()].find((v) => v.name === name || v.device === name)?.region ?? state.cxl.regions.get(name)?.range;
}
