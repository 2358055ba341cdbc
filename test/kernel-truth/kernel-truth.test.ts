// Recorded runs of real kernels against the simulator. Prints the score by family and holds the floor: no number may fall.
// A mismatch is never patched by a special case for a name or an address; find the rule (docs/kernel-model-findings.md).
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadSet, SETS, sharedRecordings } from './cases.ts';
import { compareCase, type CaseResult, type RunDocument } from '../../server/src/formats/compare.ts';
import { below, floorOf, readFloor } from './floor.ts';
import { scoreCase, table, tally } from './score.ts';

describe.each(SETS)('recorded runs: %s', (set) => {
    const scored = loadSet(set).map(scoreCase);
    const rows = tally(scored);

    it('no prediction crashes', () => {
        expect(scored.filter((s) => s.crash).map((s) => `${s.recorded.name}: ${s.crash}`)).toEqual([]);
    });

    it('is not under the floor', () => {
        // The table is the point of the run; a reporter that hides console output hides it.
        console.log(table(set, rows));
        expect(below(readFloor()[set], floorOf(rows.get('TOTAL')!))).toEqual([]);
    });
});

describe('comparison rules', () => {
    const cases = loadSet('6.1');

    it('a run compared with itself is exact', () => {
        for (const c of cases) {
            // A recording leaves `changed` out where nothing changed; a prediction has to say so.
            const steps = c.truth.steps.map((s) => (s.changed ? s : { ...s, unchanged: true }));
            expect(compareCase(c.truth, { ...c.truth, steps }).exact, c.name).toBe(true);
        }
    });

    it('a run of nothing is wrong in every boot', () => {
        for (const c of cases) expect(compareCase(c.truth, { initial: {}, steps: [] }).bootExact, c.name).toBe(false);
    });

    const published = join(sharedRecordings(), 'compare.mjs');
    it.skipIf(!existsSync(published))('agree with the published scorer in every step', async () => {
        interface TheirStep { id: string; scored: boolean; changing: boolean; exact: boolean }
        const theirs = (await import(pathToFileURL(published).href)) as {
            compareCase: (truth: unknown, prediction: unknown) => { exact: boolean; boot: { exact: boolean }; steps: TheirStep[] };
        };
        const brief = (r: CaseResult): unknown => ({
            exact: r.exact, boot: r.bootExact, steps: r.steps.map((s) => ({ id: s.id, scored: s.scored, acting: s.acting, exact: s.exact })),
        });
        for (const set of SETS) {
            for (const c of loadSet(set)) {
                const prediction = scoreCase(c).prediction as RunDocument;
                const r = theirs.compareCase(c.truth, prediction);
                const other = {
                    exact: r.exact, boot: r.boot.exact, steps: r.steps.map((s) => ({ id: s.id, scored: s.scored, acting: s.changing, exact: s.exact })),
                };
                expect(brief(compareCase(c.truth, prediction)), `${set} ${c.name}`).toEqual(other);
            }
        }
    });
});
