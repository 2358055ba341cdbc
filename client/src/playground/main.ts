// The static page: an example in an editor, the real language server in a worker, the preview in a frame. No server is needed, and
// nothing leaves the page.
import { EditorView, basicSetup } from 'codemirror';
import { EditorState } from '@codemirror/state';
import { LSPClient, languageServerExtensions, type Transport } from '@codemirror/lsp-client';
import { DOCUMENT_REQUEST, type DocumentParams, type DocumentResult } from '../../../server/src/features/documents-protocol.ts';
import type { PreviewAnswer, PreviewRequest } from '../../../server/src/features/preview-delta-protocol.ts';
import { PREVIEW_CHANGED, PREVIEW_REQUEST } from '../../../server/src/features/preview-protocol.ts';
import { colour, colours } from './colours.ts';
import { READ_FILE_REQUEST } from '../../../server/src/server/files-protocol.ts';
import { HeldModel } from '../preview/held.ts';
import { FIRST_VIEW, type Pinned, type ToPage, type ToPanel, type View } from '../preview/messages.ts';

interface Example {
    /** File name in `examples/`. */
    readonly file: string;
    readonly title: string;
}

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const folder = new URL('examples/', document.baseURI);
const uriOf = (file: string): string => `file:///examples/${file}`;

/** The worker speaks in objects, the editor's client in texts; requests of the server (reading imports) are answered here. */
function workerTransport(worker: Worker): Transport {
    const listeners = new Set<(text: string) => void>();
    worker.addEventListener('message', ({ data }: MessageEvent<{ id?: number | string; method?: string; params?: unknown }>) => {
        if (data.method === PREVIEW_CHANGED) {
            preview.ask();
            void recolour();
        }
        if (data.id !== undefined && data.method !== undefined) {
            void answer(data.method, data.params).then((result) => worker.postMessage({ jsonrpc: '2.0', id: data.id, result }));
            return;
        }
        for (const listener of listeners) listener(JSON.stringify(data));
    });
    return {
        send: (text) => worker.postMessage(JSON.parse(text)),
        subscribe: (listener) => void listeners.add(listener),
        unsubscribe: (listener) => void listeners.delete(listener),
    };
}

async function answer(method: string, params: unknown): Promise<unknown> {
    if (method !== READ_FILE_REQUEST) return null;
    const file = new URL((params as { uri: string }).uri).pathname.split('/').pop() ?? '';
    const response = await fetch(new URL(encodeURIComponent(file), folder)).catch(() => undefined);
    return response?.ok ? response.text() : null;
}

/** What the panel is in VS Code: asks the server for what the page in the frame shows, and carries its clicks to the editor. */
class Preview {
    uri = '';
    offset = 0;
    private pinned: Pinned | undefined;
    private view: View = FIRST_VIEW;
    private asking = false;
    private readonly held = new HeldModel();
    private again = false;

    receive(message: ToPanel): void {
        switch (message.kind) {
            case 'ready': this.held.forgetPage(); this.ask(); break;
            case 'view': this.view = message.view; this.ask(); break;
            case 'reveal': this.reveal(message); break;
            case 'copy': void navigator.clipboard.writeText(message.text); break;
            case 'save': void this.save(message); break;
            case 'explain': void this.explain(message); break;
            case 'png': if (message.data !== undefined) this.download(`data:image/png;base64,${message.data}`, `${message.name}.png`); break;
        }
    }

    moveTo(offset: number): void {
        if (offset === this.offset) return;
        this.offset = offset;
        this.pinned = undefined;
        this.ask();
    }

    /** Latest wins: at most one request travels, and the newest goes next. */
    ask(): void {
        if (this.asking) this.again = true;
        else void this.fetch();
    }

    private async fetch(): Promise<void> {
        this.asking = true;
        do {
            this.again = false;
            const params: PreviewRequest = { ...(this.held.stamp === undefined ? {} : { have: this.held.stamp }), uri: this.uri, offset: this.offset, kernel: this.view.kernel, compareWith: this.view.compareWith, subject: this.pinned?.subject, step: this.pinned?.step };
            const answer = await client.request<PreviewRequest, PreviewAnswer | null>(PREVIEW_REQUEST, params).catch(() => null);
            if (answer && !this.held.take(answer)) this.again = true;
            const message = answer && !this.again ? this.held.message({ uri: this.uri, offset: this.offset, pinned: this.pinned, view: this.view }, answer) : undefined;
            if (message) this.post(message);
        } while (this.again);
        this.asking = false;
    }

    private post(message: ToPage): void {
        byId<HTMLIFrameElement>('preview').contentWindow?.postMessage(message, '*');
    }

    private reveal({ start, end, focus, pinned }: Extract<ToPanel, { kind: 'reveal' }>): void {
        this.offset = start;
        this.pinned = pinned;
        const length = editor.state.doc.length;
        editor.dispatch({ selection: { anchor: Math.min(end, length), head: Math.min(start, length) }, scrollIntoView: true });
        if (focus) editor.focus();
        this.ask();
    }

    private async save({ as, offset, step, theme }: Extract<ToPanel, { kind: 'save' }>): Promise<void> {
        const made = await client.request<DocumentParams, DocumentResult | null>(DOCUMENT_REQUEST, { uri: this.uri, offset, kind: as === 'png' ? 'svg' : as, step, theme, ...(this.view.kernel === undefined ? {} : { kernels: [this.view.kernel] }) });
        if (!made) return;
        if (as === 'png') {
            this.post({ kind: 'draw', svg: made.text, name: made.name });
            return;
        }
        const address = URL.createObjectURL(new Blob([made.text]));
        this.download(address, `${made.name}.${as === 'markdown' ? 'md' : as}`);
        URL.revokeObjectURL(address);
    }

    private async explain({ id, uri, offset }: Extract<ToPanel, { kind: 'explain' }>): Promise<void> {
        const line = editor.state.doc.lineAt(Math.min(offset, editor.state.doc.length));
        const position = { line: line.number - 1, character: offset - line.from };
        const hover = await client.request<object, { contents: { value: string } } | null>('textDocument/hover', { textDocument: { uri }, position }).catch(() => null);
        this.post({ kind: 'explained', id, text: hover?.contents.value ?? '' });
    }

    private download(address: string, name: string): void {
        const link = document.createElement('a');
        link.href = address;
        link.download = name;
        link.click();
    }
}

const preview = new Preview();
// The client says that it can ask for diagnostics, and only shows those that are sent.
const client = new LSPClient({ extensions: languageServerExtensions(), initializationOptions: { pushDiagnostics: true } }).connect(workerTransport(new Worker('server.browser.js')));
let editor: EditorView;

window.addEventListener('message', ({ source, data }: MessageEvent<ToPanel>) => {
    if (source === byId<HTMLIFrameElement>('preview').contentWindow) preview.receive(data);
});

/** Colours of the newest text; an answer about an older one is let go. */
async function recolour(): Promise<void> {
    const view = editor;
    const { doc } = view.state;
    const legend = client.serverCapabilities?.semanticTokensProvider?.legend.tokenTypes;
    if (!legend) return;
    const answer = await client.request<object, { data: number[] } | null>('textDocument/semanticTokens/full', { textDocument: { uri: preview.uri } }).catch(() => null);
    if (answer && view === editor && view.state.doc.eq(doc)) colour(view, answer.data, legend);
}

async function open(file: string): Promise<void> {
    const text = await (await fetch(new URL(file, folder))).text();
    preview.uri = uriOf(file);
    preview.offset = -1;
    editor?.destroy();
    editor = new EditorView({
        parent: byId('editor'),
        state: EditorState.create({
            doc: text,
            extensions: [
                basicSetup, colours, EditorView.lineWrapping, EditorView.contentAttributes.of({ 'aria-label': `${file}, memtopo text` }), client.plugin(preview.uri, 'memtopo'),
                EditorView.updateListener.of((update) => {
                    if (update.docChanged || update.selectionSet) preview.moveTo(update.state.selection.main.head);
                }),
            ],
        }),
    });
    preview.moveTo(Math.max(0, text.search(/^\s*\$ /m)));
}

async function start(): Promise<void> {
    const examples = (await (await fetch(new URL('index.json', folder))).json()) as readonly Example[];
    const choice = byId<HTMLSelectElement>('example');
    choice.append(...examples.map((e) => new Option(e.title, e.file)));
    const wanted = new URLSearchParams(location.search).get('example');
    choice.value = examples.find((e) => e.file === `${wanted}.memtopo`)?.file ?? 'fast-reboot.memtopo';
    choice.addEventListener('change', () => void open(choice.value));
    await open(choice.value);
}

void start();
