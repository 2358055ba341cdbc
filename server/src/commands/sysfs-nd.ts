// sysfs attributes of the nd bus (kernel model 05, F1 and F2).
import { parseKernelNumber } from '../kernel/dax-bus.ts';
import { BTT_SECTORS } from '../kernel/nd-btt.ts';
import { claimNamespace } from '../kernel/nd-claim.ts';
import {
    availableCapacity, capacity, holderClassStore, maxAvailableExtent, NAMESPACE_SECTORS, namespaceSectorStore, namespaceSizeStore, namespaceUuidStore,
} from '../kernel/nd-namespace.ts';
import { availableSlots } from '../kernel/nd-label.ts';
import { ALIGNMENTS } from '../kernel/nd-pfn.ts';
import { ndRegionAlignStore } from '../kernel/nd-region.ts';
import { viewNamespace } from '../kernel/nd-view.ts';
import { ndBind, ndBound, type NdDriver, ndDriverOf, ndDriverRegistered, ndUnbind, updateNamespace, updateNdRegion, updatePersonality } from '../kernel/nvdimm.ts';
import type { Errno, Result, RuleId } from '../kernel/outcome.ts';
import { sizeOf } from '../kernel/range.ts';
import type { KernelState, NdDimm, NdNamespace, NdPersonality, NdRegion } from '../kernel/state.ts';
import type { Tx } from '../kernel/tx.ts';
import type { Params, SysfsAttribute } from './sysfs.ts';

type Text = string | number | { readonly errno: Errno };

const DEVICES = '/sys/bus/nd/devices';

function shown(value: Text): { readonly text: string } | { readonly errno: Errno } {
    return typeof value === 'object' ? value : { text: `${value}\n` };
}

const hex = (n: number): string => `0x${n.toString(16)}`;
const invalid: Errno = 'EINVAL';

/** true/false as kstrtobool reads them; undefined for anything else. */
function parseBool(text: string): boolean | undefined {
    if (/^(?:[yY1tT]|on$|oN$|On$|ON$)/.test(text)) return true;
    return /^(?:[nN0fF]|o[fF])/.test(text) ? false : undefined;
}

interface Attribute<T> {
    readonly name: string;
    readonly doc: string;
    readonly rules: readonly RuleId[];
    readonly read?: (state: KernelState, device: T) => Text;
    readonly write?: (tx: Tx, device: T, value: string) => Result;
    readonly values?: readonly string[];
    readonly exists?: (state: KernelState, device: T) => boolean;
}

/** Attributes of one kind of device under /sys/bus/nd/devices. `prefix` is what its names begin with. */
function attributesOf<T>(prefix: string, devices: (state: KernelState) => ReadonlyMap<string, T>, attributes: readonly Attribute<T>[]): SysfsAttribute[] {
    const find = (state: KernelState, params: Params): T | undefined => devices(state).get(`${prefix}${params['id']}`);
    return attributes.map((a): SysfsAttribute => ({
        path: `${DEVICES}/${prefix}:id/${a.name}`, doc: a.doc, rules: a.rules,
        exists: (state, params) => {
            const device = find(state, params);
            return device !== undefined && (a.exists?.(state, device) ?? true);
        },
        ...(a.read ? { read: (state: KernelState, params: Params) => {
            const device = find(state, params);
            return device === undefined ? { errno: 'ENOENT' as const } : shown(a.read!(state, device));
        } } : {}),
        ...(a.write ? { write: (tx: Tx, params: Params, value: string): Result => {
            const device = find(tx.state, params);
            return device === undefined ? 'ENOENT' : a.write!(tx, device, value);
        } } : {}),
        ...(a.values ? { values: () => a.values! } : {}),
        params: (state) => [...devices(state).keys()].filter((n) => n.startsWith(prefix)).map((n) => n.slice(prefix.length)),
    }));
}

const regionAttributes: readonly Attribute<NdRegion>[] = [
    { name: 'size', doc: 'Bytes of the region.', rules: ['ND-02'], read: (_, r) => sizeOf(r.range) },
    { name: 'resource', doc: 'First physical address of the region.', rules: ['ND-02'], read: (_, r) => hex(r.range.start) },
    {
        name: 'align', doc: 'What sizes and starts of namespaces are multiples of, in bytes. Lost at reboot.', rules: ['ND-05'],
        exists: (state) => state.profile.regionAlign, read: (_, r) => hex(r.align), write: (tx, r, value) => ndRegionAlignStore(tx, r.name, value),
        values: ['0x1000', '0x200000', '0x1000000'],
    },
    { name: 'available_size', doc: 'Bytes that no namespace has.', rules: ['ND-06'], exists: (_, r) => r.mappings.length > 0, read: (state, r) => availableCapacity(state, r) },
    { name: 'max_available_extent', doc: 'Bytes of the largest free extent.', rules: ['ND-06'], exists: (_, r) => r.mappings.length > 0, read: (state, r) => maxAvailableExtent(state, r) },
    { name: 'mappings', doc: 'Number of DIMMs behind the region.', rules: ['ND-02'], read: (_, r) => r.mappings.length },
    { name: 'namespace_seed', doc: 'The namespace that is configured next.', rules: ['ND-12'], read: (_, r) => r.namespaceSeed ?? '' },
    { name: 'pfn_seed', doc: 'The pfn (fsdax) personality that is configured next.', rules: ['ND-12'], read: (_, r) => r.pfnSeed ?? '' },
    { name: 'dax_seed', doc: 'The dax (devdax) personality that is configured next.', rules: ['ND-12'], read: (_, r) => r.daxSeed ?? '' },
    { name: 'btt_seed', doc: 'The btt (sector) personality that is configured next.', rules: ['ND-12'], read: (_, r) => r.bttSeed ?? '' },
    { name: 'numa_node', doc: 'Online node the region belongs to.', rules: ['ND-02'], read: (_, r) => r.numaNode },
    { name: 'target_node', doc: 'Node that its memory becomes.', rules: ['ND-02', 'NUMA-06'], exists: (_, r) => r.targetNode >= 0, read: (_, r) => r.targetNode },
    { name: 'nstype', doc: 'Kind of its namespaces: 4 label-less, 5 labelled.', rules: ['ND-03'], read: (_, r) => (r.labelled ? 5 : 4) },
    {
        name: 'read_only', doc: '1: nothing can be written to the region.', rules: ['ND-18'], read: (_, r) => (r.readOnly ? 1 : 0), values: ['0', '1'],
        write: (tx, r, value) => {
            const on = parseBool(value);
            if (on === undefined) return invalid;
            updateNdRegion(tx, r.name, { readOnly: on });
            return 0;
        },
    },
];

const dimmAttributes: readonly Attribute<NdDimm>[] = [
    {
        name: 'available_slots', doc: 'Labels that can still be written to the DIMM; one is kept free for updates.', rules: ['ND-08'],
        read: (state, d) => availableSlots(state, d.name) ?? { errno: 'ENXIO' },
    },
    { name: 'flags', doc: '`label` once it was enabled with initialised labels.', rules: ['ND-03'], read: (_, d) => (d.labelling ? 'label' : '') },
    { name: 'state', doc: 'active while an enabled region uses it, otherwise idle.', rules: ['ND-04'], read: (state, d) => ([...state.nvdimm.regions.values()].some((r) => r.enabled && r.mappings.some((m) => m.dimm === d.name)) ? 'active' : 'idle') },
];

const labelled = (state: KernelState, n: NdNamespace): boolean => state.nvdimm.regions.get(n.region)?.labelled ?? false;
const SYSFS_MODE = { raw: 'raw', sector: 'safe', fsdax: 'memory', devdax: 'dax' } as const;

const namespaceAttributes: readonly Attribute<NdNamespace>[] = [
    {
        name: 'size', doc: 'Bytes allocated to the namespace; writing 0 deletes it. Labelled regions only.', rules: ['ND-09'], read: (_, n) => capacity(n),
        write: (tx, n, value) => (labelled(tx.state, n) ? namespaceSizeStore(tx, n.name, value) : 'EACCES'),
    },
    { name: 'resource', doc: 'First physical address of the allocation.', rules: ['ND-07'], read: (_, n) => (n.range ? hex(n.range.start) : { errno: 'ENXIO' }) },
    { name: 'mode', doc: 'raw, safe (sector), memory (fsdax) or dax (devdax).', rules: ['ND-11'], read: (state, n) => SYSFS_MODE[viewNamespace(state, n).mode] },
    { name: 'holder', doc: 'The personality that claimed it.', rules: ['ND-13'], read: (_, n) => n.holder ?? '' },
    {
        name: 'holder_class', doc: 'Which kind of personality may claim it: btt, pfn, dax or none.', rules: ['ND-10'], read: (_, n) => n.holderClass,
        write: (tx, n, value) => holderClassStore(tx, n.name, value.trim()), values: ['', 'btt', 'pfn', 'dax'],
    },
    {
        name: 'uuid', doc: 'Identity of the namespace; it needs one before it gets a size.', rules: ['ND-10'], exists: labelled, read: (_, n) => n.uuid ?? '',
        write: (tx, n, value) => (/^[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}$/.test(value.trim()) ? namespaceUuidStore(tx, n.name, value.trim().toLowerCase()) : invalid),
    },
    {
        name: 'force_raw', doc: '1: ignore any info block and come up raw.', rules: ['ND-10', 'ND-14'], read: (_, n) => (n.forceRaw ? 1 : 0), values: ['0', '1'],
        write: (tx, n, value) => {
            const on = parseBool(value);
            if (on === undefined) return invalid;
            updateNamespace(tx, n.name, { forceRaw: on });
            return 0;
        },
    },
    {
        name: 'sector_size', doc: 'Logical sector size; the selected one in brackets.', rules: ['ND-10'], exists: labelled,
        read: (_, n) => NAMESPACE_SECTORS.map((s) => (s === n.sectorSize ? `[${s}]` : `${s}`)).join(' '), write: (tx, n, value) => namespaceSectorStore(tx, n.name, value), values: ['512', '4096'],
    },
    { name: 'numa_node', doc: 'Online node of its region.', rules: ['ND-02'], read: (state, n) => state.nvdimm.regions.get(n.region)!.numaNode },
    {
        name: 'target_node', doc: 'Node that its memory becomes.', rules: ['ND-02'], exists: (state, n) => (state.nvdimm.regions.get(n.region)?.targetNode ?? -1) >= 0,
        read: (state, n) => state.nvdimm.regions.get(n.region)!.targetNode,
    },
];

/** EBUSY while a personality is active; its settings are fixed then. */
function idle(tx: Tx, personality: NdPersonality, change: Partial<NdPersonality> | undefined): Result {
    if (personality.enabled) return tx.fail('EBUSY', { code: 'nvdimm/personality-active', rules: ['ND-13'], subject: personality.name, message: `${personality.name} is active` });
    if (!change) return invalid;
    updatePersonality(tx, personality.name, change);
    return 0;
}

const common: readonly Attribute<NdPersonality>[] = [
    { name: 'namespace', doc: 'The namespace it claims; empty detaches.', rules: ['ND-13'], read: (_, p) => p.namespace ?? '', write: (tx, p, value) => claimNamespace(tx, p.name, value) },
    {
        name: 'uuid', doc: 'Identity of the personality, kept in its info block.', rules: ['ND-18'], read: (_, p) => p.uuid ?? '',
        write: (tx, p, value) => idle(tx, p, /^[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}$/.test(value.trim()) ? { uuid: value.trim().toLowerCase() } : undefined),
    },
    {
        name: 'size', doc: 'Usable bytes, while it is active.', rules: ['ND-18', 'ND-24'],
        read: (state, p) => {
            const namespace = state.nvdimm.namespaces.get(p.namespace ?? '');
            return (namespace && viewNamespace(state, namespace).size) ?? { errno: 'ENXIO' };
        },
    },
];

const pfnAttributes: readonly Attribute<NdPersonality>[] = [
    ...common,
    {
        name: 'mode', doc: 'Where the page map goes: ram (map=mem) or pmem (map=dev).', rules: ['ND-13'], read: (_, p) => p.mode, values: ['ram', 'pmem', 'none'],
        write: (tx, p, value) => idle(tx, p, value === 'ram' || value === 'pmem' || value === 'none' ? { mode: value } : undefined),
    },
    {
        name: 'align', doc: 'Alignment of the data in bytes.', rules: ['ND-13', 'ND-18'], read: (_, p) => p.align, values: ALIGNMENTS.map(String),
        write: (tx, p, value) => {
            const align = parseKernelNumber(value);
            return idle(tx, p, align !== undefined && ALIGNMENTS.includes(align) ? { align } : undefined);
        },
    },
    {
        name: 'resource', doc: 'First physical address of the data, while it is active.', rules: ['ND-18'],
        read: (state, p) => {
            const namespace = state.nvdimm.namespaces.get(p.namespace ?? '');
            const data = namespace && viewNamespace(state, namespace).data;
            return typeof data === 'number' ? hex(data) : { errno: 'ENXIO' };
        },
    },
    { name: 'supported_alignments', doc: 'Alignments that `align` takes.', rules: ['ND-13'], read: () => ALIGNMENTS.join(' ') },
];

const bttAttributes: readonly Attribute<NdPersonality>[] = [
    ...common,
    {
        name: 'sector_size', doc: 'Sector size of the disk in bytes.', rules: ['ND-24'], read: (_, p) => BTT_SECTORS.map((s) => (s === p.sectorSize ? `[${s}]` : `${s}`)).join(' '),
        values: BTT_SECTORS.map(String),
        write: (tx, p, value) => {
            const sectorSize = parseKernelNumber(value);
            return idle(tx, p, sectorSize !== undefined && BTT_SECTORS.includes(sectorSize) ? { sectorSize } : undefined);
        },
    },
];

const personalities = (kind: NdPersonality['kind']) => (state: KernelState): ReadonlyMap<string, NdPersonality> =>
    new Map([...state.nvdimm.personalities].filter(([, p]) => p.kind === kind));

function devicesOf(state: KernelState, driver: NdDriver): string[] {
    const nd = state.nvdimm;
    return [...nd.dimms.keys(), ...nd.regions.keys(), ...nd.namespaces.keys(), ...nd.personalities.keys()].filter((n) => ndDriverOf(state, n) === driver);
}

const DRIVER_DOC: Readonly<Record<NdDriver, string>> = {
    nvdimm: 'driver of DIMMs', nd_region: 'driver of regions', nd_pmem: 'driver of namespaces, pfn and btt devices', dax_pmem: 'driver of dax (devdax) devices',
};

const driverAttributes: SysfsAttribute[] = (Object.keys(DRIVER_DOC) as NdDriver[]).flatMap((driver): SysfsAttribute[] => [
    {
        path: `/sys/bus/nd/drivers/${driver}/bind`, doc: `Binds a device to ${driver}, the ${DRIVER_DOC[driver]}.`, rules: ['ND-14', 'ND-15'],
        exists: (state) => ndDriverRegistered(state, driver),
        write: (tx, _, value) => ndBind(tx, driver, value), values: (state) => devicesOf(state, driver).filter((n) => !ndBound(state, n)),
    },
    {
        path: `/sys/bus/nd/drivers/${driver}/unbind`, doc: `Unbinds a device from ${driver}, the ${DRIVER_DOC[driver]}. Nothing checks whether it is in use.`, rules: ['ND-26', 'NF-05'],
        exists: (state) => ndDriverRegistered(state, driver),
        write: (tx, _, value) => ndUnbind(tx, driver, value), values: (state) => devicesOf(state, driver).filter((n) => ndBound(state, n)),
    },
]);

/** Everything below /sys/bus/nd that transcripts read or write. */
export const ndAttributes: readonly SysfsAttribute[] = [
    ...attributesOf('nmem', (s) => s.nvdimm.dimms, dimmAttributes),
    ...attributesOf('region', (s) => s.nvdimm.regions, regionAttributes),
    ...attributesOf('namespace', (s) => s.nvdimm.namespaces, namespaceAttributes),
    ...attributesOf('pfn', personalities('pfn'), pfnAttributes),
    ...attributesOf('dax', personalities('dax'), pfnAttributes),
    ...attributesOf('btt', personalities('btt'), bttAttributes),
    ...driverAttributes,
];
