// `memtopo/status`: the releases that apply at a place, and how long simulating it takes.
import type { LoweredPlatform, LoweredScenario } from '../language/model.ts';
import { runPlatform, runScenarioKernels } from '../language/run.ts';
import type { Analysis } from '../server/analysis.ts';
import type { StatusResult } from './status-protocol.ts';

/** Taken once for each scenario or platform: what the caches hold was simulated in parts, at times that say little. */
const measured = new WeakMap<LoweredPlatform | LoweredScenario, StatusResult>();

export function status(analysis: Analysis, offset: number): StatusResult | null {
    const scenario = analysis.scenarioAt(offset)?.lowered;
    const platform = scenario ? undefined : analysis.platformAt(offset)?.lowered;
    const about = scenario ?? platform;
    if (!about || (scenario && !scenario.platform)) return null;
    const known = measured.get(about);
    if (known) return known;
    const begin = performance.now();
    const runs = scenario ? runScenarioKernels(scenario) : [runPlatform(platform!, platform!.machine.kernel)];
    const result = { kernels: runs.map((run) => run.kernel), steps: runs.reduce((sum, run) => sum + run.steps.length, 0), milliseconds: performance.now() - begin };
    measured.set(about, result);
    return result;
}
