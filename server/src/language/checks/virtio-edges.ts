// virtio-mem regions off the memory block size: memory at the edges that Linux can never use (VM-02).
import { formatSize } from '../../kernel/range.ts';
import type { Run } from '../model.ts';
import type { Report } from './check.ts';

export function virtioEdges(run: Run, report: Report): void {
    const { blockSize } = run.boot.state.memory;
    for (const x of run.platform.described.virtioMem) {
        const front = (blockSize - (x.range.start % blockSize)) % blockSize;
        const back = (x.range.end + 1) % blockSize;
        if (front + back === 0) continue;
        report('virtio-mem/off-block', 'warning', `${formatSize(front + back)} at the edges can never be used: the region is off the memory blocks of ${formatSize(blockSize)}`, x.origin.focus,
            { rules: ['VM-02'], data: { align: blockSize } });
    }
}
