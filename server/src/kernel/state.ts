// The state of the simulated kernel: an immutable value. Parts that an operation does not touch are shared between states, so a
// preview can hold one state per step. Each part is owned by the kernel subject (file) named beside it.
import type { CxlMemdev, CxlWindow, E820Entry, Machine, NfitRange } from './machine.ts';
import type { Profile } from './profile.ts';
import type { Range } from './range.ts';
import type { Tree } from './resource.ts';

// ---------------------------------------------------------------------------------------------------- nodes (numa.ts, hmat.ts)

export interface NodeRange extends Range {
    readonly node: number;
}

/** One access class of a node (HMAT-04, HMAT-05); absent values are not published. ns and MB/s. */
export interface AccessClass {
    readonly initiators: readonly number[];
    readonly targets: readonly number[];
    readonly read_latency?: number;
    readonly write_latency?: number;
    readonly read_bandwidth?: number;
    readonly write_bandwidth?: number;
}

export interface MemorySideCache {
    readonly level: number;
    /** Bytes. */
    readonly size: number;
    /** Bytes. */
    readonly line_size: number;
    /** As sysfs prints it: 0 direct, 1 indexed, 2 other (HMAT-07). */
    readonly indexing: number;
    /** As sysfs prints it: 0 write-back, 1 write-through, 2 other. */
    readonly write_policy: number;
}

export interface NumaState {
    /** Proximity domain → node id (NUMA-01). */
    readonly pxmToNode: ReadonlyMap<number, number>;
    /** Ranges that hold boot RAM or lie between such ranges of one node (NUMA-04), in address order. */
    readonly meminfo: readonly NodeRange[];
    /** SRAT ranges without boot RAM (NUMA-04). */
    readonly reservedMeminfo: readonly NodeRange[];
    readonly possible: readonly number[];
    readonly online: readonly number[];
    /** Nodes that went offline after boot: links to them in the access classes of their initiators stay (HMAT-06). */
    readonly departed?: readonly number[];
    /** Node of each CPU, by CPU number. */
    readonly cpuNode: readonly number[];
    /** Nodes in the mask has_cpu. Under `numa=fake` it is not the same as having a CPU in the list (NUMA-12). */
    readonly hasCpu: readonly number[];
    /** CPUs that a node lists. Under `numa=fake` a CPU is listed by every fake node of its physical node (NUMA-12). */
    readonly nodeCpus: ReadonlyMap<number, readonly number[]>;
    /** Distance between two possible nodes (NUMA-11), where the firmware has a table: ask `nodeDistance`. */
    readonly distance?: readonly (readonly number[])[];
    /** What HMAT says of each target node; published when the node is online (HMAT-06). */
    readonly access: ReadonlyMap<number, { readonly access0?: AccessClass; readonly access1?: AccessClass; readonly caches: readonly MemorySideCache[] }>;
}

// -------------------------------------------------------------------------------------- zones and blocks (memory-block.ts)

export type ZoneName = 'DMA' | 'DMA32' | 'Normal' | 'Movable';

/** A populated zone. Page frame numbers; `endPfn` is exclusive. */
export interface Zone {
    readonly node: number;
    readonly zone: ZoneName;
    readonly startPfn: number;
    readonly endPfn: number;
    /** Pages that exist in it. */
    readonly present: number;
}

/** Memory blocks that agree in everything, as a run of block numbers, inclusive. Runs are sorted and disjoint. */
export interface BlockRun {
    readonly first: number;
    readonly last: number;
    readonly state: 'online' | 'offline';
    /** Zone of an online block; null where it covers several (`none`), and for offline blocks. */
    readonly zone: ZoneName | null;
    /** Before v5.18: the zone it has again when a device that mapped pages into it is gone (OFF-01). */
    readonly zoneWhenUnmapped?: ZoneName;
    /** Nodes the block is linked to; the last is the one the kernel stored (OFF-04). */
    readonly nodes: readonly number[];
    /** Present at boot. */
    readonly early: boolean;
    /** Static memory group it was added with (KM-04, ONL-05). */
    readonly group?: number;
    /** Bytes of memmap that each block hosts itself (MHP-09); 0 or absent = none. */
    readonly selfHosted?: number;
    /** Why it cannot go offline although its zone and shape would allow it: content that the machine was told to have. */
    readonly pinned?: string;
}

/** A memory group (v5.15): what was added together by one device. */
export interface MemoryGroup {
    readonly id: number;
    readonly node: number;
    readonly kind: 'static' | 'dynamic';
    /** Pages: of the whole device (static) or of a unit (dynamic). */
    readonly pages: number;
    readonly presentKernelPages: number;
    readonly presentMovablePages: number;
}

/** Sub-section map (sparse.c): disjoint sorted runs of present memory, 2 MiB granular on v5.3+. */
export interface PresentRange extends Range {
    readonly by: 'boot' | 'hotplug' | 'zone-device';
    /** ZONE_DEVICE: the device whose page map it is; runs of different owners are kept apart (memremap.ts). */
    readonly owner?: string;
    /** Hot-added: the block that holds its struct pages, where that is hot-added memory too (MHP-08). */
    readonly memmapIn?: number;
}

export interface MemoryState {
    /** Memory block size in bytes (GEO-04). */
    readonly blockSize: number;
    /** End of RAM at boot, exclusive, bytes (GEO-05). */
    readonly maxPfnEnd: number;
    readonly present: readonly PresentRange[];
    readonly blocks: readonly BlockRun[];
    readonly zones: readonly Zone[];
    /** Block that was first in a kernel zone of a node that had none: kernel data that wants the node lands there first (OFF-02). */
    readonly kernelHome?: ReadonlyMap<number, number>;
    readonly groups: ReadonlyMap<number, MemoryGroup>;
    readonly nextGroup: number;
    readonly autoOnline: string;
    readonly onlinePolicy: 'contig-zones' | 'auto-movable';
    readonly autoMovableRatio: number;
    readonly autoMovableNumaAware: boolean;
    readonly memmapOnMemory: boolean;
    /** `movable_node` was given. */
    readonly movableNode: boolean;
}

// -------------------------------------------------------------------------------------------------- dax (dax-bus.ts)

export type DaxDriver = 'device_dax' | 'kmem' | 'fsdev';

export interface DaxMapping extends Range {
    /** mappingN (DAX-12). */
    readonly id: number;
    /** Page offset in the device. */
    readonly pageOffset: number;
}

/** A range that a dax driver claimed in iomem: a whole mapping (device_dax), or its whole memory blocks (kmem). */
export interface DaxClaim extends Range {
    /** Id of the resource. */
    readonly resource: number;
}

export interface DaxDevice {
    /** `dax0.1`. */
    readonly name: string;
    readonly region: string;
    /** The number after the dot. */
    readonly id: number;
    readonly align: number;
    /** In array order, which is allocation and page offset order (DAX-10). */
    readonly mappings: readonly DaxMapping[];
    readonly driver: DaxDriver | null;
    /** What the bound driver claimed in iomem, in array order; mappings that kmem skipped have none (KM-03, KM-05). */
    readonly claims: readonly DaxClaim[];
    /** kmem: the memory group it registered. */
    readonly group?: number;
    readonly memmapOnMemory?: boolean;
    /** device_dax failed to bind it and left its page map behind (DAX-22). */
    readonly stalePageMap?: boolean;
}

export interface DaxRegion {
    /** Key: the parent device, e.g. `hmem.0`, `dax0.0` (libnvdimm's), `dax_region3` (CXL). */
    readonly key: string;
    readonly id: number;
    readonly range: Range;
    readonly align: number;
    readonly targetNode: number;
    readonly numaNode: number;
    readonly kind: 'static' | 'dynamic';
    /** Which driver takes its devices by type (DAX-18; v6.3+). */
    readonly type: 'device_dax' | 'kmem';
    readonly origin: 'hmem' | 'nvdimm' | 'cxl';
    /** Static regions: what device_dax maps, when that is more than the data (the namespace with its info block; ZD-09). */
    readonly pgmap?: Range;
    readonly seed: string | null;
    readonly youngest: string | null;
}

export interface DaxState {
    readonly regions: ReadonlyMap<string, DaxRegion>;
    readonly devices: ReadonlyMap<string, DaxDevice>;
    /** Registered drivers in order of registration, each with the names written to its new_id (DAX-19). */
    readonly drivers: ReadonlyMap<DaxDriver, readonly string[]>;
    /** The tree "DAX Regions" that regions claim themselves in, apart from iomem (DAX-02; v7.1+). */
    readonly regionTree?: Tree;
}

/** A soft-reserved range that became (or will become) a `hmem.N` platform device (HMEM-02, HMEM-03). */
export interface HmemDevice extends Range {
    /** memregion id: the N of hmem.N (ND-01). */
    readonly id: number;
    readonly targetNode: number;
    /** Its driver is bound, so it has (or tried to have) a dax region. */
    readonly bound: boolean;
    /** iomem resource of hmem.N up to v6.2. */
    readonly claim?: number;
}

export interface HmemState {
    /** Registered ranges; v6.3+ they turn into devices only when dax_hmem loads (HMEM-01). */
    readonly pending: readonly (Range & { readonly targetNode: number })[];
    readonly devices: ReadonlyMap<string, HmemDevice>;
}

// -------------------------------------------------------------------------------------------------- libnvdimm (nvdimm.ts)

export interface NdDimm {
    /** `nmem0`. */
    readonly name: string;
    /** Id of the hardware: `nvd0`, `mem0`. */
    readonly device: string;
    /** Bytes of label storage; 0 = none, so no namespace can be allocated on it. */
    readonly labelSize: number;
    readonly enabled: boolean;
    readonly unarmed: boolean;
    /** It was enabled with valid labels once: its regions stay labelled until it is found anew, whatever its labels are now (ND-03). */
    readonly labelling?: true;
}

export interface NdMapping {
    readonly dimm: string;
    /** Byte offset in the DIMM. */
    readonly offset: number;
    readonly length: number;
    readonly position: number;
}

export type NdProvider = 'e820' | 'ACPI.NFIT' | 'CXL';

export interface NdRegion {
    /** `region0`. */
    readonly name: string;
    readonly id: number;
    readonly range: Range;
    /** Bytes; sizes and starts of allocations are multiples of it (ND-05). Lost at reboot. */
    readonly align: number;
    readonly ways: number;
    readonly mappings: readonly NdMapping[];
    /** −1 = none. */
    readonly numaNode: number;
    /** −1 = none. */
    readonly targetNode: number;
    /** Static struct pages (legacy pmem, ND-16). */
    readonly pagemap: boolean;
    /** Labelled: namespaces can be allocated and sized (ND-03). Decided each time the region is enabled. */
    readonly labelled: boolean;
    readonly enabled: boolean;
    readonly readOnly: boolean;
    readonly provider: NdProvider;
    /** iomem resource of the region, where it has one of its own. */
    readonly claim?: number;
    /** Idle devices that user space configures next (ND-12); null while the region is disabled. */
    readonly namespaceSeed: string | null;
    readonly pfnSeed: string | null;
    readonly daxSeed: string | null;
    readonly bttSeed: string | null;
}

/**
 * On-media metadata at the start of a namespace (ND-18, ND-24): it survives disable, reboot and kexec (KEX-01). `uuid` is its own,
 * `parent` the uuid of the namespace it was written for ('' where namespaces have none): another parent makes it absent (ND-21).
 */
export type NdInfoBlock = { readonly uuid: string; readonly parent: string } & (
    | { readonly kind: 'pfn' | 'dax'; readonly map: 'mem' | 'dev'; readonly align: number; readonly dataOffset: number; readonly endTrunc: number; readonly startPad: number }
    | { readonly kind: 'btt'; readonly sectorSize: number; readonly initialOffset: number });

/** A namespace label: one slot on each DIMM of the set, all alike (ND-08). */
export interface NdLabel {
    readonly uuid: string;
    /** Byte offset in the DIMM. */
    readonly dpa: number;
    /** Bytes on this DIMM. */
    readonly length: number;
    readonly sectorSize: number;
    readonly holderClass: NdHolderClass;
}

/** Initialised label storage of a DIMM. */
export interface NdLabelArea {
    readonly version: '1.1' | '1.2';
    readonly labels: readonly NdLabel[];
}

/** What lies on persistent media: it outlives drivers, reboot and kexec (KEX-01). */
export interface NdMedia {
    /** Info blocks by the physical address of the namespace start. */
    readonly blocks: ReadonlyMap<number, NdInfoBlock>;
    /** Label storage by DIMM hardware id; absent: never initialised. */
    readonly labels: ReadonlyMap<string, NdLabelArea>;
}

export type NdHolderClass = '' | 'btt' | 'pfn' | 'dax';

export interface NdNamespace {
    /** `namespace0.0`. */
    readonly name: string;
    readonly region: string;
    readonly id: number;
    /** SPA range allocated to it; undefined for an unconfigured seed (size 0). */
    readonly range?: Range;
    readonly uuid: string | null;
    readonly sectorSize: number;
    readonly holderClass: NdHolderClass;
    readonly forceRaw: boolean;
    /** The nd_pmem driver is bound to the namespace itself (raw or static fsdax). */
    readonly enabled: boolean;
    /** iomem resources that it holds itself. */
    readonly claims: readonly number[];
    /** Personality device that claimed it: `pfn0.0`, `dax0.1`, `btt0.0`. */
    readonly holder: string | null;
    /** A block device is there (/dev/pmemN), raw or static fsdax. */
    readonly disk?: string;
}

/** A personality device on the nd bus. */
export interface NdPersonality {
    readonly name: string;
    readonly region: string;
    readonly id: number;
    readonly kind: 'pfn' | 'dax' | 'btt';
    readonly namespace: string | null;
    readonly align: number;
    readonly mode: 'ram' | 'pmem' | 'none';
    /** 0 = not set. */
    readonly sectorSize: number;
    readonly uuid: string | null;
    readonly enabled: boolean;
    readonly claims: readonly number[];
    /** The info block in use while it is enabled. */
    readonly info?: NdInfoBlock;
    readonly disk?: string;
}

export interface NvdimmState {
    readonly dimms: ReadonlyMap<string, NdDimm>;
    readonly regions: ReadonlyMap<string, NdRegion>;
    readonly namespaces: ReadonlyMap<string, NdNamespace>;
    readonly personalities: ReadonlyMap<string, NdPersonality>;
    /** e820_pmem platform device exists: a legacy pmem entry was found at boot (E820-06). */
    readonly legacy: boolean;
    readonly media: NdMedia;
    /** Buses in the order they registered: ndbus0, ndbus1, … */
    readonly buses: readonly NdProvider[];
    /** Namespace drivers that are registered. */
    readonly drivers: readonly ('nd_pmem' | 'dax_pmem')[];
    /** NVDIMMs plugged since boot: the firmware's table lists them too from then on. */
    readonly plugged: readonly NfitRange[];
    /** Uuids made so far: each new one is different. */
    readonly uuids: number;
}

// --------------------------------------------------------------------------------- virtio-mem (virtio-mem.ts), CXL (cxl.ts)

export interface VirtioMemState {
    readonly device: string;
    /** `virtio0`. */
    readonly name: string;
    readonly region: Range;
    readonly deviceBlockSize: number;
    readonly requestedSize: number;
    readonly pluggedSize: number;
    /** Bytes from the start of the region that the hypervisor lets the driver use (VM-01). */
    readonly usableSize: number;
    /** Proximity domain. */
    readonly node: number;
    readonly bound: boolean;
    readonly claim?: number;
    /** A probe failed behind the set-up of the queue, which the device keeps active until it is reset (VM-03). */
    readonly queueLeft?: true;
    readonly group?: number;
    /** Plugged device memory, sorted and disjoint. */
    readonly plugged: readonly Range[];
    /** Memory added to Linux, in whole blocks, sorted and disjoint. */
    readonly added: readonly Range[];
}

export interface CxlRegion {
    readonly name: string;
    readonly id: number;
    readonly range: Range;
    readonly type: 'ram' | 'pmem';
    readonly window: number;
    readonly memdevs: readonly string[];
    /** Bytes; the interleave granularity. */
    readonly granularity: number;
    /** Decoders are committed and the region driver is bound. */
    readonly enabled: boolean;
    readonly claim?: number;
}

/** A window published in iomem (CXL-01). */
export interface CxlDecoder extends CxlWindow {
    /** iomem resource. */
    readonly claim: number;
}

export interface CxlState {
    readonly windows: readonly CxlDecoder[];
    readonly memdevs: readonly CxlMemdev[];
    readonly regions: ReadonlyMap<string, CxlRegion>;
}

/** A file system mounted above a block device. */
export interface Mount {
    readonly device: string;
    readonly path: string;
    readonly fs: 'xfs' | 'ext4';
    readonly dax: boolean;
    readonly rmapbt: boolean;
    /** Why the file system stopped working: `device removed`. */
    readonly shutdown?: string;
}

export interface Filesystem {
    readonly fs: 'xfs' | 'ext4';
    readonly rmapbt: boolean;
    readonly reflink: boolean;
}

// ------------------------------------------------------------------------------------------------------------- the whole

export interface KernelState {
    readonly machine: Machine;
    readonly profile: Profile;
    /** The map after `mem=` and `memmap=` (E820-03), sorted and disjoint. */
    readonly e820: readonly E820Entry[];
    readonly iomem: Tree;
    /** Soft Reserved entries since v7.0, outside iomem (E820-08). */
    readonly softReserved: Tree;
    readonly numa: NumaState;
    readonly memory: MemoryState;
    readonly dax: DaxState;
    readonly hmem: HmemState;
    readonly nvdimm: NvdimmState;
    readonly virtioMem: ReadonlyMap<string, VirtioMemState>;
    readonly cxl: CxlState;
    /** ACPI memory devices present (boot and hot-added), by id. `added`: Linux accepted the memory; `backend`: what it was plugged with. */
    readonly dimms: ReadonlyMap<string, Range & { readonly pxm: number; readonly added: boolean; readonly claim?: number; readonly backend?: string }>;
    /** Hypervisor objects created by monitor commands: memory backends by id, size in bytes. */
    readonly backends: ReadonlyMap<string, number>;
    /** Loaded modules in load order → their parameters. */
    readonly modules: ReadonlyMap<string, Readonly<Record<string, string>>>;
    /** memregion ids in use (ND-01). */
    readonly memregions: readonly number[];
    readonly mounts: readonly Mount[];
    /** File systems on media, by the physical address of the block device's first byte, in hex. */
    readonly filesystems: ReadonlyMap<string, Filesystem>;
}
