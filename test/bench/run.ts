// npm run bench: how long a key takes to become diagnostics, a start to become the first ones, and a file to be simulated; through
// the real bundled server, beside VS Code's JSON service on a JSON text of equal size, in one run on one machine.
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { Client } from '../lsp/client.ts';
import { curve } from './scale.ts';
import { jsonOfSize, platforms } from './texts.ts';

const root = path.resolve(import.meta.dirname, '../..');
const out = path.join(root, 'dist/bench');
const quick = process.argv.includes('--quick');
const ONLY_START = process.argv.includes("--start");
const KEYS = quick ? 15 : 40;
const STARTS = quick ? 5 : 15;

mkdirSync(out, { recursive: true });
await esbuild.build({
    entryPoints: [path.join(root, 'test/bench/json-server.ts')], outfile: path.join(out, 'json-server.cjs'), bundle: true, minify: true, platform: 'node',
    format: 'cjs', target: 'node20', logLevel: 'error', mainFields: ['module', 'main'],
});

// the same server as npm ships its parts: nothing bundled
await esbuild.build({
    entryPoints: [path.join(root, 'test/bench/json-server.ts')], outfile: path.join(out, 'json-unbundled.cjs'), bundle: true, packages: 'external', platform: 'node',
    format: 'cjs', target: 'node20', logLevel: 'error',
});

const OURS = { name: 'memtopo', script: path.join(root, 'dist/server.cjs'), language: 'memtopo', extension: 'memtopo' };
const JSON_SERVER = { name: 'json', script: path.join(out, 'json-server.cjs'), language: 'json', extension: 'json' };
const JSON_UNBUNDLED = { ...JSON_SERVER, name: 'json, unbundled', script: path.join(out, 'json-unbundled.cjs') };
type Server = typeof OURS;

const CAPABILITIES = { textDocument: { publishDiagnostics: { versionSupport: true, relatedInformation: true } } };
const start = (server: Server): Client => new Client(process.execPath, [server.script, '--stdio']);
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const ms = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;

/** Types and deletes one character in the middle of the text; p50 of key → diagnostics of that version. */
async function keystroke(server: Server, text: string, at: string): Promise<number> {
    const client = start(server);
    await client.initialize(CAPABILITIES);
    const uri = `file:///bench/middle.${server.extension}`;
    client.open(uri, text, server.language);
    await client.diagnostics(uri, (p) => p.version === 1 || p.version === undefined);
    const offset = text.indexOf(at, text.length >> 1) + at.length;
    const before = text.slice(0, offset).split('\n');
    const position = { line: before.length - 1, character: before.at(-1)!.length };
    const after = { line: position.line, character: position.character + 1 };
    const times: number[] = [];
    for (let i = 0; i < KEYS + 10; i++) {
        const seen = client.published.length;
        const begin = performance.now();
        const version = client.change(uri, [i % 2 === 0 ? { range: { start: position, end: position }, text: '1' } : { range: { start: position, end: after }, text: '' }]);
        await client.diagnostics(uri, (p) => p.version === version, seen);
        if (i >= 10) times.push(performance.now() - begin);
        await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await client.stop();
    return median(times);
}

/** Spawn → first diagnostics on a tiny text. */
async function coldStart(server: Server, text: string): Promise<number> {
    const begin = performance.now();
    const client = start(server);
    const uri = `file:///bench/tiny.${server.extension}`;
    await client.initialize(CAPABILITIES);
    client.open(uri, text, server.language);
    await client.diagnostics(uri);
    const time = performance.now() - begin;
    await client.stop();
    return time;
}

/** 30 keys, 10 ms apart: publications meanwhile, and the time from the last key to its diagnostics. */
async function burst(server: Server, text: string, at: string): Promise<{ publishes: number; last: number; hover: number }> {
    const client = start(server);
    await client.initialize(CAPABILITIES);
    const uri = `file:///bench/burst.${server.extension}`;
    client.open(uri, text, server.language);
    await client.diagnostics(uri);
    const offset = text.indexOf(at, text.length >> 1) + at.length;
    const before = text.slice(0, offset).split('\n');
    const position = { line: before.length - 1, character: before.at(-1)!.length };
    const seen = client.published.length;
    let version = 1;
    for (let i = 0; i < 30; i++) {
        version = client.change(uri, [{ range: { start: position, end: position }, text: '1' }]);
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const begin = performance.now();
    await client.diagnostics(uri, (p) => p.version === version, seen);
    const last = performance.now() - begin;
    const publishes = client.published.length - seen;
    const hoverStart = performance.now();
    await client.request('textDocument/hover', { textDocument: { uri }, position }).catch(() => null);
    const hover = performance.now() - hoverStart;
    await client.stop();
    return { publishes, last, hover };
}

// a digit in a CPU list: the machine changes, so it is booted and its scenario run anew
const KEY = 'cpus 0-3';
console.log(`node ${process.version}, ${new Date().toISOString().slice(0, 10)}; p50 of ${KEYS} keys, of ${STARTS} starts\n`);

const tiny = platforms(1);
const tinyJson = jsonOfSize(tiny.length);
const cold = new Map<Server, number[]>([[OURS, []], [JSON_SERVER, []], [JSON_UNBUNDLED, []]]);
for (const server of cold.keys()) await coldStart(server, server === OURS ? tiny : tinyJson); // fills the code cache
for (let i = 0; i < STARTS; i++) for (const [server, times] of cold) times.push(await coldStart(server, server === OURS ? tiny : tinyJson));
row('cold start → first diagnostics', median(cold.get(OURS)!), median(cold.get(JSON_SERVER)!), 1.0);
row('  beside the JSON server as npm ships it, unbundled', median(cold.get(OURS)!), median(cold.get(JSON_UNBUNDLED)!), 1.0);
if (ONLY_START) process.exit(0);

for (const [lines, goal] of [[100, undefined], [1000, 9], [10_000, 7]] as const) {
    const text = platforms(Math.max(1, Math.round(lines / 20)));
    const ours = await keystroke(OURS, text, KEY);
    const json = await keystroke(JSON_SERVER, jsonOfSize(text.length), '"note');
    row(`key → diagnostics, ${lines} lines (${(text.length / 1024).toFixed(0)} KB)`, ours, json, goal);
}
{
    const small = await keystroke(OURS, platforms(50), KEY);
    const scaled = await keystroke(OURS, platforms(50, 1024), KEY);
    console.log(`the same, every size ×1024`.padEnd(52), ms(scaled).padStart(10), `  ${(scaled / small).toFixed(2)}× of ${ms(small)}`);
}
{
    const { publishes, last, hover } = await burst(OURS, platforms(500), KEY);
    console.log('burst of 30 keys, 10 000 lines'.padEnd(52), `${publishes} publishes, last ${ms(last)} after the last key, hover ${ms(hover)}`);
}
{
    const file = path.join(root, 'examples/fast-reboot.memtopo');
    try {
        const { simulateText } = await import('./simulate.ts');
        const time = simulateText(readFileSync(file, 'utf8'));
        console.log('one simulation of examples/fast-reboot.memtopo'.padEnd(52), ms(time).padStart(10));
    } catch (error) {
        console.log('one simulation of examples/fast-reboot.memtopo'.padEnd(52), `not measured: ${error instanceof Error ? error.message : String(error)}`);
    }
}
for (const { what, count, boot, step } of curve(quick ? 3 : 7)) {
    console.log(`simulated boot: ${what}, ${count}`.padEnd(52), ms(boot).padStart(10), `  a further step ${ms(step)}`);
}

function row(what: string, ours: number, json: number, goal: number | undefined): void {
    const ratio = ours / json;
    const verdict = goal === undefined ? '' : ratio <= goal ? `≤ ${goal}× ok` : `MISSED, goal ${goal}×`;
    console.log(what.padEnd(52), ms(ours).padStart(10), `json ${ms(json)}`.padStart(16), `${ratio.toFixed(2)}×`.padStart(8), verdict);
}
