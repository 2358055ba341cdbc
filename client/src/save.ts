// Writes what the server made to a file of the reader's choice, beside the source unless another place is chosen.
import * as vscode from 'vscode';
import type { DocumentKind, DocumentResult } from '../../server/src/features/documents-protocol.ts';

const KINDS: Readonly<Record<DocumentKind, { readonly extension: string; readonly name: string }>> = {
    svg: { extension: 'svg', name: 'SVG picture' }, html: { extension: 'html', name: 'HTML page' }, markdown: { extension: 'md', name: 'Markdown' },
    script: { extension: 'sh', name: 'Shell script' }, comparison: { extension: 'txt', name: 'Text' }, iomem: { extension: 'txt', name: 'Text' },
};

export async function save(made: DocumentResult, kind: DocumentKind, beside: vscode.Uri): Promise<void> {
    const { extension, name } = KINDS[kind];
    const file = `${made.name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'memtopo'}.${extension}`;
    const folder = beside.scheme === 'untitled' ? vscode.workspace.workspaceFolders?.[0]?.uri : vscode.Uri.joinPath(beside, '..');
    const target = await vscode.window.showSaveDialog({ defaultUri: folder && vscode.Uri.joinPath(folder, file), filters: { [name]: [extension] } });
    if (!target) return;
    await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(made.text));
    const open = 'Open';
    if (await vscode.window.showInformationMessage(`${target.path.split('/').pop() ?? file} is saved.`, open) === open) await vscode.commands.executeCommand('vscode.open', target);
}
