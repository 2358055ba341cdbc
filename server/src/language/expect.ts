// `expect …`: does what the author expects hold in the simulated state, and if not, what holds instead?
import type { Loss, Outcome } from '../kernel/outcome.ts';
import { formatSize, PAGE } from '../kernel/range.ts';
import { BUSY, formatIomem, type Resource, SYSTEM_RAM, walk } from '../kernel/resource.ts';
import type { KernelState } from '../kernel/state.ts';
import type { Check, Expectation } from './model.ts';

/** What an expectation may look at. */
export interface Moment {
    readonly boot: Outcome;
    /** Steps before this one. */
    readonly steps: readonly { readonly outcome: Outcome }[];
    /** State after this step. */
    readonly state: KernelState;
    readonly outcome: Outcome;
}

export function checkExpectation(expectation: Expectation, m: Moment): Check {
    const actual = difference(expectation, m);
    return actual === undefined ? { expectation, met: true } : { expectation, met: false, actual };
}

/** What was found instead; undefined where the expectation holds. */
function difference(e: Expectation, m: Moment): string | undefined {
    switch (e.kind) {
        case 'ok':
            return m.outcome.status === 0 ? undefined : failure(m.outcome);
        case 'fails': {
            if (m.outcome.status === 0) return 'it succeeds';
            const { errno } = e;
            return errno === undefined || m.outcome.errnos.some((x) => x === errno) ? undefined : failure(m.outcome);
        }
        case 'log':
            if (m.outcome.log.some((line) => line.text.includes(e.text))) return undefined;
            return m.outcome.log.length === 0 ? 'the kernel logs nothing' : `the kernel logs: ${m.outcome.log.map((l) => l.text).join(' / ')}`;
        case 'iomem':
            return iomem(e, m.state);
        case 'blocks':
            return blocks(e, m.state);
        default: {
            const actual = amountOf(e, m);
            return e.bytes === actual ? undefined : `it is ${formatSize(actual)}`;
        }
    }
}

/** The bytes that an expectation of an amount is about, as they are. */
export function amountOf(e: Expectation & { kind: 'ram' | 'lost' | 'node-memory' }, m: Moment): number {
    switch (e.kind) {
        case 'ram':
            return ramOf(m.state, e.subject);
        case 'lost':
            return lossOf(m, e.subject);
        case 'node-memory':
            return nodeMemory(m.state, e.node);
    }
}

function failure(outcome: Outcome): string {
    return `it fails${outcome.errnos.length > 0 ? ` with ${outcome.errnos.join(', ')}` : ''}`;
}

/** Bytes of System RAM that belong to a kernel object (what lies below its entry in iomem), or to memory blocks of a node. */
export function ramOf(state: KernelState, subject: string): number {
    const node = /^node(\d+)$/.exec(subject);
    if (node) return nodeMemory(state, Number(node[1]));
    let bytes = 0;
    for (const { resource } of walk(state.iomem)) if (resource.name === subject) bytes += ramBelow(resource);
    return bytes;
}

function ramBelow(resource: Resource): number {
    // The parent of a virtio-mem device is marked as RAM too, but not busy
    if ((resource.flags & (SYSTEM_RAM | BUSY)) === (SYSTEM_RAM | BUSY)) return resource.end - resource.start + 1;
    return resource.children.reduce((sum, child) => sum + ramBelow(child), 0);
}

/** Bytes of online memory of a node. */
export function nodeMemory(state: KernelState, node: number): number {
    return state.memory.zones.filter((z) => z.node === node).reduce((sum, z) => sum + z.present * PAGE, 0);
}

/** Bytes that an object lost up to this moment, each range once. */
export function lossOf(m: Moment, subject: string): number {
    const lost = new Map<string, Loss>();
    for (const outcome of [m.boot, ...m.steps.map((s) => s.outcome), m.outcome]) {
        for (const note of outcome.notes) {
            for (const loss of note.losses ?? []) if (loss.subject === subject) lost.set(`${loss.range.start} ${loss.range.end}`, loss);
        }
    }
    return [...lost.values()].reduce((sum, l) => sum + l.bytes, 0);
}

// ------------------------------------------------------------------------------------------------------------------- blocks

function blocks(e: Expectation & { kind: 'blocks' }, state: KernelState): string | undefined {
    const wrong: string[] = [];
    let next = e.first;
    const gap = (to: number): void => {
        if (next <= to) wrong.push(`${span(next, to)} ${next === to ? 'is' : 'are'} not there`);
    };
    for (const run of state.memory.blocks) {
        if (run.last < e.first || run.first > e.last) continue;
        const first = Math.max(run.first, e.first);
        const last = Math.min(run.last, e.last);
        gap(first - 1);
        next = last + 1;
        const zone = run.zone ?? 'none';
        if (run.state !== e.state || (e.zone !== undefined && run.state === 'online' && zone !== e.zone)) {
            wrong.push(`${span(first, last)} ${first === last ? 'is' : 'are'} ${run.state}${run.state === 'online' ? ` ${zone}` : ''}`);
        }
    }
    gap(e.last);
    return wrong.length === 0 ? undefined : wrong.join(', ');
}

function span(first: number, last: number): string {
    return first === last ? `memory${first}` : `memory${first}-${last}`;
}

// -------------------------------------------------------------------------------------------------------------------- iomem

interface Line {
    readonly text: string;
    readonly children: Line[];
}

function iomem(e: Expectation & { kind: 'iomem' }, state: KernelState): string | undefined {
    const printed = formatIomem(state.iomem, state.profile.iomemDepth);
    const wanted = e.lines.map((l) => l.text).filter((t) => t.trim() !== '');
    if (e.exactly) return wanted.map(squeeze).join('\n') === printed.trimEnd().split('\n').map(squeeze).join('\n') ? undefined : printed;
    const actual = nest(printed.split('\n'));
    return nest(wanted).every((line) => occurs(line, actual)) ? undefined : printed;
}

/** A line with its indent and single blanks in its text. */
function squeeze(line: string): string {
    const indent = line.length - line.trimStart().length;
    return ' '.repeat(indent) + line.trim().replace(/\s+/g, ' ');
}

function nest(lines: readonly string[]): Line[] {
    const roots: Line[] = [];
    const open: { readonly indent: number; readonly line: Line }[] = [];
    for (const text of lines) {
        if (text.trim() === '') continue;
        const indent = text.length - text.trimStart().length;
        while (open.length > 0 && open.at(-1)!.indent >= indent) open.pop();
        const line: Line = { text: text.trim().replace(/\s+/g, ' '), children: [] };
        (open.at(-1)?.line.children ?? roots).push(line);
        open.push({ indent, line });
    }
    return roots;
}

/** Does the line stand anywhere in the forest, with its children as children? */
function occurs(wanted: Line, forest: readonly Line[]): boolean {
    return forest.some((line) => matches(wanted, line) || occurs(wanted, line.children));
}

function matches(wanted: Line, line: Line): boolean {
    return line.text === wanted.text && wanted.children.every((w) => line.children.some((c) => matches(w, c)));
}
