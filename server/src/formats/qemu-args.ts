// What QEMU's arguments say about CPUs, HMAT and CXL devices. Recordings need it where a kernel's log does not print a table
// (v6.12 has no line for CPUs of SRAT, v7.2 none for HMAT's values).
import { parseSize } from '../kernel/cmdline.ts';
import type { CxlMemdev, Hmat, HmatCache, HmatValue, SratCpu } from '../kernel/machine.ts';
import { MiB } from '../kernel/range.ts';

/** One `key=value,key=value` argument; the first word without `=` is its `driver`. Keys may repeat. */
type Options = readonly (readonly [key: string, value: string])[];

function parseOptions(text: string): Options {
    return text.split(',').map((part): [string, string] => {
        const eq = part.indexOf('=');
        return eq < 0 ? ['driver', part] : [part.slice(0, eq), part.slice(eq + 1)];
    });
}

/** Arguments of every `flag`, in order. */
function optionsOf(args: readonly string[], flag: string): Options[] {
    return args.flatMap((arg, i) => (args[i - 1] === flag ? [parseOptions(arg)] : []));
}

function get(options: Options, key: string): string | undefined {
    return options.find(([k]) => k === key)?.[1];
}

function number(options: Options, key: string): number | undefined {
    const text = get(options, key);
    return text === undefined ? undefined : parseSize(text).value;
}

/** `-numa OPTION,…` arguments of one kind, e.g. `node`. */
function numa(args: readonly string[], kind: string): Options[] {
    return optionsOf(args, '-numa').filter((o) => get(o, 'driver') === kind);
}

/** Proximity domain of each node argument; QEMU numbers those without `nodeid` in order. */
function nodeIds(nodes: readonly Options[]): number[] {
    let next = 0;
    return nodes.map((node) => {
        const id = number(node, 'nodeid') ?? next;
        next = id + 1;
        return id;
    });
}

/** CPUs by proximity domain: `cpus=0`, `cpus=0-3`, several times. CPUs that no node names are on node 0. */
export function qemuCpus(args: readonly string[], cpus: number): SratCpu[] {
    const nodes = numa(args, 'node');
    const ids = nodeIds(nodes);
    const pxm = new Map<number, number>();
    nodes.forEach((node, i) => {
        for (const [key, value] of node) {
            const m = key === 'cpus' ? /^(\d+)(?:-(\d+))?$/.exec(value) : null;
            if (!m) continue;
            for (let cpu = Number(m[1]); cpu <= Math.min(Number(m[2] ?? m[1]), cpus - 1); cpu++) pxm.set(cpu, ids[i]!);
        }
    });
    return Array.from({ length: cpus }, (_, cpu) => ({ pxm: pxm.get(cpu) ?? 0, apicId: cpu }));
}

const DATA_TYPES: Readonly<Record<string, readonly HmatValue['attribute'][]>> = {
    'access-latency': ['read_latency', 'write_latency'], 'read-latency': ['read_latency'], 'write-latency': ['write_latency'],
    'access-bandwidth': ['read_bandwidth', 'write_bandwidth'], 'read-bandwidth': ['read_bandwidth'], 'write-bandwidth': ['write_bandwidth'],
};

function hmatValues(option: Options): HmatValue[] {
    if ((get(option, 'hierarchy') ?? 'memory') !== 'memory') return [];
    const latency = number(option, 'latency');
    const value = latency ?? Math.floor((number(option, 'bandwidth') ?? 0) / MiB);
    return (DATA_TYPES[get(option, 'data-type') ?? ''] ?? []).map((attribute) => ({
        initiator: number(option, 'initiator') ?? 0, target: number(option, 'target') ?? 0, attribute, value,
    }));
}

/** The HMAT that QEMU builds; undefined without `hmat=on`. */
export function qemuHmat(args: readonly string[]): Hmat | undefined {
    if (!optionsOf(args, '-machine').some((o) => get(o, 'hmat') === 'on')) return undefined;
    const nodes = numa(args, 'node');
    const ids = nodeIds(nodes);
    const withCpus = (node: Options): boolean => node.some(([key]) => key === 'cpus');
    const domains = nodes.map((node, i) => {
        const processor = number(node, 'initiator') ?? (withCpus(node) ? ids[i]! : undefined);
        return { memory: ids[i]!, ...(processor !== undefined ? { processor } : {}) };
    });
    const caches = numa(args, 'hmat-cache').map((o): HmatCache => ({
        target: number(o, 'node-id') ?? 0, size: number(o, 'size') ?? 0, level: number(o, 'level') ?? 1, line: number(o, 'line') ?? 0,
        associativity: (['direct', 'complex'] as const).find((a) => a === get(o, 'associativity')) ?? 'none',
        writePolicy: (['write-back', 'write-through'] as const).find((p) => p === get(o, 'policy')) ?? 'none',
    }));
    return { domains, values: numa(args, 'hmat-lb').flatMap(hmatValues), caches };
}

/** CXL type 3 devices: `memdev` (as `persistent-memdev`) names the backend of persistent memory. */
export function qemuCxlMemdevs(args: readonly string[]): CxlMemdev[] {
    const backends = new Map(optionsOf(args, '-object').map((o) => [get(o, 'id') ?? '', number(o, 'size') ?? 0]));
    const sizeOf = (id: string | undefined): number => (id === undefined ? 0 : backends.get(id) ?? 0);
    return optionsOf(args, '-device').filter((o) => get(o, 'driver') === 'cxl-type3').map((o, i) => ({
        name: `mem${i}`, window: 0, volatileSize: sizeOf(get(o, 'volatile-memdev')), pmemSize: sizeOf(get(o, 'persistent-memdev') ?? get(o, 'memdev')),
    }));
}
