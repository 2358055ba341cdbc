// The drivers of namespaces: nd_pmem (raw disks, fsdax, btt) and dax_pmem (devdax), with what they claim in iomem
// (drivers/nvdimm/pmem.c, drivers/dax/pmem.c; kernel model ND-14 … ND-17, ND-25, RES-16).
import { daxRegionCreateStatic, daxRegionDestroy } from './dax-bus.ts';
import { memremapPages, memunmapPages } from './memremap.ts';
import { bttOffset, bttSize } from './nd-btt.ts';
import { attachNamespace, dropPersonality, newPersonality } from './nd-claim.ts';
import { capacity, mapsPages } from './nd-namespace.ts';
import { blockOf, dataRange, INFO_RESERVE, parentUuid, setupPfn, validateBlock, writeBlock } from './nd-pfn.ts';
import { ndBound, ndEnsureDriver, ndProbe, updateNamespace, updatePersonality } from './nvdimm.ts';
import { diskRemoved } from './notify-failure.ts';
import type { Result } from './outcome.ts';
import { alignDown, alignUp, hex, isAligned, PAGE, type Range, rangeOf, sizeOf, SUBSECTION } from './range.ts';
import { releaseResource, requestRegion } from './resource.ts';
import { withEntry } from './shared-map.ts';
import type { NdInfoBlock, NdNamespace, NdPersonality } from './state.ts';
import type { Tx } from './tx.ts';

/** A range as %pR prints it: with flags up to v6.1's common probe, plain in request failures. */
function pr(range: Range): string {
    return `[mem 0x${hex(range.start)}-0x${hex(range.end)}]`;
}

/** Claims bytes of a namespace in iomem under its name (ND-17). */
function claim(tx: Tx, who: string, namespace: NdNamespace, range: Range, text: string): number | undefined {
    const placed = requestRegion(tx.state.iomem, { ...range, name: namespace.name });
    if (placed.ok) {
        tx.set({ iomem: placed.tree });
        return placed.id;
    }
    tx.warn(`${who}${text}`, 'ND-17');
    tx.note({
        code: 'nvdimm/range-busy', rules: ['ND-17', 'KM-12'], severity: 'error', subject: namespace.name, range, others: [placed.conflict.name],
        message: placed.conflict.id === 0
            ? `${namespace.name} cannot claim its range`
            : `${namespace.name} cannot claim its range: ${placed.conflict.name} still holds part of it`,
    });
    return undefined;
}

const wholeBusy = (namespace: NdNamespace): string => `could not reserve region ${pr(namespace.range!)}`;

function release(tx: Tx, claims: readonly number[]): void {
    let tree = tx.state.iomem;
    for (const id of claims) tree = releaseResource(tree, id);
    tx.set({ iomem: tree });
}

/** Checks that hold for every driver of a namespace (ND-14, ND-15, ND-16). */
function commonProbe(tx: Tx, name: string): { readonly namespace: NdNamespace; readonly personality?: NdPersonality } | Exclude<Result, 0> {
    const { personalities, namespaces, regions } = tx.state.nvdimm;
    const personality = personalities.get(name);
    const namespace = namespaces.get(personality ? personality.namespace ?? '' : name);
    if (!namespace) return 'ENODEV';
    if (personality && namespace.enabled) return 'EBUSY';
    if (!personality && namespace.holder) return 'ENXIO';
    if (capacity(namespace) < PAGE) return 'ENODEV';
    if (regions.get(namespace.region)!.labelled && !namespace.uuid) return 'ENODEV';
    if (!personality && tx.state.profile.regionAlign && mapsPages(tx.state, namespace)) {
        const range = namespace.range!;
        if (!isAligned(range.start, SUBSECTION) || !isAligned(range.end + 1, SUBSECTION)) {
            tx.err(`nd_pmem ${namespace.name}: [mem 0x${hex(range.start)}-0x${hex(range.end)} flags 0x200] misaligned, unable to map`, 'ND-16');
            return tx.fail('EOPNOTSUPP', {
                code: 'nvdimm/unable-to-map', rules: ['ND-16'], subject: namespace.name, range,
                message: `${namespace.name} gets no disk: legacy persistent memory must start and end on 2 MiB`,
                data: { start: alignUp(range.start, SUBSECTION), end: alignDown(range.end + 1, SUBSECTION) - 1 },
                losses: [{ bytes: sizeOf(range), range, cause: 'start or end off 2 MiB', rule: 'ND-16', subject: namespace.name }],
            });
        }
    }
    return personality ? { namespace, personality } : { namespace };
}

/** nd_pmem meets a namespace, a pfn or a btt. ENXIO for a namespace means that its personality took it (ND-14). */
export function ndPmemProbe(tx: Tx, name: string): Result {
    const found = commonProbe(tx, name);
    if (typeof found === 'string') return found;
    if (found.personality?.kind === 'btt') return attachBtt(tx, found.personality, found.namespace);
    if (found.personality) return attachPfn(tx, found.personality, found.namespace);
    return attachNamespaceDisk(tx, found.namespace);
}

function attachNamespaceDisk(tx: Tx, namespace: NdNamespace): Result {
    const who = `nd_pmem ${namespace.name}: `;
    const range = namespace.range!;
    if (!namespace.forceRaw) {
        // The info block is read under a claim of its 8 KiB.
        const reserve = claim(tx, who, namespace, rangeOf(range.start, Math.min(INFO_RESERVE, sizeOf(range))), wholeBusy(namespace));
        if (reserve === undefined) return 'EBUSY';
        const taken = probePersonalities(tx, namespace);
        release(tx, [reserve]);
        if (taken.errno) return taken.errno;
        if (taken.personality) {
            // The personality device appears, and its driver with it.
            const kind = tx.state.nvdimm.personalities.get(taken.personality)!.kind;
            if (kind === 'dax') ndEnsureDriver(tx, 'dax_pmem');
            if (!ndBound(tx.state, taken.personality)) ndProbe(tx, taken.personality);
            return 'ENXIO';
        }
    }
    warnNoFlush(tx, who, namespace);
    const id = claim(tx, who, namespace, range, wholeBusy(namespace));
    if (id === undefined) return 'EBUSY';
    if (mapsPages(tx.state, namespace)) {
        const mapped = memremapPages(tx, namespace.name, range);
        if (mapped !== 0) {
            release(tx, [id]);
            return mapped;
        }
    }
    updateNamespace(tx, namespace.name, { enabled: true, claims: [id], disk: diskName(tx, namespace, '') });
    return 0;
}

/** Without DIMMs nothing can tell how writes become persistent; regions with DIMMs say nothing (ND-28). */
function warnNoFlush(tx: Tx, who: string, namespace: NdNamespace): void {
    if (tx.state.nvdimm.regions.get(namespace.region)!.mappings.length === 0) tx.warn(`${who}unable to guarantee persistence of writes`, 'ND-28');
}

/** Looks for info blocks in the order btt, pfn, dax (ND-14). A good one gets a personality device. */
function probePersonalities(tx: Tx, namespace: NdNamespace): { readonly personality?: string; readonly errno?: Exclude<Result, 0> } {
    for (const kind of ['btt', 'pfn', 'dax'] as const) {
        const block = blockOf(tx.state, namespace, kind);
        if (!block) continue;
        const name = newPersonality(tx, namespace.region, kind);
        if (block.kind !== 'btt') {
            const valid = validateBlock(tx, `${kind === 'dax' ? 'dax' : 'pfn'} ${name}: `, namespace, block);
            if (valid !== 0) {
                dropPersonality(tx, name);
                // Up to v5.4 the namespace came up raw then.
                if (tx.state.profile.badInfoBlocks) return { errno: valid };
                continue;
            }
            updatePersonality(tx, name, { uuid: block.uuid, align: block.align, mode: block.map === 'dev' ? 'pmem' : 'ram' });
        } else updatePersonality(tx, name, { uuid: block.uuid, sectorSize: block.sectorSize });
        attachNamespace(tx, name, namespace.name);
        return { personality: name };
    }
    return {};
}

function attachPfn(tx: Tx, personality: NdPersonality, namespace: NdNamespace): Result {
    const who = `nd_pmem ${personality.name}: `;
    const range = namespace.range!;
    const reserve = claim(tx, who, namespace, rangeOf(range.start, INFO_RESERVE), wholeBusy(namespace));
    if (reserve === undefined) return 'EBUSY';
    const setup = setupPfn(tx, personality, namespace);
    release(tx, [reserve]);
    if (!setup.ok) return setup.errno;
    warnNoFlush(tx, who, namespace);
    const id = claim(tx, who, namespace, range, wholeBusy(namespace));
    if (id === undefined) return 'EBUSY';
    // fsdax maps everything up to the truncated end, metadata included (ND-23).
    const mapped = memremapPages(tx, personality.name, { start: range.start + setup.block.startPad, end: range.end - setup.block.endTrunc });
    if (mapped !== 0) {
        release(tx, [id]);
        return mapped;
    }
    updatePersonality(tx, personality.name, { enabled: true, claims: [id], info: setup.block, disk: diskName(tx, namespace, '') });
    return 0;
}

function attachBtt(tx: Tx, personality: NdPersonality, namespace: NdNamespace): Result {
    const who = `nd_pmem ${personality.name}: `;
    const range = namespace.range!;
    if (!personality.uuid || personality.sectorSize === 0) return 'ENODEV';
    const id = claim(tx, who, namespace, range, wholeBusy(namespace));
    if (id === undefined) return 'EBUSY';
    const region = tx.state.nvdimm.regions.get(namespace.region)!;
    const existing = blockOf(tx.state, namespace, 'btt') as Extract<NdInfoBlock, { kind: 'btt' }> | undefined;
    const found = existing && existing.uuid === personality.uuid ? existing : undefined;
    const initialOffset = found?.initialOffset ?? bttOffset(tx.state, region);
    if (bttSize(sizeOf(range), personality.sectorSize, initialOffset) === undefined) {
        release(tx, [id]);
        return tx.fail('ENXIO', {
            code: 'nvdimm/btt-too-small', rules: ['ND-24'], subject: namespace.name, range, message: `${namespace.name} is too small for sector mode: an arena needs 16 MiB behind the info block`,
        });
    }
    if (!found) {
        if (region.readOnly) {
            release(tx, [id]);
            return 'ENXIO';
        }
        tx.info(`${who}No existing arenas`, 'ND-24');
        writeBlock(tx, range.start, { kind: 'btt', uuid: personality.uuid, parent: parentUuid(tx.state, namespace), sectorSize: personality.sectorSize, initialOffset });
        const usable = bttSize(sizeOf(range), personality.sectorSize, initialOffset)!;
        const lost = sizeOf(range) - usable;
        tx.note({
            code: 'nvdimm/btt-overhead', rules: ['ND-24'], severity: 'info', subject: namespace.name, range,
            message: `${lost} bytes of ${namespace.name} hold the map, log and free blocks of sector mode`,
            losses: [{ bytes: lost, range, cause: 'block translation table', rule: 'ND-24', subject: namespace.name }],
        });
    }
    updatePersonality(tx, personality.name, {
        enabled: true, claims: [id], disk: diskName(tx, namespace, 's'),
        info: { kind: 'btt', uuid: personality.uuid, parent: parentUuid(tx.state, namespace), sectorSize: personality.sectorSize, initialOffset },
    });
    return 0;
}

/** `pmem0`, `pmem0.2`, `pmem0s`: number of the region, of the namespace unless 0, and what kind of disk. */
function diskName(tx: Tx, namespace: NdNamespace, suffix: string): string {
    const region = tx.state.nvdimm.regions.get(namespace.region)!;
    return `pmem${region.id}${namespace.id === 0 ? '' : `.${namespace.id}`}${suffix}`;
}

/** nd_pmem leaves a device: its disk and its claims go. Who had the disk mounted is told as the release does (NF-01). */
export function ndPmemRemove(tx: Tx, name: string): void {
    const personality = tx.state.nvdimm.personalities.get(name);
    const device = personality ?? tx.state.nvdimm.namespaces.get(name)!;
    if (device.disk) diskRemoved(tx, device.disk);
    memunmapPages(tx, name);
    release(tx, device.claims);
    if (personality) {
        const { info: _info, disk: _disk, ...rest } = personality;
        replacePersonality(tx, { ...rest, enabled: false, claims: [] });
    } else {
        const { disk: _disk, ...rest } = device as NdNamespace;
        tx.set({ nvdimm: { ...tx.state.nvdimm, namespaces: withEntry(tx.state.nvdimm.namespaces, name, { ...rest, enabled: false, claims: [] }) } });
    }
}

function replacePersonality(tx: Tx, personality: NdPersonality): void {
    tx.set({ nvdimm: { ...tx.state.nvdimm, personalities: withEntry(tx.state.nvdimm.personalities, personality.name, personality) } });
}

/** dax_pmem meets nd's dax device: claims the metadata, and makes a region with one device of the data (ND-25). */
export function daxPmemProbe(tx: Tx, name: string): Result {
    const found = commonProbe(tx, name);
    if (typeof found === 'string') return found;
    const { namespace } = found;
    const personality = found.personality!;
    const who = `dax_pmem ${name}: `;
    const range = namespace.range!;
    const reserve = claim(tx, who, namespace, rangeOf(range.start, INFO_RESERVE), wholeBusy(namespace));
    if (reserve === undefined) return 'EBUSY';
    const setup = setupPfn(tx, personality, namespace);
    release(tx, [reserve]);
    if (!setup.ok) return setup.errno;
    const data = dataRange(range, setup.block);
    const id = claim(tx, who, namespace, { start: range.start, end: data.start - 1 }, 'could not reserve metadata');
    if (id === undefined) return 'EBUSY';
    updatePersonality(tx, name, { enabled: true, claims: [id], info: setup.block });
    const region = tx.state.nvdimm.regions.get(namespace.region)!;
    const made = daxRegionCreateStatic(tx, {
        key: name, id: region.id, deviceId: namespace.id, range: data, align: setup.block.align, targetNode: region.targetNode, numaNode: region.numaNode,
        pgmap: { start: range.start + setup.block.startPad, end: range.end - setup.block.endTrunc },
    });
    if (made !== 0) {
        release(tx, [id]);
        const { info: _info, ...rest } = tx.state.nvdimm.personalities.get(name)!;
        replacePersonality(tx, { ...rest, enabled: false, claims: [] });
    }
    return made;
}

/** dax_pmem leaves: the dax region goes with its device, whose driver may leave memory behind (KM-12). */
export function daxPmemRemove(tx: Tx, name: string): void {
    daxRegionDestroy(tx, name);
    const { info: _info, claims, ...rest } = tx.state.nvdimm.personalities.get(name)!;
    release(tx, claims);
    replacePersonality(tx, { ...rest, enabled: false, claims: [] });
}
