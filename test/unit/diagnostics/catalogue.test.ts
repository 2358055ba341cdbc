// Every code that can be told is in the catalogue, every example is told what it says, and the page is that of the catalogue.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { CATALOGUE, catalogued } from '../../../server/src/diagnostics/catalogue.ts';
import { diagnosticsPage } from '../../../server/src/diagnostics/page.ts';
import { analyseFiles } from '../../fixture.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const EMITTING = ['kernel', 'commands', 'language', 'server'];

/** Codes as they stand in the sources: a family the catalogue knows, or the property `code`. */
function codesIn(text: string): string[] {
    const families = new Set(CATALOGUE.map((d) => d.code.slice(0, d.code.indexOf('/'))));
    const found = [...text.matchAll(/code: [`']([a-z0-9-]+\/[a-z0-9-]+)[`']/g)].map((m) => m[1]!);
    for (const m of text.matchAll(/'([a-z0-9-]+)\/([a-z0-9-]+)'/g)) if (families.has(m[1]!)) found.push(`${m[1]}/${m[2]}`);
    return found;
}

describe('the catalogue', () => {
    test('has every code that the sources emit', () => {
        const missing = new Map<string, string>();
        for (const folder of EMITTING) {
            for (const file of readdirSync(path.join(root, 'server/src', folder), { recursive: true, encoding: 'utf8' })) {
                if (!file.endsWith('.ts') || file.includes('generated')) continue;
                const text = readFileSync(path.join(root, 'server/src', folder, file), 'utf8').replace(/^import .*$/gm, '');
                for (const code of codesIn(text)) if (!catalogued(code)) missing.set(code, `${folder}/${file}`);
            }
        }
        expect(Object.fromEntries(missing)).toEqual({});
    });

    test('names no code twice', () => {
        const codes = CATALOGUE.map((d) => d.code);
        expect(new Set(codes).size).toBe(codes.length);
    });

    test.each(CATALOGUE.map((d) => [d.code, d] as const))('%s says why and what to do', (_, d) => {
        expect(d.code).toMatch(/^[a-z0-9-]+\/[a-z0-9-]+$/);
        for (const text of [d.title, d.why, d.docs]) expect(text.length).toBeGreaterThan(2);
        for (const rule of d.rules) expect(rule).toMatch(/^[A-Z][A-Z0-9]*-\d+$/);
    });

    const withExamples = CATALOGUE.filter((d) => d.examples);
    test.each(withExamples.map((d) => [d.code, d] as const))('%s is told in its bad example and not in its good one', async (code, d) => {
        const told = async (text: string): Promise<string[]> => (await analyseFiles(text, {})).analysis.findings().map((f) => f.code);
        expect(await told(d.examples!.bad)).toContain(code);
        expect(await told(d.examples!.good)).not.toContain(code);
    });

    test('docs/diagnostics.md is up to date (node scripts/diagnostics-docs.ts)', () => {
        const page = path.join(root, 'docs/diagnostics.md');
        expect(existsSync(page) && readFileSync(page, 'utf8')).toBe(diagnosticsPage());
    });
});
