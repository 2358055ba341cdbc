// Code actions of all kinds, for the place under the cursor: fixes of findings, and refactorings that are there without one.
import { type CodeAction, CodeActionKind, type Diagnostic, type Range, type TextEdit } from 'vscode-languageserver-types';
import { acceptActions, acceptUnmet } from './code-actions-accept.ts';
import { extractActions } from './code-actions-extract.ts';
import { type Asked, ignoreActions, quickFixes, sourceFixAll } from './code-actions-fixes.ts';
import { provisionActions } from './code-actions-provision.ts';
import { rangeActions } from './code-actions-ranges.ts';
import { lineEndOf, withLineEnds } from '../language/line-ends.ts';
import type { Analysis } from '../server/analysis.ts';
import type { FeatureContext } from './context.ts';

/** Every kind there is. An editor asks only those for a kind that say they have it. */
export const ACTION_KINDS = [CodeActionKind.QuickFix, CodeActionKind.RefactorRewrite, CodeActionKind.RefactorExtract, CodeActionKind.SourceFixAll] as const;

/** `given`: diagnostics that the client shows there; `only`: kinds that it asks for. */
export function codeActions({ analysis, client }: FeatureContext, range: Range, given: readonly Diagnostic[], only: readonly string[] | undefined): CodeAction[] {
    if (client.textDocument?.codeAction?.codeActionLiteralSupport === undefined) return [];
    const wanted = wantedKinds(only);
    const asked: Asked = {
        analysis, given, from: analysis.lines.offsetAt(range.start), to: analysis.lines.offsetAt(range.end), preferred: client.textDocument.codeAction.isPreferredSupport === true,
    };
    const fixes = [...quickFixes(asked), ...acceptUnmet(analysis, asked.from, asked.to, given)];
    const actions = [...fixes, ...acceptActions(analysis, asked.from, given), ...ignoreActions(asked)].filter((a) => wanted(a.kind!));
    if (wanted(CodeActionKind.RefactorRewrite)) actions.push(...rangeActions(analysis, asked.from), ...provisionActions(analysis, asked.from));
    if (wanted(CodeActionKind.RefactorExtract)) actions.push(...extractActions(analysis, asked.from));
    // Asked for by name only: VS Code runs it when a file is saved.
    if (only && wanted(CodeActionKind.SourceFixAll)) actions.push(...sourceFixAll(asked));
    for (const { edit } of actions) for (const [uri, edits] of Object.entries(edit?.changes ?? {})) useLineEnds(analysis, uri, edits);
    return actions;
}

/** Is a kind among those that are asked for? */
export function wantedKinds(only: readonly string[] | undefined): (kind: string) => boolean {
    return (kind) => !only || only.some((o) => o === '' || kind === o || kind.startsWith(`${o}.`));
}

/** What is written into a document ends its lines as the document does. */
function useLineEnds(analysis: Analysis, uri: string, edits: TextEdit[]): void {
    const end = lineEndOf(analysis.sources.find((s) => s.uri === uri)?.text ?? '');
    for (const edit of edits) edit.newText = withLineEnds(edit.newText, end);
}
