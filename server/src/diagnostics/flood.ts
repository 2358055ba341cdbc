// What a whole file has to say when it says too much: a file that is no text gets one finding, a list without end gets an end.
import type { Finding, TextSpan } from '../language/model.ts';

/** More syntax errors than these of one file help nobody. */
const MOST_ERRORS = 100;
/** Characters that are looked at to tell a text from something else. */
const SAMPLE = 8192;
/** Share of characters that no text has, above which it is none. */
const STRANGE = 0.1;

/** Is this something else than text? NUL bytes, or much that is no UTF-8 or a control character. */
export function isBinary(text: string): boolean {
    const sample = text.slice(0, SAMPLE);
    if (sample.includes('\0')) return true;
    let strange = 0;
    for (let i = 0; i < sample.length; i++) {
        const c = sample.charCodeAt(i);
        if (c === 0xfffd || (c < 32 && c !== 9 && c !== 10 && c !== 12 && c !== 13)) strange++;
    }
    return strange > sample.length * STRANGE;
}

/**
 * The syntax errors of a file as they are to be told. `binary`: the file is no text, so that nothing else of it is worth telling.
 * `start`: where the file's first declaration is.
 */
export function tellable(errors: readonly Finding[], text: string, start: TextSpan): { readonly errors: readonly Finding[]; readonly binary: boolean } {
    if (errors.length === 0) return { errors, binary: false };
    if (isBinary(text)) {
        const at = { ...start, end: Math.min(start.start + 1, start.start + text.length) };
        return { binary: true, errors: [{ code: 'language/not-text', severity: 'error', message: 'this is no text: the file is of another kind, or in an encoding other than UTF-8', at, rules: [], related: [] }] };
    }
    if (errors.length <= MOST_ERRORS) return { errors, binary: false };
    const rest = errors.length - MOST_ERRORS;
    const more: Finding = { code: 'language/more-errors', severity: 'info', message: `${rest} more syntax error${rest === 1 ? '' : 's'} from here on`, at: errors[MOST_ERRORS]!.at, rules: [], related: [] };
    return { errors: [...errors.slice(0, MOST_ERRORS), more], binary: false };
}
