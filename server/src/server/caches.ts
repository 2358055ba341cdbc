// Runs and their findings, kept by the lowered thing they belong to: what did not change is not simulated again.
import type { Finding, LoweredPlatform, LoweredScenario, Run } from '../language/model.ts';

export interface AnalysisCaches {
    runs(scenario: LoweredScenario): readonly Run[];
    boot(platform: LoweredPlatform): Run;
    platformFindings(platform: LoweredPlatform): readonly Finding[];
    scenarioFindings(scenario: LoweredScenario): readonly Finding[];
}

/** Caches that live as long as the project; entries go with the values they belong to. */
export function createAnalysisCaches(): AnalysisCaches {
    throw new Error('not yet');
}
