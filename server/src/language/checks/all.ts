// All checks there are.
import type { Finding, Run, TextSpan } from '../model.ts';
import { deviceEdges } from './device-edges.ts';
import { type BootCheck, type Checked, collector, type PlatformCheck, type ScenarioCheck } from './check.ts';
import { bootParameters } from './boot-parameters.ts';
import { caches } from './caches.ts';
import { destroyedData } from './destroyed-data.ts';
import { hmatValues } from './hmat-values.ts';
import { memmapPlaces } from './memmap-places.ts';
import { namespaceSizes } from './namespace-sizes.ts';
import { nodeless } from './nodeless.ts';
import { pageMaps } from './page-maps.ts';
import { onlineZone } from './online-zone.ts';
import { sharedBlocks } from './shared-blocks.ts';
import { sratCover } from './srat-cover.ts';
import { slitPairs } from './slit-pairs.ts';
import { virtioEdges } from './virtio-edges.ts';

const PLATFORM: readonly PlatformCheck[] = [bootParameters, memmapPlaces, sratCover, slitPairs, hmatValues, caches, nodeless, namespaceSizes, pageMaps];
const BOOT: readonly BootCheck[] = [sharedBlocks, deviceEdges, virtioEdges];
const SCENARIO: readonly ScenarioCheck[] = [onlineZone, destroyedData];

/** Findings about the parts of a platform that are its own; `span` is its declaration. What is wrong with its base is told there. */
export function platformChecks(platform: Checked, span: TextSpan): Finding[] {
    const { report, findings } = collector();
    for (const check of PLATFORM) check(platform, report);
    return findings.filter((f) => within(f.at, span));
}

/** Findings that need the booted machine. Those about parts of a base are told at the variant's name, and only where they do damage. */
export function bootChecks(run: Run): Finding[] {
    const { report, findings } = collector();
    for (const check of BOOT) check(run, report);
    const { span, at } = run.platform;
    return findings.flatMap((f): Finding[] => {
        if (within(f.at, span)) return [f];
        return f.severity === 'info' || f.severity === 'hint' ? [] : [{ ...f, at, related: [{ at: f.at, message: 'described here' }, ...f.related] }];
    });
}

function within(at: TextSpan, outer: TextSpan): boolean {
    return at.uri === outer.uri && outer.start <= at.start && at.end <= outer.end;
}

/** Findings about the typed steps of a scenario beyond what each step has to say by itself. */
export function scenarioChecks(run: Run): Finding[] {
    const { report, findings } = collector();
    for (const check of SCENARIO) check(run, report);
    return findings;
}
