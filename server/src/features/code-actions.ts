// Code actions of all kinds, for the place under the cursor: fixes of findings, and refactorings that are there without one.
import { type CodeAction, CodeActionKind, type Diagnostic, type Range } from 'vscode-languageserver-types';
import { acceptActions } from './code-actions-accept.ts';
import { extractActions } from './code-actions-extract.ts';
import { type Asked, quickFixes, sourceFixAll } from './code-actions-fixes.ts';
import { provisionActions } from './code-actions-provision.ts';
import { rangeActions } from './code-actions-ranges.ts';
import type { FeatureContext } from './context.ts';

/** `given`: diagnostics that the client shows there; `only`: kinds that it asks for. */
export function codeActions({ analysis, client }: FeatureContext, range: Range, given: readonly Diagnostic[], only: readonly string[] | undefined): CodeAction[] {
    if (client.textDocument?.codeAction?.codeActionLiteralSupport === undefined) return [];
    const wanted = (kind: string): boolean => !only || only.some((o) => kind === o || kind.startsWith(`${o}.`));
    const asked: Asked = {
        analysis, given, from: analysis.lines.offsetAt(range.start), to: analysis.lines.offsetAt(range.end), preferred: client.textDocument.codeAction.isPreferredSupport === true,
    };
    const actions: CodeAction[] = [];
    if (wanted(CodeActionKind.QuickFix)) actions.push(...quickFixes(asked));
    if (wanted(CodeActionKind.RefactorRewrite)) actions.push(...acceptActions(analysis, asked.from), ...rangeActions(analysis, asked.from), ...provisionActions(analysis, asked.from));
    if (wanted(CodeActionKind.RefactorExtract)) actions.push(...extractActions(analysis, asked.from));
    // Asked for by name only: VS Code runs it when a file is saved.
    if (only && wanted(CodeActionKind.SourceFixAll)) actions.push(...sourceFixAll(asked));
    return actions;
}
