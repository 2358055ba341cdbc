import { PassThrough } from 'node:stream';
import { StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { describe, expect, it } from 'vitest';
import { createWire, type ServerConnection } from '../../../server/src/server/wire.ts';

interface Message {
    readonly id?: number | string | null;
    readonly method?: string;
    readonly params?: unknown;
    readonly result?: unknown;
    readonly error?: { readonly code: number; readonly message: string };
}

/** A connection whose other end is the test: real frames over streams in memory. */
function wired(): { wire: ServerConnection; say(message: Message): void; raw(text: string): void; sent: Message[]; exits: number[]; watched: number[]; hangUp(): void } {
    const input = new PassThrough();
    const output = new PassThrough();
    const sent: Message[] = [];
    new StreamMessageReader(output).listen((message) => sent.push(message as Message));
    const exits: number[] = [];
    const watched: number[] = [];
    const wire = createWire(new StreamMessageReader(input), new StreamMessageWriter(output), { exit: (code) => exits.push(code), watch: (pid) => watched.push(pid) });
    const raw = (body: string): void => void input.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    return { wire, sent, exits, watched, raw, say: (message) => raw(JSON.stringify({ jsonrpc: '2.0', ...message })), hangUp: () => input.destroy() };
}

/** Waits until something is so; a test that waits in vain ends by its time-out. */
async function until(so: () => boolean): Promise<void> {
    while (!so()) await new Promise((resolve) => setImmediate(resolve));
}

describe('requests', () => {
    it('are answered with the result, null for nothing, and an error for what throws or is unknown', async () => {
        const { wire, say, sent } = wired();
        wire.onRequest('good', () => 7);
        wire.onRequest('nothing', () => undefined);
        wire.onRequest('bad', () => {
            throw new Error('no luck');
        });
        wire.listen();
        for (const [id, method] of ['good', 'nothing', 'bad', 'unknown'].entries()) say({ id, method });
        const answers = (): Message[] => sent.filter((m) => m.method === undefined);
        await until(() => answers().length === 4);
        const byId = [...answers()].sort((a, b) => Number(a.id) - Number(b.id));
        expect(byId.map((m) => m.error?.code ?? m.result)).toEqual([7, null, -32603, -32601]);
        expect(sent.find((m) => m.method === 'window/logMessage')).toBeDefined();
    });

    it('get their parameters, and a token that tells of a cancellation', async () => {
        const { wire, say, sent } = wired();
        let seen: unknown;
        let release: () => void = () => undefined;
        wire.onRequest('slow', async (params: unknown, token) => {
            seen = params;
            await new Promise<void>((resolve) => (release = resolve));
            return token.isCancellationRequested;
        });
        wire.listen();
        say({ id: 1, method: 'slow', params: { a: 1 } });
        await until(() => seen !== undefined);
        say({ method: '$/cancelRequest', params: { id: 1 } });
        say({ id: 2, method: 'unknown' });
        await until(() => sent.some((m) => m.id === 2));
        release();
        await until(() => sent.some((m) => m.id === 1));
        expect(seen).toEqual({ a: 1 });
        const answer = sent.find((m) => m.id === 1)!;
        expect(answer.error?.code ?? answer.result).toBe(answer.error ? -32800 : true);
    });

    it('of the server hear their answers', async () => {
        const { wire, say, sent } = wired();
        wire.listen();
        const good = wire.sendRequest('workspace/configuration');
        const bad = wire.sendRequest('memtopo/unknown');
        await until(() => sent.length === 2);
        say({ id: sent[0]!.id!, result: [1] });
        say({ id: sent[1]!.id!, error: { code: -32601, message: 'not here' } });
        expect(await good).toEqual([1]);
        await expect(bad).rejects.toThrow('not here');
    });

    it('after a message that is no JSON are answered still', async () => {
        const { wire, raw, say, sent } = wired();
        wire.onRequest('good', () => 7);
        wire.listen();
        raw('{broken');
        say({ id: 1, method: 'good' });
        await until(() => sent.some((m) => m.id === 1));
        expect(sent.find((m) => m.id === 1)!.result).toBe(7);
    });
});

describe('the end', () => {
    it.each([[['shutdown', 'exit'], 0], [['exit'], 1]] as const)('%j exits with %i', async (messages, code) => {
        const { wire, say, exits } = wired();
        wire.listen();
        for (const method of messages) say(method === 'shutdown' ? { id: 1, method } : { method });
        await until(() => exits.length > 0);
        expect(exits[0]).toBe(code);
    });

    it('comes too when the client is gone', async () => {
        const { wire, hangUp, exits } = wired();
        wire.listen();
        hangUp();
        await until(() => exits.length > 0);
        expect(exits[0]).toBe(1);
    });

    it('is watched for in the process that the client says it is', async () => {
        const { wire, say, sent, watched } = wired();
        wire.onInitialize(() => ({ capabilities: {} }));
        wire.listen();
        say({ id: 1, method: 'initialize', params: { processId: 4711 } });
        say({ id: 2, method: 'initialize', params: { processId: null } });
        await until(() => sent.filter((m) => m.method === undefined).length === 2);
        expect(watched).toEqual([4711]);
    });
});
