// Stands in for VS Code's webview in the frame of the static page: messages go to the page around it, the theme follows the reader's.
import type { SavedState, ToPanel } from '../preview/messages.ts';

const dark = matchMedia('(prefers-color-scheme: dark)');
const contrast = matchMedia('(prefers-contrast: more)');
const follow = (): void => {
    document.body.classList.toggle('vscode-dark', dark.matches);
    document.body.classList.toggle('vscode-light', !dark.matches);
    document.body.classList.toggle('vscode-high-contrast', contrast.matches && dark.matches);
    document.body.classList.toggle('vscode-high-contrast-light', contrast.matches && !dark.matches);
};
for (const query of [dark, contrast]) query.addEventListener('change', follow);
follow();

let state: SavedState | undefined;
Object.assign(globalThis, {
    acquireVsCodeApi: () => ({
        postMessage: (message: ToPanel) => parent.postMessage(message, '*'),
        getState: () => state,
        setState: (saved: SavedState) => {
            state = saved;
        },
    }),
});
