// Documents that the server has built anew. The protocol library keeps one handler for each message, so that all who want to know
// listen here.
import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import { PREVIEW_CHANGED, type PreviewChangedParams } from '../../server/src/features/preview-protocol.ts';

/** Fires with the document's uri as the server writes it. */
export function serverChanges(client: BaseLanguageClient): { readonly event: vscode.Event<string>; dispose(): void } {
    const emitter = new vscode.EventEmitter<string>();
    const listening = client.onNotification(PREVIEW_CHANGED, ({ uri }: PreviewChangedParams) => emitter.fire(uri));
    return { event: emitter.event, dispose() { listening.dispose(); emitter.dispose(); } };
}
