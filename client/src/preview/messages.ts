// What the preview page and the panel that holds it say to each other.
import type { DocumentKind } from '../../../server/src/features/documents-protocol.ts';
import type { PreviewChange } from '../../../server/src/features/preview-delta-protocol.ts';
import type { Comparison, PreviewModel } from '../../../server/src/features/preview-protocol.ts';

/** Panel to page. */
export type ToPage =
    | { readonly kind: 'model'; readonly model: PreviewModel; readonly saved: SavedState }
    /** What differs from the model that the page shows. */
    | { readonly kind: 'change'; readonly change: PreviewChange; readonly saved: SavedState }
    /** The server is not there (starting, stopped): the page keeps what it shows. */
    | { readonly kind: 'waiting'; readonly text: string }
    /** Draws an SVG document, and answers with `png`. */
    | { readonly kind: 'draw'; readonly svg: string; readonly name: string }
    /** Answer to `explain`: Markdown, empty where there is nothing to say. */
    | { readonly kind: 'explained'; readonly id: number; readonly text: string };

/** What a picture can be saved as; a PNG is drawn by the page. */
export type SaveKind = DocumentKind | 'png';

export type Tab = 'iomem' | 'ledger' | 'nodes';

/** What the reader chose, apart from the place of the cursor. */
export interface View {
    readonly kernel?: string;
    readonly compareWith: Comparison;
    readonly tab: Tab;
    /** Part of the address map that fills it: physical addresses, end inclusive. Everything when absent. */
    readonly window?: { readonly start: number; readonly end: number };
}

export const FIRST_VIEW: View = { compareWith: 'step', tab: 'iomem' };

/** What stays shown while the cursor is on something that it shows. */
export interface Pinned {
    readonly subject: { readonly kind: 'platform' | 'scenario'; readonly name: string };
    readonly step: number;
}

/** Page to panel. */
export type ToPanel =
    | { readonly kind: 'ready' }
    /** `pinned`: shows that until the cursor moves elsewhere, whatever the place belongs to. `fix`: and offers its quick fixes. */
    | { readonly kind: 'reveal'; readonly uri: string; readonly start: number; readonly end: number; readonly focus: boolean; readonly pinned?: Pinned; readonly fix?: boolean }
    | { readonly kind: 'view'; readonly view: View }
    /** What the editor's hover says at a place of the text. */
    | { readonly kind: 'explain'; readonly id: number; readonly uri: string; readonly offset: number }
    | { readonly kind: 'copy'; readonly what: string; readonly text: string }
    /** `data`: base64; absent where it could not be drawn. */
    | { readonly kind: 'png'; readonly name: string; readonly data?: string }
    | { readonly kind: 'save'; readonly as: SaveKind; readonly offset: number; readonly step: number; readonly theme: 'light' | 'dark' | 'high-contrast' };

/** What VS Code keeps of a panel over a reload of the window. */
export interface SavedState {
    readonly uri: string;
    readonly offset: number;
    readonly pinned?: Pinned;
    readonly view: View;
}
