// Completion behind `expect`: what the step above came to, so that the transcript can be taken as it is.
import type { KernelState } from '../kernel/state.ts';
import { lossOf, ramOf } from '../language/expect.ts';
import { writeSize } from '../language/numbers.ts';
import { quote } from '../language/value-converter.ts';
import type { Analysis } from '../server/analysis.ts';
import type { ValueProposal } from './completion-values.ts';

/** Log lines and runs of blocks that are offered at most. */
const MOST = 12;

/**
 * The values that `before`, the line up to the cursor, waits for, and what of them is typed already; undefined where it waits for none that
 * a state could tell.
 */
export function expectValues(analysis: Analysis, start: number, before: string): { readonly typed: string; readonly values: readonly ValueProposal[] } | undefined {
    const found = /^\s*expect\s+(fails|log|blocks|node|ram|lost)\s+(.*)$/.exec(before);
    const here = found && analysis.stateBefore(start);
    if (!here) return undefined;
    const [, kind, rest] = found as unknown as [string, string, string];
    const { run, state } = here;
    const steps = run.steps.filter((s) => s.step.provisioned || analysis.place(s.step.span).end < start);
    const outcome = steps.at(-1)?.outcome ?? run.boot.outcome;
    const amount = /^(\S+)\s*=\s*(\S*)$/.exec(rest);
    const simulated = (label: string): ValueProposal => ({ label, detail: 'as simulated' });
    switch (kind) {
        case 'fails':
            return { typed: rest, values: outcome.errnos.map(simulated) };
        case 'log':
            return { typed: rest, values: outcome.log.slice(0, MOST).map((l) => simulated(quote(l.text.trim()))) };
        case 'blocks':
            return /\s/.test(rest) ? undefined : { typed: rest, values: blocks(state) };
        case 'node': {
            const memory = /^(\d+)\s+memory\s*=\s*(\S*)$/.exec(rest);
            if (memory) return { typed: memory[2]!, values: [simulated(writeSize(ramOf(state, `node${memory[1]}`)))] };
            return /\s/.test(rest) ? undefined : { typed: rest, values: state.numa.online.map((n) => ({ label: String(n), detail: `node${n}` })) };
        }
        default:
            return amount ? { typed: amount[2]!, values: [simulated(writeSize(kind === 'ram' ? ramOf(state, amount[1]!) : lossOf({ boot: run.boot.outcome, steps, state, outcome }, amount[1]!)))] } : undefined;
    }
}

/** Runs of blocks, those that were added last first. */
function blocks(state: KernelState): ValueProposal[] {
    return state.memory.blocks.slice(-MOST).reverse().map((run) => ({
        label: run.first === run.last ? `${run.first}` : `${run.first}-${run.last}`, detail: `${run.state}${run.zone ? ` ${run.zone}` : ''}, node ${run.nodes.join(', ')}`,
    }));
}
