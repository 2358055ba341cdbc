// Every entry of the catalogue is reached by a text: its own example, a failure of the kernel model, or one that reaches.ts has for it.
import { describe, expect, it } from 'vitest';
import { CATALOGUE, catalogued } from '../../../server/src/diagnostics/catalogue.ts';
import { diagnosticsPage } from '../../../server/src/diagnostics/page.ts';
import { allFindings } from '../language/marked.ts';
import { FAILURES } from './failures.ts';
import { GUARDS, REACHES } from './reaches.ts';

describe('coverage', () => {
    it.each(REACHES.map(([codes, text]) => [codes.join(', '), codes, text] as const))('%s', (_, codes, text) => {
        const found = allFindings(text);
        expect(found.map((f) => f.code)).toEqual(expect.arrayContaining([...codes]));
        // One placed message each: inside the text, and not over all of it.
        for (const f of found) {
            expect(f.at.start).toBeGreaterThanOrEqual(0);
            expect(f.at.end).toBeLessThanOrEqual(text.length);
            expect(f.message).not.toMatch(/undefined|NaN|\[object/);
        }
    });

    it('leaves no entry out', () => {
        const reached = new Set([...CATALOGUE.filter((d) => d.examples).map((d) => d.code), ...Object.values(FAILURES).map((f) => f.code), ...REACHES.flatMap(([codes]) => codes)]);
        expect(CATALOGUE.map((d) => d.code).filter((code) => !reached.has(code) && !(code in GUARDS))).toEqual([]);
        expect(Object.keys(GUARDS).filter((code) => !catalogued(code) || reached.has(code))).toEqual([]);
    });

    it('has a section of the page for each', () => {
        const page = diagnosticsPage();
        for (const d of CATALOGUE) expect(page).toContain(`\`${d.code}\``);
    });
});
