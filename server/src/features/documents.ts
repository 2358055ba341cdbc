// `memtopo/document`: the scenario at the cursor as a text of its own, to read, copy or save.
import { formatIomem } from '../kernel/resource.ts';
import type { LoweredScenario, Run } from '../language/model.ts';
import { runPlatform, runScenario } from '../language/run.ts';
import { sheetOf } from '../markdown/sheets.ts';
import { sheetsToHtml } from '../render/html.ts';
import { diffIomem, iomemLines, iomemText, MARK_SIGN, onlyChanges } from '../render/iomem-diff.ts';
import { sheetToMarkdown } from '../render/markdown.ts';
import { formatHint, formatSummary, summarize, summarizeBoot } from '../render/summary.ts';
import { sheetToSvg } from '../render/svg-sheet.ts';
import type { Analysis } from '../server/analysis.ts';
import type { DocumentParams, DocumentResult } from './documents-protocol.ts';

/** Pixels of a saved picture. */
const WIDTH = 1000;

export function document(analysis: Analysis, params: DocumentParams): DocumentResult | null {
    const scenario = scenarioFor(analysis, params.offset);
    switch (params.kind) {
        case 'comparison': return scenario ? comparison(scenario, params.kernels ?? scenario.kernels) : null;
        case 'script': {
            const run = scenario && runUnder(analysis, scenario, params.kernels?.[0]);
            return run ? { name: run.scenario!.name, text: script(run) } : null;
        }
        case 'iomem': {
            const at = momentAt(analysis, params);
            return at ? { name: `iomem of ${at.run.platform.name}`, text: formatIomem(at.state.iomem, at.state.profile.iomemDepth) } : null;
        }
        default: return picture(analysis, params, params.kind);
    }
}

function picture(analysis: Analysis, params: DocumentParams, kind: 'svg' | 'html' | 'markdown'): DocumentResult | null {
    const at = momentAt(analysis, params);
    const sheet = at && sheetOf(at.run, params.step ?? at.step);
    if (!sheet) return null;
    const theme = params.theme ?? 'light';
    const name = at.run.scenario?.name ?? at.run.platform.name;
    switch (kind) {
        case 'svg': return { name, text: sheetToSvg(sheet, { width: WIDTH }, { theme }) };
        case 'html': return { name, text: sheetsToHtml([sheet], { theme, width: WIDTH }) };
        case 'markdown': return { name, text: sheetToMarkdown(sheet) };
    }
}

/** The run that a place in the text selects, and the state after the step there. */
export function momentAt(analysis: Analysis, { offset, kernels }: Pick<DocumentParams, 'offset' | 'kernels'>): { readonly run: Run; readonly step: number; readonly state: Run['boot']['state'] } | undefined {
    const scenario = analysis.scenarioAt(offset)?.lowered;
    const platform = analysis.platformAt(offset)?.lowered;
    const run = scenario ? runUnder(analysis, scenario, kernels?.[0])
        : platform ? (kernels?.[0] === undefined ? analysis.bootRun(platform) : runPlatform(platform, kernels[0])) : undefined;
    if (!run) return undefined;
    let step = scenario ? 0 : run.steps.length;
    run.steps.forEach((s, i) => {
        if (s.step.provisioned || analysis.place(s.step.span).start <= offset) step = Math.max(step, i + 1);
    });
    return { run, step, state: step === 0 ? run.boot.state : run.steps[step - 1]!.state };
}

function runUnder(analysis: Analysis, scenario: LoweredScenario, kernel: string | undefined): Run | undefined {
    const runs = analysis.runs(scenario);
    if (kernel === undefined) return runs[0];
    return runs.find((r) => r.kernel === kernel) ?? runScenario(scenario, kernel);
}

/** The scenario that the cursor is in; outside of all, the first one below, or the last. */
function scenarioFor(analysis: Analysis, offset: number): LoweredScenario | undefined {
    const all = analysis.scenarios.map((s) => s.lowered);
    return analysis.scenarioAt(offset)?.lowered ?? all.find((s) => analysis.place(s.span).start >= offset) ?? all.at(-1);
}

// -------------------------------------------------------------------------------------------------------------------- script

/** The steps as a shell script for the machine itself. What is typed into the hypervisor's monitor becomes a remark. */
function script(run: Run): string {
    const { scenario, platform } = run;
    const cmdline = platform.machine.cmdline.trim();
    const lines = [
        '#!/bin/sh', `# ${scenario!.name}`, `# for ${platform.name}, Linux ${run.kernel}${cmdline ? `, booted with: ${cmdline}` : ''}`,
        '# Stops at the first step that does not come out as simulated. Needs root.', 'set -eux', '',
    ];
    for (const { step, outcome, before, state } of run.steps) {
        const text = step.line.text.trim();
        const hint = formatHint(summarize(before, state, outcome));
        if (step.line.prompt !== '$') lines.push(`# in the monitor of the hypervisor: ${text}    ${hint}`);
        else if (outcome.notSimulated !== undefined) lines.push(`${text}    # not simulated`);
        // a step that is to fail must not end the script, and must not succeed either
        else if (outcome.status !== 0) lines.push(`# ${hint}`, `if { ${text}; }; then echo 'this was expected to fail' >&2; exit 1; fi`);
        else lines.push(`${text}    # ${hint}`);
    }
    return `${lines.join('\n')}\n`;
}

// ---------------------------------------------------------------------------------------------------------------- comparison

/** Step by step what each release makes of a scenario; releases that agree stand together. */
function comparison(scenario: LoweredScenario, kernels: readonly string[]): DocumentResult | null {
    const runs = kernels.map((k) => runScenario(scenario, k)).filter((r) => r !== undefined);
    const first = runs[0];
    if (!first) return null;
    const lines = [`${scenario.name}`, `on ${first.platform.name}, Linux ${kernels.join(', ')}`, ''];
    const count = Math.max(...runs.map((r) => r.steps.length));
    let parted = 0;
    let apart = '';
    for (let i = 0; i <= count; i++) {
        const trees = groupBy(runs, (run) => formatIomem((i === 0 ? run.boot.state : run.steps[i - 1]?.state ?? run.boot.state).iomem, first.profile.iomemDepth)).map((g) => g.runs.map((r) => r.kernel).join(', ')).join(' | ');
        // told once, where the trees part or meet again
        const treesPart = trees !== apart && (trees.includes(' | ') || apart.includes(' | '));
        apart = trees;
        const groups = groupBy(runs, (run) => came(run, i));
        const text = i === 0 ? 'boot' : `${first.steps[i - 1]?.step.line.prompt ?? '$'} ${first.steps[i - 1]?.step.line.text.trim() ?? '(no such step)'}`;
        if (groups.length > 1 || treesPart) parted++;
        lines.push(`${groups.length > 1 || treesPart ? '!' : '='} ${text}`);
        if (groups.length === 1) lines.push(`      ${groups[0]!.key}`);
        else lines.push(...groups.map((g) => `      ${g.runs.map((r) => r.kernel).join(', ').padEnd(12)} ${g.key}`));
        if (treesPart) lines.push(trees.includes(' | ') ? `      /proc/iomem differs: ${trees}` : '      /proc/iomem is the same again');
    }
    lines.push('', parted === 0 ? 'They come to the same at every step.' : `They part at ${parted} of ${count + 1} steps.`);
    const treeOf = (run: Run): Run['boot']['state']['iomem'] => (run.steps.at(-1)?.state ?? run.boot.state).iomem;
    for (const group of groupBy(runs, (run) => formatIomem(treeOf(run), first.profile.iomemDepth))) {
        const run = group.runs[0]!;
        lines.push('', `/proc/iomem at the end, Linux ${group.runs.map((r) => r.kernel).join(', ')}`);
        if (run === first) {
            lines.push(...iomemLines(treeOf(run)).map((l) => `    ${iomemText(l, run.profile.iomemDepth)}`));
            continue;
        }
        lines.push(`  compared with Linux ${first.kernel}`);
        for (const line of onlyChanges(diffIomem(treeOf(first), treeOf(run)))) {
            lines.push(line === null ? '    …' : `  ${line.mark === 'same' ? ' ' : MARK_SIGN[line.mark]} ${iomemText(line, run.profile.iomemDepth)}`);
        }
    }
    return { name: `${scenario.name} under ${kernels.join(', ')}`, text: `${lines.join('\n')}\n` };
}

function came(run: Run, step: number): string {
    if (step === 0) return formatSummary(summarizeBoot(run.boot.state, run.boot.outcome));
    const s = run.steps[step - 1];
    return s ? formatHint(summarize(s.before, s.state, s.outcome)) : 'no such step';
}

function groupBy(runs: readonly Run[], key: (run: Run) => string): { readonly key: string; readonly runs: Run[] }[] {
    const groups = new Map<string, Run[]>();
    for (const run of runs) groups.set(key(run), [...(groups.get(key(run)) ?? []), run]);
    return [...groups].map(([k, members]) => ({ key: k, runs: members }));
}
