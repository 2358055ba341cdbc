// Requests that go by their method's name, so that any connection can carry them: what the protocol has besides the everyday features.
import type {
    CallHierarchyItem, Diagnostic, DocumentDiagnosticParams, DocumentDiagnosticReport, DocumentOnTypeFormattingParams, ExecuteCommandParams, Position, SemanticTokens,
    SemanticTokensDeltaParams, SemanticTokensRangeParams, TextDocumentIdentifier, WorkspaceDiagnosticParams, WorkspaceDiagnosticReport, WorkspaceDocumentDiagnosticReport,
    WorkspaceSymbolParams,
} from 'vscode-languageserver-protocol';
import { incomingCalls, outgoingCalls, prepareCallHierarchy } from '../features/call-hierarchy.ts';
import type { FeatureContext } from '../features/context.ts';
import { typeDefinition } from '../features/definition.ts';
import { linkedEditing } from '../features/linked-editing.ts';
import { onTypeFormatting } from '../features/on-type-formatting.ts';
import { semanticTokens, tokenEdits } from '../features/semantic-tokens.ts';
import { signatureHelp } from '../features/signature-help.ts';
import { status } from '../features/status.ts';
import { STATUS_REQUEST, type StatusParams } from '../features/status-protocol.ts';
import { workspaceSymbols } from '../features/workspace-symbols.ts';
import type { Analysis } from './analysis.ts';
import { executeCommand } from './commands.ts';
import type { ServerHost } from './connection.ts';
import type { Project } from './project.ts';
import { diagnosticsOf, type ReportIds, type Reporting } from './reports.ts';
import type { ServerConnection } from './wire.ts';

interface At {
    readonly textDocument: TextDocumentIdentifier;
    readonly position: Position;
}

export interface Requests {
    readonly connection: Pick<ServerConnection, 'onRequest'>;
    readonly project: Project;
    readonly host: Pick<ServerHost, 'list'>;
    /** URIs of the workspace's folders. */
    readonly folders: () => readonly string[];
    readonly reporting: () => Reporting;
    readonly ids: ReportIds;
    /** Null for a document that is not open. */
    readonly at: <T>(where: At, then: (context: FeatureContext, offset: number) => T) => T | null;
    readonly on: <T>(uri: string, then: (context: FeatureContext) => T) => T | null;
}

interface Cancellation {
    readonly isCancellationRequested: boolean;
}

export function moreRequests({ connection, project, host, folders, reporting, ids, at, on }: Requests): void {
    const answer = <P>(method: string, handler: (params: P, token?: Cancellation) => unknown): void => void connection.onRequest(method, handler);

    answer('textDocument/typeDefinition', (p: At) => at(p, typeDefinition));
    answer('textDocument/signatureHelp', (p: At) => at(p, (c, offset) => signatureHelp(c, offset) ?? null));
    answer('textDocument/onTypeFormatting', (p: DocumentOnTypeFormattingParams) => at(p, (c, offset) => onTypeFormatting(c, offset, p.ch, p.options)));
    answer('textDocument/linkedEditingRange', (p: At) => at(p, (c, offset) => linkedEditing(c, offset) ?? null));
    answer('textDocument/prepareCallHierarchy', (p: At) => at(p, prepareCallHierarchy));
    answer('callHierarchy/incomingCalls', ({ item }: { item: CallHierarchyItem }) => on(item.uri, (c) => incomingCalls(c, item)));
    answer('callHierarchy/outgoingCalls', ({ item }: { item: CallHierarchyItem }) => on(item.uri, (c) => outgoingCalls(c, item)));
    answer('workspace/symbol', (p: WorkspaceSymbolParams) => workspaceSymbols(project.openUris().flatMap((uri) => project.analysis(uri) ?? []), p.query));
    answer(STATUS_REQUEST, (p: StatusParams) => on(p.uri, (c) => status(c.analysis, p.offset)));
    answer('workspace/executeCommand', (p: ExecuteCommandParams) => executeCommand(p.command, p.arguments ?? [], (uri): Analysis | null => on(uri, (c) => c.analysis)));

    /** Semantic tokens as they were last answered, for the next difference. */
    const last = new Map<string, { readonly id: string; readonly data: readonly number[] }>();
    const allTokens = (uri: string): SemanticTokens => on(uri, (c) => {
        const tokens = semanticTokens(c);
        for (const known of last.keys()) if (!project.isOpen(known)) last.delete(known);
        last.set(uri, { id: tokens.resultId ?? '', data: tokens.data });
        return tokens;
    }) ?? { data: [] };
    answer('textDocument/semanticTokens/full', (p: { textDocument: TextDocumentIdentifier }) => allTokens(p.textDocument.uri));
    answer('textDocument/semanticTokens/range', (p: SemanticTokensRangeParams) => on(p.textDocument.uri, (c) => semanticTokens(c, p.range)) ?? { data: [] });
    answer('textDocument/semanticTokens/full/delta', (p: SemanticTokensDeltaParams) => {
        const before = last.get(p.textDocument.uri);
        const tokens = allTokens(p.textDocument.uri);
        return before && before.id === p.previousResultId ? tokenEdits(before.data, tokens) : tokens;
    });

    const items = (analysis: Analysis): Diagnostic[] => diagnosticsOf(analysis, reporting());
    answer('textDocument/diagnostic', async (p: DocumentDiagnosticParams): Promise<DocumentDiagnosticReport> => {
        const { uri } = p.textDocument;
        // what a document imports may still be on its way: half an answer would be a wrong one
        for (let i = 0; i < 5 && project.analysis(uri)?.incomplete; i++) await project.settled();
        return on(uri, (c) => ids.report(uri, items(c.analysis), p.previousResultId)) ?? { kind: 'full', items: [] };
    });
    answer('workspace/diagnostic', async (p: WorkspaceDiagnosticParams, token?: Cancellation): Promise<WorkspaceDiagnosticReport> => {
        const previous = new Map(p.previousResultIds.map((r) => [r.uri, r.value]));
        const listed = await Promise.all(folders().map(async (folder) => (await host.list?.(folder).catch(() => [])) ?? []));
        const reports: WorkspaceDocumentDiagnosticReport[] = [];
        for (const uri of new Set([...project.openUris(), ...listed.flat()])) {
            if (token?.isCancellationRequested) break;
            const analysis = await project.analysisOf(uri);
            if (analysis) reports.push(ids.workspaceReport(uri, project.isOpen(uri) ? analysis.version : null, items(analysis), previous.get(uri)));
            await new Promise<void>((resolve) => setTimeout(resolve, 0));
        }
        return { items: reports };
    });
}
