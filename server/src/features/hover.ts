// Hover: what the thing under the pointer is, what Linux makes of it, and which rule says so. Worded from the model's own facts.
import type { Hover } from 'vscode-languageserver-types';
import { catalogued } from '../diagnostics/catalogue.ts';
import type { Command } from '../commands/line.ts';
import type { Span } from '../commands/shell.ts';
import { contains, formatRange, hex, type Range, sizeOf, SECTION, formatSize } from '../kernel/range.ts';
import { memoryTiers } from '../kernel/memory-tiers.ts';
import { MODULES } from '../kernel/modules.ts';
import type { KernelState } from '../kernel/state.ts';
import { rulesNamed, ruleTitle } from '../kernel/rules.ts';
import type { LoweredPlatform, LoweredScenario, Origin, Run, StepRun, TextSpan } from '../language/model.ts';
import { accountLines, accountOf } from '../render/ledger.ts';
import { findObject, type KernelObject, OBJECT_NAME, rangeFacts } from '../render/objects.ts';
import { formatApproximate, formatHint, summarize, summarizeBoot, formatSummary } from '../render/summary.ts';
import { attributeFor, toolSpec } from '../server/language.ts';
import type { Analysis } from '../server/analysis.ts';
import { keywordAt } from './completion.ts';
import type { FeatureContext } from './context.ts';
import { TERMS } from './field-terms.ts';
import { KEYWORDS } from './keywords.ts';
import { type Name, nameAt } from './names.ts';
import { agreements, agreementText } from './other-kernels.ts';

export function hover({ analysis }: FeatureContext, offset: number): Hover | undefined {
    const step = analysis.stepAt(offset);
    if (step) return stepHover(analysis, step.run, step.step, step.scenario, offset);
    const name = nameAt(analysis, offset);
    if (name?.kind === 'platform' && name.given) return platformHover(analysis, name, offset);
    const scenario = analysis.scenarioAt(offset)?.lowered;
    if (scenario) return scenarioHover(analysis, scenario, offset);
    const platform = analysis.platformAt(offset)?.lowered;
    if (!platform) return undefined;
    const origin = innermost(platform.origins.filter((o) => o.kind !== 'platform' && analysis.touches(o.span, offset)));
    const word = wordAt(analysis, offset);
    const keyword = word && keywordAt(analysis, word.start, word.text);
    // what the declaration's own word means stands in the field's terms already
    const known = keyword && TERMS[origin?.kind ?? 'platform'] !== undefined && word.text === origin?.kind;
    const node = origin && nodeNamed(analysis, platform, origin, offset);
    const lead = node ? [node] : keyword && !known ? [`\`${keyword.label}\` · ${keyword.doc}`] : [];
    if (origin) return originHover(analysis, analysis.bootRun(platform), origin, lead, offset);
    if (keyword && word) return { contents: { kind: 'markdown', value: join(lead) }, range: analysis.lines.rangeOf(word.start, word.end) };
    return undefined;
}

/** At its declaration and wherever it is referred to. */
function platformHover(analysis: Analysis, name: Name, offset: number): Hover | undefined {
    const platform = name.declares ? analysis.platformAt(offset)?.lowered : analysis.platformNamed(name.name);
    const run = platform && analysis.bootRun(platform);
    return run && markdown([`**platform ${name.name}** · kernel ${run.kernel}`, formatSummary(summarizeBoot(run.boot.state, run.boot.outcome)), nodeTable(run.boot.state)], analysis, name.at);
}

// ------------------------------------------------------------------------------------------------------------ in a scenario

function scenarioHover(analysis: Analysis, scenario: LoweredScenario, offset: number): Hover | undefined {
    const runs = analysis.runs(scenario);
    for (const { bootChecks, steps } of runs.slice(0, 1)) {
        for (const check of [...bootChecks, ...steps.flatMap((s) => s.checks)]) {
            if (!analysis.touches(check.expectation.span, offset)) continue;
            return markdown([check.met ? '**expectation met**' : '**expectation not met**', ...(check.actual ? [fence(check.actual)] : [])], analysis, check.expectation.span);
        }
    }
    if (!analysis.touches(scenario.at, offset)) return undefined;
    const lines = runs.map((run) => {
        const bad = run.steps.filter((s) => s.unexpectedFailure || s.checks.some((c) => !c.met)).length;
        return `- kernel ${run.kernel}: ${run.steps.length} step${run.steps.length === 1 ? '' : 's'}, ${bad === 0 ? 'all as written' : `${bad} not as written`}`;
    });
    return markdown([`**scenario** on \`${scenario.platform?.name ?? '?'}\``, lines.join('\n')], analysis, scenario.at);
}

function stepHover(analysis: Analysis, run: Run, ran: StepRun, scenario: LoweredScenario, offset: number): Hover {
    const span = ran.step.span;
    const local = offset - analysis.place(span).start;
    const named = objectAt(ran.step.line.text, local);
    if (named) {
        const now = findObject(ran.state, named.text);
        const before = findObject(ran.before, named.text);
        if (now || before) return markdown([...objectText(now, before, ran.state), ...stepText(run, ran, false)], analysis, within(span, named.span));
    }
    const doc = commandDoc(ran, local);
    const others = agreements(analysis, scenario, run.steps.indexOf(ran));
    return markdown([...(doc ? [doc.text] : []), ...stepText(run, ran, true), `**Other releases:** ${!others ? 'still being simulated, ask again' : `${others.length === 1 ? '' : '\n\n'}${agreementText(others)}`}`], analysis, doc ? within(span, doc.span) : span);
}

function objectText(now: KernelObject | undefined, before: KernelObject | undefined, state: KernelState): string[] {
    const shown = now ?? before!;
    const out = [`**${shown.name}** · ${shown.title}`];
    if (now) out.push(list(now.facts));
    if (before && !now) out.push('gone after this line', list(before.facts));
    else if (!before) out.push('appears with this line');
    else {
        const changed = before.facts.filter((f) => !now!.facts.includes(f));
        if (changed.length > 0) out.push(`before this line: ${changed.join(', ')}`);
    }
    for (const range of shown.ranges.slice(0, 3)) out.push(rangeText(range));
    const account = now && accountFor(state, now);
    if (account) out.push(fence(accountLines(account).join('\n')));
    return out;
}

function stepText(run: Run, ran: StepRun, full: boolean): string[] {
    const { outcome } = ran;
    const out = [`${formatHint(summarize(ran.before, ran.state, outcome))} · kernel ${run.kernel}`];
    if (!full) return out;
    if (outcome.notSimulated !== undefined) return [`not simulated: ${outcome.notSimulated}`];
    if (outcome.status !== 0) out.push(`exit status ${outcome.status}${outcome.errnos.length ? ` (${outcome.errnos.join(', ')})` : ''}`);
    const terminal = [outcome.stderr.trimEnd(), ...outcome.log.slice(0, 12).map((l) => l.text)].filter((t) => t !== '');
    if (terminal.length > 0) out.push(fence(terminal.join('\n')));
    for (const note of outcome.notes) {
        out.push(`${note.message}${rules(note.rules)}`);
        if (note.losses?.length) out.push(list(note.losses.map((loss) => `${formatApproximate(loss.bytes)} \`${formatRange(loss.range)}\`: ${loss.cause}${rules([loss.rule])}`)));
    }
    return out;
}

/** Documentation of the word at `offset` of a step's line: tool, verb, option, sysfs attribute. */
function commandDoc(ran: StepRun, offset: number): { text: string; span: Span } | undefined {
    return ran.step.line.commands.map(({ command }) => wordDoc(command, offset)).find((doc) => doc !== undefined);
}

function wordDoc(command: Command, offset: number): { text: string; span: Span } | undefined {
    const inside = (span: Span): boolean => span.start <= offset && offset <= span.end;
    if (command.kind === 'tool') {
        const { invocation } = command;
        for (const { word, value, spec } of invocation.options.values()) {
            const span = { start: word.span.start, end: Math.max(word.span.end, value?.span.end ?? 0) };
            if (inside(word.span) || (value && inside(value.span))) {
                return { span, text: `\`--${spec.long.replace(/^--/, '')}\`${spec.short ? `, \`${spec.short}\`` : ''}\n\n${spec.doc}${spec.values ? `\n\none of ${spec.values.map((v) => `\`${v}\``).join(', ')}` : ''}` };
            }
        }
        if (invocation.verb && invocation.spec && inside(invocation.verb.span)) {
            return { span: invocation.verb.span, text: `\`${invocation.tool} ${invocation.spec.verb}\`${invocation.spec.man ? ` · ${invocation.spec.man}` : ''}\n\n${invocation.spec.doc}` };
        }
        const module = invocation.spec?.positionals[0]?.kind === 'module' ? invocation.positionals.find((p) => inside(p.span)) : undefined;
        const known = module && MODULES.find((m) => m.name === module.text.replaceAll('-', '_'));
        if (known) return { span: module.span, text: `\`${known.name}\`\n\n${known.doc}${rules(known.rules ?? [])}` };
        if (inside(invocation.toolSpan)) {
            const spec = toolSpec(invocation.tool);
            return { span: invocation.toolSpan, text: `\`${invocation.tool}\`${spec ? `\n\n${spec.doc}` : ''}` };
        }
    }
    const paths = command.kind === 'write' ? [{ path: command.path, span: command.pathSpan }] : command.kind === 'read' ? command.paths : [];
    for (const { path, span } of paths) {
        if (!inside(span)) continue;
        const attribute = attributeFor(path);
        if (attribute) return { span, text: `\`${attribute.path}\`\n\n${attribute.doc}${rules(attribute.rules ?? [])}` };
    }
    return undefined;
}

// ------------------------------------------------------------------------------------------------------------ in a platform

function originHover(analysis: Analysis, run: Run, origin: Origin, lead: readonly string[], offset: number): Hover {
    const out = [...lead, `**${heading(origin)}**`];
    if (origin.kind === 'cmdline') out.push(...bootParameterText(analysis, offset));
    const term = TERMS[origin.kind];
    if (term) out.push(`${term.what} · ${term.spec}`);
    const boot = run.boot.state;
    const after = run.steps.at(-1)?.state ?? boot;
    if (origin.kind === 'node' && origin.name !== undefined) {
        const node = nodeOf(boot, Number(origin.name));
        const object = node === undefined ? undefined : findObject(after, `node${node}`);
        if (object) out.push(`Linux: \`${object.name}\``, list([...object.facts, ...tierFacts(after, node!)]));
    }
    if (origin.range) {
        out.push(rangeText(origin.range), list(rangeFacts(after, origin.range)), ...inIomem(after, origin.range));
        const losses = [run.boot.outcome, ...run.steps.map((s) => s.outcome)].flatMap((o) => o.notes).flatMap((n) => n.losses ?? [])
            .filter((l) => l.range.start <= origin.range!.end && origin.range!.start <= l.range.end);
        const account = accountOfRange(after, origin.range);
        if (account) out.push(fence(accountLines(account).join('\n')));
        else out.push(...losses.map((l) => `- ${formatApproximate(l.bytes)} of ${l.subject} lost: ${l.cause}${rules([l.rule])}`));
    }
    const provisioning = run.steps.filter(({ step: { span } }) => span.uri === origin.span.uri && span.start >= origin.span.start && span.end <= origin.span.end);
    if (provisioning.length > 0) out.push(fence(provisioning.map((s) => `${s.step.line.prompt} ${s.step.line.text.trim()}\n  ${formatHint(summarize(s.before, s.state, s.outcome))}`).join('\n')));
    return markdown(out, analysis, origin.focus);
}

/** The node that a declaration says it belongs to, where the pointer is on that. */
function nodeNamed(analysis: Analysis, platform: LoweredPlatform, origin: Origin, offset: number): string | undefined {
    if (origin.kind === 'node') return undefined;
    const from = analysis.lines.lineStart(analysis.lines.lineOf(offset));
    const line = analysis.source.text.slice(from, analysis.lines.lineEnd(analysis.lines.lineOf(offset)));
    const named = [...line.matchAll(/\bnode\s+(\d+)/g)].find((m) => m.index <= offset - from && offset - from <= m.index + m[0].length);
    if (!named) return undefined;
    const run = analysis.bootRun(platform);
    const state = run.steps.at(-1)?.state ?? run.boot.state;
    const number = nodeOf(state, Number(named[1]));
    const object = number === undefined ? undefined : findObject(state, `node${number}`);
    return object && `\`node ${named[1]}\` · \`${object.name}\` in Linux: ${[...object.facts, ...tierFacts(state, number!)].join(', ')}`;
}

/** The number that Linux gives a proximity domain; without an SRAT there are none, and everything is on node 0. */
function nodeOf({ numa }: KernelState, domain: number): number | undefined {
    return numa.pxmToNode.size === 0 ? 0 : numa.pxmToNode.get(domain);
}

/** What the boot parameter at an offset does. */
function bootParameterText(analysis: Analysis, offset: number): string[] {
    const line = analysis.lines.lineOf(offset);
    const from = analysis.lines.lineStart(line);
    for (const match of analysis.source.text.slice(from, analysis.lines.lineEnd(line)).matchAll(/[^\s"]+/g)) {
        if (offset < from + match.index || offset > from + match.index + match[0].length) continue;
        const name = match[0].split('=')[0]!;
        const known = KEYWORDS.bootParameters.find((p) => match[0].startsWith(p.label)) ?? KEYWORDS.bootParameters.find((p) => p.label.split('=')[0] === name);
        return known ? [`\`${match[0]}\` · ${known.doc}`] : [];
    }
    return [];
}

/** The declaration as people would call it; `name` is what tells origins of a kind apart. */
function heading({ kind, name }: Origin): string {
    const parts = name?.split(' ') ?? [];
    switch (kind) {
        case 'distance':
            return `distance ${parts.join(' to ')}`;
        case 'initiator':
            return `node ${parts[1] ?? '?'} as seen from node ${parts[0] ?? '?'}`;
        case 'memory': case 'hotplug':
            return name ? `${kind} of node ${name}` : kind;
        case 'cxl-window': case 'cxl-memdev':
            return `${kind.replace('-', ' ')} ${name ?? ''}`.trimEnd();
        case 'cache':
            return `memory-side-cache${name ? ` of node ${parts[0]}` : ''}`;
        default:
            return name ? `${kind} ${name}` : kind;
    }
}

/** Both spellings of a range, its size, sections touched. */
export function rangeText(range: Range): string {
    const sections = Math.floor(range.end / SECTION) - Math.floor(range.start / SECTION) + 1;
    return `\`0x${hex(range.start)}-0x${hex(range.end)}\` · at ${spell(range.start)} size ${formatSize(sizeOf(range))} · ${sections} section${sections === 1 ? '' : 's'}`;
}

function spell(value: number): string {
    const text = formatSize(value);
    return text.endsWith(' B') ? `0x${hex(value)}` : text;
}

/** The object's own account; else that of the namespace or region whose memory it is. */
function accountFor(state: KernelState, object: KernelObject): ReturnType<typeof accountOf> {
    const own = accountOf(state, object.name);
    const first = object.ranges[0];
    if (own || !first || object.kind === 'block' || object.kind === 'node') return own;
    const holder = [...state.nvdimm.namespaces.values(), ...state.nvdimm.regions.values()].find((n) => n.range && contains(n.range, first));
    return holder && accountOf(state, holder.name);
}

/** The account of the region that starts where a description does. */
function accountOfRange(state: KernelState, range: Range): ReturnType<typeof accountOf> {
    const regions: (readonly [name: string, range: Range])[] = [
        ...[...state.nvdimm.regions.values()].map((r) => [r.name, r.range] as const), ...[...state.hmem.devices].map(([name, r]) => [name, r] as const),
        ...[...state.virtioMem.values()].map((v) => [v.name, v.region] as const), ...[...state.dimms].map(([name, r]) => [name, r] as const),
    ];
    const held = regions.find(([, r]) => contains(range, r));
    return held && accountOf(state, held[0]);
}

/** The memory tier of a node, with the nodes beside it; nothing before releases have tiers. */
function tierFacts(state: KernelState, node: number): string[] {
    for (const [tier, nodes] of memoryTiers(state)) {
        const others = nodes.filter((n) => n !== node);
        if (nodes.includes(node)) return [`memory_tier${tier}${others.length > 0 ? `, with node${others.length > 1 ? 's' : ''} ${others.join(', ')}` : ''}`];
    }
    return [];
}

/** The lines of /proc/iomem that touch the range. */
function inIomem(state: KernelState, range: Range): string[] {
    const lines: string[] = [];
    const visit = (children: typeof state.iomem.root.children, depth: number): void => {
        for (const r of children) {
            if (r.end < range.start || r.start > range.end || lines.length >= 12) continue;
            lines.push(`${'  '.repeat(depth)}${formatRange(r)} : ${r.name}`);
            visit(r.children, depth + 1);
        }
    };
    visit(state.iomem.root.children, 0);
    return lines.length > 0 ? [fence(lines.join('\n'))] : [];
}

function nodeTable(state: KernelState): string {
    const rows = state.numa.online.map((n) => findObject(state, `node${n}`)).filter((o) => o !== undefined);
    return rows.map((o) => `- \`${o.name}\`: ${o.facts.slice(1, 4).join(', ')}`).join('\n');
}

// -------------------------------------------------------------------------------------------------------------------- pieces

/** The kernel name that an offset of a text is in. */
export function objectAt(text: string, offset: number): { text: string; span: Span } | undefined {
    for (const match of text.matchAll(OBJECT_NAME)) {
        const span = { start: match.index, end: match.index + match[0].length };
        if (span.start <= offset && offset <= span.end) return { text: match[0], span };
    }
    return undefined;
}

/** The word of the language that an offset of a document is in. */
export function wordAt(analysis: Analysis, offset: number): { text: string; start: number; end: number } | undefined {
    const text = analysis.source.text;
    let start = offset;
    let end = offset;
    while (start > 0 && /[\w.-]/.test(text[start - 1]!)) start--;
    while (end < text.length && /[\w.-]/.test(text[end]!)) end++;
    return start === end ? undefined : { text: text.slice(start, end), start, end };
}

function innermost(origins: readonly Origin[]): Origin | undefined {
    return origins.reduce<Origin | undefined>((best, o) => (!best || o.span.end - o.span.start <= best.span.end - best.span.start ? o : best), undefined);
}

function within(span: TextSpan, inner: Span): TextSpan {
    return { uri: span.uri, start: span.start + inner.start, end: span.start + inner.end };
}

function rules(ids: readonly string[]): string {
    return ids.length > 0 ? ` (${ids.join(', ')})` : '';
}

function list(facts: readonly string[]): string {
    return facts.map((f) => `- ${f}`).join('\n');
}

function fence(text: string): string {
    return `\`\`\`\n${text.replaceAll('```', "'''")}\n\`\`\``;
}

function join(blocks: readonly string[]): string {
    return blocks.filter((b) => b !== '').join('\n\n');
}

function markdown(blocks: readonly string[], analysis: Analysis, span: TextSpan): Hover {
    const value = join(blocks);
    const named = rulesNamed(value);
    return { contents: { kind: 'markdown', value: named.length > 0 ? join([value, '---', list(named.map((id) => `${id}: ${ruleTitle(id)}`))]) : value }, range: analysis.range(span) };
}

/** Title and reason of a diagnostic's code, for hovers over `memtopo-ignore` comments. */
export function codeHover(code: string): string | undefined {
    const known = catalogued(code);
    return known ? join([`**${known.title}** \`${known.code}\``, known.why, known.docs]) : undefined;
}
