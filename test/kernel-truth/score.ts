// Scores predictions against recorded runs, in process. See --help.
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { replay } from '../../server/src/cli/replay.ts';
import { loadSet, SETS, type RecordedCase } from './cases.ts';
import { type CaseResult, compareCase, errnoSet, expand, linesOf, type RunDocument, STEP_SUBJECTS, type Subject } from '../../server/src/formats/compare.ts';
import { difference } from '../../server/src/formats/line-diff.ts';
import { type Floor, floorOf, raiseFloor } from './floor.ts';

const HELP = `usage: node test/kernel-truth/score.ts [options]
  --set 6.1,7.2       sets to score (default 6.1; "all" = ${SETS.join(', ')})
  --only kmem,fuzz-nd families or prefixes of case names
  --case NAME,NAME    cases by name, with differences
  -v, --verbose       differences of every case that is not exact
  -f, --first         with differences: only the first wrong place of each case
  --boot              boots only
  --list              one line for each case that is not exact
  --update-floor      raise floor.json to what this run reached (whole sets only)
  --subject iomem     differences of these subjects only (iomem, blocks, nodes, dax, nd)
`;

export interface Tally {
    cases: number; casesExact: number; boots: number; steps: number; stepsExact: number; acting: number; actingExact: number;
    readonly bootWrong: Record<Subject, number>; readonly stepWrong: Record<Subject | 'exit' | 'errno', number>; crashed: number;
}

function emptyTally(): Tally {
    return {
        cases: 0, casesExact: 0, boots: 0, steps: 0, stepsExact: 0, acting: 0, actingExact: 0, crashed: 0,
        bootWrong: { iomem: 0, blocks: 0, nodes: 0, dax: 0, nd: 0 }, stepWrong: { iomem: 0, blocks: 0, nodes: 0, dax: 0, nd: 0, exit: 0, errno: 0 },
    };
}

export interface Scored {
    readonly recorded: RecordedCase;
    readonly result: CaseResult;
    readonly prediction?: RunDocument;
    /** The replay threw. */
    readonly crash?: string;
}

/** Replays and compares one case. */
export function scoreCase(recorded: RecordedCase): Scored {
    try {
        const prediction = replay(recorded.input) as unknown as RunDocument;
        return { recorded, result: compareCase(recorded.truth, prediction), prediction };
    } catch (e) {
        const crash = e instanceof Error ? e.stack ?? e.message : String(e);
        return { recorded, result: compareCase(recorded.truth, { initial: {}, steps: [] }), crash };
    }
}

export function family(name: string): string {
    return name.split('-')[0]!;
}

/** Counts by family; the key TOTAL has their sum. */
export function tally(scored: readonly Scored[]): Map<string, Tally> {
    const rows = new Map<string, Tally>();
    for (const { recorded, result, crash } of scored) {
        for (const key of [family(recorded.name), 'TOTAL']) {
            const t = rows.get(key) ?? emptyTally();
            rows.set(key, t);
            t.cases++;
            if (crash) t.crashed++;
            if (result.exact) t.casesExact++;
            if (result.bootExact) t.boots++;
            for (const s of result.bootWrong) t.bootWrong[s]++;
            for (const step of result.steps) {
                if (!step.scored) continue;
                t.steps++;
                if (step.exact) t.stepsExact++;
                if (step.acting) t.acting++;
                if (step.acting && step.exact) t.actingExact++;
                if (!step.exit) t.stepWrong.exit++;
                if (step.errno === false) t.stepWrong.errno++;
                for (const s of step.wrong) t.stepWrong[s]++;
            }
        }
    }
    return rows;
}

/** The one figure: mean of exact cases, boots and steps, in percent. */
export function overall(t: Tally): number {
    return (100 * (t.casesExact / t.cases + t.boots / t.cases + (t.steps ? t.stepsExact / t.steps : t.boots / t.cases))) / 3;
}

function share(a: number, b: number): string {
    return `${(b ? `${((100 * a) / b).toFixed(1)}` : '-').padStart(5)} ${`${a}/${b}`.padStart(9)}`;
}

function wrongs(counts: Readonly<Record<string, number>>): string {
    return Object.entries(counts).filter(([, n]) => n > 0).map(([k, n]) => `${k} ${n}`).join(', ');
}

/** The table by family. */
export function table(set: string, rows: ReadonlyMap<string, Tally>): string {
    const names = [...rows.keys()].filter((k) => k !== 'TOTAL').sort();
    const line = (name: string, t: Tally): string => [
        name.padEnd(8), share(t.casesExact, t.cases), share(t.boots, t.cases), share(t.stepsExact, t.steps), share(t.actingExact, t.acting),
        `boots: ${wrongs(t.bootWrong) || '-'}; steps: ${wrongs(t.stepWrong) || '-'}${t.crashed ? `; ${t.crashed} CRASHED` : ''}`,
    ].join(' | ');
    const head = [set.slice(0, 8).padEnd(8), 'case exact'.padStart(15), 'boot exact'.padStart(15), 'step exact'.padStart(15), 'of acting'.padStart(15), 'wrong in'].join(' | ');
    const total = rows.get('TOTAL')!;
    return [head, ...names.map((n) => line(n, rows.get(n)!)), line('TOTAL', total), `${set}: SCORE ${overall(total).toFixed(1)} %`].join('\n');
}

const indent = (lines: readonly string[]): string[] => lines.map((l) => `    ${l}`);

/** Readable differences of a case: `-` the kernel, `+` the prediction. A difference that lasts is told once. */
export function explain({ recorded, result, prediction, crash }: Scored, first: boolean, only?: readonly Subject[]): string {
    const { input, truth } = recorded;
    const out = [`== ${input.name}: ${input.title}`, `   ${input.cmdline.replace(/^.*random\.trust_cpu=on ?/, '') || '(no memory parameters)'}`];
    if (crash || !prediction) return [...out, ...indent((crash ?? '').split('\n').slice(0, 6))].join('\n');
    const told = new Map<Subject, string>();
    const show = (head: string, subjects: readonly Subject[], kernel: unknown, ours: unknown): void => {
        for (const s of subjects) {
            if (only && !only.includes(s)) continue;
            const d = difference(linesOf(s, kernel), linesOf(s, ours));
            const key = d.filter((l) => /^[-+] /.test(l)).join('\n');
            if (told.get(s) === key) continue;
            told.set(s, key);
            out.push(`  ${head}: ${s}`, ...indent(d));
        }
    };
    if (!result.bootExact) {
        show('boot', result.bootWrong, truth.initial, prediction.initial);
        if (first) return out.join('\n');
    }
    const kernel = expand(truth);
    const ours = new Map(expand(prediction).map((s) => [s.step.id, s]));
    for (const [i, step] of result.steps.entries()) {
        if (!step.scored) continue;
        for (const s of [...told.keys()]) if (!step.wrong.includes(s)) told.delete(s);
        if (step.exact) continue;
        const recordedStep = input.steps[i]!;
        const t = kernel[i]!;
        const p = ours.get(step.id);
        out.push(`  step ${step.id}: ${recordedStep.run ?? JSON.stringify(recordedStep.qmp)}`);
        if (!p) {
            out.push('    no prediction');
            continue;
        }
        const say = (rc: number, errno: readonly string[], text?: string): string =>
            `exit ${rc} ${errno.join(' ')}  ${(text ?? '').trim().split('\n').slice(0, 3).join(' | ')}`.trimEnd();
        if (!step.exit || step.errno === false) {
            out.push(`    - ${say(t.step.rc, errnoSet(t.step.errno), t.step.stderr)}`, `    + ${say(p.step.rc, errnoSet(p.step.errno), p.step.stderr)}`);
        }
        if (p.step.notSimulated) out.push(`    not simulated: ${p.step.notSimulated}`);
        for (const l of (t.step.dmesg ?? []).filter((m) => !/zonelists|Fallback order|Policy zone/.test(m)).slice(0, 6)) out.push(`    kernel log: ${l}`);
        show('state', step.wrong.filter((s) => STEP_SUBJECTS.includes(s)), t.state, p.state);
        if (first) break;
    }
    return out.join('\n');
}

/** A line for a case that is not exact: where it went wrong first. */
function summary({ recorded, result, crash }: Scored): string {
    const wrong = result.steps.filter((s) => s.scored && !s.exact);
    const first = wrong[0];
    const parts = [
        crash ? 'CRASHED' : '', result.bootExact ? '' : `boot: ${result.bootWrong.join(' ')}`,
        first ? `${wrong.length} steps, first ${first.id}: ${[first.exit ? '' : 'exit', first.errno === false ? 'errno' : '', ...first.wrong].filter(Boolean).join(' ')}` : '',
    ];
    return `${recorded.name.padEnd(34)} ${parts.filter(Boolean).join('; ')}`;
}

function main(argv: readonly string[]): void {
    const options = new Map<string, string>();
    for (let i = 0; i < argv.length; i++) {
        const m = /^--?([a-z-]+)(?:=(.*))?$/.exec(argv[i]!);
        if (!m) continue;
        const name = ({ v: 'verbose', f: 'first', h: 'help' } as Record<string, string>)[m[1]!] ?? m[1]!;
        options.set(name, m[2] ?? (['set', 'only', 'case', 'subject'].includes(name) ? argv[++i] ?? '' : ''));
    }
    if (options.has('help')) {
        process.stdout.write(HELP);
        return;
    }
    const wanted = options.get('set') ?? '6.1';
    const only = options.get('only')?.split(',');
    const names = options.get('case')?.split(',');
    const subjects = options.get('subject')?.split(',') as Subject[] | undefined;
    const whole = !only && !names && !options.has('boot');
    const floors = new Map<string, Floor>();
    for (const set of wanted === 'all' ? SETS : wanted.split(',')) {
        const started = performance.now();
        const cases = loadSet(set).filter((c) => (!only || only.some((o) => family(c.name) === o || c.name.startsWith(o))) && (!names || names.includes(c.name)));
        if (cases.length === 0) {
            process.stdout.write(`${set}: no such case\n`);
            continue;
        }
        const scored = cases.map((c) => scoreCase(options.has('boot') ? { ...c, input: { ...c.input, steps: [] }, truth: { ...c.truth, steps: [] } } : c));
        const inexact = scored.filter((s) => !s.result.exact);
        if (options.has('verbose') || names || options.has('first')) {
            for (const s of inexact) {
                const wrong = [...s.result.bootWrong, ...s.result.steps.flatMap((step) => (step.scored ? step.wrong : []))];
                if (!subjects || s.crash || wrong.some((subject) => subjects.includes(subject))) process.stdout.write(`${explain(s, options.has('first'), subjects)}\n\n`);
            }
        }
        if (options.has('list')) for (const s of inexact) process.stdout.write(`${summary(s)}\n`);
        const rows = tally(scored);
        floors.set(set, floorOf(rows.get('TOTAL')!));
        process.stdout.write(`${table(set, rows)}  (${((performance.now() - started) / 1000).toFixed(1)} s)\n\n`);
    }
    if (options.has('update-floor') && whole) raiseFloor(floors);
}

// A closed pipe (`| head`) ends the program quietly.
process.stdout.on('error', () => process.exit(0));
if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
