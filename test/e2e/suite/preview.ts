// The preview, looked at where the reader sees it: in the document of its webview.
import * as vscode from 'vscode';
import { at, equal, includes, moveTo, openExample, page, replaceAll, shot, until } from './support.ts';

const iomem = (): Promise<string[]> => page('texts', { selector: '.iomem .line' });
const has = (lines: readonly string[], text: string): boolean => lines.some(line => line.replace(/\s+/g, ' ').includes(text));

suite('preview', () => {
    let editor: vscode.TextEditor;
    let original: string;

    suiteSetup(async () => {
        editor = await openExample();
        original = editor.document.getText();
        const set = (section: string, key: string, value: unknown): Thenable<void> => vscode.workspace.getConfiguration(section).update(key, value, vscode.ConfigurationTarget.Global);
        await set('editor', 'minimap.enabled', false);
        await set('window', 'commandCenter', false);
        await set('workbench', 'layoutControl.enabled', false);
        await vscode.commands.executeCommand('workbench.action.closeSidebar');
        await vscode.commands.executeCommand('notifications.clearAll');
    });

    test('opens beside the text and shows the booted machine', async () => {
        moveTo(editor, at(editor.document, 'platform fast-reboot'));
        await vscode.commands.executeCommand('memtopo.openPreviewToSide');
        const lines = await until('iomem', iomem, found => has(found, 'Persistent Memory (legacy)'));
        if (!has(lines, '00001000-0009fbff : System RAM')) throw new Error(`no low RAM in ${JSON.stringify(lines.slice(0, 6))}`);
        equal(vscode.window.activeTextEditor?.document.uri.toString(), editor.document.uri.toString(), 'the text keeps the focus');
    });

    test('follows the cursor from step to step, with marks and words', async () => {
        moveTo(editor, at(editor.document, 'ndctl create-namespace'));
        await until('dax0.0 is there', iomem, found => has(found, 'dax0.0') && !has(found, 'System RAM (kmem)'));
        moveTo(editor, at(editor.document, 'daxctl online-memory', 0, 4));
        await until('RAM is there', iomem, found => has(found, '188000000-1ffffffff : System RAM (kmem)'));
        moveTo(editor, at(editor.document, 'kmem/unbind'));
        await until('RAM is gone', () => page<string[]>('texts', { selector: '.iomem .line:not(.removed)' }), found => !has(found, 'System RAM (kmem)'));
        const removed = await page<string[]>('texts', { selector: '.iomem .line.removed' });
        if (!has(removed, 'System RAM (kmem)')) throw new Error(`what went is not marked: ${JSON.stringify(removed)}`);
        includes(removed.join('\n'), '−', 'sign'); includes(removed.join('\n'), 'gone', 'word');
        includes(await page<string>('text', { selector: '.step.current' }), 'unbind', 'the step in the list');
    });

    test('tells what was lost and why, with the rule', async () => {
        moveTo(editor, at(editor.document, 'daxctl online-memory', 0, 4));
        const ledger = await until('losses', () => page<string>('text', { selector: '.losses' }), text => Boolean(text));
        includes(ledger, /[A-Z]{2,5}-\d{2}/, 'rule in the ledger');
        includes(ledger, 'MiB', 'bytes in the ledger');
    });

    test('keeps the last good state while the text is broken', async () => {
        moveTo(editor, at(editor.document, 'daxctl online-memory', 0, 4));
        await until('RAM is there', iomem, found => has(found, 'System RAM (kmem)'));
        await replaceAll(editor, original.replace('platform fast-reboot {', 'platform fast-reboot { node {{{ "'));
        await until('banner', () => page<string>('text', { selector: '.banner' }), text => Boolean(text));
        if (!has(await iomem(), 'System RAM')) throw new Error('the tree is gone');
        await shot('broken');
        await replaceAll(editor, original);
        await until('no banner', () => page<string>('text', { selector: '.banner' }), text => text === null);
    });

    test('changes while typing', async () => {
        moveTo(editor, at(editor.document, 'platform fast-reboot'));
        await until('boot', iomem, found => has(found, '180000000-1ffffffff : Persistent Memory (legacy)'));
        await replaceAll(editor, original.replace('cmdline "memmap=2G!6G"', 'cmdline "memmap=1G!6G"'));
        await until('1 GiB', iomem, found => has(found, '180000000-1bfffffff : Persistent Memory (legacy)'));
        await replaceAll(editor, original);
        await until('2 GiB', iomem, found => has(found, '180000000-1ffffffff : Persistent Memory (legacy)'));
    });

    test('a click on a step takes the cursor there', async () => {
        moveTo(editor, at(editor.document, 'ndctl create-namespace'));
        await until('steps', () => page<string[]>('texts', { selector: '.step' }), all => all.length > 3);
        await page('click', { selector: '.step:nth-child(4) .command' });
        const line = editor.document.positionAt(original.indexOf('device_dax/unbind')).line;
        await until('cursor', () => vscode.window.visibleTextEditors.find(one => one.document === editor.document)?.selection.active.line, now => now === line);
        await until('step', () => page<string>('text', { selector: '.step.current' }), text => text.includes('device_dax/unbind'));
    });

    test('arrow keys in the list walk through the steps', async () => {
        await page('click', { selector: '.step:nth-child(3) .command' });
        await page('press', { keys: 'ArrowDown' });
        await until('step', () => page<string>('text', { selector: '.step.current' }), text => text.includes('device_dax/unbind'));
    });

    test('the slider goes through time, and the cursor with it', async () => {
        moveTo(editor, at(editor.document, 'ndctl create-namespace', 0, 4));
        await until('first step', () => page<string>('text', { selector: '.step.current' }), text => text?.includes('create-namespace') ?? false);
        await page('fill', { selector: '.time input', value: '5' });
        await until('step 5', () => page<string>('text', { selector: '.step.current' }), text => text.includes('daxctl online-memory'));
        await until('the cursor', () => editor.document.lineAt(editor.selection.active.line).text, text => text.includes('daxctl online-memory'));
        await page('click', { selector: '.time [aria-label="Step on"]' });
        await until('step 6', () => page<string>('text', { selector: '.step.current' }), text => text.includes('daxctl offline-memory'));
        await page('fill', { selector: '.time input', value: '0' });
        await until('boot', () => page<string>('text', { selector: '.step.current' }), text => text.includes('boot'));
    });

    test('play walks on by itself', async () => {
        await page('fill', { selector: '.time input', value: '1' });
        await until('step 1', () => page<string>('text', { selector: '.step.current' }), text => text.includes('create-namespace'));
        await page('click', { selector: '.time .play' });
        await until('step 3', () => page<string>('text', { selector: '.step.current' }), text => text.includes('device_dax/unbind'));
        await page('click', { selector: '.time .play' });
    });

    test('the cursor selects in the map and in the tree', async () => {
        moveTo(editor, at(editor.document, 'online-memory dax0.0', 0, 'online-memory d'.length));
        await until('dax0.0 in the map', () => page<string | null>('attribute', { selector: '.map-box [aria-pressed="true"]', name: 'aria-label' }), words => words?.includes('dax0.0') === true);
        await until('dax0.0 in the tree', () => page<string[]>('texts', { selector: '.iomem .line.selected .label' }), all => all.includes('dax0.0'));
        moveTo(editor, at(editor.document, 'memory at 4G size 6G', 0, 4));
        await until('the range in the map', () => page<string>('attribute', { selector: '.map-box [aria-pressed="true"]', name: 'data-start' }), start => Number(start) >= 2 ** 32);
    });

    test('a click in the map goes to the text', async () => {
        moveTo(editor, at(editor.document, 'daxctl online-memory', 0, 4));
        await until('dax0.0 is there', () => page<string | null>('attribute', { selector: '.map-box [data-source="dax0.0"]', name: 'data-id' }), id => id !== null);
        await page('click', { selector: '.map-box [data-source="dax0.0"]' });
        await until('the cursor at its maker', () => editor.document.lineAt(editor.selection.active.line).text, text => text.includes('ndctl create-namespace'));
        // the view stays at the step that it showed
        includes(await page<string>('text', { selector: '.step.current' }), 'daxctl online-memory', 'the step');
        await page('click', { selector: '.map-box [data-source="node0"]' });
        await until('the cursor at the node', () => editor.document.lineAt(editor.selection.active.line).text, text => text.includes('node 0'));
    });

    test('the map zooms by wheel, keys and buttons, and keeps its place over an edit', async () => {
        const shown = (): Promise<string | null> => page<string | null>('text', { selector: '#h-map .mono' });
        await page('wheel', { selector: '.map-box svg', y: -300, ctrl: true });
        const first = await until('a window', shown, text => Boolean(text));
        await page('click', { selector: '.map [aria-label="Closer"]' });
        const second = await until('closer', shown, text => text !== first);
        await replaceAll(editor, original.replace('reserved at 0xb0000000 size 256M', 'reserved at 0xb0000000 size 128M'));
        await until('the edit', iomem, found => has(found, 'b0000000-b7ffffff'));
        equal(await shown(), second, 'the window after the edit');
        await replaceAll(editor, original);
        await page('focus', { selector: '.map-box [data-id]' });
        await page('press', { keys: ['Shift+ArrowRight'] });
        await until('moved', shown, text => text !== second);
        await page('press', { keys: ['0'] });
        await until('everything', shown, text => text === null);
    });

    test('ledger and nodes', async () => {
        await page('click', { selector: '#tab-ledger' });
        const ledger = await until('ledger', () => page<string>('text', { selector: '.ledger' }), text => Boolean(text));
        includes(ledger, 'in use as RAM', 'ledger'); includes(ledger, /lost/, 'ledger');
        await shot('ledger');
        await page('click', { selector: '#tab-nodes' });
        await until('numactl', () => page<string>('text', { selector: '.nodes' }), text => text?.includes('node 0 cpus: 0 1 2 3') ?? false);
        await shot('nodes');
        await page('click', { selector: '#tab-iomem' });
        await until('tree', iomem, found => found.length > 0);
    });

    test('compares with another step and another release', async () => {
        moveTo(editor, at(editor.document, 'daxctl online-memory', 0, 4));
        await until('RAM is there', iomem, found => has(found, 'System RAM (kmem)'));
        await page('select', { selector: '.compare select', value: 'boot' });
        await until('new since boot', () => page<string[]>('texts', { selector: '.iomem .line.added' }), found => has(found, 'System RAM (kmem)'));
        equal(await page<string>('text', { selector: '#h-other' }), 'Physical addresses after boot', 'heading of the other map');
        equal((await page<string[]>('axe')).join('\n'), '', 'axe with two maps');
        await page('select', { selector: '.compare select', value: 'linux 5.3' });
        await until('named otherwise', () => page<string[]>('texts', { selector: '.iomem .line.changed' }), found => has(found, 'was System RAM'));
        await page('select', { selector: '.compare select', value: 'step' });
        await until('unchanged', () => page<string[]>('texts', { selector: '.iomem .line.changed' }), found => found.length === 0);
    });

    test('explains what the keyboard is at as the editor does', async () => {
        await page('focus', { selector: '.iomem .line.leads' });
        await until('the explanation', () => page<string | null>('text', { selector: '.explain pre' }), text => text !== null && text.length > 20);
        await page('focus', { selector: '#tab-iomem' });
        await until('gone', () => page<string | null>('text', { selector: '.explain' }), text => text === null);
    });

    test('has no accessibility violation', async () => {
        for (const tab of ['ledger', 'nodes', 'iomem']) {
            await page('click', { selector: `#tab-${tab}` });
            await until(tab, () => page<string | null>('attribute', { selector: `#tab-${tab}`, name: 'aria-selected' }), selected => selected === 'true');
            await new Promise(resolve => setTimeout(resolve, 200));
            equal((await page<string[]>('axe')).join('\n'), '', `axe on ${tab}`);
        }
    });

    test('an update of 3 000 ranges draws what changed, and nothing else', async function () {
        this.timeout(180_000);
        const ranges = (size: string): string => Array.from({ length: 3000 }, (_, i) => `    reserved at 0x${(0x100000000 + i * 0x400000).toString(16)} size ${i === 1500 ? size : '1M'} "R${i}"`).join('\n');
        const text = (size: string): string => `platform wide {\n    kernel 6.12\n    node 0 { cpus 0-3  memory 0x0-0x9fbff  memory at 1M size 2047M  memory at 4G size 16G }\n${ranges(size)}\n}\n`;
        const document = await vscode.workspace.openTextDocument({ language: 'memtopo', content: text('1M') });
        const wide = await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
        moveTo(wide, at(document, 'platform wide', 0, 10));
        const lines = (): Promise<number> => page('evaluate', { code: `document.querySelectorAll('.iomem .line').length` });
        await until('3 000 lines', lines, n => n > 3000, 90_000);
        // an element that is still there keeps what is written on it
        await page('evaluate', { code: `document.querySelectorAll('.iomem .line').forEach((line) => { line.seen = true; })` });
        const edit = new vscode.WorkspaceEdit();
        const place = at(document, '"R1500"', 0, -3);
        edit.replace(document.uri, new vscode.Range(place, place.translate(0, 2)), '2M');
        await vscode.workspace.applyEdit(edit);
        const end = (0x100000000 + 1500 * 0x400000 + 0x200000 - 1).toString(16);
        await until('the longer range', () => page<boolean>('evaluate', { code: `[...document.querySelectorAll('.iomem .line .range')].some((r) => r.textContent.endsWith('-${end}'))` }), there => there, 60_000);
        const drawn = await page<number>('evaluate', { code: `[...document.querySelectorAll('.iomem .line')].filter((line) => !line.seen).length` });
        // the range itself and what lies behind it
        if (drawn > 4) throw new Error(`${drawn} lines were drawn anew`);
        await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
        editor = await openExample();
    });

    test('is readable in every theme, wide and narrow', async function () {
        this.timeout(90_000);
        editor = await openExample();
        await page('click', { selector: '#tab-iomem' });
        moveTo(editor, at(editor.document, 'daxctl online-memory', 0, 4));
        await until('RAM is there', iomem, found => has(found, 'System RAM (kmem)'));
        await vscode.commands.executeCommand('notifications.clearAll');
        await page('evaluate', { code: 'scrollTo(0, 0)' });
        const themes = { dark: 'Default Dark Modern', light: 'Default Light Modern', 'high-contrast': 'Default High Contrast' };
        for (const [name, theme] of Object.entries(themes)) {
            await vscode.workspace.getConfiguration('workbench').update('colorTheme', theme, vscode.ConfigurationTarget.Global);
            await new Promise(resolve => setTimeout(resolve, 700));
            await shot(name);
        }
        await vscode.workspace.getConfiguration('workbench').update('colorTheme', 'Default Dark Modern', vscode.ConfigurationTarget.Global);
        await page('resize', { width: 880, height: 900 });
        await new Promise(resolve => setTimeout(resolve, 700));
        await shot('narrow');
        await page('resize', { width: 1400, height: 900 });
    });
});
