// Completion by the grammar: what may follow the declaration being typed. Only the way to the cursor is read (the heads of the blocks around
// it, and its own line), so that a mistake elsewhere costs nothing.
import { expectedAfter, type Expected, type GrammarToken } from '../server/language.ts';
import type { Analysis } from '../server/analysis.ts';
import { type Token, tokens } from '../server/tokens.ts';

/** Declarations of these rules have a line of their own: nothing offers them behind another, and none is thought to begin there. */
const OWN_LINE: ReadonlySet<string> = new Set(['Item', 'Member', 'ScenarioMember', 'Device']);

/** What may stand at an offset where the word that is being typed begins. Empty where the line up to there is wrong. */
export function expectedAt(analysis: Analysis, offset: number): readonly Expected[] {
    const unit = analysis.source.unitAt(offset);
    const text = unit?.text ?? '';
    const local = unit ? offset - analysis.source.startOf(unit) : 0;
    const read = [...tokens(text)].filter((t) => t.end <= local && t.kind !== 'comment' && t.kind !== 'line-comment');
    const lineStart = text.lastIndexOf('\n', local - 1) + 1;
    const behind = (read.at(-1)?.start ?? -1) >= lineStart && read.at(-1)?.kind !== '{';
    const own = wayTo(text, read, lineStart);
    const whole = wayTo(text, read, 0);
    // The own line first; a declaration that goes over several lines is seen when everything is read. `pmem at 4G size 1G node 1 {` could
    // be two declarations: only where nothing else fits does one begin in the middle of a line.
    for (const [way, anywhere] of [[own, false], [whole, false], [own, true], [whole, true]] as const) {
        const expected = expectedAfter(way.map((t) => grammarToken(text, t)), (rule, i) => anywhere || !OWN_LINE.has(rule) || leads(text, way[i]!));
        const fit = behind ? expected.filter((e) => !e.begins.some((rule) => OWN_LINE.has(rule))) : expected;
        if (fit.length > 0) return fit;
    }
    return [];
}

/** The tokens of the block heads around the end, and those of the innermost block from `from` on; what is in closed blocks is left out. */
function wayTo(text: string, read: readonly Token[], from: number): readonly Token[] {
    const out: Token[] = [];
    /** How much of `out` there was behind each open brace. */
    const opened: number[] = [];
    for (const token of read) {
        if (token.kind === '}') {
            const open = opened.pop();
            if (open === undefined) continue;
            out.length = open;
        }
        if (token.kind === '{') {
            // the head: what stands on the line of the brace, or on the one above a brace that stands alone
            const above = opened.at(-1) ?? 0;
            const line = text.lastIndexOf('\n', out.length > above ? out.at(-1)!.start : token.start) + 1;
            const head = out.slice(above).filter((t) => from === 0 || t.start >= line);
            out.length = above;
            out.push(...head);
            out.push(token);
            opened.push(out.length);
            continue;
        }
        out.push(token);
    }
    const inner = opened.at(-1) ?? 0;
    return [...out.slice(0, inner), ...out.slice(inner).filter((t) => t.start >= from)];
}

/** Is a token the first of its line or of its block, or behind one? */
function leads(text: string, token: Token): boolean {
    const before = text.slice(text.lastIndexOf('\n', token.start - 1) + 1, token.start).trimEnd();
    return before === '' || /[{}]$/.test(before);
}

function grammarToken(text: string, token: Token): GrammarToken {
    const image = text.slice(token.start, token.end);
    const kinds: Partial<Record<Token['kind'], GrammarToken['kind']>> = { string: 'STRING', number: 'NUMBER', word: 'ID', shell: 'SHELL_LINE', monitor: 'MONITOR_LINE', margin: 'MARGIN_LINE' };
    return { kind: kinds[token.kind] ?? 'PUNCTUATION', text: image };
}
