// The preview beside the editor. One panel follows the memtopo editor in use, as the Markdown preview does: its document, its
// cursor, its text while it is typed. It asks the server for what it shows and leaves all layout to the page.
import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import type { PreviewAnswer, PreviewRequest } from '../../../server/src/features/preview-delta-protocol.ts';
import { PREVIEW_REQUEST } from '../../../server/src/features/preview-protocol.ts';
import { HeldModel } from './held.ts';
import { previewHtml } from './html.ts';
import { DOCUMENT_REQUEST, type DocumentParams, type DocumentResult } from '../../../server/src/features/documents-protocol.ts';
import { save } from '../save.ts';
import { FIRST_VIEW, type Pinned, type SavedState, type ToPage, type ToPanel, type View } from './messages.ts';

const VIEW_TYPE = 'memtopo.preview';

/** Registers the panel's commands and what brings it back after the window was reloaded. */
export function registerPreview(context: vscode.ExtensionContext, client: BaseLanguageClient, changes: vscode.Event<string>): vscode.Disposable {
    let open: PreviewPanel | undefined;
    const adopt = (panel: vscode.WebviewPanel, state: SavedState): PreviewPanel => {
        const preview = new PreviewPanel(context.extensionUri, client, changes, panel, state);
        open?.dispose();
        open = preview;
        panel.onDidDispose(() => { if (open === preview) open = undefined; });
        return preview;
    };
    const show = async (argument: unknown, offset: unknown, column: vscode.ViewColumn): Promise<void> => {
        const editor = vscode.window.activeTextEditor;
        const uri = toUri(argument) ?? editor?.document.uri;
        if (!uri) return;
        const sameEditor = editor?.document.uri.toString() === uri.toString() ? editor : undefined;
        const at = typeof offset === 'number' ? offset : sameEditor ? cursor(sameEditor) : 0;
        if (open) { open.show(uri, at); return; }
        const panel = vscode.window.createWebviewPanel(VIEW_TYPE, 'Preview', { viewColumn: column, preserveFocus: column === vscode.ViewColumn.Beside }, {});
        adopt(panel, { uri: uri.toString(), offset: at, view: FIRST_VIEW });
    };
    return vscode.Disposable.from(
        vscode.commands.registerCommand('memtopo.openPreview', (uri?: unknown, offset?: unknown) => show(uri, offset, vscode.ViewColumn.Active)),
        vscode.commands.registerCommand('memtopo.openPreviewToSide', (uri?: unknown, offset?: unknown) => show(uri, offset, vscode.ViewColumn.Beside)),
        vscode.commands.registerCommand('memtopo.showSource', () => open?.showSource()),
        vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, {
            async deserializeWebviewPanel(panel, state: SavedState | undefined) {
                const view = { ...FIRST_VIEW, ...state?.view };
                adopt(panel, state ? { ...state, view } : { uri: vscode.window.activeTextEditor?.document.uri.toString() ?? '', offset: 0, view });
            },
        }),
        { dispose: () => open?.dispose() },
    );
}

class PreviewPanel implements vscode.Disposable {
    private uri: string;
    private offset: number;
    /** What the reader went to in the page; the cursor leads again once it moves elsewhere. */
    private pinned: Pinned | undefined;
    /** The page is moving the cursor: what VS Code tells of it meanwhile is not the reader's doing. */
    private revealing = 0;
    private moved: vscode.TextEditor | undefined;
    private view: View;
    private pageReady = false;
    /** A request is on its way; `again`: what it asks for is out of date already. At most one travels, and the newest goes next. */
    private asking = false;
    private again = false;
    private readonly held = new HeldModel();
    private waiting: ToPage | undefined;
    private readonly disposables: vscode.Disposable[] = [];
    private readonly client: BaseLanguageClient;
    private readonly panel: vscode.WebviewPanel;

    constructor(extension: vscode.Uri, client: BaseLanguageClient, changes: vscode.Event<string>, panel: vscode.WebviewPanel, state: SavedState) {
        this.client = client;
        this.panel = panel;
        this.uri = state.uri;
        this.offset = state.offset;
        this.pinned = state.pinned;
        this.view = state.view;
        panel.iconPath = {
            light: vscode.Uri.joinPath(extension, 'client', 'icons', 'file-light.svg'),
            dark: vscode.Uri.joinPath(extension, 'client', 'icons', 'file-dark.svg'),
        };
        panel.webview.options = {
            enableScripts: true,
            localResourceRoots: [vscode.Uri.joinPath(extension, 'dist'), vscode.Uri.joinPath(extension, 'client', 'media')],
        };
        this.disposables.push(
            panel.onDidDispose(() => this.dispose()),
            panel.webview.onDidReceiveMessage((message: ToPanel) => this.receive(message)),
            // a hidden page is thrown away by VS Code and comes back empty
            panel.onDidChangeViewState(() => { if (!panel.visible) this.pageReady = false; }),
            vscode.window.onDidChangeTextEditorSelection(change => this.follow(change.textEditor)),
            vscode.window.onDidChangeActiveTextEditor(editor => { if (editor) this.follow(editor); }),
            changes(uri => { if (sameUri(uri, this.uri)) void this.ask(); }),
            client.onDidChangeState(() => void this.ask()),
        );
        panel.webview.html = previewHtml(panel.webview, extension);
        this.retitle();
        void this.ask();
    }

    show(uri: vscode.Uri, offset: number): void {
        this.uri = uri.toString();
        this.offset = offset;
        this.pinned = undefined;
        this.retitle();
        this.panel.reveal(undefined, true);
        void this.ask();
    }

    /** Goes to the text that the preview shows. */
    async showSource(): Promise<void> {
        await this.reveal(this.uri, this.offset, this.offset, true);
    }

    private follow(editor: vscode.TextEditor): void {
        if (editor.document.languageId !== 'memtopo') return;
        if (this.revealing > 0) { this.moved = editor; return; }
        const uri = editor.document.uri.toString();
        const offset = cursor(editor);
        if (uri === this.uri && offset === this.offset) return;
        // an editor that is not in use (a second view of a file) does not lead
        if (vscode.window.activeTextEditor && vscode.window.activeTextEditor !== editor) return;
        this.uri = uri;
        this.offset = offset;
        this.pinned = undefined;
        this.retitle();
        void this.ask();
    }

    private receive(message: ToPanel): void {
        switch (message.kind) {
            case 'ready':
                this.pageReady = true;
                this.held.forgetPage();
                this.post(this.held.message(this.saved()) ?? this.waiting);
                void this.ask();
                break;
            case 'reveal': void this.reveal(message.uri, message.start, message.end, message.focus, message.pinned, message.fix); break;
            case 'view': {
                const { window: _, ...before } = this.view;
                const { window: __, ...now } = message.view;
                this.view = message.view;
                // the page has zoomed already
                if (JSON.stringify(before) !== JSON.stringify(now)) void this.ask();
                break;
            }
            case 'copy':
                void vscode.env.clipboard.writeText(message.text).then(() => vscode.window.setStatusBarMessage(`${message.what} copied`, 3000));
                break;
            case 'save': void this.save(message); break;
            case 'explain': void this.explain(message); break;
            case 'png': void this.savePng(message); break;
        }
    }

    /** Fetches what is to be shown now. Latest wins: a burst of calls costs two requests, not one each. */
    private async ask(): Promise<void> {
        if (this.asking) { this.again = true; return; }
        if (!this.client.isRunning()) { this.wait('The language server is starting…'); return; }
        this.asking = true;
        try {
            do {
                this.again = false;
                const params: PreviewRequest = { have: this.held.stamp, uri: this.uri, offset: this.offset, kernel: this.view.kernel, compareWith: this.view.compareWith, subject: this.pinned?.subject, step: this.pinned?.step, views: this.view.tab === 'iomem' ? ['map'] : ['map', this.view.tab] };
                const answer = await this.client.sendRequest<PreviewAnswer | null>(PREVIEW_REQUEST, params);
                if (answer && !this.held.take(answer)) this.again = true;
                if (answer && !this.again && this.pageReady) this.post(this.held.message(this.saved(), answer));
                else if (!answer && !this.again) await this.load();
            } while (this.again);
        } catch (error) {
            // a server that stops while it is asked: its state change asks again
            if (this.client.isRunning()) this.client.outputChannel.appendLine(`preview: ${String(error)}`);
        } finally {
            this.asking = false;
        }
    }

    /** The document is open in no editor (a restored panel): opening it makes the server build it, which announces itself. */
    private async load(): Promise<void> {
        try {
            await vscode.workspace.openTextDocument(vscode.Uri.parse(this.uri));
        } catch {
            this.wait(`${basename(this.uri)} cannot be read.`);
        }
    }

    private async reveal(uri: string, start: number, end: number, focus: boolean, pinned?: Pinned, fix?: boolean): Promise<void> {
        const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri));
        const selection = new vscode.Selection(document.positionAt(end), document.positionAt(start));
        const shown = vscode.window.visibleTextEditors.find(editor => editor.document === document);
        const column = shown?.viewColumn ?? (this.panel.viewColumn === vscode.ViewColumn.One ? vscode.ViewColumn.Beside : vscode.ViewColumn.One);
        // before the cursor moves: its move is ours then, and nothing to follow
        this.uri = document.uri.toString();
        this.offset = start;
        this.pinned = pinned;
        void this.ask();
        this.revealing++;
        try {
            await vscode.window.showTextDocument(document, { viewColumn: column, preserveFocus: !focus, preview: false, selection });
        } finally {
            this.revealing--;
        }
        // the reader may have moved on while the editor came up: where the cursor went last counts
        const last = this.moved;
        this.moved = undefined;
        if (last && !(last.document === document && cursor(last) >= start && cursor(last) <= end)) this.follow(last);
        if (fix) await vscode.commands.executeCommand('editor.action.quickFix');
    }

    private async save({ as, offset, step, theme }: Extract<ToPanel, { kind: 'save' }>): Promise<void> {
        const params: DocumentParams = { uri: this.uri, offset, kind: as === 'png' ? 'svg' : as, step, theme, kernels: this.view.kernel === undefined ? undefined : [this.view.kernel] };
        const made = await this.client.sendRequest<DocumentResult | null>(DOCUMENT_REQUEST, params);
        if (made && as === 'png') void this.panel.webview.postMessage({ kind: 'draw', svg: made.text, name: made.name } satisfies ToPage);
        else if (made) await save(made.name, new TextEncoder().encode(made.text), as, vscode.Uri.parse(this.uri));
    }

    private async explain({ id, uri, offset }: Extract<ToPanel, { kind: 'explain' }>): Promise<void> {
        const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri));
        const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', document.uri, document.positionAt(offset));
        const text = hovers.flatMap(hover => hover.contents).map(part => typeof part === 'string' ? part : part.value).join('\n\n');
        void this.panel.webview.postMessage({ kind: 'explained', id, text } satisfies ToPage);
    }

    private async savePng({ name, data }: Extract<ToPanel, { kind: 'png' }>): Promise<void> {
        if (data === undefined) void vscode.window.showErrorMessage('The picture could not be drawn. It can be saved as SVG.');
        else await save(name, Uint8Array.from(atob(data), c => c.charCodeAt(0)), 'png', vscode.Uri.parse(this.uri));
    }

    private post(message: ToPage | undefined): void {
        if (message && this.pageReady) void this.panel.webview.postMessage(message);
    }

    /** Says why there is nothing new; the page keeps what it shows. */
    private wait(text: string): void {
        this.waiting = { kind: 'waiting', text };
        this.post(this.waiting);
    }

    private saved(): SavedState {
        return { uri: this.uri, offset: this.offset, pinned: this.pinned, view: this.view };
    }

    private retitle(): void {
        this.panel.title = `Preview ${basename(this.uri)}`;
    }

    dispose(): void {
        for (const disposable of this.disposables.splice(0)) disposable.dispose();
        this.panel.dispose();
    }
}

function cursor(editor: vscode.TextEditor): number {
    return editor.document.offsetAt(editor.selection.active);
}

function sameUri(a: string, b: string): boolean {
    return a === b || vscode.Uri.parse(a).toString() === vscode.Uri.parse(b).toString();
}

function basename(uri: string): string {
    return vscode.Uri.parse(uri).path.split('/').pop() ?? '';
}

/** Menus pass a Uri, code lenses the text of one. */
function toUri(argument: unknown): vscode.Uri | undefined {
    if (argument instanceof vscode.Uri) return argument;
    return typeof argument === 'string' ? vscode.Uri.parse(argument) : undefined;
}
