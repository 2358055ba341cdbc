// Boots a platform and carries out what is declared and typed, with a memory: a line that has already been run from the same state
// is not run again. An edit of step 40 takes steps 1 to 39 from it, an edit of a comment takes everything.
import { execute } from '../commands/engine.ts';
import { type ParsedLine, parseLine } from '../commands/line.ts';
import { boot } from '../kernel/boot.ts';
import type { Outcome } from '../kernel/outcome.ts';
import { NEWEST, profileFor } from '../kernel/profile.ts';
import type { KernelState } from '../kernel/state.ts';
import { checkExpectation } from './expect.ts';
import type { Check, LoweredPlatform, LoweredScenario, Run, Step, StepRun } from './model.ts';
import { provisioning } from './provision.ts';

/** A state that was reached, and where each line leads from it. */
interface Reached {
    readonly state: KernelState;
    readonly outcome: Outcome;
    next: Map<string, Reached> | undefined;
}

/** Platforms kept booted, least recently used first. */
const MOST_BOOTS = 2048;
/** Lines remembered from one state: what somebody typed there lately. */
const MOST_LINES = 12;

export class RunMemory {
    private readonly boots = new Map<string, Reached>();

    /** The booted machine of a platform under a kernel. */
    boot(platform: LoweredPlatform, kernel: string): Reached {
        // the platform's key says its own release: with that one it is a key as it stands, and is not kept twice
        const key = platform.machine.kernel === kernel ? platform.key : `${kernel}\0${platform.key}`;
        let reached = this.boots.get(key);
        if (reached) this.boots.delete(key);
        else {
            const machine = platform.machine.kernel === kernel ? platform.machine : { ...platform.machine, kernel };
            reached = { ...boot(machine), next: undefined };
        }
        this.boots.set(key, reached);
        if (this.boots.size > MOST_BOOTS) this.boots.delete(this.boots.keys().next().value!);
        return reached;
    }

    /** What a line leads to. */
    step(from: Reached, line: ParsedLine): Reached {
        const key = line.prompt + line.text;
        const next = (from.next ??= new Map<string, Reached>());
        let reached = next.get(key);
        if (reached) next.delete(key);
        else reached = { ...execute(from.state, line), next: undefined };
        next.set(key, reached);
        if (next.size > MOST_LINES) next.delete(next.keys().next().value!);
        return reached;
    }
}

/** Boots a platform and provisions it. `kernel` replaces the release it names. */
export function runPlatform(platform: LoweredPlatform, kernel: string = platform.machine.kernel, memory: RunMemory = new RunMemory()): Run {
    return run(platform, undefined, kernel, memory);
}

/** Runs a scenario under one kernel; undefined where its platform does not resolve. */
export function runScenario(scenario: LoweredScenario, kernel: string = scenario.kernels[0]!, memory: RunMemory = new RunMemory()): Run | undefined {
    return scenario.platform && run(scenario.platform, scenario, kernel, memory);
}

/** Runs a scenario under each of its kernels. */
export function runScenarioKernels(scenario: LoweredScenario, memory: RunMemory = new RunMemory()): readonly Run[] {
    return scenario.kernels.map((kernel) => runScenario(scenario, kernel, memory)).filter((r) => r !== undefined);
}

/** What the first line of a scenario meets: the state after the boot and what is declared. */
export function stateAtStart(run: Run): KernelState {
    return run.steps.findLast((s) => s.step.provisioned)?.state ?? run.boot.state;
}

function run(platform: LoweredPlatform, scenario: LoweredScenario | undefined, kernel: string, memory: RunMemory): Run {
    const booted = memory.boot(platform, kernel);
    const steps: StepRun[] = [];
    const unprovisioned: { -readonly [K in keyof Run['unprovisioned'][number]]: Run['unprovisioned'][number][K] }[] = [];
    let at = booted;
    const take = (step: Step): void => {
        const reached = memory.step(at, step.line);
        const before = at.state;
        const checks: Check[] = step.expectations.map((e) => checkExpectation(e, { boot: booted.outcome, steps, state: reached.state, outcome: reached.outcome }));
        steps.push({
            step, before, state: reached.state, outcome: reached.outcome, checks,
            unexpectedFailure: reached.outcome.status !== 0 && !step.expectations.some((e, i) => e.kind === 'fails' && checks[i]!.met),
        });
        at = reached;
    };
    if (platform.provisions.length > 0) {
        const plan = provisioning(platform.described, booted.state);
        for (let next = plan.next(); !next.done; next = plan.next(at.state)) {
            const { value } = next;
            if ('line' in value) take({ line: parseLine('$', value.line), span: value.provision.origin.span, provisioned: true, expectations: [] });
            else unprovisioned.push(value);
        }
    }
    const bootChecks = (scenario?.bootExpectations ?? []).map((e) => checkExpectation(e, { boot: booted.outcome, steps, state: at.state, outcome: booted.outcome }));
    for (const step of scenario?.steps ?? []) take(step);
    return {
        platform, ...(scenario ? { scenario } : {}), kernel, profile: profileFor(kernel) ?? NEWEST, boot: { state: booted.state, outcome: booted.outcome }, bootChecks, unprovisioned, steps,
    };
}
