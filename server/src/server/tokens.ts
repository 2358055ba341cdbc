// The tokens of the language as far as features need them without a parse: folding, completion, semantic tokens.

export type TokenKind = '{' | '}' | 'string' | 'shell' | 'monitor' | 'margin' | 'line-comment' | 'comment' | 'number' | 'word' | 'other';

export interface Token {
    readonly kind: TokenKind;
    readonly start: number;
    readonly end: number;
}

const TOKEN = /[{}]|"(?:\\[^\r\n]|[^"\\\r\n])*"?|\$[^\r\n]*|\(qemu\)[^\r\n]*|\|[^\r\n]*|\/\/[^\r\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?|[0-9][0-9A-Za-z_.]*(?:\/s)?|[A-Za-z_][\w.-]*|[^\s]/g;

export function* tokens(text: string): Generator<Token> {
    for (const match of text.matchAll(TOKEN)) {
        const start = match.index;
        const end = start + match[0].length;
        yield { kind: kindOf(match[0]), start, end };
    }
}

function kindOf(image: string): TokenKind {
    const c = image.charCodeAt(0);
    if (c === 123) return '{';
    if (c === 125) return '}';
    if (c === 34) return 'string';
    if (c === 36) return 'shell';
    if (c === 124) return 'margin';
    if (c === 40 && image.length > 1) return 'monitor';
    if (c === 47 && image.length > 1) return image.charCodeAt(1) === 47 ? 'line-comment' : 'comment';
    if (c >= 48 && c <= 57) return 'number';
    return /\w/.test(image[0]!) ? 'word' : 'other';
}
