// How text for a terminal is painted and cut. Pure: whoever prints decides about colour and width.

export interface Style {
    readonly color: boolean;
    /** Columns; lines of prose are wrapped to it. Trees and transcripts keep their lines. */
    readonly width: number;
}

export const PLAIN: Style = { color: false, width: 100 };

export type Paint = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'blue';

const CODES: Readonly<Record<Paint, string>> = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33', blue: '34', cyan: '36' };

export function paint(style: Style, how: Paint, text: string): string {
    return style.color && text !== '' ? `\x1b[${CODES[how]}m${text}\x1b[0m` : text;
}

/** Breaks prose at blanks so that it fits between `indent` and the width; a word longer than that keeps its length. */
export function wrap(style: Style, text: string, indent: number): string[] {
    const room = Math.max(20, style.width - indent);
    const lines: string[] = [];
    let line = '';
    for (const word of text.split(' ')) {
        if (line !== '' && line.length + 1 + word.length > room) {
            lines.push(line);
            line = word;
        } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
    return lines;
}

/** `lines` with `first` before the first and as many blanks before the others. */
export function hang(first: string, lines: readonly string[], firstWidth = first.length): string[] {
    return lines.map((l, i) => `${i === 0 ? first : ' '.repeat(firstWidth)}${l}`);
}
