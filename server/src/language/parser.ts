// One text in, its syntax tree and its syntax errors out. Used for whole files and for single declarations alike.
import { type AstNode, DefaultLexer, DefaultLexerErrorMessageProvider, inject, type LangiumCoreServices, type LangiumParser, LangiumParserErrorMessageProvider, type Linker } from 'langium';
import { createDirectParser } from './direct-parser.ts';
import type { File } from './generated/ast.ts';
import { MemtopoGeneratedModule, MemtopoGeneratedSharedModule } from './generated/module.ts';
import type { Finding } from './model.ts';
import { createQuickParser, QuickTokenBuilder } from './quick-start.ts';
import { skipWholeBlocks } from './recovery.ts';
import { syntaxFindings } from './syntax-findings.ts';
import { MemtopoValueConverter } from './value-converter.ts';

/** A parsed text. Offsets in `file` and in the findings' spans are those of `text`. */
export interface ParsedText {
    readonly uri: string;
    readonly text: string;
    readonly file: File;
    readonly errors: readonly Finding[];
}

/** References stay names: the lowering looks platforms up itself. */
const NAMES_ONLY = { buildReference: (_node, _property, $refNode, $refText) => ({ $refNode, $refText, ref: undefined }) } as Pick<Linker, 'buildReference'>;

let servicesOnce: LangiumCoreServices | undefined;
let directOnce: ((text: string) => AstNode | undefined) | undefined;
let parser: LangiumParser | undefined;

/** Of the library's some forty services a parser needs these; the others are neither bundled nor made. */
function services(): LangiumCoreServices {
    if (servicesOnce) return servicesOnce;
    const shared = { ...inject(MemtopoGeneratedSharedModule), profilers: {} };
    return (servicesOnce = inject({
        ...MemtopoGeneratedModule, shared: () => shared, references: { Linker: () => NAMES_ONLY },
        parser: {
            Lexer: (s: LangiumCoreServices) => new DefaultLexer(s), LexerErrorMessageProvider: () => new DefaultLexerErrorMessageProvider(),
            ParserErrorMessageProvider: () => new LangiumParserErrorMessageProvider(), ParserConfig: () => ({}),
            ValueConverter: () => new MemtopoValueConverter(), TokenBuilder: () => new QuickTokenBuilder(), LangiumParser: (s: LangiumCoreServices) => createQuickParser(s),
        },
    } as never) as LangiumCoreServices);
}

/** Reads a text without mistakes; undefined: it has one, or more in each other than the stack holds. */
export function readDirectly(text: string): File | undefined {
    if (!directOnce) {
        const { Grammar: grammar, parser: { ValueConverter: converter }, references: { Linker: linker }, shared: { AstReflection: reflection } } = services();
        directOnce = createDirectParser({ grammar, reflection, converter, linker });
    }
    try {
        return directOnce(text) as File | undefined;
    } catch (error) {
        if (error instanceof RangeError) return undefined;
        throw error;
    }
}

/** The parser for texts with mistakes. Making one takes some 20 ms, so there is one. */
export function recoveringParser(): LangiumParser {
    return (parser ??= skipWholeBlocks(services().parser.LangiumParser));
}

/** Makes ready what the first text needs, while a client has not sent one yet. */
export function prepareParser(): void {
    readDirectly('');
}

/** Makes ready what the first text with a mistake needs, while nobody is waiting for anything. */
export function prepareForMistakes(): void {
    recoveringParser().parse('platform a {');
}

/** Parses a text. Never throws; the tree holds whatever is sound. `uri` names the text in the findings. */
export function parseText(uri: string, text: string): ParsedText {
    try {
        const file = readDirectly(text);
        if (file) return { uri, text, file, errors: [] };
        const result = recoveringParser().parse<File>(text);
        return { uri, text, file: result.value, errors: syntaxFindings(uri, text, result) };
    } catch {
        // Thousands of nested blocks exhaust the stack of a recursive descent. The parser is left in the middle: the next text gets a new one.
        parser = servicesOnce = directOnce = undefined;
        const message = 'this text is nested too deeply to be read';
        return {
            uri, text, file: { $type: 'File', items: [] }, errors: [{ code: 'language/too-deep', severity: 'error', message, at: { uri, start: 0, end: Math.min(text.length, 1) }, rules: [], related: [] }],
        };
    }
}
