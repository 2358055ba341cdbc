// Distances: one wrong entry costs the whole table, a missing one is filled in as 20 (NUMA-11).
import type { Checked, Report } from './check.ts';

/** Nodes beyond which missing pairs are not searched: nobody writes such a table by hand. */
const MOST_NODES = 64;

export function slitPairs({ described }: Checked, report: Report): void {
    if (described.distances.length === 0) return;
    const known = new Set(described.distances.flatMap((x) => [`${x.from.node} ${x.to.node}`, `${x.to.node} ${x.from.node}`]));
    for (const x of described.distances) {
        if (x.from.node === x.to.node && x.value !== 10) {
            report('numa/slit-diagonal', 'error', 'a node is 10 from itself: with anything else Linux drops the whole SLIT', x.at, { rules: ['NUMA-11'], data: { value: 10 } });
        }
    }
    if (described.nodes.length > MOST_NODES) return;
    const missing: string[] = [];
    const pairs: number[] = [];
    described.nodes.forEach((a, i) => {
        for (const b of described.nodes.slice(i + 1)) {
            if (known.has(`${a.id} ${b.id}`)) continue;
            missing.push(`${a.id} to ${b.id}`);
            pairs.push(a.id, b.id);
        }
    });
    const last = described.distances.at(-1)!;
    if (missing.length > 0) {
        report('numa/distance-missing', 'hint', `no distance ${missing.slice(0, 4).join(', ')}${missing.length > 4 ? `, and ${missing.length - 4} more` : ''}: 20 is taken`, last.origin.focus,
            { rules: ['NUMA-11'], data: { pairs } });
    }
}
