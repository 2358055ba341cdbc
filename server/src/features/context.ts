// What a feature is given: the analysis of the document it is asked about, the client's wishes, and nothing of the connection.
import type { ClientCapabilities } from 'vscode-languageserver-protocol';
import type { Analysis } from '../server/analysis.ts';
import type { Project } from '../server/project.ts';
import type { Settings } from '../server/settings.ts';

export interface FeatureContext {
    readonly analysis: Analysis;
    readonly project: Project;
    readonly settings: Settings;
    readonly client: ClientCapabilities;
    /** The client has commands of its own: to open the preview, to show a comparison. */
    readonly ownCommands?: boolean;
}
