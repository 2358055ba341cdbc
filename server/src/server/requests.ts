// Requests that go by their method's name, so that any connection can carry them: what the protocol has besides the everyday features.
import type {
    CallHierarchyItem, CodeActionParams, Diagnostic, DocumentDiagnosticParams, DocumentDiagnosticReport, DocumentOnTypeFormattingParams, ExecuteCommandParams, Position, ReferenceParams, RenameFilesParams, RenameParams, SemanticTokens,
    SemanticTokensDeltaParams, SemanticTokensRangeParams, TextDocumentIdentifier, WorkspaceDiagnosticParams, WorkspaceDiagnosticReport, WorkspaceDocumentDiagnosticReport,
    WorkspaceSymbolParams,
} from 'vscode-languageserver-protocol';
import { ResponseError } from 'vscode-jsonrpc';
import { codeActions } from '../features/code-actions.ts';
import { importActions, unknownPlatforms } from '../features/code-actions-import.ts';
import { incomingCalls, outgoingCalls, prepareCallHierarchy } from '../features/call-hierarchy.ts';
import type { FeatureContext } from '../features/context.ts';
import { references, typeDefinition } from '../features/definition.ts';
import { renameFiles } from '../features/file-renames.ts';
import { linkedEditing } from '../features/linked-editing.ts';
import { onTypeFormatting } from '../features/on-type-formatting.ts';
import { rename } from '../features/rename.ts';
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
import { fileOf } from './uri-map.ts';
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

/** Codes of the protocol. */
const CONTENT_MODIFIED = -32801;
const REQUEST_FAILED = -32803;

interface Cancellation {
    readonly isCancellationRequested: boolean;
}

export function moreRequests({ connection, project, host, folders, reporting, ids, at, on }: Requests): void {
    const answer = <P>(method: string, handler: (params: P, token?: Cancellation) => unknown): void => void connection.onRequest(method, handler);

    /** URIs of what is open and of what lies in the workspace's folders. */
    const documents = async (imported: readonly string[] = []): Promise<readonly string[]> => {
        const listed = await Promise.all(folders().map(async (folder) => (await host.list?.(folder).catch(() => [])) ?? []));
        const files = new Map<string, string>();
        // the open ones first: a file goes by the name that the client has for it
        for (const uri of [...project.openUris(), ...listed.flat(), ...imported]) if (!files.has(fileOf(uri))) files.set(fileOf(uri), uri);
        return [...files.values()];
    };
    /** Every document that somebody may have written a name in: open, in the workspace's folders, or imported by `uri`. */
    const everywhere = async (uri?: string): Promise<Analysis[]> => {
        const imported = uri === undefined ? [] : (await project.analysisOf(uri))?.sources.map((s) => s.uri) ?? [];
        const found = await Promise.all((await documents(imported)).map((u) => project.analysisOf(u)));
        return found.filter((a) => a !== undefined);
    };
    answer('textDocument/codeAction', async ({ textDocument: { uri }, range, context: { diagnostics, only } }: CodeActionParams) => {
        const unknown = on(uri, (c) => unknownPlatforms(c, range)) ?? [];
        const version = project.analysis(uri)?.version;
        const others = unknown.length > 0 ? await everywhere() : [];
        if (project.analysis(uri)?.version !== version) return new ResponseError(CONTENT_MODIFIED, 'the text has changed meanwhile');
        return on(uri, (c) => [...importActions(c, range, diagnostics, only, others), ...codeActions(c, range, diagnostics, only)]);
    });
    answer('textDocument/references', async (p: ReferenceParams) => {
        const others = await everywhere(p.textDocument.uri);
        return at(p, (c, offset) => references(c, offset, p.context.includeDeclaration, others));
    });
    answer('textDocument/rename', async (p: RenameParams) => {
        const before = project.analysis(p.textDocument.uri)?.version;
        const others = await everywhere(p.textDocument.uri);
        if (project.analysis(p.textDocument.uri)?.version !== before) return new ResponseError(CONTENT_MODIFIED, 'the text has changed meanwhile');
        const renamed = at(p, (c, offset) => rename(c, offset, p.newName, others) ?? null);
        return renamed && 'refused' in renamed ? new ResponseError(REQUEST_FAILED, renamed.refused) : renamed;
    });
    answer('workspace/willRenameFiles', async ({ files }: RenameFilesParams) => renameFiles(await everywhere(), files));
    answer('textDocument/typeDefinition', (p: At) => at(p, typeDefinition));
    answer('textDocument/signatureHelp', (p: At) => at(p, (c, offset) => signatureHelp(c, offset) ?? null));
    answer('textDocument/onTypeFormatting', (p: DocumentOnTypeFormattingParams) => at(p, (c, offset) => onTypeFormatting(c, offset, p.ch, p.options)));
    answer('textDocument/linkedEditingRange', (p: At) => at(p, (c, offset) => linkedEditing(c, offset) ?? null));
    answer('textDocument/prepareCallHierarchy', (p: At) => at(p, prepareCallHierarchy));
    // an item may be in a document that is imported and not open
    answer('callHierarchy/incomingCalls', async ({ item }: { item: CallHierarchyItem }) => {
        const others = await everywhere(item.uri);
        const analysis = await project.analysisOf(item.uri);
        return analysis ? incomingCalls({ analysis }, item, others) : null;
    });
    answer('callHierarchy/outgoingCalls', async ({ item }: { item: CallHierarchyItem }) => {
        const analysis = await project.analysisOf(item.uri);
        return analysis ? outgoingCalls({ analysis }, item) : null;
    });
    answer('workspace/symbol', async (p: WorkspaceSymbolParams) => workspaceSymbols(await everywhere(), p.query));
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
        const reports: WorkspaceDocumentDiagnosticReport[] = [];
        for (const uri of await documents()) {
            if (token?.isCancellationRequested) break;
            const analysis = await project.analysisOf(uri);
            if (analysis) reports.push(ids.workspaceReport(uri, project.isOpen(uri) ? analysis.version : null, items(analysis), previous.get(uri)));
            await new Promise<void>((resolve) => setTimeout(resolve, 0));
        }
        return { items: reports };
    });
}
