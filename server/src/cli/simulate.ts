// memtopo simulate: a scenario (or the boot of a platform) in the terminal, or as the state document of the recorded runs.
import { toTerminal } from '../diagnostics/terminal.ts';
import { snapshot, type StateDocument } from '../kernel/snapshot.ts';
import type { KernelState } from '../kernel/state.ts';
import type { Run } from '../language/model.ts';
import { diffIomem } from '../render/iomem-diff.ts';
import { iomemToText } from '../render/iomem-text.ts';
import { ledger } from '../render/ledger.ts';
import { ledgerToText } from '../render/ledger-text.ts';
import { paint } from '../render/style.ts';
import { bootToText, checksToText, stepToText } from '../render/transcript.ts';
import { type Command, type Io, parseOptions, UsageError } from './command.ts';
import { Files, OpenFile } from './files.ts';
import { chosenSubjects, runsOf, type Subject, transcriptChecks, transcriptSteps } from './subjects.ts';

interface View {
    readonly step: number | undefined;
    readonly changes: boolean;
    readonly verbose: boolean;
}

export const simulate: Command = {
    name: 'simulate',
    usage: 'FILE [--scenario N|NAME] [--kernel VERSION] [--step N] [--json] [--changes] [--verbose]',
    summary: 'run scenarios and show what Linux makes of them',
    help: `Prints each step with its outcome, what was lost and why, then where the bytes are and /proc/iomem with the changes since the
boot marked: + added, − removed, ~ changed. A file without scenarios has its platforms booted.

  --scenario N     only the Nth scenario, or the one with this name (or a part of it)
  --kernel VERSION under this release instead of the ones that the file names
  --step N         stop after step N; 0 is the boot; the marks then show what step N changed
  --json           states as JSON, in the form of memtopo replay: { name, kernel, initial, steps: [{ run, rc, errno, changed }] };
                   with --step: the one state
  --changes        of the tree only what changed and what is around it
  --verbose        also what tools print, and every line of the kernel log

Exit status: 0 as the file expects, 1 errors in the file, 2 the command line was not understood or the file could not be read.`,
    async run(args, io) {
        const { values, positionals } = parseOptions(args, {
            scenario: { type: 'string', short: 's' }, kernel: { type: 'string', short: 'k' }, step: { type: 'string' }, json: { type: 'boolean', default: false },
            changes: { type: 'boolean', default: false }, verbose: { type: 'boolean', short: 'v', default: false },
        });
        if (positionals.length !== 1) throw new UsageError(positionals.length === 0 ? 'no file given' : 'one file at a time');
        if (values.step !== undefined && !/^\d+$/.test(values.step)) throw new UsageError(`--step takes a number from 0, not '${values.step}'`);
        const file = await new Files(values.kernel).open(positionals[0]!);
        if (!(file instanceof OpenFile)) {
            io.err(`memtopo simulate: ${file.file}: ${file.problem}\n`);
            return 2;
        }
        const subjects = chosenSubjects(file, values.scenario);
        const step = values.step === undefined ? undefined : Number(values.step);
        if (values.json) return json(file, subjects, step, io);
        return text(file, subjects, { step, changes: values.changes, verbose: values.verbose }, io);
    },
};

function stateAt(run: Run, step: number): KernelState {
    if (step > run.steps.length) throw new UsageError(`there are ${run.steps.length} steps, there is no step ${step}`);
    return step === 0 ? run.boot.state : run.steps[step - 1]!.state;
}

// ----------------------------------------------------------------------------------------------------------------- text

function text(file: OpenFile, subjects: readonly Subject[], view: View, io: Io): number {
    const errors = findings(file, subjects, io);
    subjects.forEach((subject, i) => {
        if (i > 0) io.out('\n');
        const runs = runsOf(file, subject);
        if (runs.length === 0) io.out(`${title(subject, undefined, io)}\n  its platform is not known: nothing to simulate\n`);
        runs.forEach((run, k) => {
            if (k > 0) io.out('\n');
            io.out(`${[title(subject, run, io), ...transcript(file, run, view, io)].join('\n')}\n`);
        });
    });
    if (subjects.length === 0) io.out('nothing to simulate: there is neither a platform nor a scenario\n');
    return errors > 0 ? 1 : 0;
}

/** Prints errors and warnings that the transcripts do not tell at their steps; answers with the number of all errors. */
function findings(file: OpenFile, subjects: readonly Subject[], io: Io): number {
    const told = new Set(subjects.flatMap((s) => runsOf(file, s)).flatMap((run) => [run.boot.outcome, ...run.steps.map((s) => s.outcome)]).flatMap((o) => o.notes.map((n) => n.message)));
    const all = file.findings().filter((f) => f.severity === 'error' || f.severity === 'warning');
    const untold = all.filter((f) => !told.has(f.message));
    for (const finding of untold) io.out(`${toTerminal(finding, finding.severity, (span) => file.shown(span), { color: io.style.color })}\n`);
    if (untold.length > 0) io.out('\n');
    return all.filter((f) => f.severity === 'error').length;
}

function title(subject: Subject, run: Run | undefined, io: Io): string {
    const name = subject.kind === 'scenario' ? `"${subject.name}"${subject.scenario.platform ? ` on ${subject.scenario.platform.name}` : ''}` : subject.name;
    const kernel = run ? `Linux ${run.kernel}${run.profile.name === run.kernel ? '' : ` (rules of ${run.profile.name})`}` : '';
    return `${paint(io.style, 'bold', `${subject.kind} ${name}`)}${kernel ? ` · ${kernel}` : ''}`;
}

function transcript(file: OpenFile, run: Run, view: View, io: Io): string[] {
    const style = io.style;
    const count = view.step ?? run.steps.length;
    const state = stateAt(run, count);
    const before = view.step === undefined || count === 0 ? run.boot.state : stateAt(run, count - 1);
    const lines = ['', ...bootToText(run.boot.state, run.boot.outcome, style, view).map((l) => `  ${l}`)];
    const steps = transcriptSteps(file, run).slice(0, count).map((step, i) => stepToText(step, i + 1, style, view));
    // what is expected of the boot holds once the declared devices are there
    const declared = run.steps.filter((s) => s.step.provisioned).length;
    if (count >= declared) steps.splice(declared, 0, checksToText(transcriptChecks(file, run.bootChecks), style));
    lines.push(...steps.flat());
    lines.push('', paint(style, 'bold', 'bytes'), ...ledgerToText(ledger(state), style).map((l) => `  ${l}`));
    const lineMarks = diffIomem(before.iomem, state.iomem);
    const same = lineMarks.every((l) => l.mark === 'same');
    const since = before === state ? '' : same ? (view.step === undefined ? ' · as after the boot' : ` · step ${count} changed nothing`) : view.step === undefined ? ' · marked: what changed since the boot' : ` · marked: what step ${count} changed`;
    lines.push('', `${paint(style, 'bold', '/proc/iomem')}${paint(style, 'dim', since)}`);
    lines.push(...iomemToText(lineMarks, style, { maxDepth: state.profile.iomemDepth, changesOnly: view.changes }).map((l) => `  ${l}`));
    return lines;
}

// ----------------------------------------------------------------------------------------------------------------- JSON

interface StepDocument {
    readonly id: string;
    readonly run: string;
    readonly rc: number;
    readonly errno: readonly string[];
    readonly stdout?: string;
    readonly stderr?: string;
    readonly dmesg?: readonly string[];
    readonly notSimulated?: string;
    readonly unchanged?: true;
    readonly changed?: Partial<StateDocument>;
}

function json(file: OpenFile, subjects: readonly Subject[], step: number | undefined, io: Io): number {
    const documents = subjects.flatMap((subject) => runsOf(file, subject).map((run) => (step === undefined ? runDocument(subject, run) : snapshot(stateAt(run, step)))));
    io.out(`${JSON.stringify(documents.length === 1 ? documents[0] : documents)}\n`);
    return file.findings().some((f) => f.severity === 'error') ? 1 : 0;
}

function runDocument(subject: Subject, run: Run): object {
    let before = snapshot(run.boot.state);
    const initial = before;
    const steps = run.steps.map((s, i): StepDocument => {
        // States share what a step left alone, so an equal state needs no new document
        const after = s.state === s.before ? before : snapshot(s.state);
        const keys = (Object.keys(after) as (keyof StateDocument)[]).filter((key) => JSON.stringify(after[key]) !== JSON.stringify(before[key]));
        const changed = Object.fromEntries(keys.map((key) => [key, after[key]])) as Partial<StateDocument>;
        before = after;
        const { outcome } = s;
        return {
            id: String(i + 1), run: s.step.line.text, rc: outcome.status, errno: outcome.errnos,
            ...(outcome.stdout ? { stdout: outcome.stdout } : {}), ...(outcome.stderr ? { stderr: outcome.stderr } : {}),
            ...(outcome.log.length > 0 ? { dmesg: outcome.log.map((l) => l.text) } : {}),
            ...(outcome.notSimulated === undefined ? {} : { notSimulated: outcome.notSimulated }),
            ...(keys.length > 0 ? { changed } : { unchanged: true as const }),
        };
    });
    return { schema: 1, name: subject.name, kernel: run.kernel, initial, steps };
}
