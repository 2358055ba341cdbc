// Declared devices and namespaces as the commands that make them, and commands as declarations.
import { type CodeAction, CodeActionKind } from 'vscode-languageserver-types';
import type { TextEdit } from '../diagnostics/diagnostic.ts';
import type { LoweredPlatform, StepRun, TextSpan } from '../language/model.ts';
import type { Analysis } from '../server/analysis.ts';
import { edits } from './code-actions-fixes.ts';

export function provisionActions(analysis: Analysis, offset: number): CodeAction[] {
    const platform = analysis.platformAt(offset)?.lowered;
    if (platform) return toSteps(analysis, platform, offset);
    return toDeclaration(analysis, offset);
}

/** All declared devices of a platform, because the order is part of what they say. */
function toSteps(analysis: Analysis, platform: LoweredPlatform, offset: number): CodeAction[] {
    const here = platform.provisions.filter((p) => p.origin.span.uri === platform.span.uri);
    if (here.length !== platform.provisions.length || !here.some((p) => analysis.touches(p.origin.span, offset))) return [];
    const lines = analysis.bootRun(platform).steps.filter((s) => s.step.provisioned).map((s) => `    $ ${s.step.line.text}\n`);
    if (lines.length === 0) return [];
    const changes: TextEdit[] = here.map((p) => ({ at: wholeLine(analysis, p.origin.span), text: '' }));
    const scenarios = analysis.scenarios.filter((s) => s.lowered.platform === platform);
    for (const { lowered } of scenarios) {
        const brace = analysis.textOf(lowered.span).indexOf('{');
        const at = lowered.span.start + brace + 1;
        changes.push({ at: { ...lowered.span, start: at, end: at }, text: `\n${lines.join('').trimEnd()}` });
    }
    if (scenarios.length === 0) {
        const at = { ...platform.span, start: platform.span.end };
        changes.push({ at, text: `\n\nscenario "provision ${platform.name}" on ${platform.name} {\n${lines.join('')}}` });
    }
    return [{ title: 'Turn declared devices into scenario steps', kind: CodeActionKind.RefactorRewrite, edit: { changes: edits(analysis, changes) } }];
}

/** The first command of a scenario, where it makes a device that a block could declare. */
function toDeclaration(analysis: Analysis, offset: number): CodeAction[] {
    const found = analysis.stepAt(offset);
    if (!found) return [];
    const { run, step } = found;
    const typed = run.steps.filter((s) => !s.step.provisioned);
    if (typed[0] !== step || step.outcome.status !== 0 || step.step.expectations.length > 0) return [];
    const { platform } = run;
    if (!analysis.platforms.some((p) => p.lowered === platform) || platform.provisions.length > 0) return [];
    const declared = namespaceOf(step, platform) ?? deviceOf(step, platform);
    if (!declared) return [];
    const text = analysis.textOf(declared.owner);
    const close = text.endsWith('}') ? declared.owner.end - 1 : undefined;
    const insert: TextEdit = close === undefined ? { at: { ...declared.owner, start: declared.owner.end }, text: ` { ${declared.text} }` } : { at: { ...declared.owner, start: close, end: close }, text: ` ${declared.text} ` };
    return [{
        title: 'Declare it in the platform', kind: CodeActionKind.RefactorRewrite,
        edit: { changes: edits(analysis, [insert, { at: wholeLine(analysis, step.step.span), text: '' }]) },
    }];
}

interface Declared { readonly owner: TextSpan; readonly text: string }

function option(line: string, long: string, short: string): string | undefined {
    return new RegExp(String.raw`(?:\s--${long}[= ]|\s-${short} ?)(\S+)`).exec(line)?.[1];
}

function namespaceOf(step: StepRun, platform: LoweredPlatform): Declared | undefined {
    const { text } = step.step.line;
    if (!/^ndctl\s+create-namespace\b/.test(text) || / -e\b| --reconfig/.test(text)) return undefined;
    const made = [...step.state.nvdimm.namespaces.values()].find((n) => n.range && !step.before.nvdimm.namespaces.get(n.name)?.range);
    const region = made && step.state.nvdimm.regions.get(made.region);
    const owner = region && platform.described.pmem.find((p) => p.range.start === region.range.start);
    if (!owner) return undefined;
    const words = ([['size', 's'], ['mode', 'm'], ['map', 'M'], ['align', 'a'], ['sector-size', 'l']] as const).flatMap(([long, short]) => {
        const value = option(text, long, short);
        return value ? [`${long} ${value}`] : [];
    });
    return { owner: owner.origin.span, text: `namespace { ${words.join('  ')} }` };
}

function deviceOf(step: StepRun, platform: LoweredPlatform): Declared | undefined {
    const { text } = step.step.line;
    const name = /^daxctl\s+reconfigure-device\b.*\s(dax\d+\.\d+)$/.exec(text)?.[1];
    const device = name === undefined ? undefined : step.state.dax.devices.get(name);
    const region = device && step.state.dax.regions.get(device.region);
    const owner = region?.origin === 'hmem' ? platform.described.softReserved.find((s) => s.range.start === region.range.start) : undefined;
    if (!owner || option(text, 'mode', 'm') !== 'system-ram') return undefined;
    const zone = /\s(?:--no-online|-N)\b/.test(text) ? '  no-online' : /\s--no-movable\b/.test(text) ? '' : '  movable';
    return { owner: owner.origin.span, text: `device system-ram${zone}` };
}

/** The span with its line break, where nothing else is on its line; with the blanks before it otherwise. */
function wholeLine(analysis: Analysis, span: TextSpan): TextSpan {
    const text = analysis.source.unitOf(span)?.text ?? '';
    const lineStart = text.lastIndexOf('\n', span.start - 1) + 1;
    const next = text.indexOf('\n', span.end);
    const lineEnd = next < 0 ? text.length : next;
    const alone = /^\s*(?:\$\s*)?$/.test(text.slice(lineStart, span.start)) && text.slice(span.end, lineEnd).trim() === '';
    if (alone) return { uri: span.uri, start: lineStart, end: Math.min(lineEnd + 1, text.length) };
    const before = /[ \t]*$/.exec(text.slice(lineStart, span.start))![0].length;
    return { uri: span.uri, start: span.start - before, end: span.end };
}
