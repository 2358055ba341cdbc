// SRAT and the firmware's map against each other: RAM in no node, and nodes whose memory no RAM lies in (NUMA-02, NUMA-03).
import { E820 } from '../../kernel/machine.ts';
import { formatRange, formatSize, MiB, normalize, overlaps, type Range, sizeOf, subtract } from '../../kernel/range.ts';
import type { Checked, Report } from './check.ts';

/** RAM that may be left without a node before Linux drops the table (NUMA-03). */
const UNCOVERED_LIMIT = MiB;

export function sratCover({ described, machine }: Checked, report: Report): void {
    if (!machine.srat || described.e820.length === 0) return;
    const nodes = normalize(machine.srat.memory);
    let uncovered = 0;
    const places: { readonly range: Range; readonly at: (typeof described.e820)[number] }[] = [];
    for (const entry of described.e820) {
        if (entry.type !== E820.RAM) continue;
        for (const range of subtract(entry.range, nodes)) {
            uncovered += sizeOf(range);
            places.push({ range, at: entry });
        }
    }
    if (uncovered > 0) {
        const dropped = uncovered >= UNCOVERED_LIMIT;
        const { range, at } = places.reduce((a, b) => (sizeOf(b.range) > sizeOf(a.range) ? b : a));
        report('numa/uncovered-ram', dropped ? 'error' : 'info', `${formatSize(uncovered)} of RAM ${places.length > 1 ? 'are' : `(${formatRange(range)}) are`} in no node${dropped ? ': Linux drops the whole SRAT' : ''}`, at.origin.focus,
            { rules: ['NUMA-03'], data: { start: range.start, end: range.end } });
    }
    const ram = machine.e820;
    for (const node of described.nodes) {
        for (const memory of node.memory) {
            if (memory.nonVolatile || ram.some((e) => overlaps(e, memory.range))) continue;
            report('numa/srat-without-ram', 'warning', `the firmware’s map has nothing in ${formatRange(memory.range)}: node ${node.id} has no such memory`, memory.origin.focus, { rules: ['NUMA-02', 'NUMA-04'] });
        }
    }
}
