// What is given to the kernel, and nothing that it decides: firmware tables, devices, command line. The language lowers a
// platform to a Machine; `memtopo replay` reads one from a recording.
import type { Range } from './range.ts';

/** e820 types by value (E820-01). Values that Linux has no name for are carried as they are. */
export const E820 = { RAM: 1, RESERVED: 2, ACPI: 3, NVS: 4, UNUSABLE: 5, PMEM: 7, PRAM: 12, SOFT_RESERVED: 0xefffffff } as const;

/** One entry of the firmware's memory map. */
export interface E820Entry extends Range {
    readonly type: number;
    /** Stands for a large EFI memory-mapped I/O range (the boot flash below 4 GiB): v6.2+ takes it out of the map (E820-09). */
    readonly mmio?: boolean;
}

/** SRAT memory affinity structure (ACPI 6.5, 5.2.16.2). */
export interface SratMemory extends Range {
    readonly pxm: number;
    readonly hotplug?: boolean;
    readonly nonVolatile?: boolean;
}

/** SRAT processor affinity: one logical CPU and its proximity domain (ACPI 6.5, 5.2.16.1 and .3). */
export interface SratCpu {
    readonly pxm: number;
    readonly apicId: number;
}

export interface Srat {
    /** In the table's order: nodes are numbered by first appearance, CPUs before memory (NUMA-01). */
    readonly cpus: readonly SratCpu[];
    readonly memory: readonly SratMemory[];
    /** Proximity domains of generic initiators (ACPI 6.5, 5.2.16.6). */
    readonly genericInitiators?: readonly number[];
}

/** One cell of an HMAT locality matrix, already in ns or MB/s (HMAT-03). */
export interface HmatValue {
    readonly initiator: number;
    readonly target: number;
    readonly attribute: 'read_latency' | 'write_latency' | 'read_bandwidth' | 'write_bandwidth';
    /** ns, or MB/s; 0 means that the table says nothing here. */
    readonly value: number;
}

/** HMAT memory-side cache (ACPI 6.5, 5.2.27.5). */
export interface HmatCache {
    readonly target: number;
    readonly level: number;
    /** Bytes. */
    readonly size: number;
    /** Bytes. */
    readonly line: number;
    readonly associativity: 'none' | 'direct' | 'complex';
    readonly writePolicy: 'none' | 'write-back' | 'write-through';
}

export interface Hmat {
    /** Memory proximity domain structures: target and, where valid, its attached processor domain (HMAT-04). */
    readonly domains: readonly { readonly memory: number; readonly processor?: number }[];
    readonly values: readonly HmatValue[];
    readonly caches: readonly HmatCache[];
}

/** NFIT system physical address range, in the table's order: it decides the region numbers (ND-02). */
export interface NfitRange extends Range {
    readonly proximityDomain?: number;
    /** The NVDIMMs behind it, one per interleave way. */
    readonly dimms: readonly string[];
    /** Bytes of label storage on each DIMM; 0 = none. */
    readonly labelSize: number;
    /** Label storage already initialised, so that the region is a labelled one when it is first enabled. */
    readonly labelsInitialised?: boolean;
    /** The DIMM reports that it is not armed: the region is read-only. */
    readonly unarmed?: boolean;
}

/** Memory behind an ACPI memory device: present at boot or hot-added (MHP-01). */
export interface DimmDevice extends Range {
    readonly kind: 'dimm';
    readonly id: string;
    readonly pxm: number;
}

/** virtio-mem device configuration (VM-01). `start`/`end`: the whole device region. */
export interface VirtioMemDevice extends Range {
    readonly kind: 'virtio-mem';
    readonly id: string;
    readonly pxm: number;
    /** Bytes. */
    readonly blockSize: number;
    /** Bytes. */
    readonly requestedSize: number;
    /** Name on the virtio bus, e.g. `virtio0`: the bus number, not an order of memory devices (VM-03). */
    readonly virtio: string;
}

/** NVDIMM as the hypervisor or the slot sees it; its ranges are in `nfit`. */
export interface NvdimmDevice extends Range {
    readonly kind: 'nvdimm';
    readonly id: string;
    readonly pxm: number;
    readonly labelSize: number;
    readonly unarmed?: boolean;
}

export type MemoryDevice = DimmDevice | VirtioMemDevice | NvdimmDevice;

/** CXL fixed memory window of the CEDT (CXL 3.1, 9.18.1.3). */
export interface CxlWindow extends Range {
    readonly index: number;
    readonly ways?: number;
    /** Bytes. */
    readonly granularity?: number;
    readonly targets?: readonly string[];
    readonly volatile?: boolean;
    readonly pmem?: boolean;
}

/** A CXL type 3 memory device behind a window. */
export interface CxlMemdev {
    readonly name: string;
    /** Bytes. */
    readonly volatileSize: number;
    /** Bytes. */
    readonly pmemSize: number;
    /** Index of the window that reaches it. */
    readonly window: number;
    /** Firmware programmed its decoders at boot: a region exists without `cxl create-region` (CXL-04). */
    readonly region?: Range;
    /** Modelled by a QEMU before 8.0, which newer releases of Linux do not bring up. */
    readonly oldEmulation?: boolean;
}

/** An entry of a real /proc/iomem that the model does not derive: PCI windows, ROMs. `children` lie inside it. */
export interface ExtraResource extends Range {
    readonly name: string;
    readonly children: readonly ExtraResource[];
}

export interface Machine {
    readonly arch: 'x86_64';
    /** Upstream version the kernel is built from: `6.1`, `6.1.192`, `7.2.13`. */
    readonly kernel: string;
    /** CPUID hypervisor bit: it changes the memory block size (GEO-04). */
    readonly hypervisor: boolean;
    readonly firmware: 'bios' | 'efi';
    readonly cmdline: string;
    /** Kernel configuration that differs from the profile's default, e.g. `MEMORY_HOTPLUG_DEFAULT_ONLINE` → `y`. */
    readonly config: Readonly<Record<string, string>>;
    /** Number of logical CPUs, all online, APIC ids 0 … cpus−1. */
    readonly cpus: number;
    readonly e820: readonly E820Entry[];
    readonly srat?: Srat;
    /** SLIT by proximity domain: `slit[from][to]`. */
    readonly slit?: readonly (readonly number[])[];
    readonly hmat?: Hmat;
    readonly nfit: readonly NfitRange[];
    readonly devices: readonly MemoryDevice[];
    /** Where the hypervisor may place hot-added memory devices. */
    readonly hotplugWindow?: Range & { readonly slots: number };
    readonly cxlWindows: readonly CxlWindow[];
    readonly cxlMemdevs: readonly CxlMemdev[];
    readonly resources: readonly ExtraResource[];
    /** Modules that load before the first step, in order, each with its parameters (`dax_hmem`, `dax_hmem region_idle=Y`). */
    readonly modules: readonly string[];
}
