// How many predictions were exact at the best time so far, by set: floor.json. A number may rise, never fall.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Tally } from './score.ts';

export interface Floor {
    readonly boots: number;
    readonly steps: number;
    readonly acting: number;
    readonly cases: number;
}

const FILE = new URL('./floor.json', import.meta.url);

export function readFloor(): Record<string, Floor> {
    return JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Floor>;
}

export function floorOf(total: Tally): Floor {
    return { boots: total.boots, steps: total.stepsExact, acting: total.actingExact, cases: total.casesExact };
}

/** Numbers of `now` that are under the floor, in words. */
export function below(floor: Floor | undefined, now: Floor): string[] {
    if (!floor) return [];
    return (Object.keys(floor) as (keyof Floor)[]).filter((key) => now[key] < floor[key]).map((key) => `${key}: ${now[key]}, were ${floor[key]}`);
}

/** Writes the higher of old and new for each number. */
export function raiseFloor(results: ReadonlyMap<string, Floor>): void {
    const floor = readFloor();
    for (const [set, now] of results) {
        const old = floor[set] ?? { boots: 0, steps: 0, acting: 0, cases: 0 };
        floor[set] = {
            boots: Math.max(old.boots, now.boots), steps: Math.max(old.steps, now.steps), acting: Math.max(old.acting, now.acting),
            cases: Math.max(old.cases, now.cases),
        };
    }
    const rows = Object.entries(floor).map(([set, f]) => `    ${JSON.stringify(set)}: ${JSON.stringify(f)}`);
    writeFileSync(FILE, `{\n${rows.join(',\n')}\n}\n`);
}
