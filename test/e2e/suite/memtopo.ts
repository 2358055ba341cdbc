// What a person meets in the editor, on the packed extension: diagnostics, hover, hints, lenses, definition, completion, formatting.
import * as vscode from 'vscode';
import { at, EXTENSION, equal, includes, moveTo, openExample, replaceAll, until } from './support.ts';

const codeOf = (diagnostic: vscode.Diagnostic): string => {
    const code = diagnostic.code;
    return typeof code === 'object' ? String(code.value) : String(code ?? '');
};

const hoverText = async (document: vscode.TextDocument, position: vscode.Position): Promise<string> => {
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', document.uri, position);
    return hovers.flatMap(hover => hover.contents).map(part => typeof part === 'string' ? part : part.value).join('\n');
};

suite('editor', () => {
    let editor: vscode.TextEditor;
    let original: string;

    suiteSetup(async () => {
        editor = await openExample();
        original = editor.document.getText();
    });

    test('the extension is installed and starts with the file', async () => {
        const extension = vscode.extensions.getExtension(EXTENSION);
        if (!extension) throw new Error('not installed');
        equal(editor.document.languageId, 'memtopo', 'language of the example');
        await until('active', () => extension.isActive, active => active);
        const commands = await vscode.commands.getCommands(true);
        for (const name of ['openPreview', 'openPreviewToSide', 'restartServer', 'showOutput']) {
            if (!commands.includes(`memtopo.${name}`)) throw new Error(`no command memtopo.${name}`);
        }
    });

    test('the example has no errors, and a wrong line gets one with a code, at its place', async () => {
        await until('hints (the build is done)', () => hints(editor.document), found => found.length > 0);
        const errors = vscode.languages.getDiagnostics(editor.document.uri).filter(one => one.severity === vscode.DiagnosticSeverity.Error);
        equal(errors.map(one => one.message).join('; '), '', 'errors of the example');

        await replaceAll(editor, original.replace('--mode=devdax', '--mode=devdaks'));
        const found = await until('a diagnostic', () => vscode.languages.getDiagnostics(editor.document.uri), all => all.some(one => editor.document.getText(one.range).includes('devdaks')));
        const wrong = found.find(one => editor.document.getText(one.range).includes('devdaks'));
        includes(codeOf(wrong as vscode.Diagnostic), /^[a-z-]+\/[a-z-]+$/, 'its code');
        if (!(wrong as vscode.Diagnostic).range.isSingleLine) throw new Error('it covers more than the line');

        await replaceAll(editor, original);
        await until('no errors again', () => vscode.languages.getDiagnostics(editor.document.uri).filter(one => one.severity === vscode.DiagnosticSeverity.Error).length, n => n === 0);
    });

    test('hover on a range says what Linux makes of it', async () => {
        const text = await until('hover', () => hoverText(editor.document, at(editor.document, '0x0-0x9fbff', 0, 3)), text => text.length > 0);
        includes(text, /639 KiB|9fbff/, 'hover on the range');
    });

    test('hover on a step tells its outcome and the rules behind it', async () => {
        const text = await until('hover', () => hoverText(editor.document, at(editor.document, 'kmem/new_id', 0, 6)), text => text.length > 0);
        includes(text, /[A-Z]{2,5}-\d{2}/, 'a rule id');
    });

    test('inlay hints: outcomes behind steps, sizes behind ranges', async () => {
        const found = await until('hints', () => hints(editor.document), all => all.some(hint => labelOf(hint).includes('→')));
        const online = editor.document.positionAt(original.indexOf('daxctl online-memory')).line;
        const outcome = found.find(hint => hint.position.line === online);
        includes(outcome ? labelOf(outcome) : '', 'ok', 'outcome of daxctl online-memory');
        const memory = editor.document.positionAt(original.indexOf('memory 0x0-0x9fbff')).line;
        includes(found.filter(hint => hint.position.line === memory).map(labelOf).join(' '), '639 KiB', 'size of 0x0-0x9fbff');
    });

    test('a code lens over each scenario opens the preview', async () => {
        const lenses = await until('lenses', () => vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', editor.document.uri, 100), all => all.length > 0);
        const previews = lenses.filter(lens => lens.command?.title.includes('Preview'));
        const line = editor.document.positionAt(original.indexOf('scenario "give')).line;
        if (!previews.some(lens => lens.range.start.line === line)) throw new Error(`no Preview lens in line ${line + 1}: ${JSON.stringify(lenses.map(lens => [lens.range.start.line + 1, lens.command?.title]))}`);
    });

    test('definition of dax0.0 is the line that made it', async () => {
        const places = await until('definition', () => vscode.commands.executeCommand<(vscode.Location | vscode.LocationLink)[]>('vscode.executeDefinitionProvider', editor.document.uri, at(editor.document, 'online-memory dax0.0', 0, 'online-memory d'.length)), all => all.length > 0);
        const first = places[0];
        const line = first && ('range' in first ? first.range : first.targetRange).start.line;
        equal(line, editor.document.positionAt(original.indexOf('$ ndctl create-namespace')).line, 'line of the definition');
    });

    test('completion offers the devices that exist at that line', async () => {
        const place = at(editor.document, 'online-memory dax0.0', 0, 'online-memory '.length);
        moveTo(editor, place);
        const list = await until('completion', () => vscode.commands.executeCommand<vscode.CompletionList>('vscode.executeCompletionItemProvider', editor.document.uri, place), all => all.items.length > 0);
        const labels = list.items.map(item => typeof item.label === 'string' ? item.label : item.label.label);
        if (!labels.includes('dax0.0')) throw new Error(`no dax0.0 among ${labels.slice(0, 30).join(', ')}`);
    });

    test('the formatter leaves the example as it is, and brings a disorderly line back', async () => {
        const format = (): Thenable<vscode.TextEdit[] | undefined> => vscode.commands.executeCommand('vscode.executeFormatDocumentProvider', editor.document.uri, { tabSize: 4, insertSpaces: true });
        // VS Code gives nothing at all where there is nothing to edit
        for (const edit of await format() ?? []) equal(edit.newText, editor.document.getText(edit.range), 'text of an edit');
        await replaceAll(editor, original.replace('    kernel 6.1 ', '  kernel   6.1 '));
        const edits = await until('edits', format, found => Boolean(found?.length));
        const change = new vscode.WorkspaceEdit();
        change.set(editor.document.uri, edits ?? []);
        await vscode.workspace.applyEdit(change);
        equal(editor.document.getText(), original, 'the text');
    });

    test('a restarted server goes on', async () => {
        await vscode.commands.executeCommand('memtopo.restartServer');
        await until('hints', () => hints(editor.document), all => all.length > 0);
    });
});

function hints(document: vscode.TextDocument): Thenable<vscode.InlayHint[]> {
    return vscode.commands.executeCommand<vscode.InlayHint[]>('vscode.executeInlayHintProvider', document.uri, new vscode.Range(0, 0, document.lineCount, 0));
}

function labelOf(hint: vscode.InlayHint): string {
    return typeof hint.label === 'string' ? hint.label : hint.label.map(part => part.value).join('');
}
