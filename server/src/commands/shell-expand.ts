// What a shell makes of a word before it runs a command: braces, variables, command substitutions, splitting, and patterns matched
// against the files that the simulated state has.
import type { Part, Script, Word } from './shell.ts';

export interface Expander {
    /** Value of a variable; undefined where the line does not set it. */
    readonly variable: (name: string) => string | undefined;
    /** What a script prints; undefined where that is not known. */
    readonly output: (script: Script) => string | undefined;
    /** Paths that match a pattern, in order; undefined where they cannot be told. `escaped` has quoted characters behind `\`. */
    readonly paths: (escaped: string) => readonly string[] | undefined;
}

/** More words than this from one word are not made. */
const MOST_WORDS = 4096;

/** Why a word cannot be expanded, in words that fit behind "not simulated: ". */
export class Unknown {
    readonly why: string;
    constructor(why: string) {
        this.why = why;
    }
}

/** Words that each of these words becomes; all keep the place of the word they come from. */
export function expandWords(words: readonly Word[], expander: Expander): readonly Word[] | Unknown {
    if (words.every((w) => w.parts === undefined)) return words;
    const out: Word[] = [];
    for (const word of words) {
        const texts = word.parts === undefined ? [word.text] : expandWord(word.parts, expander);
        if (texts instanceof Unknown) return texts;
        if (out.length + texts.length > MOST_WORDS) return new Unknown(`more than ${MOST_WORDS} words`);
        for (const text of texts) out.push({ text, span: word.span });
    }
    return out;
}

function expandWord(parts: readonly Part[], expander: Expander): readonly string[] | Unknown {
    const out: string[] = [];
    const alternatives = braces(parts);
    if (alternatives instanceof Unknown) return alternatives;
    for (const alternative of alternatives) {
        const fields = split(alternative, expander);
        if (fields instanceof Unknown) return fields;
        for (const field of fields) {
            const found = field.pattern ? expander.paths(field.escaped) : [];
            if (found === undefined) return new Unknown(`the pattern ${field.text}`);
            out.push(...(found.length > 0 ? found : [field.text]));
        }
    }
    return out;
}

/** `{a,b}` and `{1..3}` in unquoted text, the first one first, as often as there are any. */
function braces(parts: readonly Part[]): readonly (readonly Part[])[] | Unknown {
    let done: readonly Part[][] = [[]];
    for (const part of parts) {
        const texts = part.kind === 'text' && !part.quoted ? braceTexts(part.text) : undefined;
        const pieces: readonly Part[] = texts?.map((text) => ({ kind: 'text', text, quoted: false }) as const) ?? [part];
        if (done.length * pieces.length > MOST_WORDS) return new Unknown(`more than ${MOST_WORDS} words`);
        done = done.flatMap((d) => pieces.map((p) => [...d, p]));
    }
    return done;
}

function braceTexts(text: string): readonly string[] {
    const found = /^([^{]*)\{([^{}]*)\}(.*)$/s.exec(text);
    if (!found) return [text];
    const [, before = '', inside = '', after = ''] = found;
    const rest = braceTexts(after);
    const range = /^(-?\d{1,15})\.\.(-?\d{1,15})(?:\.\.(-?\d{1,15}))?$/.exec(inside);
    const choices = range ? count(range) : inside.includes(',') ? inside.split(',') : [`{${inside}}`];
    return choices.flatMap((choice) => rest.map((r) => before + choice + r));
}

function count([, first = '0', last = '0', by]: RegExpExecArray): readonly string[] {
    const from = Number(first);
    const to = Number(last);
    const step = Math.max(1, Math.abs(Number(by ?? 1))) * (from <= to ? 1 : -1);
    const length = Math.min(Math.floor((to - from) / step) + 1, MOST_WORDS + 1);
    const width = /^-?0\d/.test(first) || /^-?0\d/.test(last) ? Math.max(first.length, last.length) : 0;
    return Array.from({ length }, (_, i) => `${from + i * step}`.padStart(width, '0'));
}

interface Field {
    text: string;
    /** As a pattern: what was quoted stands for itself. */
    escaped: string;
    pattern: boolean;
}

const escape = (text: string): string => text.replace(/[\\*?[\]]/g, '\\$&');

/** Variables and substitutions replaced; what they give unquoted is split at blanks. */
function split(parts: readonly Part[], expander: Expander): readonly Field[] | Unknown {
    const fields: Field[] = [];
    let open: Field | undefined;
    const append = (text: string, quoted: boolean): void => {
        open ??= { text: '', escaped: '', pattern: false };
        open.text += text;
        open.escaped += quoted ? escape(text) : text;
        open.pattern ||= !quoted && /[*?[]/.test(text);
    };
    const close = (): void => {
        if (open) fields.push(open);
        open = undefined;
    };
    for (const part of parts) {
        if (part.kind === 'text') {
            append(part.text, part.quoted);
            continue;
        }
        const value = part.kind === 'variable' ? expander.variable(part.name) : expander.output(part.script)?.replace(/\n+$/, '');
        if (value === undefined) return new Unknown(part.kind === 'variable' ? `$${part.name}, which this line does not set` : 'what this command prints');
        if (part.quoted) {
            append(value, true);
            continue;
        }
        const pieces = value.split(/[ \t\n]+/);
        pieces.forEach((piece, i) => {
            if (i > 0) close();
            if (piece !== '') append(piece, false);
        });
    }
    close();
    return fields;
}

/** A shell pattern for one path component as a regular expression; `\` quotes. */
export function componentPattern(pattern: string): RegExp {
    let out = '';
    for (let i = 0; i < pattern.length; i++) {
        const c = pattern[i]!;
        const set = c === '[' ? /^\[(!|\^)?(\]?[^\]]*)\]/.exec(pattern.slice(i)) : null;
        if (set) {
            out += `[${set[1] ? '^' : ''}${set[2]!.replace(/[\\\]^[]/g, '\\$&')}]`;
            i += set[0].length - 1;
        } else if (c === '*') out += '[^/]*';
        else if (c === '?') out += '[^/]';
        else out += (c === '\\' ? pattern[++i] ?? '' : c).replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
    }
    return new RegExp(`^${out}$`);
}
