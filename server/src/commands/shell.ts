// The shell of transcript lines: words, quoting, redirections, pipes, `;`, `&&`, `||`, `for … do … done`, `$NAME`, `$(…)`, braces and
// patterns, each with its place in the line, so that an error inside a line is underlined there. What else a shell has is a placed
// problem. Nothing is expanded here; shell-expand.ts does that on a state.

/** Offsets in the line's text; end exclusive. */
export interface Span {
    readonly start: number;
    readonly end: number;
}

/** A piece of a word that is expanded by itself. What is quoted is neither split nor matched against files. */
export type Part =
    | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
    | { readonly kind: 'variable'; readonly name: string; readonly quoted: boolean; readonly span: Span }
    | { readonly kind: 'substitution'; readonly script: Script; readonly quoted: boolean; readonly span: Span };

export interface Word {
    /** The word with its quotes removed, before expansion. */
    readonly text: string;
    readonly span: Span;
    /** What it is made of, where it may become something else than `text`. */
    readonly parts?: readonly Part[];
}

export interface Problem {
    readonly code: string;
    readonly message: string;
    readonly span: Span;
    /** What may have been meant instead. */
    readonly words?: readonly string[];
}

/** A simple command with what reads its output. */
export interface ShellLine {
    readonly words: readonly Word[];
    /** `> path` or `>> path` of standard output; other redirections change nothing that is modelled. */
    readonly redirect?: { readonly operator: Word; readonly path?: Word };
    /** What stands behind `|`: it reads what this prints. */
    readonly pipe?: ShellLine;
}

export interface ForLoop {
    /** Places of `for`, `in`, `do` and `done`. */
    readonly keywords: readonly Span[];
    readonly variable: Word;
    readonly words: readonly Word[];
    readonly body: Script;
}

/** A command and what it hangs on: `&&` runs it if all went well before it, `||` if not, `;` in any case. */
export interface ScriptItem {
    readonly joiner: ';' | '&&' | '||';
    readonly node: { readonly command: ShellLine } | { readonly loop: ForLoop };
}

export type Script = readonly ScriptItem[];

export interface ParsedScript {
    readonly script: Script;
    /** All problems of all commands, in order of place. */
    readonly problems: readonly Problem[];
}

/** Words that begin what is not simulated. */
const RESERVED = new Set(['if', 'while', 'until', 'case', 'select', 'function', '{', '[[', '!', 'then', 'else', 'fi', 'esac', 'do', 'done', '}']);
const NAME = /^[A-Za-z_]\w*/;
/** Scripts inside scripts, beyond which nobody reads on. */
const DEEPEST = 8;

/** A line (without its `$ ` prompt) as a list of commands. `base` is added to all places. Never throws. */
export function parseScript(line: string, base = 0, depth = 0): ParsedScript {
    const parser = new Parser(line, base, depth, true);
    const script = parser.list([]);
    return { script, problems: parser.problems.sort((a, b) => a.span.start - b.span.start) };
}

/** The words of a line in which nothing is expanded: a QEMU monitor line, or one that is only looked at. Never throws. */
export function parseWords(line: string): { readonly shell: ShellLine; readonly problems: readonly Problem[] } {
    const parser = new Parser(line, 0, 0, false);
    return { shell: parser.pipeline(), problems: parser.problems };
}

/** A word in the making: its text, and the parts it is made of. */
class WordBuilder {
    text = '';
    readonly parts: Part[] = [];

    add(piece: string, quoted: boolean): void {
        this.text += piece;
        const last = this.parts.at(-1);
        if (last?.kind === 'text' && last.quoted === quoted) this.parts[this.parts.length - 1] = { ...last, text: last.text + piece };
        else this.parts.push({ kind: 'text', text: piece, quoted });
    }

    /** A part that is expanded, with its text as it is written. */
    push(part: Part, written: string): void {
        this.text += written;
        this.parts.push(part);
    }
}

/** Where the command begins that the end of a half-typed line is in. */
export function commandStart(line: string): number {
    let start = 0;
    let quote = '';
    for (let i = 0; i < line.length; i++) {
        const c = line[i]!;
        if (c === '\\' && quote !== "'") i++;
        else if (quote !== '') quote = c === quote ? '' : quote;
        else if (c === "'" || c === '"') quote = c;
        else if (/[;|(]/.test(c) || (c === '&' && line[i - 1] === '&')) start = i + 1;
        else if (/^do\s/.test(line.slice(i)) && line.slice(start, i).trim() === '') start = i + 2;
    }
    return start;
}

class Parser {
    readonly problems: Problem[] = [];
    private at = 0;

    private readonly line: string;
    private readonly base: number;
    private readonly depth: number;
    private readonly expands: boolean;

    constructor(line: string, base: number, depth: number, expands: boolean) {
        this.line = line;
        this.base = base;
        this.depth = depth;
        this.expands = expands;
    }

    /** Commands up to the end, an unmatched `)`, or one of the words that end it. */
    list(ends: readonly string[]): Script {
        const items: ScriptItem[] = [];
        let joiner: ScriptItem['joiner'] = ';';
        let wanted: Span | undefined;
        for (;;) {
            this.blanks();
            if (this.at >= this.line.length || this.line[this.at] === ')' || ends.includes(this.peek())) break;
            const before = this.at;
            const node = this.peek() === 'for' ? this.loop() : this.command();
            if (node) {
                items.push({ joiner, node });
                wanted = undefined;
            }
            this.blanks();
            const operator = /^(?:&&|\|\||;|&(?!>))/.exec(this.line.slice(this.at))?.[0];
            if (!operator) {
                if (this.at === before) this.unsupported(this.line[this.at]!, this.at, this.line.length);
                continue;
            }
            const span = this.span(this.at, this.at + operator.length);
            if (operator === '&') {
                this.unsupported('&', this.at, this.line.length);
                break;
            }
            if (!node && operator !== ';') this.problem('command/unsupported-shell', `\`${operator}\` needs a command on either side`, span);
            this.at += operator.length;
            joiner = operator as ScriptItem['joiner'];
            wanted = operator === ';' ? undefined : span;
        }
        if (wanted) this.problem('command/unsupported-shell', `\`${joiner}\` needs a command on either side`, wanted);
        return items;
    }

    private command(): ScriptItem['node'] | undefined {
        if (RESERVED.has(this.peek()) || this.line[this.at] === '(') {
            this.unsupported(this.peek() || '(', this.at, this.line.length);
            return undefined;
        }
        const command = this.pipeline();
        return command.words.length === 0 && !command.redirect && !command.pipe ? undefined : { command };
    }

    /** `for NAME in WORD…; do LIST; done` */
    private loop(): ScriptItem['node'] | undefined {
        const start = this.at;
        const keywords: Span[] = [];
        this.keyword('for', keywords);
        this.blanks();
        const name = NAME.exec(this.line.slice(this.at))?.[0] ?? '';
        const variable: Word = { text: name, span: this.span(this.at, this.at + name.length) };
        this.at += name.length;
        const words: Word[] = [];
        const incomplete = (): undefined => {
            this.problem('command/unsupported-shell', 'a loop is written `for NAME in WORDS; do COMMANDS; done`', this.span(start, Math.max(this.at, start + 3)));
            this.at = this.line.length;
            return undefined;
        };
        if (name === '' || !this.keyword('in', keywords)) return incomplete();
        for (;;) {
            this.blanks();
            if (this.at >= this.line.length || /[;&|<>)]/.test(this.line[this.at]!)) break;
            words.push(this.word());
        }
        if (this.line[this.at] !== ';') return incomplete();
        this.at++;
        if (!this.keyword('do', keywords)) return incomplete();
        const body = this.list(['done']);
        if (!this.keyword('done', keywords)) return incomplete();
        return { loop: { keywords, variable, words, body } };
    }

    private keyword(word: string, places: Span[]): boolean {
        this.blanks();
        if (this.peek() !== word) return false;
        places.push(this.span(this.at, this.at + word.length));
        this.at += word.length;
        return true;
    }

    /** A command and the commands it is piped into. */
    pipeline(): ShellLine {
        const words: Word[] = [];
        let redirect: { operator: Word; path?: Word } | undefined;
        let pipe: ShellLine | undefined;
        while (this.at < this.line.length) {
            this.blanks();
            const rest = this.line.slice(this.at);
            if (rest === '') break;
            const redirection = /^(\d*)(>>?|<)(?:&(\d+|-))?|^&>>?/.exec(rest);
            if (redirection) redirect = this.redirection(redirection, redirect);
            else if (rest.startsWith('|') && !rest.startsWith('||')) {
                const operator = this.span(this.at, this.at + 1);
                this.at++;
                pipe = this.pipeline();
                if (words.length === 0 || pipe.words.length === 0) this.problem('command/unsupported-shell', '`|` needs a command on either side', operator);
                break;
            } else if (/^[;&|]/.test(rest) || (rest.startsWith(')') && this.expands)) break;
            else words.push(this.word());
        }
        if (redirect && !redirect.path) this.problem('command/missing-redirect-target', 'no file to write to', redirect.operator.span);
        return { words, ...(redirect ? { redirect } : {}), ...(pipe ? { pipe } : {}) };
    }

    /** Takes a redirection with its file. Only the one of standard output counts. */
    private redirection(found: RegExpExecArray, before: ShellLine['redirect']): { operator: Word; path?: Word } | undefined {
        const start = this.at;
        const [whole, descriptor = '', sign = '>', duplicate] = found;
        this.at += whole.length;
        const operator: Word = { text: whole, span: this.span(start, this.at) };
        if (duplicate !== undefined) return before;
        this.blanks();
        const path = this.at < this.line.length && !/[|;&<>)]/.test(this.line[this.at]!) ? this.word() : undefined;
        if (sign === '<' && path?.text !== '/dev/null') this.unsupported('<', start, this.at);
        if (sign === '<' || (descriptor !== '' && descriptor !== '1')) {
            if (!path) this.problem('command/missing-redirect-target', 'no file behind this', operator.span);
            return before;
        }
        if (before) this.problem('command/second-redirect', 'a second redirection', operator.span);
        return { operator, ...(path ? { path } : {}) };
    }

    /** One word from here on; there is one. */
    private word(): Word {
        const start = this.at;
        const out = new WordBuilder();
        while (this.at < this.line.length && !/[ \t>|;&<]/.test(this.line[this.at]!) && !(this.expands && this.line[this.at] === ')')) {
            const c = this.line[this.at]!;
            if (c === "'") this.single(out);
            else if (c === '"') this.double(out);
            else if (c === '\\' && this.at + 1 < this.line.length) {
                out.add(this.line[this.at + 1]!, true);
                this.at += 2;
            } else if (this.expands && (c === '$' || c === '`')) this.dollar(out, false);
            else out.add(this.run(/[^ \t>|;&<)'"\\$`]+/y) ?? c, false);
        }
        const dynamic = this.expands && out.parts.some((p) => p.kind !== 'text' || (!p.quoted && /[*?[{]/.test(p.text)));
        return { text: out.text, span: this.span(start, this.at), ...(dynamic ? { parts: out.parts } : {}) };
    }

    /** Takes characters that mean nothing but themselves; one that means nothing only here is left to the caller, and taken as well. */
    private run(ordinary: RegExp): string | undefined {
        ordinary.lastIndex = this.at;
        const found = ordinary.exec(this.line)?.[0];
        this.at += found?.length ?? 1;
        return found;
    }

    private single(out: WordBuilder): void {
        const close = this.line.indexOf("'", this.at + 1);
        out.add(this.line.slice(this.at + 1, close < 0 ? this.line.length : close), true);
        if (close < 0) this.unterminated("'", this.at);
        this.at = close < 0 ? this.line.length : close + 1;
    }

    private double(out: WordBuilder): void {
        const start = this.at++;
        out.add('', true);
        while (this.at < this.line.length && this.line[this.at] !== '"') {
            const c = this.line[this.at]!;
            if (c === '\\' && /[$`"\\]/.test(this.line[this.at + 1] ?? '')) {
                out.add(this.line[this.at + 1]!, true);
                this.at += 2;
            } else if (this.expands && (c === '$' || c === '`')) this.dollar(out, true);
            else out.add(this.run(/[^"\\$`]+/y) ?? c, true);
        }
        if (this.at >= this.line.length) this.unterminated('"', start);
        this.at = Math.min(this.at + 1, this.line.length);
    }

    /** `$NAME`, `${NAME}`, `$1`, `$(…)`. A lone `$` stands for itself. */
    private dollar(out: WordBuilder, quoted: boolean): void {
        const start = this.at;
        const rest = this.line.slice(start);
        const variable = /^\$(?:\{(\w+)\}|([A-Za-z_]\w*|\d))/.exec(rest);
        if (variable) {
            this.at += variable[0].length;
            out.push({ kind: 'variable', name: variable[1] ?? variable[2]!, quoted, span: this.span(start, this.at) }, variable[0]);
            return;
        }
        const foreign = /^(?:`|\$\(\(|\$\{)/.exec(rest)?.[0] ?? (rest.startsWith('$(') && this.depth >= DEEPEST ? '$(' : undefined);
        if (foreign !== undefined) {
            this.unsupported(foreign, start, this.line.length);
            out.add(rest, true);
            return;
        }
        if (!rest.startsWith('$(')) {
            this.at++;
            out.add(rest[0]!, quoted);
            return;
        }
        const inner = new Parser(this.line, this.base, this.depth + 1, true);
        inner.at = start + 2;
        const script = inner.list([]);
        this.problems.push(...inner.problems);
        this.at = inner.at;
        if (this.line[this.at] === ')') this.at++;
        else this.problem('command/unterminated-quote', 'this `$(` is never closed', this.span(start, this.line.length));
        out.push({ kind: 'substitution', script, quoted, span: this.span(start, this.at) }, this.line.slice(start, this.at));
    }

    /** Skips blanks, and a comment with all that is behind it. */
    private blanks(): void {
        while (/[ \t]/.test(this.line[this.at] ?? '')) this.at++;
        if (this.line[this.at] === '#' && (this.at === 0 || /[ \t;&|(]/.test(this.line[this.at - 1]!))) this.at = this.line.length;
    }

    /** The unquoted word from here on, '' where there is none. */
    private peek(): string {
        return /^[^ \t>|;&<()"'$\\`]+/.exec(this.line.slice(this.at))?.[0] ?? '';
    }

    private span(start: number, end: number): Span {
        return { start: this.base + start, end: this.base + end };
    }

    private problem(code: string, message: string, span: Span): void {
        this.problems.push({ code, message, span });
    }

    private unterminated(quote: string, start: number): void {
        this.problem('command/unterminated-quote', `this ${quote} is never closed`, this.span(start, this.line.length));
    }

    /** What begins here is not simulated; the rest up to `end` is left alone. */
    private unsupported(what: string, start: number, end: number): void {
        this.problem('command/unsupported-shell', `\`${what}\` is not simulated: write the commands line by line`, this.span(start, end));
        this.at = end;
    }
}
