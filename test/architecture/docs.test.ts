// Documentation that says what the code says.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { rulesInCode, updated } from '../../scripts/docs.ts';
import { RULES } from '../../server/src/kernel/rules.ts';
import { built } from '../cli/run.ts';
import { ROOT } from './imports.ts';

beforeAll(built, 60_000);

describe('documentation', () => {
    it('has an entry for every rule in the code, and no other', () => {
        const code = [...rulesInCode().keys()];
        expect(code.length).toBeGreaterThan(100);
        expect([...RULES.keys()].sort()).toEqual(code);
        expect([...RULES].filter(([, title]) => title.trim() === '')).toEqual([]);
    });

    it.each(['README.md', 'docs/command-line.md', 'docs/kernel-rules.md'])('%s shows what is so today (npm run docs)', (page) => {
        expect(updated(page)).toBe(readFileSync(path.join(ROOT, page), 'utf8'));
    }, 120_000);

    it.each(['README.md', 'CONTRIBUTING.md', 'docs/command-line.md', 'docs/contributing.md', 'docs/kernel-rules.md'])('links of %s lead somewhere', (page) => {
        const text = readFileSync(path.join(ROOT, page), 'utf8');
        const broken = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((m) => m[1]!).filter((target) => !existsSync(path.join(ROOT, path.dirname(page), target)));
        expect(broken).toEqual([]);
    });
});
