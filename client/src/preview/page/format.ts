// How the page writes numbers. Addresses as /proc/iomem has them, sizes in the largest binary unit that keeps them whole, or rounded
// and marked as such where that would be a long number.
import type { PreviewResource } from '../../../../server/src/features/preview-protocol.ts';

const UNITS: readonly (readonly [number, string])[] = [[2 ** 50, 'PiB'], [2 ** 40, 'TiB'], [2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [2 ** 10, 'KiB']];

/** `2 GiB`, `1920 MiB`, `639 KiB`, `≈ 3.75 GiB`. */
export function size(bytes: number): string {
    for (const [unit, name] of UNITS) {
        if (bytes < unit) continue;
        if (bytes % unit === 0) return `${bytes / unit} ${name}`;
        const smaller = unit / 1024;
        // up to 4 digits of the next unit are read as easily as a fraction, and are exact
        if (smaller >= 1024 && bytes % smaller === 0 && bytes / smaller < 10_000) return `${bytes / smaller} ${UNITS.find(([other]) => other === smaller)?.[1] ?? 'B'}`;
        return `≈ ${(bytes / unit).toFixed(2)} ${name}`;
    }
    return `${bytes} B`;
}

/** An address as the kernel prints it in /proc/iomem: at least eight digits. */
export function address(value: number): string {
    return value.toString(16).padStart(8, '0');
}

/** The tree as /proc/iomem prints it, without what is gone. `maxDepth`: levels that the release indents. */
export function asText(lines: readonly PreviewResource[], maxDepth: number): string {
    return lines.filter(line => line.mark !== 'removed').map(line => `${'  '.repeat(Math.min(line.depth, maxDepth))}${address(line.start)}-${address(line.end)} : ${line.name}\n`).join('');
}

/** Markdown as the editor's hovers use it, without its marks: the page has no reader of Markdown. */
export function plainText(markdown: string): string {
    return markdown.replaceAll(/^```.*\n?/gm, '').replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/\*\*|`/g, '').replaceAll(/&nbsp;/g, ' ').replaceAll(/\\([^\w\s])/g, '$1')
        .replaceAll(/^[*-] /gm, '• ').replaceAll(/^---$/gm, '').replaceAll(/\n{2,}/g, '\n').trim();
}

/** `1 step`, `2 steps`. */
export function count(n: number, what: string): string {
    return `${n} ${what}${n === 1 ? '' : 's'}`;
}
