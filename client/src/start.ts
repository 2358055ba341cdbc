// What both extension hosts share: the client, its commands, its status, the preview.
import * as vscode from 'vscode';
import type { BaseLanguageClient, LanguageClientOptions } from 'vscode-languageclient';
import { READ_FILE_REQUEST, type ReadFileParams } from '../../server/src/server/files-protocol.ts';
import { serverChanges } from './changes.ts';
import { EXPLANATIONS, registerCommands } from './commands.ts';
import { registerPreview } from './preview/panel.ts';
import { showStatus } from './status.ts';
import { registerTests } from './tests.ts';

export type Client = BaseLanguageClient;

/**
 * Starts the language server and registers everything that VS Code can call. `create` makes the client of the host at hand; it is
 * called once, restarts reuse the client.
 */
export async function start(context: vscode.ExtensionContext, create: (options: LanguageClientOptions) => Client): Promise<void> {
    const output = vscode.window.createOutputChannel('memtopo', { log: true });
    const client = create({
        // every scheme: files, untitled documents, git:, vscode-vfs: and whatever else holds text
        documentSelector: [{ language: 'memtopo' }],
        outputChannel: output,
        synchronize: { configurationSection: 'memtopo' },
        // as plain data: the object itself carries functions, which no worker takes
        initializationOptions: {
            settings: JSON.parse(JSON.stringify(vscode.workspace.getConfiguration('memtopo'))) as unknown,
            // commands are registered here, with what they show; diagnostics are sent as soon as they are known
            ownCommands: true, pushDiagnostics: true, docs: EXPLANATIONS,
        },
        middleware: {
            // a directory that was chosen is only the beginning of a path
            async provideCompletionItem(document, position, context, token, next) {
                const found = await next(document, position, context, token);
                for (const item of Array.isArray(found) ? found : found?.items ?? []) {
                    if (item.kind === vscode.CompletionItemKind.Folder) item.command = { command: 'editor.action.triggerSuggest', title: 'Suggest' };
                }
                return found;
            },
        },
        markdown: { isTrusted: { enabledCommands: ['memtopo.openPreviewToSide'] }, supportHtml: false },
    });
    const changes = serverChanges(client);
    context.subscriptions.push(
        output,
        changes,
        showStatus(client, changes.event),
        registerPreview(context, client, changes.event),
        registerCommands(context, client),
        registerTests(client, changes.event),
        vscode.commands.registerCommand('memtopo.showOutput', () => output.show(true)),
        vscode.commands.registerCommand('memtopo.restartServer', async () => {
            if (client.isRunning()) await client.stop();
            await client.start();
        }),
        // a server in a worker sees no file system: imports reach it through VS Code's, whatever scheme they have
        client.onRequest(READ_FILE_REQUEST, async ({ uri }: ReadFileParams): Promise<string | null> => {
            try {
                return new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.parse(uri)));
            } catch {
                return null;
            }
        }),
        client,
    );
    await client.start();
}
