// Sentences that hold in every state that the recorded machines go through, and about replays as such.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { replay } from '../../server/src/cli/replay.ts';
import { stateProblems } from '../property/sound.ts';
import { loadSet, SETS } from './cases.ts';

describe.each(SETS)('every state of the recorded machines: %s', (set) => {
    it('is sound', () => {
        const problems: string[] = [];
        for (const c of loadSet(set)) {
            replay(c.input, {
                visit: (state, step) => {
                    for (const p of stateProblems(state)) problems.push(`${c.name} ${step?.id ?? 'boot'}: ${p}`);
                },
            });
        }
        expect(problems).toEqual([]);
    });
});

describe('replays', () => {
    const cases = SETS.flatMap(loadSet);

    it('of a prefix are the prefix of the replay', () => {
        fc.assert(fc.property(fc.constantFrom(...cases), fc.nat(40), (c, n) => {
            const whole = replay(c.input);
            const part = replay({ ...c.input, steps: c.input.steps.slice(0, n) });
            expect(part.initial).toEqual(whole.initial);
            expect(part.steps).toEqual(whole.steps.slice(0, part.steps.length));
        }), { numRuns: 40 });
    });

    it('come to the same from lines as they were typed, loops and all, as from the plain commands behind them', () => {
        const compound = cases.map((c) => ({ c, steps: c.input.steps.filter((s) => s.cmds && s.kind !== 'shell') })).filter(({ steps }) => steps.length > 0);
        expect(compound.length).toBeGreaterThan(10);
        for (const { c } of compound) {
            const typed = replay({ ...c.input, steps: c.input.steps.map(({ cmds, until_success, ...rest }) => rest) });
            const bare = ({ id, rc, errno, changed, unchanged }: ReturnType<typeof replay>['steps'][number]): unknown => ({ id, rc, errno, changed, unchanged });
            expect(typed.steps.map(bare), c.name).toEqual(replay(c.input).steps.map(bare));
        }
    });

    it('survive steps of another machine', () => {
        fc.assert(fc.property(fc.constantFrom(...cases), fc.constantFrom(...cases), (machine, steps) => {
            const problems: string[] = [];
            replay({ ...machine.input, steps: steps.input.steps }, { visit: (state) => problems.push(...stateProblems(state)) });
            expect(problems).toEqual([]);
        }), { numRuns: 60 });
    });
});
