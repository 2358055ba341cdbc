// Every failure of the kernel model's catalogue that a described machine or a step can meet is told, under the code it is known by.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalogued } from '../../../server/src/diagnostics/catalogue.ts';
import { allFindings } from '../language/marked.ts';
import { FAILURES, UNREACHABLE } from './failures.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const model = path.resolve(root, process.env['MEMTOPO_SHARED'] ?? '../shared', 'kernel-model/09-failure-catalogue.md');

describe('failures', () => {
    it.each(Object.entries(FAILURES))('%s is told', (_, { code, text }) => {
        expect(allFindings(text).map((f) => f.code)).toContain(code);
        expect(catalogued(code)).toBeDefined();
    });

    it.skipIf(!existsSync(model))('are all here, or named as out of reach', () => {
        const ids = [...readFileSync(model, 'utf8').matchAll(/^\| (F-[A-Z]\d+) \|/gm)].map((m) => m[1]!);
        expect(ids.length).toBeGreaterThan(80);
        expect(ids.filter((id) => !(id in FAILURES) && !(id in UNREACHABLE))).toEqual([]);
    });
});
