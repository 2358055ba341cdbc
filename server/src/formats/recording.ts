// Reads a recorded run (NAME.input.json): what was given to a real kernel, as a Machine, and the steps typed on it.
// Firmware tables are there in the words of the kernel's log; both wordings of the memory map are read (before v7 and since).
import {
    type CxlWindow, E820, type E820Entry, type Hmat, type HmatCache, type HmatValue, type Machine, type MemoryDevice, type NfitRange, type Srat,
    type SratCpu, type SratMemory,
} from '../kernel/machine.ts';
import { GiB, rangeOf } from '../kernel/range.ts';
import { qemuCpus, qemuCxlMemdevs, qemuHmat } from './qemu-args.ts';

/** One memory device as recordings describe it. */
export interface RecordedDevice {
    readonly id: string;
    readonly driver: 'pc-dimm' | 'nvdimm' | 'virtio-mem';
    readonly start: number;
    readonly size: number;
    readonly node: number;
    readonly label_size?: number;
    readonly unarmed?: boolean;
    readonly block_size?: number;
    readonly requested_size?: number;
    readonly virtio?: string;
}

/** A QEMU monitor command as it was sent. */
export interface MonitorCommand {
    readonly execute: string;
    readonly arguments?: Readonly<Record<string, unknown>>;
}

export interface RecordedStep {
    readonly id: string;
    readonly kind: 'provision' | 'query' | 'qmp' | 'shell';
    readonly run?: string;
    /** Plain commands that `run` stands for. */
    readonly cmds?: readonly string[];
    /** `cmds` are alternatives: stop after the first that succeeds. */
    readonly until_success?: boolean;
    readonly qmp?: readonly MonitorCommand[];
    /** Where QEMU put the devices that this step plugs. */
    readonly placed?: readonly RecordedDevice[];
    readonly note?: string;
}

/** NAME.input.json. */
export interface RecordedInput {
    readonly schema: number;
    readonly name: string;
    readonly title: string;
    readonly kernel: { readonly release: string; readonly version: string; readonly arch: string };
    readonly cmdline: string;
    readonly firmware: 'seabios' | 'ovmf';
    readonly hypervisor: boolean;
    readonly cpus: number;
    readonly qemu: readonly string[];
    readonly modules: readonly string[];
    readonly setup?: readonly string[];
    readonly e820: readonly string[];
    readonly srat: readonly string[];
    readonly slit?: readonly (readonly number[])[];
    readonly hmat?: readonly string[];
    readonly hotplug_window?: { readonly start: number; readonly size: number; readonly slots: number };
    readonly devices?: readonly RecordedDevice[];
    readonly nfit?: readonly {
        readonly start: number; readonly size: number; readonly proximity_domain: number; readonly device: string; readonly label_size: number;
    }[];
    readonly cxl_windows?: readonly { readonly window: number; readonly start: number; readonly size: number }[];
    readonly steps: readonly RecordedStep[];
}

/** Words of the log for e820 types, up to v6 and since v7. */
const E820_WORDS: Readonly<Record<string, number>> = {
    'usable': E820.RAM, 'System RAM': E820.RAM, 'reserved': E820.RESERVED, 'device reserved': E820.RESERVED, 'ACPI data': E820.ACPI,
    'ACPI NVS': E820.NVS, 'unusable': E820.UNUSABLE, 'persistent (type 7)': E820.PMEM, 'persistent (type 12)': E820.PRAM,
    'soft reserved': E820.SOFT_RESERVED, 'unusable memory': E820.UNUSABLE, 'persistent RAM (type 7)': E820.PMEM, 'persistent RAM (type 12)': E820.PRAM,
};

/** One `[mem a-b] word` line of the log; undefined for `[gap …]` lines and others. */
export function parseE820Line(line: string): E820Entry | undefined {
    const m = /\[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\]\s+(.+?)\s*$/i.exec(line);
    if (!m) return undefined;
    const word = m[3]!;
    const numbered = /type (\d+)/.exec(word);
    const type = E820_WORDS[word] ?? (numbered ? Number(numbered[1]) : E820.RESERVED);
    return { start: parseInt(m[1]!, 16), end: parseInt(m[2]!, 16), type };
}

/** The firmware map. Under EFI the reserved range that ends at 4 GiB is the boot flash, which EFI describes as memory-mapped I/O. */
export function parseE820(lines: readonly string[], efi: boolean): E820Entry[] {
    const entries = lines.map(parseE820Line).filter((e): e is E820Entry => e !== undefined);
    return entries.map((e) => (efi && e.type === E820.RESERVED && e.end === 4 * GiB - 1 ? { ...e, mmio: true } : e));
}

/** SRAT from the log; undefined when no line says anything. */
export function parseSrat(lines: readonly string[]): Srat | undefined {
    const cpus: SratCpu[] = [];
    const memory: SratMemory[] = [];
    const genericInitiators: number[] = [];
    for (const line of lines) {
        const cpu = /SRAT: PXM (\d+) -> APIC 0x([0-9a-f]+) -> Node \d+/i.exec(line);
        if (cpu) {
            cpus.push({ pxm: Number(cpu[1]), apicId: parseInt(cpu[2]!, 16) });
            continue;
        }
        const mem = /SRAT: Node \d+ PXM (\d+) \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\](.*)$/i.exec(line);
        if (mem) {
            memory.push({
                pxm: Number(mem[1]), start: parseInt(mem[2]!, 16), end: parseInt(mem[3]!, 16),
                ...(/\bhotplug\b/.test(mem[4]!) ? { hotplug: true } : {}), ...(/non-volatile/.test(mem[4]!) ? { nonVolatile: true } : {}),
            });
            continue;
        }
        const initiator = /SRAT: PXM (\d+) -> .*Generic Initiator/i.exec(line);
        if (initiator) genericInitiators.push(Number(initiator[1]));
    }
    if (cpus.length + memory.length + genericInitiators.length === 0) return undefined;
    return { cpus, memory, ...(genericInitiators.length > 0 ? { genericInitiators } : {}) };
}

const LOCALITY: Readonly<Record<string, readonly HmatValue['attribute'][]>> = {
    'Access Latency': ['read_latency', 'write_latency'], 'Read Latency': ['read_latency'], 'Write Latency': ['write_latency'],
    'Access Bandwidth': ['read_bandwidth', 'write_bandwidth'], 'Read Bandwidth': ['read_bandwidth'], 'Write Bandwidth': ['write_bandwidth'],
};
const ASSOCIATIVITY = ['none', 'direct', 'complex'] as const;
const WRITE_POLICY = ['none', 'write-back', 'write-through'] as const;

/** HMAT from the log. Of locality structures only those of memory itself count (flags 0), not those of a cache level. */
export function parseHmat(lines: readonly string[]): Hmat {
    const domains: { memory: number; processor?: number }[] = [];
    const values: HmatValue[] = [];
    const caches: HmatCache[] = [];
    let attributes: readonly HmatValue['attribute'][] = [];
    for (const line of lines) {
        const domain = /Memory Flags:([0-9a-f]+) Processor Domain:(\d+) Memory Domain:(\d+)/i.exec(line);
        if (domain) {
            const valid = (parseInt(domain[1]!, 16) & 1) !== 0;
            domains.push({ memory: Number(domain[3]), ...(valid ? { processor: Number(domain[2]) } : {}) });
            continue;
        }
        const locality = /Locality: Flags:([0-9a-f]+) Type:([A-Za-z ]+?) Initiator/.exec(line);
        if (locality) {
            attributes = (parseInt(locality[1]!, 16) & 0xf) === 0 ? LOCALITY[locality[2]!] ?? [] : [];
            continue;
        }
        const cell = /Initiator-Target\[(\d+)-(\d+)\]:(\d+)/.exec(line);
        if (cell) {
            for (const attribute of attributes) {
                values.push({ initiator: Number(cell[1]), target: Number(cell[2]), attribute, value: Number(cell[3]) });
            }
            continue;
        }
        const cache = /Cache: Domain:(\d+) Size:(\d+) Attrs:([0-9a-f]+)/i.exec(line);
        if (cache) {
            const attrs = parseInt(cache[3]!, 16);
            caches.push({
                target: Number(cache[1]), level: (attrs >>> 4) & 0xf, size: Number(cache[2]), line: attrs >>> 16,
                associativity: ASSOCIATIVITY[(attrs >>> 8) & 0xf] ?? 'none', writePolicy: WRITE_POLICY[(attrs >>> 12) & 0xf] ?? 'none',
            });
        }
    }
    return { domains, values, caches };
}

/** A recorded device as the model has it. */
export function memoryDevice(device: RecordedDevice): MemoryDevice {
    const range = rangeOf(device.start, device.size);
    switch (device.driver) {
        case 'pc-dimm':
            return { kind: 'dimm', id: device.id, pxm: device.node, ...range };
        case 'virtio-mem':
            return {
                kind: 'virtio-mem', id: device.id, pxm: device.node, ...range, blockSize: device.block_size ?? 0,
                requestedSize: device.requested_size ?? 0, virtio: device.virtio ?? 'virtio0',
            };
        case 'nvdimm':
            return {
                kind: 'nvdimm', id: device.id, pxm: device.node, ...range, labelSize: device.label_size ?? 0,
                ...(device.unarmed ? { unarmed: true } : {}),
            };
    }
}

/** Configuration of a distribution's kernel where it differs from upstream's default, as far as `uname -r` tells which it is. */
function distributionConfig(release: string, version: string): Record<string, string> {
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const debian = /(?:^\d+\.\d+\.\d+-\d+|\+deb\d+)-amd64$/.test(release);
    // Debian's kernels bring hot-added memory online by themselves since the 6.12 series.
    return debian && (major > 6 || (major === 6 && minor >= 12)) ? { MEMORY_HOTPLUG_DEFAULT_ONLINE: 'y' } : {};
}

/** HMAT of a recording. What the log does not print is taken from QEMU's arguments. */
function hmatOf(input: RecordedInput): Hmat | undefined {
    const logged = input.hmat ? parseHmat(input.hmat) : undefined;
    const given = qemuHmat(input.qemu ?? []);
    if (!logged || !given) return logged;
    const either = <T>(first: readonly T[], second: readonly T[]): readonly T[] => (first.length > 0 ? first : second);
    return { domains: either(logged.domains, given.domains), values: either(logged.values, given.values), caches: either(logged.caches, given.caches) };
}

/** SRAT of a recording; its CPUs come from QEMU's arguments where the log names none. */
function sratOf(input: RecordedInput): Srat | undefined {
    const srat = parseSrat(input.srat);
    return srat && srat.cpus.length === 0 ? { ...srat, cpus: qemuCpus(input.qemu ?? [], input.cpus) } : srat;
}

/** Machine of a recorded input. */
export function machineOf(input: RecordedInput): Machine {
    const efi = input.firmware === 'ovmf';
    const devices = (input.devices ?? []).map(memoryDevice);
    const unarmed = new Set((input.devices ?? []).filter((d) => d.unarmed).map((d) => d.id));
    const srat = sratOf(input);
    const hmat = hmatOf(input);
    const window = input.hotplug_window;
    return {
        arch: 'x86_64',
        kernel: input.kernel.version,
        hypervisor: input.hypervisor,
        firmware: efi ? 'efi' : 'bios',
        cmdline: input.cmdline,
        config: distributionConfig(input.kernel.release, input.kernel.version),
        cpus: input.cpus,
        e820: parseE820(input.e820, efi),
        ...(srat ? { srat } : {}),
        ...(input.slit ? { slit: input.slit } : {}),
        ...(hmat ? { hmat } : {}),
        nfit: (input.nfit ?? []).map((n): NfitRange => ({
            ...rangeOf(n.start, n.size), proximityDomain: n.proximity_domain, dimms: [n.device], labelSize: n.label_size,
            ...(unarmed.has(n.device) ? { unarmed: true } : {}),
        })),
        devices,
        ...(window ? { hotplugWindow: { ...rangeOf(window.start, window.size), slots: window.slots } } : {}),
        cxlWindows: (input.cxl_windows ?? []).map((w): CxlWindow => ({ ...rangeOf(w.start, w.size), index: w.window })),
        // Recordings are made with QEMU 7.2.
        cxlMemdevs: qemuCxlMemdevs(input.qemu ?? []).map((m) => ({ ...m, oldEmulation: true })),
        resources: [],
        modules: input.modules,
    };
}

/** Parses NAME.input.json. A text that is not such a document is answered with what is wrong. */
export function parseRecording(text: string): { readonly input: RecordedInput } | { readonly problem: string } {
    let value: unknown;
    try {
        value = JSON.parse(text);
    } catch (e) {
        return { problem: `not JSON: ${e instanceof Error ? e.message : String(e)}` };
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return { problem: 'not a JSON object' };
    const document = value as Record<string, unknown>;
    if (document['schema'] !== 1) return { problem: `schema ${String(document['schema'])} is not known; this reads schema 1` };
    for (const key of ['name', 'cmdline']) {
        if (typeof document[key] !== 'string') return { problem: `\`${key}\` must be a string` };
    }
    for (const key of ['e820', 'srat', 'modules', 'steps']) {
        if (!Array.isArray(document[key])) return { problem: `\`${key}\` must be a list` };
    }
    for (const key of ['e820', 'srat', 'modules', 'hmat', 'setup', 'qemu']) {
        const list = document[key];
        if (list !== undefined && !(Array.isArray(list) && list.every((line) => typeof line === 'string'))) return { problem: `\`${key}\` must be a list of strings` };
    }
    for (const key of ['steps', 'devices', 'nfit', 'cxl_windows']) {
        const list = document[key];
        if (list !== undefined && !(Array.isArray(list) && list.every((item) => typeof item === 'object' && item !== null))) {
            return { problem: `\`${key}\` must be a list of objects` };
        }
    }
    for (const step of document['steps'] as { readonly id?: unknown }[]) {
        if (typeof step.id !== 'string') return { problem: 'each of `steps` needs an `id`' };
    }
    const kernel = document['kernel'] as { version?: unknown } | undefined;
    if (typeof kernel?.version !== 'string') return { problem: '`kernel.version` must be a string' };
    return { input: value as RecordedInput };
}
