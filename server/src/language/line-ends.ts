// What ends the lines of a text. Whatever is written into a text ends its lines as that text does: a client need not do it.

/** The line break that a text uses first; `\n` where it has none. */
export function lineEndOf(text: string): '\n' | '\r\n' {
    return text[text.indexOf('\n') - 1] === '\r' ? '\r\n' : '\n';
}

/** The same lines, ended otherwise. */
export function withLineEnds(text: string, end: '\n' | '\r\n'): string {
    return text.includes('\n') ? text.replace(/\r?\n/g, end) : text;
}
