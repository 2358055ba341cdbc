// Hot-added memory that goes to a kernel zone: unmovable data may settle there, and it does not come out again (ONL-04, OFF-02).
import type { BlockRun } from '../../kernel/state.ts';
import type { Finding, Run, StepRun } from '../model.ts';
import type { Report } from './check.ts';

export function onlineZone(run: Run, report: Report): void {
    run.steps.forEach((step, i) => {
        if (step.step.provisioned || step.state.memory === step.before.memory) return;
        const gained = kernelRuns(step.state.memory.blocks).filter((r) => !before(step, r));
        if (gained.length === 0) return;
        const [first] = gained;
        const last = gained.at(-1)!;
        const names = first!.first === last.last ? `memory${first!.first}` : `memory${first!.first}-${last.last}`;
        const removal = run.steps.slice(i + 1).find((s) => wantsBack(s, gained));
        const related: Finding['related'] = removal ? [{ at: removal.step.span, message: 'this line wants it back' }] : [];
        report('memory/online-kernel-zone', removal ? 'warning' : 'info',
            `${names} ${first!.first === last.last ? 'is' : 'are'} in zone ${first!.zone ?? 'Normal'} now: once unmovable data settle there, the memory cannot be taken back${removal ? ', which a line below wants' : ''}`, step.step.span,
            { rules: ['ONL-04', 'OFF-02'], related, data: { first: first!.first, last: last.last } });
    });
}

/** Runs of hot-added blocks in a kernel zone. */
function kernelRuns(blocks: readonly BlockRun[]): BlockRun[] {
    return blocks.filter((b) => !b.early && b.state === 'online' && b.zone !== null && b.zone !== 'Movable');
}

/** Was the run there before the step? */
function before(step: StepRun, run: BlockRun): boolean {
    return kernelRuns(step.before.memory.blocks).some((b) => b.first <= run.first && run.last <= b.last);
}

/** A later line that takes blocks of these runs offline, or fails to. */
function wantsBack(step: StepRun, gained: readonly BlockRun[]): boolean {
    if (step.outcome.notes.some((n) => n.code === 'memory/unmovable' || n.code === 'hotplug/left-online' || n.code === 'kmem/left-online')) return true;
    return gained.some((g) => step.before.memory.blocks.some((b) => b.state === 'online' && b.first <= g.last && b.last >= g.first)
        && step.state.memory !== step.before.memory
        && !step.state.memory.blocks.some((b) => b.state === 'online' && b.first <= g.first && b.last >= g.first));
}
