// A real VS Code with the extension and the examples, for trying:  npm run code [-- --port N] [-- --folder DIR]
// Prints the address to open in a browser; Ctrl+C ends it. --look FILE.png opens it once without a window, takes a picture, reloads the
// window to see the preview come back, and ends.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

const here = import.meta.dirname;
const project = path.resolve(here, '../..');
const { values } = parseArgs({ options: { port: { type: 'string' }, folder: { type: 'string', default: path.join(project, 'examples') }, look: { type: 'string' } } });

const { NODE, SERVER_ENTRY, setUpBrowser, setUpPackages } = await import('./host/setup.mjs');
try {
    setUpPackages(console.log);
    if (values.look || !process.env.DISPLAY) setUpBrowser(console.log);
} catch (error) {
    console.error(error.message);
    if (values.look) process.exit(1);
}

const tmp = mkdtempSync(path.join(tmpdir(), 'memtopo-try-'));
const folder = path.resolve(values.folder);
const vsix = path.join(tmp, 'memtopo.vsix');
const run = (command, args) => {
    const result = spawnSync(command, args, { cwd: project, encoding: 'utf8' });
    if (result.status !== 0) { console.error(`${result.stdout}${result.stderr}`); process.exit(1); }
};
console.log('packing the extension');
run(process.execPath, [path.join(project, 'scripts/pack.mjs'), '--out', vsix]);
const { SETTINGS } = await import('./host/browser.mjs');
mkdirSync(path.join(tmp, 'user/User'), { recursive: true });
writeFileSync(path.join(tmp, 'user/User/settings.json'), JSON.stringify(SETTINGS));
const base = [SERVER_ENTRY, '--accept-server-license-terms', '--server-data-dir', path.join(tmp, 'server'), '--user-data-dir', path.join(tmp, 'user'), '--extensions-dir', path.join(tmp, 'extensions'), '--telemetry-level', 'off'];
run(NODE, [...base, '--install-extension', vsix, '--force']);

const port = values.port ?? await new Promise(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => { const found = probe.address().port; probe.close(() => resolve(String(found))); });
});
const server = spawn(NODE, [...base, '--host', '127.0.0.1', '--port', port, '--without-connection-token', '--disable-workspace-trust', '--enable-smoke-test-driver'], { stdio: 'ignore' });
let ending = false;
function finish(code) {
    if (ending) return;
    ending = true;
    server.once('exit', () => { rmSync(tmp, { recursive: true, force: true, maxRetries: 3 }); process.exit(code); });
    if (server.exitCode !== null || !server.kill('SIGTERM')) { rmSync(tmp, { recursive: true, force: true }); process.exit(code); }
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => finish(0));
server.on('exit', code => { if (!ending) { console.error(`the VS Code server ended (${code})`); ending = true; process.exit(1); } });

for (let tries = 0; tries < 600; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/version`).catch(() => undefined);
    if (answer?.ok) break;
    await new Promise(resolve => setTimeout(resolve, 50));
}
const file = `vscode-remote://127.0.0.1:${port}${path.join(folder, 'fast-reboot.memtopo')}`;
const payload = folder === path.join(project, 'examples') ? `&payload=${encodeURIComponent(JSON.stringify([['openFile', file]]))}` : '';
const url = `http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}${payload}`;

if (values.look) {
    const { chromium } = await import('playwright-core');
    const { launch } = await import('./host/browser.mjs');
    const browser = await launch(chromium);
    await browser.page.goto(url);
    await browser.page.locator('.tab .codicon-open-preview, .editor-actions .codicon-open-preview').first().click({ timeout: 60_000 });
    const shown = async () => {
        for (let tries = 0; tries < 300; tries++) {
            const frames = await Promise.all(browser.page.frames().map(frame => frame.locator('.iomem .line').count().catch(() => 0)));
            if (frames.some(count => count > 0)) return true;
            await new Promise(resolve => setTimeout(resolve, 100));
        }
        return false;
    };
    const first = await shown();
    await browser.page.screenshot({ path: values.look });
    console.log(first ? values.look : 'the preview stays empty');
    // VS Code brings the panel back after a reload of the window, with what it showed; the state is written a moment after it changed
    await new Promise(resolve => setTimeout(resolve, 2000));
    // without the payload, which opens its file instead of what was open before
    await browser.page.goto(url.replace(/&payload=.*/, ''));
    const again = await shown();
    console.log(again ? 'the preview is back after a reload' : 'the preview is empty after a reload');
    if (!again) await browser.page.screenshot({ path: values.look.replace(/(\.png)?$/, '-reload.png') });
    await browser.close();
    // whether the panel comes back also hangs on when VS Code wrote its own state: told, not judged
    finish(first ? 0 : 1);
} else {
    console.log(`\n  VS Code with memtopo and the examples:\n\n      ${url}\n\n  Open it in a browser. The preview is the first icon above the text. Ctrl+C ends it.\n`);
    if (process.env.DISPLAY && process.stdout.isTTY) spawn('xdg-open', [url], { stdio: 'ignore', detached: true }).on('error', () => {}).unref();
}
