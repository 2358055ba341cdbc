// A platform as a base and a variant of it: the machine stays in the base, what one boots on it goes to the variant.
import { type CodeAction, CodeActionKind } from 'vscode-languageserver-types';
import { cutOut } from '../diagnostics/cut.ts';
import type { TextSpan } from '../language/model.ts';
import type { Analysis } from '../server/analysis.ts';
import { edits } from './code-actions-fixes.ts';

export function extractActions(analysis: Analysis, offset: number): CodeAction[] {
    const platform = analysis.platformAt(offset)?.lowered;
    if (!platform || platform.name === '' || !analysis.touches(platform.at, offset)) return [];
    const { described: d, span } = platform;
    const own = (s: TextSpan): boolean => s.uri === span.uri && s.start >= span.start && s.end <= span.end;
    const text = analysis.textOf(span);
    const moved = [d.kernel, d.cmdline, ...d.config].flatMap((x) => (x && own(x.origin.span) ? [withComments(text, x.origin.span.start - span.start, x.origin.span.end - span.start)] : [])).sort((a, b) => a.start - b.start);
    let base = `${platform.name}-base`;
    while (analysis.platformNamed(base)) base += '-2';
    const name = platform.at.start - span.start;
    // From behind, so that the offsets before stay true.
    let left = text;
    for (const m of [...moved].reverse()) {
        const { start, end } = cutOut(left, m);
        left = left.slice(0, start) + left.slice(end);
    }
    // a base of nothing is none
    if (moved.length > 0 && /\{\s*\}$/.test(left)) return [];
    const members = moved.map(({ start, end }) => `    ${text.slice(start, end)}\n`).join('');
    const variant = `platform ${platform.name} extends ${base} {${members === '' ? '' : `\n${members}`}}`;
    return [{
        title: `Extract a base platform \`${base}\``, kind: CodeActionKind.RefactorExtract,
        edit: { changes: edits(analysis, [{ at: span, text: `${left.slice(0, name)}${base}${left.slice(name + platform.name.length)}\n\n${variant}` }]) },
    }];
}

/** A member with the comment behind it and the lines of comment right above, where its line is its own. */
function withComments(text: string, start: number, end: number): { readonly start: number; readonly end: number } {
    const above = /(?:(?<=\n)[ \t]*\/\/[^\n]*\n)*[ \t]*$/.exec(text.slice(0, start))![0];
    const behind = /^[ \t]*(?:\/\/[^\r\n]*)?(?=\r?\n|$)/.exec(text.slice(end))?.[0];
    if (behind === undefined || text[start - above.length - 1] !== '\n') return { start, end };
    return { start: start - above.trimStart().length, end: end + behind.trimEnd().length };
}
