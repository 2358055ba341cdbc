// Pictures as a browser shows them: texts measured with real fonts, and the pages checked with axe-core.
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sheetOf } from '../../server/src/markdown/sheets.ts';
import { sheetsToHtml } from '../../server/src/render/html.ts';
import { sheetToSvg } from '../../server/src/render/svg-sheet.ts';
import { layOutMap } from '../../server/src/render/address-map.ts';
import { mapModel } from '../../server/src/render/address-map-model.ts';
import { mapToSvg } from '../../server/src/render/svg.ts';
import { THEMES } from '../../server/src/render/theme.ts';
import { EXAMPLES, runsOfExample } from '../unit/render/pictures.ts';
import { type Browser, launch, noBrowser, type Page } from './browser.ts';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

if (noBrowser) console.warn(`page tests skipped: ${noBrowser}`);

/** Texts of the picture that lie on each other, and those that leave it. Runs in the page. */
function measure(): string[] {
    const svg = document.querySelector('svg')!;
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll('text')].map((t) => ({ what: t.textContent, box: t.getBoundingClientRect() })).filter(({ box }) => box.width > 0);
    const out: string[] = [];
    texts.sort((a, b) => a.box.left - b.box.left).forEach((a, i) => {
        if (a.box.left < frame.left - 1 || a.box.right > frame.right + 1) out.push(`'${a.what}' leaves the picture`);
        for (let k = i + 1; k < texts.length && texts[k]!.box.left < a.box.right - 1; k++) {
            const b = texts[k]!;
            // line boxes are higher than letters
            if (a.box.top + 3 < b.box.bottom - 3 && b.box.top + 3 < a.box.bottom - 3) out.push(`'${a.what}' and '${b.what}'`);
        }
    });
    return out;
}

describe.skipIf(noBrowser !== undefined)('pictures in a browser', () => {
    let browser: Browser;
    let page: Page;
    beforeAll(async () => {
        browser = await launch();
        page = await browser.newPage();
    }, 180_000);
    afterAll(() => browser?.close());

    it.each(EXAMPLES.flatMap((name) => [400, 1400].map((width) => [name, width] as const)))('%s, %i wide: no text on another, none outside', async (name, width) => {
        const svg = sheetToSvg(sheetOf(runsOfExample(name)[0]!)!, { width }, { theme: 'light' });
        await page.setViewportSize({ width: width + 40, height: 900 });
        await page.setContent(`<body style="margin:0">${svg}</body>`);
        expect(await page.evaluate(measure)).toEqual([]);
    });

    it.each(THEMES)('the HTML in the theme %s passes axe-core', async (theme) => {
        const sheets = runsOfExample('two-tier.memtopo').map((run) => sheetOf(run)!);
        await page.setViewportSize({ width: 1440, height: 900 });
        // the page forbids scripts; the check is one
        await page.setContent(sheetsToHtml(sheets, { theme, width: 1400 }).replace(/<meta http-equiv[^>]*>/, ''));
        await page.addScriptTag({ path: axe });
        const violations = await page.evaluate<string[]>(`axe.run(document).then(r => r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 120)).join(' | ')))`);
        expect(violations).toEqual([]);
    });

    it('the map of a page that listens passes axe-core, and names every box', async () => {
        const layout = layOutMap(mapModel(runsOfExample('two-tier.memtopo')[0]!.boot.state), { width: 900 });
        await page.setContent(`<!DOCTYPE html><html lang="en"><head><title>map</title></head><body><main><h1>map</h1>${mapToSvg(layout, { title: 'address map', description: 'where the bytes are' }, { theme: 'light', interactive: true })}</main></body></html>`);
        await page.addScriptTag({ path: axe });
        expect(await page.evaluate<string[]>(`axe.run(document).then(r => r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200)).join(' | ')))`)).toEqual([]);
        expect(await page.evaluate<number>(`document.querySelectorAll('[role=button][aria-label]').length`)).toBe(layout.boxes.length);
        expect(await page.evaluate<number>(`document.querySelectorAll('[tabindex="0"]').length`)).toBe(1);
    });

    it('the page loads nothing and runs nothing', () => {
        const html = sheetsToHtml([sheetOf(runsOfExample('two-tier.memtopo')[0]!)!], { theme: 'light', width: 800 });
        expect(html).not.toMatch(/<script|<link|<img|\ssrc=|@import|url\((?!#)/);
        expect(html).toContain("default-src 'none'");
    });
});
