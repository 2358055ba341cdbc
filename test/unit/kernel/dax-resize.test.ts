import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { availableSize, daxCreate, daxDelete, daxUnbind, devicesOf, deviceSize } from '../../../server/src/kernel/dax-bus.ts';
import { daxAddMapping, daxSetAlign, daxSetSize } from '../../../server/src/kernel/dax-resize.ts';
import { contains, formatRange, GiB, MiB, normalize, overlaps, sizeOf } from '../../../server/src/kernel/range.ts';
import type { Tx } from '../../../server/src/kernel/tx.ts';
import { type Given, SOFT, started } from './dax-machine.ts';

/** dax0.0 unbound and empty. */
function empty(given: Given = {}): Tx {
    const tx = started(given);
    daxUnbind(tx, 'device_dax', 'dax0.0');
    daxSetSize(tx, 'dax0.0', '0');
    return tx;
}

const ranges = (tx: Tx, name: string) => tx.state.dax.devices.get(name)!.mappings.map((m) => `${formatRange(m)}@${m.pageOffset.toString(16)}`);
const at = (offset: number, size: number) => `${(SOFT + offset).toString(16)}-${(SOFT + offset + size - 1).toString(16)}`;

describe('size', () => {
    it.each([
        ['foo', 'EINVAL'], ['1G', 'EINVAL'], ['08', 'EINVAL'], ['', 'EINVAL'], ['010000000000', 0], ['99999999999999999999999', 'ERANGE'], ['0x10000000000000000', 'ERANGE'], ['-1', 'EINVAL'], ['4096', 'EINVAL'], ['0x40000000', 0], ['1073741824', 0], ['0x140000000', 'ENOSPC'],
    ] as const)('%s answers %s', (value, result) => expect(daxSetSize(empty(), 'dax0.0', value)).toBe(result));

    it('reports misalignment before a bound driver, and a bound driver before the same size', () => {
        const tx = started();
        expect(daxSetSize(tx, 'dax0.0', '4096')).toBe('EINVAL');
        expect(daxSetSize(tx, 'dax0.0', `${4 * GiB}`)).toBe('EBUSY');
    });
    it('is a multiple of 2 MiB even with an align of 4 KiB', () => {
        const tx = empty();
        expect(daxSetAlign(tx, 'dax0.0', '4096')).toBe(0);
        expect(daxSetSize(tx, 'dax0.0', '1048576')).toBe('EINVAL');
        expect(tx.notes.at(-1)!.data).toEqual({ unit: 2 * MiB, below: 0, above: 2 * MiB });
    });
    it('grows first fit into several pieces in order of allocation (example O6)', () => {
        const tx = empty();
        for (let i = 1; i <= 2; i++) daxCreate(tx, 'hmem.0', '1');
        for (const name of ['dax0.0', 'dax0.1', 'dax0.2']) daxSetSize(tx, name, '0x40000000');
        daxSetSize(tx, 'dax0.1', '0');
        daxDelete(tx, 'hmem.0', 'dax0.1');
        expect(daxSetSize(tx, 'dax0.2', '0xc0000000')).toBe(0);
        expect(ranges(tx, 'dax0.2')).toEqual([`${at(2 * GiB, GiB)}@0`, `${at(GiB, GiB)}@40000`, `${at(3 * GiB, GiB)}@80000`]);
        expect(tx.notes.at(-1)!.code).toBe('dax/fragmented');
        expect(daxSetSize(tx, 'dax0.2', '0x80000000')).toBe(0);
        expect(daxSetSize(tx, 'dax0.2', '0x60000000')).toBe(0);
        expect(ranges(tx, 'dax0.2')).toEqual([`${at(2 * GiB, GiB)}@0`, `${at(GiB, GiB / 2)}@40000`]);
    });
    it('extends its own last range in place', () => {
        const tx = empty();
        daxSetSize(tx, 'dax0.0', '0x40000000');
        daxSetSize(tx, 'dax0.0', '0x80000000');
        expect(ranges(tx, 'dax0.0')).toEqual([`${at(0, 2 * GiB)}@0`]);
    });
    it('takes the gap before the first range first', () => {
        const tx = empty();
        daxAddMapping(tx, 'dax0.0', at(GiB, GiB));
        daxSetSize(tx, 'dax0.0', '0x60000000');
        expect(ranges(tx, 'dax0.0')).toEqual([`${at(GiB, GiB)}@0`, `${at(0, GiB / 2)}@40000`]);
    });
});

describe('align', () => {
    it.each([['4096', 0], ['2097152', 0], ['0x40000000', 0], ['3145728', 'EINVAL'], ['16777216', 'EINVAL'], ['2M', 'ENXIO']] as const)(
        '%s answers %s', (value, result) => expect(daxSetAlign(empty(), 'dax0.0', value)).toBe(result));

    it('must divide every range, and says so when a start is off it', () => {
        const tx = empty({ start: SOFT + 512 * MiB, soft: 3 * GiB });
        daxSetSize(tx, 'dax0.0', '0x60000000');
        expect(daxSetAlign(tx, 'dax0.0', '0x40000000')).toBe('EINVAL');
        expect(tx.state.dax.devices.get('dax0.0')!.align).toBe(2 * MiB);
        daxSetSize(tx, 'dax0.0', '0x40000000');
        expect(daxSetAlign(tx, 'dax0.0', '0x40000000')).toBe(0);
        expect(tx.notes.at(-1)!.code).toBe('dax/align-start');
    });
    it('is refused on a bound device', () => expect(daxSetAlign(started(), 'dax0.0', '4096')).toBe('EBUSY'));
});

describe('mapping', () => {
    it.each([
        ['foo', 'EINVAL'], ['140000000', 'EINVAL'], ['150000000-15fffffff', 0], ['0x150000000-0x15fffffff', 0], ['150000000-1500fffff', 'ENXIO'],
        ['19fffffff-190000000', 'ENXIO'], ['1a0000000-18fffffff', 'ENOMEM'], ['130000000-14fffffff', 'ENOMEM'], ['230000000-24fffffff', 'ENOMEM'],
        ['150000000-14fffffff', 0],
    ] as const)('%s answers %s', (value, result) => expect(daxAddMapping(empty(), 'dax0.0', value)).toBe(result));

    it('ignores a misaligned length silently from v6.9 on (DAX-16)', () => {
        const tx = started({ kernel: '6.12' });
        daxSetSize(tx, 'dax0.0', '0');
        const before = tx.state;
        expect(daxAddMapping(tx, 'dax0.0', '150000000-1500fffff')).toBe(0);
        expect(tx.state).toBe(before);
        expect(tx.notes.at(-1)!.code).toBe('dax/mapping-ignored');
    });
    it('is accepted while bound, and changes nothing in iomem', () => {
        const tx = empty();
        daxSetSize(tx, 'dax0.0', '0x40000000');
        const { iomem } = tx.state;
        expect(daxAddMapping(tx, 'dax0.0', at(2 * GiB, GiB))).toBe(0);
        expect(tx.state.iomem).toBe(iomem);
    });
    it('refuses what another device has', () => {
        const tx = empty();
        daxSetSize(tx, 'dax0.0', '0x40000000');
        daxCreate(tx, 'hmem.0', '1');
        expect(daxAddMapping(tx, 'dax0.1', at(GiB - 2 * MiB, 4 * MiB))).toBe('ENOMEM');
        expect(tx.notes.at(-1)!.others).toEqual(['dax0.0']);
    });
});

// ---------------------------------------------------------------------------------------------------------------- properties

interface Op {
    readonly verb: 'create' | 'delete' | 'size' | 'align' | 'mapping';
    readonly device: number;
    readonly units: number;
    readonly start: number;
}

const op: fc.Arbitrary<Op> = fc.record({
    verb: fc.constantFrom('create' as const, 'delete' as const, 'size' as const, 'size' as const, 'align' as const, 'mapping' as const),
    device: fc.nat(4), units: fc.nat(64), start: fc.nat(70),
});

const UNIT = 64 * MiB;

function apply(tx: Tx, o: Op): unknown {
    const name = `dax0.${o.device}`;
    if (o.verb === 'create') return daxCreate(tx, 'hmem.0', '1');
    if (o.verb === 'delete') return daxDelete(tx, 'hmem.0', name);
    if (!tx.state.dax.devices.has(name)) return 'ENOENT';
    if (o.verb === 'size') return daxSetSize(tx, name, `${o.units * UNIT}`);
    if (o.verb === 'align') return daxSetAlign(tx, name, ['4096', '2097152', '1073741824', '5'][o.units % 4]!);
    const start = SOFT - UNIT + o.start * UNIT;
    return daxAddMapping(tx, name, `${start.toString(16)}-${(start + (o.units % 8) * UNIT - 1).toString(16)}`);
}

describe('any sequence of operations', () => {
    it('keeps ranges inside the region, disjoint, with page offsets that count on, and refusals change nothing', () => {
        fc.assert(fc.property(fc.array(op, { maxLength: 40 }), (ops) => {
            const tx = empty();
            const region = tx.state.dax.regions.get('hmem.0')!;
            const { iomem, memory } = tx.state;
            for (const o of ops) {
                const before = tx.state;
                if (apply(tx, o) !== 0) expect(tx.state).toBe(before);
                const devices = devicesOf(tx.state.dax, 'hmem.0');
                const all = devices.flatMap((d) => d.mappings);
                expect(all.every((m) => contains(region.range, m))).toBe(true);
                expect(all.some((a, i) => all.slice(i + 1).some((b) => overlaps(a, b)))).toBe(false);
                for (const d of devices) {
                    let offset = 0;
                    for (const [i, m] of d.mappings.entries()) {
                        expect([m.id, m.pageOffset]).toEqual([i, offset / 4096]);
                        expect(sizeOf(m) % Math.max(d.align, 2 * MiB)).toBe(0);
                        offset += sizeOf(m);
                    }
                }
                expect(availableSize(tx.state.dax, region) + all.reduce((s, m) => s + sizeOf(m), 0)).toBe(sizeOf(region.range));
            }
            expect([tx.state.iomem, tx.state.memory]).toEqual([iomem, memory]);
        }), { numRuns: 200 });
    });

    it('can be undone: emptying every device frees every byte, and one device can take all of it', () => {
        fc.assert(fc.property(fc.array(op, { maxLength: 30 }), (ops) => {
            const tx = empty();
            const region = tx.state.dax.regions.get('hmem.0')!;
            for (const o of ops) apply(tx, o);
            for (const d of devicesOf(tx.state.dax, 'hmem.0')) expect(daxSetSize(tx, d.name, '0')).toBe(0);
            for (const d of devicesOf(tx.state.dax, 'hmem.0')) if (d.id !== 0) expect(daxDelete(tx, 'hmem.0', d.name)).toBe(0);
            expect(availableSize(tx.state.dax, region)).toBe(sizeOf(region.range));
            expect(daxSetSize(tx, 'dax0.0', `${4 * GiB}`)).toBe(0);
            expect(deviceSize(tx.state.dax.devices.get('dax0.0')!)).toBe(4 * GiB);
            expect(normalize(tx.state.dax.devices.get('dax0.0')!.mappings)).toEqual([region.range]);
        }), { numRuns: 100 });
    });
});
