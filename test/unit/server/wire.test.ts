import { describe, expect, it } from 'vitest';
import { createFrames, createWire, type Message, type ServerConnection, streamTransport, type Transport } from '../../../server/src/server/wire.ts';

/** A transport whose other end is the test. */
function pair(): { transport: Transport; say(message: Omit<Message, 'jsonrpc'>): void; sent: Message[]; hangUp(): void } {
    let received: (message: Message) => void = () => undefined;
    let ended: () => void = () => undefined;
    const sent: Message[] = [];
    return {
        sent,
        say: (message) => received({ jsonrpc: '2.0', ...message }),
        hangUp: () => ended(),
        transport: {
            send: (message) => void sent.push(message),
            listen(onMessage, onEnd) {
                received = onMessage;
                ended = onEnd;
            },
        },
    };
}

function wired(): ReturnType<typeof pair> & { wire: ServerConnection; exits: number[]; watched: number[] } {
    const ends = pair();
    const exits: number[] = [];
    const watched: number[] = [];
    return { ...ends, exits, watched, wire: createWire(ends.transport, { exit: (code) => exits.push(code), watch: (pid) => watched.push(pid) }) };
}

const turns = async (count = 3): Promise<void> => {
    for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

describe('frames', () => {
    const frame = (body: string): Buffer => Buffer.concat([Buffer.from(`Content-Length: ${Buffer.byteLength(body)}\r\nContent-Type: x\r\n\r\n`), Buffer.from(body)]);

    it('cuts bodies at every chunking, by bytes and not by characters', () => {
        const bodies = ['{"a":"ü€"}', '', '{"b":[1,2,3]}'];
        const stream = Buffer.concat(bodies.map(frame));
        for (let size = 1; size <= stream.length; size++) {
            const found: string[] = [];
            const take = createFrames((body) => found.push(body));
            for (let i = 0; i < stream.length; i += size) take(stream.subarray(i, i + size));
            expect(found).toEqual(bodies);
        }
    });

    it('skips a header without a length', () => {
        const found: string[] = [];
        createFrames((body) => found.push(body))(Buffer.concat([Buffer.from('Nonsense: 1\r\n\r\n'), frame('{}')]));
        expect(found).toEqual(['{}']);
    });

    it('answers a body that is no JSON with a parse error and goes on', () => {
        const listeners = new Map<string, (chunk: Buffer) => void>();
        const written: string[] = [];
        const received: Message[] = [];
        const transport = streamTransport(
            { on: (event: string, listener: (chunk: Buffer) => void) => listeners.set(event, listener) },
            { on: () => undefined, write: (data) => written.push(data.toString()) },
        );
        transport.listen((message) => received.push(message), () => undefined);
        listeners.get('data')!(Buffer.concat([frame('{broken'), frame('{"jsonrpc":"2.0","method":"x"}')]));
        expect(written.join('')).toContain('-32700');
        expect(received).toEqual([{ jsonrpc: '2.0', method: 'x' }]);
    });
});

describe('requests', () => {
    it('answers with the result, null for nothing, and an error for what throws or is unknown', async () => {
        const { wire, say, sent } = wired();
        wire.onRequest('good', () => 7);
        wire.onRequest('nothing', () => undefined);
        wire.onRequest('bad', () => {
            throw new Error('no luck');
        });
        wire.listen();
        for (const [id, method] of ['good', 'nothing', 'bad', 'unknown'].entries()) say({ id, method });
        await turns(8);
        const answers = sent.filter((m) => m.method === undefined);
        expect(answers.map((m) => m.error?.code ?? m.result)).toEqual([7, null, -32603, -32601]);
        expect(sent.find((m) => m.method === 'window/logMessage')).toBeDefined();
    });

    it('answers what was cancelled before its turn as cancelled, and tells what is running', async () => {
        const { wire, say, sent } = wired();
        let release: () => void = () => undefined;
        wire.onRequest('slow', async (_params: unknown, token) => {
            await new Promise<void>((resolve) => (release = resolve));
            return token.isCancellationRequested;
        });
        let ran = 0;
        wire.onRequest('once', () => ++ran);
        wire.listen();
        say({ id: 1, method: 'slow' });
        wire.onRequest('first', () => {
            // what arrives while a request is answered
            say({ id: 3, method: 'once' });
            say({ id: 4, method: 'once' });
            say({ method: '$/cancelRequest', params: { id: 4 } });
        });
        say({ id: 2, method: 'first' });
        say({ method: '$/cancelRequest', params: { id: 1 } });
        release();
        await turns(6);
        expect(ran).toBe(1);
        expect(sent.find((m) => m.id === 4)!.error!.code).toBe(-32800);
        expect(sent.find((m) => m.id === 1)!.result).toBe(true);
    });

    it('hears the answers to its own', async () => {
        const { wire, say, sent } = wired();
        wire.listen();
        const good = wire.sendRequest('workspace/configuration');
        const bad = wire.sendRequest('memtopo/unknown');
        say({ id: sent[0]!.id!, result: [1] });
        say({ id: sent[1]!.id!, error: { code: -32601, message: 'not here' } });
        expect(await good).toEqual([1]);
        await expect(bad).rejects.toThrow('not here');
    });
});

describe('the end', () => {
    it('exits with 0 after a shutdown, with 1 without, and when the client is gone', async () => {
        for (const [messages, code] of [[['shutdown', 'exit'], 0], [['exit'], 1]] as const) {
            const { wire, say, sent, exits } = wired();
            wire.listen();
            for (const method of messages) say(method === 'shutdown' ? { id: 1, method } : { method });
            await turns();
            expect(exits).toEqual([code]);
            if (messages.length > 1) expect(sent).toEqual([{ jsonrpc: '2.0', id: 1, result: null }]);
        }
        const { wire, hangUp, exits } = wired();
        wire.listen();
        hangUp();
        expect(exits).toEqual([1]);
    });

    it('watches the process that the client says it is', () => {
        const { wire, say, watched } = wired();
        wire.onInitialize(() => ({ capabilities: {} }));
        wire.listen();
        say({ id: 1, method: 'initialize', params: { processId: 4711 } });
        say({ id: 2, method: 'initialize', params: { processId: null } });
        expect(watched).toEqual([4711]);
    });
});
