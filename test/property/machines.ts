// Random machines, and random things to do to them that name what is there at that moment.
import fc from 'fast-check';
import { type ParsedLine, parseLine, type Prompt } from '../../server/src/commands/line.ts';
import { E820, type E820Entry, type Machine, type MemoryDevice, type NfitRange } from '../../server/src/kernel/machine.ts';
import { GiB, KiB, MiB, type Range, rangeOf } from '../../server/src/kernel/range.ts';
import { PROFILES } from '../../server/src/kernel/profile.ts';
import type { KernelState } from '../../server/src/kernel/state.ts';

/** Releases by name, oldest first. */
export const RELEASES: readonly string[] = PROFILES.map((p) => p.name);

const CMDLINES = ['', '', 'memmap=512M!5G', 'mem=6G', 'numa=fake=2', 'movablecore=1G', 'memhp_default_state=online_movable', 'memhp_default_state=online', 'memmap=256M%5G-1+0xefffffff',
    'memmap=192M$4300M', 'memory_hotplug.memmap_on_memory=1', 'movable_node', 'numa=off'];
const MODULES = ['nfit', 'nd_e820', 'nd_pmem', 'dax_pmem', 'device_dax', 'dax_hmem', 'virtio_pci', 'virtio_mem', 'kmem'];

/**
 * A machine of 2 GiB below the hole and 1 … 8 GiB above it, in one to three nodes that meet at any megabyte; then, in this order and
 * at odd distances, specific-purpose memory, NVDIMMs, a DIMM, a virtio-mem device, and a window for more.
 */
export function machines(kernel: fc.Arbitrary<string> = fc.constantFrom(...RELEASES)): fc.Arbitrary<Machine> {
    return fc.record({
        kernel, hypervisor: fc.boolean(), cmdline: fc.constantFrom(...CMDLINES), high: fc.integer({ min: 1024, max: 8192 }), nodes: fc.integer({ min: 1, max: 3 }),
        cut: fc.integer({ min: 64, max: 960 }), gap: fc.constantFrom(0, 0, 2, 16, 128),
        soft: fc.constantFrom(0, 0, 512, 1026, 2048), nvdimms: fc.array(fc.record({ size: fc.constantFrom(64, 512, 1024, 1040), labels: fc.boolean() }), { maxLength: 2 }),
        dimm: fc.constantFrom(0, 128, 192, 512), virtio: fc.constantFrom(0, 1024), requested: fc.constantFrom(0, 130, 512, 1024),
    }).map((r): Machine => {
        const ram: E820Entry[] = [
            { ...rangeOf(0, 640 * KiB), type: E820.RAM }, { start: MiB, end: 2 * GiB - 1, type: E820.RAM }, { ...rangeOf(4 * GiB, r.high * MiB), type: E820.RAM },
        ];
        let next = 4 * GiB + r.high * MiB;
        const place = (size: number): Range => {
            const range = rangeOf(next + r.gap * MiB, size);
            next = range.end + 1;
            return range;
        };
        const soft = r.soft > 0 ? [{ ...place(r.soft * MiB), type: E820.SOFT_RESERVED }] : [];
        const nfit = r.nvdimms.map((n, i): NfitRange => ({ ...place(n.size * MiB), proximityDomain: 0, dimms: [`nvd${i}`], labelSize: n.labels ? 2 * MiB : 0, ...(n.labels ? { labelsInitialised: true } : {}) }));
        const devices: MemoryDevice[] = r.dimm > 0 ? [{ kind: 'dimm', id: 'dimm0', pxm: 0, ...place(r.dimm * MiB) }] : [];
        if (r.virtio > 0) devices.push({ kind: 'virtio-mem', id: 'vm0', pxm: 0, ...place(r.virtio * MiB), blockSize: 2 * MiB, requestedSize: r.requested * MiB, virtio: 'virtio0' });
        next = Math.ceil(next / GiB) * GiB;
        const window = { ...rangeOf(next, 8 * GiB), slots: 4 };
        const cuts = Array.from({ length: r.nodes - 1 }, (_, i) => 4 * GiB + r.cut * (i + 1) * MiB);
        const edges = [0, ...cuts.filter((c) => c < ram[2]!.end), Number.MAX_SAFE_INTEGER];
        const memory = edges.slice(1).flatMap((end, pxm) => [...ram, ...soft].flatMap((e) => {
            const from = Math.max(e.start, edges[pxm]!);
            const to = Math.min(e.end, end - 1);
            return from <= to ? [{ start: from, end: to, pxm }] : [];
        }));
        return {
            arch: 'x86_64', kernel: r.kernel, hypervisor: r.hypervisor, firmware: soft.length > 0 ? 'efi' : 'bios', cmdline: r.cmdline, config: {}, cpus: 2, e820: [...ram, ...soft],
            ...(r.nodes > 1 ? { srat: { cpus: [{ pxm: 0, apicId: 0 }, { pxm: 0, apicId: 1 }], memory: [...memory, { ...window, pxm: 0, hotplug: true }] } } : {}),
            nfit, devices, hotplugWindow: window, cxlWindows: [], cxlMemdevs: [], resources: [], modules: MODULES,
        };
    });
}

/** A choice to be made once the state is known: what to do, to which of the things there, how. */
export interface Wish {
    readonly verb: number;
    readonly which: number;
    readonly how: number;
}

export const wishes = (maxLength: number): fc.Arbitrary<Wish[]> => fc.array(fc.record({ verb: fc.nat(1000), which: fc.nat(1000), how: fc.nat(1000) }), { minLength: 1, maxLength });

type Verb = (state: KernelState, which: number, how: number) => string;

function pick<T>(items: readonly T[], n: number, none: T): T {
    return items.length === 0 ? none : items[n % items.length]!;
}

const dax = (state: KernelState, n: number): string => pick([...state.dax.devices.keys()], n, 'dax0.0');
const namespace_ = (state: KernelState, n: number): string => pick([...state.nvdimm.namespaces.keys()], n, 'namespace0.0');
const region = (state: KernelState, n: number): string => pick([...state.nvdimm.regions.keys()], n, 'region0');

/** A memory block that is there: any of a run, its ends most of all. */
export function block(state: KernelState, n: number): number {
    const run = pick(state.memory.blocks, n, undefined);
    return run === undefined ? 0 : [run.first, run.last, run.first + (n % (run.last - run.first + 1))][n % 3]!;
}

const VERBS: readonly Verb[] = [
    (s, w, h) => `echo ${['offline', 'online', 'online_movable', 'online_kernel', 'nonsense'][h % 5]!} > /sys/devices/system/memory/memory${block(s, w)}/state`,
    (s, w) => `echo offline > /sys/devices/system/memory/memory${block(s, w)}/state`,
    (s, w, h) => `daxctl reconfigure-device ${['-m system-ram', '-m devdax', '-f -m devdax', '-N -m system-ram', '-m system-ram --no-movable'][h % 5]!} ${dax(s, w)}`,
    (s, w, h) => `daxctl ${['offline-memory', 'online-memory', 'disable-device', 'enable-device', 'destroy-device'][h % 5]!} ${dax(s, w)}`,
    (_, w, h) => `daxctl create-device -r region${w % 2}${['', ' -s 256M', ' -s 514M', ' -s 3M'][h % 4]!}`,
    (s, w, h) => `echo ${dax(s, w)} > /sys/bus/dax/drivers/${['kmem', 'device_dax'][h % 2]!}/${['bind', 'unbind', 'new_id', 'remove_id'][(h >> 1) % 4]!}`,
    (s, w, h) => `echo ${[0, 2 * MiB, 128 * MiB, 384 * MiB, 512 * MiB, MiB][h % 6]!} > /sys/bus/dax/devices/${dax(s, w)}/size`,
    (s, w, h) => `echo ${[4 * KiB, 2 * MiB, GiB, 3 * MiB][h % 4]!} > /sys/bus/dax/devices/${dax(s, w)}/align`,
    (s, w, h) => `ndctl create-namespace ${['', '-r ' + region(s, w)][h % 2]!} -m ${['raw', 'fsdax', 'devdax', 'sector'][(h >> 1) % 4]!}${['', ' -s 64M', ' -s 144M'][(h >> 3) % 3]!}`,
    (s, w, h) => `ndctl create-namespace -f -e ${namespace_(s, w)} -m ${['raw', 'fsdax -M mem', 'devdax -M dev', 'devdax -M mem', 'sector'][h % 5]!}`,
    (s, w, h) => `ndctl ${['destroy-namespace -f', 'disable-namespace', 'enable-namespace'][h % 3]!} ${namespace_(s, w)}`,
    (s, w, h) => `ndctl ${['disable-region', 'enable-region'][h % 2]!} ${region(s, w)}`,
    (_, _w, h) => `(qemu) qom-set vm0 requested-size ${[0, 2, 128, 256, 514, 1024][h % 6]!}M`,
    (s, w, h) => (s.backends.has(`mem${w % 3}`) ? `(qemu) device_add pc-dimm,id=new${w % 3},memdev=mem${w % 3}` : `(qemu) object_add memory-backend-ram,id=mem${w % 3},size=${[128, 256, 192][h % 3]!}M`),
    (s, w) => `(qemu) device_del ${pick([...s.dimms.keys()], w, 'dimm0')}`,
    (_, w, h) => `${['modprobe', 'modprobe -r'][h % 2]!} ${MODULES[w % MODULES.length]!}`,
    (_, _w, h) => `echo ${['virtio0 > /sys/bus/virtio/drivers/virtio_mem/unbind', 'virtio0 > /sys/bus/virtio/drivers/virtio_mem/bind', 'online > /sys/devices/system/memory/auto_online_blocks'][h % 3]!}`,
    (_, w) => (w % 4 === 0 ? 'reboot' : 'daxctl list -DRM'),
];

/** The line that a wish comes to in this state. */
export function lineOf(wish: Wish, state: KernelState): ParsedLine {
    const text = VERBS[wish.verb % VERBS.length]!(state, wish.which, wish.how);
    const prompt: Prompt = text.startsWith('(qemu) ') ? '(qemu)' : '$';
    return parseLine(prompt, text.replace('(qemu) ', ''));
}
