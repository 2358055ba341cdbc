// Description → Machine: the tables a firmware would hand to Linux. The rules are in docs/language.md, "What the firmware says".
import {
    E820, type CxlMemdev, type CxlWindow, type E820Entry, type ExtraResource, type Hmat, type HmatValue, type Machine, type MemoryDevice, type NfitRange, type Srat, type SratMemory,
} from '../kernel/machine.ts';
import { contains, normalize, type Range, subtract } from '../kernel/range.ts';
import type { Described, DescribedResource } from './described.ts';

/** Kernel of a platform that names none. */
export const DEFAULT_KERNEL = '6.1';
/** SLIT value between two nodes that no `distance` names, as firmware and QEMU fill it in. */
const REMOTE_DISTANCE = 20;

/** Drivers that a distribution loads by itself on a machine with such devices, in that order. kmem is never among them. */
const DEFAULT_MODULES: readonly string[] = ['nfit', 'nd_e820', 'nd_pmem', 'dax_pmem', 'device_dax', 'dax_hmem', 'virtio_pci', 'virtio_mem'];

export function machineOf(d: Described, fallbackKernel: string = DEFAULT_KERNEL): Machine {
    const srat = sratOf(d);
    const slit = slitOf(d);
    const hmat = hmatOf(d);
    return {
        arch: 'x86_64',
        kernel: d.kernel?.value ?? fallbackKernel,
        hypervisor: d.hypervisor?.value ?? false,
        firmware: d.firmware?.value ?? (d.softReserved.length > 0 ? 'efi' : 'bios'),
        cmdline: d.cmdline?.value ?? '',
        config: Object.fromEntries(d.config.map((c) => [c.name, c.value])),
        cpus: cpuCount(d),
        e820: e820Of(d),
        ...(srat ? { srat } : {}), ...(slit ? { slit } : {}), ...(hmat ? { hmat } : {}),
        nfit: nfitOf(d),
        devices: devicesOf(d),
        ...(d.hotplugWindow ? { hotplugWindow: { ...d.hotplugWindow.range, slots: d.hotplugWindow.slots } } : {}),
        cxlWindows: d.windows.map((w): CxlWindow => ({
            ...w.range, index: w.index, volatile: w.volatile, pmem: w.pmem, ...(w.ways !== undefined ? { ways: w.ways } : {}),
            ...(w.granularity !== undefined ? { granularity: w.granularity } : {}), ...(w.targets.length > 0 ? { targets: w.targets } : {}),
        })),
        cxlMemdevs: d.memdevs.map((m): CxlMemdev => ({
            name: m.name, window: m.window, volatileSize: m.volatileSize, pmemSize: m.pmemSize, ...(m.region ? { region: m.region.range } : {}),
        })),
        resources: d.resources.map(extraResource),
        modules: d.modules?.value ?? [...DEFAULT_MODULES, ...(d.windows.length > 0 ? ['cxl_acpi', 'cxl_pci', 'cxl_mem', 'cxl_port', 'cxl_pmem', 'cxl_region'] : [])],
    };
}

function extraResource(r: DescribedResource): ExtraResource {
    return { ...r.range, name: r.name, children: r.children.map(extraResource) };
}

function cpuCount(d: Described): number {
    let count = 1;
    for (const node of d.nodes) for (const range of node.cpus) count = Math.max(count, range.last + 1);
    return count;
}

/**
 * The firmware's map: the `e820` lines where there are any, else the memory of the nodes as usable RAM. Over it, in this order and
 * each cutting out what is below: `reserved`, soft-reserved ranges, legacy pmem. Persistent memory of an NFIT is in no map.
 */
function e820Of(d: Described): E820Entry[] {
    let entries: E820Entry[] = d.e820.length > 0
        ? d.e820.map((e) => ({ ...e.range, type: e.type }))
        : normalize(d.nodes.flatMap((n) => n.memory.map((m) => m.range))).map((r) => ({ ...r, type: E820.RAM }));
    const over = (ranges: readonly Range[], type: number): void => {
        if (ranges.length === 0) return;
        const holes = normalize(ranges);
        entries = entries.flatMap((e) => subtract(e, holesIn(holes, e)).map((r) => ({ ...r, type: e.type })));
        entries.push(...apart(ranges).map((r) => ({ ...r, type })));
    };
    over(d.reserved.map((r) => r.range), E820.RESERVED);
    over(d.softReserved.map((s) => s.range), E820.SOFT_RESERVED);
    over(d.pmem.filter((p) => p.legacy).map((p) => p.range), E820.PRAM);
    return entries.sort((a, b) => a.start - b.start);
}

/** The holes (sorted, disjoint) that overlap a range. */
function holesIn(holes: readonly Range[], range: Range): readonly Range[] {
    let low = 0;
    let high = holes.length;
    while (low < high) {
        const mid = (low + high) >> 1;
        if (holes[mid]!.end < range.start) low = mid + 1;
        else high = mid;
    }
    let to = low;
    while (to < holes.length && holes[to]!.start <= range.end) to++;
    return holes.slice(low, to);
}

/** Ranges in address order, each without what the one before holds; neighbours stay apart, because each is an entry of its own. */
function apart(ranges: readonly Range[]): Range[] {
    const out: Range[] = [];
    let next = 0;
    for (const r of [...ranges].sort((a, b) => a.start - b.start)) {
        const start = Math.max(r.start, next);
        if (start <= r.end) out.push({ start, end: r.end });
        next = Math.max(next, r.end + 1);
    }
    return out;
}

/** Does anything speak of proximity domains? One node 0 with CPUs and memory alone is a machine without SRAT, as plain QEMU is. */
export function hasSrat(d: Described): boolean {
    if (d.nodes.length > 1 || d.nodes.some((n) => n.id !== 0 || n.hotplug.length > 0 || n.genericInitiator || n.memory.some((m) => m.nonVolatile))) return true;
    if (d.nodes.length === 0) return false;
    return d.distances.length + d.targets.length + d.windows.length > 0 || [...d.softReserved, ...d.pmem, ...d.virtioMem, ...d.dimms].some((x) => x.node !== undefined);
}

function sratOf(d: Described): Srat | undefined {
    if (!hasSrat(d)) return undefined;
    const cpus = d.nodes.flatMap((n) => n.cpus.flatMap((c) => Array.from({ length: c.last - c.first + 1 }, (_, i) => ({ pxm: n.id, apicId: c.first + i }))));
    if (cpus.length === 0) cpus.push({ pxm: d.nodes[0]!.id, apicId: 0 });
    const memory: SratMemory[] = [];
    for (const n of d.nodes) {
        memory.push(...n.memory.map((m): SratMemory => ({ ...m.range, pxm: n.id, ...(m.nonVolatile ? { nonVolatile: true } : {}) })));
    }
    for (const s of d.softReserved) if (s.node) memory.push({ ...s.range, pxm: s.node.node });
    const windows: SratMemory[] = d.nodes.flatMap((n) => n.hotplug.map((h) => ({ ...h.range, pxm: n.id, hotplug: true })));
    // Hot-added memory finds its node through a hot-pluggable entry; firmware has one for every device.
    for (const device of [...d.virtioMem, ...d.dimms]) {
        if (device.node && !windows.some((w) => contains(w, device.range))) windows.push({ ...device.range, pxm: device.node.node, hotplug: true });
    }
    for (const p of d.pmem) if (p.node && !p.legacy) memory.push({ ...p.range, pxm: p.node.node, nonVolatile: true });
    // Domains in ascending order: Linux numbers nodes by first appearance, so that node ids follow the domains (NUMA-01).
    const byDomain = (a: SratMemory, b: SratMemory): number => a.pxm - b.pxm || a.start - b.start;
    const generic = d.nodes.filter((n) => n.genericInitiator).map((n) => n.id);
    return {
        cpus: cpus.sort((a, b) => a.apicId - b.apicId), memory: [...memory.sort(byDomain), ...windows.sort(byDomain)],
        ...(generic.length > 0 ? { genericInitiators: generic } : {}),
    };
}

/** A matrix by proximity domain as soon as one distance is given; a pair counts both ways unless the other way is given too. */
function slitOf(d: Described): number[][] | undefined {
    if (d.distances.length === 0) return undefined;
    const size = Math.max(...d.nodes.map((n) => n.id), ...d.distances.flatMap((x) => [x.from.node, x.to.node])) + 1;
    const slit = Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j): number => (i === j ? 10 : REMOTE_DISTANCE)));
    for (const x of d.distances) slit[x.to.node]![x.from.node] = x.value;
    for (const x of d.distances) slit[x.from.node]![x.to.node] = x.value;
    return slit;
}

function hmatOf(d: Described): Hmat | undefined {
    if (d.targets.length === 0) return undefined;
    const withCpus = new Set(d.nodes.filter((n) => n.cpus.length > 0).map((n) => n.id));
    const values: HmatValue[] = [];
    for (const t of d.targets) {
        for (const i of t.initiators) {
            for (const attribute of ['read_latency', 'write_latency', 'read_bandwidth', 'write_bandwidth'] as const) {
                const value = i[attribute];
                if (value !== undefined) values.push({ initiator: i.node, target: t.node, attribute, value });
            }
        }
    }
    return {
        domains: d.targets.map((t) => {
            const processor = t.attached?.node ?? (withCpus.has(t.node) ? t.node : undefined);
            return { memory: t.node, ...(processor !== undefined ? { processor } : {}) };
        }),
        values,
        caches: d.targets.flatMap((t) => t.caches.map(({ level, size, line, associativity, writePolicy }) => ({ target: t.node, level, size, line, associativity, writePolicy }))),
    };
}

function nfitOf(d: Described): NfitRange[] {
    let dimm = 0;
    return d.pmem.filter((p) => !p.legacy).map((p): NfitRange => ({
        ...p.range, dimms: Array.from({ length: p.dimms }, () => `nvdimm${dimm++}`), labelSize: p.labelSize,
        ...(p.node ? { proximityDomain: p.node.node } : {}), ...(p.labelsInitialised ? { labelsInitialised: true } : {}), ...(p.unarmed ? { unarmed: true } : {}),
    }));
}

function devicesOf(d: Described): MemoryDevice[] {
    const devices: MemoryDevice[] = [
        ...d.dimms.map((x): MemoryDevice => ({ kind: 'dimm', id: x.name, pxm: x.node?.node ?? 0, ...x.range })),
        ...d.virtioMem.map((x, i): MemoryDevice => ({
            kind: 'virtio-mem', id: x.name, pxm: x.node?.node ?? 0, ...x.range, blockSize: x.blockSize, requestedSize: x.requested, virtio: x.bus ?? `virtio${i}`,
        })),
    ];
    return devices.sort((a, b) => a.start - b.start);
}
