// What did not change is not done again, and the answer is the same as from scratch.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Project } from '../../../server/src/server/project.ts';
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

    test('gives the same findings as the same text from scratch', () => {
        const base = `${platforms(3)}platform x extends machine-1 {\n    node 5 { memory at 200G size 1G }\n}\nscenario "x" on x {\n    $ echo offline > /sys/devices/system/memory/memory0/state\n}\n`;
        const edits = fc.array(fc.record({ at: fc.nat(base.length), remove: fc.nat(12), add: fc.constantFrom('', ' ', '}', '{', '\n', '"', 'x', '1', 'platform q { }\n', '// note\n') }), { maxLength: 6 });
        fc.assert(fc.property(edits, (list) => {
            const step = project();
            let text = base;
            step.setText(URI, 1, text);
            told(step);
            for (const [i, e] of list.entries()) {
                text = text.slice(0, e.at) + e.add + text.slice(e.at + e.remove);
                step.setText(URI, i + 2, text);
                told(step);
            }
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
