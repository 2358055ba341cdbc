// Findings for a terminal: `file:line:column: error[kmem/left-online]: message (KM-11)`, the line, and the place underlined.
import type { Finding, TextSpan } from '../language/model.ts';
import type { Severity } from './diagnostic.ts';

/** Where a span is, for a reader: file as it is to be shown, 1-based line and column, the line's text. */
export interface Shown {
    readonly file: string;
    readonly line: number;
    readonly column: number;
    /** 1-based, exclusive, on the same line (the end of the line where the span goes on). */
    readonly endColumn: number;
    readonly text: string;
}

export interface TerminalOptions {
    readonly color: boolean;
    /** Show the line and underline the place. Default: yes. */
    readonly context?: boolean;
}

const COLORS: Readonly<Record<Severity, string>> = { error: '31', warning: '33', info: '36', hint: '90' };

export function toTerminal(finding: Finding, severity: Severity, show: (span: TextSpan) => Shown, options: TerminalOptions): string {
    const paint = (code: string, text: string): string => (options.color ? `\x1b[${code}m${text}\x1b[0m` : text);
    const at = show(finding.at);
    const rules = finding.rules.length > 0 ? paint('90', ` (${finding.rules.join(', ')})`) : '';
    const lines = [`${at.file}:${at.line}:${at.column}: ${paint(`1;${COLORS[severity]}`, `${severity}[${finding.code}]`)}: ${finding.message}${rules}`];
    if (options.context !== false) {
        const gutter = String(at.line);
        const blank = ' '.repeat(gutter.length);
        // tabs stay tabs under the line, so that the underline keeps its place
        const lead = at.text.slice(0, at.column - 1).replace(/[^\t]/g, ' ');
        lines.push(`${paint('90', `${gutter} |`)} ${at.text}`, `${paint('90', `${blank} |`)} ${lead}${paint(COLORS[severity], '^'.repeat(Math.max(1, at.endColumn - at.column)))}`);
    }
    for (const related of finding.related) {
        const where = show(related.at);
        lines.push(`  ${where.file}:${where.line}:${where.column}: ${related.message}`);
    }
    return lines.join('\n');
}
