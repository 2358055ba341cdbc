// Cuts a text into its top-level declarations without parsing it. What did not change between two versions is neither lexed nor
// parsed nor lowered again: the cost of a keystroke follows the declaration it is in, not the file.

/** One top-level declaration with the white space and comments before it. */
export interface Part {
    readonly text: string;
    /** UTF-16 offset in the document. */
    readonly start: number;
    /** Line of `start`. */
    readonly line: number;
}

const NEWLINE = 10;
const RETURN = 13;

/**
 * Cuts `text` after each closing brace of the outermost level. All parts together are the text. Where the braces do not balance,
 * a line that starts with `platform NAME`, `scenario "` or `import "` begins a part as well: one missing brace stays one mistake.
 * `before`: the cut of an earlier version, of which most is likely still so.
 */
export function splitParts(text: string, before?: Cut): Cut {
    const balanced = (before?.balanced ? rescan(text, before.parts) : undefined) ?? scan(text, false);
    return balanced ? { parts: balanced, balanced: true } : { parts: scan(text, true)!, balanced: false };
}

/** The parts of a text. */
export interface Cut {
    readonly parts: readonly Part[];
    /** Each part but the last ends with the brace that closes it, so that a part depends on no other text than its own. */
    readonly balanced: boolean;
}

/** Cuts only what differs from an earlier balanced cut: up to the first changed part, and from the first old border behind the change, all parts stay. */
function rescan(text: string, old: readonly Part[]): Part[] | undefined {
    let head = 0;
    // the last part ends with the text, not with a brace: what is appended belongs to it
    while (head < old.length - 1 && stands(text, old[head]!, 0)) head++;
    const from = old[head]!;
    const last = old.at(-1)!;
    const moved = text.length - (last.start + last.text.length);
    let tail = old.length;
    while (tail > head + 1 && old[tail - 1]!.start + moved >= from.start && stands(text, old[tail - 1]!, moved)) tail--;
    const changed = scanFrom(text, false, from, (end) => {
        while (tail < old.length && old[tail]!.start + moved < end) tail++;
        return tail < old.length && old[tail]!.start + moved === end;
    });
    if (!changed) return undefined;
    const parts = [...old.slice(0, head), ...changed.parts];
    const down = tail < old.length ? changed.line - old[tail]!.line : 0;
    for (const part of old.slice(changed.met ? tail : old.length)) parts.push(moved === 0 && down === 0 ? part : { text: part.text, start: part.start + moved, line: part.line + down });
    return parts;
}

/** Does the text hold the part, so far from where it was? Slices are compared at memory speed, which `startsWith` is far from. */
function stands(text: string, part: Part, moved: number): boolean {
    const start = part.start + moved;
    return text.slice(start, start + part.text.length) === part.text;
}

function scan(text: string, resync: boolean): Part[] | undefined {
    return scanFrom(text, resync, { start: 0, line: 0 }, () => false)?.parts;
}

/** `met`: told each place behind a cut, answers whether the rest is known. Undefined where braces do not balance and `resync` does not help. */
function scanFrom(text: string, resync: boolean, from: Pick<Part, 'start' | 'line'>, known: (end: number) => boolean): { readonly parts: Part[]; readonly met: boolean; readonly line: number } | undefined {
    const parts: Part[] = [];
    const length = text.length;
    let depth = 0;
    let start = from.start;
    let line = from.line;
    let startLine = line;
    let lineStart = true;
    let i = start;
    const cut = (end: number): void => {
        parts.push({ text: text.slice(start, end), start, line: startLine });
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
                    if (known(i)) return { parts, met: true, line };
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
    return { parts, met: false, line };
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
 * Pairs the parts of a new version with values kept from the old one: equal prefix, equal suffix, then equal texts in between.
 * Each old value is used once. `make` is called for the rest.
 */
export function reuseParts<T extends { readonly part: Part }>(old: readonly T[], parts: readonly Part[], make: (part: Part) => T, move: (kept: T, part: Part) => T): T[] {
    const out = new Array<T>(parts.length);
    let head = 0;
    while (head < old.length && head < parts.length && old[head]!.part.text === parts[head]!.text) {
        out[head] = move(old[head]!, parts[head]!);
        head++;
    }
    let tail = 0;
    while (tail < old.length - head && tail < parts.length - head && old[old.length - 1 - tail]!.part.text === parts[parts.length - 1 - tail]!.text) {
        out[parts.length - 1 - tail] = move(old[old.length - 1 - tail]!, parts[parts.length - 1 - tail]!);
        tail++;
    }
    const spare = new Map<string, T[]>();
    for (let i = head; i < old.length - tail; i++) {
        const kept = old[i]!;
        const same = spare.get(kept.part.text);
        if (same) same.push(kept);
        else spare.set(kept.part.text, [kept]);
    }
    for (let i = head; i < parts.length - tail; i++) {
        const part = parts[i]!;
        const kept = spare.get(part.text)?.shift();
        out[i] = kept ? move(kept, part) : make(part);
    }
    return out;
}
