// ndctl create-namespace: choosing region and namespace, its own checks, and the sequence of kernel steps behind a new or a
// reconfigured namespace (NDC-03 … NDC-14).
import { BTT_SECTORS } from '../kernel/nd-btt.ts';
import { claimNamespace } from '../kernel/nd-claim.ts';
import { capacity, holderClassStore, maxAvailableExtent, NAMESPACE_SECTORS, namespaceSectorStore, namespaceUuidStore, setNamespaceSize } from '../kernel/nd-namespace.ts';
import { viewNamespace } from '../kernel/nd-view.ts';
import { newUuid, updatePersonality } from '../kernel/nvdimm.ts';
import { initLabels } from '../kernel/nd-label.ts';
import { type Result, STRERROR } from '../kernel/outcome.ts';
import { alignDown, formatSize, isAligned, MiB, PAGE, sizeOf } from '../kernel/range.ts';
import type { NdNamespace, NdRegion } from '../kernel/state.ts';
import { type CreateOptions, type NamespaceMode, supportedAlignment } from './ndctl-options.ts';
import { namespaceJson } from './ndctl-list.ts';
import { code, type Code, type NdctlSession } from './ndctl-session.ts';
import { formatJson } from './json-c.ts';

/** "Not in this region": the next one is tried. */
const SKIP: Code = code('EAGAIN');

interface Plan {
    /** Bytes. */
    readonly size: number;
    readonly mode: NamespaceMode;
    readonly map: 'mem' | 'dev' | undefined;
    readonly align: number;
    /** undefined: whatever the kernel has. */
    readonly sectorSize: number | undefined;
    /** Given by the user; otherwise a new one is made. */
    readonly uuid: string | undefined;
}

type Planned = { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly code: Code };

/** Seeds are made with an align of 2 MiB (ND-13), and the library reads the seed's for its default. */
function seedAlign(session: NdctlSession, region: NdRegion, mode: 'fsdax' | 'devdax'): number {
    const seed = mode === 'fsdax' ? region.pfnSeed : region.daxSeed;
    return session.state.nvdimm.personalities.get(seed ?? '')?.align ?? 2 * MiB;
}

/** Does this mode need a pfn device? Not for fsdax on a namespace that has struct pages by itself, with the page map in RAM. */
function needsPfn(session: NdctlSession, namespace: NdNamespace | undefined, plan: Pick<Plan, 'mode' | 'map'>): boolean {
    if (plan.mode !== 'fsdax') return false;
    return !namespace || viewNamespace(session.state, namespace).mode !== 'fsdax' || plan.map === 'dev';
}

/** ndctl's checks against a region; `namespace` is the one to reconfigure. */
function plan(session: NdctlSession, region: NdRegion, namespace: NdNamespace | undefined, options: CreateOptions): Planned {
    const no = (value: Code): Planned => ({ ok: false, code: value });
    const invalid = (message: string, errno: Result = 'EINVAL'): Planned => {
        session.error(message);
        return no(code(errno));
    };
    const note = (noteCode: string, rules: readonly `${string}-${string}`[], message: string, data?: Record<string, number | string>): void => session.tx.note({
        code: noteCode, rules, severity: 'error', subject: namespace?.name ?? region.name, range: namespace?.range ?? region.range, message, ...(data ? { data } : {}),
    });
    if (!region.enabled) return no(SKIP);
    let size = options.size?.bytes ?? (namespace ? capacity(namespace) : 0);
    const defaultSize = !options.size && !namespace;
    if (!namespace) {
        // NDC-03
        const available = region.labelled ? maxAvailableExtent(session.state, region) : sizeOf(region.range);
        if (available === 0 || size > available) {
            session.pass({
                code: 'ndctl/no-space', rules: ['NDC-03'], severity: 'error', subject: region.name, range: region.range, data: { available },
                message: available === 0 ? `${region.name} has no free capacity` : `the largest free extent of ${region.name} has ${formatSize(available)}`,
            });
            return no(SKIP);
        }
        if (size === 0) size = available;
    }
    if (!region.labelled && size !== sizeOf(region.range)) {
        const dimms = region.mappings.map((m) => m.dimm);
        const storage = dimms.length > 0 && dimms.every((d) => (session.state.nvdimm.dimms.get(d)?.labelSize ?? 0) > 0);
        note('ndctl/label-less-size', ['NDC-04', 'ND-03'], `${region.name} has no labels: its one namespace is the whole region`, storage ? { region: region.name, dimms: dimms.join(' ') } : undefined);
        session.error('Legacy / label-less namespaces do not support sub-dividing a region');
        session.error('Retry without -s/--size=');
        return no(code('EINVAL'));
    }
    const current = namespace && viewNamespace(session.state, namespace);
    const mode = options.mode ?? current?.mode ?? 'fsdax';
    const aligned = chooseAlign(session, region, namespace, options, mode);
    if (typeof aligned !== 'number') return aligned;
    if (session.state.profile.regionAlign && !isAligned(size, region.align)) {
        // NDC-06
        note('ndctl/size-region-align', ['NDC-06', 'ND-05'], `the size must be a multiple of the align of ${region.name}, ${formatSize(region.align)}`, {
            below: alignDown(size, region.align), above: alignDown(size, region.align) + region.align, align: region.align,
        });
        session.fatal(`${region.name}: align setting is 0x${region.align.toString(16)} size 0x${size.toString(16)} is misaligned`);
        return no(code('EINVAL'));
    }
    if (!isAligned(size, aligned * region.ways)) {
        // NDC-07: the suggestion is in the unit that was typed.
        const unit = options.size?.unit ?? 1;
        const step = Math.max(unit, aligned) * region.ways;
        const suggestion = (Math.floor(size / step) + 1) * step;
        note('ndctl/size-align', ['NDC-07'], `the size must be a multiple of ${formatSize(aligned * region.ways)}`, { above: suggestion, align: aligned });
        session.fatal(`'--size=' must align to interleave-width: ${region.ways} and alignment: ${aligned}\ndid you intend --size=${suggestion / unit}${options.size?.suffix ?? ''}?`);
        return no(code('EINVAL'));
    }
    if (size < 16 * MiB && mode !== 'raw') {
        // NDC-08
        if (defaultSize) return no(SKIP);
        note('ndctl/too-small', ['NDC-08', 'ND-13'], `${mode} mode needs 16 MiB`);
        return invalid(`'--size=' must be >= 16MiB for '${mode}' mode`);
    }
    const sector = chooseSector(session, region, namespace, options, mode);
    if (!sector.ok) return no(sector.code);
    if (options.map && namespace && mode !== 'fsdax' && mode !== 'devdax') {
        session.fatal(`${namespace.name}: --map= only valid for fsdax mode namespace`);
        return no(code('EINVAL'));
    }
    const map = options.map ?? (mode === 'fsdax' || mode === 'devdax' ? 'dev' : undefined);
    return { ok: true, plan: { size, mode, map, align: aligned, sectorSize: sector.size, uuid: options.uuid } };
}

/** NDC-05. */
function chooseAlign(session: NdctlSession, region: NdRegion, namespace: NdNamespace | undefined, options: CreateOptions, mode: NamespaceMode): number | Planned {
    const refuse = (message: string): Planned => {
        session.error(message);
        session.tx.note({
            code: 'ndctl/align', rules: ['NDC-05', 'ND-13'], severity: 'error', subject: namespace?.name ?? region.name,
            message: mode === 'fsdax' || mode === 'devdax' ? 'the align of a namespace is 4K, 2M or 1G' : `${mode} mode has no align`,
        });
        return { ok: false, code: code('ENXIO') };
    };
    if (options.align !== undefined) {
        if (mode !== 'fsdax' && mode !== 'devdax') return refuse(`${mode} mode does not support setting an alignment`);
        return supportedAlignment(options.align) ? options.align : refuse(`unsupported align: ${options.alignText}`);
    }
    const current = namespace && viewNamespace(session.state, namespace);
    let align: number;
    // The same mode keeps its align; one without personality counts as 4 KiB.
    if (current && current.mode === mode) align = current.align ?? PAGE;
    else align = mode === 'fsdax' || mode === 'devdax' ? seedAlign(session, region, mode) : PAGE;
    return isAligned(region.range.start, align) ? align : PAGE;
}

/** NDC-09. */
function chooseSector(
    session: NdctlSession, region: NdRegion, namespace: NdNamespace | undefined, options: CreateOptions, mode: NamespaceMode,
): { readonly ok: true; readonly size: number | undefined } | { readonly ok: false; readonly code: Code } {
    const wanted = options.sectorSize;
    if (wanted !== undefined) {
        const supported = mode === 'sector' ? BTT_SECTORS : region.labelled ? NAMESPACE_SECTORS : [];
        if (supported.includes(wanted)) return { ok: true, size: wanted };
        session.tx.note({
            code: 'ndctl/sector-size', rules: ['NDC-09'], severity: 'error', subject: namespace?.name ?? region.name,
            message: supported.length > 0 ? `supported sector sizes are ${supported.join(', ')}` : 'label-less namespaces have no sector size of their own',
        });
        session.fatal(`${region.name}: does not support ${mode === 'sector' ? 'btt' : 'namespace'} sector_size ${wanted}`);
        return { ok: false, code: code('EINVAL') };
    }
    if (namespace) {
        const view = viewNamespace(session.state, namespace);
        return { ok: true, size: mode === 'sector' && view.sectorSize ? view.sectorSize : region.labelled ? namespace.sectorSize : 512 };
    }
    return { ok: true, size: region.labelled ? 512 : undefined };
}

// ------------------------------------------------------------------------------------------------------------- the sequence

/** One kernel step: on failure ndctl names it and gives up. */
function attempt(session: NdctlSession, device: string, step: string, result: Result): Code {
    if (result !== 0) session.fatal(`${device}: ${step} failed: ${STRERROR[result]}`, result);
    return code(result);
}

const HOLDER = { raw: '', sector: 'btt', fsdax: 'pfn', devdax: 'dax' } as const;

/** fsdax and devdax want a start on 16 MiB, unless forced (NDC-10). */
function checkStart(session: NdctlSession, namespace: NdNamespace): Code {
    const start = namespace.range?.start ?? 0;
    if (isAligned(start, 16 * MiB) || session.force) return 0;
    session.error(`${namespace.name} misaligned to 16M, adjust region alignment and retry`);
    return code(session.tx.fail('EINVAL', {
        code: 'ndctl/start-misaligned', rules: ['NDC-10'], subject: namespace.name, ...(namespace.range ? { range: namespace.range } : {}),
        message: `${namespace.name} would start at a multiple of 2 MiB but not of 16 MiB: --force accepts that, an align of 16 MiB on its region avoids it`,
        data: { start },
    }));
}

/** Configures an idle namespace and brings it up (NDC-14). Prints the result as JSON. */
function setup(session: NdctlSession, name: string, p: Plan, options: CreateOptions): Code {
    const { tx } = session;
    const region = session.state.nvdimm.regions.get(session.namespace(name)!.region)!;
    if (region.labelled) {
        const labelled = attempt(session, name, 'set_uuid', namespaceUuidStore(tx, name, p.uuid ?? newUuid(tx))) || attempt(session, name, 'set_size', setNamespaceSize(tx, name, p.size));
        if (labelled !== 0) return labelled;
        if (p.sectorSize !== undefined && NAMESPACE_SECTORS.includes(p.sectorSize)) {
            const sector = attempt(session, name, 'set_sector_size', namespaceSectorStore(tx, name, String(p.sectorSize)));
            if (sector !== 0) return sector;
        }
    }
    // Kernels before v4.13 have no such attribute, so ndctl does not look at the result.
    holderClassStore(tx, name, HOLDER[p.mode]);
    const up = bringUp(session, region, name, p, options);
    if (up.silent) return up.code;
    if (up.code !== 0) session.error(`${name}: failed to enable`);
    else session.stdout(`${formatJson(namespaceJson(session.state, session.namespace(name)!))}\n`);
    return up.code;
}

function bringUp(session: NdctlSession, region: NdRegion, name: string, p: Plan, options: CreateOptions): { readonly code: Code; readonly silent: boolean } {
    const { tx } = session;
    const namespace = session.namespace(name)!;
    const pfn = needsPfn(session, namespace, p);
    if (!pfn && p.mode !== 'devdax' && p.mode !== 'sector') return { code: session.enableNamespace(name), silent: false };
    const seed = pfn ? region.pfnSeed : p.mode === 'devdax' ? region.daxSeed : region.bttSeed;
    if (!seed) return { code: code('ENXIO'), silent: true };
    const uuid = newUuid(tx);
    if (p.mode === 'sector') {
        updatePersonality(tx, seed, { uuid, sectorSize: p.sectorSize ?? 4096 });
    } else {
        const start = checkStart(session, namespace);
        if (start !== 0) return { code: start, silent: true };
        updatePersonality(tx, seed, { uuid, mode: p.map === 'mem' ? 'ram' : 'pmem', align: p.align });
    }
    const claimed = attempt(session, seed, 'set_namespace', claimNamespace(tx, seed, name));
    if (claimed !== 0) return { code: claimed, silent: true };
    const enabled = session.enablePersonality(seed);
    // A btt that does not come up keeps its namespace.
    if (enabled !== 0 && options.autorecover && p.mode !== 'sector') claimNamespace(tx, seed, '');
    return { code: enabled, silent: false };
}

// ----------------------------------------------------------------------------------------------------------------- creating

/** The namespace that a new configuration goes to: number 0 when it is idle, else the seed. */
function pickNamespace(session: NdctlSession, region: string): string | undefined {
    const now = session.state.nvdimm.regions.get(region)!;
    const zero = session.namespaces(now).find((n) => n.id === 0);
    return zero && session.idle(zero.name) ? zero.name : now.namespaceSeed ?? undefined;
}

/** create-namespace without -e, in one region. */
export function createInRegion(session: NdctlSession, region: NdRegion, options: CreateOptions): Code {
    const planned = plan(session, region, undefined, options);
    if (!planned.ok) return planned.code;
    if (region.readOnly) {
        session.pass({ code: 'ndctl/read-only', rules: ['NDC-11'], severity: 'error', subject: region.name, message: `${region.name} is read-only` });
        return SKIP;
    }
    const name = pickNamespace(session, region.name);
    if (name === undefined || !session.idle(name)) {
        session.pass({
            code: 'ndctl/no-seed', rules: ['NDC-03', 'ND-03'], severity: 'error', subject: region.name, ...(name === undefined ? {} : { others: [name] }),
            message: region.labelled ? `${region.name} offers no idle namespace` : `${region.name} has no labels and ${name ?? 'its namespace'} is in use: reconfigure it with -e`,
        });
        return SKIP;
    }
    const done = setup(session, name, planned.plan, options);
    if (done !== 0 && options.autorecover && session.namespace(name)) {
        holderClassStore(session.tx, name, '');
        session.deleteNamespace(name);
    }
    return done;
}

/** create-namespace -e: takes the namespace down, then configures it anew (NDC-14). */
export function reconfigure(session: NdctlSession, region: NdRegion, namespace: NdNamespace, options: CreateOptions): Code {
    const planned = plan(session, region, namespace, options);
    if (!planned.ok) return planned.code;
    const ready = prepare(session, namespace);
    if (ready < 0) return ready;
    let name: string | undefined = namespace.name;
    if (!region.labelled && options.autolabel) {
        const labels = enableLabels(session, region);
        if (labels !== code('ENODEV')) name = pickNamespace(session, region.name);
        if (name === undefined || (labels !== code('ENODEV') && !session.idle(name))) return code('ENODEV');
    }
    const done = setup(session, name, planned.plan, options);
    if (done === 0 && planned.plan.mode === 'raw' && region.pagemap) {
        session.tx.note({
            code: 'ndctl/raw-is-fsdax', rules: ['NDC-14', 'ND-16'], severity: 'info', subject: name, message: `${name} has struct pages all the same: legacy persistent memory in raw mode is fsdax with map=mem`,
        });
    }
    return done;
}

/**
 * Takes a namespace down for a new configuration or for good, and wipes its first 8 KiB (NDC-11 … NDC-13).
 *
 * Returns 2 for a labelled namespace, otherwise 0 when something was wiped and 1 when there was nothing; negative: refused.
 */
export function prepare(session: NdctlSession, namespace: NdNamespace): Code {
    const { name } = namespace;
    const region = session.state.nvdimm.regions.get(namespace.region)!;
    if (region.readOnly) {
        session.error(`${name}: read-only, re-configuration disabled`);
        return code(session.tx.fail('ENXIO', { code: 'ndctl/read-only', rules: ['NDC-11'], subject: name, message: `${region.name} is read-only` }));
    }
    if (session.active(name) && !session.force) {
        session.error(`${name} is active, specify --force for re-configuration`);
        return code(session.tx.fail('EBUSY', {
            code: 'ndctl/active-needs-force', rules: ['NDC-11'], subject: name, ...(namespace.range ? { range: namespace.range } : {}), message: `${name} is active: --force takes it down first`,
        }));
    }
    const disabled = session.disableSafe(name);
    if (disabled !== 0) return disabled;
    holderClassStore(session.tx, name, '');
    const zeroed = zeroInfoBlock(session, name);
    if (zeroed < 0) return zeroed;
    return region.labelled ? 2 : zeroed === 0 ? 0 : 1;
}

/** Wipes the first 8 KiB through a raw disk (NDC-13). 0: wiped something; 1: nothing there, or no disk came up. */
function zeroInfoBlock(session: NdctlSession, name: string): Code {
    session.setRaw(name, true);
    let result: Code = 1;
    if (session.enableNamespace(name) < 0) {
        session.fatal(`${name} failed to enable for zeroing, continuing`);
        session.tx.note({
            code: 'ndctl/not-zeroed', rules: ['NDC-13'], severity: 'warning', subject: name, message: `the info block of ${name} is not wiped: no raw disk came up`,
        });
    } else {
        const { nvdimm, filesystems } = session.state;
        const start = session.namespace(name)?.range?.start;
        const key = start?.toString(16) ?? '';
        if (start !== undefined && (nvdimm.media.blocks.has(start) || filesystems.has(key))) {
            const blocks = new Map(nvdimm.media.blocks);
            blocks.delete(start);
            const left = new Map(filesystems);
            left.delete(key);
            session.tx.set({ nvdimm: { ...nvdimm, media: { ...nvdimm.media, blocks } }, filesystems: left });
            result = 0;
        }
    }
    session.setRaw(name, false);
    session.disableInvalidate(name);
    return result;
}

/** Initialises the labels of a region whose DIMMs have storage for them, with v1.2 labels. ENODEV: they have none. */
function enableLabels(session: NdctlSession, region: NdRegion): Code {
    const dimms = region.mappings.map((m) => session.state.nvdimm.dimms.get(m.dimm));
    if (dimms.length === 0 || dimms.some((d) => !d || d.labelSize === 0)) return code('ENODEV');
    session.disableRegion(region.name);
    for (const dimm of dimms) initLabels(session.tx, dimm!.name, '1.2');
    session.enableRegion(region.name);
    if (session.state.nvdimm.regions.get(region.name)!.labelled) return 0;
    session.fatal(`${region.name}: failed to initialize labels`);
    return code('EBUSY');
}
