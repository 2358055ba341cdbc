// Declared namespaces and devices whose size or align the range cannot give (ND-05, ND-09, ND-18, NDC-07).
import { alignDown, alignUp, formatSize, GiB, isAligned, MiB, sizeOf } from '../../kernel/range.ts';
import type { Checked, Report } from './check.ts';

export function namespaceSizes({ described }: Checked, report: Report): void {
    for (const region of described.pmem) {
        const unit = 16 * MiB * region.dimms;
        let wanted = 0;
        for (const n of region.namespaces) {
            const align = (n.align ?? 2 * MiB) * region.dimms;
            const step = Math.max(unit, align);
            if (n.size !== undefined && !isAligned(n.size, step)) {
                report('nvdimm/namespace-size', 'error', `a namespace here is a multiple of ${formatSize(step)}: ${[alignDown(n.size, step), alignUp(n.size, step)].filter((x) => x > 0).map(formatSize).join(' or ')}`, n.origin.focus,
                    { rules: ['ND-09', 'NDC-07'], data: { size: n.size, below: alignDown(n.size, step), above: alignUp(n.size, step) } });
            }
            wanted += n.size ?? 0;
            if (n.align === GiB && (n.mode ?? 'fsdax') !== 'raw') {
                const first = alignUp(region.range.start, GiB);
                if (first + GiB - 1 > region.range.end || (n.size !== undefined && n.size <= GiB)) {
                    report('nvdimm/no-aligned-gigabyte', 'error', 'no aligned gigabyte is left behind the metadata: with this align the namespace has no usable byte', n.origin.focus, { rules: ['ND-18'], data: { align: 2 * MiB } });
                }
            }
        }
        if (wanted > sizeOf(region.range)) {
            report('nvdimm/oversubscribed', 'error', `the namespaces want ${formatSize(wanted)} of ${formatSize(sizeOf(region.range))}`, region.origin.focus, { rules: ['ND-09'] });
        }
    }
}
