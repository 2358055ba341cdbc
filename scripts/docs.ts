// npm run docs: brings the generated parts of the documentation up to date; with --check only says which are not.
//   <!-- run: memtopo … -->      the output of the command, as a user at the root of the repository sees it
//   <!-- scores -->              the score of the recorded runs
//   docs/kernel-rules.md         the column that says where a rule is implemented
// Each marker owns the text up to `<!-- end -->`.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { loadSet, SETS } from '../test/kernel-truth/cases.ts';
import { scoreCase, tally } from '../test/kernel-truth/score.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const PAGES = ['README.md', 'docs/command-line.md', 'docs/kernel-rules.md'];
const RULE = /\b(?:CXL|DAX|DXC|E820|EFI|GEO|HMAT|HMEM|KEX|KM|MHP|ND|NDC|NF|NUMA|OFF|ONL|RES|RMV|TIER|VM|ZD|ZONE)-\d{2}\b/g;

/** Rule id → files of the server that name it, from server/src, sorted. */
export function rulesInCode(): Map<string, string[]> {
    const rules = new Map<string, string[]>();
    const source = path.join(ROOT, 'server/src');
    for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' }).sort()) {
        if (!file.endsWith('.ts') || file.includes('generated')) continue;
        for (const id of new Set(readFileSync(path.join(source, file), 'utf8').match(RULE) ?? [])) rules.set(id, [...(rules.get(id) ?? []), file.split(path.sep).join('/')]);
    }
    return new Map([...rules].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Rule id → title, as docs/kernel-rules.md has them. */
export function rulesInDocs(): Map<string, string> {
    return new Map([...readFileSync(path.join(ROOT, 'docs/kernel-rules.md'), 'utf8').matchAll(/^\| ([A-Z0-9]+-\d{2}) \| (.*?) \|/gm)].map((m) => [m[1]!, m[2]!]));
}

function run(command: string): string {
    const [tool, ...args] = command.split(/\s+/);
    if (tool !== 'memtopo') throw new Error(`only memtopo can be run, not ${tool}`);
    const { stdout, stderr } = spawnSync(process.execPath, [path.join(ROOT, 'dist/memtopo.cjs'), ...args], {
        cwd: ROOT, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1', COLUMNS: '100' },
    });
    return `\`\`\`console\n$ ${command}\n${`${stdout}${stderr}`.trimEnd()}\n\`\`\``;
}

function scores(): string {
    const percent = (n: number, of: number): string => (of === 0 ? '–' : `${n} of ${of} (${(Math.floor((n * 1000) / of) / 10).toFixed(1)} %)`);
    const rows = SETS.map((set) => {
        const t = tally(loadSet(set).map(scoreCase)).get('TOTAL')!;
        return `| ${set} | ${percent(t.boots, t.cases)} | ${percent(t.stepsExact, t.steps)} | ${percent(t.actingExact, t.acting)} | ${percent(t.casesExact, t.cases)} |`;
    });
    return ['| kernel | boots exact | steps exact | acting steps exact | whole runs exact |', '|---|---|---|---|---|', ...rows].join('\n');
}

function codeColumn(text: string): string {
    const code = rulesInCode();
    return text.replace(/^\| ([A-Z0-9]+-\d{2}) \| (.*?) \|.*\|$/gm, (_, id: string, title: string) => {
        const files = (code.get(id) ?? []).filter((f) => /^(?:kernel|commands)\//.test(f));
        const shown = files.length > 0 ? files : (code.get(id) ?? []);
        const links = shown.slice(0, 3).map((f) => `[${path.posix.basename(f, '.ts')}](../server/src/${f})`).join(', ');
        return `| ${id} | ${title} | ${links}${shown.length > 3 ? ', …' : ''} |`;
    });
}

/** A page with its generated parts as they should be now. */
export function updated(page: string): string {
    const text = readFileSync(path.join(ROOT, page), 'utf8').replace(/(<!-- (run: (.*?)|scores) -->\n)[\s\S]*?(<!-- end -->)/g,
        (_, open: string, what: string, command: string | undefined, close: string) => `${open}${what === 'scores' ? scores() : run(command!)}\n${close}`);
    return page === 'docs/kernel-rules.md' ? codeColumn(text) : text;
}

if (process.argv[1] === import.meta.filename) {
    const check = process.argv.includes('--check');
    for (const page of PAGES) {
        const before = readFileSync(path.join(ROOT, page), 'utf8');
        const after = updated(page);
        if (after === before) continue;
        if (check) {
            console.log(`${page} is not up to date: npm run docs`);
            process.exitCode = 1;
        } else {
            writeFileSync(path.join(ROOT, page), after);
            console.log(`${page} written`);
        }
    }
}
