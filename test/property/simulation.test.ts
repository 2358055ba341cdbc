// Sentences about any machine and anything done to it. The recorded machines have theirs in test/kernel-truth.
import process from 'node:process';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { execute } from '../../server/src/commands/engine.ts';
import { parseLine } from '../../server/src/commands/line.ts';
import { BOOT_SUBJECTS, linesOf, type Subject } from '../../server/src/formats/compare.ts';
import { boot } from '../../server/src/kernel/boot.ts';
import type { Machine } from '../../server/src/kernel/machine.ts';
import type { Outcome } from '../../server/src/kernel/outcome.ts';
import { type Profile, PROFILES } from '../../server/src/kernel/profile.ts';
import { snapshot } from '../../server/src/kernel/snapshot.ts';
import type { KernelState } from '../../server/src/kernel/state.ts';
import { block, lineOf, machines, RELEASES, type Wish, wishes } from './machines.ts';
import { stateProblems } from './sound.ts';

/** Fields of the profile that were read since this was last emptied. */
const read = vi.hoisted(() => new Set<string>());

vi.mock('../../server/src/kernel/profile.ts', async (original) => {
    const module = await original<typeof import('../../server/src/kernel/profile.ts')>();
    const watched = new Map(module.PROFILES.map((p) => [p.name, new Proxy(p, {
        get: (target, key: string) => {
            read.add(key);
            return target[key as keyof Profile];
        },
    })]));
    return { ...module, profileFor: (kernel: string) => watched.get(module.profileFor(kernel)?.name ?? '') };
});

/** Times as many runs as usual, for hunting: `MEMTOPO_RUNS=20`. */
const RUNS = Number(process.env['MEMTOPO_RUNS'] ?? 1);

interface Step {
    readonly text: string;
    readonly before: KernelState;
    readonly state: KernelState;
    readonly outcome: Outcome;
}

function run(machine: Machine, wished: readonly Wish[]): { readonly first: KernelState; readonly steps: readonly Step[] } {
    const first = boot(machine).state;
    const steps: Step[] = [];
    let before = first;
    for (const wish of wished) {
        const line = lineOf(wish, before);
        const { state, outcome } = execute(before, line);
        steps.push({ text: line.text, before, state, outcome });
        before = state;
    }
    return { first, steps };
}

const type = (state: KernelState, text: string): { readonly state: KernelState; readonly outcome: Outcome } => execute(state, parseLine('$', text));
const view = (state: KernelState, subjects: readonly Subject[] = BOOT_SUBJECTS): Record<string, readonly string[]> => {
    const taken = snapshot(state);
    return Object.fromEntries(subjects.map((s) => [s, linesOf(s, taken)]));
};

describe('whatever is done to whatever machine', () => {
    it('every state is sound: nothing outside its parent, no byte in two siblings, blocks and zones in order', () => {
        fc.assert(fc.property(machines(), wishes(14), (machine, wished) => {
            const { first, steps } = run(machine, wished);
            expect(stateProblems(first)).toEqual([]);
            for (const s of steps) expect(stateProblems(s.state).map((p) => `${s.text}: ${p}`)).toEqual([]);
        }), { numRuns: 150 * RUNS });
    });

    it('states do not change behind one another, and the prefix of a run is the run of the prefix', () => {
        fc.assert(fc.property(machines(), wishes(10), fc.nat(10), (machine, wished, n) => {
            const whole = run(machine, wished);
            const seen = whole.steps.map((s) => view(s.before));
            const part = run(machine, wished.slice(0, n));
            part.steps.forEach((s, i) => {
                expect(view(s.state)).toEqual(view(whole.steps[i]!.state));
                expect(s.outcome).toEqual(whole.steps[i]!.outcome);
            });
            expect(whole.steps.map((s) => view(s.before))).toEqual(seen);
        }), { numRuns: 40 * RUNS });
    });

    it('a write to sysfs that the kernel refuses changes nothing that can be seen', () => {
        let refused = 0;
        fc.assert(fc.property(machines(), wishes(14), (machine, wished) => {
            for (const s of run(machine, wished).steps) {
                if (!s.text.startsWith('echo ') || s.outcome.status === 0) continue;
                refused++;
                expect({ step: s.text, ...view(s.state) }).toEqual({ step: s.text, ...view(s.before) });
            }
        }), { numRuns: 120 * RUNS });
        expect(refused).toBeGreaterThan(50);
    });

    it('every step that fails says why, and with a rule', () => {
        fc.assert(fc.property(machines(), wishes(14), (machine, wished) => {
            for (const s of run(machine, wished).steps) {
                for (const note of s.outcome.notes) expect(note.rules.length, `${s.text}: ${note.message}`).toBeGreaterThan(0);
                if (s.outcome.status !== 0) expect(s.outcome.notes.length + s.outcome.stderr.length, s.text).toBeGreaterThan(0);
            }
        }), { numRuns: 60 * RUNS });
    });
});

describe('there and back', () => {
    it('a block that goes offline and online again, or the other way, is as it was', () => {
        let both = 0;
        fc.assert(fc.property(machines(), wishes(6), fc.nat(1000), (machine, wished, n) => {
            const { first, steps } = run(machine, wished);
            const state = steps.at(-1)?.state ?? first;
            if (state.memory.blocks.length === 0) return;
            const id = block(state, n);
            const now = state.memory.blocks.find((b) => b.first <= id && id <= b.last)!;
            const zone = now.zone === 'Movable' ? 'online_movable' : 'online_kernel';
            const path = `/sys/devices/system/memory/memory${id}/state`;
            const [there, back] = now.state === 'online' ? ['offline', zone] : ['online_movable', 'offline'];
            const middle = type(state, `echo ${there} > ${path}`);
            if (middle.outcome.status !== 0) return;
            const end = type(middle.state, `echo ${back} > ${path}`);
            if (end.outcome.status !== 0) return;
            both++;
            expect(view(end.state, ['iomem', 'dax', 'nd'])).toEqual(view(state, ['iomem', 'dax', 'nd']));
            const states = (s: KernelState): string[] => s.memory.blocks.flatMap((b) => Array.from({ length: b.last - b.first + 1 }, (_, i) => `${b.first + i} ${b.state}`));
            expect(states(end.state)).toEqual(states(state));
            expect(view(end.state, ['nodes'])['nodes']!.filter((l) => l.startsWith('online'))).toEqual(view(state, ['nodes'])['nodes']!.filter((l) => l.startsWith('online')));
        }), { numRuns: 200 * RUNS });
        expect(both).toBeGreaterThan(20);
    });

    it('a namespace that is made and destroyed gives every byte back', () => {
        let made = 0;
        fc.assert(fc.property(machines(), wishes(5), fc.constantFrom('raw', 'fsdax', 'devdax', 'devdax -M mem', 'sector'), fc.constantFrom(32, 64, 256), (machine, wished, mode, size) => {
            const { first, steps } = run(machine, wished);
            const state = steps.at(-1)?.state ?? first;
            // Only in a region with labels is anything made; on its way to one, ndctl enables what it finds elsewhere
            const region = [...state.nvdimm.regions.values()].find((r) => r.mappings.some((m) => (state.nvdimm.dimms.get(m.dimm)?.labelSize ?? 0) > 0));
            // A driver that is not loaded is loaded on the way, and takes everything that waits for it
            if (!region || state.nvdimm.drivers.length < 2) return;
            const created = type(state, `ndctl create-namespace -r ${region.name} -m ${mode} -s ${size}M`);
            const name = /"dev":"(namespace[\d.]+)"/.exec(created.outcome.stdout)?.[1];
            if (created.outcome.status !== 0 || name === undefined) return;
            // What was there before is changed, not made
            if (state.nvdimm.namespaces.get(name)?.range) return;
            const destroyed = type(created.state, `ndctl destroy-namespace -f ${name}`);
            expect(destroyed.outcome.status, destroyed.outcome.stderr).toBe(0);
            made++;
            expect(view(destroyed.state, ['iomem', 'nd', 'dax'])).toEqual(view(state, ['iomem', 'nd', 'dax']));
        }), { numRuns: 300 * RUNS });
        expect(made).toBeGreaterThan(5);
    });

    it('a dax device that becomes RAM and goes back is as it was, and so is the tree', () => {
        let there = 0;
        fc.assert(fc.property(machines(fc.constantFrom(...RELEASES.slice(RELEASES.indexOf('5.10')))), wishes(4), fc.nat(5), (machine, wished, n) => {
            const { first, steps } = run(machine, wished);
            const state = steps.at(-1)?.state ?? first;
            const devices = [...state.dax.devices.values()].filter((d) => d.driver === 'device_dax');
            const device = devices[n % Math.max(1, devices.length)];
            // daxctl sees the blocks of a device in one window only, and new_id binds whatever waits for a driver (DXC-05, DAX-19)
            if (!device || device.mappings.length !== 1 || [...state.dax.devices.values()].some((d) => d.driver === null)) return;
            const ram = type(state, `daxctl reconfigure-device -m system-ram ${device.name}`);
            if (ram.outcome.status !== 0) return;
            const back = type(ram.state, `daxctl reconfigure-device -f -m devdax ${device.name}`);
            if (back.outcome.status !== 0) return;
            there++;
            expect(view(back.state, ['iomem', 'blocks', 'dax'])).toEqual(view(state, ['iomem', 'blocks', 'dax']));
        }), { numRuns: 200 * RUNS });
        expect(there).toBeGreaterThan(5);
    });
});

describe('releases', () => {
    it('that agree in everything the kernel looked at do the same', () => {
        let agreed = 0;
        fc.assert(fc.property(machines(), wishes(8), fc.constantFrom(-3, -2, -1, 1, 2, 3), (machine, wished, n) => {
            read.clear();
            const one = run(machine, wished);
            const seen = one.steps.map((s) => ({ state: view(s.state), outcome: s.outcome }));
            const used = [...read].filter((key) => key !== 'name' && key !== 'version') as (keyof Profile)[];
            const mine = PROFILES.find((p) => p.name === machine.kernel)!;
            const other = PROFILES[PROFILES.indexOf(mine) + n];
            if (!other || used.some((key) => JSON.stringify(mine[key]) !== JSON.stringify(other[key]))) return;
            agreed++;
            const two = run({ ...machine, kernel: other.name }, wished);
            expect(two.steps.map((s) => ({ state: view(s.state), outcome: s.outcome }))).toEqual(seen);
        }), { numRuns: 400 * RUNS });
        expect(agreed).toBeGreaterThan(10);
    });
});
