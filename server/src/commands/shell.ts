// Shell words of one transcript line, each with its place in the line, so that an error inside a line is underlined there.
// Only what transcripts use: quoting, one redirection, a pipe, a comment. Expansion and control operators are placed problems.

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
    /** What stands behind `|`: it reads what this prints. */
    readonly pipe?: ShellLine;
    readonly problems: readonly Problem[];
}

/** Splits a line (without its `$ ` prompt) into words. Never throws. */
export function parseShell(line: string): ShellLine {
    return parseFrom(line, 0);
}

function parseFrom(line: string, from: number): ShellLine {
    const words: Word[] = [];
    const problems: Problem[] = [];
    let redirect: { operator: Word; path?: Word } | undefined;
    let pipe: ShellLine | undefined;
    let i = from;
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
        if (control?.[0] === '|') {
            pipe = parseFrom(line, i + 1);
            problems.push(...pipe.problems);
            if (words.length === 0 || pipe.words.length === 0) {
                problems.push({ code: 'command/unsupported-shell', message: '`|` needs a command on either side', span: { start: i, end: i + 1 } });
            }
            break;
        }
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
    return { words, ...(redirect ? { redirect } : {}), ...(pipe ? { pipe } : {}), problems };
}
