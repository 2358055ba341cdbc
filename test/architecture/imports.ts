// Who imports whom, read from the sources.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');

export interface Import {
    /** Path of the importing file from the repository's root. */
    readonly from: string;
    /** Path from the root, or the name of a package. */
    readonly to: string;
    /** Erased when the program is built. */
    readonly typeOnly: boolean;
}

/** Files below a folder with one of these endings, as paths from the root. */
export function filesBelow(folder: string, endings: readonly string[] = ['.ts', '.tsx']): string[] {
    return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((f) => endings.some((e) => f.endsWith(e)) && !f.split(path.sep).includes('node_modules'))
        .map((f) => path.posix.join(folder, f.split(path.sep).join('/'))).sort();
}

const STATEMENT = /^\s*(?:import|export)\s+(type\s+)?(?:[^;'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

export function importsOf(file: string): Import[] {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    const found: Import[] = [];
    const add = (specifier: string, typeOnly: boolean): void => {
        found.push({ from: file, to: specifier.startsWith('.') ? path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier)) : specifier, typeOnly });
    };
    for (const m of text.matchAll(STATEMENT)) add(m[2]!, m[1] !== undefined);
    for (const m of text.matchAll(DYNAMIC)) add(m[1]!, false);
    return found;
}
