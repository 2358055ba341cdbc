// npm run bench: how long a start takes to become the first diagnostics, a key to become the next ones, and a machine to be
// simulated; through the real bundled server, beside VS Code's JSON service on a JSON text of equal size, in one run on one machine.
//   --quick: fewer turns    --start: only the starts    --write: the table goes into docs/performance.md as well
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildServers, burst, coldStart, heapOf, JSON_BUNDLED, JSON_PACKAGES, keystrokes, OURS, type Server, type Start } from './servers.ts';
import { simulateText } from './simulate.ts';
import { jsonOfSize, machine, platforms } from './texts.ts';
import { curve as devices } from './scale.ts';
import { pageUpdates } from './page.ts';

const root = path.resolve(import.meta.dirname, '../..');
const quick = process.argv.includes('--quick');
const KEYS = quick ? 16 : 40;
const WARM = quick ? 30 : 300;
const STARTS = quick ? 7 : 21;
// a size: the machine is one that never was, so it is booted and its scenario run anew
const KEY = 'size 0x10';

interface Row {
    readonly what: string;
    readonly ours: string;
    readonly beside: string;
    readonly ratio: string;
    readonly goal: string;
    readonly verdict: string;
}

const rows: Row[] = [];
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
/** A quarter of the values is lower: what a key takes when nobody else wants the processor, on a machine where somebody often does. */
const quartile = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 2]!;
const least = (values: readonly number[]): number => Math.min(...values);
const ms = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;

function add(row: Row): void {
    rows.push(row);
    console.log(row.what.padEnd(58), row.ours.padStart(9), row.beside.padStart(20), row.ratio.padStart(8), row.goal.padStart(8), row.verdict);
}

/** A row of two times and the most that their ratio may be. */
function compare(what: string, ours: number, name: string, other: number, goal?: number): void {
    const ratio = ours / other;
    add({ what, ours: ms(ours), beside: `${name} ${ms(other)}`, ratio: `${ratio.toFixed(2)}×`, goal: goal === undefined ? '' : `≤ ${goal}×`, verdict: goal === undefined ? '' : ratio <= goal ? 'met' : 'NOT MET' });
}

async function starts(): Promise<void> {
    const tiny = platforms(1);
    const json = jsonOfSize(tiny.length);
    const times = new Map<Server, Start[]>([[OURS, []], [JSON_PACKAGES, []], [JSON_BUNDLED, []]]);
    const text = (server: Server): string => (server === OURS ? tiny : json);
    for (const server of times.keys()) await coldStart(server, text(server), server === OURS ? 2500 : 0); // ours writes its code cache when it is idle
    for (let i = 0; i < STARTS; i++) for (const [server, list] of times) list.push(await coldStart(server, text(server)));
    const clock = (server: Server, of: typeof median): number => of(times.get(server)!.map((t) => t.clock));
    const cpu = (server: Server): number => median(times.get(server)!.map((t) => t.cpu ?? NaN));
    compare('cold start → first diagnostics, least', clock(OURS, least), 'npm', clock(JSON_PACKAGES, least), 1);
    compare('cold start → first diagnostics, median', clock(OURS, median), 'npm', clock(JSON_PACKAGES, median), 1);
    if (!Number.isNaN(cpu(OURS))) compare('  computing in the main thread, median', cpu(OURS), 'npm', cpu(JSON_PACKAGES), 1);
    compare('  beside the JSON server bundled, least', clock(OURS, least), 'bundled', clock(JSON_BUNDLED, least));
}

async function typing(): Promise<void> {
    for (const [lines, goal] of [[100, undefined], [1000, 9], [10_000, 7]] as const) {
        const text = platforms(lines / 20);
        const simulating: number[] = [];
        const typings = [{ server: OURS, text, at: KEY }, { server: JSON_BUNDLED, text: jsonOfSize(text.length), at: '"a text' }];
        const [ours, json] = await keystrokes(typings, KEYS, WARM, () => simulating.push(...simulateText(platforms(1), 1)));
        compare(`key → diagnostics, ${lines} lines (${(text.length / 1024).toFixed(0)} KB)`, quartile(ours!), 'json', quartile(json!), goal);
        if (goal === undefined) continue;
        // a tenth of what a key may take; of what it does take it is more, for the rest of a key follows one declaration as well
        compare('  of which simulating what it changes', quartile(simulating.slice(WARM)), `${goal} × json`, goal * quartile(json!), 0.1);
        compare('  the same as a part of the key', quartile(simulating.slice(WARM)), 'key', quartile(ours!));
    }
    const [ten, fifty] = await keystrokes([{ server: OURS, text: platforms(500), at: KEY }, { server: OURS, text: platforms(2500), at: KEY }], KEYS, WARM);
    compare('key → diagnostics, 50000 lines', quartile(fifty!), '10000 lines', quartile(ten!), 6);
    const [plain, scaled] = await keystrokes([{ server: OURS, text: platforms(50), at: KEY }, { server: OURS, text: platforms(50, 1024), at: KEY }], KEYS, WARM);
    compare('key → diagnostics, every size ×1024', quartile(scaled!), 'as is', quartile(plain!), 1.15);
    const [few, many] = await keystrokes([{ server: OURS, text: platforms(50), at: KEY }, { server: OURS, text: platforms(500), at: KEY }], KEYS, WARM);
    compare('key → diagnostics, 500 platforms', quartile(many!), '50 platforms', quartile(few!), 1.5);
    const { publishes, after, last, hover } = await burst({ server: OURS, text: platforms(500), at: KEY });
    add({ what: 'burst of 30 keys, 10 000 lines', ours: `${publishes}`, beside: 'publishes', ratio: '', goal: '≥ 10', verdict: publishes >= 10 ? 'met' : 'NOT MET' });
    add({ what: '  builds after the last key', ours: `${after}`, beside: `in ${ms(last)}`, ratio: '', goal: '≤ 2', verdict: after <= 2 ? 'met' : 'NOT MET' });
    add({ what: '  hover right after it', ours: ms(hover), beside: '', ratio: '', goal: '', verdict: '' });
}

function scale(): void {
    const time = (text: string): number => least(simulateText(text, quick ? 3 : 5));
    const example = readFileSync(path.join(root, 'examples/fast-reboot.memtopo'), 'utf8');
    add({ what: 'simulating examples/fast-reboot.memtopo', ours: ms(median(simulateText(example, 60).slice(30))), beside: '', ratio: '', goal: '', verdict: '' });
    const curve = (what: string, points: readonly (readonly [string, number, string])[], growth: number | undefined): void => {
        let before: { readonly name: string; readonly size: number; readonly took: number } | undefined;
        for (const [name, size, text] of points) {
            const took = time(text);
            const most = before && (growth ?? size / before.size) * 1.5;
            if (before) compare(`simulating ${what}: ${name}`, took, before.name, before.took, Number(most!.toFixed(1)));
            else add({ what: `simulating ${what}: ${name}`, ours: ms(took), beside: '', ratio: '', goal: '', verdict: '' });
            before = { name, size, took };
        }
    };
    for (let i = 0; i < 20; i++) simulateText(machine(16, 100, 1024), 1); // warm
    curve('one node', [['1 TiB', 1, machine(1, 0, 1024)], ['64 TiB', 64, machine(1, 0, 65_536)]], 1);
    curve('64 TiB', [16, 128, 1024].map((n) => [`${n} nodes`, n, machine(n, 0, 65_536)] as const), undefined);
    curve('reserved', [100, 1000, 10_000].map((n) => [`${n} ranges`, n, machine(1, n, 1024)] as const), undefined);
    for (const { what, count, boot, step } of devices(quick ? 3 : 7)) {
        add({ what: `booting ${count} ${what}`, ours: ms(boot), beside: `a further step ${ms(step)}`, ratio: '', goal: '≤ 1000 ms', verdict: boot <= 1000 ? 'met' : 'NOT MET' });
    }
}

/** What an update costs the page of the preview, beside drawing all of it. */
async function page(): Promise<void> {
    const work = await pageUpdates(KEYS);
    const what = 'page work of an update, 3000 ranges';
    if (typeof work === 'string') add({ what, ours: '', beside: work, ratio: '', goal: '≤ 0.05×', verdict: '' });
    else compare(what, quartile(work.updates), 'drawing them', work.first, 0.05);
}

/** Bytes: what is shipped, and what a text takes in memory. */
async function sizes(): Promise<void> {
    const kb = (file: string): number => statSync(path.join(path.dirname(OURS.script), file)).size / 1000;
    const server = kb('server.cjs') + kb('server.node.cjs');
    add({ what: 'server bundle, minified', ours: `${server.toFixed(0)} KB`, beside: '', ratio: '', goal: '≤ 800 KB', verdict: server <= 800 ? 'met' : 'NOT MET' });
    const packed = spawnSync(process.execPath, [path.join(root, 'scripts/pack.mjs'), '--out', path.join(path.dirname(OURS.script), 'memtopo.vsix')], { encoding: 'utf8' });
    if (packed.status !== 0) throw new Error(packed.stderr);
    const vsix = kb('memtopo.vsix');
    add({ what: 'packed extension', ours: `${vsix.toFixed(0)} KB`, beside: '', ratio: '', goal: '≤ 1500 KB', verdict: vsix <= 1500 ? 'met' : 'NOT MET' });
    const text = platforms(500);
    const heap = await heapOf([text, platforms(1)]);
    const bytes = (heap[0]! - heap[1]!) / (text.length - platforms(1).length);
    add({ what: 'heap for each byte of text, 10000 lines', ours: `${bytes.toFixed(0)} B`, beside: `${(text.length / 1024).toFixed(0)} KB of text`, ratio: '', goal: '≤ 70 B', verdict: bytes <= 70 ? 'met' : 'NOT MET' });
}

/** The table, where the page's markers are. */
function write(): void {
    const file = path.join(root, 'docs/performance.md');
    const page = readFileSync(file, 'utf8');
    const cells = (row: readonly string[]): string => `| ${row.map((c) => c.trim()).join(' | ')} |`;
    const table = [
        `Node ${process.version}, ${os.cpus().length} × ${os.cpus()[0]?.model ?? 'unknown'}, ${new Date().toISOString().slice(0, 10)}.`, '',
        cells(['What', 'memtopo', 'beside', 'ratio', 'goal', '']), cells(['---', '---:', '---:', '---:', '---:', '---']),
        ...rows.map((r) => cells([r.what, r.ours, r.beside, r.ratio, r.goal, r.verdict])),
    ];
    const filled = page.replace(/(<!-- bench -->\n)[\s\S]*?(<!-- \/bench -->)/, (_all, begin: string, end: string) => `${begin}\n${table.join('\n')}\n\n${end}`);
    if (filled === page && !page.includes(table.at(-1)!)) throw new Error('docs/performance.md has no place for the table');
    writeFileSync(file, filled);
}

console.log(`node ${process.version}, ${new Date().toISOString().slice(0, 10)}; ${KEYS} keys, ${STARTS} starts, in turns; the machine's load is ${os.loadavg()[0]!.toFixed(1)} on ${os.cpus().length} cores\n`);
await buildServers();
await starts();
if (!process.argv.includes('--start')) {
    await typing();
    await page();
    scale();
    await sizes();
}
const missed = rows.filter((r) => r.verdict === 'NOT MET').length;
console.log(`\n${rows.filter((r) => r.verdict === 'met').length} goals met, ${missed} not met`);
if (process.argv.includes('--write')) write();
