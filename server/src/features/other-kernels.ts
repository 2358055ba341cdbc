// What other releases make of a step. The scenario is run under each only when somebody asks, within a budget of time, and kept.
import { PROFILES } from '../kernel/profile.ts';
import type { LoweredScenario, Run } from '../language/model.ts';
import type { Analysis } from '../server/analysis.ts';
import { outcomeHint } from './inlay-hints.ts';

/** Milliseconds that one answer may spend on simulating. */
const BUDGET = 150;

/** A stretch of releases that agree. */
export interface Agreement {
    readonly from: string;
    readonly to: string;
    readonly outcome: string;
    /** The release that the scenario runs under is among them. */
    readonly own: boolean;
}

/** Stretches of releases by what the step at `index` comes to; undefined where that takes too long. What was simulated is kept: who asks again gets further. */
export function agreements(analysis: Analysis, scenario: LoweredScenario, index: number, now: () => number = () => performance.now()): readonly Agreement[] | undefined {
    const own = analysis.runs(scenario)[0];
    const typed = own?.steps[index]?.step;
    if (!own || !typed) return undefined;
    const begin = now();
    const out: { from: string; to: string; outcome: string; own: boolean }[] = [];
    for (const { name } of PROFILES) {
        if (now() - begin > BUDGET) return undefined;
        const run: Run | undefined = name === own.profile.name ? own : analysis.runUnder(scenario, name);
        // provisioning may take another number of steps under another release: the typed line is what counts
        const step = run?.steps.find((s) => s.step === typed);
        const outcome = step ? outcomeHint(step) : '';
        const last = out.at(-1);
        if (last && last.outcome === outcome) {
            last.to = name;
            last.own ||= name === own.profile.name;
        } else out.push({ from: name, to: name, outcome, own: name === own.profile.name });
    }
    return out;
}

/** For a hover: since when it is as it is, and what others do. */
export function agreementText(all: readonly Agreement[]): string {
    const span = (a: Agreement): string => (a.from === a.to ? a.from : a.to === PROFILES.at(-1)!.name ? `since ${a.from}` : a.from === PROFILES[0]!.name ? `up to ${a.to}` : `${a.from} to ${a.to}`);
    if (all.length === 1) return `the same in every release since ${all[0]!.from}`;
    return all.map((a) => `- ${span(a)}: ${a.own ? '**as here**' : a.outcome}`).join('\n');
}
