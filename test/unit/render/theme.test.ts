import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { COLORS, KIND_LABEL, KINDS, markdownStyle, THEMES } from '../../../server/src/render/theme.ts';

/** Contrast of two colours by WCAG 2.2. */
function contrast(a: string, b: string): number {
    const luminance = (c: string): number => {
        const [r, g, bl] = [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2), 16) / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r! + 0.7152 * g! + 0.0722 * bl!;
    };
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (light! + 0.05) / (dark! + 0.05);
}

describe.each(THEMES)('the %s theme', (theme) => {
    const c = COLORS[theme];

    it('has readable text on every fill', () => {
        const low = KINDS.filter((k) => contrast(c.fg, c[k]) < 4.5);
        expect(low).toEqual([]);
        for (const name of ['fg', 'muted', 'accent'] as const) expect(contrast(c[name], c.bg), name).toBeGreaterThanOrEqual(4.5);
    });

    it('has borders that can be seen', () => {
        expect(contrast(c.line, c.bg)).toBeGreaterThanOrEqual(3);
        expect(contrast(c.focus, c.bg)).toBeGreaterThanOrEqual(3);
    });
});

it('has a word for each kind, and no word twice', () => {
    expect(new Set(Object.values(KIND_LABEL)).size).toBe(KINDS.length);
});

it('has given its colours to the style sheet of the Markdown preview', () => {
    const file = new URL('../../../client/media/markdown.css', import.meta.url);
    if (process.env['MEMTOPO_UPDATE'] === '1') writeFileSync(file, markdownStyle());
    expect(readFileSync(file, 'utf8')).toBe(markdownStyle());
});
