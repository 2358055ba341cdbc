// `numactl -H` as numactl(8) prints it. The sizes are those of the pages that a node has; the tool subtracts what the kernel keeps for
// itself at boot, and adds lines with what is free, neither of which the topology decides.
import { nodeDistance } from '../kernel/numa.ts';
import { MiB, PAGE } from '../kernel/range.ts';
import { formatList } from '../kernel/snapshot.ts';
import type { KernelState } from '../kernel/state.ts';

export function numactlText(state: KernelState): string {
    const { online, nodeCpus } = state.numa;
    const lines = [`available: ${online.length} nodes (${formatList(online)})`];
    for (const node of online) {
        const pages = state.memory.zones.reduce((n, z) => n + (z.node === node ? z.present : 0), 0);
        lines.push(`node ${node} cpus:${(nodeCpus.get(node) ?? []).map((c) => ` ${c}`).join('')}`, `node ${node} size: ${Math.floor((pages * PAGE) / MiB)} MB`);
    }
    const cell = (n: number): string => `${`${n}`.padStart(3)} `;
    lines.push('node distances:', `node ${online.map(cell).join('')}`);
    for (const from of online) lines.push(`${`${from}`.padStart(3)}: ${online.map((to) => cell(nodeDistance(state.numa, from, to))).join('')}`);
    return `${lines.join('\n')}\n`;
}
