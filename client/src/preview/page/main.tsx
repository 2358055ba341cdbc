// Entry of the preview page.
import { render } from 'preact';
import type { PreviewModel, PreviewSpan } from '../../../../server/src/features/preview-protocol.ts';
import type { SavedState, ToPage, ToPanel, View } from '../messages.ts';
import { App, type Actions } from './app.tsx';

interface Host { postMessage(message: ToPanel): void; getState(): SavedState | undefined; setState(state: SavedState): void }
declare function acquireVsCodeApi(): Host;

const host = acquireVsCodeApi();
const root = document.getElementById('page');
let model: PreviewModel | undefined;
let view: View = host.getState()?.view ?? { compareWith: 'step' };
let waiting: string | undefined;

const actions: Actions = {
    reveal(at: PreviewSpan, focus: boolean) {
        host.postMessage({ kind: 'reveal', uri: at.uri ?? model?.uri ?? '', start: at.start, end: at.end, focus });
    },
    setView(chosen: View) {
        view = chosen;
        host.postMessage({ kind: 'view', view });
        draw();
    },
};

function draw(): void {
    if (root) render(<App model={model} view={view} waiting={waiting} actions={actions} />, root);
}

window.addEventListener('message', (event: MessageEvent<ToPage>) => {
    const message = event.data;
    if (message.kind === 'model') {
        model = message.model;
        view = message.saved.view;
        waiting = undefined;
        host.setState(message.saved);
    } else {
        waiting = message.text;
    }
    draw();
});
draw();
host.postMessage({ kind: 'ready' });
