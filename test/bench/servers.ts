// Servers under measurement: built, started, typed into. What is compared is always measured in turns, so that a busy machine slows
// both sides alike.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { Client } from '../lsp/client.ts';

const root = path.resolve(import.meta.dirname, '../..');
const out = path.join(root, 'dist/bench');

export interface Server {
    readonly script: string;
    readonly language: string;
}

export const OURS: Server = { script: path.join(out, 'server.cjs'), language: 'memtopo' };
/** The JSON service bundled and minified as our server is. */
export const JSON_BUNDLED: Server = { script: path.join(out, 'json-server.cjs'), language: 'json' };
/** The JSON service as its user gets it: the packages of the registry, nothing bundled. */
export const JSON_PACKAGES: Server = { script: path.join(out, 'json-packages.cjs'), language: 'json' };

/** Builds all three beside each other, away from what others use. */
export async function buildServers(): Promise<void> {
    const built = spawnSync(process.execPath, [path.join(root, 'scripts/build.mjs'), '--release', '--only', 'server.cjs,server.node.cjs', '--out', out], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(built.stderr);
    const json: esbuild.BuildOptions = { entryPoints: [path.join(root, 'test/bench/json-server.ts')], bundle: true, platform: 'node', format: 'cjs', target: 'node20', logLevel: 'error' };
    await esbuild.build({ ...json, outfile: JSON_BUNDLED.script, minify: true, mainFields: ['module', 'main'] });
    await esbuild.build({ ...json, outfile: JSON_PACKAGES.script, packages: 'external' });
}

const CAPABILITIES = { textDocument: { publishDiagnostics: { versionSupport: true, relatedInformation: true } } };

async function open(server: Server, text: string): Promise<{ readonly client: Client; readonly uri: string }> {
    const client = new Client(process.execPath, [server.script, '--stdio']);
    const uri = `file:///bench/text.${server.language}`;
    await client.initialize(CAPABILITIES);
    client.open(uri, text, server.language);
    await client.diagnostics(uri);
    return { client, uri };
}

/** Milliseconds that the main thread of a process has computed so far; undefined where the system does not tell. */
function computed(pid: number): number | undefined {
    try {
        return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
    } catch {
        return undefined;
    }
}

export interface Start {
    /** Milliseconds on the clock, and of computing in the main thread. */
    readonly clock: number;
    readonly cpu: number | undefined;
}

/** Spawn → first diagnostics. `linger`: milliseconds to stay afterwards. */
export async function coldStart(server: Server, text: string, linger = 0): Promise<Start> {
    const begin = performance.now();
    const { client } = await open(server, text);
    const clock = performance.now() - begin;
    const cpu = computed(client.process.pid!);
    await new Promise((resolve) => setTimeout(resolve, linger));
    await client.stop();
    return { clock, cpu };
}

/** Bytes on the server's heap after a collection, with each of the texts open and everything about it told. */
export async function heapOf(texts: readonly string[]): Promise<number[]> {
    const bytes: number[] = [];
    for (const text of texts) {
        // the server has no request for this: a module loaded before it answers a signal
        const report = path.join(out, 'heap.cjs');
        writeFileSync(report, "process.on('SIGUSR2', () => { global.gc(); process.stderr.write(`heap ${process.memoryUsage().heapUsed}\\n`); });");
        const client = new Client(process.execPath, ['--expose-gc', '--require', report, OURS.script, '--stdio']);
        await client.initialize(CAPABILITIES);
        client.open('file:///bench/text.memtopo', text);
        await client.diagnostics('file:///bench/text.memtopo');
        await new Promise((resolve) => setTimeout(resolve, 1000));
        client.process.kill('SIGUSR2');
        while (!/heap \d+\n/.test(client.stderr)) await new Promise((resolve) => setTimeout(resolve, 20));
        bytes.push(Number(/heap (\d+)/.exec(client.stderr)![1]));
        await client.stop();
    }
    return bytes;
}

/** Characters of the word that is changed: hexadecimal digits. */
const WORD = 3;

export interface Typing {
    readonly server: Server;
    readonly text: string;
    /** A key is typed behind the first of these in the second half of the text. */
    readonly at: string;
}

function spot(text: string, at: string): { readonly line: number; readonly character: number } {
    const before = text.slice(0, text.indexOf(at, text.length >> 1) + at.length).split('\n');
    return { line: before.length - 1, character: before.at(-1)!.length };
}

/**
 * Changes a word behind `at`, never to one that was there before, in each text in turn; milliseconds from the key to the diagnostics of that
 * version, by text. Of the keys before, `warm` in number, none is counted: a session has thousands, and its first ones are the start's.
 * `aside`: called between two keys.
 */
export async function keystrokes(typings: readonly Typing[], keys: number, warm: number, aside: () => void = () => undefined): Promise<number[][]> {
    const opened = await Promise.all(typings.map(async (t) => ({ ...(await open(t.server, t.text)), position: spot(t.text, t.at), times: [] as number[] })));
    for (let i = 0; i < keys + warm; i++) {
        for (const { client, uri, position, times } of opened) {
            const after = { line: position.line, character: position.character + (i === 0 ? 0 : WORD) };
            const seen = client.published.length;
            const begin = performance.now();
            const version = client.change(uri, [{ range: { start: position, end: after }, text: (16 ** (WORD - 1) + i).toString(16) }]);
            await client.diagnostics(uri, (p) => p.version === version, seen);
            if (i >= warm) times.push(performance.now() - begin);
            await new Promise((resolve) => setTimeout(resolve, 2));
        }
        aside();
    }
    for (const { client } of opened) await client.stop();
    return opened.map((o) => o.times);
}

/** 30 keys, 10 ms apart. `after`: builds published after the last key was sent, the one that holds it included. */
export async function burst({ server, text, at }: Typing): Promise<{ readonly publishes: number; readonly after: number; readonly last: number; readonly hover: number }> {
    const { client, uri } = await open(server, text);
    const position = spot(text, at);
    const seen = client.published.length;
    let version = 1;
    for (let i = 0; i < 30; i++) {
        version = client.change(uri, [{ range: { start: position, end: position }, text: '1' }]);
        if (i < 29) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const before = client.published.length;
    const begin = performance.now();
    await client.diagnostics(uri, (p) => p.version === version, seen);
    const last = performance.now() - begin;
    const publishes = client.published.length - seen;
    const after = client.published.length - before;
    const asked = performance.now();
    await client.request('textDocument/hover', { textDocument: { uri }, position }).catch(() => null);
    const hover = performance.now() - asked;
    await client.stop();
    return { publishes, after, last, hover };
}
