// Fixes from the catalogue for the findings at a place, all of one code at once, and the comment that silences one.
import { type CodeAction, CodeActionKind, type Diagnostic, type Range, type TextEdit } from 'vscode-languageserver-types';
import { catalogued } from '../diagnostics/catalogue.ts';
import { cutOut } from '../diagnostics/cut.ts';
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

/** Families that are about the text itself: nobody has a reason to leave these as they are, and to offer it is in the way. */
const MISTAKES = /^(?:language|ignore|expect|internal)\//;

/** Fixes of the findings at a place, then those of all findings of their codes. */
export function quickFixes(asked: Asked): CodeAction[] {
    const { analysis, preferred } = asked;
    const context = fixContext(analysis);
    const here = findingsAt(asked);
    const actions = here.flatMap((finding) => fixesOf(finding, context).map((fix): CodeAction => ({
        title: fix.title, kind: CodeActionKind.QuickFix, diagnostics: diagnosticsOf(asked, finding), edit: { changes: edits(analysis, fix.edits) },
        ...(fix.preferred && preferred ? { isPreferred: true } : {}),
    })));
    for (const code of new Set(here.map((f) => f.code))) {
        const all = together(analysis.findings().filter((f) => f.code === code), context);
        if (all.count > 1) actions.push({ title: `Fix all ${all.count} of ${code} in this file`, kind: CodeActionKind.QuickFix, edit: { changes: edits(analysis, all.edits) } });
    }
    return actions;
}

/** Comments that silence the findings at a place: one for all of a code on a line. */
export function ignoreActions(asked: Asked): CodeAction[] {
    const actions = new Map<string, CodeAction>();
    for (const finding of findingsAt(asked)) {
        if (MISTAKES.test(finding.code)) continue;
        const key = `${finding.code} ${asked.analysis.range(finding.at).start.line}`;
        const diagnostics = diagnosticsOf(asked, finding);
        const known = actions.get(key);
        if (known) known.diagnostics!.push(...diagnostics);
        else actions.set(key, ignore(asked.analysis, finding, diagnostics));
    }
    return [...actions.values()];
}

function findingsAt({ analysis, from, to }: Asked): Finding[] {
    return analysis.findings().filter((f) => {
        const place = analysis.place(f.at);
        return place.start <= to && place.end >= from;
    });
}

/** What the client shows for a finding. */
function diagnosticsOf({ analysis, given }: Asked, finding: Finding): Diagnostic[] {
    return given.filter((d) => d.code === finding.code && sameStart(d.range, analysis.range(finding.at)));
}

/** Every safe fix of the file, of all codes: who has files fixed on saving did not ask for another machine. */
export function sourceFixAll({ analysis }: Asked): CodeAction[] {
    const all = together(analysis.findings(), fixContext(analysis), (fix) => fix.safe === true);
    return all.count === 0 ? [] : [{ title: `Apply all safe fixes (${all.count})`, kind: CodeActionKind.SourceFixAll, edit: { changes: edits(analysis, all.edits) } }];
}

function fixesOf(finding: Finding, context: FixContext): readonly Fix[] {
    return catalogued(finding.code)?.fix?.(finding, context) ?? [];
}

/** The preferred fixes of some findings in one go; of two that touch the same text the first. */
function together(findings: readonly Finding[], context: FixContext, wanted: (fix: Fix) => boolean = () => true): { readonly count: number; readonly edits: readonly FixEdit[] } {
    const out: FixEdit[] = [];
    let count = 0;
    for (const finding of findings) {
        const fix = fixesOf(finding, context).find((f) => f.preferred && wanted(f));
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
        const rest = text.slice(at.end).search(/\r?\n/);
        return { uri: at.uri, start, end: rest < 0 ? text.length : at.end + rest };
    };
    return {
        text: (span) => analysis.textOf(span),
        others: (at) => platformOf(analysis, at)?.origins.flatMap((o) => (o.range && !(o.focus.uri === at.uri && o.focus.start === at.start) ? [o.range] : [])) ?? [],
        indent: (at) => /^[ \t]*/.exec(unitText(at).slice(lineOf(at).start))![0],
        line: lineOf,
        step: (at) => analysis.stepAt(analysis.place(at).start)?.step.step.span ?? at,
        cut: (at) => ({ ...at, ...cutOut(unitText(at), at) }),
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
