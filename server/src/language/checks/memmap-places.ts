// `memmap=nn!ss` and its like over addresses that the firmware keeps, or that it does not call RAM at all (E820-02, E820-03).
import { parseCmdline, parseSize } from '../../kernel/cmdline.ts';
import { E820 } from '../../kernel/machine.ts';
import { formatRange, formatSize, intersect, overlaps, rangeOf, sizeOf, subtract } from '../../kernel/range.ts';
import { parameterSpan } from './boot-parameters.ts';
import type { Checked, Report } from './check.ts';

export function memmapPlaces({ described, machine }: Checked, report: Report): void {
    const { cmdline } = described;
    if (!cmdline) return;
    const ram = machine.e820.filter((e) => e.type === E820.RAM);
    for (const { name, value } of parseCmdline(cmdline.value)) {
        if (name !== 'memmap' || value === undefined) continue;
        for (const element of value.split(',')) {
            const size = parseSize(element);
            const sign = element.charAt(size.length);
            if (size.value === 0 || (sign !== '!' && sign !== '@')) continue;
            const start = parseSize(element.slice(size.length + 1));
            if (start.length === 0) continue;
            const range = rangeOf(start.value, size.value);
            const at = parameterSpan(cmdline.at, cmdline.value, element);
            const kept = described.reserved.find((r) => overlaps(r.range, range));
            const other = kept ? undefined : machine.e820.find((e) => e.type !== E820.RAM && e.type !== E820.PRAM && e.type !== E820.PMEM && overlaps(e, range));
            const shared = kept ? intersect(kept.range, range) : other && intersect(other, range);
            if (shared) {
                report('cmdline/memmap-reserved', 'warning', `${formatRange(shared)} of it is not RAM in the firmware’s map: whatever the firmware keeps there is overwritten`, at, {
                    rules: ['E820-02', 'E820-03'], related: kept ? [{ at: kept.origin.focus, message: 'reserved here' }] : [],
                });
                continue;
            }
            const outside = subtract(range, ram).filter((r) => !machine.e820.some((e) => overlaps(e, r)));
            const bytes = outside.reduce((n, r) => n + sizeOf(r), 0);
            if (bytes > 0) {
                report('cmdline/memmap-no-ram', 'warning', `${bytes === size.value ? 'nothing of it is memory' : `${formatSize(bytes)} of it are no memory`} in the firmware’s map: accesses there go nowhere`, at,
                    { rules: ['E820-03'], data: { start: outside[0]!.start, end: outside[0]!.end } });
            }
        }
    }
}
