// npm test: everything. Checks, builds, unit and kernel-truth and server and command-line tests, then the packed extension in real
// VS Codes. Ends with one line, `N passed, N failed` and, where something could not run here, `, N skipped`.
//   npm test -- --quick    without the VS Codes
//   npm test -- --qemu     also sets up QEMU and a kernel, so that examples are verified on it; continuous integration always does
import './node.mjs';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const quick = process.argv.includes('--quick');
const total = { passed: 0, failed: 0, skipped: 0 };
const scratch = mkdtempSync(path.join(os.tmpdir(), 'memtopo-test-'));

/** Runs a command with its output passed through; answers with its exit status and what it printed. */
function run(command, args) {
    return new Promise((resolve) => {
        const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], env: process.env });
        let text = '';
        child.stdout.on('data', (chunk) => {
            process.stdout.write(chunk);
            text = (text + chunk).slice(-100_000);
        });
        child.on('error', (error) => resolve({ status: 1, text: `${error.message}\n` }));
        child.on('close', (status) => resolve({ status: status ?? 1, text }));
    });
}

function heading(text) {
    console.log(`\n── ${text} ${'─'.repeat(Math.max(0, 90 - text.length))}`);
}

/** A stage that either is fine or is not. */
async function stage(name, script, args = []) {
    heading(name);
    const { status } = await run(process.execPath, [path.join(root, script), ...args]);
    total[status === 0 ? 'passed' : 'failed']++;
    return status === 0;
}

async function vitest() {
    heading('unit, kernel-truth, server and command-line tests');
    const file = path.join(scratch, 'vitest.json');
    const { status } = await run(process.execPath, [
        path.join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`,
    ]);
    let counted = false;
    if (existsSync(file)) {
        const report = JSON.parse(readFileSync(file, 'utf8'));
        total.passed += report.numPassedTests;
        total.failed += report.numFailedTests;
        total.skipped += report.numPendingTests + report.numTodoTests;
        // a file that does not even load has no tests to fail
        const unloaded = report.testResults.filter((f) => f.status === 'failed' && f.assertionResults.every((a) => a.status !== 'failed')).length;
        total.failed += unloaded;
        counted = report.numFailedTests + unloaded > 0;
    }
    if (status !== 0 && !counted) total.failed++;
}

/** The browser that page tests and the VS Codes need. Where it cannot be had, those tests are skipped and counted. */
async function browser() {
    heading('a browser');
    try {
        const { setUpBrowser } = await import('../test/e2e/host/setup.mjs');
        setUpBrowser((text) => console.log(text));
    } catch (error) {
        console.log(`no browser here: ${error.message}`);
    }
}

/** QEMU and a kernel for `memtopo verify --qemu`. Where they are not to be had, those tests are skipped and counted. */
async function guest() {
    if (!process.env.CI && !process.argv.includes('--qemu')) return;
    heading('a real kernel');
    try {
        const { setUpGuest } = await import('./guest.mjs');
        process.env.MEMTOPO_KERNEL_ROOT = setUpGuest((text) => console.log(text));
    } catch (error) {
        console.log(`no real kernel here: ${error.message}`);
    }
}

async function endToEnd() {
    heading('the packed extension in real VS Codes');
    const { status, text } = await run(process.execPath, [path.join(root, 'test/e2e/run.mjs')]);
    const counts = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/m.exec(text.trimEnd().split('\n').at(-1) ?? '');
    if (!counts) {
        total.failed++;
        return;
    }
    total.passed += Number(counts[1]);
    total.failed += Number(counts[2]);
    total.skipped += Number(counts[3] ?? 0);
    if (status !== 0 && counts[2] === '0') total.failed++;
}

try {
    await stage('types, lint, generated files', 'scripts/check.mjs');
    // The tests of server and command line run the bundles, as users do
    await stage('build', 'scripts/build.mjs', ['--release']);
    await browser();
    await guest();
    await vitest();
    if (quick) total.skipped++;
    else await endToEnd();
} finally {
    rmSync(scratch, { recursive: true, force: true });
}
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exitCode = total.failed > 0 ? 1 : 0;
