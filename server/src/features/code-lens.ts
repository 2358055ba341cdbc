// `Preview` over each scenario and platform; how a scenario's expectations stand beside it.
import type { CodeLens } from 'vscode-languageserver-types';
import type { FeatureContext } from './context.ts';

export function codeLenses({ analysis }: FeatureContext): CodeLens[] {
    const lenses: CodeLens[] = [];
    for (const { lowered } of [...analysis.platforms, ...analysis.scenarios]) {
        const range = analysis.range(lowered.at);
        lenses.push({ range, command: { title: 'Preview', command: 'memtopo.openPreviewToSide', arguments: [analysis.uri, analysis.place(lowered.at).start] } });
    }
    return lenses;
}
