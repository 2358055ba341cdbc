// The extension in VS Code's web-worker extension host (vscode.dev, github.dev): the language server is a worker.
import * as vscode from 'vscode';
import { BrowserMessageReader, BrowserMessageWriter, LanguageClient } from 'vscode-languageclient/browser';
import { type Client, start } from './start.ts';

export async function activate(context: vscode.ExtensionContext): Promise<void> {
    const script = vscode.Uri.joinPath(context.extensionUri, 'dist', 'server.browser.js').toString(true);
    let worker: Worker | undefined;
    // VS Code puts its own Worker in place of the browser's, which the library does not recognise: it gets reader and writer instead
    const connect = async (): Promise<{ reader: BrowserMessageReader; writer: BrowserMessageWriter }> => {
        worker?.terminate();
        worker = new Worker(script);
        return { reader: new BrowserMessageReader(worker), writer: new BrowserMessageWriter(worker) };
    };
    context.subscriptions.push({ dispose: () => worker?.terminate() });
    await start(context, options => new LanguageClient('memtopo', 'memtopo', connect, options) as Client);
}
