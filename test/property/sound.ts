// What must hold in every state whatever led to it: the tree, the memory blocks, the zones, the dax devices.
import { contains, overlaps, PAGE, sizeOf } from '../../server/src/kernel/range.ts';
import { BUSY, type Resource, SYSTEM_RAM, type Tree } from '../../server/src/kernel/resource.ts';
import type { KernelState } from '../../server/src/kernel/state.ts';

/** What is wrong with a tree: a child outside its parent, siblings that touch the same byte, an id twice. */
function treeProblems(tree: Tree): string[] {
    const problems: string[] = [];
    const ids = new Set<number>();
    const visit = (parent: Resource): void => {
        parent.children.forEach((child, i) => {
            if (!contains(parent, child)) problems.push(`${child.name} is not inside ${parent.name}`);
            const next = parent.children[i + 1];
            if (next && next.start <= child.end) problems.push(`${child.name} and ${next.name} overlap or are out of order`);
            if (ids.has(child.id)) problems.push(`${child.name}: id ${child.id} twice`);
            ids.add(child.id);
            visit(child);
        });
    };
    visit(tree.root);
    return problems;
}

function ramOf(tree: Tree): Resource[] {
    const out: Resource[] = [];
    const visit = (r: Resource): void => {
        for (const c of r.children) {
            if ((c.flags & (SYSTEM_RAM | BUSY)) === (SYSTEM_RAM | BUSY)) out.push(c);
            else visit(c);
        }
    };
    visit(tree.root);
    return out;
}

/** What is wrong with a state. */
export function stateProblems(state: KernelState): string[] {
    const problems = [...treeProblems(state.iomem), ...treeProblems(state.softReserved)];
    const { blocks, blockSize, zones, present } = state.memory;
    blocks.forEach((b, i) => {
        if (b.last < b.first) problems.push(`memory${b.first}: run ends before it starts`);
        if (i > 0 && b.first <= blocks[i - 1]!.last) problems.push(`memory${b.first} is in two runs`);
        if (b.nodes.length === 0) problems.push(`memory${b.first} has no node`);
    });
    present.forEach((p, i) => {
        if (i > 0 && p.start <= present[i - 1]!.end) problems.push(`present memory at ${p.start.toString(16)} twice`);
    });
    for (const z of zones) {
        if (z.present > z.endPfn - z.startPfn) problems.push(`zone ${z.zone} of node ${z.node} has more pages than it spans`);
    }
    const ram = ramOf(state.iomem);
    for (const r of ram) {
        for (const at of [r.start, r.end]) {
            if (sizeOf(r) >= PAGE * 2 && !blocks.some((b) => b.first * blockSize <= at && at < (b.last + 1) * blockSize)) {
                problems.push(`${r.name} at ${at.toString(16)} lies in no memory block`);
            }
        }
    }
    for (const b of blocks) {
        if (b.early) continue;
        const range = { start: b.first * blockSize, end: (b.last + 1) * blockSize - 1 };
        const covered = ram.filter((r) => overlaps(r, range)).reduce((sum, r) => sum + Math.min(r.end, range.end) - Math.max(r.start, range.start) + 1, 0);
        if (covered !== sizeOf(range)) problems.push(`hot-added memory${b.first}-${b.last} is not all System RAM`);
    }
    for (const n of state.numa.online) if (!state.numa.possible.includes(n)) problems.push(`node${n} is online and not possible`);
    for (const d of state.dax.devices.values()) {
        const region = state.dax.regions.get(d.region);
        if (!region) problems.push(`${d.name} has no region`);
        else for (const m of d.mappings) if (!contains(region.range, m)) problems.push(`${d.name} reaches out of its region`);
    }
    const mappings = [...state.dax.devices.values()].flatMap((d) => d.mappings.map((m) => ({ ...m, owner: d })));
    mappings.sort((a, b) => a.start - b.start);
    mappings.forEach((m, i) => {
        const next = mappings[i + 1];
        if (next && next.owner.region === m.owner.region && next.start <= m.end) problems.push(`${m.owner.name} and ${next.owner.name} share bytes`);
    });
    return problems;
}
