// The extension in VS Code's web-worker extension host (vscode.dev, github.dev): the language server is a worker.
import * as vscode from 'vscode';
import { LanguageClient } from 'vscode-languageclient/browser';
import { type Client, start } from './start.ts';

export async function activate(context: vscode.ExtensionContext): Promise<void> {
    const script = vscode.Uri.joinPath(context.extensionUri, 'dist', 'server.browser.js').toString(true);
    await start(context, options => new LanguageClient('memtopo', 'memtopo', async () => new Worker(script), options) as Client);
}
