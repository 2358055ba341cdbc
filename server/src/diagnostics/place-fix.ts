// Fixes for a range that is written with plain numbers: both nearest legal places, in the spelling the author chose.
import { alignDown, alignUp, formatSize, hex, MiB, overlaps } from '../kernel/range.ts';
import type { Finding } from '../language/model.ts';
import type { Fix, FixContext } from './diagnostic.ts';

const NUMBER = String.raw`(?:0x[0-9a-fA-F_]+|\d+(?:[KMGTP](?:iB)?)?)`;
const BY_SIZE = new RegExp(`^at(\\s+)(${NUMBER})(\\s+)size(\\s+)(${NUMBER})$`);
const BY_END = new RegExp(`^(${NUMBER})(\\s*-\\s*)(${NUMBER})$`);
const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40, P: 2 ** 50 };

/** A range as it is written. `start`, `end`: bytes, inclusive. */
export interface WrittenPlace {
    readonly start: number;
    readonly end: number;
    readonly bySize: boolean;
}

/** Reads `at START size SIZE` or `FIRST-LAST`; undefined for anything else. */
export function readPlace(text: string): WrittenPlace | undefined {
    const size = BY_SIZE.exec(text.trim());
    if (size) {
        const start = bytes(size[2]!);
        return { start, end: start + bytes(size[5]!) - 1, bySize: true };
    }
    const end = BY_END.exec(text.trim());
    return end ? { start: bytes(end[1]!), end: bytes(end[3]!), bySize: false } : undefined;
}

/** The range in one of the two spellings. */
export function writePlace(start: number, end: number, bySize: boolean): string {
    return bySize ? `at ${spell(start)} size ${spell(end - start + 1)}` : `0x${hex(start)}-0x${hex(end)}`;
}

/** Shrink to, or grow to, the boundaries of `align`; and move the whole range to the next one. */
export function alignPlace(finding: Finding, context: FixContext, align: number): readonly Fix[] {
    const written = readPlace(context.text(finding.at));
    if (!written || align <= 0) return [];
    const { start, end } = written;
    const { fixes, add } = places(finding, written, context);
    const unit = unitOf(align);
    add(`Shrink to ${unit} boundaries`, alignUp(start, align), alignDown(end + 1, align) - 1, true);
    add(`Grow to ${unit} boundaries`, alignDown(start, align), alignUp(end + 1, align) - 1);
    if (start % align !== 0) {
        const moved = alignUp(start, align);
        add(`Move to the next ${unit} boundary`, moved, moved + alignUp(end - start + 1, align) - 1);
    }
    return fixes;
}

/** End at the boundary of `align` before, or at the next one; the start stays. */
export function alignEnd(finding: Finding, context: FixContext, align: number): readonly Fix[] {
    const written = readPlace(context.text(finding.at));
    if (!written || align <= 0) return [];
    const { start, end } = written;
    const { fixes, add } = places(finding, written, context);
    add(`End at the ${unitOf(align)} boundary before`, start, alignDown(end + 1, align) - 1, true);
    add(`End at the next ${unitOf(align)} boundary`, start, alignUp(end + 1, align) - 1);
    return fixes;
}

/** Places that the range may take: none that begins to overlap what is described beside it. */
function places(finding: Finding, { start, end, bySize }: WrittenPlace, context: FixContext): { readonly fixes: Fix[]; add(title: string, from: number, to: number, preferred?: boolean): void } {
    const fixes: Fix[] = [];
    const beside = context.others(finding.at).filter((r) => !overlaps(r, { start, end }));
    return {
        fixes,
        add(title, from, to, preferred = false) {
            if (to > from && !(from === start && to === end) && !beside.some((r) => overlaps(r, { start: from, end: to }))) fixes.push({ title, ...(preferred ? { preferred } : {}), edits: [{ at: finding.at, text: writePlace(from, to, bySize) }] });
        },
    };
}

function unitOf(align: number): string {
    return align >= MiB ? formatSize(align) : `${align / 1024} KiB`;
}

function bytes(text: string): number {
    const plain = text.replace(/iB$/, '');
    const unit = UNITS[plain.at(-1)!];
    return unit && !/^0x/i.test(plain) ? Number(plain.slice(0, -1)) * unit : Number(plain.replaceAll('_', ''));
}

function spell(value: number): string {
    for (const [unit, factor] of Object.entries(UNITS).reverse()) {
        if (value !== 0 && value % factor === 0 && value / factor < 2 ** 20) return `${value / factor}${unit}`;
    }
    return value === 0 ? '0' : `0x${value.toString(16)}`;
}
