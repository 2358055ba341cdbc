// One text in, its syntax tree and its syntax errors out. Used for whole files and for single declarations alike.
import { DefaultLexer, DefaultLexerErrorMessageProvider, inject, type LangiumCoreServices, type LangiumParser, LangiumParserErrorMessageProvider, type Linker } from 'langium';
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

let parser: LangiumParser | undefined;

/** The parser alone: it needs no documents and no workspace, and making one takes some 20 ms, so there is one. */
function sharedParser(): LangiumParser {
    if (!parser) {
        // Of the library's some forty services the parser needs these; the others are neither bundled nor made.
        const shared = { ...inject(MemtopoGeneratedSharedModule), profilers: {} };
        const services = inject({
            ...MemtopoGeneratedModule, shared: () => shared, references: { Linker: () => NAMES_ONLY },
            parser: {
                Lexer: (s: LangiumCoreServices) => new DefaultLexer(s), LexerErrorMessageProvider: () => new DefaultLexerErrorMessageProvider(),
                ParserErrorMessageProvider: () => new LangiumParserErrorMessageProvider(), ParserConfig: () => ({}),
                ValueConverter: () => new MemtopoValueConverter(), TokenBuilder: () => new QuickTokenBuilder(), LangiumParser: (s: LangiumCoreServices) => createQuickParser(s),
            },
        } as never) as LangiumCoreServices;
        parser = skipWholeBlocks(services.parser.LangiumParser);
    }
    return parser;
}

/** Makes the parser ahead of the first text, while a client has not sent one yet. */
export function prepareParser(): void {
    sharedParser();
}

/** Parses a text. Never throws; the tree holds whatever is sound. `uri` names the text in the findings. */
export function parseText(uri: string, text: string): ParsedText {
    try {
        const result = sharedParser().parse<File>(text);
        return { uri, text, file: result.value, errors: syntaxFindings(uri, text, result) };
    } catch {
        // Thousands of nested blocks exhaust the stack of a recursive descent. The parser is left in the middle: the next text gets a new one.
        parser = undefined;
        const message = 'this text is nested too deeply to be read';
        return {
            uri, text, file: { $type: 'File', items: [] }, errors: [{ code: 'language/too-deep', severity: 'error', message, at: { uri, start: 0, end: Math.min(text.length, 1) }, rules: [], related: [] }],
        };
    }
}
