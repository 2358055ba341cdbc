// All diagnostics there are, one after the other. Codes never disappear and never change their meaning.
import type { Diagnostic } from './diagnostic.ts';
import { LANGUAGE } from './language.ts';

export const CATALOGUE: readonly Diagnostic[] = [...LANGUAGE].sort((a, b) => (a.code < b.code ? -1 : 1));

const byCode = new Map(CATALOGUE.map((d) => [d.code, d]));

export function catalogued(code: string): Diagnostic | undefined {
    return byCode.get(code);
}
