// Memory-side caches of a target: levels without a gap, each nearer to the initiators smaller than the one behind it (HMAT-07).
import { formatSize } from '../../kernel/range.ts';
import type { Checked, Report } from './check.ts';

export function caches({ described }: Checked, report: Report): void {
    for (const target of described.targets) {
        const sorted = [...target.caches].sort((a, b) => a.level - b.level);
        sorted.forEach((cache, i) => {
            const before = sorted[i - 1];
            if (!before ? cache.level > 1 : cache.level > before.level + 1) {
                report('hmat/cache-level-gap', 'warning', `level ${before ? before.level + 1 : 1} is missing below level ${cache.level}`, cache.origin.focus, { rules: ['HMAT-07'] });
            }
            if (before && before.level < cache.level && before.size >= cache.size) {
                report('hmat/cache-size', 'warning', `level ${cache.level} holds ${formatSize(cache.size)}, not more than the ${formatSize(before.size)} of level ${before.level} in front of it`, cache.origin.focus,
                    { rules: ['HMAT-07'], related: [{ at: before.origin.focus, message: `level ${before.level}` }] });
            }
        });
        const memory = described.nodes.find((n) => n.id === target.node)?.memory.reduce((n, m) => n + m.range.end - m.range.start + 1, 0) ?? 0;
        for (const cache of target.caches) {
            if (memory > 0 && cache.size > memory) {
                report('hmat/cache-size', 'warning', `a cache of ${formatSize(cache.size)} in front of ${formatSize(memory)} of memory`, cache.origin.focus, { rules: ['HMAT-07'] });
            }
        }
    }
}
