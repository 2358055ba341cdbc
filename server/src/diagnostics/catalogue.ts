// All diagnostics there are. Codes never disappear and never change their meaning.
import type { Diagnostic } from './diagnostic.ts';
import { COMMAND } from './entries/command.ts';
import { DAX } from './entries/dax.ts';
import { HOTPLUG } from './entries/hotplug.ts';
import { KMEM } from './entries/kmem.ts';
import { LANGUAGE } from './entries/language.ts';
import { ND_KERNEL } from './entries/nd-kernel.ts';
import { NVDIMM } from './entries/nvdimm.ts';
import { PLATFORM } from './entries/platform.ts';
import { TABLES } from './entries/tables.ts';

/** By code. */
export const CATALOGUE: readonly Diagnostic[] = [...LANGUAGE, ...PLATFORM, ...COMMAND, ...DAX, ...KMEM, ...NVDIMM, ...ND_KERNEL, ...HOTPLUG, ...TABLES].sort((a, b) => (a.code < b.code ? -1 : 1));

const byCode = new Map(CATALOGUE.map((d) => [d.code, d]));

/** What rests on a rule. */
export function restingOn(rule: string): readonly Diagnostic[] {
    return CATALOGUE.filter((d) => d.rules.some((r) => r === rule));
}

/** The diagnostic of a code; undefined where the catalogue has none. */
export function catalogued(code: string): Diagnostic | undefined {
    return byCode.get(code);
}

const families: ReadonlySet<string> = new Set(CATALOGUE.map((d) => d.code.slice(0, d.code.indexOf('/'))));

/** Whether codes begin with this word: `kmem` of `kmem/no-node`. */
export function isFamily(word: string): boolean {
    return families.has(word);
}
