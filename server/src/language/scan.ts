// The tokens of a text without mistakes, as the parser library's lexer finds them.
import type { Rules, TokenType } from './grammar-steps.ts';

export interface Token {
    readonly tokenType: TokenType;
    readonly startOffset: number;
    readonly image: string;
}

export interface Scanned {
    readonly tokens: readonly Token[];
    /** Comments. */
    readonly hidden: readonly Token[];
}

const SPACE = /\s+/y;
const LINE = /[^\r\n]*/y;
const STRING = /"(?:\\[^\r\n]|[^"\\\r\n])*"/y;
const NUMBER = /[0-9][0-9A-Za-z_.]*(?:\/s)?/y;
const WORD = /[A-Za-z_][\w.-]*/y;

function matched(pattern: RegExp, text: string, at: number): number {
    pattern.lastIndex = at;
    return pattern.test(text) ? pattern.lastIndex : -1;
}

/** The tokens of a text; undefined where a character begins none, or a string or a comment is never closed. */
export function scan(text: string, rules: Rules): Scanned | undefined {
    const tokens: Token[] = [];
    const hidden: Token[] = [];
    const type = (name: string): TokenType => rules.terminals.get(name)!;
    for (let at = 0; at < text.length;) {
        const c = text.charCodeAt(at);
        let end: number;
        let tokenType: TokenType | undefined;
        if (c === 32 || (c >= 9 && c <= 13) || c > 127) {
            end = matched(SPACE, text, at);
            if (end < 0) return undefined;
            at = end;
            continue;
        }
        if ((c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95) {
            end = matched(WORD, text, at);
            const image = text.slice(at, end);
            tokens.push({ tokenType: rules.keywords.get(image) ?? type('ID'), startOffset: at, image });
            at = end;
            continue;
        }
        if (c >= 48 && c <= 57) {
            end = matched(NUMBER, text, at);
            tokenType = type('NUMBER');
        } else if (c === 47) {
            const line = text.charCodeAt(at + 1) === 47;
            const close = line ? matched(LINE, text, at) : text.charCodeAt(at + 1) === 42 ? text.indexOf('*/', at + 2) : -1;
            if (close < 0) return undefined;
            end = line ? close : close + 2;
            hidden.push({ tokenType: type(line ? 'SL_COMMENT' : 'ML_COMMENT'), startOffset: at, image: text.slice(at, end) });
            at = end;
            continue;
        } else if (c === 34) {
            end = matched(STRING, text, at);
            tokenType = type('STRING');
        } else if (c === 36) {
            end = matched(LINE, text, at);
            tokenType = type('SHELL_LINE');
        } else if (c === 124) {
            end = matched(LINE, text, at);
            tokenType = type('MARGIN_LINE');
        } else if (c === 40 && text.startsWith('(qemu)', at)) {
            end = matched(LINE, text, at);
            tokenType = type('MONITOR_LINE');
        } else {
            end = at + 1;
            tokenType = rules.keywords.get(text[at]!);
        }
        if (end < 0 || tokenType === undefined) return undefined;
        tokens.push({ tokenType, startOffset: at, image: text.slice(at, end) });
        at = end;
    }
    return { tokens, hidden };
}
