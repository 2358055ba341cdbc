// Runs recorded by ourselves (cases/own.jsonl.gz, same form as the published ones): short sequences that once were predicted wrongly.
import { describe, expect, it } from 'vitest';
import { loadOwn } from './cases.ts';
import { explain, scoreCase } from './score.ts';

describe('our own recorded runs', () => {
    it.each(loadOwn().map((c) => [`${c.input.kernel.version} ${c.name}`, c] as const))('%s', (_, recorded) => {
        const scored = scoreCase(recorded);
        expect(scored.result.exact ? '' : explain(scored, false)).toBe('');
    });
});
