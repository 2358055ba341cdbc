// Hands and eyes of the tests: the open document, the page behind the extension host, and patience.
import * as vscode from 'vscode';

export const EXTENSION = 'memtopo.memtopo';

/** The file of the examples under test, opened; every test starts from its text as it is on disk. */
export async function openExample(name = 'fast-reboot.memtopo'): Promise<vscode.TextEditor> {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(folder(), name));
    return vscode.window.showTextDocument(document, vscode.ViewColumn.One);
}

export function folder(): vscode.Uri {
    const first = vscode.workspace.workspaceFolders?.[0];
    if (!first) throw new Error('no folder is open');
    return first.uri;
}

/** Position right at the start of the nth (from 0) occurrence of a text. */
export function at(document: vscode.TextDocument, text: string, nth = 0, plus = 0): vscode.Position {
    let offset = -1;
    for (let i = 0; i <= nth; i++) offset = document.getText().indexOf(text, offset + 1);
    if (offset < 0) throw new Error(`the document has no ${JSON.stringify(text)}`);
    return document.positionAt(offset + plus);
}

export function moveTo(editor: vscode.TextEditor, position: vscode.Position): void {
    editor.selection = new vscode.Selection(position, position);
    editor.revealRange(editor.selection, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

/** What the test is waiting for: a test that runs out of time is reported with it. */
export let waitingFor = '';

async function waits<T>(what: string, work: PromiseLike<T>): Promise<T> {
    waitingFor = what;
    const value = await work;
    waitingFor = '';
    return value;
}

/** The first value of `get` that `good` accepts. Fails with the last one seen. */
export async function until<T>(what: string, get: () => PromiseLike<T> | T, good: (value: T) => boolean, ms = 15_000): Promise<T> {
    const end = Date.now() + ms;
    for (;;) {
        const value = await get();
        if (good(value)) return value;
        if (Date.now() > end) throw new Error(`${what}: last seen ${JSON.stringify(value)?.slice(0, 1500)}`);
        await new Promise(resolve => setTimeout(resolve, 60));
    }
}

/** What the web host's runner left in the folder: a worker has no environment. */
export async function settings(): Promise<{ control: string; grep?: string }> {
    return JSON.parse(new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.joinPath(folder(), '.memtopo-e2e.json')))) as { control: string; grep?: string };
}

let address: string | undefined;

/** Acts on the browser page that shows VS Code (host/browser.mjs). */
export async function page<T>(action: string, args: object = {}): Promise<T> {
    address ??= typeof process !== 'undefined' && process.env?.MEMTOPO_E2E_CONTROL
        ? process.env.MEMTOPO_E2E_CONTROL
        : (await settings()).control;
    const answer = await waits(`the page: ${action} ${JSON.stringify(args)}`, fetch(address, { method: 'POST', body: JSON.stringify({ action, ...args }) }));
    const { result, error } = await answer.json() as { result: T; error?: string };
    if (error) throw new Error(`${action}: ${error}`);
    return result;
}

/** `web` in the worker host; pictures of both hosts lie side by side. */
export const HOST = typeof process !== 'undefined' && process.versions?.node ? 'node' : 'web';

export async function shot(name: string): Promise<void> {
    await page('shot', { name: `${HOST}-${name}` });
}

export async function replaceAll(editor: vscode.TextEditor, text: string): Promise<void> {
    const { document } = editor;
    // as a workspace edit: an editor's own edit is refused where the editor was hidden and shown again meanwhile
    const edit = new vscode.WorkspaceEdit();
    edit.replace(document.uri, new vscode.Range(new vscode.Position(0, 0), document.lineAt(document.lineCount - 1).range.end), text);
    if (!await waits('an edit', vscode.workspace.applyEdit(edit))) throw new Error('VS Code refused the edit');
    equal(document.getText(), text, 'the text');
}

export function equal(actual: unknown, expected: unknown, what: string): void {
    if (actual !== expected) throw new Error(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

export function includes(text: string, part: string | RegExp, what: string): void {
    if (typeof part === 'string' ? !text.includes(part) : !part.test(text)) throw new Error(`${what}: no ${part} in ${JSON.stringify(text.slice(0, 1500))}`);
}
