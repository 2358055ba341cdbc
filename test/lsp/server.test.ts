// The server as a process, spoken to over stdio by a client that is not VS Code.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TextDocument, type TextEdit } from 'vscode-languageserver-textdocument';
import { platforms } from '../bench/texts.ts';
import { Client } from './client.ts';

const root = path.resolve(import.meta.dirname, '../..');
let folder = '';
let script = '';
const clients: Client[] = [];

beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'memtopo-lsp-'));
    mkdirSync(path.join(folder, 'dist'));
    const options = { bundle: true, platform: 'node', format: 'cjs', target: 'node20', logLevel: 'error' } as const;
    await esbuild.build({ ...options, entryPoints: [path.join(root, 'server/src/main.node.ts')], outfile: path.join(folder, 'dist/server.cjs'), external: ['./server.node.cjs'] });
    await esbuild.build({ ...options, entryPoints: [path.join(root, 'server/src/server/node.ts')], outfile: path.join(folder, 'dist/server.node.cjs') });
    script = path.join(folder, 'dist/server.cjs');
}, 180_000);
afterEach(async () => {
    await Promise.all(clients.splice(0).map((c) => c.stop()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = (...args: string[]): Client => {
    const client = new Client(process.execPath, [script, ...args], { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' });
    clients.push(client);
    return client;
};

const URI = 'file:///memory/a.memtopo';
const TEXT = `platform fast {
    kernel 6.1
    hypervisor
    cmdline "memmap=2G!6G"
    node 0 { cpus 0-3  memory 0x0-0x9fbff  memory at 1M size 2047M  memory at 4G size 6G }
}
scenario "take it" on fast {
    $ echo online > /sys/devices/system/memory/memory33/state
}
`;
const place = (part: string, inside = 1): { line: number; character: number } => {
    const before = TEXT.slice(0, TEXT.indexOf(part) + inside).split('\n');
    return { line: before.length - 1, character: before.at(-1)!.length };
};
const document = { textDocument: { uri: URI } };
const everything = { start: { line: 0, character: 0 }, end: { line: 99, character: 0 } };

/** What every client may ask, whatever it said it can do. */
const REQUESTS: readonly (readonly [string, object])[] = [
    ['textDocument/hover', { ...document, position: place('memory at 4G', 8) }],
    ['textDocument/definition', { ...document, position: place('on fast', 4) }],
    ['textDocument/references', { ...document, position: place('on fast', 4), context: { includeDeclaration: true } }],
    ['textDocument/completion', { ...document, position: place('$ echo', 3) }],
    ['textDocument/documentHighlight', { ...document, position: place('on fast', 4) }],
    ['textDocument/prepareRename', { ...document, position: place('on fast', 4) }],
    ['textDocument/rename', { ...document, position: place('on fast', 4), newName: 'quick' }],
    ['textDocument/selectionRange', { ...document, positions: [place('cpus', 2)] }],
    ['textDocument/documentSymbol', document],
    ['textDocument/foldingRange', document],
    ['textDocument/codeLens', document],
    ['textDocument/formatting', { ...document, options: { tabSize: 4, insertSpaces: true } }],
    ['textDocument/inlayHint', { ...document, range: everything }],
    ['textDocument/documentLink', document],
    ['textDocument/codeAction', { ...document, range: everything, context: { diagnostics: [] } }],
    ['textDocument/typeDefinition', { ...document, position: place('on fast', 4) }],
    ['textDocument/signatureHelp', { ...document, position: place('> /sys', 0) }],
    ['textDocument/semanticTokens/full', document],
    ['textDocument/semanticTokens/range', { ...document, range: everything }],
    ['textDocument/semanticTokens/full/delta', { ...document, previousResultId: '1' }],
    ['textDocument/onTypeFormatting', { ...document, position: place('}', 1), ch: '}', options: { tabSize: 4, insertSpaces: true } }],
    ['textDocument/linkedEditingRange', { ...document, position: place('platform fast', 10) }],
    ['textDocument/prepareCallHierarchy', { ...document, position: place('take it', 2) }],
    ['textDocument/diagnostic', document],
    ['workspace/diagnostic', { previousResultIds: [] }],
    ['workspace/symbol', { query: 'fast' }],
    ['workspace/executeCommand', { command: 'memtopo.copyAsScript', arguments: [URI, TEXT.indexOf('memory33')] }],
    ['memtopo/tests', { uri: URI }],
    ['memtopo/runTests', { uri: URI }],
    ['memtopo/preview', { uri: URI, offset: TEXT.indexOf('memory33') }],
];

describe('a client with every capability', () => {
    const capabilities = {
        textDocument: {
            publishDiagnostics: { relatedInformation: true, versionSupport: true, codeDescriptionSupport: true, dataSupport: true, tagSupport: { valueSet: [1, 2] } },
            completion: { completionItem: { snippetSupport: true } }, documentSymbol: { hierarchicalDocumentSymbolSupport: true },
            codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ['quickfix'] } }, isPreferredSupport: true },
        },
        workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true }, didChangeWatchedFiles: { dynamicRegistration: true }, inlayHint: { refreshSupport: true } },
    };
    test('gets versioned diagnostics with code, documentation and data, and answers to everything', async () => {
        const client = start('--stdio');
        client.answers.set('client/registerCapability', () => null);
        client.answers.set('workspace/configuration', () => [{}]);
        const { capabilities: offered } = await client.initialize(capabilities, { initializationOptions: { docs: 'file:///docs/diagnostics.md' } });
        expect(offered).toMatchObject({ hoverProvider: true, inlayHintProvider: true });
        // an editor asks those for a kind that announce it
        expect(offered['codeActionProvider']).toEqual({ codeActionKinds: ['quickfix', 'refactor.rewrite', 'refactor.extract', 'source.fixAll'] });
        client.open(URI, TEXT);
        const { diagnostics, version } = await client.diagnostics(URI);
        expect(version).toBe(1);
        const busy = diagnostics.find((d) => d.code === 'memory/no-change')!;
        expect(busy).toMatchObject({ severity: 1, source: 'memtopo', codeDescription: { href: 'file:///docs/diagnostics.md#memory-no-change' } });
        expect(busy.range.start.line).toBe(7);
        for (const [method, params] of REQUESTS) expect(await client.request(method, params), method).not.toBeNull();
        expect(client.requests).toContain('client/registerCapability');
    });

    test('that has a page for each code gets its address, and asks for the text', async () => {
        const client = start('--stdio');
        await client.initialize(capabilities, { initializationOptions: { docs: 'pages://explain/CODE.md' } });
        client.open(URI, TEXT);
        const { diagnostics } = await client.diagnostics(URI);
        expect(diagnostics.find((d) => d.code === 'memory/no-change')).toMatchObject({ codeDescription: { href: 'pages://explain/memory/no-change.md' } });
        expect(await client.request('memtopo/explain', { code: 'memory/no-change' })).toMatch(/^# [\s\S]*What to do[\s\S]*memtopo-ignore memory\/no-change/);
        expect(await client.request('memtopo/explain', { code: 'no/such' })).toBeNull();
    });

    test('a newer text is answered for, never an older one', async () => {
        const client = start();
        await client.initialize(capabilities);
        client.open(URI, TEXT);
        await client.diagnostics(URI);
        const seen = client.published.length;
        const digit = place('cpus 0-3', 8);
        let version = 0;
        for (let i = 0; i < 30; i++) version = client.change(URI, [{ range: { start: digit, end: digit }, text: '1' }]);
        version = client.change(URI, [{ text: TEXT.replace('memory33', 'memory9999') }]);
        const hover = (await client.request('textDocument/hover', { ...document, position: place('memory33', 2) })) as { contents: { value: string } };
        expect(hover.contents.value).not.toContain('memory33');
        const last = await client.diagnostics(URI, (p) => p.version === version, seen);
        expect(last.diagnostics.map((d) => d.code)).toContain('command/failed');
        await new Promise((resolve) => setTimeout(resolve, 100));
        const versions = client.published.slice(seen).map((p) => p.version!);
        expect(versions).toEqual([...versions].sort((a, b) => a - b));
        expect(versions.length).toBeLessThan(31);
        expect(client.published.at(-1)!.version).toBe(version);
    });

    test('the default release changes without a restart', async () => {
        const client = start('--stdio');
        await client.initialize(capabilities);
        client.open(URI, TEXT.replace('    kernel 6.1\n', ''));
        await client.diagnostics(URI);
        const detail = async (): Promise<unknown> => ((await client.request('textDocument/documentSymbol', document)) as { detail?: string }[])[0]!.detail;
        for (const kernel of ['5.10', '6.12']) {
            const seen = client.published.length;
            client.notify('workspace/didChangeConfiguration', { settings: { memtopo: { kernel } } });
            await client.diagnostics(URI, () => true, seen);
            expect(await detail()).toBe(`platform, kernel ${kernel}`);
        }
    });

    test('questions that are taken back are not answered, and nothing waits behind them', async () => {
        const client = start('--stdio');
        await client.initialize(capabilities);
        client.open(URI, TEXT);
        await client.diagnostics(URI);
        const answers = await Promise.allSettled([...Array(40).keys()].map((i) => {
            const asked = client.request('textDocument/hover', { ...document, position: place('memory at 4G', 8) });
            if (i < 39) client.notify('$/cancelRequest', { id: client.lastId });
            return asked;
        }));
        expect(answers.at(-1)!.status).toBe('fulfilled');
        // one that was begun before it was taken back may be answered; none may fail with anything but that
        for (const a of answers) if (a.status === 'rejected') expect(String(a.reason)).toMatch(/cancel/i);
    });

    test('call hierarchy: from the scenario to its lines and back', async () => {
        const client = start('--stdio');
        await client.initialize(capabilities);
        client.open(URI, TEXT);
        const [item] = (await client.request('textDocument/prepareCallHierarchy', { ...document, position: place('take it', 2) })) as [object];
        const calls = (await client.request('callHierarchy/outgoingCalls', { item })) as { to: { name: string } }[];
        expect(calls.map((c) => c.to.name)).toEqual(['fast', '$ echo online > /sys/devices/system/memory/memory33/state']);
        const back = (await client.request('callHierarchy/incomingCalls', { item: calls[1]!.to })) as { from: { name: string } }[];
        expect(back.map((c) => c.from.name)).toEqual(['take it']);
    });

    test('settings change severities and hints without a restart', async () => {
        const client = start('--stdio');
        await client.initialize(capabilities);
        client.open(URI, TEXT);
        await client.diagnostics(URI, (p) => p.diagnostics.some((d) => d.code === 'memory/no-change'));
        const seen = client.published.length;
        client.notify('workspace/didChangeConfiguration', { settings: { memtopo: { severities: { memory: 'off' }, inlayHints: { sizes: false, outcomes: false } } } });
        const { diagnostics } = await client.diagnostics(URI, () => true, seen);
        expect(diagnostics.map((d) => d.code)).not.toContain('memory/no-change');
        expect(await client.request('textDocument/inlayHint', { ...document, range: everything })).toEqual([]);
    });
});

describe('a client that asks for diagnostics', () => {
    const pulling = { textDocument: { diagnostic: { dynamicRegistration: false } }, workspace: { diagnostics: { refreshSupport: true } } };
    interface Report { kind: string; resultId?: string; items?: { code?: string }[]; uri?: string }

    test('is not sent any; it gets them once, `unchanged` after that, and is told to ask again', async () => {
        const client = start('--stdio');
        client.answers.set('workspace/diagnostic/refresh', () => null);
        const { capabilities } = await client.initialize(pulling);
        expect(capabilities['diagnosticProvider']).toMatchObject({ interFileDependencies: true, workspaceDiagnostics: true });
        client.open(URI, TEXT);
        const first = (await client.request('textDocument/diagnostic', document)) as Report;
        expect(first.kind).toBe('full');
        expect(first.items!.map((d) => d.code)).toContain('memory/no-change');
        const again = async (): Promise<Report> => (await client.request('textDocument/diagnostic', { ...document, previousResultId: first.resultId })) as Report;
        expect(await again()).toEqual({ kind: 'unchanged', resultId: first.resultId });
        // an edit that changes nothing that is told, and one that does
        client.change(URI, [{ range: { start: { line: 99, character: 0 }, end: { line: 99, character: 0 } }, text: '// the end\n' }]);
        expect((await again()).kind).toBe('unchanged');
        client.change(URI, [{ text: TEXT.replace('memory33', 'memory9999') }]);
        const changed = await again();
        expect(changed.kind).toBe('full');
        expect(changed.items!.map((d) => d.code)).toContain('command/failed');
        client.notify('workspace/didChangeConfiguration', { settings: { memtopo: { severities: { command: 'off' } } } });
        for (let i = 0; i < 100 && !client.requests.includes('workspace/diagnostic/refresh'); i++) await new Promise((resolve) => setTimeout(resolve, 20));
        expect(client.requests).toContain('workspace/diagnostic/refresh');
        expect(((await again()).items ?? []).map((d) => d.code)).not.toContain('command/failed');
        expect(client.published).toEqual([]);
    });

    test('gets those of files in the workspace that nobody has opened', async () => {
        const below = path.join(folder, 'workspace/deep');
        mkdirSync(below, { recursive: true });
        writeFileSync(path.join(below, 'closed.memtopo'), TEXT);
        writeFileSync(path.join(below, 'other.txt'), TEXT);
        const client = start('--stdio');
        await client.initialize(pulling, { rootUri: pathToFileURL(path.join(folder, 'workspace')).toString() });
        client.open(URI, 'platform a {\n    nonsense\n}\n');
        const ask = async (previousResultIds: object[]): Promise<Report[]> => ((await client.request('workspace/diagnostic', { previousResultIds })) as { items: Report[] }).items;
        const reports = await ask([]);
        expect(reports.map((r) => r.uri)).toEqual([URI, pathToFileURL(path.join(below, 'closed.memtopo')).toString()]);
        expect(reports[1]!.items!.map((d) => d.code)).toContain('memory/no-change');
        const later = await ask(reports.map((r) => ({ uri: r.uri, value: r.resultId })));
        expect(later.map((r) => r.kind)).toEqual(['unchanged', 'unchanged']);
    });

    test('a client with commands of its own is sent diagnostics and registers nothing twice', async () => {
        const client = start('--stdio');
        const { capabilities } = await client.initialize(pulling, { initializationOptions: { ownCommands: true, pushDiagnostics: true } });
        expect(capabilities['executeCommandProvider']).toBeUndefined();
        expect(capabilities['diagnosticProvider']).toBeUndefined();
        client.open(URI, TEXT);
        expect((await client.diagnostics(URI)).diagnostics.length).toBeGreaterThan(0);
    });
});

describe('a client without any optional capability', () => {
    test('gets plain diagnostics and an answer to everything; nothing is asked of it', async () => {
        const client = start('--stdio');
        await client.initialize({});
        client.open(URI, TEXT);
        const published = await client.diagnostics(URI);
        expect(published.version).toBeUndefined();
        const keys = new Set(published.diagnostics.flatMap((d) => Object.keys(d)));
        for (const key of ['codeDescription', 'relatedInformation', 'tags', 'data']) expect(keys).not.toContain(key);
        for (const [method, params] of REQUESTS) await client.request(method, params);
        const symbols = (await client.request('textDocument/documentSymbol', document)) as { location?: unknown }[];
        expect(symbols.every((s) => s.location !== undefined)).toBe(true);
        expect(await client.request('textDocument/codeAction', { ...document, range: everything, context: { diagnostics: [] } })).toEqual([]);
        expect(client.requests).toEqual([]);
    });

    test('a document that was never opened gets null, not an error', async () => {
        const client = start();
        await client.initialize({});
        expect(await client.request('textDocument/hover', { textDocument: { uri: 'file:///no' }, position: { line: 0, character: 0 } })).toBeNull();
    });

    test('a closed document has no diagnostics left', async () => {
        const client = start();
        await client.initialize({});
        client.open(URI, TEXT);
        await client.diagnostics(URI, (p) => p.diagnostics.length > 0);
        const seen = client.published.length;
        client.notify('textDocument/didClose', document);
        expect((await client.diagnostics(URI, () => true, seen)).diagnostics).toEqual([]);
    });
});

test('a key in a large document that is ready shows no progress and is told alone', async () => {
    const client = start();
    client.answers.set('window/workDoneProgress/create', () => null);
    await client.initialize({ window: { workDoneProgress: true }, textDocument: { publishDiagnostics: { versionSupport: true } } });
    const part = TEXT.replaceAll('fast', 'fast-N').replace('take it', 'take it N');
    let text = '';
    let count = 0;
    for (; text.length < 320_000; count++) text += part.replaceAll('N', String(count));
    client.open(URI, text);
    const all = await client.diagnostics(URI, (p) => p.diagnostics.filter((d) => d.code === 'memory/no-change').length === count, 0, 60_000);
    const ends = (): number => client.notifications.filter((n) => n.method === '$/progress').length;
    const shown = ends();
    expect(shown).toBeGreaterThan(1);
    const seen = client.published.length;
    const begin = performance.now();
    const version = client.change(URI, [{ range: { start: { line: 7, character: 4 }, end: { line: 7, character: 4 } }, text: '//' }]);
    const { diagnostics } = await client.diagnostics(URI, (p) => p.version === version, seen);
    expect(performance.now() - begin).toBeLessThan(3000);
    expect(diagnostics.filter((d) => d.code === 'memory/no-change')).toHaveLength(all.diagnostics.filter((d) => d.code === 'memory/no-change').length - 1);
    expect(ends()).toBe(shown);
}, 180_000);

describe('imports', () => {
    test('are read from disk, and again when they change', async () => {
        const base = path.join(folder, 'base.memtopo');
        writeFileSync(base, TEXT.slice(0, TEXT.indexOf('scenario')));
        const uri = pathToFileURL(path.join(folder, 'main.memtopo')).toString();
        const client = start();
        await client.initialize({});
        client.open(uri, `import "base.memtopo"\nscenario "s" on fast {\n    $ reboot\n}\n`);
        expect((await client.diagnostics(uri)).diagnostics.filter((d) => d.severity === 1)).toEqual([]);
        rmSync(base);
        const seen = client.published.length;
        client.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: pathToFileURL(base).toString(), type: 3 }] });
        const codes = (await client.diagnostics(uri, () => true, seen)).diagnostics.map((d) => d.code);
        expect(codes).toEqual(expect.arrayContaining(['language/missing-import', 'language/unknown-platform']));
    });
});

describe('a workspace', () => {
    const write = (name: string, text: string): string => {
        const file = path.join(folder, name);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, text);
        return pathToFileURL(file).toString();
    };
    const workspace = async (name: string, more: object = {}): Promise<Client> => {
        const client = start('--stdio');
        await client.initialize({}, { rootUri: pathToFileURL(path.join(folder, name)).toString(), ...more });
        return client;
    };

    test('a platform is found and renamed in every file that means it, and in no other', async () => {
        const base = write('names/base.memtopo', 'platform base {\n    node 0 { memory at 0 size 2G }\n}\n');
        const closed = write('names/deep/closed.memtopo', 'import "../base.memtopo"\r\nplatform more extends base { }\r\n');
        write('names/alike.memtopo', 'platform base { }\nscenario "s" on base { }\n');
        const open = write('names/open.memtopo', 'import "base.memtopo"\nscenario "s" on base { }\n');
        const client = await workspace('names');
        client.open(open, 'import "base.memtopo"\nscenario "s" on base { }\nscenario "t" on base { }\n');
        const here = { textDocument: { uri: open }, position: { line: 1, character: 17 } };
        const { changes } = (await client.request('textDocument/rename', { ...here, newName: 'root' })) as { changes: Record<string, { range: { start: object } }[]> };
        expect(Object.fromEntries(Object.entries(changes).map(([uri, edits]) => [uri, edits.map((e) => e.range.start)]))).toEqual({
            [base]: [{ line: 0, character: 9 }], [closed]: [{ line: 1, character: 22 }], [open]: [{ line: 1, character: 16 }, { line: 2, character: 16 }],
        });
        const found = (await client.request('textDocument/references', { ...here, context: { includeDeclaration: false } })) as { uri: string }[];
        expect(found.map((l) => l.uri).sort()).toEqual([closed, open, open].sort());
        await expect(client.request('textDocument/rename', { ...here, newName: 'more' })).rejects.toThrow('there is already a platform `more`');
        await expect(client.request('textDocument/rename', { ...here, newName: 'no name' })).rejects.toThrow('cannot be the name');
        const [item] = (await client.request('textDocument/prepareCallHierarchy', here)) as { uri: string }[];
        expect(item!.uri).toBe(base);
        const calls = (await client.request('callHierarchy/incomingCalls', { item })) as { from: { name: string } }[];
        expect(calls.map((c) => c.from.name).sort()).toEqual(['more', 's', 't']);
        const symbols = (await client.request('workspace/symbol', { query: 'more' })) as { location: { uri: string } }[];
        expect(symbols.map((s) => s.location.uri)).toEqual([closed]);
    });

    test('imports follow a file or a folder that gets another name', async () => {
        const uris = [
            write('moves/base file.memtopo', 'platform base { }\n'), write('moves/user.memtopo', '// first\nimport "base file.memtopo"\nimport "deep/variant.memtopo"\n'),
            write('moves/deep/variant.memtopo', 'import "../base file.memtopo"\nimport "sister.memtopo"\n'), write('moves/deep/sister.memtopo', 'import "variant.memtopo"\n'),
        ] as const;
        const client = start('--stdio');
        const { capabilities } = await client.initialize({ workspace: { fileOperations: { willRename: true } } }, { rootUri: pathToFileURL(path.join(folder, 'moves')).toString() });
        expect(capabilities['workspace']).toMatchObject({ fileOperations: { willRename: {} } });
        const renamed = async (oldUri: string, newUri: string): Promise<Record<string, string[]>> => {
            const { changes } = (await client.request('workspace/willRenameFiles', { files: [{ oldUri, newUri }] })) as { changes: Record<string, { range: { start: { line: number } }; newText: string }[]> };
            return Object.fromEntries(Object.entries(changes).map(([uri, edits]) => [uri.slice(uri.indexOf('/moves/') + 7), edits.map((e) => `${e.range.start.line}: ${e.newText}`)]));
        };
        expect(await renamed(uris[0], uris[0].replace('base%20file', 'root'))).toEqual({ 'user.memtopo': ['1: "root.memtopo"'], 'deep/variant.memtopo': ['0: "../root.memtopo"'] });
        expect(await renamed(uris[2], uris[2].replace('deep/', ''))).toEqual({
            'user.memtopo': ['2: "variant.memtopo"'], 'deep/sister.memtopo': ['0: "../variant.memtopo"'], 'deep/variant.memtopo': ['0: "base file.memtopo"', '1: "deep/sister.memtopo"'],
        });
        const deep = path.dirname(uris[2]);
        expect(await renamed(deep, deep.replace('deep', 'far/away'))).toEqual({ 'user.memtopo': ['2: "far/away/variant.memtopo"'], 'deep/variant.memtopo': ['0: "../../base file.memtopo"'] });
    });

    test('a file that the client escapes otherwise is one file', async () => {
        const uri = write('escapes/a (1).memtopo', 'platform a { }\n').replace(/[()]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
        const client = await workspace('escapes');
        client.open(uri, 'platform a { }\nscenario "s" on a { }\n');
        const { changes } = (await client.request('textDocument/rename', { textDocument: { uri }, position: { line: 0, character: 9 }, newName: 'b' })) as { changes: object };
        expect(Object.keys(changes)).toEqual([uri]);
        expect(((await client.request('workspace/symbol', { query: 'a' })) as object[])).toHaveLength(1);
    });

    test('a platform of another file of the workspace is imported', async () => {
        write('imports/lib/base.memtopo', 'platform base { }\n');
        write('imports/other.memtopo', 'platform other { }\n');
        const uri = write('imports/deep/user.memtopo', '');
        const client = start('--stdio');
        await client.initialize({ textDocument: { codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ['quickfix'] } } } } }, { rootUri: pathToFileURL(path.join(folder, 'imports')).toString() });
        const imported = async (text: string): Promise<readonly [string, string][]> => {
            client.change(uri, [{ text }]);
            const line = text.split('\n').findIndex((l) => l.includes('extends'));
            const place = { line, character: text.split('\n')[line]!.indexOf('extends') + 9 };
            const actions = (await client.request('textDocument/codeAction', { textDocument: { uri }, range: { start: place, end: place }, context: { diagnostics: [] } })) as { title: string; edit: { changes: Record<string, TextEdit[]> } }[];
            return actions.filter((a) => a.title.startsWith('Import')).map((a) => [a.title, TextDocument.applyEdits(TextDocument.create(uri, 'memtopo', 1, text), a.edit.changes[uri]!)]);
        };
        client.open(uri, '');
        expect(await imported('platform a extends base { }\n')).toEqual([['Import "../lib/base.memtopo"', 'import "../lib/base.memtopo"\n\nplatform a extends base { }\n']]);
        expect(await imported('// a story\n\n// of a\nplatform a extends base { }\n')).toEqual([['Import "../lib/base.memtopo"', '// a story\n\nimport "../lib/base.memtopo"\n\n// of a\nplatform a extends base { }\n']]);
        expect(await imported('import "../other.memtopo"\n\nplatform a extends base { }\n')).toEqual([['Import "../lib/base.memtopo"', 'import "../other.memtopo"\nimport "../lib/base.memtopo"\n\nplatform a extends base { }\n']]);
        expect(await imported('platform a extends nothing { }\n')).toEqual([]);
        expect(await imported('import "../lib/base.memtopo"\nplatform a extends base { }\n')).toEqual([]);
    });

    test('folders come and go while it is open', async () => {
        const added = write('later/b.memtopo', 'platform b { }\n');
        write('first/a.memtopo', 'platform a { }\n');
        const client = await workspace('first');
        const names = async (): Promise<string[]> => ((await client.request('workspace/symbol', { query: '' })) as { name: string }[]).map((s) => s.name);
        expect(await names()).toEqual(['a']);
        const folderOf = (name: string): object => ({ uri: pathToFileURL(path.join(folder, name)).toString(), name });
        client.notify('workspace/didChangeWorkspaceFolders', { event: { added: [folderOf('later')], removed: [folderOf('first')] } });
        expect(await names()).toEqual(['b']);
        expect(added).toContain('later');
    });
});

describe('bad input', () => {
    const junk = [...Array(4000).keys()].map((i) => String.fromCharCode((i * 7919) % 0xffff)).join('');
    test.each([
        ['empty', ''], ['junk', junk], ['an open string', 'platform a {\n    cmdline "x\n}'], ['an open comment', '/* platform'], ['only braces', '{'.repeat(3000)], ['a huge number', 'platform a {\n    node 0 { memory at 0 size 99999999999999999999999999G }\n}'],
    ])('%s: an answer, and the server lives', async (_, text) => {
        const client = start();
        await client.initialize({});
        client.open(URI, text);
        const { diagnostics } = await client.diagnostics(URI);
        expect(Array.isArray(diagnostics)).toBe(true);
        if (text !== '') expect(diagnostics.length).toBeGreaterThan(0);
        for (const [method, params] of REQUESTS) await client.request(method, params);
        expect(client.exited).toBeUndefined();
    });

    test('five megabytes: what one looks at is told at once, and every question is answered while the rest is worked out', async () => {
        const client = start();
        client.answers.set('window/workDoneProgress/create', () => null);
        await client.initialize({ window: { workDoneProgress: true }, textDocument: { publishDiagnostics: { versionSupport: true } } });
        const part = TEXT.replaceAll('fast', 'fast-N').replace('take it', 'take it N');
        let text = '';
        let count = 0;
        for (; text.length < 5_000_000; count++) text += part.replaceAll('N', String(count));
        const begin = performance.now();
        client.open(URI, text);
        const first = await client.diagnostics(URI, (p) => p.diagnostics.length > 0, 0, 60_000);
        const toFirst = performance.now() - begin;
        expect(first.diagnostics[0]!.range.start.line).toBeLessThan(100);
        expect(first.diagnostics.length).toBeLessThan(count);
        const slowest = { method: '', milliseconds: 0 };
        const ask = async (method: string, params: object): Promise<unknown> => {
            const asked = performance.now();
            const answer = await client.request(method, params);
            if (process.env['MEMTOPO_TIMES'] && performance.now() - asked > 300) console.log(method, Math.round(performance.now() - asked));
            if (performance.now() - asked > slowest.milliseconds) Object.assign(slowest, { method, milliseconds: performance.now() - asked });
            return answer;
        };
        // far from what is ready: worked out because it is asked for
        const lines = part.split('\n').length - 1;
        const line = Math.floor(count / 2) * lines + 7;
        const hover = (await ask('textDocument/hover', { ...document, position: { line, character: 8 } })) as { contents: { value: string } };
        expect(hover.contents.value).toContain('memory33');
        const hints = (await ask('textDocument/inlayHint', { ...document, range: { start: { line: line - 7, character: 0 }, end: { line: line + 2, character: 0 } } })) as { label: string }[];
        expect(hints.some((h) => h.label.includes('EINVAL'))).toBe(true);
        // the whole document in canonical form takes its time, and nobody has to wait for it
        const formatted = client.request('textDocument/formatting', REQUESTS.find(([method]) => method === 'textDocument/formatting')![1]);
        for (const [method, params] of REQUESTS) if (method !== 'textDocument/formatting') await ask(method, params);
        void formatted.catch(() => undefined);
        // a key far down: that part is told next
        const seen = client.published.length;
        const edited = performance.now();
        const version = client.change(URI, [{ range: { start: { line: line - 7, character: 0 }, end: { line: line - 7, character: 0 } }, text: 'x' }]);
        await client.diagnostics(URI, (p) => p.version === version && p.diagnostics.some((d) => d.range.start.line === line - 7), seen, 60_000);
        const toEdited = performance.now() - edited;
        expect(client.notifications.some((n) => n.method === '$/progress')).toBe(true);
        if (process.env['MEMTOPO_TIMES']) console.log({ characters: text.length, count, toFirst, slowest, toEdited });
        expect(toFirst).toBeLessThan(8000);
        expect(slowest.milliseconds).toBeLessThan(8000);
        expect(toEdited).toBeLessThan(8000);
    }, 120_000);
});

test('whatever is typed, several changes in one message, places that are none: the same is told as of that text opened anew', async () => {
    const client = start('--stdio');
    await client.initialize({ textDocument: { publishDiagnostics: { versionSupport: true, relatedInformation: true } } });
    const told = async (uri: string, version: number): Promise<unknown> => JSON.parse(JSON.stringify((await client.diagnostics(uri, (p) => p.version === version)).diagnostics).replaceAll(uri, 'THIS'));
    const position = fc.record({ line: fc.nat(50), character: fc.oneof(fc.nat(40), fc.constant(9999)) });
    const change = fc.oneof({ weight: 12, arbitrary: fc.record({ range: fc.record({ start: position, end: position }), text: fc.constantFrom('', 'x', '1', '}', '{', '\n', '\r\n', '\r', '"', '𝄞', 'platform q { }\n', '// ') }) },
        { weight: 1, arbitrary: fc.record({ text: fc.constantFrom('', platforms(2)) }) });
    let next = 0;
    await fc.assert(fc.asyncProperty(fc.constantFrom(platforms(2), platforms(2).replaceAll('\n', '\r\n')), fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }), async (text, messages) => {
        const uri = `file:///t/${next}.memtopo`;
        const anew = `file:///t/${next++}-anew.memtopo`;
        client.open(uri, text);
        const document = TextDocument.create(uri, 'memtopo', 1, text);
        let version = 1;
        for (const changes of messages) {
            version = client.change(uri, changes);
            TextDocument.update(document, changes as never, version);
            if (version % 2 === 0) await told(uri, version);
        }
        client.open(anew, document.getText());
        expect(await told(uri, version)).toEqual(await told(anew, 1));
        for (const closed of [uri, anew]) client.notify('textDocument/didClose', { textDocument: { uri: closed } });
    }), { numRuns: 60 });
});
