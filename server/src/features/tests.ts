// `memtopo/tests` and `memtopo/runTests`: scenarios as tests of an editor's test view. Passing means what `memtopo test` means by it:
// every expectation is met, and no step fails that is not expected to.
import type { Range as TextRange } from 'vscode-languageserver-types';
import { PROFILES } from '../kernel/profile.ts';
import type { KernelState } from '../kernel/state.ts';
import type { Check, Expectation, LoweredScenario, Run, StepRun } from '../language/model.ts';
import { runScenario, stateAtStart } from '../language/run.ts';
import { iomemBeside } from '../render/iomem-beside.ts';
import { formatHint, summarize } from '../render/summary.ts';
import type { Analysis } from '../server/analysis.ts';
import type { RunTestsParams, RunTestsResult, TestExpectation, TestFailure, TestResult, TestRun, TestScenario, TestsModel } from './tests-protocol.ts';

/** The tests of a document. */
export function tests(analysis: Analysis): TestsModel {
    return {
        uri: analysis.uri, version: analysis.version, kernels: PROFILES.map((p) => p.name),
        scenarios: named(analysis).map(({ id, scenario }): TestScenario => ({
            id, name: scenario.name, ...(scenario.platform ? { platform: scenario.platform.name } : {}), range: analysis.range(scenario.at), kernels: scenario.kernels,
            expectations: expectationsOf(analysis, id, scenario).map(({ expectation, id: own, label, step }): TestExpectation => ({
                id: own, label, range: analysis.range(expectation.span), ...(step === undefined ? {} : { step }),
            })),
        })),
    };
}

/** Runs the tests that are asked for. Ids that the document does not know (any more) are passed over. */
export function runTests(analysis: Analysis, params: RunTestsParams): RunTestsResult {
    const wanted = params.ids && new Set(params.ids.map((id) => id.split('#', 1)[0]!));
    const runs = named(analysis).filter(({ id }) => !wanted || wanted.has(id)).flatMap(({ id, scenario }): TestRun[] => {
        const kernels = params.kernel === undefined ? scenario.kernels : [params.kernel];
        // the scenario's own releases are simulated already, for the diagnostics
        const known = analysis.runs(scenario);
        return kernels.map((kernel) => {
            const begin = performance.now();
            const run = known.find((r) => r.kernel === kernel) ?? runScenario(scenario, kernel);
            return testRun(analysis, id, scenario, kernel, run, () => Math.round((performance.now() - begin) * 100) / 100);
        });
    });
    return { uri: analysis.uri, version: analysis.version, runs };
}

/** Two scenarios of one name stay two: the second one's id counts. `#` is kept for expectations. */
function named(analysis: Analysis): { readonly id: string; readonly scenario: LoweredScenario }[] {
    const seen = new Map<string, number>();
    return analysis.scenarios.map(({ lowered: scenario }) => {
        const base = scenario.name.replaceAll('#', '＃');
        const times = (seen.get(base) ?? 0) + 1;
        seen.set(base, times);
        return { id: times === 1 ? base : `${base} (${times})`, scenario };
    });
}

interface NamedExpectation {
    readonly expectation: Expectation;
    readonly id: string;
    readonly label: string;
    readonly step?: string;
}

/** In the order of the text. An id is made of what is written, so that a line that comes or goes leaves those of the others as they are. */
function expectationsOf(analysis: Analysis, scenarioId: string, scenario: LoweredScenario): NamedExpectation[] {
    const seen = new Map<string, number>();
    const name = (expectation: Expectation, step?: string): NamedExpectation => {
        const label = firstLine(analysis.textOf(expectation.span));
        const times = (seen.get(label) ?? 0) + 1;
        seen.set(label, times);
        return { expectation, id: `${scenarioId}#${label}${times === 1 ? '' : ` (${times})`}`, label, ...(step === undefined ? {} : { step }) };
    };
    return [
        ...scenario.bootExpectations.map((expectation) => name(expectation)),
        ...scenario.steps.flatMap((s) => s.expectations.map((expectation) => name(expectation, `${s.line.prompt} ${s.line.text.trim()}`))),
    ];
}

function testRun(analysis: Analysis, id: string, scenario: LoweredScenario, kernel: string, run: Run | undefined, milliseconds: () => number): TestRun {
    const base = { scenario: id, kernel };
    if (!run) return { ...base, passed: false, error: 'the platform of this scenario is not known', failures: [], expectations: [], milliseconds: milliseconds(), transcript: '' };
    // provisioned steps carry no expectations of the scenario
    const typed = run.steps.filter((s) => !s.step.provisioned);
    const checks = [
        ...run.bootChecks.map((check) => ({ check, state: stateAtStart(run), where: 'after boot' })),
        ...typed.flatMap((s) => s.checks.map((check) => ({ check, state: s.state, where: `after ${s.step.line.prompt} ${s.step.line.text.trim()}` }))),
    ];
    const failures = run.steps.filter((s) => s.unexpectedFailure).map((s): TestFailure => ({ message: unexpected(s), range: analysis.range(s.step.span) }));
    const ids = new Map(expectationsOf(analysis, id, scenario).map((e) => [e.expectation, e.id]));
    const expectations = checks.map(({ check, state, where }): TestResult => ({
        id: ids.get(check.expectation) ?? '', passed: check.met,
        ...(check.met ? {} : { failure: unmet(check, state, where, analysis.range(check.expectation.span)) }),
    }));
    return { ...base, passed: failures.length === 0 && checks.every(({ check }) => check.met), failures, expectations, milliseconds: milliseconds(), transcript: transcript(run) };
}

function unexpected(step: StepRun): string {
    const { outcome } = step;
    const said = outcome.stderr.trim() || formatHint(summarize(step.before, step.state, outcome)).replace(/^\u2192 /, '');
    return `${step.step.line.text.trim()} fails with ${outcome.errnos.join(', ') || `status ${outcome.status}`}${said ? `\n${said}` : ''}`;
}

function unmet(check: Check, state: KernelState, where: string, range: TextRange): TestFailure {
    const { expectation } = check;
    if (expectation.kind !== 'iomem') return { message: check.actual ?? 'it is not so', range };
    const { expected, actual } = iomemBeside(expectation, state);
    return { message: `/proc/iomem is not as expected ${where}`, range, expected: `${expected.join('\n')}\n`, actual: `${actual.join('\n')}\n` };
}

function transcript(run: Run): string {
    return run.steps.map((s) => `${s.step.line.prompt} ${s.step.line.text.trim()}\n    ${formatHint(summarize(s.before, s.state, s.outcome))}`).join('\n');
}

function firstLine(text: string): string {
    return text.split('\n')[0]!.trim();
}
