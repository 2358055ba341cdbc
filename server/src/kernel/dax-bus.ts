// The dax bus (drivers/dax/bus.c): regions, their devices, and which driver binds to which device. What a device covers, and how
// that changes, is dax-resize.ts; what the drivers do with it is dax-device.ts and dax-kmem.ts. Kernel model 06, G1, G2 and G6.
import { deviceDaxProbe, deviceDaxRemove } from './dax-device.ts';
import { kmemProbe, kmemRemove } from './dax-kmem.ts';
import { type Errno, ERRNO, type Result } from './outcome.ts';
import { formatMem, formatSize, isAligned, PAGE, type Range, sizeOf } from './range.ts';
import { emptyTree, releaseResource, requestRegion } from './resource.ts';
import { withEntry } from './shared-map.ts';
import type { DaxDevice, DaxDriver, DaxRegion, DaxState } from './state.ts';
import type { Tx } from './tx.ts';

/** What a driver does with a device. A `probe` that fails leaves nothing behind, but for the page map of device_dax (DAX-22). */
interface DriverOps {
    readonly probe: (tx: Tx, device: DaxDevice, region: DaxRegion) => Result;
    readonly remove: (tx: Tx, device: DaxDevice) => void;
}

const OPS: Readonly<Record<DaxDriver, DriverOps>> = {
    device_dax: { probe: deviceDaxProbe, remove: deviceDaxRemove },
    // fs-dax personality of v7: the same claims, no character device (DAX-26).
    fsdev: { probe: deviceDaxProbe, remove: deviceDaxRemove },
    kmem: { probe: kmemProbe, remove: kmemRemove },
};

// ------------------------------------------------------------------------------------------------------------- state access

/** Replaces some parts of the dax state. */
export function setDax(tx: Tx, change: Partial<DaxState>): void {
    tx.set({ dax: { ...tx.state.dax, ...change } });
}

/** Replaces fields of a device; the device must exist. */
export function updateDevice(tx: Tx, name: string, change: Partial<DaxDevice>): DaxDevice {
    const device = { ...tx.state.dax.devices.get(name)!, ...change };
    setDax(tx, { devices: withEntry(tx.state.dax.devices, name, device) });
    return device;
}

/** Replaces fields of a region; the region must exist. */
export function updateRegion(tx: Tx, key: string, change: Partial<DaxRegion>): void {
    setDax(tx, { regions: withEntry(tx.state.dax.regions, key, { ...tx.state.dax.regions.get(key)!, ...change }) });
}

/** Devices of a region, in the order they were made. */
export function devicesOf(dax: DaxState, region: string): DaxDevice[] {
    return [...dax.devices.values()].filter((d) => d.region === region);
}

/** Bytes a device covers: the sum of its mappings. */
export function deviceSize(device: DaxDevice): number {
    return device.mappings.reduce((sum, m) => sum + sizeOf(m), 0);
}

/** Bytes of a region that no device covers (DAX-03). */
export function availableSize(dax: DaxState, region: DaxRegion): number {
    return devicesOf(dax, region.key).reduce((left, d) => left - deviceSize(d), sizeOf(region.range));
}

// ------------------------------------------------------------------------------------------------------------------ regions

export interface StaticRegion {
    /** The parent device, unique among all dax regions: `dax0.1` of libnvdimm. */
    readonly key: string;
    /** X of daxX.Y: the number of the nvdimm region. */
    readonly id: number;
    /** Y of daxX.Y: the number of the namespace. */
    readonly deviceId: number;
    /** Data area in bytes, inclusive end. */
    readonly range: Range;
    readonly align: number;
    /** −1 = none. */
    readonly targetNode: number;
    /** −1 = none. */
    readonly numaNode: number;
    /** What device_dax maps where that is more than the data: the namespace with its info block. */
    readonly pgmap?: Range;
}

/**
 * A region with exactly one device that fills it, as dax_pmem makes it for a devdax namespace (DAX-01). The device is offered to
 * the drivers at once; whether one takes it does not change the result.
 *
 * @returns ENOMEM when start or length are off the region's align, or the range collides with another region (DAX-02).
 */
export function daxRegionCreateStatic(tx: Tx, region: StaticRegion): Result {
    const { deviceId, ...rest } = region;
    const made = addRegion(tx, { ...rest, kind: 'static', type: 'device_dax', origin: 'nvdimm', seed: null, youngest: null });
    if (made !== 0) return made;
    // A namespace without any data still has its device, with no mapping (ND-18 step 5).
    addDevice(tx, region.key, deviceId, sizeOf(region.range) > 0 ? region.range : undefined);
    return 0;
}

export type DynamicRegion = Pick<DaxRegion, 'key' | 'id' | 'range' | 'align' | 'targetNode' | 'numaNode' | 'type' | 'origin'>;

/**
 * A region whose devices are made at will (hmem, CXL). Its first device, daxX.0, fills it, or is empty with `idle` (HMEM-06).
 * Before v5.10 every region is static (DAX-01).
 *
 * @returns ENOMEM as for static regions (DAX-02).
 */
export function daxRegionCreateDynamic(tx: Tx, region: DynamicRegion, idle: boolean): Result {
    const kind = tx.state.profile.dynamicDax ? 'dynamic' : 'static';
    const made = addRegion(tx, { ...region, kind, seed: null, youngest: null });
    if (made !== 0) return made;
    addDevice(tx, region.key, 0, idle && kind === 'dynamic' ? undefined : region.range);
    return 0;
}

function addRegion(tx: Tx, region: DaxRegion): Result {
    if (!isAligned(region.range.start, region.align) || !isAligned(sizeOf(region.range), region.align)) {
        return tx.fail('ENOMEM', {
            code: 'dax/region-misaligned', rules: ['DAX-02'], subject: region.key, range: region.range,
            message: `${region.key} gets no dax region: its start and size must be multiples of ${formatSize(region.align)}`,
            data: { align: region.align },
        });
    }
    if (tx.state.profile.daxRegionTree) {
        const placed = requestRegion(tx.state.dax.regionTree ?? emptyTree('DAX Regions'), { ...region.range, name: region.key });
        if (!placed.ok) {
            tx.err(`dax_region resource conflict for ${formatMem(region.range)}`, 'DAX-02');
            return tx.fail('ENOMEM', {
                code: 'dax/region-conflict', rules: ['DAX-02'], subject: region.key, range: region.range, others: [placed.conflict.name],
                message: `${region.key} gets no dax region: ${placed.conflict.name} already covers part of it`,
            });
        }
        setDax(tx, { regionTree: placed.tree });
    }
    setDax(tx, { regions: withEntry(tx.state.dax.regions, region.key, region) });
    return 0;
}

/** Takes a region away with its devices, as when its parent is unbound: each device leaves its driver first (DAX-07). */
export function daxRegionDestroy(tx: Tx, key: string): void {
    const region = tx.state.dax.regions.get(key);
    if (!region) return;
    for (const device of devicesOf(tx.state.dax, key).reverse()) removeDevice(tx, device.name);
    const regions = new Map(tx.state.dax.regions);
    regions.delete(key);
    setDax(tx, { regions });
    const { regionTree } = tx.state.dax;
    const claim = regionTree?.root.children.find((c) => c.name === key);
    if (regionTree && claim) setDax(tx, { regionTree: releaseResource(regionTree, claim.id) });
}

// ------------------------------------------------------------------------------------------------------------------ devices

/** Makes daxX.`id` in a region, covering `range` or nothing, and offers it to the drivers. */
function addDevice(tx: Tx, key: string, id: number, range: Range | undefined): DaxDevice {
    const region = tx.state.dax.regions.get(key)!;
    const device: DaxDevice = {
        name: `dax${region.id}.${id}`, region: key, id, align: region.align,
        mappings: range ? [{ ...range, id: 0, pageOffset: 0 }] : [], driver: null, claims: [],
    };
    setDax(tx, { devices: withEntry(tx.state.dax.devices, device.name, device) });
    autoProbe(tx, device.name);
    return device;
}

function removeDevice(tx: Tx, name: string): void {
    const device = tx.state.dax.devices.get(name)!;
    if (device.driver) detach(tx, name);
    const devices = new Map(tx.state.dax.devices);
    devices.delete(name);
    setDax(tx, { devices });
    const region = tx.state.dax.regions.get(device.region);
    if (region?.seed === name) updateRegion(tx, region.key, { seed: null });
    if (region?.youngest === name) updateRegion(tx, region.key, { youngest: null });
}

/** Decimal, 0x… or octal with a leading 0, as kstrtoull reads it, one trailing newline allowed; undefined otherwise. No suffixes. */
export function parseKernelNumber(text: string): number | undefined {
    const m = /^\+?(?:0[xX]([0-9a-fA-F]+)|0([0-7]+)|(0|[1-9]\d*))\n?$/.exec(text);
    if (!m) return undefined;
    if (m[1] !== undefined) return Number.parseInt(m[1], 16);
    return m[2] !== undefined ? Number.parseInt(m[2], 8) : Number(m[3]);
}

/** Writes the region's `create` attribute (DAX-05). */
export function daxCreate(tx: Tx, key: string, value: string): Result {
    const region = tx.state.dax.regions.get(key)!;
    if (parseKernelNumber(value) !== 1) {
        return tx.fail('EINVAL', {
            code: 'dax/create-value', rules: ['DAX-05'], subject: key, message: 'create takes the value 1 and makes one empty device',
        });
    }
    if (availableSize(tx.state.dax, region) === 0) {
        return tx.fail('ENOSPC', {
            code: 'dax/region-full', rules: ['DAX-05'], subject: key, range: region.range,
            message: `nothing of ${key} is free: shrink one of its devices first`, others: devicesOf(tx.state.dax, key).map((d) => d.name),
        });
    }
    const used = new Set(devicesOf(tx.state.dax, key).map((d) => d.id));
    let id = 0;
    while (used.has(id)) id++;
    const device = addDevice(tx, key, id, undefined);
    updateRegion(tx, key, { youngest: device.name, seed: region.seed ?? device.name });
    return 0;
}

/** Writes the region's `delete` attribute (DAX-06). */
export function daxDelete(tx: Tx, key: string, value: string): Result {
    const name = value.replace(/\n$/, '');
    const device = tx.state.dax.devices.get(name);
    if (!device || device.region !== key) {
        return tx.fail('ENXIO', { code: 'dax/no-such-device', rules: ['DAX-06'], subject: name, message: `${key} has no device ${name}` });
    }
    const busy = (code: string, message: string): Errno => tx.fail('EBUSY', { code, rules: ['DAX-06'], subject: name, message });
    if (device.driver) return busy('dax/delete-bound', `${name} is bound to ${device.driver}: unbind it before deleting it`);
    if (deviceSize(device) !== 0) return busy('dax/delete-sized', `${name} still has memory: set its size to 0 before deleting it`);
    if (device.id === 0) return busy('dax/delete-first', `${name} is the first device of its region and cannot be deleted, only emptied`);
    removeDevice(tx, name);
    return 0;
}

// ------------------------------------------------------------------------------------------------------------------ drivers

/** Does a driver take a device by itself? By name, or by type since v6.3, or always (device_dax before) (DAX-18). */
function matches(tx: Tx, driver: DaxDriver, device: DaxDevice): boolean {
    const { dax, profile, machine } = tx.state;
    if (dax.drivers.get(driver)?.includes(device.name)) return true;
    if (!profile.daxMatchByType) return driver === 'device_dax';
    const type = dax.regions.get(device.region)!.type;
    return driver === type || (driver === 'device_dax' && machine.config['DEV_DAX_KMEM'] === 'n');
}

/** Probes an unbound device with a driver: the common gate, the driver, the log line of a failure (DAX-21, KM-16). */
function probe(tx: Tx, driver: DaxDriver, name: string): Result {
    const device = tx.state.dax.devices.get(name)!;
    const region = tx.state.dax.regions.get(device.region)!;
    const result = deviceSize(device) === 0 ? 'ENXIO' : OPS[driver].probe(tx, device, region);
    if (result !== 0) {
        // ENODEV and ENXIO mean "not mine" to the driver core and are not logged.
        if (result !== 'ENODEV' && result !== 'ENXIO') tx.warn(probeFailure(tx, driver, name, result), 'KM-16');
        return result;
    }
    updateDevice(tx, name, { driver });
    // Only dynamic regions follow seeds; the seed is a device made by `create` (DAX-21).
    if (region.kind === 'dynamic' && region.seed === name) updateRegion(tx, region.key, { seed: null });
    return 0;
}

function probeFailure(tx: Tx, driver: string, device: string, errno: Errno): string {
    const number = -ERRNO[errno];
    return tx.state.profile.probeLogNew
        ? `${driver} ${device}: probe with driver ${driver} failed with error ${number}`
        : `${driver}: probe of ${device} failed with error ${number}`;
}

/** Offers a new device to the drivers in order of their registration; the first whose probe succeeds keeps it. */
function autoProbe(tx: Tx, name: string): void {
    for (const driver of tx.state.dax.drivers.keys()) {
        if (matches(tx, driver, tx.state.dax.devices.get(name)!) && probe(tx, driver, name) === 0) return;
    }
}

/** Tries a driver on every unbound device that it matches, in the order the devices were made (DAX-19). */
function attachAll(tx: Tx, driver: DaxDriver): void {
    for (const device of [...tx.state.dax.devices.values()]) {
        if (!device.driver && matches(tx, driver, device)) probe(tx, driver, device.name);
    }
}

function detach(tx: Tx, name: string): void {
    const device = tx.state.dax.devices.get(name)!;
    OPS[device.driver!].remove(tx, device);
    updateDevice(tx, name, { driver: null, claims: [] });
}

/** A driver module registers with the bus and takes what it matches. No effect when it is registered. */
export function daxDriverRegister(tx: Tx, driver: DaxDriver): void {
    if (tx.state.dax.drivers.has(driver)) return;
    setDax(tx, { drivers: withEntry(tx.state.dax.drivers, driver, []) });
    attachAll(tx, driver);
}

/** A driver module goes: its devices are unbound, its list of names is forgotten (KM-14). */
export function daxDriverUnregister(tx: Tx, driver: DaxDriver): void {
    for (const device of [...tx.state.dax.devices.values()]) if (device.driver === driver) detach(tx, device.name);
    const drivers = new Map(tx.state.dax.drivers);
    drivers.delete(driver);
    setDax(tx, { drivers });
}

/** Writes a driver's `new_id`: remembers the name, then tries the driver on everything it matches (DAX-19). */
export function daxNewId(tx: Tx, driver: DaxDriver, value: string): Result {
    const name = deviceName(value);
    if (name === undefined) return badName(tx, driver, value);
    const names = tx.state.dax.drivers.get(driver)!;
    if (!names.includes(name)) setDax(tx, { drivers: withEntry(tx.state.dax.drivers, driver, [...names, name]) });
    const before = tx.state.dax.devices;
    attachAll(tx, driver);
    const others = [...tx.state.dax.devices.values()].filter((d) => d.name !== name && d.driver === driver && !before.get(d.name)?.driver);
    if (others.length > 0) {
        tx.note({
            code: 'dax/new-id-binds-others', rules: ['DAX-19'], severity: 'warning', subject: name, others: others.map((d) => d.name),
            message: `writing ${name} to new_id of ${driver} also bound ${others.map((d) => d.name).join(', ')}: it retries every unbound device the driver matches`,
        });
    }
    return 0;
}

/** Writes a driver's `remove_id`: forgets the name; an unknown one is fine (DAX-19). */
export function daxRemoveId(tx: Tx, driver: DaxDriver, value: string): Result {
    const name = deviceName(value);
    if (name === undefined) return badName(tx, driver, value);
    const names = tx.state.dax.drivers.get(driver)!;
    if (names.includes(name)) setDax(tx, { drivers: withEntry(tx.state.dax.drivers, driver, names.filter((n) => n !== name)) });
    return 0;
}

/** `dax0.1` and nothing else, no leading zeros. */
function deviceName(value: string): string | undefined {
    return /^(dax(?:0|[1-9]\d*)\.(?:0|[1-9]\d*))\n?$/.exec(value)?.[1];
}

function badName(tx: Tx, driver: DaxDriver, value: string): Errno {
    return tx.fail('EINVAL', { code: 'dax/bad-id', rules: ['DAX-19'], subject: driver, message: `\`${value}\` is not a device name like dax0.0` });
}

/** Writes a driver's `bind` (DAX-20). */
export function daxBind(tx: Tx, driver: DaxDriver, value: string): Result {
    const name = value.replace(/\n$/, '');
    const device = tx.state.dax.devices.get(name);
    const refuse = (errno: Errno, code: string, message: string): Errno => tx.fail(errno, { code, rules: ['DAX-20'], subject: name, message });
    if (!device) return refuse('ENODEV', 'dax/no-such-device', `there is no device ${name}`);
    if (!matches(tx, driver, device)) {
        const why = tx.state.profile.daxMatchByType && driver === 'device_dax'
            ? `${name} prefers ${tx.state.dax.regions.get(device.region)!.type}`
            : `${name} is not in its new_id list`;
        return refuse('ENODEV', 'dax/no-match', `${driver} does not match ${name}: ${why}; write the name to new_id of ${driver} first`);
    }
    if (device.driver) {
        const errno = tx.state.profile.bindReturnsProbeErrno ? 'EBUSY' : 'ENODEV';
        return refuse(errno, 'dax/already-bound', `${name} is bound to ${device.driver}: unbind it first`);
    }
    const result = probe(tx, driver, name);
    if (result === 0) return 0;
    if (deviceSize(device) === 0) {
        tx.note({ code: 'dax/bind-empty', rules: ['DAX-21'], severity: 'error', subject: name, message: `${name} has size 0: nothing to bind` });
    }
    return tx.state.profile.bindReturnsProbeErrno ? result : 'ENODEV';
}

/** Writes a driver's `unbind`: ENODEV unless the device is bound to it; nothing else can fail (DAX-20, KM-11). */
export function daxUnbind(tx: Tx, driver: DaxDriver, value: string): Result {
    const name = value.replace(/\n$/, '');
    const device = tx.state.dax.devices.get(name);
    if (device?.driver !== driver) {
        const state = !device ? 'does not exist' : device.driver ? `is bound to ${device.driver}` : 'is bound to no driver';
        return tx.fail('ENODEV', { code: 'dax/not-bound', rules: ['DAX-20'], subject: name, message: `${name} ${state}` });
    }
    detach(tx, name);
    return 0;
}

/** Pages in a byte count. */
export function pages(bytes: number): number {
    return bytes / PAGE;
}
