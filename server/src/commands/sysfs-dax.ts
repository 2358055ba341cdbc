// The dax attributes of sysfs: devices, drivers, regions, the platform driver hmem (kernel model 06).
import { availableSize, daxBind, daxCreate, daxDelete, daxNewId, daxRemoveId, daxUnbind, devicesOf, deviceSize, updateDevice } from '../kernel/dax-bus.ts';
import { hmemBind, hmemUnbind } from '../kernel/dax-hmem.ts';
import { allocationUnit, daxAddMapping, daxSetAlign, daxSetSize, deviceResource } from '../kernel/dax-resize.ts';
import type { Errno, Result } from '../kernel/outcome.ts';
import { formatRange, hex, sizeOf } from '../kernel/range.ts';
import type { DaxDevice, DaxDriver, DaxRegion, KernelState } from '../kernel/state.ts';
import type { Tx } from '../kernel/tx.ts';
import type { Params, SysfsAttribute } from './sysfs.ts';

const DEVICE = '/sys/bus/dax/devices/:dax';
const DRIVER = '/sys/bus/dax/drivers/:driver';

type Text = { readonly text: string } | { readonly errno: Errno };

const line = (value: number | string): { readonly text: string } => ({ text: `${value}\n` });

// ------------------------------------------------------------------------------------------------------------------ devices

function deviceOf(state: KernelState, params: Params): DaxDevice | undefined {
    return state.dax.devices.get(params['dax']!);
}

function regionOf(state: KernelState, params: Params): DaxRegion | undefined {
    const device = deviceOf(state, params);
    return device && state.dax.regions.get(device.region);
}

const isDynamic = (state: KernelState, params: Params): boolean => regionOf(state, params)?.kind === 'dynamic';

function names(state: KernelState, name: string): readonly string[] {
    switch (name) {
        case 'dax': return [...state.dax.devices.keys()];
        case 'driver': return [...state.dax.drivers.keys()];
        case 'hmem': return [...state.hmem.devices.keys()];
        case 'cxldax': return [...state.dax.regions.values()].filter((r) => r.origin === 'cxl').map((r) => r.key);
        case 'nddax': return [...state.dax.regions.values()].filter((r) => r.origin === 'nvdimm').map((r) => r.key);
        default: return [];
    }
}

/** An attribute of a dax device. */
function deviceAttribute(
    file: string, doc: string, rules: SysfsAttribute['rules'],
    rest: {
        readonly exists?: (device: DaxDevice, region: DaxRegion, state: KernelState) => boolean;
        readonly read?: (device: DaxDevice, region: DaxRegion) => Text;
        readonly write?: (tx: Tx, name: string, value: string) => Result;
        readonly values?: (device: DaxDevice, region: DaxRegion, state: KernelState) => readonly string[];
    },
): SysfsAttribute {
    const { exists, read, write, values } = rest;
    return {
        path: `${DEVICE}/${file}`, doc, ...(rules ? { rules } : {}), params: names,
        exists: (state, params) => {
            const device = deviceOf(state, params);
            return device !== undefined && (exists?.(device, regionOf(state, params)!, state) ?? true);
        },
        ...(read ? { read: (state: KernelState, params: Params): Text => read(deviceOf(state, params)!, regionOf(state, params)!) } : {}),
        ...(write ? {
            // Static regions have the file without write permission (DAX-27).
            write: (tx: Tx, params: Params, value: string): Result => (isDynamic(tx.state, params) ? write(tx, params['dax']!, value) : tx.fail('EACCES', {
                code: 'dax/static', rules: ['DAX-27'], subject: params['dax']!, message: `${params['dax']} is what its namespace is: ndctl changes it, not the dax device`,
            })),
        } : {}),
        ...(values ? {
            values: (state: KernelState, params: Params): readonly string[] => {
                const device = deviceOf(state, params);
                return device ? values(device, regionOf(state, params)!, state) : [];
            },
        } : {}),
    };
}

const devices: readonly SysfsAttribute[] = [
    deviceAttribute('size', 'Bytes of the device. Growing takes free space of the region first fit, shrinking cuts at the end; only while unbound.', ['DAX-08', 'DAX-10', 'DAX-11'], {
        read: (device) => line(deviceSize(device)), write: daxSetSize,
        values: (device, region, state) => {
            const largest = deviceSize(device) + availableSize(state.dax, region);
            const unit = allocationUnit(device);
            return [...new Set([0, deviceSize(device), largest - (largest % unit)])].map((bytes) => `0x${hex(bytes)}`);
        },
    }),
    deviceAttribute('align', 'Page size that mappings of /dev/daxX.Y use: 4 KiB, 2 MiB or 1 GiB; only while unbound.', ['DAX-13', 'DAX-14'], {
        exists: (_device, _region, state) => state.profile.dynamicDax, read: (device) => line(device.align), write: daxSetAlign, values: () => ['4096', '2097152', '1073741824'],
    }),
    deviceAttribute('mapping', 'Write-only: adds exactly this range of the region, `<start>-<end>` in hexadecimal with inclusive end.', ['DAX-15', 'DAX-16', 'DAX-17'], {
        exists: (_device, region) => region.kind === 'dynamic', write: daxAddMapping,
        values: (_device, region, state) => freeRanges(state, region),
    }),
    deviceAttribute('resource', 'Start of the first mapping; start of the region while the device is empty.', ['DAX-12'], {
        read: (device, region) => line(`0x${hex(deviceResource(device, region))}`),
    }),
    deviceAttribute('target_node', 'Node that the memory joins when kmem adds it.', ['DAX-25', 'KM-01'], {
        exists: (_device, region) => region.targetNode >= 0, read: (_device, region) => line(region.targetNode),
    }),
    deviceAttribute('numa_node', 'Online node nearest to the memory.', ['DAX-25'], { read: (_device, region) => line(region.numaNode) }),
    deviceAttribute('modalias', 'Module alias: every dax driver loads for it.', ['DAX-18'], { read: () => line('dax:t0') }),
    deviceAttribute('driver', 'Link to the driver that the device is bound to.', ['DAX-20'], {
        exists: (device) => device.driver !== null, read: (device) => ({ text: `../../../../bus/dax/drivers/${device.driver}\n` }),
    }),
    {
        path: `${DEVICE}/memmap_on_memory`, doc: 'Whether kmem keeps the struct pages in the memory it adds.', rules: ['KM-09'], params: names,
        exists: (state, params) => state.profile.kmemMemmapOnMemoryAttr && deviceOf(state, params) !== undefined,
        read: (state, params) => line(memmapOnMemory(deviceOf(state, params)!, regionOf(state, params)!) ? 1 : 0),
        write: writeMemmapOnMemory, values: () => ['0', '1'],
    },
    ...(['start', 'end', 'page_offset'] as const).map((file): SysfsAttribute => ({
        path: `${DEVICE}/:mapping/${file}`, rules: ['DAX-12'], params: names,
        doc: file === 'page_offset' ? 'Pages of the device before this range.' : `${file === 'start' ? 'First' : 'Last'} address of this range of the device.`,
        exists: (state, params) => state.profile.dynamicDax && mappingOf(state, params) !== undefined,
        read: (state, params) => {
            const mapping = mappingOf(state, params)!;
            return line(`0x${hex(file === 'start' ? mapping.start : file === 'end' ? mapping.end : mapping.pageOffset)}`);
        },
    })),
];

function mappingOf(state: KernelState, params: Params) {
    const id = /^mapping(\d+)$/.exec(params['mapping']!)?.[1];
    return id === undefined ? undefined : deviceOf(state, params)?.mappings.find((m) => m.id === Number(id));
}

/** Default: 0 for pmem and hmem, 1 for CXL regions (KM-09). */
function memmapOnMemory(device: DaxDevice, region: DaxRegion): boolean {
    return device.memmapOnMemory ?? region.origin === 'cxl';
}

/** KM-09. */
function writeMemmapOnMemory(tx: Tx, params: Params, value: string): Result {
    const device = deviceOf(tx.state, params)!;
    const wanted = /^(?:1|y|on|t)/i.test(value) ? true : /^(?:0|n|of|f)/i.test(value) ? false : undefined;
    if (wanted === undefined) return 'EINVAL';
    if (wanted && !tx.state.memory.memmapOnMemory) {
        return tx.fail('EOPNOTSUPP', { code: 'kmem/memmap-on-memory-off', rules: ['KM-09'], subject: device.name, message: 'boot with memory_hotplug.memmap_on_memory=1 to use it' });
    }
    if (device.driver === 'kmem' && wanted !== memmapOnMemory(device, regionOf(tx.state, params)!)) {
        return tx.fail('EBUSY', { code: 'kmem/memmap-on-memory-bound', rules: ['KM-09'], subject: device.name, message: `${device.name} is bound to kmem: unbind it first` });
    }
    updateDevice(tx, device.name, { memmapOnMemory: wanted });
    return 0;
}

/** Free ranges of a region as `mapping` takes them. */
function freeRanges(state: KernelState, region: DaxRegion): string[] {
    const taken = devicesOf(state.dax, region.key).flatMap((d) => d.mappings).sort((a, b) => a.start - b.start);
    const free: string[] = [];
    let next = region.range.start;
    for (const range of taken) {
        if (range.start > next) free.push(formatRange({ start: next, end: range.start - 1 }));
        next = range.end + 1;
    }
    if (next <= region.range.end) free.push(formatRange({ start: next, end: region.range.end }));
    return free;
}

// ------------------------------------------------------------------------------------------------------------------ regions

/** The files of `dax_region/`, below each path that leads to a region's parent device. */
function regionAttributes(base: string, find: (state: KernelState, params: Params) => DaxRegion | undefined): SysfsAttribute[] {
    const attribute = (
        file: string, doc: string, dynamic: boolean, read: ((state: KernelState, region: DaxRegion) => string | number) | undefined,
        write?: (tx: Tx, key: string, value: string) => Result, values?: (state: KernelState, region: DaxRegion) => readonly string[],
    ): SysfsAttribute => ({
        path: `${base}/dax_region/${file}`, doc, rules: ['DAX-03'], params: names,
        exists: (state, params) => {
            const region = find(state, params);
            return region !== undefined && (!dynamic || region.kind === 'dynamic');
        },
        ...(read ? { read: (state: KernelState, params: Params) => line(read(state, find(state, params)!)) } : {}),
        ...(write ? { write: (tx: Tx, params: Params, value: string): Result => write(tx, find(tx.state, params)!.key, value) } : {}),
        ...(values ? {
            values: (state: KernelState, params: Params): readonly string[] => {
                const region = find(state, params);
                return region ? values(state, region) : [];
            },
        } : {}),
    });
    return [
        attribute('id', 'X of the daxX.Y devices of this region.', false, (_state, region) => region.id),
        attribute('size', 'Bytes of the region.', false, (_state, region) => sizeOf(region.range)),
        attribute('align', 'Align of the region, bytes.', false, (_state, region) => region.align),
        attribute('available_size', 'Bytes that no device covers.', true, (state, region) => availableSize(state.dax, region)),
        attribute('seed', 'Oldest device made by `create` that was never bound; empty when there is none.', true, (_state, region) => region.seed ?? ''),
        attribute('create', 'Write 1: makes an empty device. Reads as the device made last.', true, (_state, region) => region.youngest ?? '', daxCreate, () => ['1']),
        attribute('delete', 'Write the name of an unbound, empty device to remove it; the first one stays.', true, undefined, daxDelete,
            (state, region) => devicesOf(state.dax, region.key).filter((d) => d.id !== 0 && !d.driver && deviceSize(d) === 0).map((d) => d.name)),
    ];
}

const regions: readonly SysfsAttribute[] = [
    ...regionAttributes(`${DEVICE}/..`, regionOf),
    ...regionAttributes('/sys/bus/platform/devices/:hmem', (state, params) => state.dax.regions.get(params['hmem']!)),
    ...regionAttributes('/sys/devices/platform/:hmem', (state, params) => state.dax.regions.get(params['hmem']!)),
    ...regionAttributes('/sys/devices/platform/hmem_platform.0/:hmem', (state, params) => (state.profile.hmemBelowPlatform ? state.dax.regions.get(params['hmem']!) : undefined)),
    ...regionAttributes('/sys/bus/cxl/devices/:cxldax', (state, params) => state.dax.regions.get(params['cxldax']!)),
    ...regionAttributes('/sys/bus/nd/devices/:nddax', (state, params) => state.dax.regions.get(params['nddax']!)),
];

// ------------------------------------------------------------------------------------------------------------------ drivers

function driverOf(state: KernelState, params: Params): DaxDriver | undefined {
    const name = params['driver'] ?? deviceOf(state, params)?.driver;
    return [...state.dax.drivers.keys()].find((driver) => driver === name);
}

function driverAttribute(
    file: string, doc: string, rules: SysfsAttribute['rules'], write: (tx: Tx, driver: DaxDriver, value: string) => Result,
    values: (state: KernelState, driver: DaxDriver) => readonly string[],
): SysfsAttribute[] {
    return [`${DRIVER}/${file}`, `${DEVICE}/driver/${file}`].map((path) => ({
        path, doc, ...(rules ? { rules } : {}), params: names,
        exists: (state, params) => driverOf(state, params) !== undefined,
        write: (tx, params, value) => write(tx, driverOf(tx.state, params)!, value),
        values: (state, params) => {
            const driver = driverOf(state, params);
            return driver ? values(state, driver) : [];
        },
    }));
}

const devicesWhere = (state: KernelState, test: (device: DaxDevice) => boolean): string[] =>
    [...state.dax.devices.values()].filter(test).map((d) => d.name);

const drivers: readonly SysfsAttribute[] = [
    ...driverAttribute('bind', 'Binds an unbound device that the driver matches.', ['DAX-20'], daxBind, (state) => devicesWhere(state, (d) => !d.driver)),
    ...driverAttribute('unbind', 'Takes a device from the driver. kmem never offlines memory here: what is online stays until reboot.', ['DAX-20', 'KM-11'], daxUnbind,
        (state, driver) => devicesWhere(state, (d) => d.driver === driver)),
    ...driverAttribute('new_id', 'Lets the driver match this device by name, and retries all unbound devices that it matches.', ['DAX-19'], daxNewId,
        (state) => devicesWhere(state, (d) => !d.driver)),
    ...driverAttribute('remove_id', 'Takes a name out of the list that new_id fills.', ['DAX-19'], daxRemoveId, (state, driver) => state.dax.drivers.get(driver) ?? []),
    {
        path: '/sys/bus/platform/drivers/hmem/bind', doc: 'Makes the dax region of a soft-reserved range again.', rules: ['HMEM-06', 'DAX-20'],
        exists: (state) => state.modules.has('dax_hmem'), write: (tx, _params, value) => hmemBind(tx, value),
        values: (state) => [...state.hmem.devices].filter(([, d]) => !d.bound).map(([name]) => name),
    },
    {
        path: '/sys/bus/platform/drivers/hmem/unbind', doc: 'Takes the dax region of a soft-reserved range away with all its devices.', rules: ['DAX-07'],
        exists: (state) => state.modules.has('dax_hmem'), write: (tx, _params, value) => hmemUnbind(tx, value),
        values: (state) => [...state.hmem.devices].filter(([, d]) => d.bound).map(([name]) => name),
    },
    {
        path: '/sys/module/dax_hmem/parameters/region_idle', rules: ['HMEM-06'],
        doc: 'Y: hmem regions start with an empty device, and kmem does not take them by itself. Counts when hmem binds.',
        exists: (state) => state.modules.has('dax_hmem'),
        read: (state) => line(/^(?:1|y|t|on)/i.test(state.modules.get('dax_hmem')?.['region_idle'] ?? 'N') ? 'Y' : 'N'),
        write: (tx, _params, value) => {
            if (!/^(?:[01yntf]|on|off)/i.test(value)) return 'EINVAL';
            tx.set({ modules: new Map(tx.state.modules).set('dax_hmem', { ...tx.state.modules.get('dax_hmem'), region_idle: value }) });
            return 0;
        },
        values: () => ['Y', 'N'],
    },
];

/** All dax attributes. */
export const daxAttributes: readonly SysfsAttribute[] = [...devices, ...regions, ...drivers];
