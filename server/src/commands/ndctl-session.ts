// What ndctl and its library do between kernel calls: the order they see devices in, their words, and the sequences behind
// "enable" and "disable" (ndctl 76; kernel model 05, F5).
import { devicesOf, deviceSize } from '../kernel/dax-bus.ts';
import { deviceResource } from '../kernel/dax-resize.ts';
import { readdirOrder } from '../kernel/kernfs.ts';
import { claimNamespace } from '../kernel/nd-claim.ts';
import { setNamespaceSize } from '../kernel/nd-namespace.ts';
import { viewNamespace } from '../kernel/nd-view.ts';
import { namespacesOf, ndBound, ndDriverOf, ndEnsureDriver, ndProbe, ndRemove, updateNamespace } from '../kernel/nvdimm.ts';
import { type Errno, ERRNO, type Note, type Result, STRERROR } from '../kernel/outcome.ts';
import type { DaxDevice, KernelState, NdDimm, NdNamespace, NdProvider, NdRegion } from '../kernel/state.ts';
import type { Tx } from '../kernel/tx.ts';
import { onlineSections } from './daxctl-memory.ts';
import type { CommandResult } from './result.ts';

/** What ndctl's functions return: 0, a negative error number, or a positive "not done, and that is no error". */
export type Code = number;

export const code = (result: Result): Code => (result === 0 ? 0 : -ERRNO[result]);

function errnoOf(value: Code): Errno {
    return (Object.keys(ERRNO) as Errno[]).find((name) => ERRNO[name] === -value) ?? 'EINVAL';
}

/** Devices as the library lists them: it puts each that it reads from the directory in front of the others. */
function listOrder(names: readonly string[]): string[] {
    return readdirOrder(names).reverse();
}

/** One run of ndctl. */
export class NdctlSession {
    readonly tx: Tx;
    /** `create namespace`: what stands in front of messages of the command itself. */
    readonly command: string;
    readonly force: boolean;
    private text = '';
    private output = '';
    private readonly named: Errno[] = [];
    /** Messages that make the final "failed to …" line superfluous. */
    errors = 0;
    /** Why regions were passed over; of interest only when no other one served. */
    private readonly passed: Note[] = [];
    private readonly firstNote: number;

    constructor(tx: Tx, command: string, force: boolean) {
        this.tx = tx;
        this.command = command;
        this.force = force;
        this.firstNote = tx.notes.length;
    }

    get state(): KernelState {
        return this.tx.state;
    }

    /** A line of its own on stderr. */
    print(line: string): void {
        this.text += `${line}\n`;
    }

    stdout(text: string): void {
        this.output += text;
    }

    /** Problem with an argument or a device. */
    error(message: string): void {
        this.text += `  Error: ${message}\n\n`;
    }

    /** Problem that names the command and is all the user gets to read. */
    fatal(message: string, named?: Errno): void {
        this.errors++;
        if (named) this.named.push(named);
        this.error(`${this.command}: ${message}`);
    }

    warning(message: string): void {
        this.text += ` Warning: ${message}\n\n`;
    }

    /** A line that ends with the error's words. */
    failed(what: string, value: Code): void {
        const errno = errnoOf(value);
        this.named.push(errno);
        this.print(`${what}: ${STRERROR[errno]}`);
    }

    /** Remembers why a region was passed over. */
    pass(note: Note): void {
        this.passed.push(note);
    }

    /** Ends the run; a negative code becomes an exit status modulo 256. What went wrong on the way to a success is only a warning. */
    exit(value: Code): CommandResult {
        const { notes } = this.tx;
        if (value === 0) {
            for (let i = this.firstNote; i < notes.length; i++) if (notes[i]!.severity === 'error') notes[i] = { ...notes[i]!, severity: 'warning' };
        } else notes.push(...this.passed);
        return { status: value & 0xff, errnos: [...new Set(this.named)], stdout: this.output, stderr: this.text };
    }

    // ------------------------------------------------------------------------------------------------------- what is there

    buses(): NdProvider[] {
        const { buses } = this.state.nvdimm;
        return listOrder(buses.map((_, i) => `ndctl${i}`)).map((name) => buses[Number(name.slice(5))]!);
    }

    /** `--bus`: an id or a provider. */
    private busMatches(provider: NdProvider, filter: string | undefined): boolean {
        return filter === undefined || filter === '' || filter === 'all' || filter === provider
            || filter === `ndbus${this.state.nvdimm.buses.indexOf(provider)}` || filter === String(this.state.nvdimm.buses.indexOf(provider));
    }

    /** Regions that the filters leave, in the order ndctl visits them. A region is named by its name or its number. */
    regions(filter?: string, bus?: string): NdRegion[] {
        const all = [...this.state.nvdimm.regions.values()];
        return this.buses().filter((b) => this.busMatches(b, bus)).flatMap((provider) => {
            const own = all.filter((r) => r.provider === provider);
            return listOrder(own.map((r) => r.name)).map((name) => this.state.nvdimm.regions.get(name)!);
        }).filter((r) => filter === undefined || filter === '' || filter === 'all' || filter === r.name || filter === String(r.id));
    }

    namespaces(region: NdRegion): NdNamespace[] {
        return listOrder(namespacesOf(this.state, region.name).map((n) => n.name)).map((name) => this.state.nvdimm.namespaces.get(name)!);
    }

    dimms(bus?: string): NdDimm[] {
        const all = [...this.state.nvdimm.dimms.values()];
        const cxl = (d: NdDimm): boolean => this.state.cxl.memdevs.some((m) => m.name === d.device);
        return this.buses().filter((b) => this.busMatches(b, bus)).flatMap((provider) => {
            const own = all.filter((d) => (provider === 'CXL') === cxl(d) && provider !== 'e820');
            return listOrder(own.map((d) => d.name)).map((name) => this.state.nvdimm.dimms.get(name)!);
        });
    }

    namespace(name: string): NdNamespace | undefined {
        return this.state.nvdimm.namespaces.get(name);
    }

    /** Is the namespace in use, by itself or through its personality? */
    active(name: string): boolean {
        const namespace = this.namespace(name);
        return namespace !== undefined && viewNamespace(this.state, namespace).active;
    }

    /** Free for a new configuration: idle, and without size and uuid where the region is labelled. */
    idle(name: string): boolean {
        const namespace = this.namespace(name);
        if (!namespace || this.active(name)) return false;
        return !this.state.nvdimm.regions.get(namespace.region)!.labelled || !namespace.range || !namespace.uuid;
    }

    // ------------------------------------------------------------------------------------------------- binding, unbinding

    /** Binds a device through whatever driver takes it; its module is loaded on demand. ENXIO when none does. */
    private bind(name: string): Code {
        const driver = ndDriverOf(this.state, name);
        if (driver) ndEnsureDriver(this.tx, driver);
        if (ndBound(this.state, name)) return 0;
        return ndProbe(this.tx, name) === 0 ? 0 : code('ENXIO');
    }

    /** 0: enabled; 1: its personality came up instead; negative: nothing did. */
    enableNamespace(name: string): Code {
        if (this.namespace(name)!.enabled) return 0;
        const bound = this.bind(name);
        if (this.namespace(name)?.enabled) return 0;
        const holder = this.namespace(name)?.holder;
        if (holder && ndBound(this.state, holder)) return 1;
        this.print(`libndctl: ndctl_namespace_enable: ${name}: failed to enable`);
        return bound !== 0 ? bound : code('ENXIO');
    }

    enablePersonality(name: string): Code {
        if (ndBound(this.state, name)) return 0;
        const kind = this.state.nvdimm.personalities.get(name)!.kind;
        this.bind(name);
        if (ndBound(this.state, name)) return 0;
        this.print(`libndctl: ndctl_${kind}_enable: ${name}: failed to enable`);
        return code('ENXIO');
    }

    enableRegion(name: string): Code {
        if (this.state.nvdimm.regions.get(name)!.enabled) return 0;
        this.bind(name);
        if (this.state.nvdimm.regions.get(name)!.enabled) return 0;
        this.print(`libndctl: ndctl_region_enable: ${name}: failed to enable`);
        return code('ENXIO');
    }

    disableRegion(name: string): Code {
        if (this.state.nvdimm.regions.get(name)!.enabled) ndRemove(this.tx, name);
        return 0;
    }

    /** Unbinds personality and namespace; the personality lets the namespace go. */
    disableInvalidate(name: string): Code {
        const holder = this.namespace(name)?.holder;
        if (holder) {
            if (ndBound(this.state, holder)) ndRemove(this.tx, holder);
            const cleared = claimNamespace(this.tx, holder, '');
            if (cleared !== 0) return code(cleared);
        }
        if (this.namespace(name)?.enabled) ndRemove(this.tx, name);
        return 0;
    }

    /** The same unless somebody uses it: a mounted disk, or memory that is online (NDC-12). */
    disableSafe(name: string): Code {
        const namespace = this.namespace(name)!;
        const view = viewNamespace(this.state, namespace);
        const mount = view.disk && this.state.mounts.find((m) => m.device === view.disk && !m.shutdown);
        if (mount) {
            return code(this.tx.fail('EBUSY', {
                code: 'ndctl/mounted', rules: ['NDC-12'], subject: name, others: [mount.path], ...(namespace.range ? { range: namespace.range } : {}),
                message: `${name} is not disabled: /dev/${view.disk} is mounted on ${mount.path}`, data: { path: mount.path },
            }));
        }
        if (view.holder?.kind === 'dax' && view.holder.enabled) {
            const device = devicesWithOnlineMemory(this.state, view.holder.name)[0];
            if (device) {
                return code(this.tx.fail('EBUSY', {
                    code: 'ndctl/active-as-system-ram', rules: ['NDC-12'], subject: name, others: [device.name], ...(namespace.range ? { range: namespace.range } : {}),
                    message: `${name} is not disabled: memory of ${device.name} is online`,
                }));
            }
        }
        this.disableInvalidate(name);
        return 0;
    }

    /** Gives the capacity of a labelled namespace back; a label-less one cannot be deleted. */
    deleteNamespace(name: string): Code {
        const namespace = this.namespace(name);
        if (!namespace) return 0;
        if (namespace.enabled) return code('EBUSY');
        if (!this.state.nvdimm.regions.get(namespace.region)!.labelled || !namespace.uuid) return 0;
        return code(setNamespaceSize(this.tx, name, 0));
    }

    setRaw(name: string, forceRaw: boolean): void {
        if (this.namespace(name)) updateNamespace(this.tx, name, { forceRaw });
    }
}

/**
 * dax devices of a region that kmem has now and some of whose memory is online, as libdaxctl counts blocks (DXC-05). Not being able to
 * count them counts as yes.
 */
export function devicesWithOnlineMemory(state: KernelState, key: string): DaxDevice[] {
    const region = state.dax.regions.get(key);
    return !region ? [] : devicesOf(state.dax, key).filter((d) => d.driver === 'kmem' && onlineSections(state, {
        name: d.name, resource: deviceResource(d, region), size: deviceSize(d), align: d.align, targetNode: region.targetNode,
    }) !== 0);
}
