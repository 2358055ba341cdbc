// Memory blocks that can never go offline because nodes share them or because they have holes (OFF-01).
import { formatRange, formatSize } from '../../kernel/range.ts';
import { originOfRange } from '../history.ts';
import type { Run } from '../model.ts';
import type { Report } from './check.ts';

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
    for (const entry of run.boot.state.e820) {
        if (entry.type !== 1 || entry.end + 1 <= size || (entry.end + 1) % size === 0) continue;
        const block = Math.floor(entry.end / size);
        const range = { start: block * size, end: (block + 1) * size - 1 };
        if (run.boot.state.e820.some((e) => e.type === 1 && e.start === entry.end + 1)) continue;
        const origin = originOfRange(run, entry.start) ?? originOfRange(run, entry.end);
        if (!origin || block === 0) continue;
        report('memory/block-hole', 'hint', `RAM ends at ${formatSize(entry.end + 1 - range.start)} of the ${formatSize(size)} of memory${block}: a block with a hole can never go offline`, origin.focus,
            { rules: ['OFF-01'], data: { blockSize: size, start: entry.start, end: entry.end } });
    }
}
