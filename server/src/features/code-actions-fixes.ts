// Fixes from the catalogue for the findings at a place, all of one code at once, and the comment that silences one.
import { type CodeAction, CodeActionKind, type Diagnostic, type Range, type TextEdit } from 'vscode-languageserver-types';
import { catalogued } from '../diagnostics/catalogue.ts';
import type { Fix, FixContext, TextEdit as FixEdit } from '../diagnostics/diagnostic.ts';
import type { Finding, LoweredPlatform, TextSpan } from '../language/model.ts';
import type { Analysis } from '../server/analysis.ts';

/** What is asked for, and where: offsets in the document. */
export interface Asked {
    readonly analysis: Analysis;
    readonly given: readonly Diagnostic[];
    readonly from: number;
    readonly to: number;
    /** The client knows preferred fixes. */
    readonly preferred: boolean;
}

export function quickFixes({ analysis, given, from, to, preferred }: Asked): CodeAction[] {
    const actions: CodeAction[] = [];
    const context = fixContext(analysis);
    const codes = new Set<string>();
    for (const finding of analysis.findings()) {
        const place = analysis.place(finding.at);
        if (place.start > to || place.end < from) continue;
        const diagnostics = given.filter((d) => d.code === finding.code && sameStart(d.range, analysis.range(finding.at)));
        for (const fix of fixesOf(finding, context)) {
            actions.push({
                title: fix.title, kind: CodeActionKind.QuickFix, diagnostics, edit: { changes: edits(analysis, fix.edits) },
                ...(fix.preferred && preferred ? { isPreferred: true } : {}),
            });
        }
        codes.add(finding.code);
        actions.push(ignore(analysis, finding, diagnostics));
    }
    for (const code of codes) {
        const all = together(analysis.findings().filter((f) => f.code === code), context);
        if (all.count > 1) actions.push({ title: `Fix all ${all.count} of ${code} in this file`, kind: CodeActionKind.QuickFix, edit: { changes: edits(analysis, all.edits) } });
    }
    return actions;
}

/** Every preferred fix of the file, of all codes. */
export function sourceFixAll({ analysis }: Asked): CodeAction[] {
    const all = together(analysis.findings(), fixContext(analysis));
    return all.count === 0 ? [] : [{ title: `Apply all ${all.count} preferred fixes`, kind: CodeActionKind.SourceFixAll, edit: { changes: edits(analysis, all.edits) } }];
}

function fixesOf(finding: Finding, context: FixContext): readonly Fix[] {
    return catalogued(finding.code)?.fix?.(finding, context) ?? [];
}

/** The preferred fixes of some findings in one go; of two that touch the same text the first. */
function together(findings: readonly Finding[], context: FixContext): { readonly count: number; readonly edits: readonly FixEdit[] } {
    const out: FixEdit[] = [];
    let count = 0;
    for (const finding of findings) {
        const fix = fixesOf(finding, context).find((f) => f.preferred);
        if (!fix || fix.edits.some((e) => out.some((o) => o.at.uri === e.at.uri && o.at.start <= e.at.end && e.at.start <= o.at.end))) continue;
        out.push(...fix.edits);
        count++;
    }
    return { count, edits: out };
}

export function fixContext(analysis: Analysis): FixContext {
    const unitText = (span: TextSpan): string => analysis.source.unitOf(span)?.text ?? '';
    const lineOf = (at: TextSpan): TextSpan => {
        const text = unitText(at);
        const start = text.lastIndexOf('\n', at.start - 1) + 1;
        const end = text.indexOf('\n', at.end);
        return { uri: at.uri, start, end: end < 0 ? text.length : end };
    };
    return {
        text: (span) => analysis.textOf(span),
        indent: (at) => /^[ \t]*/.exec(unitText(at).slice(lineOf(at).start))![0],
        line: lineOf,
        bootLine: (at) => {
            const platform = platformOf(analysis, at);
            if (!platform) return undefined;
            const written = platform.described.cmdline;
            const own = written && written.at.uri === platform.span.uri && written.at.start >= platform.span.start && written.at.end <= platform.span.end;
            if (own) return { at: { ...written.at, start: written.at.start + 1, end: written.at.end - 1 }, before: written.value === '' ? '' : `${written.value} `, after: '' };
            const brace = analysis.textOf(platform.span).indexOf('{');
            if (brace < 0) return undefined;
            const start = platform.span.start + brace + 1;
            const inherited = written ? `${written.value} ` : '';
            return { at: { ...platform.span, start, end: start }, before: `\n    cmdline "${inherited}`, after: '"' };
        },
    };
}

/** The platform of this document that a place belongs to: its own, or that of the scenario around it. */
function platformOf(analysis: Analysis, at: TextSpan): LoweredPlatform | undefined {
    const { start } = analysis.place(at);
    const platform = analysis.platformAt(start)?.lowered ?? analysis.scenarioAt(start)?.lowered.platform;
    return platform && analysis.platforms.some((p) => p.lowered === platform) ? platform : undefined;
}

export function edits(analysis: Analysis, all: readonly FixEdit[]): Record<string, TextEdit[]> {
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

function sameStart(a: Range, b: Range): boolean {
    return a.start.line === b.start.line && a.start.character === b.start.character;
}
