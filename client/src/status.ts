// The language status item ({} in the status bar): how the server is.
import * as vscode from 'vscode';
import { STATUS_REQUEST, type StatusParams, type StatusResult } from '../../server/src/features/status-protocol.ts';
import { State, type BaseLanguageClient } from 'vscode-languageclient';

const RESTART: vscode.Command = { command: 'memtopo.restartServer', title: 'Restart' };
const OUTPUT: vscode.Command = { command: 'memtopo.showOutput', title: 'Show Output' };

export function showStatus(client: BaseLanguageClient, changes: vscode.Event<string>): vscode.Disposable {
    const item = vscode.languages.createLanguageStatusItem('memtopo.server', { language: 'memtopo' });
    item.name = 'memtopo language server';
    const show = (state: State): void => {
        item.busy = state === State.Starting;
        item.severity = state === State.Stopped ? vscode.LanguageStatusSeverity.Error : vscode.LanguageStatusSeverity.Information;
        item.text = state === State.Running ? '$(circuit-board) memtopo' : state === State.Starting ? 'memtopo is starting' : '$(error) memtopo has stopped';
        const version = client.initializeResult?.serverInfo?.version;
        item.detail = state === State.Running ? `Language server${version ? ` ${version}` : ''}` : undefined;
        item.command = state === State.Stopped ? RESTART : OUTPUT;
    };
    show(client.state);
    // the release that applies at the cursor, and what simulating took
    const profile = vscode.languages.createLanguageStatusItem('memtopo.profile', { language: 'memtopo' });
    profile.name = 'memtopo kernel';
    profile.command = { command: 'workbench.action.openSettings', title: 'Default Kernel', arguments: ['memtopo.kernel'] };
    let asked = 0;
    const look = async (): Promise<void> => {
        const editor = vscode.window.activeTextEditor;
        if (editor?.document.languageId !== 'memtopo' || !client.isRunning()) return;
        const mine = ++asked;
        const params: StatusParams = { uri: client.code2ProtocolConverter.asUri(editor.document.uri), offset: editor.document.offsetAt(editor.selection.active) };
        const answer = await client.sendRequest<StatusResult | null>(STATUS_REQUEST, params).catch(() => null);
        if (mine !== asked) return;
        profile.text = answer ? `Linux ${answer.kernels.join(', ')}` : 'no platform';
        profile.detail = answer ? `boot${answer.kernels.length > 1 ? 's' : ''} and ${answer.steps} step${answer.steps === 1 ? '' : 's'} simulated in ${answer.milliseconds < 10 ? answer.milliseconds.toFixed(1) : Math.round(answer.milliseconds)} ms` : undefined;
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    // after what the reader waits for
    const soon = (): void => { clearTimeout(timer); timer = setTimeout(() => void look(), 250); };
    const listening = [
        client.onDidChangeState(change => { show(change.newState); soon(); }), changes(soon), vscode.window.onDidChangeActiveTextEditor(soon),
        vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => { if (textEditor.document.languageId === 'memtopo') soon(); }),
        { dispose: () => clearTimeout(timer) },
    ];
    return vscode.Disposable.from(item, profile, ...listening);
}
