// Commands of the palette, the menus and the lenses. Lenses pass the document's uri and an offset; menus pass a Uri; the palette
// passes nothing and means the editor in use.
import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import { DOCUMENT_REQUEST, type DocumentKind, type DocumentParams, type DocumentResult, EXPLAIN_REQUEST, type ExplainParams } from '../../server/src/features/documents-protocol.ts';
import { TESTS_REQUEST, type TestsModel, type TestsParams } from '../../server/src/features/tests-protocol.ts';
import { registerNewTopology } from './new-topology.ts';
import { save } from './save.ts';

const SCHEME = 'memtopo';
/** Where the codes of diagnostics lead, with `CODE` for the code: a page that the server writes. */
export const EXPLANATIONS = `${SCHEME}://explain/CODE.md`;

interface Place {
    readonly uri: string;
    readonly offset: number;
}

export function registerCommands(context: vscode.ExtensionContext, client: BaseLanguageClient): vscode.Disposable {
    const documents = new Documents(client);
    const ask = async (place: Place, kind: DocumentKind, kernels?: readonly string[]): Promise<DocumentResult | null> => {
        const params: DocumentParams = { ...place, kind, kernels };
        const made = await client.sendRequest<DocumentResult | null>(DOCUMENT_REQUEST, params);
        if (!made) void vscode.window.showInformationMessage('There is no scenario at the cursor.');
        return made;
    };
    const at = (command: string, then: (place: Place, ...more: unknown[]) => Promise<void>): vscode.Disposable =>
        vscode.commands.registerCommand(command, async (uri?: unknown, offset?: unknown, ...more: unknown[]) => {
            const place = placeOf(uri, offset);
            if (place) await then(place, ...more);
        });
    return vscode.Disposable.from(
        documents,
        registerNewTopology(context),
        vscode.workspace.registerTextDocumentContentProvider(SCHEME, documents),
        at('memtopo.compareKernels', async (place, chosen) => {
            const kernels = Array.isArray(chosen) ? chosen as string[] : await pickKernels(client, place);
            if (!kernels) return;
            const made = await ask(place, 'comparison', kernels);
            if (made) await documents.show(made, 'txt');
        }),
        at('memtopo.copyAsScript', async place => {
            const made = await ask(place, 'script');
            if (!made) return;
            await vscode.env.clipboard.writeText(made.text);
            vscode.window.setStatusBarMessage(`Script of “${made.name}” copied`, 4000);
        }),
        at('memtopo.showIomem', async place => {
            const made = await ask(place, 'iomem');
            if (made) await documents.show(made, 'iomem');
        }),
        at('memtopo.savePicture', async place => {
            const made = await ask(place, 'svg');
            if (made) await save(made.name, new TextEncoder().encode(made.text), 'svg', vscode.Uri.parse(place.uri));
        }),
        at('memtopo.verify', async place => {
            const file = vscode.workspace.asRelativePath(vscode.Uri.parse(place.uri));
            await documents.show({ name: 'How to verify', text: HOW_TO_VERIFY.replaceAll('FILE', /\s/.test(file) ? `'${file}'` : file) }, 'md');
        }),
    );
}

const HOW_TO_VERIFY = `# Verify against a real kernel

What the editor shows is simulated. Two ways to see that Linux agrees:

**In a virtual machine.** Boots a kernel under QEMU with the tables of the platform, types the steps, and compares:

    memtopo verify --qemu FILE

**On the machine itself.** Record it there, bring the file back, and compare:

    memtopo record > record.sh      # here; then run record.sh there as root
    memtopo replay RECORDING

\`memtopo verify --help\` lists what is needed for the first one (QEMU, a kernel image with its modules).
`;

function placeOf(uri: unknown, offset: unknown): Place | undefined {
    const editor = vscode.window.activeTextEditor;
    const wanted = uri instanceof vscode.Uri ? uri.toString() : typeof uri === 'string' ? uri : editor?.document.languageId === 'memtopo' ? editor.document.uri.toString() : undefined;
    if (wanted === undefined) return undefined;
    const same = editor && vscode.Uri.parse(wanted).toString() === editor.document.uri.toString() ? editor : undefined;
    return { uri: wanted, offset: typeof offset === 'number' ? offset : same ? same.document.offsetAt(same.selection.active) : 0 };
}

/** Releases to compare: what the file's scenarios name is chosen already. */
async function pickKernels(client: BaseLanguageClient, place: Place): Promise<string[] | undefined> {
    const params: TestsParams = { uri: place.uri };
    const model = await client.sendRequest<TestsModel | null>(TESTS_REQUEST, params);
    if (!model) return undefined;
    const named = new Set(model.scenarios.flatMap(scenario => scenario.kernels));
    const newest = model.kernels.at(-1);
    if (newest !== undefined) named.add(newest);
    const items = [...model.kernels].reverse().map(label => ({ label, picked: named.has(label) }));
    const chosen = await vscode.window.showQuickPick(items, { canPickMany: true, title: 'Compare kernels', placeHolder: 'Releases to run the scenario under' });
    return chosen && chosen.length > 0 ? chosen.map(item => item.label).reverse() : undefined;
}

/** Texts to read, in tabs that nobody can write in. */
class Documents implements vscode.TextDocumentContentProvider, vscode.Disposable {
    private readonly texts = new Map<string, string>();
    private readonly changed = new vscode.EventEmitter<vscode.Uri>();
    readonly onDidChange = this.changed.event;
    private readonly closing = vscode.workspace.onDidCloseTextDocument(document => this.texts.delete(document.uri.toString()));

    constructor(private readonly client: BaseLanguageClient) {}

    async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
        if (uri.authority === 'explain') {
            const params: ExplainParams = { code: uri.path.slice(1, -'.md'.length) };
            return await this.client.sendRequest<string | null>(EXPLAIN_REQUEST, params) ?? '';
        }
        return this.texts.get(uri.toString()) ?? '';
    }

    async show({ name, text }: DocumentResult, extension: string): Promise<void> {
        const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${name.replace(/[/\\?#%:]/g, '-')}.${extension}` });
        this.texts.set(uri.toString(), text);
        this.changed.fire(uri);
        if (extension === 'md') { await vscode.commands.executeCommand('markdown.showPreview', uri); return; }
        await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true, viewColumn: vscode.ViewColumn.Active });
    }

    dispose(): void {
        this.closing.dispose();
        this.changed.dispose();
    }
}
