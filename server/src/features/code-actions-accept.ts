// "Accept what happens": expectations written from the simulated result of the step under the cursor.
import { type CodeAction, CodeActionKind } from 'vscode-languageserver-types';
import { formatIomem } from '../kernel/resource.ts';
import type { BlockRun, KernelState } from '../kernel/state.ts';
import { ramOf } from '../language/expect.ts';
import type { StepRun } from '../language/model.ts';
import { writeSize } from '../language/numbers.ts';
import type { Analysis } from '../server/analysis.ts';

/** More lines than these are no expectation that anybody reads. */
const MOST_LINES = 24;

export function acceptActions(analysis: Analysis, offset: number): CodeAction[] {
    const found = analysis.stepAt(offset);
    if (!found || found.step.outcome.notSimulated !== undefined) return [];
    const run = found.step;
    const { outcome, step } = run;
    const line = analysis.lines.lineOf(analysis.place(step.span).end);
    const indent = /^[ \t]*/.exec(analysis.source.text.slice(analysis.lines.lineStart(line)))![0];
    const end = analysis.lines.positionAt(analysis.lines.lineEnd(line));
    const actions: CodeAction[] = [];
    const offer = (title: string, lines: readonly string[]): void => {
        if (lines.length === 0) return;
        actions.push({
            title, kind: CodeActionKind.RefactorRewrite, edit: { changes: { [analysis.uri]: [{ range: { start: end, end }, newText: lines.map((l) => `\n${indent}${l}`).join('') }] } },
        });
    };
    const has = (kind: string): boolean => step.expectations.some((e) => e.kind === kind);
    if (outcome.status !== 0 && !has('fails')) offer('Expect this failure', [`expect fails${outcome.errnos[0] ? ` ${outcome.errnos[0]}` : ''}`]);
    else if (outcome.status === 0 && !has('ok')) offer('Expect success', ['expect ok']);
    const log = outcome.log.find((l) => l.level === 'err' || l.level === 'warn');
    if (log && !has('log')) offer('Expect the kernel’s message', [`expect log "${log.text.replace(/["\\]/g, '\\$&')}"`]);
    if (!has('iomem')) offer('Expect these lines of /proc/iomem', iomemLines(run));
    if (!has('blocks')) offer('Expect these memory blocks', blockLines(run));
    if (!has('ram')) offer('Expect this much RAM', ramLines(run));
    return actions;
}

/** Lines of /proc/iomem that are new or changed, each below the lines around it. */
function iomemLines({ before, state }: StepRun): string[] {
    if (before.iomem === state.iomem) return [];
    const print = (s: KernelState): string[] => formatIomem(s.iomem, s.profile.iomemDepth).trimEnd().split('\n');
    const old = new Set(print(before));
    const lines: string[] = [];
    const around: string[] = [];
    let told = 0;
    const depth = (text: string): number => (text.length - text.trimStart().length) / 2;
    for (const text of print(state)) {
        around.length = depth(text);
        around.push(text);
        if (old.has(text)) {
            told = Math.min(told, depth(text));
            continue;
        }
        for (let i = Math.min(told, depth(text)); i < around.length; i++) lines.push(around[i]!);
        told = around.length;
    }
    if (lines.length === 0 || lines.length > MOST_LINES) return [];
    const least = Math.min(...lines.map((l) => l.length - l.trimStart().length));
    return ['expect iomem', ...lines.map((l) => `    | ${l.slice(least)}`)];
}

function blockLines({ before, state }: StepRun): string[] {
    if (before.memory.blocks === state.memory.blocks) return [];
    const same = (a: BlockRun, b: BlockRun): boolean => b.first <= a.first && a.last <= b.last && a.state === b.state && a.zone === b.zone;
    const changed = state.memory.blocks.filter((run) => !before.memory.blocks.some((old) => same(run, old)));
    if (changed.length > MOST_LINES) return [];
    return changed.map((run) => `expect blocks ${run.first === run.last ? run.first : `${run.first}-${run.last}`} ${run.state}${run.state === 'online' && run.zone ? ` ${run.zone}` : ''}`);
}

function ramLines({ before, state }: StepRun): string[] {
    return [...state.dax.devices.keys()].flatMap((name) => {
        const bytes = ramOf(state, name);
        return bytes > 0 && bytes !== ramOf(before, name) ? [`expect ram ${name} = ${writeSize(bytes)}`] : [];
    });
}
