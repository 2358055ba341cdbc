// What somebody meant to type.

/** The word that a slip of the finger may have meant: at most two letters away, and fewer than half of them. */
export function nearestWord(image: string, words: readonly string[]): string | undefined {
    let best: string | undefined;
    let least = Math.min(3, Math.ceil(image.length / 2));
    for (const candidate of words) {
        const d = distance(image, candidate);
        if (d > 0 && d < least) [best, least] = [candidate, d];
    }
    return best;
}

/** Edits between two short words. */
function distance(a: string, b: string): number {
    if (Math.abs(a.length - b.length) > 2) return 3;
    let row = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
        const next = [i];
        for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
        row = next;
    }
    return row[b.length]!;
}
