// While typing: a closing brace goes under its declaration, a new line behind a line of a transcript or of /proc/iomem begins as that one
// does, and what is no shell line takes the place of the prompt.
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
        const lead = /^[ \t]*(?=\})/.exec(text)?.[0].length;
        const depth = lead === undefined ? undefined : depthAt(analysis, start + lead + 1);
        return lead === undefined || depth === undefined ? [] : replaceBlank(lead, unit.repeat(depth));
    }
    // the prompt came by itself; the author goes on with something that has none, or with a prompt of their own
    if (typed === ' ') {
        const own = /^([ \t]*)\$ (?=(?:\$|\(qemu\)|expect|kernel) $)/.exec(text.slice(0, offset - start));
        return own ? [{ range: analysis.lines.rangeOf(start + own[1]!.length, start + own[0].length), newText: '' }] : [];
    }
    if (typed !== '\n' || line === 0) return [];
    const blank = /^[ \t]*/.exec(text)![0];
    const depth = depthAt(analysis, start);
    if (depth === undefined) return [];
    const indent = unit.repeat(depth);
    if (text.trimStart().startsWith('}')) return replaceBlank(blank.length, unit.repeat(depthAt(analysis, start + blank.length + 1) ?? 0));
    if (text.trim() !== '') return [];
    const above = analysis.source.text.slice(analysis.lines.lineStart(line - 1), analysis.lines.lineEnd(line - 1));
    // Enter in a line of which only the beginning is there ends what it would go on with, as Enter in an empty list item ends a list
    if (/^\s*[$|]\s*$/.test(above)) {
        const from = analysis.lines.lineStart(line - 1);
        return [{ range: analysis.lines.rangeOf(from, analysis.lines.lineEnd(line - 1)), newText: '' }, ...replaceBlank(blank.length, indent)];
    }
    if (/^\s*\$/.test(above)) return replaceBlank(blank.length, `${indent}$ `);
    if (/^\s*(?:\||expect\s+iomem(?:\s+exactly)?\s*$)/.test(above)) return replaceBlank(blank.length, `${indent}${unit}| `);
    return replaceBlank(blank.length, indent);
}

/** Number of braces open at an offset, in the declaration that it is in; undefined in a comment. */
function depthAt(analysis: Analysis, offset: number): number | undefined {
    const unit = analysis.source.unitAt(offset);
    if (!unit) return 0;
    let depth = 0;
    const start = analysis.source.startOf(unit);
    for (const token of tokens(unit.text)) {
        if (start + token.end > offset) {
            if (token.kind === 'comment' && start + token.start < offset) return undefined;
            break;
        }
        if (token.kind === '{') depth++;
        else if (token.kind === '}') depth--;
    }
    return Math.max(0, depth);
}
