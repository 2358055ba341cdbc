// The path of an import leads to its file.
import type { DocumentLink } from 'vscode-languageserver-types';
import { resolveImport } from '../server/language.ts';
import type { FeatureContext } from './context.ts';

export function documentLinks({ analysis }: FeatureContext): DocumentLink[] {
    const links: DocumentLink[] = [];
    for (const unit of analysis.source.units) {
        if (!unit.mayImport) continue;
        for (const item of unit.parsed.items) {
            if (item.kind !== 'import') continue;
            const target = resolveImport(analysis.uri, item.path);
            if (target !== undefined) links.push({ range: analysis.range(item.span), target });
        }
    }
    return links;
}
