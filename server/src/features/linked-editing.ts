// Linked editing of a platform's name: what is typed at its declaration is typed wherever this document refers to it. Only at the declaration:
// at a reference one mostly wants another platform, not another name.
import type { LinkedEditingRanges } from 'vscode-languageserver-protocol';
import type { FeatureContext } from './context.ts';
import { references } from './definition.ts';
import { wordAt } from './hover.ts';

export function linkedEditing(context: FeatureContext, offset: number): LinkedEditingRanges | undefined {
    const { analysis } = context;
    const platform = analysis.platformAt(offset)?.lowered;
    const word = wordAt(analysis, offset);
    if (!platform || !word || !analysis.touches(platform.at, offset) || word.text !== platform.name) return undefined;
    const ranges = references(context, offset, true).filter((l) => l.uri === analysis.uri).map((l) => l.range);
    return ranges.length > 1 ? { ranges, wordPattern: '[A-Za-z_][\\w.-]*' } : undefined;
}
