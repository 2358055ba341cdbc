// `lsmem` as lsmem(1) prints it: runs of memory blocks of the same state, whatever node and zone they are in.
import { GiB, KiB, MiB, TiB } from '../kernel/range.ts';
import type { KernelState } from '../kernel/state.ts';

interface Row {
    first: number;
    last: number;
    readonly state: 'online' | 'offline';
}

export function lsmemText(state: KernelState): string {
    const { blocks, blockSize } = state.memory;
    const rows: Row[] = [];
    for (const run of blocks) {
        const before = rows.at(-1);
        if (before && before.state === run.state && before.last + 1 === run.first) before.last = run.last;
        else rows.push({ first: run.first, last: run.last, state: run.state });
    }
    const bytes = (wanted: Row['state']): number => rows.reduce((n, r) => n + (r.state === wanted ? (r.last - r.first + 1) * blockSize : 0), 0);
    const cells = rows.map((r) => [
        `0x${(r.first * blockSize).toString(16).padStart(16, '0')}-0x${((r.last + 1) * blockSize - 1).toString(16).padStart(16, '0')}`,
        humanSize((r.last - r.first + 1) * blockSize), r.state, 'yes', r.first === r.last ? `${r.first}` : `${r.first}-${r.last}`,
    ]);
    const head = ['RANGE', 'SIZE', 'STATE', 'REMOVABLE', 'BLOCK'];
    const widths = head.map((h, i) => Math.max(h.length, i === 1 ? 5 : 0, ...cells.map((c) => c[i]!.length)));
    const lines = [head, ...cells].map((c) => c.map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join(' '));
    const sum = (label: string, value: number): string => `${label.padEnd(23)} ${humanSize(value).padStart(5)}`;
    return `${lines.join('\n')}\n\n${sum('Memory block size:', blockSize)}\n${sum('Total online memory:', bytes('online'))}\n${sum('Total offline memory:', bytes('offline'))}\n`;
}

/** A size as util-linux prints it: one digit behind the point, one letter for the unit. */
export function humanSize(bytes: number): string {
    for (const [unit, letter] of [[1024 * TiB, 'P'], [TiB, 'T'], [GiB, 'G'], [MiB, 'M'], [KiB, 'K']] as const) {
        if (bytes < unit) continue;
        const tenths = Math.round((bytes % unit) / unit * 10);
        const whole = Math.floor(bytes / unit) + (tenths === 10 ? 1 : 0);
        return `${whole}${tenths % 10 === 0 ? '' : `.${tenths}`}${letter}`;
    }
    return `${bytes}B`;
}
