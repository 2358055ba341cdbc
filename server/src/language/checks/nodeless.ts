// Device memory that the firmware's tables give no node: kmem has nowhere to add it (NUMA-06, KM-01).
import { contains } from '../../kernel/range.ts';
import type { Checked, Report } from './check.ts';

export function nodeless({ described, machine }: Checked, report: Report): void {
    const { srat } = machine;
    if (!srat) return;
    for (const x of [...described.softReserved, ...described.pmem.filter((p) => !p.legacy)]) {
        if (x.node || srat.memory.some((m) => contains(m, x.range))) continue;
        report('numa/no-node', 'warning', 'no node holds this range: kmem refuses its memory', x.origin.focus,
            { rules: ['NUMA-06', 'KM-01'], data: { nodes: described.nodes.map((n) => n.id), end: x.at.end } });
    }
}
