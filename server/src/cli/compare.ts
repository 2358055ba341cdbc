// memtopo compare: one scenario under several releases; where they part, and what parts them.
import { execute } from '../commands/engine.ts';
import { formatIomem } from '../kernel/resource.ts';
import type { Profile } from '../kernel/profile.ts';
import { snapshot, type StateDocument } from '../kernel/snapshot.ts';
import type { KernelState } from '../kernel/state.ts';
import type { Run, StepRun } from '../language/model.ts';
import { diffIomem, onlyChanges } from '../render/iomem-diff.ts';
import { iomemToText } from '../render/iomem-text.ts';
import { paint } from '../render/style.ts';
import { formatHint, formatSummary, summarize, summarizeBoot } from '../render/summary.ts';
import { type Command, type Io, parseOptions, UsageError } from './command.ts';
import { Files, OpenFile } from './files.ts';
import { rulesOfField } from './profile-rules.ts';
import { chosenSubjects, runsOf, type Subject } from './subjects.ts';

export const compare: Command = {
    name: 'compare',
    usage: 'FILE --kernels A,B[,…] [--scenario N|NAME] [--json]',
    summary: 'show per step where kernel releases part, and which rule parts them',
    help: `Runs each scenario under each release and prints the steps at which they do not agree: exit status, errno, and what of the
state differs for the first time. The first release named is what the others are compared with.

  --kernels A,B    releases such as 5.10,6.1,7.2
  --scenario N     only the Nth scenario, or the one with this name (or a part of it)
  --json           { name, kernels, steps: [{ step, run, groups, subjects, rules }] }

Exit status: 0 they agree throughout, 1 they part somewhere, 2 the command line was not understood or the file could not be read.`,
    async run(args, io) {
        const { values, positionals } = parseOptions(args, {
            kernels: { type: 'string' }, scenario: { type: 'string', short: 's' }, json: { type: 'boolean', default: false },
        });
        if (positionals.length !== 1) throw new UsageError(positionals.length === 0 ? 'no file given' : 'one file at a time');
        const kernels = [...new Set((values.kernels ?? '').split(',').map((k) => k.trim()).filter(Boolean))];
        if (kernels.length < 2) throw new UsageError('--kernels takes two releases or more, such as 5.10,6.1,7.2');
        const files: OpenFile[] = [];
        for (const kernel of kernels) {
            const file = await new Files(kernel).open(positionals[0]!);
            if (!(file instanceof OpenFile)) {
                io.err(`memtopo compare: ${file.file}: ${file.problem}\n`);
                return 2;
            }
            files.push(file);
        }
        // The same text each time, so the same choice
        const chosen = files.map((file) => chosenSubjects(file, values.scenario));
        let parted = false;
        const documents = chosen[0]!.flatMap((subject, i) => {
            const runs = files.flatMap((file, k) => runsOf(file, chosen[k]![i]!).slice(0, 1));
            if (runs.length < kernels.length) return [];
            const partings = partingsOf(runs);
            parted ||= partings.length > 0;
            if (!values.json) print(subject, kernels, runs, partings, io);
            return [{ name: subject.name, kernels, steps: partings.map((p) => ({ ...p, groups: p.groups.map((g) => ({ kernels: g.members.map((m) => kernels[m]), came: g.came })) })) }];
        });
        if (values.json) io.out(`${JSON.stringify(documents, undefined, 2)}\n`);
        return parted ? 1 : 0;
    },
};

interface Parting {
    /** 0 is the boot. */
    readonly step: number;
    readonly run: string;
    /** Releases that agree, by index, with what the step came to there. */
    readonly groups: readonly { readonly members: readonly number[]; readonly came: string }[];
    /** What of the state differs now and did not before. */
    readonly subjects: readonly string[];
    readonly rules: readonly string[];
}

/** Steps at which the runs part further: by outcome, or by a part of the state that agreed until then. */
function partingsOf(runs: readonly Run[]): Parting[] {
    const partings: Parting[] = [];
    let apart = new Set<string>();
    const steps = Math.max(...runs.map((r) => r.steps.length));
    for (let i = 0; i <= steps; i++) {
        const states = runs.map((r) => (i === 0 ? r.boot.state : r.steps[i - 1]!.state));
        const documents = states.map((s) => documentOf(s));
        const differing = new Set(Object.keys(documents[0]!).filter((key) => documents.some((d) => d[key] !== documents[0]![key])));
        const fresh = [...differing].filter((key) => !apart.has(key));
        const exits = i === 0 ? [] : runs.map((r) => exitOf(r.steps[i - 1]!));
        const exitsPart = exits.some((e) => e !== exits[0]);
        apart = differing;
        if (fresh.length === 0 && !exitsPart) continue;
        const groups = new Map<string, number[]>();
        runs.forEach((_, k) => {
            const key = `${exits[k] ?? ''}\n${fresh.map((f) => documents[k]![f]).join('\n')}`;
            groups.set(key, [...(groups.get(key) ?? []), k]);
        });
        partings.push({
            step: i, run: i === 0 ? 'boot' : runs[0]!.steps[i - 1]!.step.line.text, subjects: exitsPart ? ['exit', ...fresh] : fresh,
            groups: [...groups.values()].map((members) => ({ members, came: cameTo(runs[members[0]!]!, i) })), rules: rulesThatPart(runs, i),
        });
    }
    return partings;
}

/** What is compared, as text by subject: information about the release itself (its zones' bookkeeping) is left out. */
function documentOf(state: KernelState): Record<string, string> {
    const { iomem, memory_blocks, block_size, nodes, node_masks, dax, dax_regions, nd_regions, namespaces }: StateDocument = snapshot(state);
    return Object.fromEntries(Object.entries({ iomem, memory_blocks, block_size, nodes, node_masks, dax, dax_regions, nd_regions, namespaces }).map(([k, v]) => [k, JSON.stringify(v)]));
}

function exitOf(step: StepRun): string {
    return `${step.outcome.status === 0 ? 0 : 1} ${[...step.outcome.errnos].sort().join(' ')}`;
}

function cameTo(run: Run, step: number): string {
    if (step === 0) return formatSummary(summarizeBoot(run.boot.state, run.boot.outcome));
    const s = run.steps[step - 1]!;
    return formatHint(summarize(s.before, s.state, s.outcome));
}

/** Rules behind a parting: of what one release notes or logs and another does not, and of the versioned facts that the step read. */
function rulesThatPart(runs: readonly Run[], step: number): string[] {
    const outcomes = runs.map((r) => (step === 0 ? r.boot.outcome : r.steps[step - 1]!.outcome));
    const told = outcomes.map((o) => new Set([...o.notes.flatMap((n) => n.rules), ...o.log.flatMap((l) => l.rule ?? [])]));
    const rules = new Set<string>();
    for (const set of told) for (const rule of set) if (!told.every((t) => t.has(rule))) rules.add(rule);
    if (step > 0) {
        for (const field of new Set(runs.flatMap((r) => fieldsRead(r.steps[step - 1]!)))) {
            const values = runs.map((r) => JSON.stringify(r.profile[field]));
            if (values.some((v) => v !== values[0])) for (const rule of rulesOfField(field)) rules.add(rule);
        }
    }
    return [...rules].sort();
}

/** Facts of the profile that a step looks at, found by taking the step once more with a profile that remembers. */
function fieldsRead(step: StepRun): (keyof Profile)[] {
    const read = new Set<keyof Profile>();
    const profile = new Proxy(step.before.profile, {
        get(target, key: string): unknown {
            read.add(key as keyof Profile);
            return Reflect.get(target, key);
        },
    });
    execute({ ...step.before, profile }, step.step.line);
    return [...read].filter((f) => f !== 'name' && f !== 'version');
}

function print(subject: Subject, kernels: readonly string[], runs: readonly Run[], partings: readonly Parting[], io: Io): void {
    const { style } = io;
    io.out(`${paint(style, 'bold', `${subject.kind} "${subject.name}"`)} under ${kernels.join(', ')}\n`);
    if (partings.length === 0) io.out(`  they agree in the boot and all ${runs[0]!.steps.length} steps\n\n`);
    for (const p of partings) {
        const rules = p.rules.length > 0 ? paint(style, 'dim', `  ${p.rules.join(', ')}`) : '';
        io.out(`\n${paint(style, 'dim', String(p.step).padStart(4))}  ${paint(style, 'bold', p.run)}${rules}\n`);
        for (const g of p.groups) io.out(`      ${g.members.map((m) => kernels[m]).join(', ').padEnd(12)} ${g.came}\n`);
        io.out(`      ${paint(style, 'dim', `differs: ${p.subjects.join(', ')}`)}\n`);
        if (p.subjects.includes('iomem')) printTrees(kernels, runs, p, io);
    }
    if (partings.length > 0) io.out('\n');
}

function printTrees(kernels: readonly string[], runs: readonly Run[], p: Parting, io: Io): void {
    const [base, ...others] = p.groups.map((g) => g.members[0]!);
    const stateOf = (k: number): KernelState => (p.step === 0 ? runs[k]!.boot.state : runs[k]!.steps[p.step - 1]!.state);
    const from = stateOf(base!);
    for (const other of others) {
        const to = stateOf(other);
        if (formatIomem(from.iomem, from.profile.iomemDepth) === formatIomem(to.iomem, to.profile.iomemDepth)) continue;
        // Two machines: ids mean nothing between them, so lines pair by their text alone
        const lines = diffIomem(from.iomem, { ...to.iomem, root: renumber(to.iomem.root) });
        if (onlyChanges(lines).length === 0) continue;
        io.out(`      ${paint(io.style, 'dim', `/proc/iomem: − ${kernels[base!]}  + ${kernels[other]}`)}\n`);
        for (const l of iomemToText(lines, io.style, { maxDepth: to.profile.iomemDepth, changesOnly: true })) io.out(`      ${l}\n`);
    }
}

type Node = KernelState['iomem']['root'];

function renumber(node: Node): Node {
    return { ...node, id: -1 - node.id, children: node.children.map(renumber) };
}
