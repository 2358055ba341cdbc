import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadSet } from '../../kernel-truth/cases.ts';
import { machineOf } from '../../../server/src/formats/recording.ts';
import { lowerFile } from '../../../server/src/language/file.ts';
import { q35Layout, qemuMachine } from '../../../server/src/formats/qemu.ts';
import { GiB, MiB, sizeOf } from '../../../server/src/kernel/range.ts';

const recorded = loadSet('6.1');
/** `-m 4G,slots=8` → bytes of RAM; the backends of `-numa` nodes where they say otherwise. */
function ramBytes(args: readonly string[]): number {
    const text = args[args.indexOf('-m') + 1]!.split(',')[0]!.replace(/^size=/, '');
    const m = /^(\d+)([MGT]?)$/.exec(text)!;
    return Number(m[1]) * { '': MiB, M: MiB, G: GiB, T: 1024 * GiB }[m[2] as '' | 'M' | 'G' | 'T'];
}
const nodesOf = (args: readonly string[]): string[] =>
    args.filter((a) => a.startsWith('node,')).map((a) => [...a.matchAll(/cpus=(\d+)/g)].map((m) => m[1]).join('+'));

describe('q35 RAM layout', () => {
    it('keeps every byte, splits at 2 GiB from 2.75 GiB on', () => {
        fc.assert(fc.property(fc.integer({ min: 1, max: 4096 }), (n) => {
            const size = n * 64 * MiB;
            const parts = q35Layout(size);
            expect(parts.reduce((sum, p) => sum + sizeOf(p), 0)).toBe(size);
            expect(parts.length).toBe(size < 0xb0000000 ? 1 : 2);
        }));
    });
});

describe('recorded machines as QEMU arguments again', () => {
    const plain = recorded.filter((c) => !c.input.cxl_windows?.length && c.input.firmware === 'seabios');
    it.each(plain.map((c) => [c.name, c] as const))('%s has its RAM, its nodes and its devices', (_, c) => {
        const { args, differences } = qemuMachine(machineOf(c.input));
        expect(differences).toEqual([]);
        expect(ramBytes(args)).toBe(ramBytes(c.input.qemu));
        // A node with neither CPU, memory nor distances is in none of the tables.
        const inTables = (id: number): boolean => id < (c.input.slit?.length ?? 0) || c.input.srat.some((l) => l.includes(`PXM ${id} `));
        const had = c.input.qemu.filter((a) => a.startsWith('node,') && inTables(Number(/nodeid=(\d+)/.exec(a)![1]))).length;
        if (had > 0 && c.input.srat.length > 0) expect(nodesOf(args).length).toBe(had);
        for (const device of c.input.devices ?? []) expect(args.join(' ')).toContain(`addr=${device.start}`);
    });
});

describe('examples as QEMU arguments', () => {
    const folder = new URL('../../../examples/', import.meta.url);
    const platforms = readdirSync(folder).filter((f) => f.endsWith('.memtopo')).flatMap((name) => {
        const uri = new URL(name, folder).href;
        return lowerFile(uri, readFileSync(new URL(name, folder), 'utf8'), (other) => readFileSync(new URL(other), 'utf8')).platforms.map((p) => [`${name}: ${p.name}`, p.machine] as const);
    });
    /** Values of every `-flag`. */
    const after = (args: readonly string[], flag: string): string[] => args.filter((_, i) => args[i - 1] === flag);

    it.each(platforms)('%s: every backend is used and none is missing, devices lie where they are described', (_, machine) => {
        const { args, differences } = qemuMachine(machine);
        const made = after(args, '-object').map((o) => /id=([^,]+)/.exec(o)![1]);
        const used = [...after(args, '-device'), ...after(args, '-numa'), ...after(args, '-machine')].flatMap((o) => [...o.matchAll(/(?:memdev|memory-backend)=([^,]+)/g)].map((m) => m[1]));
        expect([...made].sort()).toEqual([...used].sort());
        for (const device of [...machine.devices, ...machine.nfit]) {
            if (device.start >= 0) expect(args.some((a) => a.includes(`addr=${device.start}`))).toBe(true);
        }
        for (const text of differences) expect(text).toMatch(/\S{3,}/);
        expect(args.join(' ')).not.toMatch(/undefined|NaN/);
    });

    it('most of them can be had exactly', () => {
        const exact = platforms.filter(([, machine]) => qemuMachine(machine).differences.length === 0);
        expect(exact.length).toBeGreaterThan(platforms.length * 0.6);
    });
});
