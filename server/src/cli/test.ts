// memtopo test: the expectations of scenarios as tests, for people and for continuous integration (JUnit XML).
import { writeFileSync } from 'node:fs';
import { difference } from '../formats/line-diff.ts';
import type { KernelState } from '../kernel/state.ts';
import type { Check, TextSpan } from '../language/model.ts';
import { stateAtStart } from '../language/run.ts';
import { iomemBeside } from '../render/iomem-beside.ts';
import { paint } from '../render/style.ts';
import { type Command, parseOptions, UsageError } from './command.ts';
import { Files, OpenFile } from './files.ts';
import { runsOf, subjectsOf } from './subjects.ts';

interface TestCase {
    readonly file: string;
    readonly name: string;
    readonly seconds: number;
    /** Empty: passed. */
    readonly failures: readonly string[];
}

export const test: Command = {
    name: 'test',
    usage: 'FILES… [--junit OUT.xml] [--kernel VERSION]',
    summary: 'run the expectations of scenarios as tests',
    help: `Each scenario is a test under each kernel that it names. It passes when every expectation is met and no step fails that is not
expected to.

  --junit OUT.xml  also write JUnit XML; - for standard output instead of the text
  --kernel VERSION under this release instead of the ones that the files name

Exit status: 0 all passed, 1 some failed, 2 the command line was not understood or a file could not be read.`,
    async run(args, io) {
        const { values, positionals } = parseOptions(args, { junit: { type: 'string' }, kernel: { type: 'string', short: 'k' } });
        if (positionals.length === 0) throw new UsageError('no files given');
        const files = new Files(values.kernel);
        const cases: TestCase[] = [];
        for (const name of positionals) {
            const file = await files.open(name);
            if (file instanceof OpenFile) cases.push(...casesOf(file));
            else {
                io.err(`memtopo test: ${file.file}: ${file.problem}\n`);
                return 2;
            }
        }
        const failed = cases.filter((c) => c.failures.length > 0).length;
        if (values.junit === '-') io.out(junit(cases));
        else {
            for (const c of cases) {
                const ok = c.failures.length === 0;
                io.out(`${paint(io.style, ok ? 'green' : 'red', ok ? '✓' : '✗')} ${c.file}: ${c.name}\n${c.failures.map((f) => `    ${f.split('\n').join('\n    ')}\n`).join('')}`);
            }
            if (values.junit !== undefined) writeFileSync(values.junit, junit(cases));
            io.out(`${cases.length - failed} passed, ${failed} failed\n`);
        }
        return failed > 0 ? 1 : 0;
    },
};

function casesOf(file: OpenFile): TestCase[] {
    // Text that cannot be read would otherwise pass for want of scenarios
    const syntax = file.analysis.source.syntaxErrors().map((f) => `${place(file, f.at)}: ${f.message}`);
    const whole: TestCase[] = syntax.length > 0 ? [{ file: file.file, name: 'can be read', seconds: 0, failures: syntax }] : [];
    const scenarios = subjectsOf(file).filter((s) => s.kind === 'scenario');
    return [...whole, ...scenarios.flatMap((subject): TestCase[] => {
        const begin = performance.now();
        const runs = runsOf(file, subject);
        const seconds = (performance.now() - begin) / 1000 / Math.max(1, runs.length);
        if (runs.length === 0) return [{ file: file.file, name: subject.name, seconds: 0, failures: ['its platform is not known'] }];
        return runs.map((run) => ({
            file: file.file, name: runs.length > 1 ? `${subject.name} (${run.kernel})` : subject.name,
            failures: [
                ...run.bootChecks.flatMap((check) => unmet(file, check, stateAtStart(run))),
                ...run.steps.flatMap((s) => [
                    ...(s.unexpectedFailure ? [`${place(file, s.step.span)}: ${s.step.line.text.trim()} fails with ${s.outcome.errnos.join(', ') || `status ${s.outcome.status}`}`] : []),
                    ...s.checks.flatMap((check) => unmet(file, check, s.state)),
                ]),
            ],
            seconds,
        }));
    })];
}

/** As compilers write it, so that terminals and editors lead there. */
function place(file: OpenFile, span: TextSpan): string {
    const { file: name, line, column } = file.shown(span);
    return `${name}:${line}:${column}`;
}

function unmet(file: OpenFile, { expectation, met, actual }: Check, state: KernelState): string[] {
    if (met) return [];
    const head = `${place(file, expectation.span)}: ${file.analysis.textOf(expectation.span).split('\n')[0]!.trim()}`;
    if (expectation.kind !== 'iomem') return [`${head}: ${actual ?? 'it is not so'}`];
    const beside = iomemBeside(expectation, state);
    return [[`${head}: /proc/iomem has`, ...difference(beside.expected, beside.actual).map((l) => `  ${l}`)].join('\n')];
}

function junit(cases: readonly TestCase[]): string {
    // What XML 1.0 cannot hold is replaced, the rest escaped
    const xml = (text: string): string => text.replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD]/g, '\ufffd').replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
    const byFile = new Map<string, TestCase[]>();
    for (const c of cases) byFile.set(c.file, [...(byFile.get(c.file) ?? []), c]);
    const failures = (list: readonly TestCase[]): number => list.filter((c) => c.failures.length > 0).length;
    const suites = [...byFile].map(([file, list]) => [
        `  <testsuite name="${xml(file)}" tests="${list.length}" failures="${failures(list)}" errors="0" skipped="0" time="${list.reduce((n, c) => n + c.seconds, 0).toFixed(3)}">`,
        ...list.map((c) => {
            const head = `    <testcase classname="${xml(file)}" name="${xml(c.name)}" time="${c.seconds.toFixed(3)}"`;
            if (c.failures.length === 0) return `${head}/>`;
            return `${head}>\n      <failure message="${xml(c.failures[0]!.split('\n')[0]!)}">${xml(c.failures.join('\n'))}</failure>\n    </testcase>`;
        }),
        '  </testsuite>',
    ].join('\n'));
    return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="memtopo" tests="${cases.length}" failures="${failures(cases)}">\n${suites.join('\n')}\n</testsuites>\n`;
}
