// What else a person reaches for: rename, quick fixes, tests, comparison, script, examples, status.
import * as vscode from 'vscode';
import { at, equal, includes, moveTo, openExample, page, replaceAll, shot, until } from './support.ts';

suite('tools', () => {
    let editor: vscode.TextEditor;
    let original: string;

    suiteSetup(async () => {
        await vscode.commands.executeCommand('workbench.action.closeAllEditors');
        editor = await openExample();
        original = editor.document.getText();
    });

    test('rename changes a platform wherever it is named', async () => {
        const place = at(editor.document, 'platform fast-reboot', 0, 'platform f'.length);
        const edit = await until('edits', () => vscode.commands.executeCommand<vscode.WorkspaceEdit | undefined>('vscode.executeDocumentRenameProvider', editor.document.uri, place, 'kexec-box'), found => Boolean(found?.size));
        // other files of the workspace that mean this platform are changed too, where the host can look for them: they are put back on disk
        const others = (edit as vscode.WorkspaceEdit).entries().map(([uri]) => uri).filter(uri => uri.toString() !== editor.document.uri.toString());
        const before = await Promise.all(others.map(async uri => ({ uri, text: (await vscode.workspace.openTextDocument(uri)).getText() })));
        await vscode.workspace.applyEdit(edit as vscode.WorkspaceEdit);
        equal(editor.document.getText(), original.replaceAll(/(platform|on) fast-reboot/g, '$1 kexec-box'), 'the text');
        for (const { uri, text } of before) {
            const document = await vscode.workspace.openTextDocument(uri);
            equal(document.getText(), text.replaceAll(/(platform|on) fast-reboot/g, '$1 kexec-box'), uri.path);
            const back = new vscode.WorkspaceEdit();
            back.replace(uri, new vscode.Range(0, 0, document.lineCount, 0), text);
            await vscode.workspace.applyEdit(back);
            await document.save();
        }
        await replaceAll(editor, original);
    });

    test('a quick fix is offered where something is wrong, and repairs it', async () => {
        const bad = original.replace('memory at 4G size 6G', 'memory at 4G size 6G\n        memory at 12G size 1G\n        memory at 12G size 1G');
        await replaceAll(editor, bad.replace('modprobe kmem', 'modprobe kmen'));
        await until('diagnostics', () => vscode.languages.getDiagnostics(editor.document.uri), all => all.length > 0);
        const whole = new vscode.Range(0, 0, editor.document.lineCount, 0);
        const actions = await until('actions', () => vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', editor.document.uri, whole, vscode.CodeActionKind.QuickFix.value), all => all.some(one => one.edit));
        const fix = actions.find(one => one.edit) as vscode.CodeAction;
        const before = editor.document.getText();
        await vscode.workspace.applyEdit(fix.edit as vscode.WorkspaceEdit);
        if (editor.document.getText() === before) throw new Error(`“${fix.title}” changed nothing`);
        await replaceAll(editor, original);
    });

    test('the code of a diagnostic leads to its page', async () => {
        const found = await until('a code with a link', () => vscode.languages.getDiagnostics(editor.document.uri).map(one => one.code), all => all.some(code => typeof code === 'object'));
        const code = found.find(one => typeof one === 'object') as { target: vscode.Uri; value: string };
        await vscode.commands.executeCommand('vscode.open', code.target);
        const page_ = await until('its page', () => vscode.window.tabGroups.activeTabGroup.activeTab?.input, input => input instanceof vscode.TabInputCustom) as vscode.TabInputCustom;
        equal(page_.viewType, 'vscode.markdown.preview.editor', 'what shows it');
        includes((await vscode.workspace.openTextDocument(code.target)).getText(), `\`${code.value}\` · *`, 'the page');
        await shot('explain');
        await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
        editor = await openExample();
    });

    test('a transcript typed by hand: Enter ends what is complete, prompts come by themselves and give way', async () => {
        const fresh = await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'memtopo', content: original.slice(0, original.indexOf('scenario "give')) }));
        await page('press', { keys: ['Control+End'] });
        // as slow as a person: suggestions and what is typed by itself have to come in between
        const typed = async (text: string): Promise<void> => {
            await page('type', { text, delay: 40 });
            await new Promise(resolve => setTimeout(resolve, 400));
        };
        for (const line of ['scenario "typed" on fast-reboot {', '$ numactl -H', 'modprobe kmem', 'expect ok', '(qemu) info memory-devices']) {
            await typed(line);
            await page('press', { keys: ['Enter'] });
            await new Promise(resolve => setTimeout(resolve, 400));
        }
        await shot('typing');
        const text = fresh.document.getText().slice(fresh.document.getText().indexOf('scenario "typed"')).split('\n').map(one => one.trimEnd());
        equal(text.slice(0, 5).join('\n'), 'scenario "typed" on fast-reboot {\n    $ numactl -H\n    $ modprobe kmem\n    expect ok\n    (qemu) info memory-devices', 'the text');
        await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
        editor = await openExample();
    });

    test('compare kernels opens a text to read', async () => {
        await vscode.commands.executeCommand('memtopo.compareKernels', editor.document.uri.toString(), original.indexOf('scenario "give') + 12, ['5.4', '6.12']);
        const shown = await until('document', () => vscode.window.activeTextEditor?.document, document => document?.uri.scheme === 'memtopo');
        includes(shown?.getText() ?? '', 'They part at', 'comparison');
        includes(shown?.getText() ?? '', 'fast-reboot, Linux 5.4, 6.12', 'comparison');
        await shot('compare');
        await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
        await openExample();
    });

    test('copy as script puts the steps on the clipboard', async () => {
        await vscode.commands.executeCommand('memtopo.copyAsScript', editor.document.uri.toString(), original.indexOf('scenario "give') + 12);
        const script = await until('clipboard', () => vscode.env.clipboard.readText(), text => text.startsWith('#!/bin/sh'));
        includes(script, /\nmodprobe kmem +# → ok/, 'script');
    });

    test('new topology from a shipped example', async () => {
        await vscode.commands.executeCommand('memtopo.newTopology', 'two-tier');
        const made = await until('editor', () => vscode.window.activeTextEditor?.document, document => document?.isUntitled === true);
        equal(made?.languageId, 'memtopo', 'language');
        includes(made?.getText() ?? '', 'platform ', 'text');
        await until('hints in an untitled document', () => vscode.commands.executeCommand<vscode.InlayHint[]>('vscode.executeInlayHintProvider', made?.uri, new vscode.Range(0, 0, made?.lineCount ?? 0, 0)), all => Boolean(all?.length));
        await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
        editor = await openExample();
    });

    test('the palette offers the examples with their stories', async () => {
        void vscode.commands.executeCommand('memtopo.newTopology');
        const rows = await until('quick pick', () => page<string[]>('workbench', { selector: '.quick-input-list .monaco-list-row' }), all => all.length > 4);
        includes(rows.join('\n'), 'app-direct', 'rows');
        await shot('new-topology');
        await page('press', { keys: ['Escape'] });
    });

    test('scenarios and expectations are in the testing view, run, and show what differs', async function () {
        this.timeout(60_000);
        editor = await openExample();
        await replaceAll(editor, original.replace('| 188000000-1ffffffff : dax0.0', '| 190000000-1ffffffff : dax0.0'));
        await vscode.commands.executeCommand('workbench.view.testing.focus');
        moveTo(editor, at(editor.document, 'scenario "give', 0, 4));
        const labels = (): Promise<string[]> => page('workbenchAttribute', { selector: '.test-explorer .monaco-list-row', name: 'aria-label' });
        await until('the file', labels, all => all.some(label => label.includes('fast-reboot.memtopo')));
        await vscode.commands.executeCommand('testing.runCurrentFile');
        await vscode.commands.executeCommand('testing.collapseAll').then(undefined, () => undefined);
        await until('a result of the file', labels, all => all.some(label => /fast-reboot\.memtopo.*\(Failed\)/i.test(label)), 30_000);
        await vscode.commands.executeCommand('workbench.view.testing.focus');
        await until('the failed scenario', async () => {
            await vscode.commands.executeCommand('testing.goToNextMessage').then(undefined, () => undefined);
            return page<string[]>('workbench', { selector: '.test-output-peek, .test-output-peek-message-container, .monaco-diff-editor' });
        }, all => all.length > 0);
        await new Promise(resolve => setTimeout(resolve, 500));
        await shot('tests');
        await vscode.commands.executeCommand('closeTestPeek').then(undefined, () => undefined);
        await replaceAll(editor, original);
        await vscode.commands.executeCommand('testing.runCurrentFile');
        await until('all passed', labels, all => all.some(label => /fast-reboot\.memtopo.*\(Passed\)/i.test(label)), 30_000);
        await vscode.commands.executeCommand('workbench.view.explorer');
        await vscode.commands.executeCommand('workbench.action.closeSidebar');
    });

    test('the get-started walkthrough', async () => {
        await vscode.commands.executeCommand('workbench.action.openWalkthrough', 'memtopo.memtopo#start', false);
        const steps = await until('steps', () => page<string[]>('workbench', { selector: '.getting-started-step' }), all => all.length >= 5);
        includes(steps.join('\n'), 'See where the bytes go', 'steps');
        await new Promise(resolve => setTimeout(resolve, 600));
        await shot('walkthrough');
        await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    });
});
