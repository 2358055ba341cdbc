// A language client that is not VS Code: a process on stdio, framed by hand, with only the capabilities it is given.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

interface Message {
    readonly id?: number | string;
    readonly method?: string;
    readonly params?: unknown;
    readonly result?: unknown;
    readonly error?: { readonly code: number; readonly message: string };
}

export interface Published {
    readonly uri: string;
    readonly version?: number;
    readonly diagnostics: readonly { readonly code?: string; readonly message: string; readonly severity?: number; readonly range: LspRange; readonly [more: string]: unknown }[];
}

export interface LspRange {
    readonly start: { readonly line: number; readonly character: number };
    readonly end: { readonly line: number; readonly character: number };
}

export class Client {
    readonly process: ChildProcessWithoutNullStreams;
    /** Everything published, oldest first. */
    readonly published: Published[] = [];
    readonly notifications: { readonly method: string; readonly params: unknown }[] = [];
    /** Requests of the server, by method, and how they are answered. Unknown methods get an error, as a plain client would give. */
    readonly answers = new Map<string, (params: unknown) => unknown>();
    readonly requests: string[] = [];
    stderr = '';
    exited: number | null | undefined;
    private nextId = 1;
    /** Id of the request that was sent last. */
    get lastId(): number {
        return this.nextId - 1;
    }
    private readonly waiting = new Map<number | string, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
    private readonly watchers = new Set<() => void>();
    private readonly versions = new Map<string, number>();
    private rest: Buffer = Buffer.alloc(0);

    constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
        this.process = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
        this.process.stdout.on('data', (chunk: Buffer) => this.receive(chunk));
        this.process.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
        this.process.stdin.on('error', () => undefined);
        this.process.on('exit', (code) => {
            this.exited = code;
            for (const { reject } of this.waiting.values()) reject(new Error(`the server exited with ${code}: ${this.stderr}`));
            this.waiting.clear();
            this.wake();
        });
    }

    async initialize(capabilities: object = {}, more: object = {}): Promise<{ capabilities: Record<string, unknown>; serverInfo?: { name: string } }> {
        const result = await this.request('initialize', { processId: process.pid, rootUri: null, capabilities, ...more });
        this.notify('initialized', {});
        return result as { capabilities: Record<string, unknown> };
    }

    request(method: string, params: unknown): Promise<unknown> {
        const id = this.nextId++;
        return new Promise((resolve, reject) => {
            this.waiting.set(id, { resolve, reject });
            this.send({ jsonrpc: '2.0', id, method, params });
        });
    }

    notify(method: string, params: unknown): void {
        this.send({ jsonrpc: '2.0', method, params });
    }

    open(uri: string, text: string, languageId = 'memtopo'): void {
        this.versions.set(uri, 1);
        this.notify('textDocument/didOpen', { textDocument: { uri, languageId, version: 1, text } });
    }

    /** Sends a change and answers with its version. */
    change(uri: string, changes: readonly object[]): number {
        const version = (this.versions.get(uri) ?? 0) + 1;
        this.versions.set(uri, version);
        this.notify('textDocument/didChange', { textDocument: { uri, version }, contentChanges: changes });
        return version;
    }

    /** The first publication at or after index `from` that satisfies `wanted`. */
    async diagnostics(uri: string, wanted: (p: Published) => boolean = () => true, from = 0, timeout = 60_000): Promise<Published> {
        const find = (): Published | undefined => this.published.slice(from).find((p) => p.uri === uri && wanted(p));
        const start = Date.now();
        for (;;) {
            const found = find();
            if (found) return found;
            if (this.exited !== undefined) throw new Error(`the server exited with ${this.exited}: ${this.stderr}`);
            const left = timeout - (Date.now() - start);
            if (left <= 0) throw new Error(`no diagnostics for ${uri} within ${timeout} ms; stderr: ${this.stderr}`);
            await this.change1(left);
        }
    }

    async stop(): Promise<void> {
        if (this.exited !== undefined) return;
        await this.request('shutdown', null).catch(() => undefined);
        this.notify('exit', null);
        await new Promise<void>((resolve) => {
            if (this.exited !== undefined) return resolve();
            const timer = setTimeout(() => {
                this.process.kill('SIGKILL');
                resolve();
            }, 3000);
            this.process.once('exit', () => {
                clearTimeout(timer);
                resolve();
            });
        });
    }

    private change1(timeout: number): Promise<void> {
        return new Promise((resolve) => {
            const done = (): void => {
                clearTimeout(timer);
                this.watchers.delete(done);
                resolve();
            };
            const timer = setTimeout(done, timeout);
            this.watchers.add(done);
        });
    }

    private wake(): void {
        for (const watcher of [...this.watchers]) watcher();
    }

    private send(message: object): void {
        const body = Buffer.from(JSON.stringify(message));
        this.process.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
        this.process.stdin.write(body);
    }

    private receive(chunk: Buffer): void {
        this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
        for (;;) {
            const head = this.rest.indexOf('\r\n\r\n');
            if (head < 0) return;
            const length = Number(/Content-Length: (\d+)/i.exec(this.rest.subarray(0, head).toString())?.[1] ?? 0);
            if (this.rest.length < head + 4 + length) return;
            const message = JSON.parse(this.rest.subarray(head + 4, head + 4 + length).toString()) as Message;
            this.rest = this.rest.subarray(head + 4 + length);
            this.dispatch(message);
        }
    }

    private dispatch(message: Message): void {
        if (message.method === undefined) {
            const waiting = this.waiting.get(message.id!);
            this.waiting.delete(message.id!);
            if (message.error) waiting?.reject(new Error(message.error.message));
            else waiting?.resolve(message.result);
        } else if (message.id !== undefined) {
            this.requests.push(message.method);
            const answer = this.answers.get(message.method);
            this.send(answer
                ? { jsonrpc: '2.0', id: message.id, result: answer(message.params) ?? null }
                : { jsonrpc: '2.0', id: message.id, error: { code: -32601, message: `no ${message.method} here` } });
        } else {
            this.notifications.push({ method: message.method, params: message.params });
            if (message.method === 'textDocument/publishDiagnostics') this.published.push(message.params as Published);
        }
        this.wake();
    }
}
