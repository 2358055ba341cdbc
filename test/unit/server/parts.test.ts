import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineMap } from '../../../server/src/server/line-map.ts';
import { splitParts as cut } from '../../../server/src/server/parts.ts';

const pieces = fc.constantFrom('platform a {', '}', '{', '"', '\n', '\r\n', '$ echo }', '(qemu) {', '| }', '// {', '/* }', '*/', 'scenario "s" on a {', 'import "x"', ' ', 'node 0', '\\', '}\nplatform b {\n');
const texts = fc.array(pieces, { maxLength: 40 }).map((p) => p.join(''));

/** Each part with its place. */
const splitParts = (text: string): { text: string; start: number; line: number }[] => {
    const { texts: parts, starts, lines } = cut(text);
    return parts.map((part, i) => ({ text: part, start: starts[i]!, line: lines[i]! }));
};

describe('parts', () => {
    test('together they are the text, in order, with their lines', () => {
        fc.assert(fc.property(texts, (text) => {
            const parts = splitParts(text);
            expect(parts.map((p) => p.text).join('')).toBe(text);
            const lines = new LineMap(text);
            for (const p of parts) {
                expect(text.slice(p.start, p.start + p.text.length)).toBe(p.text);
                expect(p.line).toBe(lines.lineOf(p.start));
            }
        }));
    });
    test('are the same after any edits as those of the text from scratch', () => {
        const edits = fc.array(fc.record({ at: fc.nat(200), remove: fc.nat(20), add: fc.oneof(pieces, fc.constant('')) }), { maxLength: 8 });
        fc.assert(fc.property(texts, edits, (base, list) => {
            let text = base;
            let kept = cut(text);
            for (const { at, remove, add } of list) {
                const same = { head: Math.min(at, text.length), tail: Math.max(0, text.length - at - remove) };
                text = text.slice(0, at) + add + text.slice(at + remove);
                const told = cut(text, kept, same);
                kept = cut(text, kept);
                expect(kept).toEqual(cut(text));
                expect(told).toEqual(kept);
            }
        }), { numRuns: 2000 });
    });
    test('are none behind the last brace when what stood there is gone', () => {
        const text = 'platform a {\n}';
        expect(cut(text, cut(`${text}\n`))).toEqual(cut(text));
    });
    test('one declaration each', () => {
        const text = 'import "x"\nplatform a {\n    node 0 { memory at 0 size 2G }\n}\n\n// b\nplatform b { }\nscenario "s" on a {\n    $ echo }\n    | }\n}\n';
        expect(splitParts(text).map((p) => p.text.trim().split('\n')[0])).toEqual(['import "x"', '// b', 'scenario "s" on a {', '']);
    });
    test('a missing brace stays in its declaration', () => {
        const text = 'platform a {\n    node 0 {\n}\n\nplatform b {\n}\n\nscenario "s" on b {\n}\n';
        expect(splitParts(text).map((p) => p.text.trim())).toEqual(['platform a {\n    node 0 {\n}', 'platform b {\n}', 'scenario "s" on b {\n}', '']);
    });
});

describe('line map', () => {
    test('positions and offsets are inverse, whatever the line ends', () => {
        fc.assert(fc.property(fc.array(fc.constantFrom('a', '\n', '\r\n', '\r', '𝄞'), { maxLength: 30 }).map((p) => p.join('')), (text) => {
            const lines = new LineMap(text);
            for (let i = 0; i <= text.length; i++) if (text.slice(i - 1, i + 1) !== '\r\n') expect(lines.offsetAt(lines.positionAt(i))).toBe(i);
        }));
    });
    test('a character past the end of a line is its end', () => {
        const lines = new LineMap('ab\r\nc\nd');
        expect([0, 1, 2].map((line) => lines.offsetAt({ line, character: 2 ** 31 - 1 }))).toEqual([2, 5, 7]);
    });
});
