// From the bytes that the firmware describes down to the RAM that Linux uses: the ledger as steps, each named with its rule.
import type { RuleId } from '../kernel/outcome.ts';
import { formatRange, type Range } from '../kernel/range.ts';
import { bottom, type Ledger, type LedgerAccount, type LedgerItem, STAGE_LABEL } from './ledger.ts';
import { formatApproximate } from './summary.ts';
import type { Kind } from './theme.ts';

export interface WaterfallBar {
    /** `lost`, `idle` and `other` take bytes off; the others stand for what is there. */
    readonly kind: 'start' | 'lost' | 'idle' | 'other' | 'rest';
    readonly label: string;
    readonly bytes: number;
    /** Bytes from the left: a bar that takes off ends where the one before ended. */
    readonly from: number;
    readonly to: number;
    readonly rules: readonly RuleId[];
    /** Where the bytes are, as far as that is known. */
    readonly ranges: readonly Range[];
    readonly subjects: readonly string[];
}

export interface Waterfall {
    readonly subject: string;
    readonly bars: readonly WaterfallBar[];
}

export const BAR_KIND: Readonly<Record<WaterfallBar['kind'], Kind>> = { start: 'device', lost: 'lost', idle: 'idle', other: 'pmem', rest: 'ram' };

/** The whole platform: what was described, less what is lost (by cause), idle (by cause) and in use otherwise, is RAM. */
export function platformWaterfall(book: Ledger): Waterfall {
    const bars: WaterfallBar[] = [{ kind: 'start', label: 'described to Linux', bytes: book.total.described, from: 0, to: book.total.described, rules: [], ranges: [], subjects: [] }];
    const items = book.accounts.flatMap((a) => a.stages.flatMap((s) => s.less));
    let left = book.total.described;
    const take = (kind: WaterfallBar['kind'], label: string, group: readonly LedgerItem[], bytes: number): void => {
        if (bytes <= 0) return;
        bars.push({ kind, label, bytes, from: left - bytes, to: left, ...sources(group) });
        left -= bytes;
    };
    for (const kind of ['lost', 'idle'] as const) {
        const groups = new Map<string, LedgerItem[]>();
        for (const i of items) if (i.kind === kind) groups.set(i.cause, [...(groups.get(i.cause) ?? []), i]);
        const sorted = [...groups].map(([cause, group]) => ({ cause, group, bytes: group.reduce((n, i) => n + i.bytes, 0) })).sort((a, b) => b.bytes - a.bytes || (a.cause < b.cause ? -1 : 1));
        for (const { cause, group, bytes } of sorted) take(kind, cause, group, bytes);
    }
    take('other', 'usable as persistent memory or dax', [], book.total.other);
    bars.push({ kind: 'rest', label: 'in use as RAM', bytes: book.total.ram, from: 0, to: book.total.ram, rules: [], ranges: [], subjects: [] });
    return { subject: 'the whole platform', bars };
}

/** One account. What moved to another account goes off like an idle part. */
export function accountWaterfall(account: LedgerAccount): Waterfall {
    const first = account.stages[0]!;
    let left = first.bytes;
    const bars: WaterfallBar[] = [{ kind: 'start', label: STAGE_LABEL[first.name], bytes: left, from: 0, to: left, rules: [], ranges: [], subjects: [account.subject] }];
    for (const item of account.stages.flatMap((s) => s.less)) {
        bars.push({ kind: item.kind === 'lost' || item.kind === 'idle' ? item.kind : 'other', label: item.cause, bytes: item.bytes, from: left - item.bytes, to: left, ...sources([item]) });
        left -= item.bytes;
    }
    const last = bottom(account);
    const asRam = last.name === 'ram' || last.bytes === 0;
    bars.push({ kind: asRam ? 'rest' : 'other', label: asRam ? 'in use as RAM' : `${STAGE_LABEL[last.name]}, not as RAM`, bytes: last.bytes, from: 0, to: last.bytes, rules: [], ranges: [], subjects: [account.subject] });
    return { subject: account.subject, bars };
}

/** The platform, then each account where something goes off; where there is one account only, the platform says it all. */
export function waterfalls(book: Ledger): Waterfall[] {
    return [platformWaterfall(book), ...(book.accounts.length === 1 ? [] : book.accounts.filter((a) => a.stages.some((s) => s.less.length > 0)).map(accountWaterfall))];
}

function sources(items: readonly LedgerItem[]): Pick<WaterfallBar, 'rules' | 'ranges' | 'subjects'> {
    return {
        rules: [...new Set(items.flatMap((i) => (i.rule ? [i.rule] : [])))], ranges: items.flatMap((i) => (i.range ? [i.range] : [])), subjects: [...new Set(items.map((i) => i.subject))],
    };
}

/** Units, and from what size of the whole on they are used: 1560 GiB says more than 1.52 TiB. */
const UNITS = [[2 ** 50, 'PiB', 10], [2 ** 40, 'TiB', 10], [2 ** 30, 'GiB', 1], [2 ** 20, 'MiB', 1]] as const;

/** A size beside `whole`, in the same unit where it is not much smaller: sizes to compare should look alike. */
export function sizeBeside(bytes: number, whole: number): string {
    const unit = UNITS.find(([size, , least]) => whole >= least * size) ?? UNITS.at(-1)!;
    if (bytes < unit[0]) return formatApproximate(bytes);
    const value = bytes / unit[0];
    // 1 GiB less 1025 MiB would be no sum
    if (value < 10 && Number(value.toPrecision(3)) !== value) return formatApproximate(bytes);
    return `${value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3))} ${unit[1]}`;
}

/** What a bar says: `−2 MiB info block (ND-18)`. */
export function barText(bar: WaterfallBar): string {
    const sign = bar.kind === 'start' ? '' : bar.kind === 'rest' ? '= ' : '−';
    return `${sign}${formatApproximate(bar.bytes)} ${bar.label}`;
}

/** Everything about a bar, for a tooltip. */
export function barTitle(bar: WaterfallBar): string {
    const where = bar.ranges.slice(0, 4).map(formatRange).join(', ');
    const more = bar.ranges.length > 4 ? ` and ${bar.ranges.length - 4} more` : '';
    return [barText(bar), bar.subjects.slice(0, 6).join(', '), where + more, bar.rules.join(', ')].filter((t) => t !== '').join(' · ');
}
