// What the client asks for when it shows or saves something as a text of its own: a comparison, a script, a picture. Plain data.

/** Request, client to server. `null` where there is nothing at that place (no scenario, a document that is not known). */
export const DOCUMENT_REQUEST = 'memtopo/document';

/** `script`: the steps as a shell script. `comparison`: the scenario under several releases. The others: the state after the step at the cursor. */
export type DocumentKind = 'script' | 'comparison' | 'iomem' | 'svg' | 'html' | 'markdown';

/** Request, client to server: what a diagnostic means, as Markdown. `null` for a code that there is not. */
export const EXPLAIN_REQUEST = 'memtopo/explain';

export interface ExplainParams {
    readonly code: string;
}

export interface DocumentParams {
    readonly uri: string;
    /** UTF-16 offset that selects scenario (or platform) and step. */
    readonly offset: number;
    readonly kind: DocumentKind;
    /** For `comparison`: the releases, at least two. Else the first one is the release to run under. */
    readonly kernels?: readonly string[];
    /** Step (0 is the boot) instead of the one at the offset. */
    readonly step?: number;
    readonly theme?: 'light' | 'dark' | 'high-contrast';
}

export interface DocumentResult {
    readonly text: string;
    /** What it is about, fit for a file name and a tab. */
    readonly name: string;
}
