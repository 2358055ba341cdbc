// docs/diagnostics.md: one section per code, made from the catalogue. The same text answers `memtopo explain CODE`.
import { CATALOGUE, catalogued, restingOn } from './catalogue.ts';
import type { Diagnostic } from './diagnostic.ts';
import { docsAnchor } from './lsp.ts';
import { ruleTitle } from '../kernel/rules.ts';

/** One diagnostic as Markdown, without its heading. */
export function explain(d: Diagnostic): string {
    const parts = [d.why, `**What to do.** ${d.docs}`];
    if (d.rules.length > 0) parts.push(`Rules:\n\n${d.rules.map((r) => `- \`${r}\`: ${ruleTitle(r) ?? ''}`).join('\n')}`);
    if (d.fix) parts.push('The editor offers a quick fix.');
    if (d.examples) {
        parts.push(`Reported here:\n\n\`\`\`memtopo\n${d.examples.bad.trimEnd()}\n\`\`\``, `Not here:\n\n\`\`\`memtopo\n${d.examples.good.trimEnd()}\n\`\`\``);
    }
    return parts.join('\n\n');
}

/** One rule as a page of its own. */
function rulePage(id: string, title: string): string {
    const codes = restingOn(id).map((d) => `- \`${d.code}\`: ${d.title}`);
    return `# ${id}\n\n${title}.\n${codes.length > 0 ? `\nWhat rests on it:\n\n${codes.join('\n')}\n` : ''}`;
}

/** One diagnostic, or one rule, as a page of its own; null where there is none of that name. */
export function explanation(code: string): string | null {
    const title = ruleTitle(code);
    if (title !== undefined) return rulePage(code, title);
    const d = catalogued(code);
    return d ? `# ${d.title}\n\n\`${d.code}\` · *${d.severity}*\n\n${explain(d)}\n\n${SILENCE.replaceAll('CODE', d.code)}\n` : null;
}

const SILENCE = '`// memtopo-ignore CODE reason` on the line, or on a line of its own above it, silences one place; the setting `memtopo.severities` changes or switches off a code or a family.';

/** The whole page. */
export function diagnosticsPage(): string {
    const out = [
        '# Diagnostics',
        '<!-- Made from server/src/diagnostics by scripts/diagnostics-docs.ts; not edited by hand. -->',
        'Every message of the editor, of `memtopo check` and of the SARIF log carries one of these codes. `// memtopo-ignore CODE reason` on the line, or on a line of its own above it, '
            + 'silences one place; the setting `memtopo.severities` changes or switches off a code or a family (`"kmem": "hint"`).',
    ];
    let family = '';
    for (const d of CATALOGUE) {
        const own = d.code.slice(0, d.code.indexOf('/'));
        if (own !== family) {
            family = own;
            out.push(`## ${family}`);
        }
        out.push(`<a id="${docsAnchor(d.code)}"></a>`, `### \`${d.code}\` · ${d.title}`, `*${d.severity}*`, explain(d));
    }
    return `${out.join('\n\n')}\n`;
}
