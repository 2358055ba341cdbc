// Texts with marks for tests of the server: `$0` is the cursor; everything runs in this process, without a connection.
import type { ClientCapabilities } from 'vscode-languageserver-protocol';
import type { FeatureContext } from '../server/src/features/context.ts';
import { Project } from '../server/src/server/project.ts';
import { DEFAULT_SETTINGS } from '../server/src/server/settings.ts';

/** A client that has everything the features ask about. */
export const FULL_CLIENT: ClientCapabilities = {
    textDocument: {
        completion: { completionItem: { snippetSupport: true } },
        codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: [] } }, isPreferredSupport: true },
        documentSymbol: { hierarchicalDocumentSymbolSupport: true },
    },
};

export const URI = 'file:///test/a.memtopo';

export interface Fixture extends FeatureContext {
    /** Of `$0`; −1 where the text has none. */
    readonly offset: number;
    readonly text: string;
}

/** Analyses a text; `files` are what imports find, by URI. */
export function analyse(marked: string, files: Readonly<Record<string, string>> = {}): Fixture {
    const offset = marked.indexOf('$0');
    const text = offset < 0 ? marked : marked.slice(0, offset) + marked.slice(offset + 2);
    const project = new Project(async (uri) => files[uri]);
    project.setText(URI, 1, text);
    return { analysis: project.analysis(URI)!, project, settings: DEFAULT_SETTINGS, client: FULL_CLIENT, offset, text };
}

/** As `analyse`, once all imports have been read. */
export async function analyseFiles(marked: string, files: Readonly<Record<string, string>>): Promise<Fixture> {
    const first = analyse(marked, files);
    for (let i = 0; i < 5 && first.project.analysis(URI)!.incomplete; i++) await first.project.settled();
    return { ...first, analysis: first.project.analysis(URI)! };
}
