import { describe, expect, it } from 'vitest';
import { parseWords } from '../../../server/src/commands/shell.ts';
import { parseInvocation, type ToolSpec } from '../../../server/src/commands/spec.ts';

const TOOL: ToolSpec = {
    tool: 'ndctl', doc: 'A tool.',
    verbs: [{
        verb: 'make', doc: 'Makes.', positionals: [{ name: 'what', kind: 'text', optional: true }],
        options: [
            { long: '--mode', short: '-m', value: 'mode', doc: 'Mode.' }, { long: '--map', short: '-M', value: 'map', doc: 'Map.' },
            { long: '--force', short: '-f', doc: 'Force.' }, { long: '--verbose', short: '-v', doc: 'Talk.' },
        ],
    }],
};
const parse = (line: string) => parseInvocation(TOOL, parseWords(line).shell.words);
const values = (line: string): Record<string, string | undefined> => Object.fromEntries([...parse(line).options].map(([k, o]) => [k, o.value?.text]));

describe('options', () => {
    it.each([
        ['ndctl make --mode devdax', { '--mode': 'devdax' }],
        ['ndctl make --mode=devdax', { '--mode': 'devdax' }],
        ['ndctl make -m devdax', { '--mode': 'devdax' }],
        ['ndctl make -mdevdax', { '--mode': 'devdax' }],
        ['ndctl make -fv', { '--force': undefined, '--verbose': undefined }],
        ['ndctl make -fvm devdax', { '--force': undefined, '--verbose': undefined, '--mode': 'devdax' }],
        ['ndctl make --forc', { '--force': undefined }],
    ])('%s', (line, expected) => expect(values(line)).toEqual(expected));
    it('stand anywhere, up to --', () => {
        const { positionals, options } = parse('ndctl make a -f -- -m');
        expect(positionals.map((w) => w.text)).toEqual(['a', '-m']);
        expect([...options.keys()]).toEqual(['--force']);
    });
    it('give their values places inside the word', () => {
        expect(parse('ndctl make --mode=devdax').options.get('--mode')!.value!.span).toEqual({ start: 18, end: 24 });
    });
});

describe('problems', () => {
    it.each([
        ['ndctl', 'command/missing-verb', [0, 5]],
        ['ndctl brew', 'command/unknown-verb', [6, 10]],
        ['ndctl make --size 1G', 'command/unknown-option', [11, 17]],
        ['ndctl make --m devdax', 'command/unknown-option', [11, 14]],
        ['ndctl make -z', 'command/unknown-option', [11, 13]],
        ['ndctl make --mode', 'command/missing-value', [11, 17]],
    ] as const)('%s', (line, code, [start, end]) => {
        expect(parse(line).problems).toMatchObject([{ code, span: { start, end } }]);
    });
});
