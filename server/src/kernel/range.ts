// Address ranges and the sizes the field speaks in. Addresses are plain numbers: everything Linux can address on x86-64
// lies below 2^52, so a double holds every address, size and inclusive end exactly.

export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;
export const TiB = 1024 * GiB;

/** Page size in bytes (GEO-01). */
export const PAGE = 4 * KiB;
/** Sub-section: the granularity of ZONE_DEVICE mappings since v5.3, in bytes (GEO-01). */
export const SUBSECTION = 2 * MiB;
/** Section of the sparse memory model, in bytes (GEO-01). */
export const SECTION = 128 * MiB;
/** First address that a 52-bit physical address cannot name (GEO-07). */
export const ADDRESS_LIMIT = 2 ** 52;

/** A physical address range in bytes. `end` is inclusive, as in /proc/iomem. */
export interface Range {
    readonly start: number;
    readonly end: number;
}

/** The range of `size` bytes from `start`. `size` must be positive. */
export function rangeOf(start: number, size: number): Range {
    return { start, end: start + size - 1 };
}

/** Bytes in a range. */
export function sizeOf(range: Range): number {
    return range.end - range.start + 1;
}

/** Largest multiple of `align` that is not above `value`; `align` need not be a power of two. */
export function alignDown(value: number, align: number): number {
    return value - (value % align);
}

/** Smallest multiple of `align` that is not below `value`; `align` need not be a power of two. */
export function alignUp(value: number, align: number): number {
    const rest = value % align;
    return rest === 0 ? value : value + (align - rest);
}

export function isAligned(value: number, align: number): boolean {
    return value % align === 0;
}

export function overlaps(a: Range, b: Range): boolean {
    return a.start <= b.end && b.start <= a.end;
}

/** Does `outer` hold all of `inner`? Equal ranges contain each other. */
export function contains(outer: Range, inner: Range): boolean {
    return outer.start <= inner.start && inner.end <= outer.end;
}

export function sameRange(a: Range, b: Range): boolean {
    return a.start === b.start && a.end === b.end;
}

/** The bytes two ranges share, or undefined where they share none. */
export function intersect(a: Range, b: Range): Range | undefined {
    const start = Math.max(a.start, b.start);
    const end = Math.min(a.end, b.end);
    return start <= end ? { start, end } : undefined;
}

/** What is left of `range` once `holes` (in any order, overlapping or not) are cut out, in address order. */
export function subtract(range: Range, holes: readonly Range[]): Range[] {
    const cuts = holes.filter((h) => overlaps(h, range)).sort((a, b) => a.start - b.start);
    const left: Range[] = [];
    let next = range.start;
    for (const cut of cuts) {
        if (cut.start > next) left.push({ start: next, end: cut.start - 1 });
        next = Math.max(next, cut.end + 1);
    }
    if (next <= range.end) left.push({ start: next, end: range.end });
    return left;
}

/** Sorts ranges and joins those that touch or overlap. */
export function normalize(ranges: readonly Range[]): Range[] {
    const sorted = [...ranges].sort((a, b) => a.start - b.start);
    const out: { start: number; end: number }[] = [];
    for (const r of sorted) {
        const last = out[out.length - 1];
        if (last && r.start <= last.end + 1) last.end = Math.max(last.end, r.end);
        else out.push({ start: r.start, end: r.end });
    }
    return out;
}

/** Lower-case hexadecimal without prefix, padded to at least `digits`. */
export function hex(value: number, digits = 0): string {
    return value.toString(16).padStart(digits, '0');
}

/** A range as /proc/iomem prints it: `180000000-1ffffffff`, at least eight digits (RES-14). */
export function formatRange(range: Range): string {
    return `${hex(range.start, 8)}-${hex(range.end, 8)}`;
}

/** A range as kernel messages print it: `[mem 0x180000000-0x1ffffffff]`, `digits` wide. */
export function formatMem(range: Range, digits = 0): string {
    return `[mem 0x${hex(range.start, digits)}-0x${hex(range.end, digits)}]`;
}

/** A size in the largest binary unit that keeps it whole (`1920 MiB`, `2 GiB`, `4097 B`). */
export function formatSize(bytes: number): string {
    for (const [unit, name] of [[TiB, 'TiB'], [GiB, 'GiB'], [MiB, 'MiB'], [KiB, 'KiB']] as const) {
        if (bytes !== 0 && bytes % unit === 0) return `${bytes / unit} ${name}`;
    }
    return `${bytes} B`;
}
