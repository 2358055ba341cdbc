// Cuts a text into its top-level declarations without parsing it. What did not change between two versions is neither lexed nor
// parsed nor lowered again: the cost of a keystroke follows the declaration it is in, not the file.

/** The top-level declarations of a text, each with the white space and comments before it. Together they are the text. */
export interface Cut {
    readonly texts: readonly string[];
    /** UTF-16 offset of each in the text, and the line it begins in. */
    readonly starts: readonly number[];
    readonly lines: readonly number[];
    /** Each part but the last ends with the brace that closes it, so that a part depends on no other text than its own. */
    readonly balanced: boolean;
}

/** Characters at both ends of a text that are those of the version before. */
export interface Same {
    readonly head: number;
    readonly tail: number;
}

const NEWLINE = 10;
const RETURN = 13;

/**
 * Cuts `text` after each closing brace of the outermost level. Where the braces do not balance, a line that starts with `platform NAME`,
 * `scenario "` or `import "` begins a part as well: one missing brace stays one mistake. `before`: the cut of an earlier version, of
 * which most is likely still so; `same`: what is known of that without looking.
 */
export function splitParts(text: string, before?: Cut, same?: Same): Cut {
    return (before?.balanced ? rescan(text, before, same) : undefined) ?? scan(text, false) ?? scan(text, true)!;
}

/** Cuts only what differs from an earlier balanced cut: up to the first changed part, and from the first old border behind the change, all parts stay. */
function rescan(text: string, old: Cut, same: Same | undefined): Cut | undefined {
    const count = old.texts.length;
    const end = (i: number): number => old.starts[i]! + old.texts[i]!.length;
    const whole = end(count - 1);
    const moved = text.length - whole;
    // Slices are compared at memory speed, which `startsWith` is far from.
    const stands = (i: number, by: number): boolean => text.slice(old.starts[i]! + by, end(i) + by) === old.texts[i];
    let head = 0;
    // the last part ends with the text, not with a brace: what is appended belongs to it
    while (head < count - 1 && (same ? end(head) <= same.head : stands(head, 0))) head++;
    const from = old.starts[head]!;
    let tail = count;
    while (tail > head + 1 && old.starts[tail - 1]! + moved >= from && (same ? whole - old.starts[tail - 1]! <= same.tail : stands(tail - 1, moved))) tail--;
    const changed = scanFrom(text, false, { start: from, line: old.lines[head]! }, (cut) => {
        while (tail < count && old.starts[tail]! + moved < cut) tail++;
        return tail < count && old.starts[tail]! + moved === cut;
    });
    if (!changed) return undefined;
    const rest = changed.met ? tail : count;
    const down = rest < count ? changed.line - old.lines[rest]! : 0;
    return {
        texts: [...old.texts.slice(0, head), ...changed.texts.map(apart), ...old.texts.slice(rest)],
        starts: joined(old.starts, head, changed.starts, rest, moved), lines: joined(old.lines, head, changed.lines, rest, down), balanced: true,
    };
}

/** The numbers up to `head`, some others, and those from `rest` on, so much larger. */
function joined(old: readonly number[], head: number, others: readonly number[], rest: number, more: number): number[] {
    const out = old.slice(0, head);
    for (const value of others) out.push(value);
    for (let i = rest; i < old.length; i++) out.push(old[i]! + more);
    return out;
}

/** The same text with memory of its own: a slice holds on to all of the text that it is cut from. */
function apart(slice: string): string {
    return ` ${slice}`.slice(1);
}

function scan(text: string, resync: boolean): Cut | undefined {
    const found = scanFrom(text, resync, { start: 0, line: 0 }, () => false);
    return found && { texts: found.texts, starts: found.starts, lines: found.lines, balanced: !resync };
}

interface Found extends Pick<Cut, 'texts' | 'starts' | 'lines'> {
    /** The rest is known. */
    readonly met: boolean;
    /** Line of the last cut. */
    readonly line: number;
}

/** `known`: told each place behind a cut, answers whether the rest is known. Undefined where braces do not balance and `resync` does not help. */
function scanFrom(text: string, resync: boolean, from: { readonly start: number; readonly line: number }, known: (end: number) => boolean): Found | undefined {
    const texts: string[] = [];
    const starts: number[] = [];
    const lines: number[] = [];
    const length = text.length;
    let depth = 0;
    let start = from.start;
    let line = from.line;
    let startLine = line;
    let lineStart = true;
    let i = start;
    const cut = (end: number): void => {
        texts.push(text.slice(start, end));
        starts.push(start);
        lines.push(startLine);
        start = end;
        startLine = line;
    };
    while (i < length) {
        const c = text.charCodeAt(i);
        if (c === NEWLINE || (c === RETURN && text.charCodeAt(i + 1) !== NEWLINE)) {
            line++;
            i++;
            lineStart = true;
            continue;
        }
        if (lineStart) {
            lineStart = false;
            if (resync && depth > 0 && (c === 112 || c === 115 || c === 105) && DECLARATION.test(text.slice(i, i + 80))) {
                cut(i);
                depth = 0;
            }
        }
        switch (c) {
            case 123: // {
                depth++;
                i++;
                break;
            case 125: // }
                depth--;
                i++;
                if (depth < 0) {
                    if (!resync) return undefined;
                    depth = 0;
                } else if (depth === 0) {
                    cut(i);
                    if (known(i)) return { texts, starts, lines, met: true, line };
                }
                break;
            case 34: // "
                i++;
                for (; i < length; i++) {
                    const s = text.charCodeAt(i);
                    if (s === NEWLINE || s === RETURN) break;
                    if (s === 92 && i + 1 < length && text.charCodeAt(i + 1) !== NEWLINE && text.charCodeAt(i + 1) !== RETURN) i++;
                    else if (s === 34) {
                        i++;
                        break;
                    }
                }
                break;
            case 36: // $
            case 124: // |
                i = endOfLine(text, i);
                break;
            case 40: // (qemu)
                i = text.startsWith('(qemu)', i) ? endOfLine(text, i) : i + 1;
                break;
            case 47: // /
                if (text.charCodeAt(i + 1) === 47) i = endOfLine(text, i);
                else if (text.charCodeAt(i + 1) === 42) {
                    const close = text.indexOf('*/', i + 2);
                    const end = close < 0 ? length : close + 2;
                    for (; i < end; i++) {
                        const s = text.charCodeAt(i);
                        if (s === NEWLINE || (s === RETURN && text.charCodeAt(i + 1) !== NEWLINE)) line++;
                    }
                } else i++;
                break;
            default:
                i++;
        }
    }
    if (depth !== 0 && !resync) return undefined;
    if (start < length || length === 0) cut(length);
    return { texts, starts, lines, met: false, line };
}

const DECLARATION = /^(?:platform\s+[\w.-]+|scenario\s*"|import\s*")/;

function endOfLine(text: string, from: number): number {
    let i = from;
    for (; i < text.length; i++) {
        const c = text.charCodeAt(i);
        if (c === NEWLINE || c === RETURN) break;
    }
    return i;
}

/**
 * Pairs the texts of a new version with what is kept of the old one: equal beginning, equal end, then equal texts in between. Each kept
 * thing is used once. `make` is called for the rest.
 */
export function reuse<T extends { readonly text: string }>(old: readonly T[], texts: readonly string[], make: (text: string) => T): T[] {
    let head = 0;
    while (head < old.length && head < texts.length && old[head]!.text === texts[head]) head++;
    let tail = 0;
    while (tail < old.length - head && tail < texts.length - head && old[old.length - 1 - tail]!.text === texts[texts.length - 1 - tail]) tail++;
    const spare = new Map<string, T[]>();
    for (let i = head; i < old.length - tail; i++) {
        const kept = old[i]!;
        const same = spare.get(kept.text);
        if (same) same.push(kept);
        else spare.set(kept.text, [kept]);
    }
    const between = texts.slice(head, texts.length - tail).map((text) => spare.get(text)?.shift() ?? make(text));
    return [...old.slice(0, head), ...between, ...old.slice(old.length - tail)];
}
