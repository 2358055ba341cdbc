// A platform as a base and a variant of it: the machine stays in the base, what one boots on it goes to the variant.
import { type CodeAction, CodeActionKind } from 'vscode-languageserver-types';
import type { TextSpan } from '../language/model.ts';
import type { Analysis } from '../server/analysis.ts';
import { edits } from './code-actions-fixes.ts';

export function extractActions(analysis: Analysis, offset: number): CodeAction[] {
    const platform = analysis.platformAt(offset)?.lowered;
    if (!platform || platform.name === '' || !analysis.touches(platform.at, offset)) return [];
    const { described: d, span } = platform;
    const own = (s: TextSpan): boolean => s.uri === span.uri && s.start >= span.start && s.end <= span.end;
    const moved = [d.kernel, d.cmdline, ...d.config].flatMap((x) => (x && own(x.origin.span) ? [x.origin.span] : [])).sort((a, b) => a.start - b.start);
    let base = `${platform.name}-base`;
    while (analysis.platformNamed(base)) base += '-2';
    const text = analysis.textOf(span);
    const name = platform.at.start - span.start;
    // From behind, so that the offsets before stay true.
    let left = text;
    for (const s of [...moved].reverse()) {
        const at = s.start - span.start;
        const end = s.end - span.start;
        const lineStart = left.lastIndexOf('\n', at - 1) + 1;
        const next = left.indexOf('\n', end);
        const rest = left.slice(end, next < 0 ? left.length : next);
        const alone = left.slice(lineStart, at).trim() === '' && /^\s*(?:\/\/.*)?$/.test(rest) && next >= 0;
        left = alone ? left.slice(0, lineStart) + left.slice(next + 1) : left.slice(0, at).trimEnd() + left.slice(end);
    }
    const members = moved.map((s) => `    ${analysis.textOf(s)}\n`).join('');
    const variant = `platform ${platform.name} extends ${base} {\n${members}}`;
    return [{
        title: `Extract a base platform \`${base}\``, kind: CodeActionKind.RefactorExtract,
        edit: { changes: edits(analysis, [{ at: span, text: `${left.slice(0, name)}${base}${left.slice(name + platform.name.length)}\n\n${variant}` }]) },
    }];
}
