// Linked editing of a platform's name: what is typed at its declaration is typed wherever this document refers to it. Only at the declaration:
// at a reference one mostly wants another platform, not another name.
import type { LinkedEditingRanges } from 'vscode-languageserver-protocol';
import type { FeatureContext } from './context.ts';
import { nameAt, placesOf } from './names.ts';

export function linkedEditing({ analysis }: FeatureContext, offset: number): LinkedEditingRanges | undefined {
    const name = nameAt(analysis, offset);
    if (name?.kind !== 'platform' || !name.declares) return undefined;
    const ranges = placesOf(analysis, name, analysis.source.ready).map((p) => p.range);
    return ranges.length > 1 ? { ranges, wordPattern: '[A-Za-z_][\\w.-]*' } : undefined;
}
