import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { E820 } from '../../../server/src/kernel/machine.ts';
import { GiB, intersect, MiB, sizeOf, TiB } from '../../../server/src/kernel/range.ts';
import { layOutMap, type MapLayout } from '../../../server/src/render/address-map.ts';
import { mapModel, type MapModel } from '../../../server/src/render/address-map-model.ts';
import { addressAt, place } from '../../../server/src/render/address-map-scale.ts';
import { ledger } from '../../../server/src/render/ledger.ts';
import { drawMap } from '../../../server/src/render/svg.ts';
import { textWidth } from '../../../server/src/render/svg-text.ts';
import { bootWith, EXAMPLES, modelOf, runsOfExample, runsOfText, statesOf } from './pictures.ts';

const WIDTHS = [400, 1400];

interface Area { readonly what: string; readonly x: number; readonly y: number; readonly width: number; readonly height: number }

/** Where texts are: box labels, callouts, ticks and titles of segments, row labels. */
function texts(layout: MapLayout): Area[] {
    const centred = (what: string, middle: number, y: number, size: number): Area => ({ what, x: middle - textWidth(what, size) / 2, y, width: textWidth(what, size), height: size });
    return [
        ...layout.boxes.filter((b) => b.label !== '').map((b) => centred(b.label, b.x + b.width / 2, b.y + 4, 12)),
        ...layout.callouts.map((c) => ({ what: c.text, x: c.x, y: c.y - 10, width: c.width, height: 11 })),
        ...layout.segments.filter((s) => s.label !== '').map((s) => centred(s.label, s.x + s.width / 2, 0, 10.5)),
        ...layout.segments.flatMap((s) => s.ticks.map((t) => {
            const width = textWidth(t.label, 10.5);
            return { what: t.label, x: t.anchor === 'start' ? t.x : t.anchor === 'end' ? t.x - width : t.x - width / 2, y: 18, width, height: 10.5 };
        })),
    ];
}

function overlaps(areas: readonly Area[]): string[] {
    const sorted = [...areas].sort((a, b) => a.x - b.x);
    const out: string[] = [];
    sorted.forEach((a, i) => {
        for (let k = i + 1; k < sorted.length && sorted[k]!.x < a.x + a.width - 0.01; k++) {
            const b = sorted[k]!;
            if (a.y < b.y + b.height - 0.01 && b.y < a.y + a.height - 0.01) out.push(`'${a.what}' and '${b.what}'`);
        }
    });
    return out;
}

/** What holds of every layout. */
function expectSound(model: MapModel, layout: MapLayout): void {
    // within a segment, everything that is drawn to scale is to scale
    for (const box of layout.boxes.filter((b) => !b.widened)) {
        const segment = layout.segments.find((s) => intersect(s.range, box.range))!;
        expect(box.width).toBeCloseTo(sizeOf(box.range) / segment.bytesPerPixel, 1);
        expect(box.x - segment.x).toBeCloseTo((box.range.start - segment.range.start) / segment.bytesPerPixel, 1);
    }
    // segments and breaks follow each other and fill the width
    const strips = [...layout.segments, ...layout.breaks].sort((a, b) => a.x - b.x);
    strips.slice(1).forEach((s, i) => {
        expect(s.x).toBeCloseTo(strips[i]!.x + strips[i]!.width, 0);
        expect(s.range.start).toBe(strips[i]!.range.end + 1);
    });
    expect(overlaps(texts(layout))).toEqual([]);
    for (const area of texts(layout)) {
        expect(area.x, area.what).toBeGreaterThanOrEqual(-0.01);
        expect(area.x + area.width, area.what).toBeLessThanOrEqual(layout.width + 0.01);
    }
    // nothing is dropped: every item that asks for a place is in a box of its row
    const rows = new Set(layout.rows.map((r) => r.name));
    for (const row of rows) {
        const wanted = model.items.filter((i) => i.row === row && i.minor !== true);
        const drawn = layout.boxes.filter((b) => b.row === row).reduce((n, b) => n + b.count, 0);
        expect(drawn).toBeGreaterThanOrEqual(wanted.length);
    }
    for (const box of layout.boxes) {
        expect(box.width).toBeGreaterThanOrEqual(3 - 0.01);
        expect(textWidth(box.label)).toBeLessThanOrEqual(box.width + 0.01);
    }
}

describe('the address map', () => {
    it.each(EXAMPLES)('%s: to scale, without overlapping texts, every loss in sight, in every state', (name) => {
        for (const run of runsOfExample(name)) {
            for (const [i, state] of statesOf(run).entries()) {
                const model = mapModel(state, i > 0 ? { previous: statesOf(run)[i - 1]! } : {});
                for (const width of WIDTHS) {
                    const layout = layOutMap(model, { width });
                    expectSound(model, layout);
                    const lost = ledger(state).accounts.flatMap((a) => a.stages.flatMap((s) => s.less)).filter((l) => l.kind === 'lost' && l.range);
                    expect(layout.boxes.filter((b) => b.row === 'lost').reduce((n, b) => n + b.count, 0)).toBeGreaterThanOrEqual(lost.length);
                    expect(layout.boxes.filter((b) => b.row === 'lost').reduce((n, b) => n + b.bytes, 0)).toBe(lost.reduce((n, l) => n + l.bytes, 0));
                }
            }
        }
    });

    it('is sound for random machines', () => {
        const piece = fc.record({ type: fc.constantFrom(E820.RAM, E820.RESERVED, E820.SOFT_RESERVED, E820.PRAM), mib: fc.integer({ min: 1, max: 70_000 }), gapMib: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2_000_000 })) });
        fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), fc.integer({ min: 340, max: 2000 }), (pieces, width) => {
            const model = mapModel(bootWith(pieces));
            expectSound(model, layOutMap(model, { width }));
        }), { numRuns: 40 });
    });

    it('is sound for random ranges, overlapping ones too', () => {
        const range = fc.record({ start: fc.integer({ min: 0, max: 2 ** 44 }), size: fc.integer({ min: 1, max: 2 ** 40 }), row: fc.constantFrom('objects' as const, 'lost' as const) });
        fc.assert(fc.property(fc.array(range, { minLength: 1, maxLength: 60 }), fc.integer({ min: 340, max: 2000 }), (ranges, width) => {
            const model = modelOf(ranges);
            expectSound(model, layOutMap(model, { width }));
        }), { numRuns: 150 });
    });

    it('draws three ranges apart and three thousand together, with their number', () => {
        const few = layOutMap(modelOf([0, 1, 2].map((i) => ({ start: i * GiB, size: GiB / 2 }))), { width: 400 });
        expect(few.boxes.map((b) => b.count)).toEqual([1, 1, 1]);
        const model = modelOf(Array.from({ length: 3000 }, (_, i) => ({ start: i * GiB, size: GiB / 2 })));
        const many = layOutMap(model, { width: 1400 });
        expectSound(model, many);
        expect(many.boxes.length).toBeLessThan(200);
        expect(many.boxes.reduce((n, b) => n + b.count, 0)).toBe(3000);
        expect(many.boxes.some((b) => /^×\d+$/.test(b.label))).toBe(true);
        expect(many.boxes[0]!.title).toMatch(/^\d+ ranges, .*; and \d+ more$/);
    });

    it('fits a window: what was drawn together comes apart', () => {
        const model = modelOf(Array.from({ length: 3000 }, (_, i) => ({ start: i * GiB, size: GiB / 2 })));
        const zoomed = layOutMap(model, { width: 1400, window: { start: 100 * GiB, end: 110 * GiB - 1 } });
        expect(zoomed.boxes.map((b) => b.count)).toEqual(Array.from({ length: 10 }, () => 1));
        expect(zoomed.boxes[0]!.range.start).toBe(100 * GiB);
    });

    it('leaves out what is empty, and says how much', () => {
        const layout = layOutMap(modelOf([{ start: 0, size: 4 * GiB }, { start: TiB, size: 4 * GiB }]), { width: 1000 });
        expect(layout.breaks.map((b) => b.label)).toEqual(['1020 GiB left out']);
        expect(layout.segments.map((s) => s.enlarged)).toEqual([1, 1]);
        expect(place(layout.scale, TiB)).toBe(layout.segments[1]!.x);
        expect(place(layout.scale, TiB / 2)).toBeUndefined();
        expect(addressAt(layout.scale, layout.segments[1]!.x + 1)).toBeGreaterThanOrEqual(TiB);
    });

    it('enlarges what would be too narrow, and says how much', () => {
        const layout = layOutMap(modelOf([{ start: 0, size: GiB }, { start: 8 * TiB, size: TiB }]), { width: 1000 });
        const [low, high] = layout.segments;
        expect(low!.width).toBeGreaterThan(60);
        expect(low!.enlarged).toBeCloseTo(high!.bytesPerPixel / low!.bytesPerPixel, 1);
        expect(low!.title).toContain('times enlarged');
    });

    it.each([400, 1000])('says in sight that a part is enlarged, however small or narrow it is (%i wide)', (width) => {
        const layout = layOutMap(modelOf([{ start: 0, size: MiB }, { start: TiB, size: 2 * TiB }, { start: 8 * TiB, size: GiB }, { start: 16 * TiB, size: 4 * TiB }]), { width });
        for (const s of layout.segments.filter((one) => one.enlarged >= 1.5)) expect(s.label).toMatch(/×[\d.⁰¹²³⁴⁵⁶⁷⁸⁹]+$/);
        expect(layout.segments.filter((s) => s.enlarged >= 1.5)).toHaveLength(2);
    });

    it('leaves out no gap where it would leave out another just as large only in part', () => {
        const many = Array.from({ length: 40 }, (_, i) => ({ start: i * 256 * MiB, size: 4 * MiB }));
        expect(layOutMap(modelOf(many), { width: 1000 }).breaks).toEqual([]);
        const apart = layOutMap(modelOf([...many, { start: TiB, size: 4 * MiB }]), { width: 1000 });
        expect(apart.breaks).toHaveLength(1);
    });

    it('has one scale for two maps beside each other', () => {
        const a = modelOf([{ start: 0, size: 4 * GiB }]);
        const b = modelOf([{ start: 0, size: 2 * GiB }, { start: TiB, size: 8 * GiB }]);
        const left = layOutMap(a, { width: 700, beside: b });
        const right = layOutMap(b, { width: 700, beside: a });
        expect(left.scale).toEqual(right.scale);
        expect(left.boxes).toHaveLength(1);
    });

    it('names round addresses in one unit', () => {
        const [segment] = layOutMap(modelOf([{ start: 0, size: 6 * TiB }]), { width: 1400 }).segments;
        expect(segment!.ticks.filter((t) => t.anchor === 'middle').map((t) => t.label)).toEqual(expect.arrayContaining(['0.5 TiB', '1 TiB', '1.5 TiB']));
    });

    it('tells a loss with its cause and rule on the side where there is room, and draws no line through a text', () => {
        for (const name of EXAMPLES) {
            for (const state of runsOfExample(name).flatMap(statesOf)) {
                for (const width of [400, 620, 1000, 1400]) {
                    const { callouts } = layOutMap(mapModel(state), { width });
                    const rows = callouts.filter((c) => c.id !== 'more');
                    for (const a of rows) {
                        for (const b of rows) if (a.y > b.y && a.fromY < b.y && a.fromY === b.fromY) expect(a.fromX <= b.x || a.fromX >= b.x + b.width, `${name} ${width}: line of '${a.text}' through '${b.text}'`).toBe(true);
                    }
                }
            }
        }
        const state = statesOf(runsOfExample('fast-reboot.memtopo')[0]!)[4]!;
        const told = (width: number): string => layOutMap(mapModel(state), { width }).callouts.map((c) => c.text).join('; ');
        expect(told(900)).toContain('dax0.0: before the next memory block (128 MiB) · KM-02');
        expect(told(620)).toContain('−126 MiB dax0.0 · KM-02');
    });

    it('tells many losses of one cause once', () => {
        const ranges = Array.from({ length: 200 }, (_, i) => `soft-reserved s${i} at ${65_536 + i * 1536}M size 1025M node 1`);
        const [run] = runsOfText(`platform many {\n kernel 6.12\n node 0 { cpus 0-3 memory at 0 size 2G memory at 4G size 60G }\n node 1\n ${ranges.join('\n ')}\n}\n`);
        const layout = layOutMap(mapModel(run!.boot.state), { width: 1400 });
        expect(layout.callouts.map((c) => c.text).sort()).toEqual(['−200 GiB in 200 ranges: no dax region: start or end off 2 MiB · HMEM-05', '−388 KiB boot memory in 2 ranges']);
    });

    it('draws persistent memory that lies on RAM as a fault', () => {
        const base = bootWith([]);
        const state = { ...base, machine: { ...base.machine, nfit: [{ start: GiB, end: 4 * GiB - 1, dimms: ['d0'], labelSize: 0 }] } };
        const nfit = layOutMap(mapModel(state), { width: 1000 }).boxes.find((b) => b.sourceKey === `nfit:${GiB}`)!;
        expect(nfit.fault).toBe(true);
        expect(nfit.label).toMatch(/^⚠/);
    });

    it('strikes no letter through: a label on hatching has a plate under it', () => {
        const [run] = runsOfText('platform p {\n kernel 6.12\n node 0 { cpus 0-3 memory at 0 size 2G memory at 4G size 12G }\n node 1 { memory at 14G size 8G }\n soft-reserved s at 65537M size 4097M node 1\n}\n');
        const { elements } = drawMap(layOutMap(mapModel(run!.boot.state), { width: 1400 }), { theme: 'light' });
        const struck = elements.filter((e) => e.includes('url(#mt-hatch)') && e.includes('<text'));
        expect(struck.length).toBeGreaterThan(2);
        for (const e of struck) expect(e).toMatch(/<rect[^>]*url\(#mt-hatch\)[^>]*\/><rect[^>]*class="plate-[^>]*\/><text/);
    });

    it('draws entries of the firmware that overlap apart, as faults', () => {
        const [run] = runsOfText('platform p {\n kernel 6.12\n e820 { 0x0-0x7fffffff ram\n 0x40000000-0x4fffffff reserved }\n cpus 2\n}\n');
        const state = run?.boot.state ?? bootWith([]);
        const faulty = { ...state, machine: { ...state.machine, e820: [{ start: 0, end: 2 * GiB - 1, type: E820.RAM }, { start: GiB, end: GiB + 256 * MiB - 1, type: E820.RESERVED }] } };
        const layout = layOutMap(mapModel(faulty), { width: 1000 });
        const [ram, reserved] = layout.boxes.filter((b) => b.row === 'firmware');
        expect([ram!.fault, reserved!.fault]).toEqual([true, true]);
        expect(reserved!.y).toBeGreaterThanOrEqual(ram!.y + ram!.height);
        expect(ram!.label).toMatch(/^⚠/);
    });

    it('shows sections, then sub-sections, when zoomed in', () => {
        const model = mapModel(runsOfExample('sub-section.memtopo')[0]!.steps.at(-1)!.state);
        const all = layOutMap(model, { width: 1000 });
        const start = model.items.find((i) => i.row === 'sections')!.range.start;
        const near = layOutMap(model, { width: 1000, window: { start, end: start + 256 * MiB - 1 } });
        expect(near.rows.map((r) => r.name)).toContain('sections');
        expect(near.grid.filter((g) => !g.strong).length).toBeGreaterThan(100);
        expect(near.grid.filter((g) => g.strong).length).toBe(1);
        expect(all.grid.some((g) => !g.strong)).toBe(false);
    });

    it('selects by key, by what made it and by address', () => {
        const model = modelOf([{ start: 0, size: GiB }, { start: GiB, size: GiB }]);
        const selected = (selection: { key?: string; range?: { start: number; end: number } }): string[] => layOutMap(model, { width: 500, selection }).boxes.filter((b) => b.selected).map((b) => b.id);
        expect(selected({ key: 't:1' })).toEqual(['t:1']);
        expect(selected({ range: { start: 0, end: 0 } })).toEqual(['t:0']);
        expect(selected({})).toEqual([]);
    });

    it('marks what a step changed', () => {
        const run = runsOfExample('fast-reboot.memtopo')[0]!;
        const model = mapModel(run.steps.at(-1)!.state, { previous: run.boot.state });
        expect(model.items.some((i) => i.mark === 'added')).toBe(true);
        expect(mapModel(run.boot.state, { previous: run.boot.state }).items.every((i) => i.mark === 'same')).toBe(true);
    });
});
