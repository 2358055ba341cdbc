// Version profiles (kernel model 10): which alternative of each versioned rule a release follows, as data in one place. Kernel
// code asks `profile.kmemSystemRamName`, never `version >= …`.

/** A release as a comparable pair. Stable numbers (the third part) matter only for back-ports. */
export interface Version {
    readonly major: number;
    readonly minor: number;
    readonly patch: number;
}

export interface Profile {
    /** `6.1`: the release whose rules apply; the newest profile that is not newer than the kernel asked for (N1). */
    readonly name: string;
    readonly version: Version;

    // -- boot and geometry
    /** Bare metal of 64 GiB or more takes 2 GiB blocks whatever the alignment (GEO-04 step 3). */
    readonly bareMetalBlockShortcut: boolean;
    /** ACPI tables count for the end of RAM (GEO-05). */
    readonly acpiCountsForMaxPfn: boolean;
    /** CXL windows advise the memory block size (GEO-06). */
    readonly cfmwsAdvisesBlockSize: boolean;
    /** EFI specific-purpose memory and e820 type 0xefffffff become Soft Reserved (EFI-01). */
    readonly softReserved: boolean;
    /** Legacy pmem and Soft Reserved entries stay apart from equal neighbours (E820-02). */
    readonly e820KeepsApart: boolean;
    /** Soft Reserved entries are kept out of /proc/iomem, in a tree of their own (E820-08). */
    readonly softReservedPrivate: boolean;
    readonly efiFakeMem: boolean;
    /** Large EFI memory-mapped I/O ranges are taken out of the map (E820-09). */
    readonly removesEfiMmio: boolean;
    /** phys_to_target_node (NUMA-06): the fallback node; meminfo then reserved; reserved wins when both have it. */
    readonly targetNode: 'fallback' | 'meminfo-first' | 'reserved-wins';
    /** Meminfo is clipped to first and last byte of RAM instead of [0, max_pfn) (NUMA-04). */
    readonly meminfoFromDram: boolean;
    /** kernelcore=mirror is ignored where no memory is mirrored; before, it made everything above 4 GiB movable (ZONE-02). */
    readonly mirrorNeedsMirrors: boolean;
    /** Bytes that a log takes for each byte of `log_buf_len=`: text alone, and since v5.10 descriptors and details of its records (ZONE-03; 5.10, 6.1, 6.12 and 7.2 measured). */
    readonly logBytesPerByte: number;
    /** Gigantic pages are set aside before the tables of the boot are sized by what is left (ZONE-03; measured: 7.2; the release is a guess). */
    readonly giganticPagesFirst: boolean;
    /** Depth at which /proc/iomem stops indenting (RES-14). */
    readonly iomemDepth: number;
    /** region_intersects looks below top-level nodes of another kind (RES-12). */
    readonly intersectsDescends: boolean;

    // -- memory hotplug
    /** ZONE_DEVICE granularity: 2 MiB sub-sections, or whole sections before v5.3 (ZD-01, ZD-02). */
    readonly subSections: boolean;
    readonly mhpRangeCheck: 'none' | 'late' | 'early';
    /** Default of auto_online_blocks where neither config nor command line say otherwise (ONL-01). */
    readonly autoOnlineValues: readonly string[];
    readonly memoryGroups: boolean;
    /** The block's zone is stored, so a mixed block is refused without scanning (OFF-01, v5.18). */
    readonly storedBlockZone: boolean;
    readonly hwpoisonBlocksOnline: boolean;
    /** A node that gets its first memory for kernel data puts data of its own there at once, so that block never goes offline (OFF-02; seen in 7.2). */
    readonly nodeDataInFirstBlock: boolean;
    readonly memmapOnMemory: 'none' | 'single-block' | 'multi-block';
    readonly mergeSystemRam: boolean;
    readonly memoryTiers: 'none' | 'lists' | 'tiers';
    readonly hmatAdistance: boolean;
    /** access class 1 exists (HMAT-05). */
    readonly access1: boolean;

    // -- nvdimm
    /** Region align of 16 MiB × ways and the compat alignment checks (ND-05, ND-16; v5.7). */
    readonly regionAlign: boolean;
    /** Does the align of a region without DIMMs (legacy pmem) accept a value (ND-05)? 5.10 does not, 6.1 does. */
    readonly legacyRegionAlign: boolean;
    /** dataoff is compared with the truncated size (ND-18 step 5; v6.2). */
    readonly zeroSizeGuard: boolean;
    /** A region makes its idle personalities before those of info blocks, so these have the higher numbers (measured: 6.1 no, 6.12 yes). */
    readonly seedsFirst: boolean;
    /** A pfn or dax info block that no longer fits keeps the namespace without disk (ND-14; v5.5); before, it came up raw. */
    readonly badInfoBlocks: boolean;
    /** Old info block padding to sections (ND-20). */
    readonly sectionPadding: boolean;

    // -- dax
    /** size, align, mapping, create, delete exist (v5.10). */
    readonly dynamicDax: boolean;
    /** A mapping of misaligned length is silently ignored instead of ENXIO (DAX-16; v6.9). */
    readonly mappingLengthSilent: boolean;
    /** Drivers match by type: kmem by default for hmem and CXL RAM regions (DAX-18; v6.3). */
    readonly daxMatchByType: boolean;
    /** bind returns what probe returned; before, always ENODEV (DAX-20; v5.15). */
    readonly bindReturnsProbeErrno: boolean;
    /** A probe of device_dax that fails leaves the page map of a dynamic device behind, and each later probe of it ends with EINVAL (DAX-22; v5.17). */
    readonly stalePageMap: boolean;
    /** `D X: probe with driver D failed with error n` (v6.8) instead of `D: probe of X failed with error n` (KM-16). */
    readonly probeLogNew: boolean;
    /** hmem.N platform devices appear in iomem (RES-17; v5.5 … v6.2). */
    readonly hmemInIomem: boolean;
    /** Where hmem devices come from (HMEM-01). */
    readonly hmemSource: 'none' | 'hmat' | 'hmat-and-entries' | 'module';
    /** Ranges inside CXL windows: hmem takes them, leaves them to CXL, or waits for CXL to decide (HMEM-04). */
    readonly hmemCxl: 'takes' | 'defers' | 'waits';
    /** A soft-reserved range is registered once; before v6.1 HMAT and the fallback both register it, and HMAT again when its node comes online. */
    readonly hmemOnce: boolean;
    /** hmem.N devices are children of hmem_platform.0 (HMEM-01). */
    readonly hmemBelowPlatform: boolean;
    /** dax regions claim their range in a tree of their own and may collide there (DAX-02; v7.1). */
    readonly daxRegionTree: boolean;
    readonly fsdevDriver: boolean;

    // -- kmem
    readonly kmemRemoves: boolean;
    /** Unbind also removes mappings that probe skipped (KM-11): 5.10.262 does, 6.1.192 does not; the release in between is a guess. */
    readonly kmemRemovesSkipped: boolean;
    readonly kmemName: string;
    readonly kmemPerMapping: boolean;
    /** A device without one whole block: EBUSY (≤ 5.9), bound and empty (5.10), EINVAL (5.15+) (KM-03). */
    readonly kmemTooSmall: 'EBUSY' | 'empty' | 'EINVAL';
    readonly kmemTruncationWarning: boolean;
    readonly kmemMemmapOnMemoryAttr: boolean;

    // -- virtio-mem, notify, CXL
    readonly virtioMem: 'none' | 'sbm' | 'sbm-bbm';
    /** Smallest sub-block, in bytes: a page block of the largest order, then of the huge page (VM-04; v5.18). */
    readonly virtioMemSubBlock: number;
    readonly xfsRemoval: 'none' | 'failure' | 'pre-remove';
    /** XFS calls DAX experimental when it mounts (measured: 6.1 yes, 7.2 no). */
    readonly xfsDaxExperimental: boolean;
    readonly cxlWindows: boolean;
    readonly cxlRamRegions: boolean;
    /** CXL devices as QEMU before 8.0 models them come up (measured: 6.1 yes, 6.12 no). */
    readonly cxlOldEmulation: boolean;
}

const V5_1: Profile = {
    name: '5.1', version: { major: 5, minor: 1, patch: 0 },
    bareMetalBlockShortcut: false, acpiCountsForMaxPfn: false, cfmwsAdvisesBlockSize: false, softReserved: false, e820KeepsApart: false, softReservedPrivate: false,
    efiFakeMem: false, removesEfiMmio: false, targetNode: 'fallback', meminfoFromDram: false, logBytesPerByte: 1, giganticPagesFirst: false, iomemDepth: 5, intersectsDescends: false, subSections: false, mhpRangeCheck: 'none',
    autoOnlineValues: ['offline', 'online'], memoryGroups: false, storedBlockZone: false, hwpoisonBlocksOnline: false, mirrorNeedsMirrors: false, nodeDataInFirstBlock: false, memmapOnMemory: 'none',
    mergeSystemRam: false, memoryTiers: 'none', hmatAdistance: false, access1: false, regionAlign: false, legacyRegionAlign: false, zeroSizeGuard: false,
    seedsFirst: false, badInfoBlocks: false, sectionPadding: true, dynamicDax: false, mappingLengthSilent: false, daxMatchByType: false, bindReturnsProbeErrno: false, stalePageMap: false,
    probeLogNew: false, hmemInIomem: false, hmemSource: 'none', hmemCxl: 'takes', hmemOnce: false, hmemBelowPlatform: false, daxRegionTree: false, fsdevDriver: false, kmemRemoves: false, kmemRemovesSkipped: false,
    kmemName: 'System RAM', kmemPerMapping: false, kmemTooSmall: 'EBUSY', kmemTruncationWarning: false, kmemMemmapOnMemoryAttr: false,
    virtioMem: 'none', virtioMemSubBlock: 4 * 2 ** 20, xfsRemoval: 'none', xfsDaxExperimental: true, cxlWindows: false, cxlRamRegions: false, cxlOldEmulation: true,
};

type Change = Partial<Omit<Profile, 'name' | 'version'>>;

/** Each release with what it changed, oldest first; a profile is the sum of the rows up to it. */
const HISTORY: readonly (readonly [name: string, change: Change])[] = [
    ['5.3', { subSections: true, sectionPadding: false, kmemRemoves: true }],
    ['5.5', { badInfoBlocks: true, softReserved: true, e820KeepsApart: true, efiFakeMem: true, hmemInIomem: true, hmemSource: 'hmat', mhpRangeCheck: 'late' }],
    ['5.6', { targetNode: 'meminfo-first' }],
    ['5.7', { regionAlign: true, autoOnlineValues: ['offline', 'online', 'online_kernel', 'online_movable'] }],
    ['5.8', { kmemName: 'System RAM (kmem)', virtioMem: 'sbm', bareMetalBlockShortcut: true }],
    ['5.10', { logBytesPerByte: 4.5, dynamicDax: true, hmemSource: 'hmat-and-entries', kmemPerMapping: true, kmemRemovesSkipped: true, kmemTooSmall: 'empty', mergeSystemRam: true, access1: true }],
    ['5.11', { virtioMem: 'sbm-bbm' }],
    ['5.12', { mhpRangeCheck: 'early' }],
    ['5.13', { memmapOnMemory: 'single-block' }],
    ['5.15', { memoryGroups: true, bindReturnsProbeErrno: true, kmemTooSmall: 'EINVAL', memoryTiers: 'lists' }],
    ['5.17', { stalePageMap: true }],
    ['5.18', { storedBlockZone: true, virtioMemSubBlock: 2 * 2 ** 20, cxlWindows: true }],
    ['6.0', { legacyRegionAlign: true, xfsRemoval: 'failure' }],
    ['6.1', { kmemRemovesSkipped: false, hmemOnce: true, memoryTiers: 'tiers', intersectsDescends: true }],
    ['6.2', { zeroSizeGuard: true, hwpoisonBlocksOnline: true, removesEfiMmio: true }],
    ['6.3', { daxMatchByType: true, hmemInIomem: false, hmemSource: 'module', hmemCxl: 'defers', cxlRamRegions: true }],
    ['6.6', { mirrorNeedsMirrors: true }],
    ['6.7', { xfsRemoval: 'pre-remove', hmatAdistance: true }],
    ['6.8', { probeLogNew: true, memmapOnMemory: 'multi-block', kmemMemmapOnMemoryAttr: true }],
    ['6.9', { mappingLengthSilent: true }],
    ['6.12', { seedsFirst: true, cxlOldEmulation: false, targetNode: 'reserved-wins', meminfoFromDram: true, acpiCountsForMaxPfn: true, efiFakeMem: false }],
    ['6.15', { cfmwsAdvisesBlockSize: true }],
    ['7.0', { logBytesPerByte: 5.25, giganticPagesFirst: true, xfsDaxExperimental: false, nodeDataInFirstBlock: true, softReservedPrivate: true, iomemDepth: 8, kmemTruncationWarning: true, fsdevDriver: true }],
    ['7.1', { hmemBelowPlatform: true, daxRegionTree: true, hmemCxl: 'waits' }],
    ['7.2', {}],
];

/** `6.1.192` → {6, 1, 192}; undefined when it is not a version. A distribution suffix (`-56-amd64`) is ignored. */
export function parseVersion(text: string): Version | undefined {
    const m = /^v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-+~].*)?$/.exec(text.trim());
    return m ? { major: Number(m[1]), minor: Number(m[2]), patch: Number(m[3] ?? 0) } : undefined;
}

export function compareVersions(a: Version, b: Version): number {
    return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

/** All profiles, oldest first. */
export const PROFILES: readonly Profile[] = HISTORY.reduce<Profile[]>((all, [name, change]) => {
    all.push({ ...all.at(-1)!, ...change, name, version: parseVersion(name)! });
    return all;
}, [V5_1]);

/** The newest profile there is. */
export const NEWEST: Profile = PROFILES.at(-1)!;

/** The profile for a kernel version (N1), or undefined when it is not a version or older than v5.1. */
export function profileFor(kernel: string): Profile | undefined {
    const version = parseVersion(kernel);
    if (!version) return undefined;
    const upTo: Version = { ...version, patch: Number.MAX_SAFE_INTEGER };
    return PROFILES.filter((p) => compareVersions(p.version, upTo) <= 0).at(-1);
}
