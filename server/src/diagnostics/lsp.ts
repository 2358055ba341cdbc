// A finding as an LSP diagnostic. The place is the caller's business: it knows which text the spans belong to.
import { type Diagnostic, type DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, type Location, type Range } from 'vscode-languageserver-types';
import type { Finding, TextSpan } from '../language/model.ts';
import { catalogued } from './catalogue.ts';
import type { Severity } from './diagnostic.ts';

const SEVERITIES: Readonly<Record<Severity, DiagnosticSeverity>> = {
    error: DiagnosticSeverity.Error, warning: DiagnosticSeverity.Warning, info: DiagnosticSeverity.Information, hint: DiagnosticSeverity.Hint,
};

/** What the client can show besides a message, and where the documentation lies. */
export interface LspShape {
    readonly relatedInformation: boolean;
    readonly tags: boolean;
    readonly codeDescription: boolean;
    readonly data: boolean;
    /** URI of docs/diagnostics.md, or with `CODE` in it of the page of one code; absent where there is none to open. */
    readonly docs?: string;
}

/** Anchor of a code's section in docs/diagnostics.md. */
export function docsAnchor(code: string): string {
    return code.replace('/', '-');
}

function addressOf(code: string, docs: string): string {
    return docs.includes('CODE') ? docs.replace('CODE', code) : `${docs}#${docsAnchor(code)}`;
}

export function toLsp(finding: Finding, severity: Severity, range: Range, locate: (span: TextSpan) => Location, shape: LspShape): Diagnostic {
    const known = catalogued(finding.code);
    const related = finding.related.map((r): DiagnosticRelatedInformation => ({ location: locate(r.at), message: r.message }));
    const rules = finding.rules.length > 0 ? ` (${finding.rules.join(', ')})` : '';
    return {
        range, severity: SEVERITIES[severity], source: 'memtopo', code: finding.code, message: finding.message + rules,
        ...(shape.codeDescription && shape.docs && known ? { codeDescription: { href: addressOf(finding.code, shape.docs) } } : {}),
        ...(shape.relatedInformation && related.length > 0 ? { relatedInformation: related } : {}),
        ...(shape.tags && finding.tags?.length ? { tags: finding.tags.map((t) => (t === 'deprecated' ? DiagnosticTag.Deprecated : DiagnosticTag.Unnecessary)) } : {}),
        ...(shape.data && finding.data ? { data: finding.data } : {}),
    };
}
