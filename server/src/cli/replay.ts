// `memtopo replay INPUT.json`: predicts what a recorded machine does, from its inputs alone.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { execute } from '../commands/engine.ts';
import { parseLine, type ParsedLine } from '../commands/line.ts';
import { machineOf, parseRecording, type RecordedInput, type RecordedStep } from '../formats/recording.ts';
import { boot } from '../kernel/boot.ts';
import type { Errno, LogLine, Outcome } from '../kernel/outcome.ts';
import { snapshot, type StateDocument } from '../kernel/snapshot.ts';
import type { KernelState } from '../kernel/state.ts';

export interface PredictedStep {
    readonly id: string;
    readonly rc: number;
    readonly errno: readonly Errno[];
    readonly stdout?: string;
    readonly stderr?: string;
    readonly dmesg?: readonly string[];
    readonly unchanged?: true;
    /** Top-level keys of the state that differ from the step before. */
    readonly changed?: Partial<StateDocument>;
    /** Commands of the step that the simulator does not model. */
    readonly notSimulated?: string;
}

/** What `replay` prints. */
export interface PredictionDocument {
    readonly schema: 1;
    readonly name: string;
    readonly initial: StateDocument;
    readonly steps: readonly PredictedStep[];
}

export interface ReplayOptions {
    /** Called with each state: for tests of invariants. */
    readonly visit?: (state: KernelState, step: RecordedStep | undefined) => void;
}

/** A monitor command as a parsed line; `placed` tells where the hypervisor put what it plugs. */
function monitorLine(text: string, execute: string, args: Readonly<Record<string, unknown>>): ParsedLine {
    return { prompt: '(qemu)', text, script: [], commands: [{ shell: { words: [] }, command: { kind: 'qemu', execute, args } }], problems: [] };
}

/** The lines a step stands for, in order. */
function linesOf(step: RecordedStep): ParsedLine[] {
    if (step.qmp) {
        return step.qmp.map((command) => monitorLine(command.execute, command.execute, {
            ...command.arguments, ...(command.execute === 'device_add' && step.placed ? { placed: step.placed } : {}),
        }));
    }
    return (step.cmds ?? [step.run ?? '']).map((line) => parseLine('$', line));
}

interface Stepped { readonly state: KernelState; readonly outcomes: readonly Outcome[] }

function run(state: KernelState, step: RecordedStep): Stepped {
    const outcomes: Outcome[] = [];
    for (const line of linesOf(step)) {
        const result = execute(state, line);
        state = result.state;
        outcomes.push(result.outcome);
        if (step.until_success && result.outcome.status === 0) break;
    }
    return { state, outcomes };
}

function texts(log: readonly LogLine[]): string[] {
    return log.map((l) => l.text);
}

/** Top-level keys that differ between two documents. */
function changes(before: StateDocument, after: StateDocument): Partial<StateDocument> | undefined {
    const keys = (Object.keys(after) as (keyof StateDocument)[]).filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
    return keys.length > 0 ? Object.fromEntries(keys.map((key) => [key, after[key]])) : undefined;
}

/** Boots the recorded machine and runs its steps. Deterministic; never throws for a well-formed input. */
export function replay(input: RecordedInput, options: ReplayOptions = {}): PredictionDocument {
    let { state } = boot(machineOf(input));
    for (const line of input.setup ?? []) state = execute(state, parseLine('$', line)).state;
    options.visit?.(state, undefined);
    const initial = snapshot(state);
    let document = initial;
    const steps = input.steps.flatMap((step): PredictedStep[] => {
        if (step.kind === 'shell') {
            // not predicted, but what they leave behind matters to later ones
            state = execute(state, parseLine('$', step.run ?? '')).state;
            return [];
        }
        const before = state;
        const { state: after, outcomes } = run(state, step);
        state = after;
        options.visit?.(state, step);
        // States share what a step did not touch, so an equal object needs no new document.
        const next = after === before ? document : snapshot(after);
        const changed = next === document ? undefined : changes(document, next);
        document = next;
        const status = outcomes.map((o) => o.status);
        const notSimulated = outcomes.flatMap((o) => o.notSimulated ?? []);
        return [{
            id: step.id,
            rc: step.qmp ? (status.some((s) => s !== 0) ? 1 : 0) : status.at(-1) ?? 0,
            errno: [...new Set(outcomes.flatMap((o) => o.errnos))],
            stdout: outcomes.map((o) => o.stdout).join(''),
            stderr: outcomes.map((o) => o.stderr).join(''),
            dmesg: outcomes.flatMap((o) => texts(o.log)),
            ...(changed ? { changed } : { unchanged: true as const }),
            ...(notSimulated.length > 0 ? { notSimulated: notSimulated.join('; ') } : {}),
        }];
    });
    return { schema: 1, name: input.name, initial, steps };
}

/** `memtopo replay INPUT.json [--json]`: prints the prediction. Exit status 2 when the input cannot be read. */
export function main(args: readonly string[]): number {
    const file = args.find((a) => !a.startsWith('-'));
    if (file === undefined) {
        process.stderr.write('usage: memtopo replay INPUT.json [--json]\n');
        return 2;
    }
    let text: string;
    try {
        text = readFileSync(file, 'utf8');
    } catch (e) {
        process.stderr.write(`memtopo replay: ${e instanceof Error ? e.message : String(e)}\n`);
        return 2;
    }
    const parsed = parseRecording(text);
    if ('problem' in parsed) {
        process.stderr.write(`memtopo replay: ${file}: ${parsed.problem}\n`);
        return 2;
    }
    process.stdout.write(`${JSON.stringify(replay(parsed.input))}\n`);
    return 0;
}

// Run by itself, not as a part of the bundle (which knows no import.meta).
if (process.argv[1]?.endsWith('/cli/replay.ts')) {
    process.exitCode = main(process.argv.slice(2));
}
