// Which rules of the kernel model each versioned fact belongs to: `memtopo compare` names the rule that parts two releases.
import type { RuleId } from '../kernel/outcome.ts';
import type { Profile } from '../kernel/profile.ts';

const RULES: Readonly<Partial<Record<keyof Profile, readonly RuleId[]>>> = {
    bareMetalBlockShortcut: ['GEO-04'], acpiCountsForMaxPfn: ['GEO-05'], cfmwsAdvisesBlockSize: ['GEO-06'], softReserved: ['EFI-01'],
    softReservedPrivate: ['E820-08'], efiFakeMem: ['EFI-02'], removesEfiMmio: ['E820-09'], targetNode: ['NUMA-06'], meminfoFromDram: ['NUMA-04'],
    logBytesPerByte: ['ZONE-03'], giganticPagesFirst: ['ZONE-03'], iomemDepth: ['RES-14'], intersectsDescends: ['RES-12'], subSections: ['ZD-01', 'ZD-02'], mhpRangeCheck: ['MHP-02'], autoOnlineValues: ['ONL-01'],
    memoryGroups: ['KM-04'], storedBlockZone: ['OFF-01'], hwpoisonBlocksOnline: ['ONL-02'], memmapOnMemory: ['MHP-09'], mergeSystemRam: ['RES-09'],
    memoryTiers: ['TIER-01'], hmatAdistance: ['TIER-02'], access1: ['HMAT-05'], regionAlign: ['ND-05', 'ND-16'], legacyRegionAlign: ['ND-05'], zeroSizeGuard: ['ND-18'],
    badInfoBlocks: ['ND-14'], sectionPadding: ['ND-20'], dynamicDax: ['DAX-01'], mappingLengthSilent: ['DAX-16'], daxMatchByType: ['DAX-18'],
    bindReturnsProbeErrno: ['DAX-20'], stalePageMap: ['DAX-22'], probeLogNew: ['KM-16'], hmemInIomem: ['RES-17'], hmemSource: ['HMEM-01'], hmemCxl: ['HMEM-04'],
    hmemOnce: ['HMEM-02'], hmemBelowPlatform: ['HMEM-01'], fsdevDriver: ['DAX-18'], kmemRemoves: ['KM-11'], kmemRemovesSkipped: ['KM-11'], kmemName: ['KM-06'], kmemPerMapping: ['KM-05'],
    kmemTooSmall: ['KM-03'], kmemTruncationWarning: ['KM-02'], kmemMemmapOnMemoryAttr: ['KM-09'], virtioMem: ['VM-04'], virtioMemSubBlock: ['VM-04'],
    xfsRemoval: ['NF-02'], cxlWindows: ['CXL-01'], cxlRamRegions: ['CXL-05'],
};

/** Rules of a versioned fact; the fact's own name stands in where no rule has been named yet. */
export function rulesOfField(field: keyof Profile): readonly string[] {
    return RULES[field] ?? [field];
}
