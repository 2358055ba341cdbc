// Findings as the diagnostics of a protocol message: pushed to clients that wait for them, handed out to clients that ask.
import type { ClientCapabilities, Diagnostic, DocumentDiagnosticReport, WorkspaceDocumentDiagnosticReport } from 'vscode-languageserver-protocol';
import { toLsp } from '../diagnostics/lsp.ts';
import type { Analysis } from './analysis.ts';
import { type Settings, severityOf } from './settings.ts';

export interface Reporting {
    readonly client: ClientCapabilities;
    readonly settings: Settings;
    /** As in LspShape. */
    readonly docs?: string;
    /** The client asks (textDocument/diagnostic) where others are sent to. */
    readonly pull: boolean;
}

/** Everything to tell about a document, in the shape that the client understands. */
export function diagnosticsOf(analysis: Analysis, { client, settings, docs, pull }: Reporting): Diagnostic[] {
    const capability = pull ? { versionSupport: false, ...client.textDocument?.publishDiagnostics, ...client.textDocument?.diagnostic } : client.textDocument?.publishDiagnostics;
    const shape = {
        relatedInformation: capability?.relatedInformation === true, tags: capability?.tagSupport !== undefined,
        codeDescription: capability?.codeDescriptionSupport === true, data: capability?.dataSupport === true, ...(docs === undefined ? {} : { docs }),
    };
    const diagnostics: Diagnostic[] = [];
    for (const finding of analysis.findings()) {
        const severity = severityOf(settings, finding.code, finding.severity);
        if (severity) diagnostics.push(toLsp(finding, severity, analysis.range(finding.at), (span) => analysis.location(span), shape));
    }
    return diagnostics;
}

/** Answers of a kind that stays the same get the id they had; `unchanged` then says so without repeating them. */
export class ReportIds {
    private readonly last = new Map<string, { readonly id: string; readonly text: string }>();
    private next = 1;

    /** `previous`: the id that the client has. */
    report(uri: string, items: Diagnostic[], previous: string | undefined): DocumentDiagnosticReport {
        const text = JSON.stringify(items);
        const known = this.last.get(uri);
        const id = known?.text === text ? known.id : `${this.next++}`;
        this.last.set(uri, { id, text });
        return id === previous ? { kind: 'unchanged', resultId: id } : { kind: 'full', resultId: id, items };
    }

    workspaceReport(uri: string, version: number | null, items: Diagnostic[], previous: string | undefined): WorkspaceDocumentDiagnosticReport {
        return { ...this.report(uri, items, previous), uri, version } as WorkspaceDocumentDiagnosticReport;
    }

    forget(uri: string): void {
        this.last.delete(uri);
    }
}
