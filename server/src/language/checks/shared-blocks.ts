// Memory blocks that can never go offline because nodes share them or because they have holes (OFF-01).
import { E820 } from '../../kernel/machine.ts';
import { formatRange, formatSize } from '../../kernel/range.ts';
import { originOfRange } from '../history.ts';
import type { Run } from '../model.ts';
import type { Report } from './check.ts';

/** A map of thousands of pieces is no plan for memory blocks. */
const MOST_HOLES = 8;

export function sharedBlocks(run: Run, report: Report): void {
    const { memory, numa } = run.boot.state;
    const size = memory.blockSize;
    for (const block of memory.blocks) {
        if (block.nodes.length < 2) continue;
        const start = block.first * size;
        const range = { start, end: (block.last + 1) * size - 1 };
        const edge = numa.meminfo.find((m) => m.start > start && m.start <= range.end);
        const origin = (edge && originOfRange(run, edge.start)) ?? originOfRange(run, start);
        if (!origin) continue;
        report('numa/shared-block', 'warning', `memory${block.first} (${formatRange(range)}) holds memory of the nodes ${block.nodes.join(' and ')}: it can never go offline`, origin.focus,
            { rules: ['OFF-01'], data: { blockSize: size, ...(edge ? { edge: edge.start } : {}) } });
    }
    // The first block has holes in every machine, so only those above it are worth a word.
    const { e820 } = run.boot.state;
    let told = 0;
    for (const [i, entry] of e820.entries()) {
        if (entry.type !== E820.RAM || entry.end + 1 <= size || (entry.end + 1) % size === 0) continue;
        const next = e820[i + 1];
        if (next?.type === E820.RAM && next.start === entry.end + 1) continue;
        const block = Math.floor(entry.end / size);
        const origin = originOfRange(run, entry.end) ?? originOfRange(run, entry.start);
        if (!origin) continue;
        report('memory/block-hole', 'hint', `RAM ends at ${formatSize(entry.end + 1 - block * size)} of the ${formatSize(size)} of memory${block}: a block with a hole can never go offline`, origin.focus,
            { rules: ['OFF-01'], data: { blockSize: size, start: entry.start, end: entry.end } });
        if (++told === MOST_HOLES) break;
    }
}
