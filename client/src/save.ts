// Writes what the server made to a file of the reader's choice, beside the source unless another place is chosen.
import * as vscode from 'vscode';
import type { SaveKind } from './preview/messages.ts';

const KINDS: Readonly<Record<SaveKind, { readonly extension: string; readonly name: string }>> = {
    svg: { extension: 'svg', name: 'SVG picture' }, png: { extension: 'png', name: 'PNG picture' }, html: { extension: 'html', name: 'HTML page' }, markdown: { extension: 'md', name: 'Markdown' },
    script: { extension: 'sh', name: 'Shell script' }, comparison: { extension: 'txt', name: 'Text' }, iomem: { extension: 'txt', name: 'Text' },
};

/** `about`: what it shows, for the name of the file. */
export async function save(about: string, content: Uint8Array, kind: SaveKind, beside: vscode.Uri): Promise<void> {
    const { extension, name } = KINDS[kind];
    const file = `${about.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'memtopo'}.${extension}`;
    const folder = beside.scheme === 'untitled' ? vscode.workspace.workspaceFolders?.[0]?.uri : vscode.Uri.joinPath(beside, '..');
    const target = await vscode.window.showSaveDialog({ defaultUri: folder && vscode.Uri.joinPath(folder, file), filters: { [name]: [extension] } });
    if (!target) return;
    await vscode.workspace.fs.writeFile(target, content);
    const open = 'Open';
    if (await vscode.window.showInformationMessage(`${target.path.split('/').pop() ?? file} is saved.`, open) === open) await vscode.commands.executeCommand('vscode.open', target);
}
