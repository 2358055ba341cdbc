// Random dax command lines in every release: nothing throws, and what the state says of memory holds together.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { execute } from '../../../server/src/commands/engine.ts';
import { parseLine } from '../../../server/src/commands/line.ts';
import { boot } from '../../../server/src/kernel/boot.ts';
import { PROFILES } from '../../../server/src/kernel/profile.ts';
import { contains, MiB, overlaps, sizeOf } from '../../../server/src/kernel/range.ts';
import { type Resource, walk } from '../../../server/src/kernel/resource.ts';
import type { KernelState } from '../../../server/src/kernel/state.ts';
import { machine, SOFT } from '../kernel/dax-machine.ts';

const device = fc.constantFrom('dax0.0', 'dax0.0', 'dax0.1', 'dax0.2', 'all', '0.0');
const bytes = fc.integer({ min: 0, max: 40 }).map((n) => n * 96 * MiB);
const driver = fc.constantFrom('device_dax', 'kmem');
const line: fc.Arbitrary<string> = fc.oneof(
    fc.tuple(device, fc.constantFrom('-m system-ram', '-m system-ram -N', '-m system-ram --no-movable', '-f -m devdax', '-m devdax', '-f -m system-ram', '-a 1G', '-s 512M'))
        .map(([d, o]) => `daxctl reconfigure-device ${o} ${d}`),
    fc.tuple(device, fc.constantFrom('online-memory', 'offline-memory', 'enable-device', 'disable-device', 'destroy-device', 'destroy-device -f'))
        .map(([d, verb]) => `daxctl ${verb} ${d}`),
    fc.constantFrom('daxctl create-device', 'daxctl create-device -s 512M', 'daxctl create-device -s 1G -a 1G', 'daxctl list -DRMiu', 'modprobe kmem', 'rmmod kmem',
        'modprobe -r device_dax', 'modprobe device_dax', 'modprobe -r dax_hmem', 'modprobe dax_hmem', 'echo 1 > /sys/bus/platform/devices/hmem.0/dax_region/create',
        'echo hmem.0 > /sys/bus/platform/drivers/hmem/unbind', 'echo hmem.0 > /sys/bus/platform/drivers/hmem/bind'),
    fc.tuple(device, bytes).map(([d, n]) => `echo ${n} > /sys/bus/dax/devices/${d}/size`),
    fc.tuple(device, bytes, bytes).map(([d, a, n]) => `echo ${(SOFT + a).toString(16)}-${(SOFT + a + n - 1).toString(16)} > /sys/bus/dax/devices/${d}/mapping`),
    fc.tuple(device, driver, fc.constantFrom('bind', 'unbind', 'new_id', 'remove_id')).map(([d, k, file]) => `echo ${d} > /sys/bus/dax/drivers/${k}/${file}`),
    fc.tuple(fc.integer({ min: 38, max: 74 }), fc.constantFrom('online', 'online_kernel', 'online_movable', 'offline')).map(([n, s]) => `echo ${s} > /sys/devices/system/memory/memory${n}/state`),
);

function nested(resource: Resource): boolean {
    return resource.children.every((c, i) => contains(resource, c) && (i === 0 || resource.children[i - 1]!.end < c.start) && nested(c));
}

function check(state: KernelState): void {
    expect(nested(state.iomem.root)).toBe(true);
    const { blockSize, blocks, present } = state.memory;
    expect(blocks.every((b, i) => b.first <= b.last && (i === 0 || blocks[i - 1]!.last < b.first))).toBe(true);
    const all = [...state.dax.devices.values()].flatMap((d) => d.mappings.map((m) => ({ ...m, region: d.region })));
    for (const [i, a] of all.entries()) {
        expect(contains(state.dax.regions.get(a.region)!.range, a)).toBe(true);
        expect(all.slice(i + 1).some((b) => b.region === a.region && overlaps(a, b))).toBe(false);
    }
    // Every byte of hot-added memory has a block, and every added block a line in iomem.
    const added = [...walk(state.iomem)].filter(({ resource }) => resource.name.startsWith('System RAM') && present.some((p) => p.by === 'hotplug' && overlaps(p, resource)));
    expect(added.reduce((sum, { resource }) => sum + sizeOf(resource), 0)).toBe(blocks.filter((b) => !b.early).reduce((sum, b) => sum + (b.last - b.first + 1) * blockSize, 0));
    for (const zone of state.memory.zones) expect(zone.present).toBeLessThanOrEqual(zone.endPfn - zone.startPfn);
}

it('random lines', () => {
    fc.assert(fc.property(fc.constantFrom(...PROFILES.map((p) => p.name)), fc.array(line, { minLength: 5, maxLength: 25 }), (kernel, lines) => {
        let { state } = boot(machine({ kernel, modules: ['device_dax', 'dax_hmem'] }));
        for (const text of lines) {
            const result = execute(state, parseLine('$', text));
            if (result.outcome.status !== 0) expect(result.outcome.errnos.length + result.outcome.stderr.length, text).toBeGreaterThan(0);
            state = result.state;
            check(state);
        }
    }), { numRuns: 150 });
});
