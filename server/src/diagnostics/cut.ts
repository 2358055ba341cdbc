// Taking something out of a text so that no gap is left where it was.

/** The stretch to delete with a span: its lines where nothing else is on them, else the blanks before it too. A prompt goes with its command. */
export function cutOut(text: string, span: { readonly start: number; readonly end: number }): { readonly start: number; readonly end: number } {
    const lineStart = text.lastIndexOf('\n', span.start - 1) + 1;
    const before = text.slice(lineStart, span.start).replace(/(?:\$|\(qemu\))[ \t]*$/, '');
    const rest = /^[ \t]*(?:\r?\n|$)/.exec(text.slice(span.end))?.[0];
    if (before.trim() !== '' || rest === undefined) return { start: lineStart + before.trimEnd().length, end: span.end };
    const end = span.end + rest.length;
    // of two empty lines that would meet one is enough, and a block neither begins nor ends with one
    const blank = /^[ \t]*\r?\n/.exec(text.slice(end))?.[0];
    const above = text.slice(0, lineStart);
    if (blank !== undefined && /(?:^|\n[ \t]*\r?\n|\{[ \t]*(?:\/\/[^\n]*)?\r?\n)$/.test(above.slice(-400))) return { start: lineStart, end: end + blank.length };
    if (/^\s*\}/.test(text.slice(end))) return { start: lineStart - /(?:(?<=\n)[ \t]*\r?\n)*$/.exec(above)![0].length, end };
    return { start: lineStart, end };
}
