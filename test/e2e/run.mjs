// End to end: packs the extension and drives it in two real VS Codes, one per extension host.
//   node test/e2e/run.mjs [--host node|web] [--vsix FILE] [--verbose]
// Sets up what it needs (npm packages; Chromium by apt as root on Debian); what it cannot set up it names and counts as skipped.
// VSCODE_EXE names a desktop VS Code to use instead of the bundled host. Ends with `N passed, N failed, N skipped`.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { setUpBrowser, setUpPackages } from './host/setup.mjs';
import { unzip } from './host/unzip.mjs';

const here = import.meta.dirname;
const project = path.resolve(here, '../..');
const out = path.join(here, 'out');
const shots = path.join(here, 'shots');
const { values } = parseArgs({ options: { host: { type: 'string' }, vsix: { type: 'string' }, verbose: { type: 'boolean', default: false } } });
const hosts = values.host ? [values.host] : ['node', 'web'];
const counts = { passed: 0, failed: 0, skipped: 0 };
const started = Date.now();
const log = text => console.log(`[e2e ${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s] ${text}`);

const tmp = mkdtempSync(path.join(tmpdir(), 'memtopo-e2e-'));
try {
    await main();
} finally {
    rmSync(tmp, { recursive: true, force: true, maxRetries: 3 });
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed ? 1 : 0;

async function main() {
    try {
        setUpPackages(log);
        setUpBrowser(log);
    } catch (error) {
        log(`no VS Code host here: ${error.message}`);
        for (const host of hosts) log(`skipped: the whole suite in the ${host} host`);
        counts.skipped += hosts.length;
        return;
    }
    const vsix = values.vsix ? path.resolve(values.vsix) : pack();
    await bundleSuite();
    mkdirSync(shots, { recursive: true });
    for (const host of hosts) await (host === 'web' ? runWeb : runNode)(vsix);
    log(`pictures: ${path.relative(process.cwd(), shots)}`);
}

/** Builds the release bundles and the VSIX from the checkout. */
function pack() {
    const vsix = path.join(tmp, 'memtopo.vsix');
    const result = spawnSync(process.execPath, [path.join(project, 'scripts/pack.mjs'), '--out', vsix], { cwd: project, encoding: 'utf8' });
    if (result.status !== 0) throw new Error(`packing failed\n${result.stdout}${result.stderr}`);
    log(result.stdout.trim().split('\n').at(-1));
    return vsix;
}

async function bundleSuite() {
    const { build } = createRequire(path.join(here, 'package.json'))('esbuild');
    const common = { bundle: true, format: 'cjs', logLevel: 'warning', sourcemap: 'inline', target: 'es2022' };
    await build({ ...common, entryPoints: [path.join(here, 'suite/index.node.ts')], outfile: path.join(out, 'suite.node.cjs'), platform: 'node', external: ['vscode', 'mocha'] });
    // the browser build of mocha looks for a CommonJS `module` first; it is to find the global object
    await build({ ...common, entryPoints: [path.join(here, 'suite/index.web.ts')], outfile: path.join(out, 'suite.web.cjs'), platform: 'browser', external: ['vscode'],
        plugins: [{ name: 'mocha-as-script', setup(b) { b.onLoad({ filter: /mocha[\\/]mocha\.js$/ }, async args => ({ contents: `(function (module, exports, define) {${readFileSync(args.path, 'utf8')}\n}).call(globalThis);`, loader: 'js' })); } }] });
}

/** A copy of the examples for each run: tests edit, and VS Code writes beside. */
function workspace(name) {
    const folder = path.join(tmp, name, 'examples');
    mkdirSync(folder, { recursive: true });
    cpSync(path.join(project, 'examples'), folder, { recursive: true });
    return folder;
}

async function runNode(vsix) {
    const shim = process.env.VSCODE_EXE ?? path.join(here, 'host/code-shim.mjs');
    const profile = ['--user-data-dir', path.join(tmp, 'node/user'), '--extensions-dir', path.join(tmp, 'node/extensions')];
    const install = spawnSync(shim, [...profile, '--install-extension', vsix], { encoding: 'utf8' });
    if (install.status !== 0) { fail('node', `installing the VSIX failed\n${install.stdout}${install.stderr}`); return; }
    const script = `const { runTests } = require('@vscode/test-electron');
        runTests(${JSON.stringify({ vscodeExecutablePath: shim, extensionDevelopmentPath: path.join(here, 'driver'), extensionTestsPath: path.join(out, 'suite.node.cjs'), launchArgs: [workspace('node'), ...profile, '--disable-workspace-trust'] })})
            .then(() => process.exit(0), error => { console.error(error.message); process.exit(1); });`;
    await drive('node', [ '-e', script]);
}

async function runWeb(vsix) {
    const extensions = path.join(tmp, 'web/extensions');
    unzip(vsix, path.join(tmp, 'web/unpacked'));
    cpSync(path.join(tmp, 'web/unpacked/extension'), path.join(extensions, 'memtopo'), { recursive: true });
    // test-web serves the suite out of the development extension's folder
    const driver = path.join(tmp, 'web/driver');
    cpSync(path.join(here, 'driver'), driver, { recursive: true });
    cpSync(path.join(out, 'suite.web.cjs'), path.join(driver, 'suite.cjs'));
    await drive('web', [path.join(here, 'host/web.mjs'), '--driver', driver, '--suite', path.join(driver, 'suite.cjs'), '--extensions', extensions, '--workspace', workspace('web')]);
}

/** Runs a host to its end and reads the suite's lines. */
function drive(host, args) {
    log(`${host} host`);
    return new Promise(resolve => {
        const child = spawn(process.execPath, args, { cwd: here, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, MEMTOPO_E2E_SHOTS: shots, ...(values.verbose ? { VERBOSE: '1' } : {}) } });
        let rest = '', said = '', seen = 0, failures = 0;
        const take = chunk => {
            rest += chunk;
            const lines = rest.split('\n');
            rest = lines.pop() ?? '';
            for (const line of lines) {
                const start = line.indexOf('@@TEST ');
                if (start < 0) { said += `${line}\n`; if (values.verbose) console.log(line); continue; }
                const test = JSON.parse(line.slice(start + 7));
                counts[test.state]++; seen++;
                if (test.state === 'failed') failures++;
                log(`${{ passed: 'ok  ', failed: 'FAIL', skipped: 'skip' }[test.state]} ${host}: ${test.title} (${test.ms} ms)`);
                if (test.state === 'failed') console.log(`        ${test.error}\n`);
            }
        };
        child.stdout.on('data', take);
        child.stderr.on('data', take);
        child.on('exit', code => {
            if (seen === 0 || (code !== 0 && failures === 0)) fail(host, `the host ended with ${code} after ${seen} tests\n${said.slice(-3000)}`);
            resolve();
        });
    });
}

function fail(host, text) {
    counts.failed++;
    log(`FAIL ${host}: ${text}`);
}
