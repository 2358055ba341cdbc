// The extension in VS Code's node extension host: the language server is a process of its own.
import * as vscode from 'vscode';
import { LanguageClient, type ServerOptions, TransportKind } from 'vscode-languageclient/node';
import { type Client, start } from './start.ts';

export async function activate(context: vscode.ExtensionContext): Promise<void> {
    const module = vscode.Uri.joinPath(context.extensionUri, 'dist', 'server.cjs').fsPath;
    const server: ServerOptions = {
        run: { module, transport: TransportKind.ipc },
        debug: { module, transport: TransportKind.ipc, options: { execArgv: ['--nolazy', '--inspect=6017', '--enable-source-maps'] } },
    };
    await start(context, options => new LanguageClient('memtopo', 'memtopo', server, options) as Client);
}
