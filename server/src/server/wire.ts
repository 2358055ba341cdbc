// JSON-RPC 2.0 as the language server protocol frames it, and the little of it that this server needs. The protocol library does the
// same and much more; loading it takes a fifth of a cold start, so only the worker, where the browser has compiled it, uses it.
import type { Connection } from 'vscode-languageserver';

/** What the server asks of a connection: the part of the protocol library's that it uses. */
export type ServerConnection = Pick<Connection, keyof typeof REQUESTS | keyof typeof NOTIFICATIONS | 'onRequest' | 'sendRequest' | 'sendNotification' | 'sendDiagnostics' | 'listen'> & {
    readonly console: Pick<Connection['console'], 'error'>;
    readonly languages: { readonly inlayHint: Pick<Connection['languages']['inlayHint'], 'on'> };
};

const REQUESTS = {
    onInitialize: 'initialize', onShutdown: 'shutdown', onHover: 'textDocument/hover', onDefinition: 'textDocument/definition', onReferences: 'textDocument/references',
    onDocumentHighlight: 'textDocument/documentHighlight', onPrepareRename: 'textDocument/prepareRename', onRenameRequest: 'textDocument/rename',
    onSelectionRanges: 'textDocument/selectionRange', onCompletion: 'textDocument/completion', onDocumentSymbol: 'textDocument/documentSymbol',
    onFoldingRanges: 'textDocument/foldingRange', onCodeLens: 'textDocument/codeLens', onDocumentFormatting: 'textDocument/formatting',
    onDocumentRangeFormatting: 'textDocument/rangeFormatting', onCodeAction: 'textDocument/codeAction', onDocumentLinks: 'textDocument/documentLink',
} as const;

const NOTIFICATIONS = {
    onInitialized: 'initialized', onDidChangeConfiguration: 'workspace/didChangeConfiguration', onDidChangeWatchedFiles: 'workspace/didChangeWatchedFiles',
    onDidOpenTextDocument: 'textDocument/didOpen', onDidChangeTextDocument: 'textDocument/didChange', onDidCloseTextDocument: 'textDocument/didClose',
    onDidSaveTextDocument: 'textDocument/didSave',
} as const;

/** One message each way, already taken out of its frame. */
export interface Transport {
    /** Hands over each message that comes in; called once. `ended`: no more will come. */
    listen(received: (message: Message) => void, ended: () => void): void;
    send(message: Message): void;
}

export interface Message {
    readonly jsonrpc: '2.0';
    readonly id?: number | string | null;
    readonly method?: string;
    readonly params?: unknown;
    readonly result?: unknown;
    readonly error?: { readonly code: number; readonly message: string };
}

const PARSE_ERROR = -32700;
const METHOD_NOT_FOUND = -32601;
const INTERNAL_ERROR = -32603;
const REQUEST_CANCELLED = -32800;

type Handler = (params: unknown, token: { readonly isCancellationRequested: boolean }) => unknown;

const NEVER = { isCancellationRequested: false };

/** What a connection may do to the process it is in. */
export interface WireHost {
    /** Called with the exit code when the client says so or goes away: 0 after a shutdown request, else 1. */
    exit(code: number): void;
    /** Called once with the process id of the client, if it tells it: without that process nobody needs this one. */
    watch(client: number): void;
}

export function createWire(transport: Transport, { exit, watch }: WireHost): ServerConnection {
    const handlers = new Map<string, Handler>();
    const waiting = new Map<number | string, { readonly resolve: (result: unknown) => void; readonly reject: (error: Error) => void }>();
    /** Requests that are being answered and may take a while. */
    const running = new Map<Message['id'], { isCancellationRequested: boolean }>();
    let nextId = 1;
    let shutDown = false;
    let queue: Message[] = [];
    let busy = false;

    const send = (message: Omit<Message, 'jsonrpc'>): void => transport.send({ jsonrpc: '2.0', ...message });
    const fail = (id: Message['id'], code: number, message: string): void => send({ id: id ?? null, error: { code, message } });
    const report = (what: string, error: unknown): void => log(`${what} failed: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
    const log = (message: string): void => send({ method: 'window/logMessage', params: { type: 1, message } });

    const handle = (message: Message): void | Promise<void> => {
        const { id, method } = message;
        if (method === undefined) {
            const reply = id === undefined || id === null ? undefined : waiting.get(id);
            if (!reply) return;
            waiting.delete(id!);
            if (message.error) reply.reject(new Error(message.error.message));
            else reply.resolve(message.result);
            return;
        }
        const handler = handlers.get(method);
        if (id === undefined) {
            if (method === 'exit') return exit(shutDown ? 0 : 1);
            try {
                handler?.(message.params, NEVER);
            } catch (error) {
                report(method, error);
            }
            return;
        }
        const client = method === 'initialize' ? (message.params as { processId?: unknown } | undefined)?.processId : undefined;
        if (typeof client === 'number') watch(client);
        if (method === 'shutdown') shutDown = true;
        else if (!handler) return fail(id, METHOD_NOT_FOUND, `there is no ${method} here`);
        const failed = (error: unknown): void => {
            report(method, error);
            fail(id, INTERNAL_ERROR, `${method} failed: ${error instanceof Error ? error.message : String(error)}`);
        };
        try {
            const token = { isCancellationRequested: false };
            const result = handler?.(message.params, token);
            if (result instanceof Promise) {
                running.set(id, token);
                return result.then((value: unknown) => send({ id, result: value ?? null })).catch(failed).finally(() => running.delete(id));
            }
            send({ id, result: result ?? null });
        } catch (error) {
            failed(error);
        }
    };

    /** Notifications at once; after each request a turn of the event loop, so that what cancels or outdates the next one is read first. */
    const drain = (): void => {
        busy = true;
        for (;;) {
            const message = queue.shift();
            if (!message) break;
            void handle(message);
            if (message.id !== undefined && message.method !== undefined && queue.length > 0) {
                setImmediate(drain);
                return;
            }
        }
        busy = false;
    };

    const received = (message: Message): void => {
        if (message.method === '$/cancelRequest') {
            const id = (message.params as { id?: unknown } | undefined)?.id;
            const token = running.get(id as Message['id']);
            if (token) token.isCancellationRequested = true;
            const cancelled = queue.find((m) => m.id === id && m.method !== undefined);
            if (!cancelled) return;
            queue = queue.filter((m) => m !== cancelled);
            return fail(cancelled.id, REQUEST_CANCELLED, 'cancelled');
        }
        queue.push(message);
        if (!busy) drain();
    };

    const request = (method: string, params?: unknown): Promise<unknown> => new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        send({ id, method, params: params ?? {} });
    });
    const on = (method: string) => (handler: Handler): { dispose(): void } => {
        handlers.set(method, handler);
        return { dispose: () => void handlers.delete(method) };
    };
    const wire: Record<string, unknown> = {
        console: { error: log },
        languages: { inlayHint: { on: on('textDocument/inlayHint') } },
        onRequest: (method: string, handler: Handler) => on(method)(handler),
        sendRequest: request,
        sendNotification: async (method: string, params: unknown) => send({ method, params }),
        sendDiagnostics: async (params: unknown) => send({ method: 'textDocument/publishDiagnostics', params }),
        listen: () => transport.listen(received, () => exit(shutDown ? 0 : 1)),
    };
    for (const [name, method] of Object.entries({ ...REQUESTS, ...NOTIFICATIONS })) wire[name] = on(method);
    return wire as unknown as ServerConnection;
}

interface Readable {
    on(event: 'data', listener: (chunk: Buffer) => void): unknown;
    on(event: 'end' | 'close' | 'error', listener: () => void): unknown;
}

interface Writable {
    write(data: Buffer): unknown;
    on(event: 'error', listener: () => void): unknown;
}

/** Messages over a pair of byte streams, each behind a header that says its length in bytes. */
export function streamTransport(input: Readable, output: Writable): Transport {
    const send = (message: Message): void => {
        const body = Buffer.from(JSON.stringify(message));
        output.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`, 'ascii'), body]));
    };
    return {
        send,
        listen(received, ended) {
            const frames = createFrames((body) => {
                let message: Message;
                try {
                    message = JSON.parse(body) as Message;
                } catch (error) {
                    return send({ jsonrpc: '2.0', id: null, error: { code: PARSE_ERROR, message: error instanceof Error ? error.message : 'no JSON' } });
                }
                if (typeof message === 'object' && message !== null) received(message);
            });
            input.on('data', frames);
            for (const event of ['end', 'close', 'error'] as const) input.on(event, ended);
            output.on('error', ended);
        },
    };
}

/** Cuts a stream of chunks into the bodies of its frames. A header without a length is skipped. Cost is linear in the bytes. */
export function createFrames(found: (body: string) => void): (chunk: Buffer) => void {
    let chunks: Buffer[] = [];
    let have = 0;
    /** Bytes that must be there before it is worth looking again. */
    let need = 0;
    let body = -1;
    return (chunk) => {
        chunks.push(chunk);
        have += chunk.length;
        if (have < need) return;
        let rest = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
        for (;;) {
            if (body < 0) {
                const end = rest.indexOf('\r\n\r\n');
                if (end < 0) break;
                const length = /^content-length: *(\d+)/im.exec(rest.toString('ascii', 0, end));
                rest = rest.subarray(end + 4);
                if (!length) continue;
                body = Number(length[1]);
            }
            if (rest.length < body) break;
            const text = rest.toString('utf8', 0, body);
            rest = rest.subarray(body);
            body = -1;
            found(text);
        }
        chunks = rest.length === 0 ? [] : [rest];
        have = rest.length;
        need = Math.max(body, 0);
    };
}

/** Messages of a process that was forked with a channel of its own, as VS Code does. */
export function ipcTransport(process: NodeJS.Process): Transport {
    return {
        send: (message) => void process.send?.(message, undefined, undefined, () => undefined),
        listen(received, ended) {
            process.on('message', (message) => received(message as Message));
            process.on('disconnect', ended);
        },
    };
}
