// `// memtopo-ignore CODE reason`: findings of that code on the comment's own line, or on the next line of substance when the comment
// stands alone, are not told. `CODE` may be a family (`kmem`). Without a reason the comment itself is a finding.
import type { Finding } from '../language/model.ts';

/** A stretch of text and the name under which spans refer to it. */
export interface NamedText {
    readonly uri: string;
    readonly part: { readonly text: string };
}

const COMMENT = /\/\/[ \t]*memtopo-ignore\b[ \t]*([^\s]*)[ \t]*([^\r\n]*)/g;

/** May the text hold such a comment? */
export function mentionsSuppression(text: string): boolean {
    return text.includes('memtopo-ignore');
}

/** Drops what the comments in `texts` suppress; adds a finding for each comment that lacks a code or a reason. */
export function suppress(findings: readonly Finding[], texts: readonly NamedText[]): readonly Finding[] {
    let out: readonly Finding[] = findings;
    for (const { uri, part } of texts) {
        if (!mentionsSuppression(part.text)) continue;
        const added: Finding[] = [];
        for (const match of part.text.matchAll(COMMENT)) {
            const start = match.index;
            const end = start + match[0].trimEnd().length;
            const [, code, reason] = match;
            if (!code || !reason?.trim()) {
                added.push({
                    code: 'ignore/no-reason', severity: 'warning', at: { uri, start, end }, rules: [], related: [],
                    message: code ? 'say why this is ignored: `// memtopo-ignore CODE reason`' : 'say what is ignored and why: `// memtopo-ignore CODE reason`',
                });
                if (!code) continue;
            }
            const lines = suppressedLines(part.text, start);
            out = out.filter((f) => f.at.uri !== uri || !(f.code === code || f.code.startsWith(`${code}/`)) || f.at.start < lines.start || f.at.start > lines.end);
        }
        out = [...out, ...added];
    }
    return out;
}

/** Offsets that a comment at `at` speaks for. */
function suppressedLines(text: string, at: number): { start: number; end: number } {
    const lineStart = text.lastIndexOf('\n', at - 1) + 1;
    const endOfLine = (from: number): number => {
        const end = text.indexOf('\n', from);
        return end < 0 ? text.length : end;
    };
    if (text.slice(lineStart, at).trim() !== '') return { start: lineStart, end: endOfLine(at) };
    let next = endOfLine(at) + 1;
    while (next < text.length && /^\s*(?:\/\/.*)?$/.test(text.slice(next, endOfLine(next)))) next = endOfLine(next) + 1;
    return { start: lineStart, end: endOfLine(Math.min(next, text.length)) };
}
