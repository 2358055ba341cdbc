// What a check is given. One check, one file, one subject; all.ts lists them. Costs follow declarations and ranges, never bytes or blocks.
import type { Machine } from '../../kernel/machine.ts';
import type { Described } from '../described.ts';
import type { Finding, Run, TextSpan } from '../model.ts';

export type Report = (
    code: string, severity: Finding['severity'], message: string, at: TextSpan, more?: Partial<Pick<Finding, 'related' | 'rules' | 'data' | 'tags'>>,
) => void;

/** A platform before anything runs: what its text says, base platforms included, and the tables that makes. */
export interface Checked {
    readonly described: Described;
    readonly machine: Machine;
}

/** Looks at the description alone. */
export type PlatformCheck = (platform: Checked, report: Report) => void;
/** Looks at a booted platform: `run.steps` are those of its declared devices. */
export type BootCheck = (run: Run, report: Report) => void;
/** Looks at what a scenario's lines led to. */
export type ScenarioCheck = (run: Run, report: Report) => void;

/** More findings than these of one check help nobody. */
const MOST_FINDINGS = 20;

/** A report that collects, and what it has collected. */
export function collector(): { readonly report: Report; readonly findings: Finding[] } {
    const findings: Finding[] = [];
    const told = new Map<string, number>();
    return {
        findings,
        report: (code, severity, message, at, more = {}) => {
            const count = told.get(code) ?? 0;
            told.set(code, count + 1);
            if (count < MOST_FINDINGS) findings.push({ code, severity, message, at, rules: more.rules ?? [], related: more.related ?? [], ...(more.data ? { data: more.data } : {}), ...(more.tags ? { tags: more.tags } : {}) });
        },
    };
}
