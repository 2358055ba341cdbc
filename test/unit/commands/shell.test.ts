import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseShell } from '../../../server/src/commands/shell.ts';

const words = (line: string): string[] => parseShell(line).words.map((w) => w.text);

describe('words', () => {
    it.each([
        ['echo a  b', ['echo', 'a', 'b']],
        ["echo 'a b' c", ['echo', 'a b', 'c']],
        ['echo "a b"c', ['echo', 'a bc']],
        ['echo a\\ b', ['echo', 'a b']],
        ["echo ''", ['echo', '']],
        ['# nothing', []],
        ['ndctl list # all of them', ['ndctl', 'list']],
    ])('%s', (line, expected) => expect(words(line)).toEqual(expected));
    it('keep their places', () => {
        const { words: found } = parseShell("echo  'a b' x");
        expect(found.map((w) => [w.span.start, w.span.end])).toEqual([[0, 4], [6, 11], [12, 13]]);
    });
});

describe('redirection', () => {
    it('is one file behind one operator', () => {
        const line = parseShell('echo 1 > /sys/x');
        expect(line.redirect?.path).toMatchObject({ text: '/sys/x', span: { start: 9, end: 15 } });
        expect(parseShell('echo 1 >/sys/x').redirect?.path?.text).toBe('/sys/x');
        expect(parseShell('echo 1 >> /sys/x').redirect?.operator.text).toBe('>>');
    });
    it('without a file, or twice, is a placed problem', () => {
        expect(parseShell('echo 1 >').problems).toMatchObject([{ code: 'command/missing-redirect-target', span: { start: 7, end: 8 } }]);
        expect(parseShell('echo 1 > a > b').problems).toMatchObject([{ code: 'command/second-redirect' }]);
    });
});

describe('pipes', () => {
    it('keep places in the whole line', () => {
        const line = parseShell('cat x | grep y > z | wc');
        expect(line.words.map((w) => w.text)).toEqual(['cat', 'x']);
        expect(line.pipe?.words[0]).toMatchObject({ text: 'grep', span: { start: 8, end: 12 } });
        expect(line.pipe?.pipe?.words[0]?.text).toBe('wc');
        expect(line.problems).toEqual([]);
    });
});

describe('what is not simulated', () => {
    it.each(['a |', '| b', 'a && b', 'a || b', 'a; b', 'a &', 'a < b', 'a `b`', 'echo $(b)'])('%s is a placed problem', (line) => {
        expect(parseShell(line).problems.map((p) => p.code)).toContain('command/unsupported-shell');
    });
    it('an unclosed quote is one, up to the end', () => {
        expect(parseShell("echo 'a b").problems).toMatchObject([{ code: 'command/unterminated-quote', span: { start: 5, end: 9 } }]);
    });
});

it('never throws, and every span lies in the line', () => {
    fc.assert(fc.property(fc.string(), (line) => {
        const parsed = parseShell(line);
        const spans = [...parsed.words.map((w) => w.span), ...parsed.problems.map((p) => p.span)];
        for (const s of spans) {
            expect(s.start).toBeLessThanOrEqual(s.end);
            expect(s.end).toBeLessThanOrEqual(line.length);
        }
    }));
});
