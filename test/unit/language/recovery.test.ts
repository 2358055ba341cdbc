import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseText } from '../../../server/src/language/parser.ts';

const folder = join(import.meta.dirname, '../../../examples');
const examples = readdirSync(folder).filter((f) => f.endsWith('.memtopo')).map((f) => readFileSync(join(folder, f), 'utf8'));

/** Parses; a parser that does not come back shows as the test's time-out. */
function parse(text: string): ReturnType<typeof parseText> {
    return parseText('memory:/recovery.memtopo', text);
}

describe('recovery', () => {
    it('comes back from a brace that is never closed, with what stands before it kept', () => {
        const parsed = parse('platform a {\n    node 0 { cpus 0 }\n    distance {0 to 1 = 21\n    node 1 { cpus 1 }\n}\nplatform b { node 0 { cpus 0 } }\n');
        expect(parsed.errors.length).toBeGreaterThan(0);
        expect(parsed.file.items.map((item) => ('name' in item ? item.name : ''))).toContain('a');
    });

    it('comes back from every cut, lost or added character of the examples', () => {
        fc.assert(fc.property(fc.nat(examples.length - 1), fc.nat(), fc.nat(12), fc.constantFrom('', '{', '}', '"', '\n}', '{0', '= 21', '$ '), (which, at, lost, added) => {
            const text = examples[which]!;
            const place = at % text.length;
            parse(text.slice(0, place) + added + text.slice(place + lost));
            parse(text.slice(0, place) + added);
        }), { numRuns: 400 });
    });

    it('comes back from any order of the language\'s own words', () => {
        const word = fc.constantFrom('platform', 'a', '{', '}', 'node', '0', 'cpus', '-', 'memory', 'at', '1G', 'size', 'distance', 'to', '=', 'target', 'initiator', 'latency',
            'scenario', '"x"', 'on', '\n$ ndctl list\n', 'expect', 'iomem', '\n| 0-1 : x\n', 'pmem', 'namespace', 'soft-reserved', 'device', 'cxl', 'window', 'import', 'extends', ',', '0x0-0xfff');
        fc.assert(fc.property(fc.array(word, { maxLength: 60 }), (words) => {
            parse(words.join(' '));
        }), { numRuns: 500 });
    });
});
