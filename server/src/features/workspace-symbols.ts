// Symbols of everything open and everything it imports: platforms, scenarios, and what platforms describe by name.
import { SymbolKind, type WorkspaceSymbol } from 'vscode-languageserver-types';
import type { Analysis } from '../server/analysis.ts';

/** More than these are never read. */
const MOST = 500;

/** Symbols whose name holds the letters of `query` in their order, as editors match. Flat: every client takes them. */
export function workspaceSymbols(analyses: readonly Analysis[], query: string): (WorkspaceSymbol & { location: { range: object } })[] {
    const out: (WorkspaceSymbol & { location: { uri: string; range: ReturnType<Analysis['range']> } })[] = [];
    const seen = new Set<string>();
    const wanted = matcher(query);
    for (const analysis of analyses) {
        for (const source of analysis.sources) {
            if (seen.has(source.uri)) continue;
            seen.add(source.uri);
            for (const unit of source.ready) {
                for (const item of unit.parsed.items) {
                    if (out.length >= MOST) return out;
                    if (item.kind === 'import' || !wanted(item.name)) continue;
                    out.push({ name: item.name, kind: item.kind === 'platform' ? SymbolKind.Class : SymbolKind.Method, location: analysis.location(item.at), containerName: fileName(source.uri) });
                }
            }
        }
        for (const { lowered } of analysis.platforms) {
            for (const origin of lowered.origins) {
                if (out.length >= MOST) return out;
                if (origin.name === undefined || /^[\d ]*$/.test(origin.name) || origin.kind === 'platform' || origin.kind === 'config' || !wanted(origin.name)) continue;
                if (origin.span.uri !== lowered.span.uri) continue;
                out.push({ name: origin.name, kind: SymbolKind.Object, location: analysis.location(origin.focus), containerName: lowered.name });
            }
        }
    }
    return out;
}

function matcher(query: string): (name: string) => boolean {
    const letters = [...query.toLowerCase()].filter((c) => !/\s/.test(c));
    return (name) => {
        const text = name.toLowerCase();
        let at = 0;
        for (const letter of letters) {
            at = text.indexOf(letter, at) + 1;
            if (at === 0) return false;
        }
        return true;
    };
}

function fileName(uri: string): string {
    const last = uri.slice(uri.lastIndexOf('/') + 1);
    try {
        return decodeURIComponent(last);
    } catch {
        return last;
    }
}
