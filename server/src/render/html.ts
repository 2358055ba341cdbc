// A sheet as a page that needs nothing else: no script, nothing to load, and everything in the picture once more as text.
import { ledger } from './ledger.ts';
import { lsmemText } from './lsmem.ts';
import { treeText } from './markdown.ts';
import { numactlText } from './numactl.ts';
import { formatApproximate } from './summary.ts';
import { escapeText } from './svg.ts';
import { type Sheet, sheetMap, sheetToSvg } from './svg-sheet.ts';
import { totalsText } from './svg-waterfall.ts';
import { COLORS, type ThemeName } from './theme.ts';
import { type Waterfall, waterfalls } from './waterfall.ts';

export interface HtmlOptions {
    readonly theme: ThemeName;
    /** Pixels of the pictures. */
    readonly width: number;
}

/** A whole page of sheets. */
export function sheetsToHtml(sheets: readonly Sheet[], options: HtmlOptions): string {
    const title = sheets.length === 1 ? sheets[0]!.title : 'memtopo';
    const sections = sheets.map((s, i) => section(s, options, `s${i + 1}-`));
    return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeText(title)}</title>
<style>${pageStyle(options.theme)}</style>
</head>
<body>
<main>
${sheets.length === 1 ? '' : '<h1>Memory maps</h1>\n'}${sections.join('\n')}</main>
</body>
</html>
`;
}

function section(sheet: Sheet, options: HtmlOptions, prefix: string): string {
    return `<section aria-labelledby="${prefix}head">
<h1 class="hidden" id="${prefix}head">${escapeText(`${sheet.title}, ${sheet.subtitle}`)}</h1>
<figure>
${sheetToSvg(sheet, { width: options.width }, { theme: options.theme, prefix })}</figure>
${details('Steps', sheet.outcome.join('\n'), true)}${sheet.log.length > 0 ? details('Kernel log and output of the step', sheet.log.join('\n'), false) : ''}<details open><summary>Bytes</summary>
${waterfalls(ledger(sheet.state)).map(table).join('\n')}
</details>
${details('/proc/iomem', treeText(sheet), true)}${details('numactl -H', numactlText(sheet.state), false)}${details('lsmem', lsmemText(sheet.state), false)}</section>
`;
}

/** The picture, the tree and the outcome of a sheet, to stand between other text. */
export function sheetToFigure(sheet: Sheet, options: HtmlOptions & { readonly prefix: string }): string {
    return `<figure class="memtopo">
${sheetMap(sheet, { width: options.width }, { theme: options.theme, prefix: options.prefix })}<figcaption><strong>${escapeText(sheet.title)}</strong> · ${escapeText(sheet.subtitle)}<br>${escapeText(totalsText(ledger(sheet.state)))}</figcaption>
<pre class="memtopo-outcome">${escapeText(sheet.outcome.join('\n'))}</pre>
<details open><summary>/proc/iomem</summary><pre class="memtopo-iomem">${escapeText(treeText(sheet))}</pre></details>
</figure>
`;
}

function details(summary: string, content: string, open: boolean): string {
    return `<details${open ? ' open' : ''}><summary>${escapeText(summary)}</summary><pre tabindex="0" role="region" aria-label="${escapeText(summary)}">${escapeText(content)}</pre></details>\n`;
}

function table(w: Waterfall): string {
    const words = { start: '', lost: 'lost', idle: 'idle', other: 'in use otherwise', rest: '' } as const;
    const rows = w.bars.map((b) => `<tr class="${b.kind}"><td class="n">${b.kind === 'start' ? '' : b.kind === 'rest' ? '= ' : '− '}${escapeText(formatApproximate(b.bytes))}</td><td>${words[b.kind]}</td><td>${escapeText(b.label)}</td><td>${escapeText(b.subjects.slice(0, 8).join(', '))}${b.subjects.length > 8 ? ` and ${b.subjects.length - 8} more` : ''}</td><td>${b.rules.join(', ')}</td></tr>`);
    return `<table><caption>${escapeText(w.subject)}</caption><thead><tr><th scope="col">bytes</th><th scope="col">state</th><th scope="col">what</th><th scope="col">whose</th><th scope="col">rule</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function pageStyle(theme: ThemeName): string {
    const c = COLORS[theme];
    return `body{margin:0;background:${c.bg};color:${c.fg};font:14px/1.45 system-ui,"Segoe UI","DejaVu Sans",sans-serif}main{max-width:1440px;margin:0 auto;padding:12px}
figure{margin:0 0 12px}svg{max-width:100%;height:auto;display:block}pre{overflow:auto;margin:6px 0;padding:8px;border:1px solid ${c.line};font:12px/1.4 ui-monospace,"DejaVu Sans Mono",monospace}
summary{cursor:pointer;font-weight:600;padding:4px 0}table{border-collapse:collapse;margin:6px 0 14px}caption{text-align:left;font-weight:600;padding:2px 0}th,td{text-align:left;padding:2px 10px 2px 0;vertical-align:top}
.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}.lost td{color:${c.accent}}.rest td{font-weight:600;border-top:1px solid ${c.line}}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}:focus-visible{outline:2px solid ${c.focus}}`;
}
