import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { E820 } from '../../../server/src/kernel/machine.ts';
import { ledger, type Ledger } from '../../../server/src/render/ledger.ts';
import { drawWaterfalls } from '../../../server/src/render/svg-waterfall.ts';
import { accountWaterfall, platformWaterfall, sizeBeside, type Waterfall, waterfalls } from '../../../server/src/render/waterfall.ts';
import { bootWith, EXAMPLES, runsOfExample, runsOfText, statesOf } from './pictures.ts';

/** First less everything taken off is the last, and each bar begins where the one before ended. */
function expectBalanced(w: Waterfall): void {
    const taken = w.bars.filter((b) => b.kind !== 'start' && !(b === w.bars.at(-1)));
    let left = w.bars[0]!.bytes;
    for (const bar of taken) {
        expect(bar.to).toBe(left);
        expect(bar.to - bar.from).toBe(bar.bytes);
        left = bar.from;
    }
    expect(w.bars.at(-1)!.bytes).toBe(left);
}

function expectComplete(book: Ledger): void {
    const whole = platformWaterfall(book);
    expectBalanced(whole);
    expect(whole.bars[0]!.bytes).toBe(book.total.described);
    expect(whole.bars.at(-1)!.bytes).toBe(book.total.ram);
    expect(whole.bars.filter((b) => b.kind === 'lost').reduce((n, b) => n + b.bytes, 0)).toBe(book.total.lost);
    for (const account of book.accounts) expectBalanced(accountWaterfall(account));
}

describe('the waterfall', () => {
    it.each(EXAMPLES)('%s: ends with the RAM in use, and each loss has a rule', (name) => {
        for (const run of runsOfExample(name)) {
            for (const state of statesOf(run)) {
                const book = ledger(state);
                expectComplete(book);
                for (const bar of platformWaterfall(book).bars.filter((b) => b.kind === 'lost')) expect(bar.rules.length, bar.label).toBeGreaterThan(0);
            }
        }
    });

    it('balances on random machines', () => {
        const piece = fc.record({ type: fc.constantFrom(E820.RAM, E820.SOFT_RESERVED, E820.PRAM), mib: fc.integer({ min: 1, max: 70_000 }), gapMib: fc.integer({ min: 0, max: 5000 }) });
        fc.assert(fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => expectComplete(ledger(bootWith(pieces)))), { numRuns: 60 });
    });

    it('draws devices that go the same way once, and nothing for no bytes', () => {
        const ranges = Array.from({ length: 20 }, (_, i) => `soft-reserved s${i} at ${65_536 + i * 1536}M size 1025M node 1`);
        const [run] = runsOfText(`platform many {\n kernel 6.12\n node 0 { cpus 0-3 memory at 0 size 2G memory at 4G size 60G }\n node 1\n ${ranges.join('\n ')}\n}\n`);
        const all = waterfalls(ledger(run!.boot.state));
        const svg = drawWaterfalls(all, 1400, { theme: 'light' }).elements.join('');
        expect(all).toHaveLength(22);
        expect(svg).toContain('hmem.0, hmem.1, hmem.2, hmem.3 and 16 more, each');
        expect(svg.match(/>1025 MiB</g)).toHaveLength(1);
        expect(svg).not.toMatch(/= 0 B in use as RAM[^<]*<\/title><rect/);
        // one column of numbers
        expect(new Set([...svg.matchAll(/<text x="([\d.]+)"[^>]*text-anchor="end"/g)].map((m) => m[1])).size).toBe(1);
    });

    it('compares sizes that add up', () => {
        expect(sizeBeside(1025 * 2 ** 20, 1025 * 2 ** 20)).toBe('1025 MiB');
        expect(sizeBeside(6 * 2 ** 30, 8 * 2 ** 30)).toBe('6 GiB');
    });
});
