// The preview as it changes: of two models one after the other only what differs travels, and whoever holds the first makes the second
// of it. What stayed the same stays the same object, so that a page need not draw it again.
import type { PreviewModel, PreviewParams, PreviewSpan } from './preview-protocol.ts';

/** `have`: stamp of the model that the asker holds; absent where it holds none. */
export interface PreviewRequest extends PreviewParams {
    readonly have?: number;
}

/** A model whole, or as what has changed since the one that the asker holds. `stamp` names it from now on. */
export type PreviewAnswer =
    | { readonly stamp: number; readonly model: PreviewModel }
    | { readonly stamp: number; readonly base: number; readonly change: PreviewChange };

export interface PreviewChange {
    /** Typing moves all that lies behind it in the text: first every place from `from` on moves by so many characters. */
    readonly shift?: { readonly from: number; readonly by: number };
    /** Then this. Absent: nothing else differs. */
    readonly delta?: Delta;
}

/** How one piece of plain data becomes another. */
export type Delta =
    | { readonly to: unknown }
    /** Properties that change, and those that go. */
    | { readonly set: Readonly<Record<string, Delta>>; readonly drop: readonly string[] }
    /** From index `at` on, `cut` items make room for `put`. */
    | { readonly at: number; readonly cut: number; readonly put: readonly unknown[] }
    /** Items that change in place. */
    | { readonly items: readonly (readonly [index: number, Delta])[] };

// ------------------------------------------------------------------------------------------------------------- plain data

type Plain = Readonly<Record<string, unknown>>;

const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A property of the data itself: names are the user's, and every object inherits a `toString`. */
const own = (data: Plain, key: string): unknown => (Object.hasOwn(data, key) ? data[key] : undefined);

/** What turns `before` into `after`; undefined where they say the same. A property that is undefined counts as absent. */
export function deltaOf(before: unknown, after: unknown): Delta | undefined {
    if (before === after) return undefined;
    if (Array.isArray(before) && Array.isArray(after)) return arrayDelta(before, after);
    if (!isPlain(before) || !isPlain(after)) return { to: after };
    const set: [key: string, Delta][] = [];
    for (const [key, value] of Object.entries(after)) {
        if (value === undefined) continue;
        const held = own(before, key);
        const delta = held === undefined ? { to: value } : deltaOf(held, value);
        if (delta) set.push([key, delta]);
    }
    const drop = Object.keys(before).filter((key) => before[key] !== undefined && own(after, key) === undefined);
    return set.length > 0 || drop.length > 0 ? { set: Object.fromEntries(set), drop } : undefined;
}

function arrayDelta(before: readonly unknown[], after: readonly unknown[]): Delta | undefined {
    const shorter = Math.min(before.length, after.length);
    let head = 0;
    while (head < shorter && deltaOf(before[head], after[head]) === undefined) head++;
    if (head === before.length && head === after.length) return undefined;
    let tail = 0;
    while (tail < shorter - head && deltaOf(before[before.length - 1 - tail], after[after.length - 1 - tail]) === undefined) tail++;
    const cut = before.length - head - tail;
    const put = after.slice(head, after.length - tail);
    if (cut !== put.length) return { at: head, cut, put };
    return { items: put.flatMap((item, i) => {
        const delta = deltaOf(before[head + i], item);
        return delta ? [[head + i, delta] as const] : [];
    }) };
}

/** `before` with a delta of it applied. Neither is changed; what the delta does not touch is shared. */
export function withDelta(before: unknown, delta: Delta): unknown {
    if ('to' in delta) return delta.to;
    if ('set' in delta) {
        const out = new Map(Object.entries(before as Plain));
        for (const key of delta.drop) out.delete(key);
        for (const [key, change] of Object.entries(delta.set)) out.set(key, 'to' in change ? change.to : withDelta(out.get(key), change));
        return Object.fromEntries(out);
    }
    const out = [...(before as readonly unknown[])];
    if ('items' in delta) for (const [index, change] of delta.items) out[index] = withDelta(out[index], change);
    else out.splice(delta.at, delta.cut, ...delta.put);
    return out;
}

// ------------------------------------------------------------------------------------------------------------------ models

/** All places in the text that a model names, in an order that two like models share. */
function placesOf(model: PreviewModel): PreviewSpan[] {
    const { run } = model;
    const out = model.subjects.map((s) => s.at);
    if (!run) return out;
    out.push(run.platform.at);
    if (run.scenario) out.push(run.scenario.at);
    for (const step of run.steps) {
        out.push(step.at);
        for (const check of step.checks) out.push(check.at);
    }
    for (const line of run.iomem) if (line.at) out.push(line.at);
    for (const key in run.places) out.push(run.places[key]!);
    return out;
}

/** The model with places of its own, which `changeOf` may move. */
export function detached(model: PreviewModel): PreviewModel {
    const own = <T extends { readonly at?: PreviewSpan }>(item: T): T => (item.at ? { ...item, at: { ...item.at } } : item);
    const { run } = model;
    return {
        ...model, subjects: model.subjects.map(own),
        ...(run ? { run: {
            ...run, platform: own(run.platform), ...(run.scenario ? { scenario: own(run.scenario) } : {}),
            steps: run.steps.map((step) => ({ ...own(step), checks: step.checks.map(own) })), iomem: run.iomem.map(own),
            places: Object.fromEntries(Object.entries(run.places).map(([key, place]) => [key, { ...place }])),
        } } : {}),
    };
}

/** By how much most places moved between two models, and from where on. */
function shiftBetween(before: PreviewModel, after: PreviewModel): PreviewChange['shift'] {
    const old = placesOf(before);
    const now = placesOf(after);
    const seen = new Map<number, { count: number; from: number }>();
    for (let i = 0; i < Math.min(old.length, now.length); i++) {
        const by = now[i]!.start - old[i]!.start;
        if (by === 0) continue;
        const entry = seen.get(by);
        if (entry) {
            entry.count++;
            entry.from = Math.min(entry.from, old[i]!.start);
        } else seen.set(by, { count: 1, from: old[i]!.start });
    }
    const [most] = [...seen].sort(([, a], [, b]) => b.count - a.count);
    return most && { by: most[0], from: most[1].from };
}

/** Moves places where they stand, so that a line that only moved in the text is still the same line. */
function shiftPlaces(model: PreviewModel, { from, by }: NonNullable<PreviewChange['shift']>): void {
    for (const place of placesOf(model) as { start: number; end: number; uri?: string }[]) {
        if (place.uri !== undefined) continue;
        if (place.start >= from) place.start += by;
        if (place.end > from) place.end += by;
    }
}

/** What turns one model into another. The first one is used up: its places are moved. */
export function changeOf(before: PreviewModel, after: PreviewModel): PreviewChange {
    const shift = before.uri === after.uri ? shiftBetween(before, after) : undefined;
    if (shift) shiftPlaces(before, shift);
    const delta = deltaOf(before, after);
    return { ...(shift ? { shift } : {}), ...(delta ? { delta } : {}) };
}

/** The second model out of the first, which is used up. */
export function changed(before: PreviewModel, { shift, delta }: PreviewChange): PreviewModel {
    if (shift) shiftPlaces(before, shift);
    return delta ? withDelta(before, delta) as PreviewModel : before;
}
