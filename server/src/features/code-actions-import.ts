// A platform that this file does not know and another file of the workspace has: import that file.
import { type CodeAction, CodeActionKind, type Diagnostic, type Range } from 'vscode-languageserver-types';
import { lineEndOf } from '../language/line-ends.ts';
import type { Analysis } from '../server/analysis.ts';
import { fileOf } from '../server/uri-map.ts';
import type { FeatureContext } from './context.ts';
import { wantedKinds } from './code-actions.ts';
import { relativePath } from './file-renames.ts';

/** Names of unknown platforms between two places of the document, with where they stand. */
export function unknownPlatforms({ analysis }: Pick<FeatureContext, 'analysis'>, range: Range): { readonly name: string; readonly range: Range }[] {
    const [from, to] = [analysis.lines.offsetAt(range.start), analysis.lines.offsetAt(range.end)];
    return analysis.findings().filter((f) => f.code === 'language/unknown-platform').flatMap((f) => {
        const place = analysis.place(f.at);
        return place.start <= to && place.end >= from ? [{ name: analysis.textOf(f.at), range: analysis.range(f.at) }] : [];
    });
}

/** `documents`: of the workspace. */
export function importActions({ analysis, client }: FeatureContext, range: Range, given: readonly Diagnostic[], only: readonly string[] | undefined, documents: readonly Analysis[]): CodeAction[] {
    if (client.textDocument?.codeAction?.codeActionLiteralSupport === undefined || !wantedKinds(only)(CodeActionKind.QuickFix)) return [];
    const here = fileOf(analysis.uri);
    return unknownPlatforms({ analysis }, range).flatMap((unknown) => documents.flatMap((other): CodeAction[] => {
        const file = fileOf(other.uri);
        const path = relativePath(here, file);
        const declares = other.source.units.some((u) => u.platformNames.includes(unknown.name));
        if (file === here || path === undefined || !declares) return [];
        return [{
            title: `Import "${path}"`, kind: CodeActionKind.QuickFix, edit: { changes: { [analysis.uri]: [importOf(analysis, path)] } },
            diagnostics: given.filter((d) => d.code === 'language/unknown-platform' && d.range.start.line === unknown.range.start.line && d.range.start.character === unknown.range.start.character),
        }];
    }));
}

/** The import behind the others; where there is none, at the top, below what the file says of itself. */
function importOf(analysis: Analysis, path: string): { readonly range: Range; readonly newText: string } {
    const { text } = analysis.source;
    const end = lineEndOf(text);
    const last = analysis.source.units.flatMap((u) => u.parsed.items.flatMap((i) => (i.kind === 'import' ? [analysis.place(i.span)] : []))).at(-1);
    const line = last && analysis.lines.lineEnd(analysis.lines.lineOf(last.end));
    if (line !== undefined) return { range: analysis.lines.rangeOf(line, line), newText: `${end}import "${path}"` };
    const header = /^(?:\/\/.*\r?\n)+\r?\n/.exec(text)?.[0].length ?? 0;
    return { range: analysis.lines.rangeOf(header, header), newText: `import "${path}"${end}${end}` };
}
