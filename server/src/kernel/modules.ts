// Kernel modules: what loading and unloading each of them does. Drivers register in load order, and the first driver of a bus that
// matches a device gets it, so the order decides who binds (DAX-18).
import { lastParameter, parseCmdline } from './cmdline.ts';
import { cxlAcpiLoad, cxlAcpiUnload, cxlMemLoad, cxlPmemLoad } from './cxl.ts';
import { daxDriverRegister, daxDriverUnregister } from './dax-bus.ts';
import { hmemDriverRegister, hmemDriverUnregister } from './dax-hmem.ts';
import { ndE820Load, ndE820Unload } from './nd-e820.ts';
import { nfitLoad, nfitUnload } from './nfit.ts';
import { ndDriverRegister, ndDriverUnregister } from './nvdimm.ts';
import type { Result, RuleId } from './outcome.ts';
import type { Profile } from './profile.ts';
import type { Tx } from './tx.ts';
import { virtioMemDriverRegister, virtioMemDriverUnregister } from './virtio-mem.ts';

export type ModuleParameters = Readonly<Record<string, string>>;

export interface KernelModule {
    readonly name: string;
    /** One sentence for completion and hover. */
    readonly doc: string;
    readonly rules?: readonly RuleId[];
    /** Parameters that the model knows, each with a sentence. */
    readonly parameters?: Readonly<Record<string, string>>;
    /** Does this release have it? Default: yes. */
    readonly exists?: (profile: Profile) => boolean;
    /** Modules that modprobe loads before it. */
    readonly requires?: (profile: Profile) => readonly string[];
    /** What its init function does. */
    readonly load?: (tx: Tx) => void;
    /** What its exit function does. Absent: it has no effect on memory. */
    readonly unload?: (tx: Tx) => void;
}

const always = (...names: string[]) => (): readonly string[] => names;

/** The modules that have to do with memory, and those that recorded machines load beside them. */
export const MODULES: readonly KernelModule[] = [
    {
        name: 'device_dax', doc: 'Driver of dax devices: each becomes /dev/daxX.Y.', rules: ['DAX-18', 'DAX-22'],
        load: (tx) => daxDriverRegister(tx, 'device_dax'), unload: (tx) => daxDriverUnregister(tx, 'device_dax'),
    },
    {
        name: 'kmem', doc: 'Driver that makes a dax device System RAM, in whole memory blocks.', rules: ['KM-02', 'KM-11', 'KM-14'],
        load: (tx) => daxDriverRegister(tx, 'kmem'), unload: (tx) => daxDriverUnregister(tx, 'kmem'),
    },
    {
        name: 'fsdev', doc: 'Driver that offers dax devices to file systems.', rules: ['DAX-26'], exists: (profile) => profile.fsdevDriver,
        load: (tx) => daxDriverRegister(tx, 'fsdev'), unload: (tx) => daxDriverUnregister(tx, 'fsdev'),
    },
    {
        name: 'dax_hmem', doc: 'Makes a dax region of each soft-reserved memory range.', rules: ['HMEM-01', 'HMEM-06'],
        parameters: { region_idle: 'Y: regions start without a device of their own size and are not given to kmem by default (HMEM-06).' },
        exists: (profile) => profile.hmemSource !== 'none',
        requires: (profile) => (profile.hmemSource === 'module' ? ['cxl_acpi'] : []),
        load: hmemDriverRegister, unload: hmemDriverUnregister,
    },
    { name: 'libnvdimm', doc: 'Core of persistent memory: regions, namespaces and their info blocks.' },
    { name: 'nd_btt', doc: 'Sector-atomic personality of namespaces.', requires: always('libnvdimm') },
    { name: 'nfit', doc: 'ACPI NFIT: NVDIMMs and their ranges.', rules: ['ND-02'], requires: always('libnvdimm'), load: nfitLoad, unload: nfitUnload },
    {
        name: 'nd_e820', doc: 'Legacy persistent memory from the e820 map.', rules: ['ND-03', 'E820-06'], requires: always('libnvdimm'),
        load: ndE820Load, unload: ndE820Unload,
    },
    {
        name: 'nd_pmem', doc: 'Driver of namespaces as block devices /dev/pmemN.', rules: ['ND-14', 'ND-16'], requires: always('nd_btt'),
        load: (tx) => ndDriverRegister(tx, 'nd_pmem'), unload: (tx) => ndDriverUnregister(tx, 'nd_pmem'),
    },
    {
        name: 'dax_pmem', doc: 'Makes a dax region of each devdax namespace.', rules: ['ND-25'], requires: always('libnvdimm'),
        load: (tx) => ndDriverRegister(tx, 'dax_pmem'), unload: (tx) => ndDriverUnregister(tx, 'dax_pmem'),
    },
    { name: 'virtio', doc: 'Core of virtio.' },
    { name: 'virtio_ring', doc: 'Queues of virtio devices.' },
    { name: 'virtio_pci', doc: 'virtio devices on PCI.', requires: always('virtio', 'virtio_ring') },
    {
        name: 'virtio_mem', rules: ['VM-03', 'VM-08'], doc: 'Memory that the hypervisor plugs and unplugs.', requires: always('virtio'),
        load: virtioMemDriverRegister, unload: virtioMemDriverUnregister,
    },
    { name: 'cxl_core', doc: 'Core of CXL.' },
    { name: 'cxl_port', doc: 'CXL ports.', requires: always('cxl_core') },
    {
        name: 'cxl_acpi', doc: 'CXL fixed memory windows from the CEDT.', rules: ['CXL-01'], requires: always('cxl_core'), exists: (profile) => profile.cxlWindows,
        load: cxlAcpiLoad, unload: cxlAcpiUnload,
    },
    { name: 'cxl_pci', doc: 'CXL devices on PCI.', requires: always('cxl_core') },
    { name: 'cxl_mem', doc: 'CXL memory devices.', requires: always('cxl_core'), load: cxlMemLoad },
    { name: 'cxl_pmem', doc: 'Persistent memory of CXL devices.', rules: ['CXL-06'], requires: always('cxl_core', 'libnvdimm'), load: cxlPmemLoad },
    { name: 'xfs', doc: 'The file system XFS.' },
    { name: 'ext4', doc: 'The file system ext4.' },
];

const BY_NAME = new Map(MODULES.map((m) => [m.name, m]));

/** The module of this name in this release; `-` and `_` are the same in module names. */
export function findModule(profile: Profile, name: string): KernelModule | undefined {
    const module = BY_NAME.get(name) ?? BY_NAME.get(name.replaceAll('-', '_'));
    return module && (module.exists?.(profile) ?? true) ? module : undefined;
}

/** `module.parameter=value` words of the kernel command line, which modprobe gives to the module as well. */
function commandLineParameters(tx: Tx, module: KernelModule): Record<string, string> {
    if (!module.parameters) return {};
    const words = parseCmdline(tx.state.machine.cmdline);
    const found: Record<string, string> = {};
    for (const parameter of Object.keys(module.parameters)) {
        const value = lastParameter(words, `${module.name}.${parameter}`);
        if (value !== undefined) found[parameter] = value;
    }
    return found;
}

/**
 * Loads a module after those it requires, as modprobe does. Parameters given here win over the kernel command line. No effect
 * when it is loaded.
 *
 * @returns ENOENT for a module that this release or the model does not have.
 */
export function loadModule(tx: Tx, name: string, parameters: ModuleParameters = {}): Result {
    const module = findModule(tx.state.profile, name);
    if (!module) return 'ENOENT';
    if (tx.state.modules.has(module.name)) return 0;
    for (const required of module.requires?.(tx.state.profile) ?? []) loadModule(tx, required);
    tx.set({ modules: new Map(tx.state.modules).set(module.name, { ...commandLineParameters(tx, module), ...parameters }) });
    module.load?.(tx);
    return 0;
}

/**
 * Unloads a module: its drivers leave their devices first.
 *
 * @returns ENOENT when it is not loaded.
 */
export function unloadModule(tx: Tx, name: string): Result {
    const module = BY_NAME.get(name.replaceAll('-', '_'));
    if (!module || !tx.state.modules.has(module.name)) return 'ENOENT';
    module.unload?.(tx);
    const modules = new Map(tx.state.modules);
    modules.delete(module.name);
    tx.set({ modules });
    return 0;
}

/** Loaded modules that require this one, so that rmmod refuses to take it away (EAGAIN: `Module x is in use by: y`). */
export function moduleUsers(tx: Tx, name: string): string[] {
    return [...tx.state.modules.keys()].filter((user) => BY_NAME.get(user)?.requires?.(tx.state.profile).includes(name));
}
