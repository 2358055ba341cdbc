// Which run of a file a command is about: a scenario by number or name, or the boot of a platform.
import type { Check, LoweredPlatform, LoweredScenario, Run } from '../language/model.ts';
import type { TranscriptCheck, TranscriptStep } from '../render/transcript.ts';
import { UsageError } from './command.ts';
import type { OpenFile } from './files.ts';

export type Subject =
    | { readonly kind: 'scenario'; readonly scenario: LoweredScenario; readonly name: string }
    | { readonly kind: 'platform'; readonly platform: LoweredPlatform; readonly name: string };

/** All scenarios of a file; its platforms where it has none. */
export function subjectsOf(file: OpenFile): Subject[] {
    const scenarios = file.analysis.scenarios.map(({ lowered }): Subject => ({ kind: 'scenario', scenario: lowered, name: lowered.name }));
    return scenarios.length > 0 ? scenarios : file.analysis.platforms.map(({ lowered }): Subject => ({ kind: 'platform', platform: lowered, name: lowered.name }));
}

/** The subjects that `--scenario` chooses: a number from 1, or a part of a name that fits one only. */
export function chosenSubjects(file: OpenFile, wanted: string | undefined): Subject[] {
    const all = subjectsOf(file);
    if (wanted === undefined) return all;
    if (/^\d+$/.test(wanted)) {
        const one = all[Number(wanted) - 1];
        if (!one) throw new UsageError(`${file.file} has ${all.length} scenario${all.length === 1 ? '' : 's'}, there is no number ${wanted}`);
        return [one];
    }
    const exact = all.filter((s) => s.name === wanted);
    const fitting = exact.length > 0 ? exact : all.filter((s) => s.name.toLowerCase().includes(wanted.toLowerCase()));
    if (fitting.length === 0) throw new UsageError(`${file.file} has no scenario '${wanted}'; it has ${all.map((s) => `'${s.name}'`).join(', ') || 'none'}`);
    if (fitting.length > 1) throw new UsageError(`'${wanted}' fits ${fitting.map((s) => `'${s.name}'`).join(', ')}`);
    return fitting;
}

/** The runs of a subject: one for each kernel that it names. None where its platform does not resolve. */
export function runsOf(file: OpenFile, subject: Subject): readonly Run[] {
    if (subject.kind === 'platform') return [file.analysis.bootRun(subject.platform)];
    return subject.scenario.platform ? file.analysis.runs(subject.scenario) : [];
}

/** The steps of a run with their texts. */
export function transcriptSteps(file: OpenFile, run: Run): TranscriptStep[] {
    return run.steps.map((s) => ({
        prompt: s.step.line.prompt, text: s.step.line.text, declared: s.step.provisioned, before: s.before, state: s.state, outcome: s.outcome,
        unexpected: s.unexpectedFailure,
        checks: transcriptChecks(file, s.checks),
    }));
}

export function transcriptChecks(file: OpenFile, checks: readonly Check[]): TranscriptCheck[] {
    return checks.map((c) => ({ text: file.analysis.textOf(c.expectation.span), met: c.met, ...(c.actual === undefined ? {} : { actual: c.actual }) }));
}
