// Runs and their findings, kept by the lowered thing they belong to: what did not change is not simulated again, and what changed
// takes from the old run every state that its text still leads to.
import type { Finding, LoweredPlatform, LoweredScenario, Run, TextSpan } from '../language/model.ts';
import { RunMemory, runPlatform, runScenario, runScenarioKernels } from '../language/run.ts';
import { bootFindings, scenarioFindings } from './language.ts';

export interface AnalysisCaches {
    /** One run for each kernel; empty where the platform does not resolve. */
    runs(scenario: LoweredScenario): readonly Run[];
    boot(platform: LoweredPlatform): Run;
    /** A scenario under any release; undefined where the platform does not resolve. */
    runUnder?(scenario: LoweredScenario, kernel: string): Run | undefined;
    platformFindings(platform: LoweredPlatform): readonly Finding[];
    scenarioFindings(scenario: LoweredScenario): readonly Finding[];
}

/** Caches that live as long as the project; entries go with the values they belong to. */
export function createAnalysisCaches(): AnalysisCaches {
    const memory = new RunMemory();
    const runs = remember((scenario: LoweredScenario): readonly Run[] => runScenarioKernels(scenario, memory));
    const under = remember((_: LoweredScenario) => new Map<string, Run | undefined>());
    const boot = remember((platform: LoweredPlatform): Run => runPlatform(platform, platform.machine.kernel, memory));
    return {
        runs, boot,
        runUnder(scenario, kernel) {
            const known = under(scenario);
            if (!known.has(kernel)) known.set(kernel, runScenario(scenario, kernel, memory));
            return known.get(kernel);
        },
        platformFindings: remember((platform) => guarded(platform, () => bootFindings(boot(platform)))),
        scenarioFindings: remember((scenario) => guarded(scenario, () => scenarioFindings(runs(scenario)))),
    };
}

function remember<K extends object, V>(make: (key: K) => V): (key: K) => V {
    const known = new WeakMap<K, { readonly value: V }>();
    return (key) => {
        let kept = known.get(key);
        if (!kept) known.set(key, (kept = { value: make(key) }));
        return kept.value;
    };
}

/** A mistake of the simulator is told where it was met; everything else in the file goes on. */
function guarded(about: { readonly name: string; readonly at: TextSpan }, make: () => readonly Finding[]): readonly Finding[] {
    try {
        return make();
    } catch (error) {
        const what = error instanceof Error ? error.message : String(error);
        return [{ code: 'internal/simulation', severity: 'error', message: `the simulator itself failed here, please report it: ${what}`, at: about.at, rules: [], related: [] }];
    }
}
