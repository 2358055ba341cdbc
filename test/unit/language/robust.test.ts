// Bad input: an answer for every text, in bounded time.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatText } from '../../../server/src/language/formatter.ts';
import { parseText } from '../../../server/src/language/parser.ts';
import { allFindings } from './marked.ts';

const timed = (limit: number, work: () => void): void => {
    const start = performance.now();
    work();
    expect(performance.now() - start).toBeLessThan(limit);
};

describe('bad input', () => {
    it('an empty file says nothing', () => {
        expect(allFindings('')).toEqual([]);
        expect(allFindings('\n\n  // only a comment\n')).toEqual([]);
    });

    it('any text gets an answer with its places inside', () => {
        const piece = fc.oneof(fc.string(), fc.constantFrom('platform', ' a ', '{', '}', 'node 0', 'memory at 0 size 4G', '$ ls\n', '"', '/*', '|', 'scenario "s" on a', 'expect iomem', '0x', '\0', '￿', '\r'));
        fc.assert(fc.property(fc.array(piece, { maxLength: 12 }).map((p) => p.join(' ')), (text) => {
            for (const f of allFindings(text)) {
                expect(f.at.start).toBeGreaterThanOrEqual(0);
                expect(f.at.end).toBeGreaterThanOrEqual(f.at.start);
                expect(f.at.end).toBeLessThanOrEqual(text.length);
            }
            formatText(text);
        }), { numRuns: 300 });
    });

    it('binary junk is one finding or a few', () => {
        const junk = Array.from({ length: 200_000 }, (_, i) => String.fromCharCode((i * 7919 + (i >> 3) * 31) % 256)).join('');
        timed(20_000, () => {
            const found = allFindings(junk, undefined, false);
            expect(found.length).toBeGreaterThan(0);
            expect(found.length).toBeLessThan(200);
        });
    });

    it('five megabytes of sound text', () => {
        const one = 'platform p# { node 0 { cpus 0-3  memory at 0 size 4G } }\n';
        const text = Array.from({ length: 5_000_000 / one.length }, (_, i) => one.replace('#', String(i))).join('');
        timed(30_000, () => expect(parseText('', text).errors).toEqual([]));
    }, 180_000);

    it('five megabytes without a word of the language', () => {
        timed(30_000, () => expect(parseText('', 'what is this '.repeat(400_000)).errors.length).toBeGreaterThan(0));
    }, 180_000);

    it('blocks nested by the thousand, and the next text is read again', () => {
        expect(parseText('', `platform a {${'resource 0x0-0xfff "a" {'.repeat(20_000)}`).errors.map((e) => e.code)).toEqual(['language/too-deep']);
        expect(parseText('', 'platform a { }').errors).toEqual([]);
    });

    it('ten thousand nodes', () => {
        const nodes = Array.from({ length: 10_000 }, (_, i) => `node ${i} { memory at ${i}G size 1G }`).join('\n');
        timed(20_000, () => {
            const found = allFindings(`platform a {\n${nodes}\n}`, undefined, true);
            expect(found.filter((f) => f.code === 'platform/node-id-too-large').length).toBeGreaterThan(0);
            expect(found.length).toBeLessThan(1000);
        });
    }, 180_000);

    it('a text and a comment that are never closed cost one finding each', () => {
        expect(allFindings('platform a { cmdline "x\n node 0 { memory at 0 size 4G } }').map((f) => f.code)).toEqual(['language/unterminated-string']);
        expect(allFindings('platform a { node 0 { memory at 0 size 4G } }\n/* x').map((f) => f.code)).toEqual(['language/unterminated-comment']);
    });

    it('an open brace is told at the brace', () => {
        expect(allFindings('platform a {\n  node 0 { memory at 0 size 4G }\n').map((f) => [f.code, f.at.start])).toEqual([['language/unclosed-brace', 11]]);
    });
});
