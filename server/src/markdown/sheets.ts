// From a run to the sheet that shows one of its steps.
import type { Run } from '../language/model.ts';
import type { Sheet } from '../render/svg-sheet.ts';
import { formatSummary, summarize, summarizeBoot } from '../render/summary.ts';

/** The sheet of a run after `step` (0 is the boot, absent the last one). Undefined where there is no such step. */
export function sheetOf(run: Run, step: number = run.steps.length): Sheet | undefined {
    if (step > run.steps.length) return undefined;
    const at = step === 0 ? undefined : run.steps[step - 1]!;
    const outcome = at?.outcome ?? run.boot.outcome;
    const subject = run.scenario ? `scenario “${run.scenario.name}” on ${run.platform.name}` : `platform ${run.platform.name}`;
    const when = at ? `after step ${step}: ${at.step.line.text.trim()}` : 'after the boot';
    // Problems hold on until a later step speaks of the same thing again
    const notes = [run.boot.outcome, ...run.steps.slice(0, step).map((s) => s.outcome)].flatMap((o) => o.notes);
    return {
        title: subject, subtitle: `Linux ${run.kernel} · ${when}`, state: at?.state ?? run.boot.state, ...(at ? { previous: at.before } : {}), notes,
        outcome: [`boot → ${formatSummary(summarizeBoot(run.boot.state, run.boot.outcome))}`,
            ...run.steps.slice(0, step).map((s) => `${s.step.provisioned ? '' : `${s.step.line.prompt} `}${s.step.line.text.trim()} → ${formatSummary(summarize(s.before, s.state, s.outcome)) || (s.outcome.status === 0 ? 'ok' : `exit status ${s.outcome.status}`)}`)],
        log: [...(outcome.stdout ? outcome.stdout.trimEnd().split('\n') : []), ...(outcome.stderr ? outcome.stderr.trimEnd().split('\n') : []), ...outcome.log.map((l) => l.text)],
    };
}
