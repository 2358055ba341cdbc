// The server: messages in, answers out. Everything it says comes from the analysis of the newest text.
import type { DidChangeWorkspaceFoldersParams, InitializeParams, InitializeResult, Range, TextDocumentSyncKind, TextEdit } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { ACTION_KINDS } from '../features/code-actions.ts';
import { codeLenses } from '../features/code-lens.ts';
import { completion } from '../features/completion.ts';
import type { FeatureContext } from '../features/context.ts';
import { definition } from '../features/definition.ts';
import { document } from '../features/documents.ts';
import { explanation } from '../diagnostics/page.ts';
import { DOCUMENT_REQUEST, type DocumentParams, type DocumentResult, EXPLAIN_REQUEST, type ExplainParams } from '../features/documents-protocol.ts';
import { documentLinks } from '../features/document-links.ts';
import { foldingRanges } from '../features/folding.ts';
import { formatting, formattingInParts } from '../features/formatting.ts';
import { hover } from '../features/hover.ts';
import { inlayHints } from '../features/inlay-hints.ts';
import { ON_TYPE_FIRST, ON_TYPE_MORE } from '../features/on-type-formatting.ts';
import { preview, PreviewMemory } from '../features/preview.ts';
import type { PreviewAnswer, PreviewRequest } from '../features/preview-delta-protocol.ts';
import { PREVIEW_CHANGED, PREVIEW_REQUEST, type PreviewChangedParams } from '../features/preview-protocol.ts';
import { Previews } from './previews.ts';
import { highlights, prepareRename } from '../features/rename.ts';
import { selectionRanges } from '../features/selection.ts';
import { TOKEN_MODIFIERS, TOKEN_TYPES } from '../features/semantic-tokens.ts';
import { documentSymbols } from '../features/symbols.ts';
import { runTests, tests } from '../features/tests.ts';
import { RUN_TESTS_REQUEST, type RunTestsParams, type RunTestsResult, TESTS_REQUEST, type TestsModel, type TestsParams } from '../features/tests-protocol.ts';
import type { Analysis } from './analysis.ts';
import { COMMANDS } from './commands.ts';
import type { Same } from './parts.ts';
import { Progress, SILENT } from './progress.ts';
import { Project, type ReadText } from './project.ts';
import { createPump, laterTurn } from './pump.ts';
import { diagnosticsOf, ReportIds, type Reporting } from './reports.ts';
import { moreRequests } from './requests.ts';
import { DEFAULT_SETTINGS, readSettings, type Settings } from './settings.ts';
import { warmUp } from './warm.ts';
import { prepareForMistakes, prepareParser } from '../language/parser.ts';
import type { ServerConnection } from './wire.ts';

/** What differs between a process and a worker. */
export interface ServerHost {
    readonly read: ReadText;
    readonly version: string;
    /** URI of docs/diagnostics.md, where it is at hand; as in LspShape. */
    readonly docs?: string;
    /** Called once, some time after the first diagnostics. */
    readonly idle?: () => void;
    /** URIs of the memtopo files below a folder, where the host can look. */
    readonly list?: (folder: string) => Promise<readonly string[]>;
}

/** What is known of a text that nobody has changed. */
const EVERYTHING: Same = { head: Infinity, tail: Infinity };

/** What imports follow when it gets another name. */
const RENAMED = [{ pattern: { glob: '**/*.memtopo', matches: 'file' as const } }, { pattern: { glob: '**/*', matches: 'folder' as const } }];

/** Texts of more characters are worked out with pauses: about what takes half a second. */
const LARGE = 300_000;
/** Progress is shown for more declarations than this. */
const SHOWN = 50;

/** Wires the features to a connection and starts listening. */
export function serve(connection: ServerConnection, host: ServerHost): void {
    const project = new Project(host.read, LARGE);
    const documents = new Map<string, TextDocument>();
    const memory = new PreviewMemory();
    const previews = new Previews();
    let client: InitializeParams['capabilities'] = {};
    let settings: Settings = DEFAULT_SETTINGS;
    let docs = host.docs;
    /** What was told last, by document: nothing is told twice, and nothing old is told at all. */
    const published = new Map<string, Analysis>();

    /** The client shows commands and results by itself and registers them under our names. */
    let ownCommands = false;
    /** The client asks for diagnostics: none are sent. */
    let pull = false;
    let folders: readonly string[] = [];
    const ids = new ReportIds();
    /** Where somebody looked or typed last, by document. */
    const focus = new Map<string, number>();
    const progress = new Progress(connection, () => client.window?.workDoneProgress === true);
    let changes = 0;

    const pump = createPump(async () => {
        const now = changes;
        const byLength = project.openUris().sort((a, b) => (documents.get(a)?.getText().length ?? 0) - (documents.get(b)?.getText().length ?? 0));
        for (const uri of byLength) {
            const analysis = project.analysis(uri);
            if (!analysis || analysis.waiting.length === 0) {
                publish(uri);
                continue;
            }
            // a key changes one or two declarations: nothing to show, and no time to ask
            const work = analysis.waiting.length > SHOWN ? await progress.begin('memtopo: simulating', uri.slice(uri.lastIndexOf('/') + 1)) : SILENT;
            const finished = await warmUp(analysis, {
                focus: focus.get(uri) ?? 0, stop: () => now !== changes,
                tell: (done, of) => {
                    work.report(done, of);
                    project.renew(uri);
                    publish(uri);
                },
            });
            work.end();
            if (!finished) return; // there is something newer: the next build goes on from here
            project.renew(uri);
            publish(uri);
        }
        if (project.reading) {
            await project.settled();
            pump.poke();
        }
    }, (error) => connection.console.error(`diagnostics failed: ${error instanceof Error ? error.stack ?? error.message : String(error)}`));

    const publish = (uri: string): void => {
        const analysis = project.analysis(uri);
        if (!analysis || analysis.incomplete || published.get(uri) === analysis) return;
        if (!idle) {
            idle = setTimeout(() => {
                host.idle?.();
                prepareForMistakes();
            }, 2000);
        }
        published.set(uri, analysis);
        if (!pull) {
            const versioned = client.textDocument?.publishDiagnostics?.versionSupport ? { version: analysis.version } : {};
            void connection.sendDiagnostics({ uri, diagnostics: diagnosticsOf(analysis, reporting()), ...versioned });
        } else if (refresh) askAgain();
        refresh = false;
        void connection.sendNotification(PREVIEW_CHANGED, { uri, version: analysis.version } satisfies PreviewChangedParams);
    };

    let idle: ReturnType<typeof setTimeout> | undefined;
    /** Something else than its own text has changed what a document is told: a client that asks has to ask again. */
    let refresh = false;
    const askAgain = (): void => {
        if (client.workspace?.diagnostics?.refreshSupport) void connection.sendRequest('workspace/diagnostic/refresh').catch(() => undefined);
    };
    const reporting = (): Reporting => ({ client, settings, pull, ...(docs === undefined ? {} : { docs }) });

    const changed = (everything: boolean): void => {
        changes++;
        if (everything) {
            published.clear();
            refresh = true;
        }
        pump.poke();
    };

    connection.onInitialize((params): InitializeResult => {
        // Behind the answer: the time until the client sends a text is enough to make the parser.
        setTimeout(prepareParser, 0);
        client = params.capabilities;
        const options = params.initializationOptions as { settings?: unknown; docs?: unknown; ownCommands?: unknown; pushDiagnostics?: unknown } | undefined;
        if (options && typeof options === 'object') {
            settings = readSettings(options.settings ?? options);
            if (typeof options.docs === 'string') docs = options.docs;
            ownCommands = options.ownCommands === true;
        }
        pull = client.textDocument?.diagnostic !== undefined && options?.pushDiagnostics !== true;
        folders = params.workspaceFolders?.map((f) => f.uri) ?? (params.rootUri ? [params.rootUri] : []);
        const legend = { tokenTypes: [...TOKEN_TYPES], tokenModifiers: [...TOKEN_MODIFIERS] };
        project.setKernel(settings.kernel);
        return {
            capabilities: {
                textDocumentSync: { openClose: true, change: 2 satisfies typeof TextDocumentSyncKind.Incremental, save: { includeText: false } },
                hoverProvider: true,
                inlayHintProvider: true,
                codeLensProvider: { resolveProvider: false },
                definitionProvider: true,
                referencesProvider: true,
                documentSymbolProvider: true,
                documentHighlightProvider: true,
                renameProvider: client.textDocument?.rename?.prepareSupport ? { prepareProvider: true } : true,
                selectionRangeProvider: true,
                foldingRangeProvider: true,
                completionProvider: { triggerCharacters: ['$', ' ', '/', '-', '=', '.'] },
                documentFormattingProvider: true,
                documentRangeFormattingProvider: true,
                codeActionProvider: { codeActionKinds: [...ACTION_KINDS] },
                documentLinkProvider: { resolveProvider: false },
                semanticTokensProvider: { legend, full: { delta: true }, range: true },
                signatureHelpProvider: { triggerCharacters: ['='], retriggerCharacters: [' ', '-'] },
                typeDefinitionProvider: true,
                callHierarchyProvider: true,
                workspaceSymbolProvider: true,
                documentOnTypeFormattingProvider: { firstTriggerCharacter: ON_TYPE_FIRST, moreTriggerCharacter: ON_TYPE_MORE },
                linkedEditingRangeProvider: true,
                ...(pull ? { diagnosticProvider: { identifier: 'memtopo', interFileDependencies: true, workspaceDiagnostics: true } } : {}),
                // a client that registers commands of these names itself would have them twice
                ...(ownCommands ? {} : { executeCommandProvider: { commands: [...COMMANDS] } }),
                workspace: {
                    workspaceFolders: { supported: true, changeNotifications: true },
                    ...(client.workspace?.fileOperations?.willRename ? { fileOperations: { willRename: { filters: RENAMED } } } : {}),
                },
            },
            serverInfo: { name: 'memtopo', version: host.version },
        };
    });

    connection.onInitialized(() => {
        if (client.workspace?.didChangeWatchedFiles?.dynamicRegistration) {
            void connection.sendRequest('client/registerCapability', {
                registrations: [{ id: 'memtopo-files', method: 'workspace/didChangeWatchedFiles', registerOptions: { watchers: [{ globPattern: '**/*.memtopo' }] } }],
            }).catch(() => undefined);
        }
        if (client.workspace?.didChangeConfiguration?.dynamicRegistration) {
            void connection.sendRequest('client/registerCapability', {
                registrations: [{ id: 'memtopo-settings', method: 'workspace/didChangeConfiguration', registerOptions: { section: 'memtopo' } }],
            }).catch(() => undefined);
        }
        void pullSettings();
    });

    const useSettings = (given: unknown): void => {
        const next = readSettings(given);
        if (JSON.stringify(next) === JSON.stringify(settings)) return;
        settings = next;
        project.setKernel(settings.kernel);
        changed(true);
        if (client.workspace?.inlayHint?.refreshSupport) void connection.sendRequest('workspace/inlayHint/refresh').catch(() => undefined);
        if (client.workspace?.codeLens?.refreshSupport) void connection.sendRequest('workspace/codeLens/refresh').catch(() => undefined);
    };

    const pullSettings = async (): Promise<void> => {
        if (!client.workspace?.configuration) return;
        try {
            const [given] = (await connection.sendRequest('workspace/configuration', { items: [{ section: 'memtopo' }] })) as unknown[];
            if (given !== null && given !== undefined) useSettings(given);
        } catch {
            // a client that promises settings and has none: the defaults stay
        }
    };

    connection.onDidChangeConfiguration(({ settings: given }) => {
        if (given !== null && given !== undefined) useSettings(given);
        else void pullSettings();
    });

    connection.onDidOpenTextDocument(({ textDocument }) => {
        focus.set(textDocument.uri, 0);
        documents.set(textDocument.uri, TextDocument.create(textDocument.uri, textDocument.languageId, textDocument.version, textDocument.text));
        project.setText(textDocument.uri, textDocument.version, textDocument.text);
        changed(false);
    });
    connection.onDidChangeTextDocument(({ textDocument, contentChanges }) => {
        const known = documents.get(textDocument.uri);
        if (!known) return;
        for (const change of contentChanges) {
            const before = dirty.get(textDocument.uri) ?? EVERYTHING;
            if ('range' in change) {
                const [start, end] = [known.offsetAt(change.range.start), known.offsetAt(change.range.end)];
                dirty.set(textDocument.uri, { head: Math.min(before.head, start, end), tail: Math.min(before.tail, known.getText().length - Math.max(start, end)) });
                focus.set(textDocument.uri, Math.min(start, end));
            } else dirty.set(textDocument.uri, { head: 0, tail: 0 });
            TextDocument.update(known, [change], textDocument.version);
        }
        changed(false);
    });
    connection.onDidCloseTextDocument(({ textDocument }) => {
        documents.delete(textDocument.uri);
        dirty.delete(textDocument.uri);
        published.delete(textDocument.uri);
        focus.delete(textDocument.uri);
        ids.forget(textDocument.uri);
        memory.forget(textDocument.uri);
        project.close(textDocument.uri);
        if (!pull) void connection.sendDiagnostics({ uri: textDocument.uri, diagnostics: [] });
        changed(false);
    });
    connection.onDidSaveTextDocument(() => {
        if (!client.workspace?.didChangeWatchedFiles?.dynamicRegistration) {
            project.forgetFiles();
            changed(false);
        }
    });
    connection.onDidChangeWatchedFiles(({ changes: files }) => {
        for (const { uri } of files) project.changedOnDisk(uri);
        refresh = true;
        changed(false);
    });

    connection.onNotification('workspace/didChangeWorkspaceFolders', ({ event }: DidChangeWorkspaceFoldersParams) => {
        const gone = new Set(event.removed.map((f) => f.uri));
        folders = [...new Set([...folders.filter((f) => !gone.has(f)), ...event.added.map((f) => f.uri)])];
        askAgain();
    });

    /** Texts changed since they were last cut into declarations: that is done once per build, not once per key. */
    const dirty = new Map<string, Same>();
    const current = (uri: string): FeatureContext | undefined => {
        flush();
        const analysis = project.analysis(uri);
        return analysis && { analysis, project, settings, client, ownCommands };
    };
    const flush = (): void => {
        for (const [uri, same] of dirty) {
            const document = documents.get(uri);
            if (document) project.setText(uri, document.version, document.getText(), same);
        }
        dirty.clear();
    };
    project.beforeAnalysis = flush;

    type At = { textDocument: { uri: string }; position: { line: number; character: number } };
    const at = <T>({ textDocument, position }: At, then: (context: FeatureContext, offset: number) => T): T | null => {
        const context = current(textDocument.uri);
        if (!context) return null;
        const offset = context.analysis.lines.offsetAt(position);
        focus.set(textDocument.uri, offset);
        return then(context, offset);
    };
    const on = <T>(uri: string, then: (context: FeatureContext) => T): T | null => {
        const context = current(uri);
        return context ? then(context) : null;
    };

    const format = (c: FeatureContext, range?: Range): TextEdit[] | Promise<TextEdit[]> => {
        if (!c.analysis.source.large) return formatting(c, range);
        const now = changes;
        return formattingInParts(c, range, async () => {
            await new Promise<void>((resolve) => laterTurn(resolve));
            return now === changes;
        });
    };

    connection.onHover((p) => at(p, (c, offset) => hover(c, offset) ?? null));
    connection.onDefinition((p) => at(p, definition));
    connection.onDocumentHighlight((p) => at(p, highlights));
    connection.onPrepareRename((p) => at(p, (c, offset) => prepareRename(c, offset) ?? null));
    connection.onSelectionRanges((p) => on(p.textDocument.uri, (c) => selectionRanges(c, p.positions)));
    connection.onCompletion((p) => at(p, completion));
    connection.onDocumentSymbol((p) => on(p.textDocument.uri, (c) => {
        const symbols = documentSymbols(c);
        if (client.textDocument?.documentSymbol?.hierarchicalDocumentSymbolSupport) return symbols;
        return symbols.map(({ name, kind, range }) => ({ name, kind, location: { uri: p.textDocument.uri, range } }));
    }));
    connection.onFoldingRanges((p) => on(p.textDocument.uri, foldingRanges));
    connection.onCodeLens((p) => on(p.textDocument.uri, codeLenses));
    connection.onDocumentFormatting((p) => on(p.textDocument.uri, (c) => format(c)));
    connection.onDocumentRangeFormatting((p) => on(p.textDocument.uri, (c) => format(c, p.range)));
    connection.onDocumentLinks((p) => on(p.textDocument.uri, documentLinks));
    connection.languages.inlayHint.on((p) => on(p.textDocument.uri, (c) => {
        focus.set(p.textDocument.uri, c.analysis.lines.offsetAt(p.range.start));
        return inlayHints(c, p.range);
    }));
    moreRequests({ connection, project, host, folders: () => folders, reporting, ids, at, on });
    connection.onRequest<PreviewAnswer | null, void>(PREVIEW_REQUEST, (p: PreviewRequest) => on(p.uri, (c) => previews.answer(preview(c.analysis, p, memory), p.have)));
    connection.onRequest(EXPLAIN_REQUEST, ({ code }: ExplainParams): string | null => explanation(code));
    connection.onRequest(DOCUMENT_REQUEST, (p: DocumentParams): DocumentResult | null => on(p.uri, (c) => document(c.analysis, p)));
    connection.onRequest(TESTS_REQUEST, (p: TestsParams): TestsModel | null => on(p.uri, (c) => tests(c.analysis)));
    connection.onRequest(RUN_TESTS_REQUEST, (p: RunTestsParams): RunTestsResult | null => on(p.uri, (c) => runTests(c.analysis, p)));
    connection.onShutdown(() => pump.dispose());

    connection.listen();
}
