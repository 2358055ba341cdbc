import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { E820 } from '../../../server/src/kernel/machine.ts';
import { ledger, type Ledger } from '../../../server/src/render/ledger.ts';
import { accountWaterfall, platformWaterfall, type Waterfall } from '../../../server/src/render/waterfall.ts';
import { bootWith, EXAMPLES, runsOfExample, statesOf } from './pictures.ts';

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
});
