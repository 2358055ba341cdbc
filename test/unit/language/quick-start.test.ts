// What is left out to start faster must not change what is parsed: the library's own way is the yardstick.
import { createDefaultCoreModule, createDefaultSharedCoreModule, createLangiumParser, EmptyFileSystem, inject, type LangiumCoreServices, loadGrammarFromJson as libraryLoader, type Module, type PartialLangiumCoreServices } from 'langium';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { MemtopoGeneratedModule, MemtopoGeneratedSharedModule } from '../../../server/src/language/generated/module.ts';
import { loadGrammarFromJson } from '../../../server/src/language/grammar-loader.ts';
import { createQuickParser, QuickTokenBuilder } from '../../../server/src/language/quick-start.ts';

function services(own: Module<LangiumCoreServices, PartialLangiumCoreServices>): LangiumCoreServices {
    const shared = inject(createDefaultSharedCoreModule(EmptyFileSystem), MemtopoGeneratedSharedModule);
    const made = inject(createDefaultCoreModule({ shared }), MemtopoGeneratedModule, own) as LangiumCoreServices;
    shared.ServiceRegistry.register(made);
    return made;
}

/** The JSON in the generated file, which keeps it to itself. */
function grammarJson(): string {
    const file = readFileSync(path.resolve(import.meta.dirname, '../../../server/src/language/generated/grammar.ts'), 'utf8');
    const [, literal] = /loadGrammarFromJson\('(.*)'\)\);/.exec(file)!;
    return literal!.replace(/\\(.)/g, '$1');
}

const plain = services({});
const quick = services({ parser: { TokenBuilder: () => new QuickTokenBuilder(), LangiumParser: (s) => createQuickParser(s) } });

/** What the lexer made of each token type, without its numbers. */
function lexerTable(of: LangiumCoreServices): unknown {
    const { patternIdxToConfig, charCodeToPatternIdxToConfig } = (of.parser.Lexer as unknown as { chevrotainLexer: { patternIdxToConfig: Record<string, { tokenType: { name: string; LONGER_ALT?: { name: string }[] }; pattern: unknown; canLineTerminator: boolean; group: unknown }[]>; charCodeToPatternIdxToConfig: Record<string, { tokenType: { name: string } }[][]> } }).chevrotainLexer;
    const starts = Object.values(charCodeToPatternIdxToConfig).map((mode) => Object.entries(mode).map(([code, configs]) => [code, configs.map((c) => c.tokenType.name)]));
    return { starts, modes: Object.values(patternIdxToConfig).map((mode) => mode.map((c) => ({
        name: c.tokenType.name, pattern: String(c.pattern), lines: c.canLineTerminator, group: c.group, longer: [c.tokenType.LONGER_ALT ?? []].flat().map((t) => t.name),
    }))) };
}

function shape(value: unknown): unknown {
    return JSON.parse(JSON.stringify(value, (key, v: unknown) => {
        if (key.startsWith('$') && key !== '$type') return undefined;
        return typeof v === 'object' && v !== null && '$refText' in v ? v.$refText : v;
    }));
}

describe('the parser that starts fast', () => {
    it('has the grammar of the library', () => {
        // references as what they lead to, containers as their type: the whole of a graph with circles
        const flat = (value: unknown): unknown => {
            const seen = new Map<object, number>();
            return JSON.parse(JSON.stringify(value, (_key, v: unknown) => {
                if (typeof v !== 'object' || v === null) return v;
                if (seen.has(v)) return `seen ${seen.get(v)!}`;
                seen.set(v, seen.size);
                // the library's document around its grammar, which no parser asks for
                return Object.fromEntries(Object.entries(v).filter(([k]) => k !== '$document').sort(([a], [b]) => (a < b ? -1 : 1)));
            }));
        };
        const own = loadGrammarFromJson(grammarJson());
        const library = libraryLoader(grammarJson());
        expect(flat(own)).toEqual(flat(library));
    });

    it('has the tokens of the library, in the same order, with the same patterns and line ends', () => {
        expect(lexerTable(quick)).toEqual(lexerTable(plain));
    });

    it('reads every example, whole and broken, as the library does', () => {
        const slow = createLangiumParser(plain);
        const fast = quick.parser.LangiumParser;
        const folder = path.resolve(import.meta.dirname, '../../../examples');
        for (const name of readdirSync(folder).filter((f) => f.endsWith('.memtopo'))) {
            const whole = readFileSync(path.join(folder, name), 'utf8');
            for (const text of [whole, whole.slice(0, whole.length >> 1), whole.replace('{', ''), whole.replace('size', 'sise')]) {
                const a = slow.parse(text);
                const b = fast.parse(text);
                expect(shape(b.value)).toEqual(shape(a.value));
                expect(b.parserErrors.map((e) => [e.name, e.message, e.token.startOffset])).toEqual(a.parserErrors.map((e) => [e.name, e.message, e.token.startOffset]));
                expect(b.lexerErrors).toEqual(a.lexerErrors);
            }
        }
    });
});
