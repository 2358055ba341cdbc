// The examples that users see first: without errors, in every kernel they name, with every expectation met.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { suppress } from '../../../server/src/diagnostics/suppress.ts';
import { lowerFile } from '../../../server/src/language/file.ts';
import { bootFindings, scenarioFindings } from '../../../server/src/language/findings.ts';
import { runPlatform, runScenarioKernels } from '../../../server/src/language/run.ts';

const FOLDER = new URL('../../../examples/', import.meta.url);

describe('examples', () => {
    it.each(readdirSync(FOLDER).filter((f) => f.endsWith('.memtopo')))('%s', (name) => {
        const uri = new URL(name, FOLDER).href;
        const text = readFileSync(new URL(name, FOLDER), 'utf8');
        const file = lowerFile(uri, text, (other) => readFileSync(new URL(other), 'utf8'));
        const found = [
            ...file.syntax, ...file.findings, ...file.platforms.flatMap((p) => [...p.findings, ...bootFindings(runPlatform(p))]),
            ...file.scenarios.flatMap((s) => [...s.findings, ...scenarioFindings(runScenarioKernels(s))]),
        ];
        const left = suppress(found, [{ uri, text }], true);
        expect(left.filter((f) => f.severity === 'error').map((f) => `${f.code}: ${f.message} (${text.slice(f.at.start, f.at.end)})`)).toEqual([]);
        expect(text.startsWith('//'), 'the story in the header').toBe(true);
        expect(file.scenarios.length).toBeGreaterThan(0);
    });
});
