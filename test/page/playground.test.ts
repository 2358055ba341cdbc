// The static page as a reader meets it: files behind any web server, editor and language server and preview in the browser.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { launch, noBrowser } from './browser.ts';

const root = join(import.meta.dirname, '../..');
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json' };

describe.skipIf(noBrowser !== undefined)('the static page', () => {
    const site = mkdtempSync(join(tmpdir(), 'memtopo-site-'));
    const problems: string[] = [];
    let server: Server;
    let browser: Browser;
    let page: Page;

    beforeAll(async () => {
        execFileSync(process.execPath, [join(root, 'scripts/site.mjs'), '--out', site], { stdio: 'ignore' });
        server = createServer((request, response) => {
            const wanted = normalize(new URL(request.url ?? '/', 'http://localhost').pathname).replace(/\/$/, '/index.html');
            try {
                const body = readFileSync(join(site, wanted));
                response.writeHead(200, { 'content-type': TYPES[extname(wanted)] ?? 'text/plain' }).end(body);
            } catch {
                problems.push(`not found: ${wanted}`);
                response.writeHead(404).end();
            }
        });
        await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
        browser = await launch() as unknown as Browser;
        page = await browser.newPage();
        page.on('pageerror', (error: Error) => problems.push(error.message));
        page.on('console', (message) => {
            if (message.type() === 'error') problems.push(message.text());
        });
        await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    }, 180_000);

    afterAll(async () => {
        await browser?.close();
        server?.close();
        rmSync(site, { recursive: true, force: true });
    });

    const preview = (): ReturnType<Page['frameLocator']> => page.frameLocator('#preview');

    it('shows an example with what Linux makes of it', async () => {
        await preview().getByText('give the 2 GiB to Linux, then take them back').first().waitFor();
        expect(await page.locator('#example option').count()).toBeGreaterThan(5);
        await page.locator('.cm-content .token-keyword').first().waitFor();
        await page.locator('.cm-lintRange').first().waitFor();
    });

    it('follows the cursor and the text', async () => {
        await page.locator('.cm-line', { hasText: 'drivers/kmem/new_id' }).first().click();
        await preview().getByText('188000000-1ffffffff : System RAM (kmem)').first().waitFor();
        await page.locator('.cm-line', { hasText: 'cmdline' }).first().click();
        await page.keyboard.press('End');
        await page.keyboard.press('ArrowLeft');
        for (let i = 0; i < 'memmap=2G!6G'.length; i++) await page.keyboard.press('Backspace');
        await page.keyboard.type('memmap=1G!7G');
        await preview().getByText('1c0000000-1ffffffff : Persistent Memory (legacy)').first().waitFor();
    });

    it('takes another example', async () => {
        await page.locator('#example').selectOption('two-tier.memtopo');
        await preview().getByText('two-tier').first().waitFor();
    });

    it('explains a box as the editor does, where the pointer rests and where the keyboard is', async () => {
        await preview().locator('[data-source="region0"] text').first().hover({ force: true });
        const tip = preview().getByRole('tooltip');
        await tip.getByText('region0').first().waitFor();
        await tip.locator('pre').waitFor();
        expect(await tip.locator('pre').innerText()).not.toMatch(/\*\*|```/);
        await page.keyboard.press('Escape');
        await page.locator('h1').first().hover();
        expect(await tip.count()).toBe(0);
        await preview().locator('.iomem .line').first().focus();
        await tip.waitFor();
    });

    it.each([['png', '89504e470d0a1a0a'], ['svg', Buffer.from('<svg xmlns').toString('hex')]])('saves the picture as %s', async (as, begin) => {
        const coming = page.waitForEvent('download');
        await preview().getByLabel('Save as').selectOption(as);
        const download = await coming;
        expect(download.suggestedFilename()).toMatch(new RegExp(`\\.${as}$`));
        const bytes = readFileSync(await download.path());
        expect(bytes.toString('hex', 0, begin.length / 2)).toBe(begin);
        // drawn at twice its points, and not empty: a blank sheet of this size is a few kilobytes
        if (as === 'png') {
            expect(bytes.readUInt32BE(16)).toBe(2000);
            expect(bytes.length).toBeGreaterThan(50_000);
        }
    });

    it('loads nothing from elsewhere and fails nowhere', () => {
        expect(problems).toEqual([]);
    });
});
