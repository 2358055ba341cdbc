// Reads what the scripts of record-script.ts print: the memory state of a running kernel, in the shape that `simulate --json`
// prints and recordings have, and the machine it runs on.
import { parseCedt, parseHmat, parseNfit, parseSlit, parseSrat, type AcpiProblem } from './acpi.ts';
import { parseE820Line } from './recording.ts';
import { readdirOrder } from '../kernel/kernfs.ts';
import { E820, type E820Entry, type Machine } from '../kernel/machine.ts';
import { rangeOf } from '../kernel/range.ts';

/** Sections by name; each is the text between its `@@ NAME` line and the next. A section printed twice keeps the last. */
export type Sections = ReadonlyMap<string, string>;

/** Splits a record. Lines before the first section are dropped (a console's noise). */
export function parseSections(text: string): Sections {
    const sections = new Map<string, string>();
    let name: string | undefined;
    let lines: string[] = [];
    const close = (): void => {
        if (name !== undefined) sections.set(name, lines.join('\n'));
    };
    for (const line of text.replaceAll('\r', '').split('\n')) {
        const m = /^@@ (.+)$/.exec(line);
        if (m) {
            close();
            name = m[1]!;
            lines = [];
        } else lines.push(line);
    }
    close();
    return sections;
}

/** `PATH:LINE` rows → the first line of each file, by path. */
function files(text: string | undefined): Map<string, string> {
    const out = new Map<string, string>();
    for (const line of (text ?? '').split('\n')) {
        const colon = line.indexOf(':');
        if (line.startsWith('/') && colon > 0 && !out.has(line.slice(0, colon))) out.set(line.slice(0, colon), line.slice(colon + 1));
    }
    return out;
}

const number = (text: string | undefined): number | null => {
    if (text === undefined || text.trim() === '') return null;
    // An attribute that offers a choice marks the one in force: `512 520 528 [4096]`.
    const value = Number(/\[(\S+)\]/.exec(text)?.[1] ?? text.trim());
    return Number.isFinite(value) ? value : null;
};

const base = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Children of `dir` that have a file: `below(map, '/sys/bus/dax/devices/')` → names. */
function below(map: ReadonlyMap<string, string>, dir: string): string[] {
    const names = new Set<string>();
    for (const path of map.keys()) if (path.startsWith(dir)) names.add(path.slice(dir.length).split('/')[0]!);
    return [...names];
}

/** A state as recordings and `simulate --json` have it; kernel-truth's README describes the keys. Bytes, inclusive ends. */
export interface RecordedState {
    readonly iomem: string;
    readonly block_size: number;
    readonly auto_online_blocks: string | null;
    readonly memory_blocks: readonly { first: number; last: number; state: string; zones: string; nodes: number[] }[];
    readonly node_masks: Readonly<Record<string, string>>;
    readonly nodes: readonly Record<string, unknown>[];
    readonly memory_tiers: Readonly<Record<string, string>>;
    readonly dax: Readonly<Record<string, unknown>>;
    readonly dax_regions: Readonly<Record<string, unknown>>;
    readonly nd_regions: Readonly<Record<string, unknown>>;
    readonly namespaces: Readonly<Record<string, unknown>>;
}

/** The state that a record's sections describe. What is missing reads as absent, never as zero. */
export function recordedState(sections: Sections): RecordedState {
    return {
        iomem: `${(sections.get('iomem') ?? '').trimEnd()}\n`,
        ...memoryBlocks(sections),
        ...nodes(sections),
        memory_tiers: Object.fromEntries([...files(sections.get('tiers'))].map(([p, v]) => [p.split('/').at(-2)!, v])),
        ...dax(sections),
        ...libnvdimm(sections),
    };
}

function memoryBlocks(sections: Sections): Pick<RecordedState, 'block_size' | 'auto_online_blocks' | 'memory_blocks'> {
    const map = files(sections.get('memory'));
    const root = '/sys/devices/system/memory/';
    const nodesOf = new Map<number, number[]>();
    for (const path of (sections.get('memory-nodes') ?? '').split('\n')) {
        const m = /memory(\d+)\/node(\d+)$/.exec(path.trim());
        if (m) nodesOf.set(Number(m[1]), [...(nodesOf.get(Number(m[1])) ?? []), Number(m[2])]);
    }
    const blocks = below(map, root).flatMap((name) => {
        const m = /^memory(\d+)$/.exec(name);
        return m ? [Number(m[1])] : [];
    }).sort((a, b) => a - b);
    const runs: { first: number; last: number; state: string; zones: string; nodes: number[] }[] = [];
    for (const id of blocks) {
        const state = map.get(`${root}memory${id}/state`)?.trim() ?? '';
        const zones = map.get(`${root}memory${id}/valid_zones`)?.trim() ?? '';
        const on = (nodesOf.get(id) ?? []).sort((a, b) => a - b);
        const last = runs.at(-1);
        if (last && last.last === id - 1 && last.state === state && last.zones === zones && last.nodes.join() === on.join()) last.last = id;
        else runs.push({ first: id, last: id, state, zones, nodes: on });
    }
    return {
        block_size: parseInt(map.get(`${root}block_size_bytes`) ?? '0', 16),
        auto_online_blocks: map.get(`${root}auto_online_blocks`)?.trim() ?? null,
        memory_blocks: runs,
    };
}

function nodes(sections: Sections): Pick<RecordedState, 'node_masks' | 'nodes'> {
    const map = files(sections.get('nodes'));
    const root = '/sys/devices/system/node/';
    const links = (sections.get('node-links') ?? '').split('\n');
    const list = below(map, root).flatMap((name) => {
        const m = /^node(\d+)$/.exec(name);
        return m ? [Number(m[1])] : [];
    }).sort((a, b) => a - b);
    const access = (id: number, k: 0 | 1): Record<string, unknown> | undefined => {
        const dir = `${root}node${id}/access${k}/`;
        const linked = (which: string): number[] => links.flatMap((l) => {
            const m = l.startsWith(`${dir}${which}/`) ? /node(\d+)$/.exec(l.trim()) : null;
            return m ? [Number(m[1])] : [];
        });
        const values = ['read_latency', 'write_latency', 'read_bandwidth', 'write_bandwidth'].flatMap((a): [string, number][] => {
            const value = number(map.get(`${dir}initiators/${a}`));
            return value === null ? [] : [[a, value]];
        });
        const initiators = linked('initiators');
        const targets = linked('targets');
        return initiators.length + targets.length + values.length ? { initiators, targets, ...Object.fromEntries(values) } : undefined;
    };
    const caches = (id: number): Record<string, unknown> | undefined => {
        const dir = `${root}node${id}/memory_side_cache/`;
        const names = below(map, dir).filter((n) => /^index\d+$/.test(n));
        if (names.length === 0) return undefined;
        return Object.fromEntries(names.map((n) => [n, Object.fromEntries(['size', 'line_size', 'indexing', 'write_policy']
            .map((a) => [a, number(map.get(`${dir}${n}/${a}`))]))]));
    };
    return {
        node_masks: Object.fromEntries(['possible', 'online', 'has_cpu', 'has_memory', 'has_normal_memory'].map((m) => [m, map.get(root + m)?.trim() ?? ''])),
        nodes: list.map((id) => {
            const access0 = access(id, 0);
            const access1 = access(id, 1);
            const cache = caches(id);
            return {
                id, cpulist: map.get(`${root}node${id}/cpulist`)?.trim() ?? '',
                distances: (map.get(`${root}node${id}/distance`) ?? '').trim().split(/\s+/).filter(Boolean).map(Number),
                ...(access0 ? { access0 } : {}), ...(access1 ? { access1 } : {}), ...(cache ? { memory_side_cache: cache } : {}),
            };
        }),
    };
}

function linkMap(text: string | undefined): Map<string, string> {
    return new Map((text ?? '').split('\n').flatMap((line): [string, string][] => {
        const m = /^(\/\S+?):([./]\S*)$/.exec(line.trim());
        return m ? [[m[1]!, m[2]!]] : [];
    }));
}

function dax(sections: Sections): Pick<RecordedState, 'dax' | 'dax_regions'> {
    const map = files(sections.get('dax'));
    const links = linkMap(sections.get('dax-links'));
    const root = '/sys/bus/dax/devices/';
    const names = new Set([...below(map, root), ...[...links.keys()].filter((l) => /\/dax\d+\.\d+$/.test(l)).map(base)]);
    const devices = [...names].sort().map((name): [string, unknown] => {
        const at = (a: string): string | undefined => map.get(`${root}${name}/${a}`);
        const mappings = below(map, `${root}${name}/`).filter((m) => /^mapping\d+$/.test(m))
            .sort((a, b) => Number(a.slice(7)) - Number(b.slice(7)))
            .map((m) => ({ start: number(at(`${m}/start`)), end: number(at(`${m}/end`)), page_offset: number(at(`${m}/page_offset`)) }));
        const driver = links.get(`${root}${name}/driver`);
        return [name, {
            // The attribute is hidden where there is no such node
            size: number(at('size')), resource: number(at('resource')), align: number(at('align')), target_node: number(at('target_node')) ?? -1,
            numa_node: number(at('numa_node')), driver: driver ? base(driver) : null, mappings,
        }];
    });
    const regionFiles = files(sections.get('dax-regions'));
    const regions: Record<string, unknown> = {};
    // Several devdax namespaces of one nvdimm region have a dax region each, all of one number: the last in directory order counts, as in
    // recordings and in a predicted state.
    const regionOf = new Map([...regionFiles.keys()].filter((path) => path.endsWith('/dax_region/id')).map((path) => [path.split('/').at(-4)!, path]));
    for (const device of readdirOrder([...regionOf.keys()])) {
        const path = regionOf.get(device)!;
        const id = regionFiles.get(path)!;
        const dir = path.slice(0, -2);
        const available = number(regionFiles.get(`${dir}available_size`));
        const seed = regionFiles.get(`${dir}seed`)?.trim();
        regions[`region${id.trim()}`] = {
            size: number(regionFiles.get(`${dir}size`)), align: number(regionFiles.get(`${dir}align`)),
            ...(available === null ? {} : { available_size: available, seed: seed || null }),
        };
    }
    return { dax: Object.fromEntries(devices), dax_regions: regions };
}

const MODES: Readonly<Record<string, string>> = { raw: 'raw', safe: 'sector', memory: 'fsdax', dax: 'devdax' };

function libnvdimm(sections: Sections): Pick<RecordedState, 'nd_regions' | 'namespaces'> {
    const map = files(sections.get('nd'));
    const links = linkMap(sections.get('nd-links'));
    const root = '/sys/bus/nd/devices/';
    const at = (device: string, a: string): string | undefined => map.get(`${root}${device}/${a}`)?.trim();
    const devices = below(map, root);
    const ids = (kind: RegExp): string[] => devices.filter((d) => kind.test(d)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    const regions = ids(/^region\d+$/).map((name): [string, unknown] => {
        const count = number(at(name, 'mappings')) ?? 0;
        const mappings = Array.from({ length: count }, (_, i) => {
            const [dimm, offset, length, position] = (at(name, `mapping${i}`) ?? '').split(',');
            return { dimm, offset: number(offset), length: number(length), position: number(position) };
        });
        const available = count > 0 ? number(at(name, 'available_size')) : null;
        return [name, {
            size: number(at(name, 'size')), align: number(at(name, 'align')), resource: number(at(name, 'resource')),
            numa_node: number(at(name, 'numa_node')), target_node: number(at(name, 'target_node')),
            enabled: links.has(`${root}${name}/driver`), ...(available === null ? {} : { available_size: available }), mappings,
        }];
    });
    const namespaces = ids(/^namespace\d+\.\d+$/).flatMap((name): [string, unknown][] => {
        const raw = number(at(name, 'size')) ?? 0;
        const holder = at(name, 'holder') || undefined;
        if (raw === 0 && !holder) return [];
        const mode = MODES[at(name, 'mode') ?? ''] ?? 'raw';
        const claimed = holder !== undefined && links.has(`${root}${holder}/driver`);
        const enabled = claimed || links.has(`${root}${name}/driver`);
        const personality = holder !== undefined && !holder.startsWith('btt');
        const map_ = personality ? (at(holder, 'mode') === 'pmem' ? 'dev' : 'mem') : mode === 'fsdax' ? 'mem' : null;
        return [[name, {
            region: `region${/\d+/.exec(name)![0]}`, mode, map: map_,
            size: holder === undefined ? raw : claimed ? number(at(holder, 'size')) : null, raw_size: raw, resource: number(at(name, 'resource')),
            data_resource: personality ? number(at(holder, 'resource')) : null, align: personality ? number(at(holder, 'align')) : null,
            ...(mode === 'sector' && holder ? { sector_size: number(at(holder, 'sector_size')) } : {}), enabled,
            numa_node: number(at(name, 'numa_node')), target_node: number(at(name, 'target_node')), claim: holder ?? null,
        }]];
    });
    return { nd_regions: Object.fromEntries(regions), namespaces: Object.fromEntries(namespaces) };
}

// -------------------------------------------------------------------------------------------------------------- the machine

const FIRMWARE_TYPES: Readonly<Record<string, number>> = {
    'System RAM': E820.RAM, 'Reserved': E820.RESERVED, 'ACPI Tables': E820.ACPI, 'ACPI Non-volatile Storage': E820.NVS, 'Unusable memory': E820.UNUSABLE,
    'Persistent Memory': E820.PMEM, 'Persistent Memory (legacy)': E820.PRAM, 'Soft Reserved': E820.SOFT_RESERVED,
};

/** Standard base64 to bytes without a platform's own decoder, so that this runs in a worker too. */
export function fromBase64(text: string): Uint8Array {
    return Uint8Array.from(atob(text.replace(/[^A-Za-z0-9+/]/g, '')), (c) => c.charCodeAt(0));
}

export interface RecordedMachine {
    readonly machine: Machine;
    /** What the record lacks or what its tables have wrong, each in one sentence. */
    readonly problems: readonly string[];
}

/**
 * The machine that a record describes. The firmware map comes from the kernel log where it still has it, otherwise from
 * /sys/firmware/memmap; modules are the loaded ones that matter here.
 */
export function recordedMachine(sections: Sections): RecordedMachine {
    const problems: string[] = [];
    const table = <T>(name: string, parse: (bytes: Uint8Array) => { value: T; problems: readonly AcpiProblem[] }): T | undefined => {
        const text = sections.get(`acpi ${name}`);
        if (text === undefined || text.trim() === '') return undefined;
        const parsed = parse(fromBase64(text));
        for (const p of parsed.problems) problems.push(`${name} at byte ${p.offset}: ${p.message}`);
        return parsed.value;
    };
    const log = (sections.get('log') ?? '').split('\n');
    let e820 = log.filter((l) => l.includes('BIOS-e820')).map(parseE820Line).filter((e): e is E820Entry => e !== undefined);
    if (e820.length === 0) e820 = firmwareMemmap(sections);
    if (e820.length === 0) problems.push('no firmware memory map: neither the kernel log nor /sys/firmware/memmap has it');
    const release = (sections.get('kernel') ?? '').trim().split('\n');
    const version = /Debian (\d+\.\d+\.\d+)/.exec(release[1] ?? '')?.[1] ?? /^\d+\.\d+(?:\.\d+)?/.exec(release[0] ?? '')?.[0];
    if (!version) problems.push('the record does not say which kernel ran');
    const cpuinfo = sections.get('cpuinfo') ?? '';
    const windows = table('CEDT', parseCedt) ?? [];
    const srat = table('SRAT', parseSrat);
    const slit = table('SLIT', parseSlit);
    const hmat = table('HMAT', parseHmat);
    const loaded = new Set((sections.get('modules') ?? '').split('\n').map((m) => m.trim()));
    const modules = ['nfit', 'nd_e820', 'nd_pmem', 'dax_pmem', 'device_dax', 'dax_hmem', 'virtio_mem', 'cxl_acpi', 'cxl_mem', 'kmem'].filter((m) => loaded.has(m));
    return {
        machine: {
            arch: 'x86_64', kernel: version ?? '6.1', hypervisor: /\bhypervisor\b/.test(cpuinfo), firmware: sections.get('efi')?.includes('yes') ? 'efi' : 'bios',
            cmdline: (sections.get('cmdline') ?? '').trim(), config: {}, cpus: Number(/^\d+$/m.exec(cpuinfo)?.[0] ?? 1), e820,
            ...(srat ? { srat } : {}), ...(slit?.length ? { slit } : {}), ...(hmat ? { hmat } : {}),
            nfit: table('NFIT', parseNfit) ?? [], devices: [], cxlWindows: windows, cxlMemdevs: [], resources: [], modules,
        },
        problems,
    };
}

function firmwareMemmap(sections: Sections): E820Entry[] {
    const map = files(sections.get('firmware-memmap'));
    return below(map, '/sys/firmware/memmap/').sort((a, b) => Number(a) - Number(b)).flatMap((i) => {
        const start = number(map.get(`/sys/firmware/memmap/${i}/start`));
        const end = number(map.get(`/sys/firmware/memmap/${i}/end`));
        const type = map.get(`/sys/firmware/memmap/${i}/type`)?.trim() ?? '';
        return start === null || end === null ? [] : [{ ...rangeOf(start, end - start + 1), type: FIRMWARE_TYPES[type] ?? E820.RESERVED }];
    });
}
