// A text of memtopo inside other text, as HTML: the picture, the tree and the outcome of what it describes. Synchronous and without
// files, as readers of Markdown need it: what the text imports is not there.
import { toTerminal } from '../diagnostics/terminal.ts';
import { escapeText } from '../render/svg.ts';
import { sheetToFigure } from '../render/html.ts';
import type { ThemeName } from '../render/theme.ts';
import { Project } from '../server/project.ts';
import { sheetOf } from './sheets.ts';

export interface FenceOptions {
    /** Default: light. */
    readonly theme?: ThemeName;
    /** Pixels of the picture; default 800. */
    readonly width?: number;
    /** Show the text itself above its pictures; default true. */
    readonly source?: boolean;
}

/** Longer texts are not simulated while somebody waits for a page. */
const LONGEST = 200_000;

/** Rendered fences, newest last: previews render the same fence at every keystroke elsewhere. */
const memory = new Map<string, string>();
const MOST_REMEMBERED = 64;

/** HTML for a text. Errors are told in it, never thrown. `prefix` is put before ids: another one for each fence of a page. */
export function fenceToHtml(text: string, prefix: string, options: FenceOptions = {}): string {
    const key = JSON.stringify([text, prefix, options]);
    let html = memory.get(key);
    if (html === undefined) {
        html = make(text, prefix, options);
        memory.set(key, html);
        if (memory.size > MOST_REMEMBERED) memory.delete(memory.keys().next().value!);
    }
    return html;
}

function make(text: string, prefix: string, options: FenceOptions): string {
    const source = options.source === false ? '' : `<pre><code class="language-memtopo">${escapeText(text)}</code></pre>\n`;
    if (text.length > LONGEST) return `<div class="memtopo">${source}<p>This text is too long to be simulated here.</p></div>\n`;
    const uri = 'memtopo:/fence.memtopo';
    const project = new Project(() => Promise.resolve(undefined));
    project.setText(uri, 1, text);
    const analysis = project.analysis(uri)!;
    const errors = analysis.findings().filter((f) => f.severity === 'error');
    const scenarios = analysis.scenarios.flatMap(({ lowered }) => (lowered.platform ? analysis.runs(lowered).slice(0, 1) : []));
    const runs = scenarios.length > 0 ? scenarios : analysis.platforms.map(({ lowered }) => analysis.bootRun(lowered));
    const figures = runs.flatMap((run, i) => {
        const sheet = sheetOf(run);
        return sheet ? [sheetToFigure(sheet, { theme: options.theme ?? 'light', width: options.width ?? 800, prefix: `${prefix}${i}-` })] : [];
    });
    const told = errors.map((f) => {
        const { range } = analysis.location(f.at);
        const line = text.split('\n')[range.start.line] ?? '';
        const shown = { file: 'line', line: range.start.line + 1, column: range.start.character + 1, endColumn: range.end.line === range.start.line ? range.end.character + 1 : line.length + 1, text: line };
        return toTerminal(f, 'error', () => shown, { color: false });
    });
    const problems = told.length === 0 ? '' : `<pre class="memtopo-errors" role="note" aria-label="Errors">${escapeText(told.join('\n'))}</pre>\n`;
    return `<div class="memtopo">\n${source}${problems}${figures.join('')}</div>\n`;
}
