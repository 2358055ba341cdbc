// Info blocks of fsdax and devdax namespaces: how much of the capacity they and the page map take, and when an existing block can
// still be used (drivers/nvdimm/pfn_devs.c; kernel model 05, F3). The block lies 4 KiB behind the start of the namespace.
import { capacity } from './nd-namespace.ts';
import { setNd } from './nvdimm.ts';
import type { Result } from './outcome.ts';
import { alignDown, alignUp, formatSize, GiB, hex, isAligned, KiB, PAGE, type Range, rangeOf, SECTION, sizeOf, SUBSECTION } from './range.ts';
import { regionIntersects, SYSTEM_RAM } from './resource.ts';
import type { KernelState, NdInfoBlock, NdNamespace, NdPersonality } from './state.ts';
import type { Tx } from './tx.ts';

/** Bytes in front that hold the info block (ND-18). */
export const INFO_RESERVE = 8 * KiB;
/** Bytes of page map for each page (ND-18). */
const STRUCT_PAGE = 64;
/** Bytes that devdax reserved for a label of its own up to v5.2 (ND-20). */
const DAX_LABEL_RESERVE = 128 * KiB;

/** Alignments that the align attribute accepts on x86-64 (ND-13). */
export const ALIGNMENTS: readonly number[] = [PAGE, SUBSECTION, GiB];

export type PfnBlock = Extract<NdInfoBlock, { kind: 'pfn' | 'dax' }>;

/** Where the data of a namespace with this block lies. Empty data has `end` = `start` − 1 (ND-18 step 5). */
export function dataRange(range: Range, block: PfnBlock): Range {
    return { start: range.start + block.startPad + block.dataOffset, end: range.end - block.endTrunc };
}

/** Stores or (undefined) wipes the info block of a namespace that starts at `start`. */
export function writeBlock(tx: Tx, start: number, block: NdInfoBlock | undefined): void {
    const { media } = tx.state.nvdimm;
    const blocks = new Map(media.blocks);
    if (block) blocks.set(start, block);
    else blocks.delete(start);
    setNd(tx, { media: { ...media, blocks } });
}

/** The uuid that a block must name as its parent to be this namespace's: label-less namespaces have none. */
export function parentUuid(state: KernelState, namespace: NdNamespace): string {
    return state.nvdimm.regions.get(namespace.region)!.labelled ? namespace.uuid ?? '' : '';
}

/** The block at the start of a namespace, if it is one of this kind and written for this namespace (ND-21). */
export function blockOf(state: KernelState, namespace: NdNamespace, kind: NdInfoBlock['kind']): NdInfoBlock | undefined {
    const block = namespace.range && state.nvdimm.media.blocks.get(namespace.range.start);
    return block && block.kind === kind && block.parent === parentUuid(state, namespace) ? block : undefined;
}

export type Geometry = { readonly ok: true; readonly startPad: number; readonly dataOffset: number; readonly endTrunc: number }
    | { readonly ok: false; readonly reason: 'misaligned' | 'no-room' };

/** What the arithmetic depends on besides the namespace: alternatives of the release (ND-18, ND-20). */
export interface GeometryRules {
    /** v5.3+: starts off 2 MiB are refused and nothing is padded at the front. */
    readonly subSections: boolean;
    /** v6.2+: a block that leaves no data is refused. */
    readonly zeroSizeGuard: boolean;
    /** Before v5.3: bytes that must be padded where whole sections at the edges are shared with System RAM. */
    readonly padding?: { readonly start: number; readonly end: number };
}

/**
 * Lays out a namespace (ND-18). All in bytes: `align` is that of the personality, `map` where the page map goes. Usable size is
 * size − startPad − dataOffset − endTrunc, and may be 0 up to v6.1.
 */
export function geometry(range: Range, align: number, kind: 'pfn' | 'dax', map: 'mem' | 'dev', rules: GeometryRules): Geometry {
    const size = sizeOf(range);
    if (rules.subSections) {
        if (!isAligned(range.start, SUBSECTION)) return { ok: false, reason: 'misaligned' };
        const unit = Math.max(align, SUBSECTION);
        const endTrunc = range.start + size - alignDown(range.start + size, unit);
        const pages = Math.floor((size - INFO_RESERVE) / PAGE);
        const dataOffset = alignUp(range.start + INFO_RESERVE + (map === 'dev' ? STRUCT_PAGE * pages : 0), unit) - range.start;
        if (dataOffset >= (rules.zeroSizeGuard ? size - endTrunc : size)) return { ok: false, reason: 'no-room' };
        // Up to v6.1 end truncation may reach into what the offset already took: nothing is left then.
        return { ok: true, startPad: 0, dataOffset, endTrunc };
    }
    const startPad = rules.padding?.start ?? 0;
    const endTrunc = rules.padding?.end ?? 0;
    const start = range.start + startPad;
    const pages = Math.floor(alignUp(size - startPad - endTrunc, SECTION) / PAGE);
    const unit = Math.max(align, SUBSECTION);
    const metadata = INFO_RESERVE + (map === 'dev' ? STRUCT_PAGE * pages : 0) + (kind === 'dax' ? DAX_LABEL_RESERVE : 0);
    const dataOffset = alignUp(start + metadata, map === 'dev' ? unit : align) - start;
    if (dataOffset + startPad + endTrunc >= size) return { ok: false, reason: 'no-room' };
    return { ok: true, startPad, dataOffset, endTrunc };
}

/** Padding of v5.1 and v5.2: a section at an edge that also holds System RAM is left alone (ND-20). */
function sectionPadding(state: KernelState, range: Range): { readonly start: number; readonly end: number } {
    const mixed = (r: Range): boolean =>
        regionIntersects(state.iomem, r, (x) => (x.flags & SYSTEM_RAM) !== 0, state.profile.intersectsDescends) === 'mixed';
    const size = sizeOf(range);
    const down = alignDown(range.start, SECTION);
    const up = alignUp(range.end + 1, SECTION);
    return {
        start: down < range.start && mixed(rangeOf(down, size)) ? alignUp(range.start, SECTION) - range.start : 0,
        end: up > range.end + 1 && mixed({ start: range.start, end: up - 1 }) ? range.end + 1 - alignDown(range.end + 1, SECTION) : 0,
    };
}

/** Driver prefix of a personality's messages. */
function prefix(personality: NdPersonality): string {
    return `${personality.kind === 'dax' ? 'dax_pmem' : 'nd_pmem'} ${personality.name}: `;
}

/**
 * Checks a block against the namespace it lies in (ND-21). The first failing check logs its line.
 *
 * @returns EOPNOTSUPP when the namespace no longer fits its block: size, start or alignment changed.
 */
export function validateBlock(tx: Tx, who: string, namespace: NdNamespace, block: PfnBlock): Result {
    const range = namespace.range!;
    const size = capacity(namespace);
    const bad = (text: string, message: string): Result => {
        tx.err(`${who}${text}`, 'ND-21');
        return tx.fail('EOPNOTSUPP', {
            code: 'nvdimm/info-block-invalid', rules: ['ND-21', 'ND-14'], subject: namespace.name, range, message: `${namespace.name} keeps no disk: ${message}`,
        });
    };
    if (block.align > size) return bad(`alignment: ${hex(block.align)} exceeds capacity ${hex(size)}`, 'the align of its info block exceeds its size');
    const limit = tx.state.profile.zeroSizeGuard ? size - block.startPad - block.endTrunc : size;
    if (block.dataOffset >= limit) return bad(`pfn array size exceeds capacity of ${namespace.name}`, 'the data of its info block would start behind its end');
    if (!isAligned(range.start + block.dataOffset + block.startPad, block.align)) {
        return bad(`bad offset: 0x${hex(block.dataOffset)} dax disabled align: 0x${hex(block.align)}`, 'its data no longer starts on the align of the info block');
    }
    if (tx.state.profile.regionAlign) {
        if (!isAligned(range.start + block.startPad, SUBSECTION)) return bad('resource start misaligned', 'it does not start on 2 MiB');
        if (!isAligned(range.end + 1 - block.endTrunc, SUBSECTION)) return bad('resource end misaligned', 'it does not end on 2 MiB');
    }
    return 0;
}

/** Outcome of setting up a personality: the block in use, or why there is none. */
export type Setup = { readonly ok: true; readonly block: PfnBlock } | { readonly ok: false; readonly errno: Exclude<Result, 0> };

/**
 * Finds or writes the info block of a claimed namespace (ND-18, ND-21) and notes what it costs.
 *
 * Errors: ENODEV without uuid or mode (ENXIO), EINVAL off 2 MiB, ENXIO without room or on read-only media, EOPNOTSUPP for a block
 * that does not fit any more or was made with other settings.
 */
export function setupPfn(tx: Tx, personality: NdPersonality, namespace: NdNamespace): Setup {
    const kind = personality.kind as 'pfn' | 'dax';
    const range = namespace.range!;
    if (!personality.uuid) return { ok: false, errno: 'ENODEV' };
    const found = blockOf(tx.state, namespace, kind) as PfnBlock | undefined;
    if (found && found.uuid === personality.uuid) {
        const mode = found.map === 'dev' ? 'pmem' : 'ram';
        if (personality.align !== found.align || personality.mode !== mode) {
            return { ok: false, errno: tx.fail('EOPNOTSUPP', {
                code: 'nvdimm/info-block-settings', rules: ['ND-21'], subject: namespace.name, range, message: `the info block of ${namespace.name} was made with another align or map`,
            }) };
        }
        const valid = validateBlock(tx, prefix(personality), namespace, found);
        return valid === 0 ? { ok: true, block: found } : { ok: false, errno: valid };
    }
    const region = tx.state.nvdimm.regions.get(namespace.region)!;
    if (region.readOnly) {
        tx.info(`${prefix(personality)}${region.name} is read-only, unable to init metadata`, 'ND-18');
        return { ok: false, errno: tx.fail('ENXIO', {
            code: 'nvdimm/read-only', rules: ['ND-18'], subject: namespace.name, range, message: `${region.name} is read-only: no info block can be written`, others: [region.name],
        }) };
    }
    if (personality.mode === 'none') return { ok: false, errno: 'ENXIO' };
    const map = personality.mode === 'pmem' ? 'dev' : 'mem';
    const { profile } = tx.state;
    const laid = geometry(range, personality.align, kind, map, {
        subSections: profile.subSections, zeroSizeGuard: profile.zeroSizeGuard, ...(profile.sectionPadding ? { padding: sectionPadding(tx.state, range) } : {}),
    });
    if (!laid.ok) return { ok: false, errno: refuse(tx, personality, namespace, laid.reason) };
    if (laid.startPad + laid.endTrunc > 0 && profile.sectionPadding) {
        tx.info(`${prefix(personality)}${namespace.name} alignment collision, truncate ${laid.startPad + laid.endTrunc} bytes`, 'ND-20');
    }
    const block: PfnBlock = {
        kind, map, align: personality.align, uuid: personality.uuid, parent: parentUuid(tx.state, namespace), startPad: laid.startPad, dataOffset: laid.dataOffset, endTrunc: laid.endTrunc,
    };
    writeBlock(tx, range.start, block);
    noteLosses(tx, namespace, block);
    return { ok: true, block };
}

function refuse(tx: Tx, personality: NdPersonality, namespace: NdNamespace, reason: 'misaligned' | 'no-room'): Exclude<Result, 0> {
    const range = namespace.range!;
    if (reason === 'misaligned') {
        tx.err(`${prefix(personality)}${namespace.name}: start 0x${hex(range.start, 16)} misaligned to 0x${hex(SUBSECTION)}`, 'ND-18');
        return tx.fail('EINVAL', {
            code: 'nvdimm/start-misaligned', rules: ['ND-18'], subject: namespace.name, range,
            message: `${namespace.name} does not start on 2 MiB: only sector mode works here`, data: { below: alignDown(range.start, SUBSECTION), above: alignUp(range.start, SUBSECTION) },
        });
    }
    tx.err(`${prefix(personality)}${namespace.name} unable to satisfy requested alignment`, 'ND-18');
    return tx.fail('ENXIO', {
        code: 'nvdimm/align-exceeds-size', rules: ['ND-18', 'ND-19'], subject: namespace.name, range,
        message: `${namespace.name} has no room for data behind its metadata at an align of ${formatSize(personality.align)}`,
        data: { align: personality.align },
    });
}

/** Tells where the bytes between the namespace and its usable size went (ND-18, ND-19). */
function noteLosses(tx: Tx, namespace: NdNamespace, block: PfnBlock): void {
    const range = namespace.range!;
    const subject = namespace.name;
    const data = dataRange(range, block);
    const usable = Math.max(0, data.end - data.start + 1);
    if (block.startPad > 0) {
        tx.note({
            code: 'nvdimm/section-padding', rules: ['ND-20'], severity: 'warning', subject, range: rangeOf(range.start, block.startPad),
            message: `${formatSize(block.startPad)} in front of ${subject} are left alone: their section also holds System RAM`,
            losses: [{ bytes: block.startPad, range: rangeOf(range.start, block.startPad), cause: 'section shared with System RAM', rule: 'ND-20', subject }],
        });
    }
    const pages = Math.floor((sizeOf(range) - INFO_RESERVE) / PAGE);
    const needed = INFO_RESERVE + (block.map === 'dev' ? STRUCT_PAGE * pages : 0);
    const first = range.start + block.startPad;
    // What a 2 MiB align would have taken; the rest is the larger align's.
    const metadata = Math.min(block.dataOffset, alignUp(first + needed, SUBSECTION) - first);
    tx.note({
        code: 'nvdimm/metadata', rules: ['ND-18', 'ND-19'], severity: 'info', subject, range: rangeOf(first, metadata),
        message: block.map === 'dev'
            ? `${formatSize(metadata)} of ${subject} hold its info block and the page map (64 bytes a page), rounded up to 2 MiB`
            : `${formatSize(metadata)} of ${subject} hold its info block, rounded up to 2 MiB`,
        losses: [{
            bytes: metadata, range: rangeOf(first, metadata), cause: block.map === 'dev' ? 'info block and page map (map=dev)' : 'info block', rule: 'ND-18', subject,
        }],
    });
    const extra = block.dataOffset - metadata;
    if (extra > 0) {
        const lost = rangeOf(first + metadata, extra);
        tx.note({
            code: 'nvdimm/align-loss', rules: ['ND-18', 'ND-19'], severity: 'warning', subject, range: lost,
            message: `${formatSize(extra)} of ${subject} are skipped so that its data starts on ${formatSize(block.align)}`,
            losses: [{ bytes: extra, range: lost, cause: `data starts on the next ${formatSize(block.align)}`, rule: 'ND-18', subject }],
            data: { align: block.align },
        });
    }
    if (block.endTrunc > 0 && usable > 0) {
        const lost = rangeOf(range.end + 1 - block.endTrunc, block.endTrunc);
        tx.note({
            code: 'nvdimm/end-truncation', rules: ['ND-18'], severity: 'warning', subject, range: lost,
            message: `${formatSize(block.endTrunc)} at the end of ${subject} are cut off`,
            losses: [{ bytes: block.endTrunc, range: lost, cause: 'the end is no multiple of the align', rule: 'ND-18', subject }],
        });
    }
    if (usable === 0) {
        tx.note({
            code: 'nvdimm/zero-size', rules: ['ND-18'], severity: 'warning', subject, range,
            message: `${subject} is created with no usable byte: the data would start where the align of ${formatSize(block.align)} ends it`,
            losses: block.endTrunc > 0 && data.start <= range.end
                ? [{ bytes: range.end + 1 - data.start, range: { start: data.start, end: range.end }, cause: 'the end is no multiple of the align', rule: 'ND-18', subject }] : [],
            data: { align: block.align },
        });
    }
}
