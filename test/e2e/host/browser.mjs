// Chromium as both hosts need it, and the hands and eyes that tests have in it.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findChromium } from './setup.mjs';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--force-color-profile=srgb', '--font-render-hinting=none'];

/** Settings for a window that shows the extension and nothing that distracts. */
export const SETTINGS = {
    'workbench.startupEditor': 'none', 'workbench.secondarySideBar.defaultVisibility': 'hidden', 'chat.disableAIFeatures': true,
    'telemetry.telemetryLevel': 'off', 'extensions.autoCheckUpdates': false, 'extensions.ignoreRecommendations': true,
    'workbench.tips.enabled': false, 'workbench.welcomePage.walkthroughs.openOnInstall': false, 'update.showReleaseNotes': false,
    'editor.minimap.enabled': false, 'window.commandCenter': false, 'workbench.layoutControl.enabled': false,
};

/** A persistent context: an incognito-like one blocks third-party storage, and webviews could not register their service worker. */
export async function launch(chromium, options = {}) {
    const profile = mkdtempSync(path.join(tmpdir(), 'memtopo-chromium-'));
    mkdirSync(path.join(profile, 'Default'));
    writeFileSync(path.join(profile, 'Default/Preferences'), JSON.stringify({ profile: { cookie_controls_mode: 0, block_third_party_cookies: false } }));
    const context = await chromium.launchPersistentContext(profile, {
        executablePath: findChromium(), headless: true, viewport: { width: 1400, height: 900 }, ...options, args: [...(options.args ?? []), ...FLAGS],
    });
    return { context, page: context.pages()[0] ?? await context.newPage(), async close() { await context.close(); rmSync(profile, { recursive: true, force: true }); } };
}

/** The document inside the preview's webview (two frames deep), or undefined while there is none. */
async function previewFrame(page) {
    for (const frame of page.frames()) {
        if (await frame.locator('body.memtopo-preview').count().catch(() => 0)) return frame;
    }
    return undefined;
}

const ACTIONS = {
    // what is read is read in one go: an element may go away between two questions, and a locator would wait for its return
    /** Text of the first element for `selector` inside the preview, as a reader sees it; null when there is none. */
    async text(page, { selector }) {
        const frame = await previewFrame(page);
        return await frame?.locator(selector).evaluateAll(([first]) => first?.innerText ?? null) ?? null;
    },
    /** Texts of all elements for `selector` inside the preview. */
    async texts(page, { selector }) {
        const frame = await previewFrame(page);
        return frame ? await frame.locator(selector).allInnerTexts() : [];
    },
    async attribute(page, { selector, name }) {
        const frame = await previewFrame(page);
        return await frame?.locator(selector).evaluateAll(([first], name) => first?.getAttribute(name) ?? null, name) ?? null;
    },
    async click(page, { selector }) { await (await previewFrame(page))?.locator(selector).first().click({ timeout: 5000 }); return true; },
    /** Numbers of elements and what the page measures: how long it worked at each update, in milliseconds. */
    async evaluate(page, { code }) { return await (await previewFrame(page))?.evaluate(code); },
    async focus(page, { selector }) { await (await previewFrame(page))?.locator(selector).first().focus({ timeout: 5000 }); return true; },
    async fill(page, { selector, value }) { await (await previewFrame(page))?.locator(selector).first().fill(value, { timeout: 5000 }); return true; },
    async select(page, { selector, value }) { await (await previewFrame(page))?.locator(selector).first().selectOption(value, { timeout: 5000 }); return true; },
    async wheel(page, { selector, x, y, ctrl }) {
        const box = await (await previewFrame(page))?.locator(selector).first().boundingBox();
        await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
        if (ctrl) await page.keyboard.down('Control');
        await page.mouse.wheel(x ?? 0, y ?? 0);
        if (ctrl) await page.keyboard.up('Control');
        return true;
    },
    /** What axe-core finds wrong with the preview, as `rule: element`. */
    async axe(page) {
        const frame = await previewFrame(page);
        await frame.evaluate(readFileSync(createRequire(path.join(import.meta.dirname, '../../../package.json')).resolve('axe-core/axe.min.js'), 'utf8'));
        return await frame.evaluate(async () => {
            const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
            return violations.flatMap(found => found.nodes.map(node => `${found.id}: ${node.html.slice(0, 160)} (${node.failureSummary?.split('\n')[1]?.trim() ?? ''})`));
        });
    },
    async type(page, { text, delay }) { await page.keyboard.type(text, { delay }); return true; },
    async press(page, { keys }) { for (const key of [keys].flat()) await page.keyboard.press(key); return true; },
    async workbench(page, { selector }) { return await page.locator(selector).allInnerTexts(); },
    async workbenchAttribute(page, { selector, name }) { return await page.locator(selector).evaluateAll((all, name) => all.map(one => one.getAttribute(name) ?? ''), name); },
    async clickWorkbench(page, { selector }) { await page.locator(selector).first().click({ timeout: 5000 }); return true; },
    async hover(page, { selector }) { await page.locator(selector).first().hover({ timeout: 5000 }); return true; },
    async resize(page, { width, height }) { await page.setViewportSize({ width, height }); return true; },
    async shot(page, { name }, shots) {
        await page.screenshot({ path: path.join(shots, `${name}.png`) });
        return true;
    },
};

/** A small server on this machine through which the tests, inside the extension host, act on the page. Returns its address. */
export async function control(getPage, shots) {
    mkdirSync(shots, { recursive: true });
    const server = createServer((request, response) => {
        response.setHeader('access-control-allow-origin', '*');
        response.setHeader('access-control-allow-headers', '*');
        if (request.method === 'OPTIONS') { response.end(); return; }
        let body = '';
        request.on('data', chunk => { body += chunk; });
        request.on('end', async () => {
            try {
                const { action, ...args } = JSON.parse(body);
                response.end(JSON.stringify({ result: await ACTIONS[action](getPage(), args, shots) }));
            } catch (error) {
                response.end(JSON.stringify({ error: String(error) }));
            }
        });
    });
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}
