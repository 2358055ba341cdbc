// The server's side of the protocol in a node process: vscode-jsonrpc frames, queues, cancels and answers; here is only which
// method a handler belongs to, and when the process ends. The protocol library on top of it would do the same, and loading it takes
// a fifth of a cold start, so only the worker uses that one.
import type { Connection } from 'vscode-languageserver';
import { createMessageConnection, type MessageReader, type MessageWriter } from 'vscode-jsonrpc/node';

/** What the server asks of a connection: the part of the protocol library's that it uses. */
export type ServerConnection = Pick<Connection, keyof typeof REQUESTS | keyof typeof NOTIFICATIONS | 'onRequest' | 'onNotification' | 'sendRequest' | 'sendNotification' | 'sendDiagnostics' | 'listen'> & {
    readonly console: Pick<Connection['console'], 'error'>;
    readonly languages: { readonly inlayHint: Pick<Connection['languages']['inlayHint'], 'on'> };
};

const REQUESTS = {
    onInitialize: 'initialize', onShutdown: 'shutdown', onHover: 'textDocument/hover', onDefinition: 'textDocument/definition',
    onDocumentHighlight: 'textDocument/documentHighlight', onPrepareRename: 'textDocument/prepareRename',
    onSelectionRanges: 'textDocument/selectionRange', onCompletion: 'textDocument/completion', onDocumentSymbol: 'textDocument/documentSymbol',
    onFoldingRanges: 'textDocument/foldingRange', onCodeLens: 'textDocument/codeLens', onDocumentFormatting: 'textDocument/formatting',
    onDocumentRangeFormatting: 'textDocument/rangeFormatting', onDocumentLinks: 'textDocument/documentLink',
} as const;

const NOTIFICATIONS = {
    onInitialized: 'initialized', onDidChangeConfiguration: 'workspace/didChangeConfiguration', onDidChangeWatchedFiles: 'workspace/didChangeWatchedFiles',
    onDidOpenTextDocument: 'textDocument/didOpen', onDidChangeTextDocument: 'textDocument/didChange', onDidCloseTextDocument: 'textDocument/didClose',
    onDidSaveTextDocument: 'textDocument/didSave',
} as const;

/** What a connection may do to the process it is in. */
export interface WireHost {
    /** Called with the exit code when the client says so or goes away: 0 after a shutdown request, else 1. */
    exit(code: number): void;
    /** Called once with the process id of the client, if it tells it: without that process nobody needs this one. */
    watch(client: number): void;
}

type Handler = (params: unknown, token: unknown) => unknown;

export function createWire(reader: MessageReader, writer: MessageWriter, { exit, watch }: WireHost): ServerConnection {
    const log = (message: string): void => void connection.sendNotification('window/logMessage', { type: 1, message });
    // what goes wrong in the connection itself, e.g. a message that is no JSON
    const connection = createMessageConnection(reader, writer, { error: log, warn: log, info: () => undefined, log: () => undefined });
    let shutDown = false;

    /** The library leaves out parameters that a message does not have. */
    const answer = (method: string, handler: Handler) => async (...given: unknown[]): Promise<unknown> => {
        const [params, token] = given.length > 1 ? given : [undefined, given[0]];
        try {
            return (await handler(params, token)) ?? null;
        } catch (error) {
            log(`${method} failed: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
            throw error;
        }
    };
    const onRequest = (method: string, handler: Handler): { dispose(): void } => connection.onRequest(method, answer(method, handler));
    const onNotification = (method: string) => (handler: Handler): { dispose(): void } => connection.onNotification(method, (params: unknown) => {
        try {
            handler(params, undefined);
        } catch (error) {
            log(`${method} failed: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
        }
    });

    const wire: Record<string, unknown> = {
        console: { error: log },
        languages: { inlayHint: { on: (handler: Handler) => onRequest('textDocument/inlayHint', handler) } },
        onRequest,
        onNotification: (method: string, handler: Handler) => onNotification(method)(handler),
        sendRequest: (method: string, params?: unknown) => connection.sendRequest(method, params ?? {}),
        sendNotification: (method: string, params: unknown) => connection.sendNotification(method, params),
        sendDiagnostics: (params: unknown) => connection.sendNotification('textDocument/publishDiagnostics', params),
        listen: () => connection.listen(),
    };
    for (const [name, method] of Object.entries(REQUESTS)) wire[name] = (handler: Handler) => onRequest(method, handler);
    for (const [name, method] of Object.entries(NOTIFICATIONS)) wire[name] = onNotification(method);
    wire['onInitialize'] = (handler: Handler) => onRequest('initialize', (params, token) => {
        const client = (params as { processId?: unknown } | undefined)?.processId;
        if (typeof client === 'number') watch(client);
        return handler(params, token);
    });
    const onShutdown = (handler: Handler): { dispose(): void } => onRequest('shutdown', (params, token) => {
        shutDown = true;
        return handler(params, token);
    });
    onShutdown(() => null);
    wire['onShutdown'] = onShutdown;
    connection.onNotification('exit', () => exit(shutDown ? 0 : 1));
    connection.onClose(() => exit(shutDown ? 0 : 1));
    return wire as unknown as ServerConnection;
}
