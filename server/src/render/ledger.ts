// Where the bytes go: from what the firmware describes down to what Linux uses as RAM, with each difference named. Pure arithmetic
// over one state; the command line, the hover and the preview print it.
import { E820 } from '../kernel/machine.ts';
import type { RuleId } from '../kernel/outcome.ts';
import { alignDown, alignUp, formatSize, intersect, isAligned, normalize, overlaps, PAGE, type Range, sizeOf, subtract, SUBSECTION } from '../kernel/range.ts';
import type { BlockRun, DaxDevice, KernelState, NdNamespace, NdRegion } from '../kernel/state.ts';

/** Stages of the way down. An account has those that apply to it, in this order. */
export type StageName = 'firmware' | 'region' | 'namespace' | 'usable' | 'ram';

/** `lost`: nobody can use them as things stand. `idle`: available, not used. `used`: in use, but not as RAM. `moved`: they count in another account. */
export type ItemKind = 'lost' | 'idle' | 'used' | 'moved';

export interface LedgerItem {
    readonly kind: ItemKind;
    readonly bytes: number;
    /** Why, in a few words. */
    readonly cause: string;
    readonly rule?: RuleId;
    /** Kernel object concerned. */
    readonly subject: string;
    readonly range?: Range;
}

export interface LedgerStage {
    readonly name: StageName;
    readonly bytes: number;
    /** What went off since the stage before: its bytes less the sum of these are this stage's bytes. */
    readonly less: readonly LedgerItem[];
}

/** The account of one kernel object: a region, a namespace, a dax device, an ACPI memory device, or boot memory. */
export interface LedgerAccount {
    /** `boot memory`, `region0`, `namespace0.0`, `dax0.0`, `hmem.0`, `dimm0`, `virtio0`. */
    readonly subject: string;
    readonly stages: readonly LedgerStage[];
    /** Accounts of what lies inside: namespaces of a region, devices of a dax region. */
    readonly parts: readonly LedgerAccount[];
}

export interface Ledger {
    /** One account for each thing that the firmware (or the hypervisor) describes; they do not overlap. */
    readonly accounts: readonly LedgerAccount[];
    readonly total: LedgerTotal;
}

export interface LedgerTotal {
    /** Bytes described to Linux. */
    readonly described: number;
    /** Bytes in use as RAM. */
    readonly ram: number;
    readonly lost: number;
    readonly idle: number;
    /** Usable otherwise: persistent memory, dax devices. */
    readonly other: number;
}

/** The account's last stage. */
export function bottom(account: LedgerAccount): LedgerStage {
    return account.stages.at(-1)!;
}

/** All items of an account of one kind. */
export function itemsOf(account: LedgerAccount, kind: ItemKind): LedgerItem[] {
    return account.stages.flatMap((s) => s.less.filter((i) => i.kind === kind));
}

/** The ledger of the whole platform. */
export function ledger(state: KernelState): Ledger {
    const accounts = [bootMemory(state), ...pmemAccounts(state), ...daxRegionAccounts(state), ...dimmAccounts(state), ...virtioAccounts(state)];
    const sum = (f: (a: LedgerAccount) => number): number => accounts.reduce((n, a) => n + f(a), 0);
    const bytes = (kind: ItemKind) => (a: LedgerAccount): number => itemsOf(a, kind).reduce((n, i) => n + i.bytes, 0);
    const described = sum((a) => a.stages[0]!.bytes) - sum(bytes('moved'));
    const ram = sum((a) => (bottom(a).name === 'ram' ? bottom(a).bytes : 0));
    const lost = sum(bytes('lost'));
    const idle = sum(bytes('idle'));
    return { accounts, total: { described, ram, lost, idle, other: described - ram - lost - idle } };
}

/** The account of one kernel object, wherever it stands in the ledger. */
export function accountOf(state: KernelState, subject: string): LedgerAccount | undefined {
    const find = (accounts: readonly LedgerAccount[]): LedgerAccount | undefined => {
        for (const account of accounts) {
            const found = account.subject === subject ? account : find(account.parts);
            if (found) return found;
        }
        return undefined;
    };
    return find(ledger(state).accounts);
}

/** The account as lines of text for a hover: `region0: 2 GiB described`, `− 2 MiB  info block (ND-18)`, `= 2046 MiB usable`. Stages that lose nothing on the way are passed over. */
export function accountLines(account: LedgerAccount): string[] {
    const lines: string[] = [];
    account.stages.forEach((stage, i) => {
        if (i > 0 && i < account.stages.length - 1 && stage.less.length === 0) return;
        for (const item of stage.less) lines.push(`${item.kind === 'lost' ? '−' : '·'} ${formatSize(item.bytes)} ${item.cause}${item.rule ? ` (${item.rule})` : ''}`);
        lines.push(`${i === 0 ? `${account.subject}: ` : '= '}${formatSize(stage.bytes)} ${STAGE_LABEL[stage.name]}`);
    });
    return lines;
}

export const STAGE_LABEL: Readonly<Record<StageName, string>> = {
    firmware: 'described', region: 'region', namespace: 'allocated', usable: 'usable', ram: 'RAM',
};

// ------------------------------------------------------------------------------------------------------------- building

/** Adds stages and keeps the books: each one starts from what the last one left. */
class Account {
    readonly subject: string;
    readonly parts: readonly LedgerAccount[];
    readonly stages: LedgerStage[] = [];

    constructor(subject: string, first: StageName, bytes: number, parts: readonly LedgerAccount[] = []) {
        this.subject = subject;
        this.parts = parts;
        this.stages.push({ name: first, bytes, less: [] });
    }

    down(name: StageName, items: readonly LedgerItem[]): this {
        const less = items.filter((i) => i.bytes > 0);
        const bytes = this.stages.at(-1)!.bytes - less.reduce((n, i) => n + i.bytes, 0);
        this.stages.push({ name, bytes, less });
        return this;
    }

    done(): LedgerAccount {
        return { subject: this.subject, stages: this.stages, parts: this.parts };
    }
}

function total(ranges: readonly Range[]): number {
    return ranges.reduce((n, r) => n + sizeOf(r), 0);
}

function sharedBytes(ranges: readonly Range[], others: readonly Range[]): number {
    return ranges.reduce((n, r) => n + others.reduce((m, o) => m + bytesIn(intersect(r, o)), 0), 0);
}

function bytesIn(range: Range | undefined): number {
    return range ? sizeOf(range) : 0;
}

interface InBlocks {
    readonly online: number;
    readonly offline: number;
    /** Memmap that blocks host themselves (MHP-09); part of `online`. */
    readonly selfHosted: number;
}

/** Bytes of `range` that lie in memory blocks, by state. */
function inBlocks(state: KernelState, range: Range): InBlocks {
    const size = state.memory.blockSize;
    let online = 0;
    let offline = 0;
    let selfHosted = 0;
    for (const run of runsWithin(state.memory.blocks, Math.floor(range.start / size), Math.floor(range.end / size))) {
        const part = intersect(range, { start: run.first * size, end: (run.last + 1) * size - 1 });
        if (!part) continue;
        if (run.state === 'online') {
            online += sizeOf(part);
            if (run.selfHosted) selfHosted += run.selfHosted * Math.round(sizeOf(part) / size);
        } else offline += sizeOf(part);
    }
    return { online, offline, selfHosted };
}

/** Runs that overlap the blocks `first` … `last`; runs are sorted, so the first is found by halving. */
function runsWithin(runs: readonly BlockRun[], first: number, last: number): BlockRun[] {
    let low = 0;
    let high = runs.length;
    while (low < high) {
        const mid = (low + high) >> 1;
        if (runs[mid]!.last < first) low = mid + 1;
        else high = mid;
    }
    let to = low;
    while (to < runs.length && runs[to]!.first <= last) to++;
    return runs.slice(low, to);
}

// ---------------------------------------------------------------------------------------------------------- boot memory

function bootMemory(state: KernelState): LedgerAccount {
    const given = state.machine.e820.filter((e) => e.type === E820.RAM);
    const kept = state.e820.filter((e) => e.type === E820.RAM);
    const elsewhere = state.e820.filter((e) => e.type === E820.PRAM || e.type === E820.PMEM || e.type === E820.SOFT_RESERVED);
    const moved = sharedBytes(given, elsewhere);
    // `memmap=nn@ss` can make RAM of what the firmware did not call RAM, so what counts is what both maps call RAM.
    const both = sharedBytes(given, kept);
    const added = total(kept) - both;
    // Linux takes page 0 out of the map for the firmware's sake, whatever the map says.
    const first: Range = { start: 0, end: PAGE - 1 };
    const page0 = sharedBytes(given, [first]) - sharedBytes(kept, [first]);
    const bios: Range = { start: 0xa0000, end: 0xfffff };
    const trimmed = sharedBytes(given, [bios]) - sharedBytes(kept, [bios]);
    const cut = total(given) - both - moved - page0 - trimmed;
    const account = new Account('boot memory', 'firmware', total(given) + added).down('usable', [
        { kind: 'moved', bytes: moved, ...(/(?:^|\s)memmap=/.test(state.machine.cmdline) ? { cause: 'set apart by memmap=', rule: 'E820-03' } : { cause: 'set apart by efi_fake_mem=', rule: 'EFI-02' }), subject: 'boot memory' },
        { kind: 'lost', bytes: cut, cause: 'cut off by mem= or memmap=, or beyond what the kernel can address', rule: 'E820-03', subject: 'boot memory' },
        { kind: 'lost', bytes: page0, cause: 'page 0 stays reserved', rule: 'E820-10', subject: 'boot memory', range: first },
        { kind: 'lost', bytes: trimmed, cause: 'BIOS area from 640 KiB to 1 MiB is never RAM', rule: 'E820-10', subject: 'boot memory', range: bios },
    ]);
    const early = earlyPages(state, kept);
    const usable = account.stages.at(-1)!.bytes;
    return account.down('ram', [
        { kind: 'idle', bytes: early.offline, cause: 'memory blocks taken offline', rule: 'OFF-01', subject: 'boot memory' },
        { kind: 'lost', bytes: Math.max(0, usable - early.offline - early.present), cause: 'parts of pages', rule: 'E820-01', subject: 'boot memory' },
    ]).done();
}

/** Bytes of boot memory that zones hold, and bytes of it in blocks that were taken offline. */
function earlyPages(state: KernelState, ram: readonly Range[]): { readonly present: number; readonly offline: number } {
    const size = state.memory.blockSize;
    const present = state.memory.zones.reduce((n, z) => n + z.present, 0) * PAGE;
    let hotAdded = 0;
    let offline = 0;
    for (const run of state.memory.blocks) {
        const range = { start: run.first * size, end: (run.last + 1) * size - 1 };
        if (!run.early && run.state === 'online') hotAdded += sizeOf(range);
        else if (run.early && run.state === 'offline') offline += ram.reduce((n, r) => n + bytesIn(intersect(r, range)), 0);
    }
    return { present: present - hotAdded, offline };
}

// ----------------------------------------------------------------------------------------------------- persistent memory

function pmemAccounts(state: KernelState): LedgerAccount[] {
    const regions = [...state.nvdimm.regions.values()];
    const covered = regions.map((r) => r.range);
    const described = normalize([
        ...state.e820.filter((e) => e.type === E820.PRAM || e.type === E820.PMEM), ...state.machine.nfit,
    ]);
    const orphans = described.filter((d) => !covered.some((c) => overlaps(c, d))).map((range) =>
        new Account('persistent memory', 'firmware', sizeOf(range)).down('region', [
            { kind: 'idle', bytes: sizeOf(range), cause: 'no region: its driver is not loaded', rule: 'ND-01', subject: 'persistent memory', range },
        ]).done());
    return [...regions.map((r) => regionAccount(state, r)), ...orphans];
}

function regionAccount(state: KernelState, region: NdRegion): LedgerAccount {
    const namespaces = [...state.nvdimm.namespaces.values()].filter((n) => n.region === region.name && n.range);
    const parts = namespaces.map((n) => namespaceAccount(state, n));
    const free = subtract(region.range, namespaces.map((n) => n.range!));
    const account = new Account(region.name, 'firmware', sizeOf(region.range), parts)
        .down('region', [])
        .down('namespace', free.map((range) => ({
            kind: 'idle' as const, bytes: sizeOf(range), cause: region.labelled ? 'no namespace' : 'no namespace: the region has no labels', rule: region.labelled ? 'ND-06' : 'ND-03', subject: region.name, range,
        })));
    return sumUp(account, parts);
}

/** Carries the stages of the parts, from `usable` on, up into the account that holds them. */
function sumUp(account: Account, parts: readonly LedgerAccount[]): LedgerAccount {
    const stage = (name: StageName): LedgerItem[] => parts.flatMap((p) => p.stages.filter((s, i) => i > 0 && s.name === name).flatMap((s) => s.less));
    account.down('usable', stage('usable'));
    if (parts.some((p) => bottom(p).name === 'ram')) {
        // What stays dax or a file system beside parts that became RAM is in use, but not as RAM: it leaves this column.
        const others = parts.filter((p) => bottom(p).name !== 'ram').map((p): LedgerItem => ({ kind: 'used', bytes: bottom(p).bytes, cause: `${p.subject} is not RAM`, subject: p.subject }));
        account.down('ram', [...stage('ram'), ...others]);
    }
    return account.done();
}

function namespaceAccount(state: KernelState, namespace: NdNamespace): LedgerAccount {
    const range = namespace.range!;
    const info = namespace.holder === null ? undefined : state.nvdimm.personalities.get(namespace.holder)?.info;
    const account = new Account(namespace.name, 'namespace', sizeOf(range));
    const name = namespace.name;
    if (info && info.kind !== 'btt') {
        const memmap = info.map === 'dev' ? `info block and struct pages (map=dev), to the next ${formatSize(Math.max(info.align, 2 ** 21))}` : `info block (map=mem), to the next ${formatSize(Math.max(info.align, 2 ** 21))}`;
        account.down('usable', [
            { kind: 'lost', bytes: info.startPad, cause: 'padding before the next section', rule: 'ND-20', subject: name, range: { start: range.start, end: range.start + info.startPad - 1 } },
            { kind: 'lost', bytes: info.dataOffset, cause: memmap, rule: 'ND-18', subject: name, range: { start: range.start + info.startPad, end: range.start + info.startPad + info.dataOffset - 1 } },
            { kind: 'lost', bytes: info.endTrunc, cause: `end not on a ${formatSize(Math.max(info.align, 2 ** 21))} boundary`, rule: 'ND-18', subject: name, range: { start: range.end - info.endTrunc + 1, end: range.end } },
        ]);
    } else account.down('usable', []);
    const device = info?.kind === 'dax' ? state.dax.devices.get(`dax${namespace.name.slice('namespace'.length)}`) : undefined;
    if (device) ramStage(account, state, device);
    return account.done();
}

// -------------------------------------------------------------------------------------------------------- dax and kmem

function daxRegionAccounts(state: KernelState): LedgerAccount[] {
    const accounts: LedgerAccount[] = [];
    const seen = new Set<string>();
    for (const hmem of state.hmem.devices.values()) {
        const key = `hmem.${hmem.id}`;
        seen.add(key);
        const region = state.dax.regions.get(key);
        if (region) accounts.push(daxRegionAccount(state, key, region.range));
        else {
            accounts.push(new Account(key, 'firmware', sizeOf(hmem)).down('region', [
                !isAligned(hmem.start, SUBSECTION) || !isAligned(hmem.end + 1, SUBSECTION) ? { kind: 'lost', bytes: sizeOf(hmem), cause: 'no dax region: start or end off 2 MiB', rule: 'HMEM-05', subject: key, range: { start: hmem.start, end: hmem.end } }
                    : { kind: 'idle', bytes: sizeOf(hmem), cause: 'no driver bound', rule: 'HMEM-01', subject: key, range: { start: hmem.start, end: hmem.end } },
            ]).done());
        }
    }
    for (const pending of state.hmem.pending) {
        if ([...state.hmem.devices.values()].some((h) => overlaps(h, pending))) continue;
        accounts.push(new Account('soft-reserved memory', 'firmware', sizeOf(pending)).down('region', [
            { kind: 'idle', bytes: sizeOf(pending), cause: 'dax_hmem is not loaded', rule: 'HMEM-01', subject: 'soft-reserved memory', range: { start: pending.start, end: pending.end } },
        ]).done());
    }
    for (const [key, region] of state.dax.regions) {
        if (region.origin === 'nvdimm' || seen.has(key)) continue;
        accounts.push(daxRegionAccount(state, key, region.range));
    }
    return [...accounts, ...unclaimedSoftReserved(state)];
}

/** Specific-purpose memory that no dax driver took: it is described all the same. */
function unclaimedSoftReserved(state: KernelState): LedgerAccount[] {
    const taken = [...state.hmem.devices.values(), ...state.hmem.pending, ...[...state.dax.regions.values()].map((r) => r.range)];
    const subject = 'soft-reserved memory';
    return state.e820.filter((e) => e.type === E820.SOFT_RESERVED).flatMap((e) => subtract(e, taken)).map((range) => {
        const cxl = state.cxl.windows.some((w) => overlaps(w, range));
        return new Account(subject, 'firmware', sizeOf(range)).down('region', [
            { kind: 'idle', bytes: sizeOf(range), cause: cxl ? 'left to the CXL drivers, which made no dax region of it' : 'no driver takes it', rule: cxl ? 'HMEM-04' : 'HMEM-01', subject, range },
        ]).done();
    });
}

function daxRegionAccount(state: KernelState, key: string, range: Range): LedgerAccount {
    const devices = [...state.dax.devices.values()].filter((d) => d.region === key);
    const parts = devices.filter((d) => d.mappings.length > 0).map((d) => {
        const account = new Account(d.name, 'usable', daxBytes(d));
        ramStage(account, state, d);
        return account.done();
    });
    const free = subtract(range, devices.flatMap((d) => d.mappings));
    const account = new Account(key, 'firmware', sizeOf(range), parts).down('region', []).down('namespace', free.map((r) => ({
        kind: 'idle' as const, bytes: sizeOf(r), cause: 'no dax device', rule: 'DAX-10' as const, subject: key, range: r,
    })));
    return sumUp(account, parts);
}

function daxBytes(device: DaxDevice): number {
    return total(device.mappings);
}

/** From a dax device to RAM: bytes off block boundaries, mappings the driver skipped, blocks that are not online. */
function ramStage(account: Account, state: KernelState, device: DaxDevice): void {
    const size = state.memory.blockSize;
    const usage = device.mappings.map((m) => inBlocks(state, m));
    const inUse = usage.some((u) => u.online + u.offline > 0);
    if (device.driver !== 'kmem' && !inUse) return;
    const items: LedgerItem[] = [];
    const subject = device.name;
    device.mappings.forEach((mapping, i) => {
        const start = alignUp(mapping.start, size);
        const end = alignDown(mapping.end + 1, size) - 1;
        if (start >= end) {
            items.push({ kind: 'lost', bytes: sizeOf(mapping), cause: `holds no whole memory block (${formatSize(size)})`, rule: 'KM-03', subject, range: mapping });
            return;
        }
        if (start > mapping.start) items.push({ kind: 'lost', bytes: start - mapping.start, cause: `before the next memory block (${formatSize(size)})`, rule: 'KM-02', subject, range: { start: mapping.start, end: start - 1 } });
        if (end < mapping.end) items.push({ kind: 'lost', bytes: mapping.end - end, cause: `behind the last memory block (${formatSize(size)})`, rule: 'KM-02', subject, range: { start: end + 1, end: mapping.end } });
        const used = usage[i]!;
        if (used.offline > 0) items.push({ kind: 'idle', bytes: used.offline, cause: 'memory blocks not online', rule: 'ONL-01', subject, range: { start, end } });
        const rest = end - start + 1 - used.offline - used.online;
        if (rest > 0) items.push({ kind: 'lost', bytes: rest, cause: 'range not added: it could not be reserved or added', rule: 'KM-05', subject, range: { start, end } });
        if (used.selfHosted > 0) items.push({ kind: 'lost', bytes: used.selfHosted, cause: 'struct pages kept in the blocks themselves', rule: 'MHP-09', subject, range: { start, end } });
    });
    account.down('ram', items);
}

// --------------------------------------------------------------------------------------------- ACPI devices, virtio-mem

function dimmAccounts(state: KernelState): LedgerAccount[] {
    return [...state.dimms].map(([id, dimm]) => {
        const range = { start: dimm.start, end: dimm.end };
        const used = inBlocks(state, range);
        return new Account(id, 'firmware', sizeOf(dimm)).down('ram', dimm.added ? [
            { kind: 'idle', bytes: used.offline, cause: 'memory blocks not online', rule: 'ONL-01', subject: id, range },
            { kind: 'lost', bytes: used.selfHosted, cause: 'struct pages kept in the blocks themselves', rule: 'MHP-09', subject: id, range },
            { kind: 'lost', bytes: sizeOf(dimm) - used.offline - used.online, cause: 'not added', rule: 'MHP-01', subject: id, range },
        ] : [{ kind: 'lost', bytes: sizeOf(dimm), cause: 'Linux refused the memory', rule: 'MHP-01', subject: id, range }]).done();
    });
}

function virtioAccounts(state: KernelState): LedgerAccount[] {
    return [...state.virtioMem.values()].map((device) => {
        const inAdded = device.plugged.map((p) => inBlocks(state, p));
        const online = inAdded.reduce((n, u) => n + u.online, 0);
        const size = sizeOf(device.region);
        return new Account(device.name, 'firmware', size).down('usable', [
            { kind: 'idle', bytes: size - device.pluggedSize, cause: device.requestedSize > device.pluggedSize ? 'not plugged, though requested in part' : 'not requested', rule: 'VM-01', subject: device.name, range: device.region },
        ]).down('ram', [
            { kind: 'idle', bytes: device.pluggedSize - online, cause: 'memory blocks not online', rule: 'VM-06', subject: device.name, range: device.region },
        ]).done();
    });
}
