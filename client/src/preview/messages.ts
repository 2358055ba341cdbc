// What the preview page and the panel that holds it say to each other.
import type { PreviewModel } from '../../../server/src/features/preview-protocol.ts';

/** Panel to page. */
export type ToPage =
    | { readonly kind: 'model'; readonly model: PreviewModel; readonly saved: SavedState }
    /** The server is not there (starting, stopped): the page keeps what it shows. */
    | { readonly kind: 'waiting'; readonly text: string };

/** What the reader chose, apart from the place of the cursor. */
export interface View {
    readonly kernel?: string;
    readonly compareWith: 'step' | 'boot';
}

/** Page to panel. */
export type ToPanel =
    | { readonly kind: 'ready' }
    | { readonly kind: 'reveal'; readonly uri: string; readonly start: number; readonly end: number; readonly focus: boolean }
    | { readonly kind: 'view'; readonly view: View };

/** What VS Code keeps of a panel over a reload of the window. */
export interface SavedState {
    readonly uri: string;
    readonly offset: number;
    readonly view: View;
}
