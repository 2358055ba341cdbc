// What travels to the preview instead of whole models.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeldModel } from '../../../client/src/preview/held.ts';
import { changed, deltaOf, type PreviewAnswer, withDelta } from '../../../server/src/features/preview-delta-protocol.ts';
import { preview, PreviewMemory } from '../../../server/src/features/preview.ts';
import type { PreviewModel } from '../../../server/src/features/preview-protocol.ts';
import { Previews } from '../../../server/src/server/previews.ts';
import { analyse, URI } from '../../fixture.ts';

/** As a message arrives: a copy, without what is undefined. */
const sent = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe('a delta of plain data', () => {
    const item = fc.record({ key: fc.nat(6), name: fc.constantFrom('a', 'b'), at: fc.option(fc.record({ start: fc.nat(5) }), { nil: undefined }) });
    const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.array(item, { maxLength: 8 }), fc.record({ list: fc.array(item, { maxLength: 6 }), size: fc.nat(3) }));
    it('makes the second value of the first, and leaves both alone', () => {
        fc.assert(fc.property(value, value, (before, after) => {
            const delta = deltaOf(before, after);
            const copies = [sent({ before }), sent({ after })];
            expect(sent({ x: delta ? withDelta(before, sent(delta)) : before })).toEqual(sent({ x: after }));
            expect([sent({ before }), sent({ after })]).toEqual(copies);
        }));
    });
    it('knows a property from what every object inherits', () => {
        const named = (key: string): object => Object.fromEntries([[key, false]]);
        for (const key of ['toString', '__proto__', 'constructor']) {
            for (const [before, after] of [[named(key), {}], [{}, named(key)]] as const) {
                expect(Object.entries(withDelta(before, sent(deltaOf(before, after)!)) as object)).toEqual(Object.entries(after));
            }
        }
    });
    it('is nothing between like values', () => {
        fc.assert(fc.property(value, (v) => {
            expect(deltaOf(sent({ v }).v, sent({ v }).v)).toBeUndefined();
        }));
    });
    it('keeps the objects that stayed the same', () => {
        const before = { list: [{ a: 1 }, { a: 2 }, { a: 3 }], other: { b: 1 } };
        const after = withDelta(before, deltaOf(before, { list: [{ a: 1 }, { a: 9 }, { a: 8 }, { a: 3 }], other: { b: 1 } })!) as typeof before;
        expect(after.list[0]).toBe(before.list[0]);
        expect(after.list[3]).toBe(before.list[2]);
        expect(after.other).toBe(before.other);
    });
});

const TEXT = `platform fast {
    kernel 6.1
    cmdline "memmap=2G!6G"
    node 0 { cpus 0-3  memory 0x0-0x9fbff  memory at 1M size 2047M  memory at 4G size 6G }
}
scenario "take it" on fast {
    $ ndctl create-namespace --mode=devdax --map=mem -e namespace0.0 -f
    $ modprobe kmem
    $ echo dax0.0 > /sys/bus/dax/drivers/device_dax/unbind
    expect ok
}
`;

describe('a panel that is kept up', () => {
    const model = (text: string, offset: number, memory: PreviewMemory): PreviewModel => preview(analyse(text).analysis, { uri: URI, offset }, memory);

    it('shows what the server has, whatever is typed', () => {
        const edit = fc.record({ at: fc.nat(TEXT.length), cut: fc.nat(3), put: fc.constantFrom('', ' ', '\n', '1', 'x', '{', '"', '    reserved at 1T size 1M\n') });
        fc.assert(fc.property(fc.array(fc.tuple(edit, fc.nat(TEXT.length)), { maxLength: 8 }), (edits) => {
            const memory = new PreviewMemory();
            const previews = new Previews();
            const panel = new HeldModel();
            let page: PreviewModel | undefined;
            let text = TEXT;
            for (const [{ at, cut, put }, offset] of edits) {
                text = text.slice(0, at) + put + text.slice(at + cut);
                const now = model(text, offset, memory);
                const answer = sent(previews.answer(now, panel.stamp));
                expect(panel.take(answer)).toBe(true);
                const message = sent(panel.message({ uri: URI, offset, view: { compareWith: 'step', tab: 'iomem' } }, answer))!;
                page = message.kind === 'model' ? message.model : message.kind === 'change' ? changed(page!, message.change) : page;
                expect(sent(page)).toEqual(sent(now));
            }
        }), { numRuns: 60 });
    });

    it('gets a few bytes for a key, also where all places behind it move', () => {
        const memory = new PreviewMemory();
        const previews = new Previews();
        const ranges = Array.from({ length: 500 }, (_, i) => `    reserved at 0x${(2 ** 40 + i * 2 ** 22).toString(16)} size ${i === 250 ? '%' : '1M'}\n`).join('');
        const text = (size: string): string => TEXT.replace('    node', `${ranges.replace('%', size)}    node`);
        const first = previews.answer(model(text('1M'), 20, memory), undefined);
        const second = previews.answer(model(text('2048K'), 20, memory), first.stamp);
        expect('change' in second && second.change.shift).toMatchObject({ by: 3 });
        expect(JSON.stringify(second).length).toBeLessThan(JSON.stringify(first).length / 50);
    });

    it('begins anew where the server has forgotten, or has begun anew', () => {
        const panel = new HeldModel();
        const now = model(TEXT, 20, new PreviewMemory());
        panel.take(new Previews().answer(now, panel.stamp));
        expect(new Previews().answer(now, panel.stamp)).toHaveProperty('model');
        const foreign: PreviewAnswer = { stamp: 9, base: 8, change: {} };
        expect(panel.take(foreign)).toBe(false);
        expect(panel.stamp).toBeUndefined();
    });
});
