// What the lexer and the parser complain about, worded for people: the place is the token at fault, the message says what would
// have been right, and one mistake gives one message.
import { CstUtils, isLeafCstNode, type ParseResult } from 'langium';
import type { File } from './generated/ast.ts';
import type { Finding, TextSpan } from './model.ts';
import { isClosed } from './value-converter.ts';

type ParserError = ParseResult['parserErrors'][number];

/** More than these of one text help nobody. */
const MOST = 50;

export function syntaxFindings(uri: string, text: string, result: ParseResult<File>): Finding[] {
    const out: Finding[] = [];
    const add = (code: string, message: string, start: number, end: number, related: Finding['related'] = []): void => {
        out.push({ code, severity: 'error', message, at: { uri, start, end: Math.max(end, start) }, rules: [], related });
    };
    for (const error of result.lexerErrors.slice(0, MOST)) {
        const junk = text.slice(error.offset, error.offset + error.length);
        add('language/unexpected-character', `${showJunk(junk)} means nothing here`, error.offset, error.offset + error.length);
    }
    const unclosed = result.parserErrors.length > 0 ? unclosedBraces(uri, result.value) : [];
    for (const error of result.parserErrors.slice(0, MOST)) {
        const atEnd = Number.isNaN(error.token.startOffset) || error.token.image === '';
        if (atEnd && unclosed.length > 0) {
            const open = unclosed.at(-1)!;
            if (!out.some((f) => f.code === 'language/unclosed-brace')) add('language/unclosed-brace', 'this `{` is never closed', open.start, open.end);
            continue;
        }
        const end = endOfText(text);
        const start = atEnd ? Math.max(0, end - 1) : error.token.startOffset;
        const stop = atEnd ? end : error.token.startOffset + error.token.image.length;
        const { code, message } = word(error, atEnd);
        add(code, message, start, stop);
    }
    if (text.includes('"') || text.includes('/*')) {
        const root = result.value.$cstNode;
        if (root) {
            for (const leaf of CstUtils.flattenCst(root)) {
                const image = leaf.text;
                if (leaf.tokenType.name === 'STRING' && !isClosed(image)) {
                    add('language/unterminated-string', 'this text is never closed: `"` is missing', leaf.offset, leaf.end);
                } else if (leaf.tokenType.name === 'ML_COMMENT' && (image.length < 4 || !image.endsWith('*/'))) {
                    add('language/unterminated-comment', 'this comment is never closed: `*/` is missing', leaf.offset, Math.min(leaf.end, leaf.offset + 2));
                }
            }
        }
    }
    return out.sort((a, b) => a.at.start - b.at.start);
}

function showJunk(junk: string): string {
    const shown = JSON.stringify(junk.length > 12 ? `${junk.slice(0, 12)}…` : junk).slice(1, -1);
    return `\`${shown}\``;
}

function endOfText(text: string): number {
    return text.trimEnd().length;
}

function unclosedBraces(uri: string, file: File): TextSpan[] {
    const open: TextSpan[] = [];
    if (!file.$cstNode) return open;
    for (const leaf of CstUtils.flattenCst(file.$cstNode)) {
        if (!isLeafCstNode(leaf) || leaf.hidden || leaf.length !== 1) continue;
        const image = leaf.text;
        if (image === '{') open.push({ uri, start: leaf.offset, end: leaf.end });
        else if (image === '}') open.pop();
    }
    return open;
}

const TOKEN_NAMES: Readonly<Record<string, string>> = {
    STRING: 'a text in quotes', NUMBER: 'a number', ID: 'a name', EOF: 'the end of the file', SHELL_LINE: 'a `$` line', MONITOR_LINE: 'a `(qemu)` line',
    MARGIN_LINE: 'a `|` line',
};

function word(error: ParserError, atEnd: boolean): { code: string; message: string } {
    const found = atEnd ? 'the end' : `\`${short(error.token.image)}\``;
    const expected = expectedTokens(error.message);
    const names = expected.map((t) => TOKEN_NAMES[t] ?? `\`${t}\``);
    const code = atEnd ? 'language/unexpected-end' : 'language/unexpected-token';
    if (names.length === 0) return { code, message: `${found} does not belong here` };
    const some = names.length > 8 ? `${names.slice(0, 7).join(', ')} …` : orList(names);
    return { code, message: `${some} expected, not ${found}` };
}

/** Token names in chevrotain's wording of an error, first tokens only, without names that are mere variants of `a name`. */
function expectedTokens(message: string): string[] {
    const single = /^Expecting (?:token of type '(\w+)'|keyword '([^']+)'|(?:end of file))/.exec(message) ?? /Expecting: '?([\w-]+)'? but/.exec(message);
    if (single) {
        const token = single[1] ?? single[2];
        return token === undefined ? [] : [token];
    }
    if (message.startsWith('Redundant input')) return [];
    const first = [...message.matchAll(/^\s*\d+\. \[([^\s,\]]+)/gm)].map((m) => m[1]!);
    const either = /Expecting .*?: \[([^\]]+)\]/.exec(message)?.[1]?.split(/,\s*/);
    const all = [...new Set(first.length > 0 ? first : either ?? [])].map((t) => t.replace(/^'|'$/g, ''));
    return all.includes('ID') ? all.filter((t) => t in TOKEN_NAMES) : all;
}

function short(image: string): string {
    const line = image.split(/\r?\n/, 1)[0]!;
    return line.length > 24 ? `${line.slice(0, 23)}…` : line;
}

function orList(words: readonly string[]): string {
    return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)!}`;
}
