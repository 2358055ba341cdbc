// While typing: a closing brace goes under its declaration, a new line behind a transcript line begins with its prompt, and what is no
// shell line takes the place of that prompt.
import type { FormattingOptions, TextEdit } from 'vscode-languageserver-types';
import { tokens } from '../server/tokens.ts';
import type { Analysis } from '../server/analysis.ts';
import type { FeatureContext } from './context.ts';

export const ON_TYPE_FIRST = '}';
export const ON_TYPE_MORE = ['\n', ' '];

/** Edits after `typed` was typed; the cursor stands at `offset`, behind it. */
export function onTypeFormatting({ analysis }: FeatureContext, offset: number, typed: string, options: FormattingOptions): TextEdit[] {
    const line = analysis.lines.lineOf(offset);
    const start = analysis.lines.lineStart(line);
    const text = analysis.source.text.slice(start, analysis.lines.lineEnd(line));
    const width = Number.isInteger(options.tabSize) && options.tabSize > 0 && options.tabSize <= 16 ? options.tabSize : 4;
    const unit = options.insertSpaces === false ? '\t' : ' '.repeat(width);
    const replaceBlank = (length: number, newText: string): TextEdit[] =>
        text.slice(0, length) === newText ? [] : [{ range: analysis.lines.rangeOf(start, start + length), newText }];
    if (typed === '}') {
        const lead = /^[ \t]*(?=\})/.exec(text)?.[0];
        return lead === undefined ? [] : replaceBlank(lead.length, unit.repeat(depthAt(analysis, start + lead.length + 1)));
    }
    // the prompt came by itself; the author goes on with something that has none, or with a prompt of their own
    if (typed === ' ') {
        const own = /^([ \t]*)\$ (?=(?:\$|\(qemu\)|expect|kernel) $)/.exec(text.slice(0, offset - start));
        return own ? [{ range: analysis.lines.rangeOf(start + own[1]!.length, start + own[0].length), newText: '' }] : [];
    }
    if (typed !== '\n' || line === 0) return [];
    const blank = /^[ \t]*/.exec(text)![0];
    const above = analysis.source.text.slice(analysis.lines.lineStart(line - 1), analysis.lines.lineEnd(line - 1));
    const indent = unit.repeat(depthAt(analysis, start));
    // Enter in an empty `$ ` line ends the transcript, as Enter in an empty list item ends a list
    const empty = /^\s*\$\s*$/.exec(above);
    if (empty && text.trim() === '') {
        const from = analysis.lines.lineStart(line - 1);
        return [{ range: analysis.lines.rangeOf(from, analysis.lines.lineEnd(line - 1)), newText: '' }, ...replaceBlank(blank.length, indent)];
    }
    if (text.trim() === '' && /^\s*\$/.test(above)) return replaceBlank(blank.length, `${indent}$ `);
    return text.trim() === '' || text.trimStart().startsWith('}') ? replaceBlank(blank.length, text.trimStart().startsWith('}') ? unit.repeat(depthAt(analysis, start + blank.length + 1)) : indent) : [];
}

/** Number of braces open at an offset, in the declaration that it is in. */
function depthAt(analysis: Analysis, offset: number): number {
    const unit = analysis.source.unitAt(offset);
    if (!unit) return 0;
    let depth = 0;
    for (const token of tokens(unit.part.text)) {
        if (unit.part.start + token.end > offset) break;
        if (token.kind === '{') depth++;
        else if (token.kind === '}') depth--;
    }
    return Math.max(0, depth);
}
