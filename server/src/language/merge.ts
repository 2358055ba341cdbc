// `platform x extends y`: what y describes, with what x says in its place.
import type { Described } from './described.ts';
import type { NodeRef } from './described.ts';

/**
 * Rules (docs/language.md, "Variants"): a single setting of the variant replaces the base's. A thing with an identity replaces the
 * base's thing of the same identity and stands where that stood: node by id, distance by pair, target by node, config by name, CXL
 * window by number, named ranges and devices by name, other ranges by their start. An e820 map replaces the base's map as a whole.
 */
export function mergeDescribed(base: Described, own: Described): Described {
    return {
        kernel: own.kernel ?? base.kernel, arch: own.arch ?? base.arch, firmware: own.firmware ?? base.firmware, hypervisor: own.hypervisor ?? base.hypervisor,
        cmdline: own.cmdline ?? base.cmdline, modules: own.modules ?? base.modules, hotplugWindow: own.hotplugWindow ?? base.hotplugWindow,
        config: override(base.config, own.config, (c) => c.name),
        nodes: override(base.nodes, own.nodes, (n) => n.id),
        reserved: override(base.reserved, own.reserved, (x) => x.range.start),
        e820: own.e820.length > 0 ? own.e820 : base.e820,
        resources: override(base.resources, own.resources, (x) => x.range.start),
        distances: override(base.distances, own.distances, (x) => pair(x.from, x.to)),
        targets: override(base.targets, own.targets, (x) => x.node),
        softReserved: override(base.softReserved, own.softReserved, (x) => x.name ?? x.range.start),
        pmem: override(base.pmem, own.pmem, (x) => x.name ?? x.range.start),
        virtioMem: override(base.virtioMem, own.virtioMem, (x) => x.name),
        dimms: override(base.dimms, own.dimms, (x) => x.name),
        windows: override(base.windows, own.windows, (x) => x.index),
        memdevs: override(base.memdevs, own.memdevs, (x) => x.name),
        findings: own.findings,
    };
}

function pair(from: NodeRef, to: NodeRef): string {
    return `${from.node} ${to.node}`;
}

function override<T>(base: readonly T[], own: readonly T[], key: (item: T) => string | number): readonly T[] {
    if (own.length === 0) return base;
    if (base.length === 0) return own;
    const mine = new Map(own.map((item) => [key(item), item]));
    const used = new Set<T>();
    const out = base.map((item) => {
        const instead = mine.get(key(item));
        if (!instead) return item;
        used.add(instead);
        return instead;
    });
    for (const item of own) if (!used.has(item) && mine.get(key(item)) === item) out.push(item);
    return out;
}
