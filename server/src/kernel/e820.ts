// The firmware memory map: overlap resolution, `mem=` and `memmap=`, and what of it becomes resources, early and late in boot.
import { type Parameter, parseNumber, parseSize } from './cmdline.ts';
import { E820, type E820Entry, type Machine } from './machine.ts';
import type { Profile } from './profile.ts';
import { alignUp, KiB, MiB, PAGE, type Range, subtract } from './range.ts';
import {
    BUSY, childrenWithin, type Desc, insertDisjoint, insertExpand, insertResource, type NewResource, requestRegion, SYSTEM_RAM, type Tree,
} from './resource.ts';
import type { Tx } from './tx.ts';

/** Entries of these types stay apart from equal neighbours, and split at every boundary of another entry (E820-02). */
function neverMerges(type: number, profile: Profile): boolean {
    return profile.e820KeepsApart && (type === E820.PRAM || type === E820.SOFT_RESERVED);
}

/** Sorts a map and resolves overlaps: the numerically larger type wins, equal neighbours merge (E820-02). */
export function resolveMap(entries: readonly E820Entry[], profile: Profile): E820Entry[] {
    interface Change { readonly at: number; readonly entry: E820Entry; readonly starts: boolean }
    const changes: Change[] = [];
    for (const entry of entries) {
        if (entry.end < entry.start) continue;
        changes.push({ at: entry.start, entry, starts: true }, { at: entry.end + 1, entry, starts: false });
    }
    changes.sort((a, b) => a.at - b.at);
    const open = new Map<number, number>();
    const out: { start: number; end: number; type: number }[] = [];
    let current: { start: number; end: number; type: number } | undefined;
    for (let i = 0; i < changes.length;) {
        const at = changes[i]!.at;
        for (; i < changes.length && changes[i]!.at === at; i++) {
            const { entry, starts } = changes[i]!;
            const count = (open.get(entry.type) ?? 0) + (starts ? 1 : -1);
            if (count === 0) open.delete(entry.type);
            else open.set(entry.type, count);
        }
        let type: number | undefined;
        for (const t of open.keys()) if (type === undefined || t > type) type = t;
        if (type === current?.type && (type === undefined || !neverMerges(type, profile))) continue;
        if (current) {
            current.end = at - 1;
            if (current.end >= current.start) out.push(current);
        }
        current = type === undefined ? undefined : { start: at, end: at, type };
    }
    return out;
}

/** Cuts a range out of every entry of a type, or of all of them when `type` is undefined. */
function removeRange(entries: readonly E820Entry[], range: Range, type: number | undefined): E820Entry[] {
    return entries.flatMap((e) => (type !== undefined && e.type !== type ? [e] : subtract(e, [range]).map((piece) => ({ ...piece, type: e.type }))));
}

/** Changes the type of what lies in a range from one to another. */
function updateRange(entries: readonly E820Entry[], range: Range, from: number, to: number): E820Entry[] {
    return entries.flatMap((e) => {
        if (e.type !== from || e.start > range.end || e.end < range.start) return [e];
        const rest = subtract(e, [range]).map((piece): E820Entry => ({ ...piece, type: from }));
        return [...rest, { start: Math.max(e.start, range.start), end: Math.min(e.end, range.end), type: to }];
    });
}

/** Highest address the map can name; a range "up to the end" stops there. */
const END = Number.MAX_SAFE_INTEGER - 1;

interface UserMap {
    readonly entries: readonly E820Entry[];
    /** The element was refused after it, or before it, had its effect: the kernel says `Malformed early option`. */
    readonly malformed: boolean;
}

/** One element of `memmap=` (E820-03). */
function applyMemmap(entries: readonly E820Entry[], element: string): UserMap {
    if (element.startsWith('exactmap')) return { entries: [], malformed: false };
    const size = parseSize(element);
    if (size.length === 0) return { entries, malformed: true };
    const form = element.charAt(size.length);
    const at = parseSize(element.slice(size.length + 1));
    let rest = element.slice(size.length + 1 + at.length);
    const range = { start: at.value, end: Math.min(at.value + size.value - 1, END) };
    const added = ({ '@': E820.RAM, '#': E820.ACPI, '$': E820.RESERVED, '!': E820.PRAM } as const)[form];
    if (added !== undefined) return { entries: [...entries, { ...range, type: added }], malformed: rest !== '' };
    if (form === '%') {
        let from = 0;
        let to = 0;
        if (rest.startsWith('-')) {
            const number = parseNumber(rest.slice(1));
            from = number.value;
            rest = rest.slice(1 + number.length);
        }
        if (rest.startsWith('+')) {
            const number = parseNumber(rest.slice(1));
            to = number.value;
            rest = rest.slice(1 + number.length);
        }
        if (rest !== '') return { entries, malformed: true };
        if (from && to) return { entries: updateRange(entries, range, from, to), malformed: false };
        if (to) return { entries: [...entries, { ...range, type: to }], malformed: false };
        return { entries: removeRange(entries, range, from || undefined), malformed: false };
    }
    // A bare size cuts RAM off above it, like mem=.
    return { entries: removeRange(entries, { start: size.value, end: END }, E820.RAM), malformed: form !== '' };
}

export interface E820Setup {
    /** Sorted and disjoint. */
    readonly entries: readonly E820Entry[];
    /** `mem=`/`memmap=` changed the map. */
    readonly user: boolean;
    /** Value of `mem=` in bytes: memory added while booting must end below it (E820-05). */
    readonly limit?: number;
    readonly malformed: readonly string[];
}

/** The map after the command line, before the kernel keeps parts of it for itself (E820-03, E820-05). */
export function applyCmdline(firmware: readonly E820Entry[], parameters: readonly Parameter[], profile: Profile): E820Setup {
    let entries: readonly E820Entry[] = firmware;
    let user = false;
    let limit: number | undefined;
    const malformed: string[] = [];
    for (const { name, value } of parameters) {
        if (name === 'mem' && value !== undefined) {
            const size = parseSize(value);
            // `mem=nopentium` and the like are not sizes; mem=0 is refused.
            if (size.value === 0) continue;
            user = true;
            limit = size.value;
            entries = removeRange(entries, { start: size.value, end: END }, E820.RAM);
        } else if (name === 'memmap' && value !== undefined) {
            for (const element of value.split(',')) {
                const result = applyMemmap(entries, element);
                entries = result.entries;
                user = true;
                if (result.malformed) malformed.push(element);
            }
        }
    }
    return { entries: resolveMap(entries, profile), user, ...(limit !== undefined ? { limit } : {}), malformed };
}

/** EFI's attribute of specific-purpose memory. */
const SPECIFIC_PURPOSE = 0x40000;
/** Elements of `efi_fake_mem=` that a kernel has room for. */
const MOST_FAKES = 8;

/** Has `efi_fake_mem=` any effect: in an EFI boot, where the release has it and the kernel is built with it (EFI-02)? */
export function heedsFakeMem(machine: Pick<Machine, 'firmware' | 'config'>, profile: Profile): boolean {
    return profile.efiFakeMem && machine.firmware === 'efi' && machine.config['EFI_FAKE_MEMMAP'] === 'y';
}

/** RAM that `efi_fake_mem=` marks as specific-purpose: in an EFI boot, by a kernel that is built with it and keeps such memory apart (EFI-02). */
export function fakeSpecificPurpose(entries: readonly E820Entry[], parameters: readonly Parameter[], machine: Machine, profile: Profile): readonly E820Entry[] {
    if (!heedsFakeMem(machine, profile) || !profile.softReserved || noSoftReserve(parameters)) return entries;
    let out = entries;
    const elements = parameters.flatMap((p) => (p.name === 'efi_fake_mem' ? (p.value ?? '').split(',') : []));
    for (const element of elements.slice(0, MOST_FAKES)) {
        const size = parseSize(element);
        const at = parseSize(element.slice(size.length + 1));
        const attributes = parseNumber(element.slice(size.length + 1 + at.length + 1));
        const form = element[size.length] === '@' && element[size.length + 1 + at.length] === ':' && attributes.length > 0;
        if (!form || size.value === 0 || Math.floor(attributes.value / SPECIFIC_PURPOSE) % 2 === 0) continue;
        out = updateRange(out, { start: at.value, end: Math.min(at.value + size.value - 1, END) }, E820.RAM, E820.SOFT_RESERVED);
    }
    return out === entries ? entries : resolveMap(out, profile);
}

function noSoftReserve(parameters: readonly Parameter[]): boolean {
    return parameters.some((p) => p.name === 'efi' && (p.value ?? '').split(',').includes('nosoftreserve'));
}

/** What the kernel takes out of every map: the first page, and RAM in the PC's ROM window (E820-10). */
export function trimBiosRange(entries: readonly E820Entry[], profile: Profile): E820Entry[] {
    const first = updateRange(entries, { start: 0, end: PAGE - 1 }, E820.RAM, E820.RESERVED);
    return resolveMap(removeRange(first, { start: 640 * KiB, end: MiB - 1 }, E820.RAM), profile);
}

/**
 * The firmware's map as the kernel takes it: large EFI memory-mapped I/O ranges leave it (E820-09), and EFI's specific-purpose memory
 * is ordinary RAM where the release or `efi=nosoftreserve` says so (EFI-01).
 */
export function firmwareMap(machine: Machine, parameters: readonly Parameter[], profile: Profile): readonly E820Entry[] {
    const ordinary = machine.firmware === 'efi' && (!profile.softReserved || noSoftReserve(parameters));
    return machine.e820.filter((e) => !(profile.removesEfiMmio && e.mmio && e.end - e.start + 1 >= 256 * KiB))
        .map((e) => (ordinary && e.type === E820.SOFT_RESERVED ? { ...e, type: E820.RAM } : e));
}

/** End of boot RAM, exclusive, in bytes and whole pages (GEO-05). */
export function endOfRam(entries: readonly E820Entry[], profile: Profile): number {
    let end = 0;
    for (const e of entries) {
        if (e.type !== E820.RAM && !(profile.acpiCountsForMaxPfn && e.type === E820.ACPI)) continue;
        const pageEnd = Math.floor((e.end + 1) / PAGE) * PAGE;
        if (pageEnd > end && Math.floor(e.start / PAGE) * PAGE < pageEnd) end = pageEnd;
    }
    return end;
}

/** RAM of the map in whole pages, sorted and disjoint, neighbours joined: what the page allocator gets. */
export function bootRam(entries: readonly E820Entry[]): Range[] {
    const out: { start: number; end: number }[] = [];
    for (const e of entries) {
        if (e.type !== E820.RAM) continue;
        const start = alignUp(e.start, PAGE);
        const end = Math.floor((e.end + 1) / PAGE) * PAGE - 1;
        const last = out.at(-1);
        if (end < start) continue;
        if (last && last.end + 1 === start) last.end = end;
        else out.push({ start, end });
    }
    return out;
}

interface TypeNames { readonly name: string; readonly desc: Desc; readonly late: boolean; readonly flags: number }

const UNKNOWN: TypeNames = { name: 'Unknown E820 type', desc: 'none', late: false, flags: 0 };

/** How an entry looks in iomem (E820-01). */
function resourceKind(type: number, profile: Profile): TypeNames {
    if (type === E820.SOFT_RESERVED && !profile.softReserved) return UNKNOWN;
    switch (type) {
        case E820.RAM: return { name: 'System RAM', desc: 'none', late: false, flags: SYSTEM_RAM };
        case E820.RESERVED: return { name: 'Reserved', desc: 'reserved', late: true, flags: 0 };
        case E820.ACPI: return { name: 'ACPI Tables', desc: 'acpi tables', late: false, flags: 0 };
        case E820.NVS: return { name: 'ACPI Non-volatile Storage', desc: 'acpi nvs', late: false, flags: 0 };
        case E820.UNUSABLE: return { name: 'Unusable memory', desc: 'none', late: false, flags: 0 };
        case E820.PMEM: return { name: 'Persistent Memory', desc: 'persistent', late: true, flags: 0 };
        case E820.PRAM: return { name: 'Persistent Memory (legacy)', desc: 'persistent-legacy', late: true, flags: 0 };
        case E820.SOFT_RESERVED: return { name: 'Soft Reserved', desc: 'soft-reserved', late: true, flags: 0 };
        default: return UNKNOWN;
    }
}

function resourceFor(entry: E820Entry, profile: Profile): { readonly resource: NewResource; readonly late: boolean; readonly soft: boolean } {
    const kind = resourceKind(entry.type, profile);
    const late = kind.late && entry.start >= MiB;
    return {
        resource: { start: entry.start, end: entry.end, name: kind.name, desc: kind.desc, flags: kind.flags | (late ? 0 : BUSY) },
        late, soft: late && entry.type === E820.SOFT_RESERVED,
    };
}

/** Entries that become resources before devices do: RAM, ACPI, and everything that starts in the first MiB (E820-01). */
export function e820Early(tx: Tx): void {
    const early = tx.state.e820.map((e) => resourceFor(e, tx.state.profile)).filter((r) => !r.late).map((r) => r.resource);
    tx.set({ iomem: insertAll(tx.state.iomem, early, (tree, resource) => {
        const placed = insertResource(tree, resource);
        return placed.ok ? placed.tree : tree;
    }) });
}

/** Inserts sorted, disjoint resources in one pass where the tree allows it, else one by one. */
function insertAll(tree: Tree, resources: readonly NewResource[], insert: (tree: Tree, resource: NewResource) => Tree): Tree {
    return insertDisjoint(tree, resources) ?? resources.reduce(insert, tree);
}

/** Padding behind RAM that ends at `end` (exclusive): to the next 64 KiB, 1 MiB or 64 MiB boundary (E820-04). */
function ramBufferAlign(end: number): number {
    if (end < MiB) return 64 * KiB;
    return end < 16 * MiB ? MiB : 64 * MiB;
}

/** Entries that wait for the survey of PCI devices, and the RAM buffers (E820-01, E820-04, E820-08). */
export function e820Late(tx: Tx): void {
    const late = tx.state.e820.map((e) => resourceFor(e, tx.state.profile)).filter((r) => r.late);
    const apart = (r: { readonly soft: boolean }): boolean => r.soft && tx.state.profile.softReservedPrivate;
    const expand = (into: Tree, resource: NewResource): Tree => insertExpand(into, resource).tree;
    const softReserved = insertAll(tx.state.softReserved, late.filter(apart).map((r) => r.resource), expand);
    let tree = insertAll(tx.state.iomem, late.filter((r) => !apart(r)).map((r) => r.resource), expand);
    for (const entry of tx.state.e820) {
        if (entry.type !== E820.RAM) continue;
        const pad = { start: entry.end + 1, end: alignUp(entry.end + 1, ramBufferAlign(entry.end + 1)) - 1 };
        if (pad.end <= pad.start) continue;
        for (const piece of subtract(pad, childrenWithin(tree.root, pad))) tree = reserve(tree, { ...piece, name: 'RAM buffer' });
    }
    tx.set({ iomem: tree, softReserved });
}

function reserve(tree: Tree, resource: NewResource): Tree {
    const placed = requestRegion(tree, resource);
    return placed.ok ? placed.tree : tree;
}

const WORDS: Readonly<Record<number, string>> = {
    [E820.RAM]: 'usable', [E820.RESERVED]: 'reserved', [E820.ACPI]: 'ACPI data', [E820.NVS]: 'ACPI NVS', [E820.UNUSABLE]: 'unusable',
    [E820.PMEM]: 'persistent (type 7)', [E820.PRAM]: 'persistent (type 12)', [E820.SOFT_RESERVED]: 'soft reserved',
};

/** The word the kernel log has for an e820 type. */
export function e820Word(type: number): string {
    return WORDS[type] ?? `type ${type}`;
}

