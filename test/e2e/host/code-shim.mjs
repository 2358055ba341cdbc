#!/usr/bin/env node
// A stand-in for the `code` executable of @vscode/test-electron: same command line, same exit code, but the workbench is VS Code's
// own server build (npm code-server, lib/vscode) shown in Chromium; extension and tests run in its NODE extension host.
//   --extensionDevelopmentPath DIR  --extensionTestsPath FILE  --user-data-dir DIR  --extensions-dir DIR  --install-extension VSIX  [FOLDER]
// MEMTOPO_E2E_SHOTS: folder for pictures. MEMTOPO_E2E_LIMIT: milliseconds for the whole run. VERBOSE=1: the server's own output too.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { control, launch, SETTINGS } from './browser.mjs';
import { NODE, SERVER_ENTRY } from './setup.mjs';

const options = { develop: [], install: [] };
let folder;
const argv = process.argv.slice(2).flatMap(arg => arg.startsWith('--') && arg.includes('=') ? [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)] : [arg]);
for (let i = 0; i < argv.length; i++) {
    const arg = argv[i];
    if (arg === '--extensionDevelopmentPath') options.develop.push(path.resolve(argv[++i]));
    else if (arg === '--extensionTestsPath') options.tests = path.resolve(argv[++i]);
    else if (arg === '--user-data-dir') options.user = path.resolve(argv[++i]);
    else if (arg === '--extensions-dir') options.extensions = path.resolve(argv[++i]);
    else if (arg === '--install-extension') options.install.push(argv[++i]);
    else if (arg === '--folder-uri') folder = fileURLToPath(argv[++i]);
    else if (!arg.startsWith('-') && existsSync(arg)) folder = path.resolve(arg);
}

const tmp = mkdtempSync(path.join(tmpdir(), 'memtopo-code-'));
const user = options.user ?? path.join(tmp, 'user');
const extensions = options.extensions ?? path.join(tmp, 'extensions');
const settings = path.join(user, 'User/settings.json');
if (!existsSync(settings)) {
    mkdirSync(path.dirname(settings), { recursive: true });
    writeFileSync(settings, JSON.stringify(SETTINGS));
}
const base = [SERVER_ENTRY, '--accept-server-license-terms', '--server-data-dir', path.join(tmp, 'server'), '--user-data-dir', user, '--extensions-dir', extensions, '--telemetry-level', 'off'];
const stdio = process.env.VERBOSE ? 'inherit' : 'ignore';

if (options.install.length) {
    const installer = spawn(NODE, [...base, ...options.install.flatMap(vsix => ['--install-extension', vsix]), '--force'], { stdio: ['ignore', process.env.VERBOSE ? 'inherit' : 'ignore', 'inherit'] });
    const code = await new Promise(resolve => installer.on('exit', resolve));
    if (code || !options.tests) { rmSync(tmp, { recursive: true, force: true }); process.exit(code ?? 1); }
}

const port = await new Promise(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => { const { port } = probe.address(); probe.close(() => resolve(port)); });
});
let browser, eyes;
eyes = await control(() => browser.page, process.env.MEMTOPO_E2E_SHOTS ?? 'shots');
const server = spawn(NODE, [...base, '--host', '127.0.0.1', '--port', String(port), '--without-connection-token', '--disable-workspace-trust', '--enable-smoke-test-driver'],
    { stdio, env: { ...process.env, MEMTOPO_E2E_CONTROL: eyes.url } });

let ending = false;
async function finish(code) {
    if (ending) return;
    ending = true;
    clearTimeout(timer);
    eyes.close();
    await browser?.close().catch(() => {});
    if (server.exitCode === null) {
        const gone = new Promise(resolve => server.once('exit', resolve));
        server.kill('SIGTERM');
        await gone;
    }
    rmSync(tmp, { recursive: true, force: true, maxRetries: 3 });
    process.exit(code);
}
const timer = setTimeout(async () => {
    console.error('the run took too long');
    await browser?.page.screenshot({ path: path.join(process.env.MEMTOPO_E2E_SHOTS ?? 'shots', 'timeout-node.png') }).catch(() => {});
    await finish(2);
}, Number(process.env.MEMTOPO_E2E_LIMIT ?? 180_000));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => finish(130));

for (let tries = 0; ; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/version`).catch(() => undefined);
    if (answer?.ok) break;
    if (tries > 600 || server.exitCode !== null) { console.error('the VS Code server did not start; VERBOSE=1 shows what it says'); await finish(4); }
    await new Promise(resolve => setTimeout(resolve, 50));
}
browser = await launch(chromium);
const { page } = browser;
// every console.* of the extension host under test
await page.exposeFunction('codeAutomationLog', (type, args) => {
    console[type === 'error' ? 'error' : 'log'](args.map(arg => typeof arg === 'string' ? arg : JSON.stringify(arg)).join(' '));
});
// VS Code's own result of the test run
await page.exposeFunction('codeAutomationExit', code => finish(code));
if (process.env.VERBOSE) page.on('console', message => console.log('[page]', message.text().slice(0, 1000)));

const remote = place => `vscode-remote://127.0.0.1:${port}${place}`;
const payload = options.develop.map(place => ['extensionDevelopmentPath', remote(place)]);
if (options.tests) payload.push(['extensionTestsPath', remote(options.tests)]);
const where = !folder ? 'ew=true' : `${statSync(folder).isFile() ? 'workspace' : 'folder'}=${encodeURIComponent(folder)}`;
await page.goto(`http://127.0.0.1:${port}/?${where}&payload=${encodeURIComponent(JSON.stringify(payload))}`);
