// The marked tree as text for a terminal.
import { describeWas, type IomemLine, iomemText, type Mark, MARK_SIGN, onlyChanges } from './iomem-diff.ts';
import { paint, type Paint, type Style } from './style.ts';

const PAINT: Readonly<Record<Mark, Paint | undefined>> = { same: undefined, added: 'green', removed: 'red', changed: 'yellow' };

export interface IomemTextOptions {
    /** Levels that the release indents (Profile.iomemDepth). */
    readonly maxDepth: number;
    /** Only changed lines with what is around them. */
    readonly changesOnly?: boolean;
}

/** One line of text for each line of the tree, the mark in the first column; unchanged lines have a blank there. */
export function iomemToText(lines: readonly IomemLine[], style: Style, options: IomemTextOptions): string[] {
    const shown = options.changesOnly ? onlyChanges(lines) : lines;
    return shown.map((l) => {
        if (l === null) return paint(style, 'dim', '  …');
        const color = PAINT[l.mark];
        const sign = l.mark === 'same' ? ' ' : MARK_SIGN[l.mark];
        const text = `${sign} ${iomemText(l, options.maxDepth)}`;
        const was = describeWas(l);
        return `${color ? paint(style, color, text) : text}${was ? paint(style, 'dim', `  (${was})`) : ''}`;
    });
}
