// The outline: platforms with what they describe and its size, scenarios with their lines and outcomes.
import { type DocumentSymbol, SymbolKind } from 'vscode-languageserver-types';
import { sizeOf } from '../kernel/range.ts';
import type { Origin, TextSpan } from '../language/model.ts';
import { formatApproximate } from '../render/summary.ts';
import { tokens } from '../server/tokens.ts';
import type { FeatureContext } from './context.ts';
import { outcomeHint } from './inlay-hints.ts';

const KINDS: Partial<Record<Origin['kind'], SymbolKind>> = {
    node: SymbolKind.Struct, memory: SymbolKind.Field, hotplug: SymbolKind.Field, pmem: SymbolKind.Object, 'soft-reserved': SymbolKind.Object,
    'virtio-mem': SymbolKind.Object, dimm: SymbolKind.Object, 'cxl-window': SymbolKind.Object, 'cxl-memdev': SymbolKind.Object, namespace: SymbolKind.Field, device: SymbolKind.Field,
    reserved: SymbolKind.Constant, resource: SymbolKind.Constant, e820: SymbolKind.Constant, target: SymbolKind.Interface,
};

export function documentSymbols({ analysis }: FeatureContext): DocumentSymbol[] {
    const symbols: (DocumentSymbol & { at: number })[] = [];
    for (const { lowered } of analysis.platforms) {
        const own = lowered.origins.filter((o) => KINDS[o.kind] !== undefined && analysis.source.unitOf(o.span) !== undefined && inside(o.span, lowered.span));
        symbols.push({
            name: lowered.name || '(unnamed)', kind: SymbolKind.Class, range: analysis.range(lowered.span), selectionRange: analysis.range(lowered.at),
            detail: `platform, kernel ${lowered.machine.kernel}`, children: nest(own, analysis), at: analysis.place(lowered.span).start,
        });
    }
    for (const { lowered } of analysis.scenarios) {
        const run = analysis.runs(lowered)[0];
        const children: DocumentSymbol[] = lowered.steps.map((step) => {
            const ran = run?.steps.find((s) => s.step === step);
            const range = analysis.range(step.span);
            return { name: step.line.text || '(empty)', kind: SymbolKind.Event, range, selectionRange: range, ...(ran ? { detail: outcomeHint(ran) } : {}) };
        });
        symbols.push({
            name: lowered.name || '(unnamed)', kind: SymbolKind.Method, range: analysis.range(lowered.span), selectionRange: analysis.range(lowered.at),
            detail: lowered.platform ? `on ${lowered.platform.name}` : 'scenario', children, at: analysis.place(lowered.span).start,
        });
    }
    return symbols.sort((a, b) => a.at - b.at).map(({ at: _, ...symbol }) => symbol);
}

function inside(inner: { uri: string; start: number; end: number }, outer: { uri: string; start: number; end: number }): boolean {
    return inner.uri === outer.uri && outer.start <= inner.start && inner.end <= outer.end;
}

/** Origins in text order, each under the one that encloses it. */
function nest(origins: readonly Origin[], analysis: FeatureContext['analysis']): DocumentSymbol[] {
    const sorted = [...origins].sort((a, b) => a.span.start - b.span.start || b.span.end - a.span.end);
    const top: DocumentSymbol[] = [];
    const open: { origin: Origin; symbol: DocumentSymbol }[] = [];
    for (const origin of sorted) {
        while (open.length && !inside(origin.span, open.at(-1)!.origin.span)) open.pop();
        const range = analysis.range(origin.span);
        const symbol: DocumentSymbol = {
            name: titleOf(origin, analysis), kind: KINDS[origin.kind]!, range, selectionRange: shrink(analysis.range(origin.focus), range),
            ...(origin.range ? { detail: formatApproximate(sizeOf(origin.range)) } : {}), children: [],
        };
        const parent = open.at(-1);
        if (parent) parent.symbol.children!.push(symbol);
        else top.push(symbol);
        open.push({ origin, symbol });
    }
    return top;
}

/** What tells a description from its neighbours: its name or number, or else its range; of devices and namespaces, how they are made. */
function titleOf({ name, span, focus, range }: Origin, analysis: FeatureContext['analysis']): string {
    const written = (at: TextSpan): string => [...tokens(analysis.textOf(at))].filter((t) => t.kind !== 'comment' && t.kind !== 'line-comment').map((t) => analysis.textOf({ ...at, start: at.start + t.start, end: at.start + t.end })).join(' ');
    if (range) {
        const head = written({ ...span, end: focus.start });
        return head.includes(' ') ? head : `${head} ${name !== undefined && !/^\d+$/.test(name) ? name : analysis.textOf(focus).replace(/\s+/g, ' ')}`;
    }
    const text = written(span);
    return text.startsWith('namespace') ? text.replace(/[{}] ?/g, '').trim() : text.split(' {')[0]!;
}

/** LSP wants the selection inside the range. */
function shrink(selection: DocumentSymbol['range'], range: DocumentSymbol['range']): DocumentSymbol['range'] {
    const before = selection.start.line < range.start.line || (selection.start.line === range.start.line && selection.start.character < range.start.character);
    const after = selection.end.line > range.end.line || (selection.end.line === range.end.line && selection.end.character > range.end.character);
    return before || after ? range : selection;
}
