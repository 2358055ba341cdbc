// Declared devices and namespaces as the commands that make them, and commands as declarations.
import { type CodeAction, CodeActionKind } from 'vscode-languageserver-types';
import { cutOut } from '../diagnostics/cut.ts';
import type { Invocation } from '../commands/spec.ts';
import type { TextEdit } from '../diagnostics/diagnostic.ts';
import type { Scenario } from '../language/generated/ast.ts';
import type { LoweredPlatform, StepRun, TextSpan } from '../language/model.ts';
import type { Analysis } from '../server/analysis.ts';
import { tokens } from '../server/tokens.ts';
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
    const changes: TextEdit[] = withoutBlocks(analysis, platform, here.map((p) => p.origin.span)).map((at) => ({ at, text: '' }));
    const scenarios = analysis.scenarios.filter((s) => s.lowered.platform === platform);
    for (const { unit, item, lowered } of scenarios) {
        const at = beforeSteps(unit.text, item.kind === 'scenario' ? item.node : undefined, lowered.span);
        const shared = /^[ \t]*\S/.test(unit.text.slice(at));
        changes.push({ at: { ...lowered.span, start: at, end: at }, text: `\n${lines.join('').trimEnd()}${shared ? '\n' : ''}` });
    }
    if (scenarios.length === 0) {
        const at = { ...platform.span, start: platform.span.end };
        changes.push({ at, text: `\n\nscenario "provision ${platform.name}" on ${platform.name} {\n${lines.join('')}}` });
    }
    return [{ title: 'Turn declared devices into scenario steps', kind: CodeActionKind.RefactorRewrite, edit: { changes: edits(analysis, changes) } }];
}

/** What to take out with some declared devices: the braces around them too where nothing but comments is left between. */
function withoutBlocks(analysis: Analysis, platform: LoweredPlatform, devices: readonly TextSpan[]): TextSpan[] {
    const text = analysis.source.unitOf(platform.span)?.text ?? '';
    const out = devices.map((d) => ({ ...d, ...cutOut(text, d) }));
    for (const { origin } of [...platform.described.softReserved, ...platform.described.pmem]) {
        const { span } = origin;
        const inside = [...tokens(text.slice(span.start, span.end))].map((t) => ({ ...t, start: span.start + t.start, end: span.start + t.end }));
        const open = inside.find((t) => t.kind === '{');
        const close = inside.at(-1);
        if (span.uri !== platform.span.uri || !open || close?.kind !== '}') continue;
        const removed = (t: { start: number }): boolean => devices.some((d) => d.start <= t.start && t.start < d.end);
        const held = inside.filter((t) => t.start > open.start && t !== close && t.kind !== 'comment' && t.kind !== 'line-comment');
        if (held.length === 0 || !held.every(removed)) continue;
        // what goes with a device may reach up to the brace: one edit begins where the other ends
        for (const brace of [open, close]) out.push({ ...span, ...cutOut(text, brace) });
    }
    return merged(out);
}

/** The spans in order, those that touch or overlap as one. */
function merged(spans: readonly TextSpan[]): TextSpan[] {
    const out: TextSpan[] = [];
    for (const span of [...spans].sort((a, b) => a.start - b.start)) {
        const last = out.at(-1);
        if (last && span.start <= last.end) out[out.length - 1] = { ...last, end: Math.max(last.end, span.end) };
        else out.push(span);
    }
    return out;
}

/** Offset in a scenario where its first step may stand: behind the brace, the releases that stand first, and a comment on that line. */
function beforeSteps(text: string, node: Scenario | undefined, span: TextSpan): number {
    const brace = [...tokens(text.slice(span.start, span.end))].find((t) => t.kind === '{');
    let at = brace ? span.start + brace.end : span.end;
    for (const member of node?.members ?? []) {
        if (member.$type !== 'Kernel' || !member.$cstNode) break;
        at = member.$cstNode.end;
    }
    return at + (/^[ \t]*\/\/[^\r\n]*/.exec(text.slice(at))?.[0].length ?? 0);
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
    if (!declared || shared(analysis, declared.owner)) return [];
    const insert = intoBlock(analysis, declared);
    return [{
        title: 'Declare it in the platform', kind: CodeActionKind.RefactorRewrite,
        edit: { changes: edits(analysis, [insert, { at: { ...step.step.span, ...cutOut(analysis.source.unitOf(step.step.span)?.text ?? '', step.step.span) }, text: '' }]) },
    }];
}

/** Does more than one scenario see what is described there? What is declared in it would be there for each. */
function shared(analysis: Analysis, owner: TextSpan): boolean {
    return analysis.scenarios.filter(({ lowered }) => lowered.platform?.origins.some((o) => o.span.uri === owner.uri && o.span.start === owner.start)).length > 1;
}

/** The declaration as the last one of its owner's block, which there may be or not, on one line or on several. */
function intoBlock(analysis: Analysis, { owner, text }: Declared): TextEdit {
    const written = analysis.textOf(owner);
    const here = (at: number, insert: string): TextEdit => ({ at: { ...owner, start: at, end: at }, text: insert });
    if (!written.endsWith('}')) return here(owner.end, ` { ${text} }`);
    const before = written.slice(0, -1);
    const indent = /\n([ \t]*)$/.exec(before)?.[1];
    if (indent !== undefined) return here(owner.end - 1 - indent.length, `${indent}    ${text}\n`);
    return here(owner.start + before.trimEnd().length, `${before.trimEnd().endsWith('{') ? ' ' : '  '}${text}${before.endsWith(' ') ? '' : ' '}`);
}

interface Declared { readonly owner: TextSpan; readonly text: string }

/** The only command of a step, where it is one of a tool and goes to nobody else. */
function onlyInvocation({ step }: StepRun): Invocation | undefined {
    const [first, ...more] = step.line.commands;
    return first?.command.kind === 'tool' && more.length === 0 && !first.shell.pipe && !first.shell.redirect ? first.command.invocation : undefined;
}

/** What a declaration says as well as the command does, and what it need not say. More than that would be lost. */
const OF_NAMESPACES: ReadonlySet<string> = new Set(['--size', '--mode', '--map', '--align', '--sector-size', '--region', '--force', '--verbose']);
const OF_DEVICES: ReadonlySet<string> = new Set(['--mode', '--no-online', '--no-movable', '--region', '--force', '--human', '--verbose']);

function namespaceOf(step: StepRun, platform: LoweredPlatform): Declared | undefined {
    const invocation = onlyInvocation(step);
    if (invocation?.tool !== 'ndctl' || invocation.verb?.text !== 'create-namespace' || ![...invocation.options.keys()].every((o) => OF_NAMESPACES.has(o))) return undefined;
    const made = [...step.state.nvdimm.namespaces.values()].find((n) => n.range && !step.before.nvdimm.namespaces.get(n.name)?.range);
    const region = made && step.state.nvdimm.regions.get(made.region);
    const owner = region && platform.described.pmem.find((p) => p.range.start === region.range.start);
    if (!owner) return undefined;
    const words = ['size', 'mode', 'map', 'align', 'sector-size'].flatMap((key) => {
        const value = invocation.options.get(`--${key}`)?.value?.text;
        return value ? [`${key} ${value}`] : [];
    });
    return { owner: owner.origin.span, text: `namespace { ${words.join('  ')} }` };
}

function deviceOf(step: StepRun, platform: LoweredPlatform): Declared | undefined {
    const invocation = onlyInvocation(step);
    if (invocation?.tool !== 'daxctl' || invocation.verb?.text !== 'reconfigure-device' || ![...invocation.options.keys()].every((o) => OF_DEVICES.has(o))) return undefined;
    const [name, ...more] = invocation.positionals;
    const device = name && more.length === 0 ? step.state.dax.devices.get(name.text) : undefined;
    const region = device && step.state.dax.regions.get(device.region);
    const owner = region?.origin === 'hmem' ? platform.described.softReserved.find((s) => s.range.start === region.range.start) : undefined;
    if (!owner || invocation.options.get('--mode')?.value?.text !== 'system-ram') return undefined;
    const zone = invocation.options.has('--no-online') ? '  no-online' : invocation.options.has('--no-movable') ? '' : '  movable';
    return { owner: owner.origin.span, text: `device  system-ram${zone}` };
}
