// What libdaxctl knows: it reads regions and devices once, in the order of sysfs directories, and acts on what it read then. Some
// of daxctl's mistakes follow from that (DXC-05, DXC-07).
import { daxBind, daxNewId, daxRemoveId, daxUnbind, deviceSize, devicesOf } from '../kernel/dax-bus.ts';
import { daxSetAlign, daxSetSize, deviceResource } from '../kernel/dax-resize.ts';
import { readdirOrder } from '../kernel/kernfs.ts';
import { loadModule } from '../kernel/modules.ts';
import { type Errno, type Result, STRERROR } from '../kernel/outcome.ts';
import { hex } from '../kernel/range.ts';
import type { DaxRegion } from '../kernel/state.ts';
import type { Tx } from '../kernel/tx.ts';

/** A device as libdaxctl read it; `size` follows what the tool itself sets, the rest stays. */
export interface ListedDevice {
    readonly name: string;
    readonly resource: number;
    size: number;
    /** 0 before v5.10, which have no such attribute. */
    align: number;
    readonly targetNode: number;
}

export interface ListedRegion {
    readonly key: string;
    readonly id: number;
    readonly devices: () => readonly ListedDevice[];
}

/** Return code of a verb: 0, an error, or 1 for "nothing to do", which is no error but no success either. */
export type Code = Result | 'nothing';

/** One run of daxctl: what it read, and what it prints. */
export class Session {
    readonly tx: Tx;
    readonly verbose: boolean;
    stdout = '';
    stderr = '';
    readonly errnos: Errno[] = [];
    private cache: readonly ListedRegion[] | undefined;

    constructor(tx: Tx, verbose: boolean) {
        this.tx = tx;
        this.verbose = verbose;
    }

    say(text: string): void {
        this.stderr += `${text}\n`;
    }

    /** strerror(3) of an error, remembered as one that the tool named. */
    name(errno: Errno): string {
        if (!this.errnos.includes(errno)) this.errnos.push(errno);
        return STRERROR[errno];
    }

    /** Regions that have a device, in libdaxctl's order: directory order, each found one put in front. */
    regions(): readonly ListedRegion[] {
        if (this.cache) return this.cache;
        const keys: string[] = [];
        const { dax } = this.tx.state;
        for (const name of readdirOrder([...dax.devices.keys()])) {
            const key = dax.devices.get(name)!.region;
            if (!keys.includes(key)) keys.unshift(key);
        }
        this.cache = keys.map((key) => {
            let devices: readonly ListedDevice[] | undefined;
            return { key, id: dax.regions.get(key)!.id, devices: () => devices ??= readDevices(this.tx, key) };
        });
        return this.cache;
    }

    /** Is the device bound to a driver? Read anew each time. */
    isEnabled(device: ListedDevice): boolean {
        return Boolean(this.tx.state.dax.devices.get(device.name)?.driver);
    }

    /** Is the device bound to kmem? */
    isSystemRam(device: ListedDevice): boolean {
        return this.tx.state.dax.devices.get(device.name)?.driver === 'kmem';
    }

    /** Loads the driver's module, then writes new_id and bind; what counts is whether the device is bound afterwards (DXC-11). */
    enable(device: ListedDevice, driver: 'device_dax' | 'kmem'): Result {
        if (this.isEnabled(device)) return 0;
        loadModule(this.tx, driver);
        let result: Result = 'ENXIO';
        if (this.tx.state.dax.drivers.has(driver)) {
            daxNewId(this.tx, driver, device.name);
            // A device that new_id attached refuses the second write, which daxctl does not mind.
            result = this.isEnabled(device) ? 0 : daxBind(this.tx, driver, device.name);
        }
        if (this.isEnabled(device)) return 0;
        this.say(`libdaxctl: daxctl_dev_enable: ${device.name}: failed to enable`);
        return result === 0 ? 'ENXIO' : result;
    }

    /** Writes remove_id and unbind of whatever driver has the device (DXC-11). */
    disable(device: ListedDevice): Result {
        const driver = this.tx.state.dax.devices.get(device.name)?.driver;
        if (!driver) return 0;
        daxRemoveId(this.tx, driver, device.name);
        daxUnbind(this.tx, driver, device.name);
        return 0;
    }

    /** Any refusal becomes ENXIO (DXC-02). */
    setSize(device: ListedDevice, size: number): Result {
        if (this.refuseStatic(device) || daxSetSize(this.tx, device.name, `0x${hex(size)}`) !== 0) {
            this.say(`libdaxctl: daxctl_dev_set_size: ${device.name}: failed to set size`);
            return 'ENXIO';
        }
        device.size = size;
        return 0;
    }

    setAlign(device: ListedDevice, align: number): Result {
        if (this.refuseStatic(device) || daxSetAlign(this.tx, device.name, `0x${hex(align)}`) !== 0) {
            this.say(`libdaxctl: daxctl_dev_set_align: ${device.name}: failed to set align`);
            return 'ENXIO';
        }
        device.align = align;
        return 0;
    }

    /** The attributes of a static region are read-only (DAX-27). */
    private refuseStatic(device: ListedDevice): boolean {
        const { dax } = this.tx.state;
        const region: DaxRegion | undefined = dax.regions.get(dax.devices.get(device.name)?.region ?? '');
        if (region?.kind === 'dynamic') return false;
        this.tx.note({
            code: 'dax/static', rules: ['DAX-27'], severity: 'error', subject: device.name,
            message: `${device.name} belongs to a namespace: its size and align are those of the namespace, which ndctl sets`,
        });
        return true;
    }
}

function readDevices(tx: Tx, key: string): ListedDevice[] {
    const { dax } = tx.state;
    const region = dax.regions.get(key);
    if (!region) return [];
    const names = devicesOf(dax, key).map((d) => d.name);
    return readdirOrder(names).reverse().map((name) => {
        const device = dax.devices.get(name)!;
        return { name, resource: deviceResource(device, region), size: deviceSize(device), align: tx.state.profile.dynamicDax ? device.align : 0, targetNode: region.targetNode };
    });
}

/** Does `X.Y`, `daxX.Y` or `all` name this device? No name: all do. */
export function matchesDevice(device: ListedDevice, ident: string | undefined): boolean {
    if (ident === undefined || ident === 'all' || ident === device.name) return true;
    const tuple = /^\s*(\d+)\.\s*(\d+)/.exec(ident);
    return tuple !== null && device.name === `dax${Number(tuple[1])}.${Number(tuple[2])}`;
}

/** Does `N`, `regionN` or `all` name this region? No name: all do. */
export function matchesRegion(region: ListedRegion, ident: string | undefined): boolean {
    if (ident === undefined || ident === 'all') return true;
    const id = /^(?:region)?\s*(\d+)/.exec(ident.trim());
    return id !== null && Number(id[1]) === region.id;
}
