// Device memory off the memory block size: what kmem would have to leave, told before anybody tries (KM-02, GEO-04).
import { alignDown, alignUp, formatSize, hex, sizeOf } from '../../kernel/range.ts';
import type { Run } from '../model.ts';
import type { Report } from './check.ts';

export function deviceEdges(run: Run, report: Report): void {
    const { described } = run.platform;
    const { blockSize } = run.boot.state.memory;
    for (const x of [...described.softReserved, ...described.pmem]) {
        const { start, end } = x.range;
        const first = alignUp(start, blockSize);
        const last = alignDown(end + 1, blockSize);
        const lost = last > first ? first - start + (end + 1 - last) : sizeOf(x.range);
        // Ranges off 2 MiB have a finding of their own: nothing of them can be used at all.
        if (lost === 0 || start % 2 ** 21 !== 0 || (end + 1) % 2 ** 21 !== 0) continue;
        const whole = last <= first;
        report('kmem/off-block', whole ? 'warning' : 'info',
            whole ? `no memory block of ${formatSize(blockSize)} fits: this range can never become RAM`
                : `as RAM it would lose ${formatSize(lost)}: memory blocks are ${formatSize(blockSize)} here, so it would have to ${[...(first > start ? [`start at 0x${hex(alignDown(start, blockSize))} or 0x${hex(first)}`] : []), ...(end + 1 > last ? [`end at 0x${hex(last - 1)} or 0x${hex(alignUp(end + 1, blockSize) - 1)}`] : [])].join(' and ')}`,
            x.origin.focus, { rules: ['KM-02', 'GEO-04'], data: { align: blockSize, lost, startBelow: alignDown(start, blockSize), startAbove: first, endBelow: last - 1, endAbove: alignUp(end + 1, blockSize) - 1 } });
    }
}
