// New topology…: a text of one's own from one of the shipped examples, or a small one to begin with.
import * as vscode from 'vscode';

const EMPTY = `// What this machine is, and what the scenario is to show.

platform my-machine {
    kernel 6.12
    node 0 {
        cpus 0-3
        memory 0x0-0x9fbff
        memory at 1M size 2047M
        memory at 4G size 6G
    }
}

scenario "first steps" on my-machine {
    expect ok
}
`;

interface Choice extends vscode.QuickPickItem {
    readonly file?: vscode.Uri;
}

export function registerNewTopology(context: vscode.ExtensionContext): vscode.Disposable {
    return vscode.commands.registerCommand('memtopo.newTopology', async (name?: unknown) => {
        const folder = vscode.Uri.joinPath(context.extensionUri, 'examples');
        const examples = MEMTOPO_EXAMPLES.map(({ name: label, story }): Choice => ({ label, detail: story, file: vscode.Uri.joinPath(folder, `${label}.memtopo`) }));
        const chosen = typeof name === 'string' ? examples.find(one => one.label === name) : await vscode.window.showQuickPick<Choice>(
            [{ label: 'Small machine', description: 'one node, one scenario', detail: 'To begin with.' }, { label: 'Examples', kind: vscode.QuickPickItemKind.Separator }, ...examples],
            { title: 'New topology', placeHolder: 'Begin with…', matchOnDetail: true },
        );
        if (!chosen) return;
        const content = chosen.file ? await read(chosen.file) : EMPTY;
        await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'memtopo', content }));
    });
}

/** The shipped examples with the first sentence of their story; put in when the extension is bundled. */
declare const MEMTOPO_EXAMPLES: readonly { readonly name: string; readonly story: string }[];

async function read(uri: vscode.Uri): Promise<string> {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
}
