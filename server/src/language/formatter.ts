// The canonical form. The author's line breaks stay, within bounds; everything between two tokens is the formatter's. It works on the
// gaps between tokens, so it cannot lose a token or a comment, and formatting a range is taking the edits inside it.
import { AstUtils, CstUtils, type LeafCstNode } from 'langium';
import type { File } from './generated/ast.ts';
import { lineEndOf, withLineEnds } from './line-ends.ts';
import { canonicalNumber } from './numbers.ts';
import { parseText } from './parser.ts';

export interface FormatEdit {
    readonly start: number;
    readonly end: number;
    readonly text: string;
}

const INDENT = 4;
/** A line longer than this does not push the comments of its neighbours to the right. */
const COMMENT_COLUMN = 72;

/** What the syntax tree says about tokens, by offset. */
interface Marks {
    /** A member, a setting in a block, a step, an expectation starts here: it may stand on a line of its own. */
    readonly starts: ReadonlySet<number>;
    /** A new line is due here whatever the author did. */
    readonly breaks: ReadonlySet<number>;
    /** Braces of platforms and scenarios. */
    readonly outer: ReadonlySet<number>;
    /** `=` of `config NAME=VALUE`. */
    readonly tight: ReadonlySet<number>;
}

interface Gap {
    readonly leaf: LeafCstNode;
    /** The token in canonical spelling. */
    readonly text: string;
    /** Before the token: line breaks, then blanks. */
    breaks: number;
    blanks: number;
}

/** The text in canonical form; undefined where it has syntax errors: what is not understood is not touched. */
export function formatText(text: string): string | undefined {
    const edits = formatEdits(text);
    if (!edits) return undefined;
    let out = '';
    let at = 0;
    for (const e of edits) {
        out += text.slice(at, e.start) + e.text;
        at = e.end;
    }
    return out + text.slice(at);
}

/** The edits that bring a text to canonical form, in order and disjoint; with a range, those that touch it. Undefined: syntax errors. */
export function formatEdits(text: string, range?: { readonly start: number; readonly end: number }): readonly FormatEdit[] | undefined {
    const parsed = parseText('', text);
    if (parsed.errors.length > 0) return undefined;
    const root = parsed.file.$cstNode;
    const leaves = root ? CstUtils.flattenCst(root).toArray() : [];
    const gaps = layOut(text, leaves, marksOf(parsed.file));
    alignComments(gaps);
    const edits: FormatEdit[] = [];
    const lineEnd = lineEndOf(text);
    const add = (start: number, end: number, replacement: string): void => {
        const e = smallest(text, start, end, withLineEnds(replacement, lineEnd));
        if (e && (!range || (e.start <= range.end && range.start <= e.end))) edits.push(e);
    };
    let at = 0;
    for (const g of gaps) {
        add(at, g.leaf.offset, '\n'.repeat(g.breaks) + ' '.repeat(g.blanks));
        add(g.leaf.offset, g.leaf.end, g.text);
        at = g.leaf.end;
    }
    add(at, text.length, gaps.length > 0 ? '\n' : '');
    return edits;
}

/** The replacement without what stays at both of its ends, a line break in one piece; undefined where all of it stays. */
function smallest(text: string, start: number, end: number, replacement: string): FormatEdit | undefined {
    const old = text.slice(start, end);
    if (old === replacement) return undefined;
    const shorter = Math.min(old.length, replacement.length);
    let head = 0;
    while (head < shorter && old[head] === replacement[head]) head++;
    if (head > 0 && old[head - 1] === '\r') head--;
    let tail = 0;
    while (tail < shorter - head && old.at(-1 - tail) === replacement.at(-1 - tail)) tail++;
    if (tail > 0 && old.at(-tail) === '\n' && (old.at(-tail - 1) === '\r' || replacement.at(-tail - 1) === '\r')) tail--;
    return { start: start + head, end: end - tail, text: replacement.slice(head, replacement.length - tail) };
}

function marksOf(file: File): Marks {
    const starts = new Set<number>();
    const breaks = new Set<number>();
    const outer = new Set<number>();
    const tight = new Set<number>();
    for (const node of AstUtils.streamAllContents(file)) {
        const cst = node.$cstNode;
        if (!cst) continue;
        const { offset } = cst;
        const kind = node.$containerProperty;
        switch (kind) {
            case 'items':
                starts.add(offset);
                breaks.add(offset);
                for (const leaf of CstUtils.flattenCst(cst)) {
                    if (leaf.length === 1 && leaf.text === '{') {
                        outer.add(leaf.offset);
                        break;
                    }
                }
                if (outer.size > 0 && text(cst.text) === '}') outer.add(cst.end - 1);
                break;
            case 'members':
                starts.add(offset);
                if (node.$container?.$type === 'Platform' || node.$container?.$type === 'Scenario') breaks.add(offset);
                break;
            case 'children':
            case 'devices':
            case 'namespaces':
                starts.add(offset);
                break;
            case 'settings': {
                const owner = node.$container!;
                const head = owner.$cstNode!;
                const own = owner.$type === 'Device' || owner.$type === 'Namespace' || owner.$type === 'MemorySideCache' || owner.$type === 'Initiator';
                if (own || head.root.fullText.slice(head.offset, offset).includes('{')) starts.add(offset);
                break;
            }
        }
        if (node.$type === 'Config') {
            for (const leaf of CstUtils.flattenCst(cst)) if (leaf.text === '=') tight.add(leaf.offset);
        }
    }
    return { starts, breaks, outer, tight };
}

/** Last character of a declaration. */
function text(declaration: string): string {
    return declaration.at(-1) ?? '';
}

const LINES = new Set(['SHELL_LINE', 'MONITOR_LINE', 'MARGIN_LINE']);

function layOut(source: string, leaves: readonly LeafCstNode[], marks: Marks): Gap[] {
    const gaps: Gap[] = [];
    /** For each open brace: is its block written over several lines? */
    const open: boolean[] = [];
    let previous: Gap | undefined;
    for (const [i, leaf] of leaves.entries()) {
        const kind = leaf.tokenType.name;
        const image = leaf.text;
        const between = source.slice(previous?.leaf.end ?? 0, leaf.offset);
        const newlines = countLines(between);
        const closing = image === '}' && kind === '}';
        const wasOpen = closing ? open.pop() ?? false : false;
        const depth = open.length;
        const last = previous?.leaf.tokenType.name;
        const trailing = kind === 'SL_COMMENT' && newlines === 0 && previous !== undefined;
        let breaks: number;
        if (!previous) breaks = 0;
        else if (trailing) breaks = 0;
        else if (last === 'SL_COMMENT' || (last !== undefined && LINES.has(last)) || LINES.has(kind)) breaks = 1;
        else if (kind === '{' || kind === ',' || (kind === '-' && image === '-')) breaks = 0;
        else if (marks.breaks.has(leaf.offset) && !(last === 'ML_COMMENT' && newlines === 0)) breaks = 1;
        else if (closing && marks.outer.has(leaf.offset)) breaks = last === '{' ? 0 : 1;
        else if (closing && wasOpen) breaks = last === '{' ? 0 : 1;
        else if (closing) breaks = 0;
        else if (last === ',' || last === '-') breaks = 0;
        else breaks = newlines > 0 ? 1 : 0;
        if (breaks > 0) {
            if (depth === 0 && last === '}' && !closing) breaks = 2;
            else if (newlines > 1 && last !== '{' && !closing) breaks = 2;
        }
        let blanks: number;
        if (!previous) blanks = 0;
        else if (breaks > 0) {
            // What continues a line that the author broke, and margin lines, stand one step further in.
            const member = marks.starts.has(leaf.offset) || closing || kind.endsWith('_COMMENT') || depth === 0;
            blanks = (depth + (kind === 'MARGIN_LINE' || !member ? 1 : 0)) * INDENT;
        } else blanks = spaces(leaf, previous.leaf, marks, trailing);
        if (kind === '{') {
            const next = leaves[i + 1];
            const broken = marks.outer.has(leaf.offset) || (next !== undefined && (countLines(source.slice(leaf.end, next.offset)) > 0 || next.tokenType.name === 'SL_COMMENT'));
            open.push(broken);
        }
        const gap: Gap = { leaf, text: spell(leaf, image, blanks, breaks), breaks, blanks };
        gaps.push(gap);
        previous = gap;
    }
    return gaps;
}

function countLines(text: string): number {
    let n = 0;
    for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) n++;
    return n > 0 ? n : text.includes('\r') ? 1 : 0;
}

/** Blanks between two tokens of a line. */
function spaces(leaf: LeafCstNode, before: LeafCstNode, marks: Marks, trailing: boolean): number {
    if (trailing) return 2;
    const kind = leaf.tokenType.name;
    const last = before.tokenType.name;
    if (kind === ',' || kind === '-' || last === '-') return 0;
    if (kind === '=' && marks.tight.has(leaf.offset)) return 0;
    if (last === '=' && marks.tight.has(before.offset)) return 0;
    if (last === '{' && kind === '}') return 0;
    if (marks.starts.has(leaf.offset) && last !== '{' && last !== 'ML_COMMENT') return 2;
    return 1;
}

/** Canonical spelling of a token. */
function spell(leaf: LeafCstNode, image: string, indent: number, breaks: number): string {
    switch (leaf.tokenType.name) {
        case 'NUMBER':
            return canonicalNumber(image);
        case 'SHELL_LINE':
            return `$ ${image.slice(1).trim()}`.trimEnd();
        case 'MONITOR_LINE':
            return `(qemu) ${image.slice(6).trim()}`.trimEnd();
        case 'MARGIN_LINE':
            return `| ${image.slice(1).replace(/^ /, '').trimEnd()}`.trimEnd();
        case 'SL_COMMENT':
            return image.trimEnd();
        case 'ML_COMMENT': {
            const lines = image.split(/\r?\n/);
            if (breaks === 0 && leaf.offset > 0 && indent !== 0) return image;
            if (lines.length === 1 || !lines.slice(1).every((l) => l.trimStart().startsWith('*'))) return image;
            return [lines[0]!.trimEnd(), ...lines.slice(1).map((l) => `${' '.repeat(indent + 1)}${l.trim()}`)].join('\n');
        }
        default:
            return image;
    }
}

/** Comments at the ends of neighbouring lines stand in one column. */
function alignComments(gaps: readonly Gap[]): void {
    let width = 0;
    let run: { readonly gap: Gap; readonly width: number }[] = [];
    const flush = (): void => {
        const column = Math.max(0, ...run.filter((r) => r.width <= COMMENT_COLUMN).map((r) => r.width));
        for (const r of run) r.gap.blanks = Math.max(2, column + 2 - r.width);
        run = [];
    };
    let commented = true;
    for (const [i, g] of gaps.entries()) {
        if (g.breaks > 0 || i === 0) {
            if (!commented || g.breaks > 1) flush();
            commented = false;
            width = 0;
        }
        if (g.leaf.tokenType.name === 'SL_COMMENT' && g.breaks === 0 && i > 0) {
            run.push({ gap: g, width });
            commented = true;
        }
        width += g.blanks + g.text.length;
        const line = g.text.lastIndexOf('\n');
        if (line >= 0) width = g.text.length - line - 1;
    }
    flush();
}
