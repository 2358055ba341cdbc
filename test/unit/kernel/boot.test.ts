import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boot } from '../../../server/src/kernel/boot.ts';
import { E820, type E820Entry, type Machine } from '../../../server/src/kernel/machine.ts';
import { GiB, MiB, TiB } from '../../../server/src/kernel/range.ts';
import { formatList, snapshot } from '../../../server/src/kernel/snapshot.ts';
import { pc, ram, sratMemory } from './boot-machine.ts';

const blocks = (machine: Machine): string[] => {
    const out: string[] = [];
    for (const b of snapshot(boot(machine).state).memory_blocks) {
        const key = `${b.state} ${b.zones} ${b.nodes.join(',')}`;
        const last = out.at(-1);
        const m = last ? /^(\d+)-(\d+) (.*)$/.exec(last) : null;
        if (m && Number(m[2]) === b.first - 1 && m[3] === key) out[out.length - 1] = `${m[1]}-${b.last} ${key}`;
        else out.push(`${b.first}-${b.last} ${key}`);
    }
    return out;
};
const iomem = (machine: Machine): string => snapshot(boot(machine).state).iomem;

describe('the boot', () => {
    it('shows the map, the first page kept and the buffers behind RAM', () => {
        expect(iomem(pc(0, { e820: [ram(0, 0x9fc00), { start: 0x9fc00, end: 0x9ffff, type: E820.RESERVED }, ram(MiB, 1000 * MiB + 4096)] }))).toBe([
            '00000000-00000fff : Reserved', '00001000-0009fbff : System RAM', '0009fc00-0009ffff : Reserved', '00100000-3e800fff : System RAM',
            '3e801000-3fffffff : RAM buffer', ''].join('\n'));
    });

    it.each([
        // end of RAM, hypervisor, kernel → block size in MiB (GEO-04)
        [63, true, '6.1', 128], [66, true, '6.1', 2048], [67, true, '6.1', 1024], [66.125, true, '6.1', 128], [66.125, false, '6.1', 2048], [66.125, false, '5.1', 128],
    ])('GEO-04: RAM up to %d GiB, hypervisor %s, %s: blocks of %d MiB', (end, hypervisor, kernel, size) => {
        expect(boot(pc((end - 4) * GiB, { hypervisor, kernel })).state.memory.blockSize).toBe(size * MiB);
    });

    it('ZONE-01: block 0 is of no single zone; the others are of theirs', () => {
        expect(blocks(pc(2 * GiB))).toEqual(['0-0 online none 0', '1-15 online DMA32 0', '32-47 online Normal 0']);
    });

    it('OFF-04: a block of two nodes is linked to both and has no zone', () => {
        const srat = { cpus: [{ pxm: 0, apicId: 0 }], memory: [sratMemory(0, 0, GiB + 64 * MiB), sratMemory(1, GiB + 64 * MiB, 6 * GiB)] };
        expect(blocks(pc(2 * GiB, { srat }))).toEqual(['0-0 online none 0', '1-7 online DMA32 0', '8-8 online none 0,1', '9-15 online DMA32 1', '32-47 online Normal 1']);
    });

    it('ZONE-02: movablecore= leaves the top of the node to ZONE_MOVABLE; kernelcore= is its complement', () => {
        const expected = ['0-0 online none 0', '1-15 online DMA32 0', '32-47 online Normal 0', '48-63 online Movable 0'];
        expect(blocks(pc(4 * GiB, { cmdline: 'movablecore=2G' }))).toEqual(expected);
        expect(blocks(pc(4 * GiB, { cmdline: 'kernelcore=4G' }))[2]).toMatch(/^32-4\d online Normal/);
        expect(blocks(pc(4 * GiB, { cmdline: 'movablecore=99G' }))).toEqual(blocks(pc(4 * GiB)));
    });

    it('ZONE-02: movable_node makes hot-pluggable memory of other nodes movable', () => {
        const srat = { cpus: [{ pxm: 0, apicId: 0 }], memory: [sratMemory(0, 0, 4 * GiB), sratMemory(1, 4 * GiB, 8 * GiB, true)] };
        expect(blocks(pc(4 * GiB, { srat, cmdline: 'movable_node' })).at(-1)).toBe('32-63 online Movable 1');
        expect(blocks(pc(4 * GiB, { srat })).at(-1)).toBe('32-63 online Normal 1');
    });

    it('ZONE-04: before v5.18 soft-reserved pages beside RAM of another node than the first are of no zone there, once the first node defers', () => {
        const cmdline = 'memmap=302404K%6438912K-1+0xefffffff';
        const edges = (high: number, kernel: string): (string | null)[] => {
            const srat = { cpus: [{ pxm: 0, apicId: 0 }], memory: [sratMemory(0, 0, 4 * GiB + high), sratMemory(1, 4 * GiB + high, 10 * GiB)] };
            const all = snapshot(boot(pc(6 * GiB, { srat, cmdline, kernel })).state).memory_blocks;
            return [49, 51].map((block) => all.find((b) => b.first <= block && block <= b.last)!.zones);
        };
        expect(edges(256 * MiB, '5.10')).toEqual(['none', 'none']);
        expect(edges(256 * MiB, '6.1')).toEqual(['Normal', 'Normal']);
        // Node 0 ends a section above 4 GiB: nothing of it is put off.
        expect(edges(128 * MiB, '5.10')).toEqual(['Normal', 'Normal']);
        // All of it is of node 0.
        expect(edges(6 * GiB, '5.10')).toEqual(['Normal', 'Normal']);
    });

    it('E820-08: soft-reserved memory is not in iomem since v7.0', () => {
        const cmdline = 'memmap=1G%4G-1+0xefffffff';
        expect(iomem(pc(4 * GiB, { cmdline, kernel: '6.12' }))).toContain('100000000-13fffffff : Soft Reserved');
        expect(iomem(pc(4 * GiB, { cmdline, kernel: '7.0' }))).not.toContain('Soft Reserved');
    });

    it('RES-03: entries that the machine lists stand where the kernel puts them, and one that does not fit is told', () => {
        const reserved: E820Entry = { start: 0xb0000000, end: 0xbfffffff, type: E820.RESERVED };
        const machine = pc(0, {
            e820: [ram(MiB, 2 * GiB), reserved],
            resources: [
                { start: 0x80000000, end: 0xafffffff, name: 'PCI Bus 0000:00', children: [{ start: 0x80000000, end: 0x80000fff, name: '0000:00:1f.2', children: [] }] },
                { start: 0xb0000000, end: 0xbfffffff, name: 'PCI MMCONFIG 0000 [bus 00-ff]', children: [] },
                { start: 0x7ff00000, end: 0x800fffff, name: 'straddles', children: [] },
            ],
        });
        expect(iomem(machine)).toBe([
            '00100000-7fffffff : System RAM', '80000000-afffffff : PCI Bus 0000:00', '  80000000-80000fff : 0000:00:1f.2',
            'b0000000-bfffffff : PCI MMCONFIG 0000 [bus 00-ff]', '  b0000000-bfffffff : Reserved', ''].join('\n'));
        expect(boot(machine).outcome.notes.map((n) => n.subject)).toEqual(['straddles']);
    });

    it('accounts for every byte of RAM: blocks cover it, zones hold it', () => {
        const map = fc.uniqueArray(fc.record({ at: fc.nat(120), size: fc.integer({ min: 1, max: 4 * 96 }), type: fc.constantFrom(E820.RAM, E820.RAM, E820.RESERVED, E820.PRAM) }),
            { selector: (r) => r.at, minLength: 1, maxLength: 12 });
        fc.assert(fc.property(map, fc.constantFrom('5.10', '6.1', '7.2'), (entries, kernel) => {
            const e820 = entries.map((r): E820Entry => ({ start: GiB + r.at * 96 * MiB, end: GiB + r.at * 96 * MiB + r.size * 256 * 1024 - 1, type: r.type }));
            const { state } = boot(pc(0, { e820: [ram(0, 640 * 1024), ram(MiB, GiB), ...e820], kernel }));
            const usable = state.e820.filter((e) => e.type === E820.RAM).reduce((sum, e) => sum + e.end - e.start + 1, 0);
            const present = state.memory.zones.reduce((sum, z) => sum + z.present, 0) * 4096;
            expect(Math.abs(usable - present)).toBeLessThan(MiB);
            const { blockSize } = state.memory;
            for (const e of state.e820) {
                if (e.type !== E820.RAM) continue;
                for (const at of [e.start, e.end]) {
                    expect(state.memory.blocks.some((b) => b.first * blockSize <= at && at < (b.last + 1) * blockSize), `block at ${at.toString(16)}`).toBe(true);
                }
            }
            state.memory.blocks.forEach((b, i) => {
                expect(b.last).toBeGreaterThanOrEqual(b.first);
                if (i > 0) expect(b.first).toBeGreaterThan(state.memory.blocks[i - 1]!.last);
            });
        }), { numRuns: 60 });
    });

    it('never throws, whatever the command line', () => {
        const word = fc.tuple(fc.constantFrom('memmap', 'mem', 'numa', 'kernelcore', 'movablecore', 'movable_node', 'memhp_default_state', 'memory_hotplug.auto_movable_ratio'),
            fc.constantFrom('=', ''), fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('fake=3', 'fake=2U', 'fake=1G', 'fake=0', '50%', '0', '1T', '1G@0', '1G$1G', '64G!0'))).map((w) => w.join(''));
        fc.assert(fc.property(fc.array(word, { maxLength: 4 }), (words) => {
            snapshot(boot(pc(4 * GiB, { cmdline: words.join(' '), modules: ['dax_hmem', 'nonsense x=1'] })).state);
        }));
    });

    it('scales: 64 TiB, 1 024 nodes and 10 000 ranges boot in well under a second', () => {
        const step = Math.floor((64 * TiB) / 10_000 / (2 * MiB)) * 2 * MiB;
        const e820: E820Entry[] = [ram(0, 640 * 1024), ram(MiB, 2 * GiB)];
        for (let i = 1; i < 10_000; i++) e820.push({ start: i * step, end: (i + 1) * step - 1, type: i % 2 ? E820.RAM : E820.RESERVED });
        const per = (64 * TiB) / 1024;
        const nodes = Array.from({ length: 1024 }, (_, n) => n);
        const srat = { cpus: nodes.map((n) => ({ pxm: n, apicId: n })), memory: nodes.map((n) => sratMemory(n, n * per, (n + 1) * per)) };
        const machine = pc(0, { e820, srat, cpus: 1024 });
        boot(machine);
        const started = performance.now();
        const { state } = boot(machine);
        expect(performance.now() - started).toBeLessThan(1000);
        expect(state.numa.online.length).toBe(1024);
    });

    it('prints masks as sysfs does', () => {
        expect([[], [0], [3, 1, 2], [0, 2, 3, 7]].map(formatList)).toEqual(['', '0', '1-3', '0,2-3,7']);
    });
});
