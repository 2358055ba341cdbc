import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandStart, parseScript, parseWords, type Script, type ShellLine, type Word } from '../../../server/src/commands/shell.ts';

/** The first command of a line. */
function first(line: string): ShellLine {
    const node = parseScript(line).script[0]?.node;
    return node && 'command' in node ? node.command : { words: [] };
}

const words = (line: string): string[] => first(line).words.map((w) => w.text);

/** A script in one line, so that its shape can be read. */
function shape(script: Script): string {
    return script.map(({ joiner, node }, i) => {
        const text = 'loop' in node
            ? `[for ${node.loop.variable.text} in ${node.loop.words.map((w) => w.text).join(' ')}: ${shape(node.loop.body)}]`
            : commandShape(node.command);
        return i === 0 ? text : `${joiner} ${text}`;
    }).join(' ');
}

function commandShape(command: ShellLine): string {
    return [command.words.map((w) => w.text).join(' '), ...(command.redirect ? [`> ${command.redirect.path?.text}`] : []), ...(command.pipe ? [`| ${commandShape(command.pipe)}`] : [])].join(' ');
}

describe('words', () => {
    it.each([
        ['echo a  b', ['echo', 'a', 'b']],
        ["echo 'a b' c", ['echo', 'a b', 'c']],
        ['echo "a b"c', ['echo', 'a bc']],
        ['echo "a \\"b\\" \\$c"', ['echo', 'a "b" $c']],
        ['echo a\\ b', ['echo', 'a b']],
        ["echo ''", ['echo', '']],
        ['echo $', ['echo', '$']],
        ['# nothing', []],
        ['ndctl list # all of them', ['ndctl', 'list']],
        ['echo a#b', ['echo', 'a#b']],
    ])('%s', (line, expected) => expect(words(line)).toEqual(expected));
    it('keep their places', () => {
        expect(first("echo  'a b' x").words.map((w) => [w.span.start, w.span.end])).toEqual([[0, 4], [6, 11], [12, 13]]);
    });
    it('know what will be expanded, and what is quoted', () => {
        const parts = (line: string): Word['parts'] => first(line).words[1]?.parts;
        expect(parts('echo "$a"b')).toMatchObject([{ kind: 'text', text: '', quoted: true }, { kind: 'variable', name: 'a', quoted: true }, { kind: 'text', text: 'b', quoted: false }]);
        expect(parts('echo memory${i}/state')).toMatchObject([{ text: 'memory' }, { kind: 'variable', name: 'i', span: { start: 11, end: 15 } }, { text: '/state' }]);
        expect(parts('echo \'$a\' {1..2}')).toBeUndefined();
        expect(parts('echo memory*')).toBeDefined();
        expect(parts("echo 'memory*'")).toBeUndefined();
        expect(parts('echo $(seq 1 2)')).toMatchObject([{ kind: 'substitution', span: { start: 5, end: 15 } }]);
    });
});

describe('redirection', () => {
    it('is one file behind one operator', () => {
        expect(first('echo 1 > /sys/x').redirect?.path).toMatchObject({ text: '/sys/x', span: { start: 9, end: 15 } });
        expect(first('echo 1 >/sys/x').redirect?.path?.text).toBe('/sys/x');
        expect(first('echo 1 >> /sys/x').redirect?.operator.text).toBe('>>');
    });
    it('without a file, or twice, is a placed problem', () => {
        expect(parseScript('echo 1 >').problems).toMatchObject([{ code: 'command/missing-redirect-target', span: { start: 7, end: 8 } }]);
        expect(parseScript('echo 1 > a > b').problems).toMatchObject([{ code: 'command/second-redirect' }]);
    });
    it.each(['ndctl list 2>/dev/null', 'ndctl list 2>&1', 'ndctl list </dev/null', 'ndctl list 2>> log'])('%s changes nothing', (line) => {
        expect(parseScript(line).problems).toEqual([]);
        expect(commandShape(first(line))).toBe('ndctl list');
    });
});

describe('pipes', () => {
    it('keep places in the whole line', () => {
        const { script, problems } = parseScript('cat x | grep y > z | wc');
        expect(shape(script)).toBe('cat x | grep y > z | wc');
        expect(first('cat x | grep y').pipe?.words[0]).toMatchObject({ text: 'grep', span: { start: 8, end: 12 } });
        expect(problems).toEqual([]);
    });
});

describe('lists and loops', () => {
    it.each([
        ['a; b', 'a ; b'],
        ['a && b || c;', 'a && b || c'],
        ['for i in 1 2; do a $i; b; done', '[for i in 1 2: a $i ; b]'],
        ['for i in $(seq 48 63); do echo online > memory$i/state; done && c', '[for i in $(seq 48 63): echo online > memory$i/state] && c'],
        ['for i in 1; do for j in 2; do a; done; done', '[for i in 1: [for j in 2: a]]'],
        ['a;# b', 'a'],
    ])('%s', (line, expected) => {
        const { script, problems } = parseScript(line);
        expect(shape(script)).toBe(expected);
        expect(problems).toEqual([]);
    });
});

describe('what is not simulated', () => {
    it.each(['a |', '| b', 'a &&', '|| b', 'a &', 'a < b', 'a `b`', 'echo $((1 + 2))', 'echo ${a#b}', 'if a; then b; fi', 'while true; do a; done', '(a)', 'for i in 1; a; done', 'for i; do a; done', 'for', 'done'])('%s is a placed problem', (line) => {
        expect(parseScript(line).problems.map((p) => p.code)).toContain('command/unsupported-shell');
    });
    it('an unclosed quote is one, up to the end', () => {
        expect(parseScript("echo 'a b").problems).toMatchObject([{ code: 'command/unterminated-quote', span: { start: 5, end: 9 } }]);
        expect(parseScript('echo $(a b').problems).toMatchObject([{ code: 'command/unterminated-quote', span: { start: 5, end: 10 } }]);
    });
});

it.each([
    ['ndctl li', 0], ['a; ndctl li', 2], ['a && ndctl', 4], ['for i in 1 2; do echo $i', 16], ["echo 'a; b", 0], ['cat x | grep', 7], ['echo $(seq', 7], ['a \\; b', 0],
])('the command that is being typed in %s begins at %i', (line, start) => expect(commandStart(line)).toBe(start));

it('never throws, and every span lies in the line', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom('for i in ', '; do ', '; done', '$(', ')', '${', '}', '$i', ' && ', ' || ', ' | ', ' > ', '2>', '"', "'", '`', '{1..3}', '\\', '#', ' '));
    fc.assert(fc.property(fc.array(piece, { maxLength: 12 }).map((all) => all.join('')), (line) => {
        const found = parseScript(line);
        const spans = [...found.problems.map((p) => p.span), ...parseWords(line).problems.map((p) => p.span), ...placesOf(found.script)];
        for (const s of spans) {
            expect(s.start).toBeLessThanOrEqual(s.end);
            expect(s.end).toBeLessThanOrEqual(line.length);
        }
    }));
});

function placesOf(script: Script): readonly { readonly start: number; readonly end: number }[] {
    return script.flatMap(({ node }) => ('loop' in node
        ? [node.loop.variable.span, ...node.loop.keywords, ...node.loop.words.map((w) => w.span), ...placesOf(node.loop.body)]
        : node.command.words.flatMap((w) => [w.span, ...(w.parts ?? []).flatMap((p) => (p.kind === 'text' ? [] : [p.span]))])));
}
