// Over each declaration what one wants to do with it: see it, see it under other releases, take it along as a script.
import type { CodeLens } from 'vscode-languageserver-types';
import type { FeatureContext } from './context.ts';

/** Commands take the document's uri and an offset in the declaration. `Preview` only for a client that has one. */
export function codeLenses({ analysis, ownCommands }: FeatureContext): CodeLens[] {
    const lenses: CodeLens[] = [];
    const add = (range: CodeLens['range'], title: string, command: string, offset: number): void => void lenses.push({ range, command: { title, command, arguments: [analysis.uri, offset] } });
    for (const { lowered } of [...analysis.platforms, ...analysis.scenarios]) {
        const range = analysis.range(lowered.at);
        const offset = analysis.place(lowered.at).start;
        if (ownCommands) add(range, 'Preview', 'memtopo.openPreviewToSide', offset);
        if (!('steps' in lowered)) continue;
        add(range, 'Compare kernels', 'memtopo.compareKernels', offset);
        add(range, 'Copy as script', 'memtopo.copyAsScript', offset);
    }
    return lenses;
}
