// How wide text comes out, without a screen to ask: an upper bound over the usual sans-serif fonts, so that what fits here fits there.

const NARROW = new Set("iljI.,:;|!'()[]{} /·-–ft");
const WIDE = new Set('mwMWGOQ@%…≥×−→⚠✕');

/** Pixels of a text at a font size. Never less than the widest of the usual sans-serif fonts takes. */
export function textWidth(text: string, size = 12): number {
    let ems = 0;
    for (const c of text) ems += NARROW.has(c) ? 0.42 : WIDE.has(c) ? 0.95 : c >= 'A' && c <= 'Z' ? 0.72 : 0.635;
    return Math.ceil(ems * size * 10) / 10;
}

/** The first (longest) of the texts that fits; undefined where none does. */
export function fitting(texts: readonly string[], width: number, size = 12): string | undefined {
    return texts.find((t) => t !== '' && textWidth(t, size) <= width);
}

/** Cut at the end, marked with an ellipsis, where it does not fit. */
export function cutTo(text: string, width: number, size = 12): string {
    if (textWidth(text, size) <= width) return text;
    const chars = [...text];
    while (chars.length > 0 && textWidth(`${chars.join('')}…`, size) > width) chars.pop();
    return chars.length === 0 ? '' : `${chars.join('').trimEnd()}…`;
}

/** Breaks prose into lines that fit. */
export function breakText(text: string, width: number, size = 12): string[] {
    const lines: string[] = [];
    let line = '';
    for (const word of text.split(' ')) {
        if (line !== '' && textWidth(`${line} ${word}`, size) > width) {
            lines.push(line);
            line = word;
        } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
    return lines.map((l) => cutTo(l, width, size));
}
