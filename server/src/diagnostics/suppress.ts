// `// memtopo-ignore CODE reason`: findings of that code on the comment's own line, or on the next line of substance when the comment
// stands alone, are not told. `CODE` may be a family (`kmem`). The comment itself is a finding when it gives no reason, when no finding has
// that code, and when nothing is left for it to silence.
import type { Finding } from '../language/model.ts';
import { catalogued, isFamily } from './catalogue.ts';

/** A stretch of text and the name under which spans refer to it. */
export interface NamedText {
    readonly uri: string;
    readonly text: string;
}

const COMMENT = /\/\/[ \t]*memtopo-ignore\b[ \t]*([^\s]*)[ \t]*([^\r\n]*)/g;

/** May the text hold such a comment? */
export function mentionsSuppression(text: string): boolean {
    return text.includes('memtopo-ignore');
}

/** Drops what the comments in `texts` suppress; adds what is wrong with the comments. `whole`: all findings of these texts are there. */
export function suppress(findings: readonly Finding[], texts: readonly NamedText[], whole: boolean): readonly Finding[] {
    let out: readonly Finding[] = findings;
    for (const { uri, text } of texts) {
        if (!mentionsSuppression(text)) continue;
        const added: Finding[] = [];
        for (const match of text.matchAll(COMMENT)) {
            const start = match.index;
            const end = start + match[0].trimEnd().length;
            const [, code, reason] = match;
            const add = (finding: Pick<Finding, 'code' | 'severity' | 'message' | 'tags'>): void => void added.push({ ...finding, at: { uri, start, end }, rules: [], related: [] });
            if (!code || !reason?.trim()) {
                const message = code ? 'say why this is ignored: `// memtopo-ignore CODE reason`' : 'say what is ignored and why: `// memtopo-ignore CODE reason`';
                add({ code: 'ignore/no-reason', severity: 'warning', message });
                if (!code) continue;
            }
            if (!catalogued(code) && !isFamily(code)) {
                add({ code: 'ignore/unknown-code', severity: 'warning', message: `no finding has the code \`${code}\`: this comment silences nothing` });
                continue;
            }
            const lines = suppressedLines(text, start);
            const left = out.filter((f) => f.at.uri !== uri || !(f.code === code || f.code.startsWith(`${code}/`)) || f.at.start < lines.start || f.at.start > lines.end);
            if (left.length === out.length && whole) add({ code: 'ignore/unused', severity: 'hint', tags: ['unnecessary'], message: `there is no \`${code}\` here any more: the comment can go` });
            out = left;
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
