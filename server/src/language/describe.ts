// Syntax tree → description: every number read, every range checked, every part with its place.
import { E820 } from '../kernel/machine.ts';
import { isAligned } from '../kernel/range.ts';
import type {
    Described, DescribedDistance, DescribedInitiator, DescribedNode, DescribedPmem, DescribedResource, DescribedSoftReserved, DescribedTarget, DescribedVirtioMem, NodeRef,
    Provision, Scalar,
} from './described.ts';
import type { Device, Distance, Member, Namespace, Node, Platform, Pmem, Resource, Setting, SoftReserved, Target, VirtioMem } from './generated/ast.ts';
import type { Origin } from './model.ts';
import type { Reader } from './reader.ts';

/** More CPUs or ids than this is a slip of the pen, not a machine. */
const MOST_CPUS = 8192;
/** Proximity domains are 32-bit numbers; Linux has 1024 nodes at most (NODES_SHIFT 10). */
const MOST_NODES = 1024;

const E820_WORDS: Readonly<Record<string, number>> = {
    'usable': E820.RAM, 'reserved': E820.RESERVED, 'acpi': E820.ACPI, 'nvs': E820.NVS, 'unusable': E820.UNUSABLE, 'pmem': E820.PMEM, 'legacy-pmem': E820.PRAM,
    'soft-reserved': E820.SOFT_RESERVED,
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** Reads a platform's own members. */
export function describe(platform: Platform, r: Reader): Described {
    const d: Mutable<Described> = {
        config: [], nodes: [], reserved: [], e820: [], resources: [], distances: [], targets: [], softReserved: [], pmem: [], virtioMem: [], dimms: [],
        windows: [], memdevs: [], findings: r.findings,
    };
    const seen = new Map<string, Scalar<unknown>>();
    const once = <T>(key: string, scalar: Scalar<T>): Scalar<T> => {
        const first = seen.get(key);
        if (first) {
            r.report('language/duplicate-setting', 'error', `\`${key}\` is given twice`, scalar.origin.focus, { related: [{ at: first.origin.focus, message: 'the first one counts' }] });
            return first as Scalar<T>;
        }
        seen.set(key, scalar);
        return scalar;
    };
    for (const m of platform.members) member(m, r, d, once);
    return d;
}

function member(m: Member, r: Reader, d: Mutable<Described>, once: <T>(key: string, s: Scalar<T>) => Scalar<T>): void {
    const scalar = <T>(kind: Origin['kind'], property: string, value: T): Scalar<T> => ({ origin: r.origin(kind, m), value, at: r.spanOf(m, property) });
    switch (m.$type) {
        case 'Kernel':
            if (m.versions.length > 1) {
                r.report('language/one-kernel', 'error', 'a platform has one kernel; a scenario may name several', r.spanOf(m, 'versions', 1));
            }
            if (m.versions[0] !== undefined) d.kernel = once('kernel', scalar('kernel', 'versions', m.versions[0]));
            break;
        case 'Arch':
            if (m.value !== undefined) d.arch = once('arch', scalar('kernel', 'value', m.value));
            break;
        case 'Firmware': {
            const value = m.value === undefined ? undefined : r.oneOf(m, 'value', m.value, 'firmware', ['bios', 'efi']);
            if (value) d.firmware = once('firmware', scalar('kernel', 'value', value));
            break;
        }
        case 'Hypervisor':
            d.hypervisor = once('hypervisor', { origin: r.origin('hypervisor', m), value: !m.off, at: r.span(m) });
            break;
        case 'Cmdline':
            if (m.text !== undefined) d.cmdline = once('cmdline', scalar('cmdline', 'text', m.text));
            break;
        case 'Config':
            if (m.name !== undefined && m.value !== undefined) {
                d.config.push({ ...scalar('config', 'value', m.value), name: m.name.replace(/^CONFIG_/, '') });
            }
            break;
        case 'Modules':
            d.modules = once('modules', scalar<readonly string[]>('config', 'names', m.names));
            break;
        case 'Node':
            node(m, r, d.nodes);
            break;
        case 'Reserved': {
            const place = r.place(m.place);
            if (place) d.reserved.push({ ...place, origin: r.origin('reserved', m, { range: place.range, focus: place.at }), ...(m.label !== undefined ? { label: m.label } : {}) });
            break;
        }
        case 'E820': {
            const place = r.place(m.place);
            const type = m.type === undefined ? undefined : r.oneOf(m, 'type', m.type, 'the type', Object.keys(E820_WORDS));
            if (place && type !== undefined) d.e820.push({ ...place, origin: r.origin('e820', m, { range: place.range, focus: place.at }), type: E820_WORDS[type]! });
            break;
        }
        case 'Resource': {
            const res = resource(m, r);
            if (res) d.resources.push(res);
            break;
        }
        case 'Distance':
            distance(m, r, d.distances);
            break;
        case 'Target':
            target(m, r, d.targets);
            break;
        case 'SoftReserved':
            softReserved(m, r, d.softReserved);
            break;
        case 'Pmem':
            pmem(m, r, d.pmem);
            break;
        case 'VirtioMem':
            virtioMem(m, r, d.virtioMem);
            break;
        case 'Dimm': {
            const place = r.place(m.place);
            if (!place || m.name === undefined) break;
            const ref = nodeSetting(r, r.settings(m.settings));
            d.dimms.push({ ...place, name: m.name, origin: r.origin('dimm', m, { name: m.name, range: place.range, focus: place.at }), ...(ref ? { node: ref } : {}) });
            break;
        }
        case 'HotplugWindow': {
            const place = r.place(m.place);
            if (!place) break;
            const slots = r.setting(r.settings(m.settings), 'slots', 'count') ?? 0;
            d.hotplugWindow = { ...place, slots, origin: r.origin('hotplug', m, { range: place.range, focus: place.at }) };
            break;
        }
        case 'CxlWindow': {
            const place = r.place(m.place);
            const index = r.number(m, 'index', m.index, 'count');
            if (!place || index === undefined) break;
            const s = r.settings(m.settings);
            const ways = r.setting(s, 'ways', 'count');
            const granularity = r.setting(s, 'granularity', 'size');
            d.windows.push({
                ...place, index, targets: s.get('targets')?.targets ?? [], volatile: s.has('volatile'), pmem: s.has('pmem'),
                origin: r.origin('cxl-window', m, { name: String(index), range: place.range, focus: place.at }),
                ...(ways !== undefined ? { ways } : {}), ...(granularity !== undefined ? { granularity } : {}),
            });
            break;
        }
        case 'CxlMemdev': {
            if (m.name === undefined) break;
            const s = r.settings(m.settings);
            const region = r.place(s.get('region')?.place);
            d.memdevs.push({
                name: m.name, window: r.setting(s, 'window', 'count') ?? 0, volatileSize: r.setting(s, 'volatile', 'size') ?? 0, pmemSize: r.setting(s, 'pmem', 'size') ?? 0,
                origin: r.origin('cxl-memdev', m, { name: m.name }), ...(region ? { region } : {}),
            });
            break;
        }
    }
}

function node(m: Node, r: Reader, out: DescribedNode[]): void {
    const id = r.number(m, 'id', m.id, 'count');
    if (id === undefined) return;
    if (id >= MOST_NODES) {
        r.report('platform/node-id-too-large', 'error', `Linux has ${MOST_NODES} nodes at most, numbered from 0`, r.spanOf(m, 'id'));
        return;
    }
    const cpus: { first: number; last: number; at: ReturnType<Reader['span']> }[] = [];
    const memory: DescribedNode['memory'][number][] = [];
    const hotplug: DescribedNode['hotplug'][number][] = [];
    let genericInitiator = false;
    for (const part of m.members) {
        switch (part.$type) {
            case 'Cpus':
                for (const range of part.ranges) {
                    const first = r.number(range, 'first', range.first, 'count');
                    const last = range.last === undefined ? first : r.number(range, 'last', range.last, 'count');
                    if (first === undefined || last === undefined) continue;
                    if (last < first) r.report('platform/end-below-start', 'error', 'the last CPU comes before the first', r.span(range), { data: { start: first, end: last } });
                    else if (last >= MOST_CPUS) r.report('platform/too-many-cpus', 'error', `Linux has ${MOST_CPUS} CPUs at most`, r.span(range));
                    else cpus.push({ first, last, at: r.span(range) });
                }
                break;
            case 'Memory': {
                const place = r.place(part.place);
                if (place) memory.push({ ...place, nonVolatile: part.nonVolatile, origin: r.origin('memory', part, { range: place.range, focus: place.at, name: String(id) }) });
                break;
            }
            case 'Hotplug': {
                const place = r.place(part.place);
                if (place) hotplug.push({ ...place, origin: r.origin('hotplug', part, { range: place.range, focus: place.at, name: String(id) }) });
                break;
            }
            case 'GenericInitiator':
                genericInitiator = true;
                break;
        }
    }
    out.push({ id, at: r.spanOf(m, 'id'), cpus, memory, hotplug, genericInitiator, origin: r.origin('node', m, { name: String(id) }) });
}

function nodeSetting(r: Reader, settings: ReadonlyMap<string, Setting>): NodeRef | undefined {
    const s = settings.get('node');
    const value = s?.value === undefined ? undefined : r.number(s, 'value', s.value, 'count');
    return s && value !== undefined ? { node: value, at: r.spanOf(s, 'value') } : undefined;
}

function resource(m: Resource, r: Reader): DescribedResource | undefined {
    const place = r.place(m.place);
    const children = m.children.map((c) => resource(c, r)).filter((c): c is DescribedResource => c !== undefined);
    if (!place || m.label === undefined) return undefined;
    for (const child of children) {
        if (child.range.start < place.range.start || child.range.end > place.range.end) {
            r.report('platform/resource-outside-parent', 'error', `this range leaves the one of "${m.label}"`, child.at, { related: [{ at: place.at, message: 'the parent' }] });
        }
    }
    return { ...place, name: m.label, children, origin: r.origin('resource', m, { name: m.label, range: place.range, focus: place.at }) };
}

function distance(m: Distance, r: Reader, out: DescribedDistance[]): void {
    const from = r.number(m, 'from', m.from, 'count');
    const to = r.number(m, 'to', m.to, 'count');
    const value = r.number(m, 'value', m.value, 'count');
    if (from === undefined || to === undefined || value === undefined) return;
    const at = r.spanOf(m, 'value');
    if (value > 255) {
        r.report('platform/distance-range', 'error', 'a distance is one byte: 10 to 254, 255 for no path', at);
        return;
    }
    // what is wrong with the diagonal is told with what Linux makes of it (numa/slit-diagonal)
    if (from !== to && value <= 10) {
        r.report('platform/distance-range', 'error', 'a distance to another node is above 10: 10 is the node itself', at,
            { rules: ['NUMA-11'] });
    }
    out.push({
        from: { node: from, at: r.spanOf(m, 'from') }, to: { node: to, at: r.spanOf(m, 'to') }, value, at, origin: r.origin('distance', m, { name: `${from} ${to}` }),
    });
}

function target(m: Target, r: Reader, out: DescribedTarget[]): void {
    const id = r.number(m, 'node', m.node, 'count');
    if (id === undefined) return;
    const initiators: DescribedInitiator[] = [];
    const caches: DescribedTarget['caches'][number][] = [];
    let attached: NodeRef | undefined;
    for (const part of m.members) {
        switch (part.$type) {
            case 'Attached': {
                const value = r.number(part, 'node', part.node, 'count');
                if (value !== undefined) attached = { node: value, at: r.spanOf(part, 'node') };
                break;
            }
            case 'Initiator': {
                const from = r.number(part, 'node', part.node, 'count');
                if (from === undefined) break;
                const s = r.settings(part.settings);
                const latency = r.setting(s, 'latency', 'latency');
                const bandwidth = r.setting(s, 'bandwidth', 'bandwidth');
                initiators.push({
                    node: from, at: r.spanOf(part, 'node'), origin: r.origin('initiator', part, { name: `${from} ${id}` }),
                    read_latency: r.setting(s, 'read-latency', 'latency') ?? latency, write_latency: r.setting(s, 'write-latency', 'latency') ?? latency,
                    read_bandwidth: r.setting(s, 'read-bandwidth', 'bandwidth') ?? bandwidth, write_bandwidth: r.setting(s, 'write-bandwidth', 'bandwidth') ?? bandwidth,
                });
                break;
            }
            case 'MemorySideCache': {
                const s = r.settings(part.settings);
                const size = r.setting(s, 'size', 'size');
                if (size === undefined) break;
                caches.push({
                    origin: r.origin('cache', part, { name: String(id) }), size, level: r.setting(s, 'level', 'count') ?? 1, line: r.setting(s, 'line', 'size') ?? 64,
                    associativity: r.word(s, 'associativity', ['none', 'direct', 'complex']) ?? 'direct',
                    writePolicy: r.word(s, 'write-policy', ['none', 'write-back', 'write-through']) ?? 'write-back',
                });
                break;
            }
        }
    }
    out.push({ node: id, at: r.spanOf(m, 'node'), initiators, caches, origin: r.origin('target', m, { name: String(id) }), ...(attached ? { attached } : {}) });
}

function provision(m: Device | Namespace, r: Reader): Provision {
    const kind = m.$type === 'Device' ? 'device' : 'namespace';
    const s = r.settings(m.settings);
    const allowed = kind === 'device' ? new Set(['size', 'mode', 'align', 'movable', 'no-online', 'system-ram']) : undefined;
    for (const [key, setting] of s) {
        if (allowed && !allowed.has(key)) r.report('language/setting-out-of-place', 'error', `a device has no \`${key}\``, r.span(setting));
    }
    const mode = kind === 'device' ? r.word(s, 'mode', ['devdax', 'system-ram']) : r.word(s, 'mode', ['raw', 'sector', 'fsdax', 'devdax']);
    const map = kind === 'namespace' ? r.word(s, 'map', ['mem', 'dev']) : undefined;
    const size = r.setting(s, 'size', 'size');
    if (size === 0) r.report('platform/zero-size', 'error', `a ${kind} of no bytes`, r.span(s.get('size')!));
    const align = r.setting(s, 'align', 'size');
    if (align !== undefined && ![4096, 2 ** 21, 2 ** 30].includes(align)) {
        r.report('platform/align-value', 'error', 'alignments are 4K, 2M and 1G', r.spanOf(s.get('align')!, 'value'));
    }
    const sectorSize = r.setting(s, 'sector-size', 'size');
    const systemRam = mode === 'system-ram' || s.has('system-ram');
    if (s.has('movable') && !systemRam) r.report('language/setting-out-of-place', 'warning', '`movable` says something about system-ram only', r.span(s.get('movable')!));
    if (kind === 'namespace' && systemRam && mode !== 'devdax') {
        r.report('language/setting-out-of-place', 'error', 'only a namespace of mode devdax can be given to Linux as RAM', r.span(s.get('system-ram')!));
    }
    return {
        kind, origin: r.origin(kind, m), systemRam, movable: s.has('movable'), noOnline: s.has('no-online'), ...(size ? { size } : {}), ...(mode ? { mode } : {}),
        ...(map ? { map } : {}), ...(align !== undefined ? { align } : {}), ...(sectorSize !== undefined ? { sectorSize } : {}),
    };
}

function softReserved(m: SoftReserved, r: Reader, out: DescribedSoftReserved[]): void {
    const place = r.place(m.place);
    const ref = nodeSetting(r, r.settings(m.settings));
    const devices = m.devices.map((x) => provision(x, r));
    if (!place) return;
    if (!isAligned(place.range.start, 2 ** 21) || !isAligned(place.range.end + 1, 2 ** 21)) {
        r.report('platform/soft-reserved-off-2m', 'warning', 'no dax device will appear: a soft-reserved range starts and ends on 2 MiB, and Linux says nothing', place.at, {
            rules: ['HMEM-05'], data: { start: Math.ceil(place.range.start / 2 ** 21) * 2 ** 21, end: Math.floor((place.range.end + 1) / 2 ** 21) * 2 ** 21 - 1 },
        });
    }
    out.push({
        ...place, devices, origin: r.origin('soft-reserved', m, { name: m.name, range: place.range, focus: place.at }), ...(m.name !== undefined ? { name: m.name } : {}),
        ...(ref ? { node: ref } : {}),
    });
}

function pmem(m: Pmem, r: Reader, out: DescribedPmem[]): void {
    const place = r.place(m.place);
    const s = r.settings(m.settings);
    const ref = nodeSetting(r, s);
    const dimms = r.setting(s, 'dimms', 'count') ?? 1;
    const labelSize = r.setting(s, 'label-size', 'size') ?? 0;
    const namespaces = m.namespaces.map((x) => provision(x, r));
    if (!place) return;
    if (dimms < 1 || dimms > 32) r.report('platform/dimm-count', 'error', 'a region is interleaved over 1 to 32 DIMMs', r.spanOf(s.get('dimms')!, 'value'));
    if (!isAligned(place.range.start, 2 ** 21) || !isAligned(place.range.end + 1, 2 ** 21)) {
        r.report('platform/pmem-off-2m', 'warning', 'only mode sector will work: struct pages need a range that starts and ends on 2 MiB', place.at, {
            rules: ['ND-16'], data: { start: Math.ceil(place.range.start / 2 ** 21) * 2 ** 21, end: Math.floor((place.range.end + 1) / 2 ** 21) * 2 ** 21 - 1 },
        });
    }
    out.push({
        ...place, namespaces, dimms: Math.min(32, Math.max(1, dimms)), labelSize, legacy: s.has('legacy'), labelsInitialised: s.has('labels-initialised'), unarmed: s.has('unarmed'),
        origin: r.origin('pmem', m, { name: m.name, range: place.range, focus: place.at }), ...(m.name !== undefined ? { name: m.name } : {}), ...(ref ? { node: ref } : {}),
    });
}

function virtioMem(m: VirtioMem, r: Reader, out: DescribedVirtioMem[]): void {
    const place = r.place(m.place);
    const s = r.settings(m.settings);
    const ref = nodeSetting(r, s);
    const blockSize = r.setting(s, 'block-size', 'size') ?? 2 ** 21;
    const requested = r.setting(s, 'requested', 'size') ?? 0;
    if (!place || m.name === undefined) return;
    if (blockSize === 0 || Math.log2(blockSize) % 1 !== 0) {
        r.report('platform/block-size', 'error', 'the block size of a virtio-mem device is a power of two', r.span(s.get('block-size')!), { rules: ['VM-01'] });
        return;
    }
    if (requested > place.range.end - place.range.start + 1) {
        r.report('platform/requested-too-much', 'error', 'more is requested than the device has', r.spanOf(s.get('requested')!, 'value'), { rules: ['VM-01'] });
    } else if (!isAligned(requested, blockSize)) {
        r.report('platform/requested-off-block', 'error', 'the requested size is a multiple of the block size', r.spanOf(s.get('requested')!, 'value'), { rules: ['VM-01'] });
    }
    out.push({
        ...place, name: m.name, blockSize, requested, origin: r.origin('virtio-mem', m, { name: m.name, range: place.range, focus: place.at }),
        ...(ref ? { node: ref } : {}), ...(s.get('bus')?.value !== undefined ? { bus: s.get('bus')!.value } : {}),
    });
}
