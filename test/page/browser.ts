// A real browser for tests of pages: Chromium through playwright-core, which the end-to-end tests bring along.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';

/** What the tests need of playwright-core. */
export interface Page {
    setContent(html: string): Promise<void>;
    setViewportSize(size: { width: number; height: number }): Promise<void>;
    evaluate<T>(script: string | (() => T)): Promise<T>;
    addScriptTag(options: { content?: string; path?: string }): Promise<unknown>;
    close(): Promise<void>;
}
export interface Browser {
    newPage(options?: object): Promise<Page>;
    close(): Promise<void>;
}

const require = createRequire(new URL('../e2e/package.json', import.meta.url));
const CHROMIUM = [process.env['CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((f) => f !== '' && existsSync(f));

interface Playwright {
    readonly chromium: { launch(options: object): Promise<Browser> };
}

function playwright(): Playwright | undefined {
    try {
        return require('playwright-core') as Playwright;
    } catch {
        return undefined;
    }
}

/** Why there is no browser to test in; undefined where there is one. */
export const noBrowser: string | undefined = !CHROMIUM ? 'no Chromium found (set CHROMIUM)' : playwright() ? undefined : 'playwright-core is missing: npm ci in test/e2e';

export function launch(): Promise<Browser> {
    return playwright()!.chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
}
