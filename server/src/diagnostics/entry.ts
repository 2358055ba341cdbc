// Shorthand for catalogue entries that need no more than their texts.
import type { RuleId } from '../kernel/outcome.ts';
import type { Diagnostic, Severity } from './diagnostic.ts';

/** `why`: one sentence, why it is told. `docs`: what to do about it. */
export function entry(
    code: string, severity: Severity, title: string, rules: readonly RuleId[], why: string, docs: string, more: Pick<Diagnostic, 'examples' | 'fix'> = {},
): Diagnostic {
    return { code, severity, title, rules, why, docs, ...more };
}
