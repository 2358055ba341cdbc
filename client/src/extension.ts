// The extension in VS Code's node extension host: the language server is a process of its own.
import { createRequire } from 'node:module';
import * as vscode from 'vscode';
import { LanguageClient, type ServerOptions, TransportKind } from 'vscode-languageclient/node';
import { type Client, start } from './start.ts';

/** What VS Code's Markdown preview asks of an extension that brings a plugin. `Md` is its markdown-it. */
interface MarkdownExtension {
    extendMarkdownIt<Md>(md: Md): Md;
}

export async function activate(context: vscode.ExtensionContext): Promise<MarkdownExtension> {
    const module = vscode.Uri.joinPath(context.extensionUri, 'dist', 'server.cjs').fsPath;
    const server: ServerOptions = {
        run: { module, transport: TransportKind.ipc },
        debug: { module, transport: TransportKind.ipc, options: { execArgv: ['--nolazy', '--inspect=6017', '--enable-source-maps'] } },
    };
    await start(context, options => new LanguageClient('memtopo', 'memtopo', server, options) as Client);
    return {
        extendMarkdownIt: (md) => {
            // a simulator of its own, loaded when the first Markdown preview opens
            const { memtopo } = createRequire(module)('./markdown.cjs') as { memtopo(md: unknown, options: object): void };
            memtopo(md, { width: 720 });
            return md;
        },
    };
}
