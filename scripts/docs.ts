// npm run docs: brings the generated parts of the documentation up to date; with --check only says which are not.
//   <!-- run: memtopo … -->      the output of the command, as a user at the root of the repository sees it
//   <!-- scores -->              the score of the recorded runs
//   <!-- rules -->               the rules of the kernel model, with the files that implement them
// Each marker owns the text up to `<!-- end -->`.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { RULE_GROUPS } from '../server/src/kernel/rules.ts';
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
        if (!file.endsWith('.ts') || file.includes('generated') || file === path.join('kernel', 'rules.ts')) continue;
        for (const id of new Set(readFileSync(path.join(source, file), 'utf8').match(RULE) ?? [])) rules.set(id, [...(rules.get(id) ?? []), file.split(path.sep).join('/')]);
    }
    return new Map([...rules].sort(([a], [b]) => (a < b ? -1 : 1)));
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

/** One table for each group of rules, with the files that implement them. */
function ruleTables(): string {
    const code = rulesInCode();
    return RULE_GROUPS.map(({ title, rules }) => {
        const rows = Object.entries(rules).map(([id, says]) => {
            const files = (code.get(id) ?? []).filter((f) => /^(?:kernel|commands)\//.test(f));
            const shown = files.length > 0 ? files : (code.get(id) ?? []);
            const links = shown.slice(0, 3).map((f) => `[${path.posix.basename(f, '.ts')}](../server/src/${f})`).join(', ');
            return `| ${id} | ${says} | ${links}${shown.length > 3 ? ', …' : ''} |`;
        });
        return [`## ${title}`, '', '| rule | what it says | code |', '|---|---|---|', ...rows].join('\n');
    }).join('\n\n');
}

/** A page with its generated parts as they should be now. */
export function updated(page: string): string {
    const text = readFileSync(path.join(ROOT, page), 'utf8').replace(/(<!-- (run: (.*?)|scores|rules) -->\n)[\s\S]*?(<!-- end -->)/g,
        (_, open: string, what: string, command: string | undefined, close: string) => `${open}${what === 'scores' ? scores() : what === 'rules' ? ruleTables() : run(command!)}\n${close}`);
    return text;
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
