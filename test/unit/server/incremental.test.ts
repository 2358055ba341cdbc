// What did not change is not done again, and the answer is the same as from scratch.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Project } from '../../../server/src/server/project.ts';
import { warmUp } from '../../../server/src/server/warm.ts';
import { platforms } from '../../bench/texts.ts';

const URI = 'file:///a.memtopo';
const project = (): Project => new Project(async () => undefined);
const told = (p: Project): unknown => {
    const a = p.analysis(URI)!;
    return a.findings().map((f) => ({ code: f.code, message: f.message, range: a.range(f.at), related: f.related.map((r) => a.location(r.at).range) }));
};

describe('a new version', () => {
    test('reuses the declarations that did not change, parsed, lowered and run', () => {
        const p = project();
        const text = platforms(20);
        p.setText(URI, 1, text);
        const before = p.analysis(URI)!;
        const runs = before.scenarios.map((s) => before.runs(s.lowered));
        p.setText(URI, 2, text.replace('platform machine-7 {', 'platform machine-7 {\n    // new\n'));
        const after = p.analysis(URI)!;
        after.platforms.forEach((x, i) => (i === 7 ? expect(x.lowered).not.toBe(before.platforms[i]!.lowered) : expect(x.lowered).toBe(before.platforms[i]!.lowered)));
        after.scenarios.forEach((s, i) => {
            const now = after.runs(s.lowered);
            // machine-7 says the same as before: its scenario is lowered anew, its states are the old ones
            if (i === 7) expect(now[0]!.steps.at(-1)!.state).toBe(runs[i]![0]!.steps.at(-1)!.state);
            else expect(now).toBe(runs[i]);
        });
    });

    const chain = `${platforms(3)}platform x extends machine-1 {\n    node 5 { memory at 200G size 1G }\n}\nscenario "x" on x {\n    $ echo offline > /sys/devices/system/memory/memory0/state\n}\nplatform y extends x { }\nscenario "y" on y { }\nplatform loop extends hoop { }\nplatform hoop extends loop { }\nplatform tail extends hoop { }\n`;
    const added = fc.constantFrom('', ' ', '}', '{', '\n', '"', 'x', '1', 'platform q { }\n', '// note\n', 'platform x { }\n', 'scenario "x" on y { }\n', 'extends y ', 'machine-0', '// memtopo-ignore step/failed why\n');
    const edits = fc.array(fc.record({ at: fc.nat(chain.length), remove: fc.oneof(fc.nat(12), fc.constant(400)), add: added }), { maxLength: 6 });
    /** Everything that features read, and that what belongs together is one. */
    const whole = (p: Project): unknown => {
        const a = p.analysis(URI)!;
        for (const { lowered } of a.scenarios) if (lowered.platform) expect(a.platforms.some((x) => x.lowered === lowered.platform)).toBe(true);
        const names = [...a.platforms, ...a.scenarios].map(({ lowered, unit }) => [lowered.name, a.range(lowered.at), unit.parsed.errors.length]);
        return { told: told(p), names, known: a.platformNames() };
    };

    test('gives the same as the same text from scratch', () => {
        fc.assert(fc.property(edits, fc.boolean(), (list, lazily) => {
            const step = project();
            let text = chain;
            step.setText(URI, 1, text);
            whole(step);
            for (const [i, e] of list.entries()) {
                const at = Math.min(e.at, text.length);
                const same = { head: at, tail: Math.max(0, text.length - at - e.remove) };
                text = text.slice(0, at) + e.add + text.slice(at + e.remove);
                step.setText(URI, i + 2, text, same);
                if (!lazily) whole(step);
                else if (i % 2 === 0) step.analysis(URI)!.within(at, at + 1);
            }
            const fresh = project();
            fresh.setText(URI, 1, text);
            expect(whole(step)).toEqual(whole(fresh));
        }), { numRuns: 150 });
    });

    test('so does a large one, when all of it is ready', async () => {
        await fc.assert(fc.asyncProperty(edits, async (list) => {
            const step = new Project(async () => undefined, 10);
            let text = chain;
            step.setText(URI, 1, text);
            for (const [i, e] of list.entries()) {
                await warmUp(step.analysis(URI)!, { focus: 0, stop: () => i % 3 === 2, tell: () => undefined });
                step.renew(URI);
                told(step);
                text = text.slice(0, e.at) + e.add + text.slice(e.at + e.remove);
                step.setText(URI, i + 2, text);
                told(step);
            }
            await warmUp(step.analysis(URI)!, { focus: 0, stop: () => false, tell: () => undefined });
            step.renew(URI);
            const fresh = project();
            fresh.setText(URI, 1, text);
            expect(told(step)).toEqual(told(fresh));
        }), { numRuns: 60 });
    });

    test('platforms are found by name across declarations that come and go', () => {
        const p = project();
        p.setText(URI, 1, 'scenario "s" on later {\n    $ reboot\n}\n');
        expect(p.analysis(URI)!.findings().map((f) => f.code)).toEqual(['language/unknown-platform']);
        p.setText(URI, 2, 'scenario "s" on later {\n    $ reboot\n}\nplatform later {\n    kernel 6.1\n    node 0 { cpus 0  memory at 0 size 2G }\n}\n');
        expect(p.analysis(URI)!.findings().filter((f) => f.severity === 'error')).toEqual([]);
    });
});
