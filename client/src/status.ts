// The language status item ({} in the status bar): how the server is.
import * as vscode from 'vscode';
import { State, type BaseLanguageClient } from 'vscode-languageclient';

const RESTART: vscode.Command = { command: 'memtopo.restartServer', title: 'Restart' };
const OUTPUT: vscode.Command = { command: 'memtopo.showOutput', title: 'Show Output' };

export function showStatus(client: BaseLanguageClient): vscode.Disposable {
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
    const listening = client.onDidChangeState(change => show(change.newState));
    return vscode.Disposable.from(item, listening);
}
