// What a run has to tell, with a place for each: notes of the boot at the description they come from, notes of a step at the word
// concerned, failures that nobody expected, expectations that do not hold.
import type { Note, Outcome } from '../kernel/outcome.ts';
import { overlaps } from '../kernel/range.ts';
import { bootChecks, scenarioChecks } from './checks/all.ts';
import { lastEvent, madeBy, objectKind, objectRange, originOfRange } from './history.ts';
import type { Check, Finding, Run, StepRun, TextSpan } from './model.ts';
import { namesIn } from './resolve.ts';

type Related = Finding['related'][number];

/** Findings about the boot and the provisioning of a platform. */
export function bootFindings(run: Run): Finding[] {
    const out: Finding[] = [];
    for (const note of run.boot.outcome.notes) {
        const at = noteOrigin(run, note);
        if (!(note.code === 'nvdimm/spa-conflict' && describedTwice(run, at))) out.push(fromNote(note, at, relatedOrigins(run, note, at)));
    }
    for (const { provision, why } of run.unprovisioned) {
        out.push({ code: 'provision/no-region', severity: 'error', message: `this ${provision.kind} cannot be made: ${why}`, at: provision.origin.focus, rules: [], related: [] });
    }
    run.steps.forEach((step, i) => {
        if (step.step.provisioned) out.push(...stepFindings(run, i));
    });
    out.push(...bootChecks(run));
    return out;
}

/** Is it told already that something else is described at this place? What the kernel makes of that is no second mistake. */
function describedTwice(run: Run, place: TextSpan): boolean {
    const here = (at: TextSpan): boolean => at.uri === place.uri && at.start === place.start;
    return run.platform.findings.some((f) => f.code === 'platform/overlap' && (here(f.at) || f.related.some((r) => here(r.at))));
}

/** Findings about the typed steps of a scenario under one kernel. */
export function scenarioRunFindings(run: Run): Finding[] {
    const out: Finding[] = run.bootChecks.filter((c) => !c.met).map((c) => unmet(c, []));
    run.steps.forEach((step, i) => {
        if (!step.step.provisioned) out.push(...stepFindings(run, i));
    });
    out.push(...scenarioChecks(run));
    return out;
}

/** Findings of a run, both kinds. */
export function findings(run: Run): Finding[] {
    return [...bootFindings(run), ...scenarioRunFindings(run)];
}

/** Findings of a scenario under several kernels: what all of them say once, the rest with the kernels that say it. */
export function scenarioFindings(runs: readonly Run[]): Finding[] {
    if (runs.length === 1) return scenarioRunFindings(runs[0]!);
    const merged = new Map<string, { readonly finding: Finding; readonly kernels: string[] }>();
    for (const run of runs) {
        const here = new Set<string>();
        for (const finding of scenarioRunFindings(run)) {
            const key = `${finding.at.uri} ${finding.at.start} ${finding.at.end} ${finding.code} ${finding.message}`;
            if (here.has(key)) continue;
            here.add(key);
            const known = merged.get(key);
            if (known) known.kernels.push(run.kernel);
            else merged.set(key, { finding, kernels: [run.kernel] });
        }
    }
    return [...merged.values()].map(({ finding, kernels }) => (kernels.length === runs.length ? finding : { ...finding, message: `${finding.message} (${kernels.join(', ')})` }));
}

// -------------------------------------------------------------------------------------------------------------------- steps

function stepFindings(run: Run, index: number): Finding[] {
    const step = run.steps[index]!;
    const { outcome } = step;
    const out: Finding[] = [];
    const failed = outcome.status !== 0;
    const expected = failed && !step.unexpectedFailure;
    let explained = false;
    for (const note of outcome.notes) {
        if (note.severity === 'error') {
            if (expected) continue;
            explained ||= failed;
        }
        const at = placeOf(run, step, note.subject, outcome, note.severity === 'error');
        const told = note.severity === 'error' && foretold(step, note) ? { ...note, severity: 'info' as const } : note;
        out.push(fromNote(told, at, relatedSteps(run, index, note, at)));
    }
    if (outcome.notSimulated !== undefined && !step.step.line.problems.some((p) => p.code === 'command/unknown' || p.code === 'command/unknown-verb')) {
        out.push({ code: 'command/not-simulated', severity: 'warning', message: `${outcome.notSimulated} is not simulated: the state stays as it is`, at: placeOf(run, step, undefined, outcome, false), rules: [], related: [] });
    }
    if (step.unexpectedFailure && !explained) {
        const missing = missingObject(step);
        const text = missing ? `${failureText(outcome)}: there is no ${missing.name} at this line${missing.others.length > 0 ? `, but ${listed(missing.others)}` : ''}` : failureText(outcome);
        const at = placeOf(run, step, missing?.name, outcome, true);
        out.push({
            code: 'command/failed', severity: 'error', message: text, at, ...(missing && missing.others.length > 0 ? { data: { words: missing.others } } : {}), rules: [...new Set(outcome.log.flatMap((l) => (l.rule ? [l.rule] : [])))],
            related: namesIn(step.step.line.text).flatMap((n) => history(run, index, n.name, at)),
        });
    }
    for (const check of step.checks) if (!check.met) out.push(unmet(check, [{ at: step.step.span, message: 'after this line' }]));
    return alikeOnce(out);
}

/** More findings of one kind than these at one place are told as one: a loop over all memory blocks has one for each. */
const MOST_ALIKE = 3;

function alikeOnce(findings: readonly Finding[]): Finding[] {
    const alike = new Map<string, Map<string, Finding>>();
    for (const finding of findings) {
        const key = `${finding.at.uri} ${finding.at.start} ${finding.at.end} ${finding.code}`;
        const told = alike.get(key);
        if (!told) alike.set(key, new Map([[finding.message, finding]]));
        else if (!told.has(finding.message)) told.set(finding.message, finding);
    }
    return [...alike.values()].flatMap((told): Finding[] => {
        const all = [...told.values()];
        return all.length <= MOST_ALIKE ? all : [{ ...all[0]!, message: `${all[0]!.message}; this line has ${all.length - 1} more of the kind` }];
    });
}

/** The first name of a failed line that nothing has, with those of its kind that exist. */
function missingObject({ before, step }: StepRun): { readonly name: string; readonly others: readonly string[] } | undefined {
    const name = namesIn(step.line.text).find((n) => objectKind(before, n.name) === undefined)?.name;
    if (name === undefined) return undefined;
    const kind = /^[a-z]+/.exec(name)![0];
    const { nvdimm, dax } = before;
    const names = [...dax.devices.keys(), ...[...nvdimm.namespaces].flatMap(([n, { range }]) => (range ? [n] : [])), ...nvdimm.regions.keys(), ...nvdimm.dimms.keys()];
    return { name, others: names.filter((n) => /^[a-z]+/.exec(n)![0] === kind && objectKind(before, n) !== undefined).slice(0, 4) };
}

function listed(words: readonly string[]): string {
    return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)!}`;
}

/** Does an `expect log` that holds say that the author knows? It quotes a line that the note's rule logged. */
function foretold(step: StepRun, note: Note): boolean {
    return step.checks.some(({ expectation: e, met }) => met && e.kind === 'log'
        && step.outcome.log.some((l) => l.text.includes(e.text) && l.rule !== undefined && note.rules.includes(l.rule)));
}

function failureText(outcome: Outcome): string {
    const errno = outcome.errnos.join(', ');
    const said = outcome.stderr.trim().split('\n').at(-1) ?? '';
    if (errno && said) return `fails with ${errno}: ${said}`;
    return errno ? `fails with ${errno}` : said ? `fails: ${said}` : `fails with exit status ${outcome.status}`;
}

/** The word of a line that a note is about; the whole line where none is. Of a declared step: the head of its block. */
function placeOf(run: Run, step: StepRun, subject: string | undefined, outcome: Outcome, error: boolean): TextSpan {
    const { line, span, provisioned } = step.step;
    if (provisioned) return run.platform.origins.find((o) => o.span === span)?.focus ?? span;
    const at = (s: { readonly start: number; readonly end: number }): TextSpan => ({ uri: span.uri, start: span.start + s.start, end: span.start + s.end });
    if (subject !== undefined) {
        const named = namesIn(line.text).filter((n) => n.name === subject).at(-1) ?? line.commands.flatMap((c) => c.shell.words).find((w) => w.text === subject);
        if (named) return at(named.span);
    }
    const command = line.commands.length === 1 ? line.commands[0]!.command : undefined;
    if (error && command?.kind === 'write' && outcome.errnos.length > 0) {
        const value = command.valueSpan;
        return at(value.end > value.start && !/^\S+: /.test(outcome.stderr.replace(/^bash: line 1: echo: /, '')) ? value : command.pathSpan);
    }
    return span;
}

/** What a step is told with: what happened to the object last; for bytes that are lost, who made it as it is. */
function history(run: Run, index: number, name: string, at: TextSpan, made = false): Related[] {
    const maker = made ? madeBy(run, name, index) : undefined;
    const event = maker === undefined ? lastEvent(run, name, index) : { step: maker, message: `${name} was made here` };
    if (!event) return [];
    if (event.step >= 0) {
        const { span } = run.steps[event.step]!.step;
        return span.start === at.start && span.uri === at.uri ? [] : [{ at: span, message: event.message }];
    }
    const range = objectRange(run.boot.state, name);
    const origin = range && originOfRange(run, range.start);
    return origin ? [{ at: origin.focus, message: `${name} comes from here` }] : [];
}

function relatedSteps(run: Run, index: number, note: Note, at: TextSpan): Related[] {
    const names = [...(note.others ?? []), ...(note.subject ? [note.subject] : [])];
    // what alignment takes was decided when the object was made; where others had a part, by what was done to them
    const made = Boolean(note.losses?.length) && !note.others?.length;
    const out: Related[] = [];
    for (const name of names.slice(0, 6)) out.push(...history(run, index, name, at, made));
    return out;
}

// --------------------------------------------------------------------------------------------------------------------- boot

/** The description that a note of the boot is about. */
function noteOrigin(run: Run, note: Note): TextSpan {
    const { range } = note;
    if (range) {
        const inside = originOfRange(run, range.start) ?? run.platform.origins.find((o) => o.range && overlaps(o.range, range));
        if (inside) return inside.focus;
    }
    if (note.subject) {
        const where = objectRange(run.boot.state, note.subject);
        const origin = (where && originOfRange(run, where.start))
            ?? run.platform.origins.find((o) => o.name !== undefined && (o.name === note.subject || (o.kind === 'node' && `node${o.name}` === note.subject)));
        if (origin) return origin.focus;
    }
    const kind = note.code.startsWith('cmdline/') ? 'cmdline' : undefined;
    return run.platform.origins.find((o) => o.kind === kind)?.focus ?? run.platform.at;
}

function relatedOrigins(run: Run, note: Note, at: TextSpan): Related[] {
    return (note.others ?? []).flatMap((name): Related[] => {
        const where = objectRange(run.boot.state, name);
        const origin = where && originOfRange(run, where.start);
        return origin && origin.focus !== at ? [{ at: origin.focus, message: `${name} comes from here` }] : [];
    });
}

function fromNote(note: Note, at: TextSpan, related: readonly Related[]): Finding {
    return { code: note.code, severity: note.severity, message: note.message, at, rules: note.rules, related: [...new Map(related.map((r) => [`${r.at.uri} ${r.at.start}`, r])).values()], ...(note.data ? { data: note.data } : {}) };
}

function unmet(check: Check, related: readonly Related[]): Finding {
    const { expectation, actual = '' } = check;
    const message = expectation.kind === 'iomem'
        ? 'these lines are not in /proc/iomem like this'
        : `not so: ${actual}`;
    return { code: 'expect/unmet', severity: 'error', message, at: unmetPlace(check), rules: [], related, data: { kind: expectation.kind, actual } };
}

/** The first margin line that /proc/iomem does not have; where all lines are there but not nested like that, the first one. */
function unmetPlace({ expectation, actual = '' }: Check): TextSpan {
    if (expectation.kind !== 'iomem') return expectation.span;
    const there = new Set(actual.split('\n').map((l) => l.trim().replace(/\s+/g, ' ')));
    return (expectation.lines.find((l) => !there.has(l.text.trim().replace(/\s+/g, ' '))) ?? expectation.lines[0])?.span ?? expectation.span;
}
