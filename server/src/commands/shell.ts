// Shell words of one transcript line, each with its place in the line, so that an error inside a line is underlined there.
// Only what transcripts use: quoting, one redirection, a comment. Expansion, pipes and control operators are placed problems.

/** Offsets in the line's text; end exclusive. */
export interface Span {
    readonly start: number;
    readonly end: number;
}

export interface Word {
    /** The word with its quotes removed. */
    readonly text: string;
    readonly span: Span;
}

export interface Problem {
    readonly code: string;
    readonly message: string;
    readonly span: Span;
}

export interface ShellLine {
    readonly words: readonly Word[];
    /** `> path` or `>> path`. */
    readonly redirect?: { readonly operator: Word; readonly path?: Word };
    readonly problems: readonly Problem[];
}

/** Splits a line (without its `$ ` prompt) into words. Never throws. */
export function parseShell(line: string): ShellLine {
    const words: Word[] = [];
    const problems: Problem[] = [];
    let redirect: { operator: Word; path?: Word } | undefined;
    let i = 0;
    const take = (word: Word): void => {
        if (redirect && !redirect.path) redirect = { ...redirect, path: word };
        else words.push(word);
    };
    while (i < line.length) {
        const c = line[i]!;
        if (c === ' ' || c === '\t') {
            i++;
            continue;
        }
        if (c === '#') break;
        if (c === '>') {
            const operator = line.startsWith('>>', i) ? '>>' : '>';
            if (redirect) problems.push({ code: 'command/second-redirect', message: 'a second redirection', span: { start: i, end: i + operator.length } });
            redirect = { operator: { text: operator, span: { start: i, end: i + operator.length } } };
            i += operator.length;
            continue;
        }
        const control = /^(?:\|\||&&|[|;&<`]|\$\()/.exec(line.slice(i));
        if (control) {
            problems.push({
                code: 'command/unsupported-shell',
                message: `\`${control[0]}\` is not simulated: write one command a line`,
                span: { start: i, end: line.length },
            });
            break;
        }
        const start = i;
        let text = '';
        while (i < line.length && !/[ \t>|;&<]/.test(line[i]!)) {
            const ch = line[i]!;
            if (ch === "'" || ch === '"') {
                const close = line.indexOf(ch, i + 1);
                if (close < 0) {
                    problems.push({ code: 'command/unterminated-quote', message: `this ${ch} is never closed`, span: { start: i, end: line.length } });
                    text += line.slice(i + 1);
                    i = line.length;
                } else {
                    text += line.slice(i + 1, close);
                    i = close + 1;
                }
            } else if (ch === '\\' && i + 1 < line.length) {
                text += line[i + 1]!;
                i += 2;
            } else {
                text += ch;
                i++;
            }
        }
        take({ text, span: { start, end: i } });
    }
    if (redirect && !redirect.path) {
        problems.push({ code: 'command/missing-redirect-target', message: 'no file to write to', span: redirect.operator.span });
    }
    return { words, ...(redirect ? { redirect } : {}), problems };
}
