// A file of the workspace is about to get another name or place: imports that lead to it follow, and so do its own.
import type { FileRename } from 'vscode-languageserver-protocol';
import type { TextEdit, WorkspaceEdit } from 'vscode-languageserver-types';
import type { Analysis } from '../server/analysis.ts';
import { resolveImport } from '../server/language.ts';
import { fileOf } from '../server/uri-map.ts';

/** Edits to make before the renaming. */
export function renameFiles(documents: readonly Analysis[], files: readonly FileRename[]): WorkspaceEdit {
    /** Where a file will be; a folder takes along what is in it. */
    const moved = (uri: string): string => {
        const file = fileOf(uri);
        for (const { oldUri, newUri } of files) {
            const old = fileOf(oldUri);
            if (file === old || file.startsWith(`${old}/`)) return `${fileOf(newUri)}${file.slice(old.length)}`;
        }
        return file;
    };
    const changes: Record<string, TextEdit[]> = {};
    for (const document of documents) {
        for (const { parsed } of document.source.units) {
            for (const item of parsed.items) {
                const target = item.kind === 'import' ? resolveImport(document.uri, item.path) : undefined;
                if (item.kind !== 'import' || target === undefined) continue;
                const path = relativePath(moved(document.uri), moved(target));
                if (path === undefined || (fileOf(target) === moved(target) && fileOf(document.uri) === moved(document.uri)) || path === item.path) continue;
                (changes[document.uri] ??= []).push({ range: document.range(item.span), newText: `"${path}"` });
            }
        }
    }
    return { changes };
}

/** The path from one file (`fileOf`) to another as an import writes it; undefined where none leads there. */
export function relativePath(from: string, to: string): string | undefined {
    const here = from.split('/').slice(0, -1);
    const there = to.split('/');
    let common = 0;
    while (common < here.length && common < there.length - 1 && here[common] === there[common]) common++;
    if (common < 3 || /["\\]/.test(to)) return undefined; // `file:`, ``, host
    return [...here.slice(common).map(() => '..'), ...there.slice(common)].join('/');
}
