// Entry of the preview page.
import { render } from 'preact';
import type { PreviewModel, PreviewSpan } from '../../../../server/src/features/preview-protocol.ts';
import { changed } from '../../../../server/src/features/preview-delta-protocol.ts';
import { FIRST_VIEW, type Pinned, type SavedState, type ToPage, type ToPanel, type View } from '../messages.ts';
import { App, type Actions } from './app.tsx';
import { toPng } from './png.ts';
import { adoptPictureStyles } from './theme.ts';

interface Host { postMessage(message: ToPanel): void; getState(): SavedState | undefined; setState(state: SavedState): void }
declare function acquireVsCodeApi(): Host;

const host = acquireVsCodeApi();
const root = document.getElementById('page');
let model: PreviewModel | undefined;
let view: View = { ...FIRST_VIEW, ...host.getState()?.view };
let waiting: string | undefined;
let asked = 0;
const answers = new Map<number, (text: string) => void>();

function pin(step: number): Pinned | undefined {
    const subject = model?.subjects[model.subject];
    return subject && { subject: { kind: subject.kind, name: subject.name }, step };
}

const actions: Actions = {
    reveal(at: PreviewSpan, focus: boolean, fix?: boolean) {
        // a click in a view does not leave the step that the view shows
        host.postMessage({ kind: 'reveal', uri: at.uri ?? model?.uri ?? '', start: at.start, end: at.end, focus, pinned: pin(model?.run?.current ?? 0), fix });
    },
    go(step: number, focus: boolean) {
        const at = model?.run?.steps[step]?.at;
        if (at) host.postMessage({ kind: 'reveal', uri: at.uri ?? model?.uri ?? '', start: at.start, end: at.start, focus, pinned: pin(step) });
    },
    lead(at: PreviewSpan) {
        host.postMessage({ kind: 'reveal', uri: at.uri ?? model?.uri ?? '', start: at.start, end: at.end, focus: false });
    },
    explain(at: PreviewSpan) {
        const id = ++asked;
        return new Promise(resolve => {
            // only the newest question still has somebody who waits
            answers.clear();
            answers.set(id, resolve);
            host.postMessage({ kind: 'explain', id, uri: at.uri ?? model?.uri ?? '', offset: at.start });
        });
    },
    copy(what: string, text: string) {
        host.postMessage({ kind: 'copy', what, text });
    },
    save(as, step, theme) {
        const run = model?.run;
        if (run) host.postMessage({ kind: 'save', as, offset: (run.scenario ?? run.platform).at.start, step, theme });
    },
    setView(chosen: View) {
        view = chosen;
        const saved = host.getState();
        if (saved) host.setState({ ...saved, view });
        host.postMessage({ kind: 'view', view });
        draw();
    },
};

function draw(): void {
    if (root) render(<App model={model} view={view} waiting={waiting} actions={actions} />, root);
}

window.addEventListener('message', (event: MessageEvent<ToPage>) => {
    let begin: number | undefined;
    const message = event.data;
    if (message.kind === 'explained') {
        answers.get(message.id)?.(message.text);
        answers.delete(message.id);
        return;
    }
    if (message.kind === 'draw') {
        const { name, svg } = message;
        void toPng(svg).then(data => host.postMessage({ kind: 'png', name, data }), () => host.postMessage({ kind: 'png', name }));
        return;
    }
    if (message.kind === 'model' || message.kind === 'change') {
        begin = performance.now();
        if (message.kind === 'model') model = message.model;
        else if (model) model = { ...changed(model, message.change) };
        // the window is the page's own affair: an answer that was on its way knows an older one
        view = { ...message.saved.view, window: view.window };
        waiting = undefined;
        host.setState({ ...message.saved, view });
    } else {
        waiting = message.text;
    }
    draw();
    // what one update costs the page, layout included: tests and benches read it
    if (begin !== undefined) {
        void document.body.offsetHeight;
        performance.clearMeasures('memtopo:update');
        performance.measure('memtopo:update', { start: begin });
    }
});
adoptPictureStyles();
draw();
host.postMessage({ kind: 'ready' });
