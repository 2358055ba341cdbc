// Texts to measure with: some 20 lines to a platform with its scenario, all different, with everything a keystroke has to redo.

/** `count` platforms with a scenario each; every size times `scale`. */
export function platforms(count: number, scale = 1): string {
    const parts: string[] = [];
    for (let i = 0; i < count; i++) {
        const size = (gib: number): string => `${gib * scale}G`;
        parts.push(`platform machine-${i} {
    kernel 6.1
    node 0 {
        cpus 0-3
        memory at 0 size ${size(2)}
        memory at ${size(4)} size ${size(4 + (i % 3))}
    }
    node 1 { memory at ${size(32)} size ${size(8)} }
    distance 0 to 1 = 21
    pmem at ${size(64)} size ${size(8)} node 1
    reserved at ${size(3)} size 0x10000 "PCI MMCONFIG"
}

scenario "take some RAM away ${i}" on machine-${i} {
    $ echo offline > /sys/devices/system/memory/memory40/state
    expect ok
    $ echo online_movable > /sys/devices/system/memory/memory40/state
    expect ok
}
`);
    }
    return parts.join('\n');
}

/** A JSON text of about that many bytes, in lines of about 30. */
export function jsonOfSize(bytes: number): string {
    const parts: string[] = [];
    let size = 0;
    for (let i = 0; size < bytes; i++) {
        const item = `  {\n    "name": "machine-${i}",\n    "note": "a text",\n    "memory": [0, ${i * 4096}],\n    "on": true,\n    "node": ${i % 8}\n  }`;
        parts.push(item);
        size += item.length + 2;
    }
    return `[\n${parts.join(',\n')}\n]\n`;
}

/** One machine of `nodes` NUMA nodes with `ranges` reserved ranges and `gib` GiB of memory altogether, and a scenario of two steps. */
export function machine(nodes: number, ranges: number, gib: number): string {
    const each = Math.max(1, Math.floor(gib / nodes));
    const start = (node: number): number => 4 + node * each;
    const lines = ['platform big {', '    kernel 6.1'];
    for (let n = 0; n < nodes; n++) lines.push(`    node ${n} { memory at ${start(n)}G size ${each}G }`);
    // below 4 GiB, each a hole apart from the next
    for (let r = 0; r < ranges; r++) lines.push(`    reserved at 0x${(0x80000000 + r * 0x20000).toString(16)} size 64K "device ${r}"`);
    lines.push('}', '', 'scenario "a block" on big {', '    $ echo offline > /sys/devices/system/memory/memory40/state', '    $ echo online_movable > /sys/devices/system/memory/memory40/state', '}', '');
    return lines.join('\n');
}
