// `device` and `namespace` blocks as the commands that reach them. Which commands these are depends on the names Linux gave to what
// it found (region0, dax1.0), so they are written one by one, each from the state that the one before left.
import type { KernelState } from '../kernel/state.ts';
import type { Described, DescribedPmem, DescribedSoftReserved, Provision } from './described.ts';
import { writeSize } from './numbers.ts';

export type Command = { readonly provision: Provision; readonly line: string };
export type Missing = { readonly provision: Provision; readonly why: string };

/** Yields the shell lines in order; `next(state)` hands in the state after the line just yielded. A Missing takes no line. */
export function* provisioning(d: Described, booted: KernelState): Generator<Command | Missing, void, KernelState> {
    let state = booted;
    for (const s of d.softReserved) state = yield* softReserved(s, state);
    for (const p of d.pmem) state = yield* pmem(p, state);
}

type Steps = Generator<Command | Missing, KernelState, KernelState>;

function* softReserved(s: DescribedSoftReserved, booted: KernelState): Steps {
    let state = booted;
    if (s.devices.length === 0) return state;
    const region = [...state.dax.regions.values()].find((r) => r.origin === 'hmem' && r.range.start === s.range.start);
    if (!region) {
        for (const provision of s.devices) state = yield { provision, why: 'Linux made no dax region of this range' };
        return state;
    }
    const size = s.range.end - s.range.start + 1;
    for (const [i, provision] of s.devices.entries()) {
        let name = `dax${region.id}.0`;
        const run = (line: string): Command => ({ provision, line });
        if (i > 0) {
            const before = new Set(state.dax.devices.keys());
            state = yield run(['daxctl create-device', `-r ${region.id}`, provision.size ? `-s ${writeSize(provision.size)}` : '', provision.align ? `-a ${writeSize(provision.align)}` : '']
                .filter((w) => w !== '').join(' '));
            const made = [...state.dax.devices.values()].find((x) => x.region === region.key && !before.has(x.name) && x.mappings.length > 0)
                ?? [...state.dax.devices.values()].find((x) => x.region === region.key && x.driver !== null && x.id === i);
            if (!made) continue;
            name = made.name;
        } else if ((provision.size && provision.size !== size) || provision.align) {
            if (state.dax.devices.get(name)?.driver) state = yield run(`daxctl disable-device ${name}`);
            // Alignment is judged against the size there is, so the device is emptied first (DAX-11).
            if (provision.align) {
                state = yield run(`echo 0 > /sys/bus/dax/devices/${name}/size`);
                state = yield run(`echo ${provision.align} > /sys/bus/dax/devices/${name}/align`);
            }
            state = yield run(`echo ${provision.size ?? size} > /sys/bus/dax/devices/${name}/size`);
            if (!provision.systemRam) state = yield run(`daxctl enable-device ${name}`);
        }
        state = yield* settle(provision, name, state);
    }
    return state;
}

/** Brings a device of the right size to its driver. */
function* settle(provision: Provision, name: string, before: KernelState): Steps {
    let state = before;
    const device = state.dax.devices.get(name);
    if (provision.systemRam) {
        const words = ['daxctl reconfigure-device --mode=system-ram'];
        if (provision.noOnline) words.push('--no-online');
        else if (!provision.movable) words.push('--no-movable');
        state = yield { provision, line: `${words.join(' ')} ${name}` };
    } else if (device && device.driver !== 'device_dax') {
        state = yield { provision, line: `daxctl reconfigure-device --mode=devdax --force ${name}` };
    }
    return state;
}

function* pmem(p: DescribedPmem, booted: KernelState): Steps {
    let state = booted;
    if (p.namespaces.length === 0) return state;
    const find = (): { readonly name: string; readonly id: number; readonly labelled: boolean } | undefined =>
        [...state.nvdimm.regions.values()].find((r) => r.range.start === p.range.start);
    const region = find();
    if (!region) {
        for (const provision of p.namespaces) state = yield { provision, why: 'Linux made no nvdimm region of this range' };
        return state;
    }
    const first = p.namespaces[0]!;
    if (p.labelSize > 0 && !region.labelled && !p.legacy) {
        const dimms = state.nvdimm.regions.get(region.name)!.mappings.map((m) => m.dimm);
        state = yield { provision: first, line: `ndctl disable-region ${region.name}` };
        state = yield { provision: first, line: `ndctl init-labels -f ${dimms.join(' ')}` };
        state = yield { provision: first, line: `ndctl enable-region ${region.name}` };
    }
    const labelled = find()?.labelled ?? false;
    for (const provision of p.namespaces) {
        const devices = new Set(state.dax.devices.keys());
        const words = ['ndctl create-namespace'];
        if (labelled) words.push(`-r ${region.name}`);
        else words.push(`-f -e namespace${region.id}.0`);
        words.push(`--mode=${provision.mode ?? 'fsdax'}`);
        if (provision.map) words.push(`--map=${provision.map}`);
        if (provision.align) words.push(`--align=${writeSize(provision.align)}`);
        if (provision.sectorSize) words.push(`--sector-size=${provision.sectorSize}`);
        if (labelled && provision.size) words.push(`--size=${writeSize(provision.size)}`);
        state = yield { provision, line: words.join(' ') };
        if (!provision.systemRam) continue;
        const made = [...state.dax.devices.values()].find((x) => !devices.has(x.name));
        if (made) state = yield* settle(provision, made.name, state);
    }
    return state;
}
