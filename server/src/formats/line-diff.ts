/** Differences of two lists of lines with two lines around them: `- ` only in a, `+ ` only in b. */
export function difference(a: readonly string[], b: readonly string[], around = 2): string[] {
    const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
    for (let i = a.length - 1; i >= 0; i--) {
        for (let j = b.length - 1; j >= 0; j--) common[i]![j] = a[i] === b[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
    }
    const rows: { readonly mark: '  ' | '- ' | '+ '; readonly text: string }[] = [];
    for (let i = 0, j = 0; i < a.length || j < b.length;) {
        if (i < a.length && j < b.length && a[i] === b[j]) {
            rows.push({ mark: '  ', text: a[i]! });
            i++;
            j++;
        } else if (j < b.length && (i === a.length || common[i]![j + 1]! > common[i + 1]![j]!)) rows.push({ mark: '+ ', text: b[j++]! });
        else rows.push({ mark: '- ', text: a[i++]! });
    }
    const shown = rows.map((_, k) => rows.slice(Math.max(0, k - around), k + around + 1).some((r) => r.mark !== '  '));
    const out: string[] = [];
    rows.forEach((row, k) => {
        if (shown[k]) out.push(row.mark + row.text);
        else if (k > 0 && shown[k - 1]) out.push('  …');
    });
    if (out.at(-1) === '  …') out.pop();
    return out;
}
