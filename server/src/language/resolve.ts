// Names inside transcript lines: what a word is in the simulated state at that line, and where it came from.
import type { Span } from '../commands/shell.ts';
import { lastEvent, madeBy, type ObjectKind, objectKind, objectRange, originOfRange, stateBefore } from './history.ts';
import type { Origin, Run, TextSpan } from './model.ts';

export interface ResolvedName {
    readonly name: string;
    /** In the line's text. */
    readonly span: Span;
    /** What it is; undefined where there is no such thing at this line. */
    readonly kind?: ObjectKind;
    /** Index of the step that made it; −1 = the boot. */
    readonly step?: number;
    /** Place of that step; for things that are there since boot, of the description they come from. */
    readonly madeAt?: TextSpan;
    /** The description that its addresses come from. */
    readonly origin?: Origin;
    /** Where it went, when it was there once: `dax0.0 went away here`. */
    readonly gone?: { readonly at: TextSpan; readonly message: string };
}

/** Names of kernel objects as they stand in paths, options and values. */
const NAME = /(?:dax|namespace|pfn|btt|region|nmem|memory|node|virtio|hmem\.|mem|pmem)\d+(?:\.\d+)?/g;

/** All names of kernel objects in a line, in order. */
export function namesIn(text: string): { readonly name: string; readonly span: Span }[] {
    return [...text.matchAll(NAME)]
        .filter((m) => !/[A-Za-z0-9_.]/.test(text[m.index - 1] ?? '') && !/[A-Za-z0-9_]/.test(text[m.index + m[0].length] ?? ''))
        .map((m) => ({ name: m[0], span: { start: m.index, end: m.index + m[0].length } }));
}

/** What the word at an offset of a step's line is; undefined where there is no name. `before`: seen before the step, else after it. */
export function resolveName(run: Run, step: number, offset: number): ResolvedName | undefined {
    const line = run.steps[step]?.step.line;
    const found = line && namesIn(line.text).find((n) => n.span.start <= offset && offset <= n.span.end);
    if (found) return { ...found, ...resolveObject(run, step, found.name) };
    // Modules and things the author named are words of their own.
    const word = line?.commands.flatMap((c) => c.shell.words).find((w) => w.span.start <= offset && offset <= w.span.end);
    if (!word) return undefined;
    const about = resolveObject(run, step, word.text);
    return about.kind ? { name: word.text, span: word.span, ...about } : undefined;
}

/** What a name means at a step: as it is before the step, or, where the step itself makes it, after. */
export function resolveObject(run: Run, step: number, name: string): Omit<ResolvedName, 'name' | 'span'> {
    for (const at of [step, step + 1]) {
        const state = stateBefore(run, at);
        const kind = objectKind(state, name);
        if (kind === undefined) continue;
        const made = madeBy(run, name, at)!;
        const range = objectRange(state, name);
        const origin = range && originOfRange(run, range.start);
        const madeAt = made >= 0 ? run.steps[made]!.step.span : origin?.focus ?? run.platform.at;
        return { kind, step: made, madeAt, ...(origin ? { origin } : {}) };
    }
    const event = lastEvent(run, name, step);
    return event?.what === 'gone' && event.step >= 0 ? { gone: { at: run.steps[event.step]!.step.span, message: event.message } } : {};
}
