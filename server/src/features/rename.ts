// Renaming of platforms, wherever they are named. The kernel's names are not the author's, and those of nodes and devices are in commands too.
import type { DocumentHighlight, Range, TextEdit, WorkspaceEdit } from 'vscode-languageserver-types';
import type { Analysis } from '../server/analysis.ts';
import { isName } from '../server/language.ts';
import type { FeatureContext } from './context.ts';
import { references } from './definition.ts';
import { nameAt, placesOf } from './names.ts';

/** The name that would be renamed; undefined where there is none that may be. */
export function prepareRename({ analysis }: FeatureContext, offset: number): { range: Range; placeholder: string } | undefined {
    const name = nameAt(analysis, offset);
    return name?.kind === 'platform' && name.given ? { range: analysis.range(name.at), placeholder: name.name } : undefined;
}

/** Undefined where nothing can be renamed; in words why the new name will not do. `others`: documents that may speak of it too. */
export function rename({ analysis }: FeatureContext, offset: number, to: string, others: readonly Analysis[] = []): WorkspaceEdit | { readonly refused: string } | undefined {
    const name = nameAt(analysis, offset);
    if (name?.kind !== 'platform' || !name.given) return undefined;
    if (to === name.name) return { changes: {} };
    if (!isName(to)) return { refused: `\`${to}\` cannot be the name of a platform` };
    const changes: Record<string, TextEdit[]> = {};
    for (const document of [analysis, ...others.filter((o) => o.uri !== analysis.uri)]) {
        const places = placesOf(document, name);
        if (places.length === 0) continue;
        if (document.platformNamed(to)) return { refused: `there is already a platform \`${to}\`` };
        changes[document.uri] = places.map(({ range }) => ({ range, newText: to }));
    }
    return { changes };
}

/** Every place of the document that speaks of what the cursor is on. */
export function highlights(context: FeatureContext, offset: number): DocumentHighlight[] {
    return references(context, offset, true).map(({ range }) => ({ range }));
}
