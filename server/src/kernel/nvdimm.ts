// libnvdimm: the nd bus with its regions, namespaces and personalities, and who binds to what (drivers/nvdimm/bus.c, kernel
// model 05). Regions are nd-region.ts, namespaces nd-namespace.ts, their drivers nd-pmem.ts, info blocks nd-pfn.ts and nd-btt.ts.
import { newPersonality } from './nd-claim.ts';
import { nextNamespaceSeed } from './nd-namespace.ts';
import { daxPmemProbe, daxPmemRemove, ndPmemProbe, ndPmemRemove } from './nd-pmem.ts';
import { ndRegionProbe, ndRegionRemove } from './nd-region.ts';
import { type Errno, ERRNO, type Result } from './outcome.ts';
import { withEntry } from './shared-map.ts';
import type { KernelState, NdMedia, NdNamespace, NdPersonality, NdRegion, NvdimmState } from './state.ts';
import type { Tx } from './tx.ts';

/** Drivers of the nd bus: DIMMs and regions are served by libnvdimm itself, namespaces by nd_pmem, nd's dax devices by dax_pmem. */
export type NdDriver = 'nvdimm' | 'nd_region' | 'nd_pmem' | 'dax_pmem';

/** A kernel without any nvdimm bus, over media that may hold something from before (KEX-01). */
export function emptyNvdimm(media: NdMedia = { blocks: new Map(), labels: new Map() }): NvdimmState {
    return {
        dimms: new Map(), regions: new Map(), namespaces: new Map(), personalities: new Map(), legacy: false, media, buses: [], drivers: [], plugged: [],
        uuids: firstFreeUuid(media),
    };
}

/** Number of the next uuid that nothing on the media has. */
function firstFreeUuid(media: NdMedia): number {
    const onMedia = [...[...media.blocks.values()].flatMap((b) => [b.uuid, b.parent]), ...[...media.labels.values()].flatMap((a) => a.labels.map((l) => l.uuid))];
    return onMedia.reduce((next, uuid) => Math.max(next, Number(/^generated-(\d+)$/.exec(uuid)?.[1] ?? -1) + 1), 0);
}

// ------------------------------------------------------------------------------------------------------------- state access

/** Replaces some parts of the nvdimm state. */
export function setNd(tx: Tx, change: Partial<NvdimmState>): void {
    tx.set({ nvdimm: { ...tx.state.nvdimm, ...change } });
}

/** Replaces fields of a region; the region must exist. */
export function updateNdRegion(tx: Tx, name: string, change: Partial<NdRegion>): void {
    const { regions } = tx.state.nvdimm;
    setNd(tx, { regions: withEntry(regions, name, { ...regions.get(name)!, ...change }) });
}

/** Replaces fields of a namespace; it must exist. */
export function updateNamespace(tx: Tx, name: string, change: Partial<NdNamespace>): void {
    const { namespaces } = tx.state.nvdimm;
    setNd(tx, { namespaces: withEntry(namespaces, name, { ...namespaces.get(name)!, ...change }) });
}

/** Replaces fields of a personality; it must exist. */
export function updatePersonality(tx: Tx, name: string, change: Partial<NdPersonality>): void {
    const { personalities } = tx.state.nvdimm;
    setNd(tx, { personalities: withEntry(personalities, name, { ...personalities.get(name)!, ...change }) });
}

/** Namespaces of a region in the order of their numbers. */
export function namespacesOf(state: KernelState, region: string): NdNamespace[] {
    return [...state.nvdimm.namespaces.values()].filter((n) => n.region === region).sort((a, b) => a.id - b.id);
}

/** Personalities of a region in the order they were made. */
export function personalitiesOf(state: KernelState, region: string): NdPersonality[] {
    return [...state.nvdimm.personalities.values()].filter((p) => p.region === region);
}

/** A uuid that nothing has had before. Only its identity matters: it is printed as `UUID`. */
export function newUuid(tx: Tx): string {
    const { uuids } = tx.state.nvdimm;
    setNd(tx, { uuids: uuids + 1 });
    return `generated-${uuids}`;
}

/** The lowest number that none of `used` has. */
export function lowestFree(used: readonly number[]): number {
    const taken = new Set(used);
    let id = 0;
    while (taken.has(id)) id++;
    return id;
}

// --------------------------------------------------------------------------------------------------------- driver binding

/** Which driver serves a device of the nd bus by its name; undefined when there is no such device. */
export function ndDriverOf(state: KernelState, name: string): NdDriver | undefined {
    const nd = state.nvdimm;
    if (nd.dimms.has(name)) return 'nvdimm';
    if (nd.regions.has(name)) return 'nd_region';
    if (nd.namespaces.has(name)) return 'nd_pmem';
    const personality = nd.personalities.get(name);
    return personality && (personality.kind === 'dax' ? 'dax_pmem' : 'nd_pmem');
}

/** Is a driver bound to the device? */
export function ndBound(state: KernelState, name: string): boolean {
    const nd = state.nvdimm;
    return (nd.dimms.get(name) ?? nd.regions.get(name) ?? nd.namespaces.get(name) ?? nd.personalities.get(name))?.enabled ?? false;
}

/** Is the driver there? Those of DIMMs and regions are libnvdimm's own. */
export function ndDriverRegistered(state: KernelState, driver: NdDriver): boolean {
    return driver === 'nvdimm' || driver === 'nd_region' ? true : state.nvdimm.drivers.includes(driver);
}

/** Loads a namespace driver as its modalias would, and offers it what waits for it. */
export function ndEnsureDriver(tx: Tx, driver: NdDriver): void {
    if (driver === 'nd_pmem' || driver === 'dax_pmem') ndDriverRegister(tx, driver);
}

/** Registers a namespace driver and probes every device it serves (module load). */
export function ndDriverRegister(tx: Tx, driver: 'nd_pmem' | 'dax_pmem'): void {
    if (tx.state.nvdimm.drivers.includes(driver)) return;
    setNd(tx, { drivers: [...tx.state.nvdimm.drivers, driver] });
    const { namespaces, personalities } = tx.state.nvdimm;
    for (const name of [...namespaces.keys(), ...personalities.keys()]) {
        if (ndDriverOf(tx.state, name) === driver && !ndBound(tx.state, name)) ndProbe(tx, name);
    }
}

/** Unbinds every device from a namespace driver and takes the driver away (module unload). */
export function ndDriverUnregister(tx: Tx, driver: 'nd_pmem' | 'dax_pmem'): void {
    const { namespaces, personalities } = tx.state.nvdimm;
    for (const name of [...personalities.keys(), ...namespaces.keys()]) {
        if (ndDriverOf(tx.state, name) === driver && ndBound(tx.state, name)) ndRemove(tx, name);
    }
    setNd(tx, { drivers: tx.state.nvdimm.drivers.filter((d) => d !== driver) });
}

/**
 * Offers a device to its driver, as when the device appears or somebody binds it. A success, and a block that exists but cannot be
 * used, count as the seed being taken: the next one is made (ND-12).
 *
 * @returns what the probe returned; ENODEV when the driver is not there.
 */
export function ndProbe(tx: Tx, name: string): Result {
    const driver = ndDriverOf(tx.state, name);
    if (!driver || !ndDriverRegistered(tx.state, driver)) return 'ENODEV';
    const result = probe(tx, driver, name);
    if (result === 0 || result === 'EOPNOTSUPP') advanceSeeds(tx, name);
    // ENODEV and ENXIO mean "not mine" and stay silent.
    if (result !== 0 && result !== 'ENODEV' && result !== 'ENXIO') {
        const code = -ERRNO[result];
        tx.err(tx.state.profile.probeLogNew
            ? `${driver} ${name}: probe with driver ${driver} failed with error ${code}`
            : `${driver}: probe of ${name} failed with error ${code}`, 'ND-15');
    }
    return result;
}

function probe(tx: Tx, driver: NdDriver, name: string): Result {
    switch (driver) {
        case 'nvdimm': {
            const { dimms } = tx.state.nvdimm;
            const dimm = dimms.get(name)!;
            const labelling = tx.state.nvdimm.media.labels.has(dimm.device);
            setNd(tx, { dimms: withEntry(dimms, name, { ...dimm, enabled: true, ...(labelling ? { labelling } : {}) }) });
            return 0;
        }
        case 'nd_region': return ndRegionProbe(tx, name);
        case 'nd_pmem': return ndPmemProbe(tx, name);
        case 'dax_pmem': return daxPmemProbe(tx, name);
    }
}

/** Takes the driver off a bound device. Never fails: nothing of libnvdimm refuses an unbind (ND-26). */
export function ndRemove(tx: Tx, name: string): void {
    switch (ndDriverOf(tx.state, name)) {
        case 'nvdimm': {
            const { dimms } = tx.state.nvdimm;
            setNd(tx, { dimms: withEntry(dimms, name, { ...dimms.get(name)!, enabled: false }) });
            return;
        }
        case 'nd_region': return ndRegionRemove(tx, name);
        case 'nd_pmem': return ndPmemRemove(tx, name);
        case 'dax_pmem': return daxPmemRemove(tx, name);
        case undefined:
    }
}

function advanceSeeds(tx: Tx, name: string): void {
    const { personalities, namespaces, regions } = tx.state.nvdimm;
    const region = regions.get((personalities.get(name) ?? namespaces.get(name))?.region ?? '');
    if (!region) return;
    const holder = personalities.get(name);
    if (holder) {
        const seed = { btt: region.bttSeed, pfn: region.pfnSeed, dax: region.daxSeed }[holder.kind];
        if (seed === name) {
            const next = newPersonality(tx, region.name, holder.kind);
            updateNdRegion(tx, region.name, { btt: { bttSeed: next }, pfn: { pfnSeed: next }, dax: { daxSeed: next } }[holder.kind]);
        }
    }
    const namespace = holder ? holder.namespace : name;
    if (namespace !== null && region.namespaceSeed === namespace) nextNamespaceSeed(tx, region.name);
}

/**
 * Write to /sys/bus/nd/drivers/DRIVER/bind.
 *
 * @returns ENODEV when there is no such device or it is not this driver's, EBUSY when it is bound; otherwise what the probe
 * returns, which before v5.15 always reads ENODEV (DAX-20 holds for every bus).
 */
export function ndBind(tx: Tx, driver: string, name: string): Result {
    const { profile } = tx.state;
    if (ndDriverOf(tx.state, name) !== driver) {
        return fail(tx, 'ENODEV', name, `${driver} does not serve a device ${name}`);
    }
    if (ndBound(tx.state, name)) return fail(tx, profile.bindReturnsProbeErrno ? 'EBUSY' : 'ENODEV', name, `${name} is already bound to ${driver}`);
    const result = ndProbe(tx, name);
    return result !== 0 && !profile.bindReturnsProbeErrno ? 'ENODEV' : result;
}

/**
 * Write to /sys/bus/nd/drivers/DRIVER/unbind.
 *
 * @returns ENODEV when the device is not bound to that driver. A namespace that a personality claimed is not bound itself: the
 * personality is.
 */
export function ndUnbind(tx: Tx, driver: string, name: string): Result {
    if (ndDriverOf(tx.state, name) === driver && ndBound(tx.state, name)) {
        ndRemove(tx, name);
        return 0;
    }
    const holder = tx.state.nvdimm.namespaces.get(name)?.holder;
    return fail(tx, 'ENODEV', name, holder ? `${name} is not bound to ${driver}: its personality ${holder} is` : `${name} is not bound to ${driver}`,
        holder ? [holder] : []);
}

function fail(tx: Tx, errno: Errno, subject: string, message: string, others: readonly string[] = []): Errno {
    return tx.fail(errno, { code: 'nvdimm/not-bindable', rules: ['ND-14', 'ND-26'], subject, message, ...(others.length > 0 ? { others } : {}) });
}
