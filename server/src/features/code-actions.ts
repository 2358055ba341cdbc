// Quick fixes from the catalogue, and the acceptance of what the simulator says as an expectation.
import { type CodeAction, CodeActionKind, type Diagnostic, type Range, type TextEdit } from 'vscode-languageserver-types';
import { catalogued } from '../diagnostics/catalogue.ts';
import type { FixContext, TextEdit as FixEdit } from '../diagnostics/diagnostic.ts';
import type { Finding, TextSpan } from '../language/model.ts';
import type { Analysis } from '../server/analysis.ts';
import type { FeatureContext } from './context.ts';

export function codeActions({ analysis, client }: FeatureContext, range: Range, given: readonly Diagnostic[], only: readonly string[] | undefined): CodeAction[] {
    if (client.textDocument?.codeAction?.codeActionLiteralSupport === undefined) return [];
    const wanted = (kind: string): boolean => !only || only.some((o) => kind === o || kind.startsWith(`${o}.`));
    const actions: CodeAction[] = [];
    const from = analysis.lines.offsetAt(range.start);
    const to = analysis.lines.offsetAt(range.end);
    if (wanted(CodeActionKind.QuickFix)) {
        const context = fixContext(analysis);
        for (const finding of analysis.findings()) {
            const place = analysis.place(finding.at);
            if (place.start > to || place.end < from) continue;
            const diagnostics = given.filter((d) => d.code === finding.code && sameStart(d.range, analysis.range(finding.at)));
            for (const fix of catalogued(finding.code)?.fix?.(finding, context) ?? []) {
                actions.push({
                    title: fix.title, kind: CodeActionKind.QuickFix, diagnostics, edit: { changes: edits(analysis, fix.edits) },
                    ...(fix.preferred && client.textDocument.codeAction.isPreferredSupport ? { isPreferred: true } : {}),
                });
            }
            actions.push(ignore(analysis, finding, diagnostics));
        }
    }
    if (wanted(CodeActionKind.RefactorRewrite)) actions.push(...acceptActions(analysis, from));
    return actions;
}

function fixContext(analysis: Analysis): FixContext {
    const unitText = (span: TextSpan): string => analysis.source.unitOf(span)?.part.text ?? '';
    return {
        text: (span) => analysis.textOf(span),
        indent: (at) => {
            const text = unitText(at);
            const start = text.lastIndexOf('\n', at.start - 1) + 1;
            return /^[ \t]*/.exec(text.slice(start))![0];
        },
        line: (at) => {
            const text = unitText(at);
            const start = text.lastIndexOf('\n', at.start - 1) + 1;
            const end = text.indexOf('\n', at.end);
            return { uri: at.uri, start, end: end < 0 ? text.length : end };
        },
    };
}

function edits(analysis: Analysis, all: readonly FixEdit[]): Record<string, TextEdit[]> {
    const byUri: Record<string, TextEdit[]> = {};
    for (const edit of all) {
        const { uri, range } = analysis.location(edit.at);
        (byUri[uri] ??= []).push({ range, newText: edit.text });
    }
    return byUri;
}

function ignore(analysis: Analysis, finding: Finding, diagnostics: Diagnostic[]): CodeAction {
    const place = analysis.place(finding.at);
    const line = analysis.lines.lineOf(place.start);
    const text = analysis.source.text.slice(analysis.lines.lineStart(line), analysis.lines.lineEnd(line));
    const indent = /^[ \t]*/.exec(text)![0];
    const at = { line, character: 0 };
    return {
        title: `Ignore ${finding.code} here`, kind: CodeActionKind.QuickFix, diagnostics,
        edit: { changes: { [analysis.uri]: [{ range: { start: at, end: at }, newText: `${indent}// memtopo-ignore ${finding.code} reason\n` }] } },
    };
}

/** `expect …` from the simulated result, for the step under the cursor. */
function acceptActions(analysis: Analysis, offset: number): CodeAction[] {
    const found = analysis.stepAt(offset);
    if (!found || found.step.outcome.notSimulated !== undefined) return [];
    const { outcome, step } = found.step;
    const place = analysis.place(step.span);
    const line = analysis.lines.lineOf(place.end);
    const indent = /^[ \t]*/.exec(analysis.source.text.slice(analysis.lines.lineStart(line)))![0];
    const end = analysis.lines.positionAt(analysis.lines.lineEnd(line));
    const insert = (title: string, lines: readonly string[]): CodeAction => ({
        title, kind: CodeActionKind.RefactorRewrite,
        edit: { changes: { [analysis.uri]: [{ range: { start: end, end }, newText: lines.map((l) => `\n${indent}${l}`).join('') }] } },
    });
    const actions: CodeAction[] = [];
    if (outcome.status !== 0 && !step.expectations.some((e) => e.kind === 'fails')) {
        actions.push(insert('Expect this failure', [`expect fails${outcome.errnos[0] ? ` ${outcome.errnos[0]}` : ''}`]));
    } else if (outcome.status === 0 && !step.expectations.some((e) => e.kind === 'ok')) actions.push(insert('Expect success', ['expect ok']));
    const log = outcome.log.find((l) => l.level === 'err' || l.level === 'warn');
    if (log && !step.expectations.some((e) => e.kind === 'log')) actions.push(insert('Expect the kernel’s message', [`expect log "${log.text.replace(/["\\]/g, '\\$&')}"`]));
    return actions;
}

function sameStart(a: Range, b: Range): boolean {
    return a.start.line === b.start.line && a.start.character === b.start.character;
}
