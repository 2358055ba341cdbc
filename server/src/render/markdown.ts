// A sheet as Markdown: outcome, bytes, tree and tables as text, which every reader of Markdown can show.
import { diffIomem, iomemLines } from './iomem-diff.ts';
import { iomemToText } from './iomem-text.ts';
import { ledger } from './ledger.ts';
import { lsmemText } from './lsmem.ts';
import { numactlText } from './numactl.ts';
import { PLAIN } from './style.ts';
import type { Sheet } from './svg-sheet.ts';
import { totalsText } from './svg-waterfall.ts';
import { barTitle, platformWaterfall, type WaterfallBar } from './waterfall.ts';
import { formatApproximate } from './summary.ts';

/** Markdown of a sheet. `image`: where the picture is, for a link to it; `level`: of its heading. */
export function sheetToMarkdown(sheet: Sheet, options: { readonly image?: string; readonly level?: number } = {}): string {
    const h = '#'.repeat(options.level ?? 2);
    const book = ledger(sheet.state);
    const parts = [
        `${h} ${inline(sheet.title)}`, inline(sheet.subtitle), `**${totalsText(book)}**`, ...(options.image ? [`![Memory map: ${inline(totalsText(book))}](${options.image})`] : []),
        ...(sheet.outcome.length > 0 ? [fence(sheet.outcome.join('\n'))] : []),
        `${h}# Where the bytes went`, waterfallTable(platformWaterfall(book).bars),
        `${h}# /proc/iomem`, fence(treeText(sheet)), `${h}# Nodes`, fence(numactlText(sheet.state)), fence(lsmemText(sheet.state)),
    ];
    return `${parts.join('\n\n')}\n`;
}

/** /proc/iomem; with the marks of the step in front where the sheet compares. */
export function treeText(sheet: Sheet): string {
    const lines = sheet.previous ? diffIomem(sheet.previous.iomem, sheet.state.iomem) : iomemLines(sheet.state.iomem);
    const shown = iomemToText(lines, PLAIN, { maxDepth: sheet.state.profile.iomemDepth });
    return (sheet.previous ? shown : shown.map((l) => l.slice(2))).join('\n');
}

function waterfallTable(bars: readonly WaterfallBar[]): string {
    const sign = { start: '', lost: '− ', idle: '− ', other: '− ', rest: '= ' } as const;
    const rows = bars.map((b) => `| ${sign[b.kind]}${formatApproximate(b.bytes)} | ${inline(b.kind === 'lost' ? `lost: ${b.label}` : b.kind === 'idle' ? `idle: ${b.label}` : b.label)} | ${inline(b.subjects.join(', '))} | ${b.rules.join(', ')} |`);
    return ['| bytes | what | whose | rule |', '|---:|---|---|---|', ...rows].join('\n');
}

/** A sheet as plain text. */
export function sheetToText(sheet: Sheet): string {
    const book = ledger(sheet.state);
    return `${[sheet.title, sheet.subtitle, totalsText(book), '', ...sheet.outcome, '', ...platformWaterfall(book).bars.map(barTitle), '', '/proc/iomem', treeText(sheet), '', numactlText(sheet.state), lsmemText(sheet.state)].join('\n')}`;
}

/** Text between other text: nothing in it is read as Markdown. */
function inline(text: string): string {
    return text.replace(/[\\`*_{}[\]<>|#&]/g, '\\$&').replace(/\s+/g, ' ');
}

/** A code block whose fence is longer than any run of back-quotes inside. */
function fence(text: string): string {
    const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((m) => m[0].length));
    const ticks = '`'.repeat(longest + 1);
    return `${ticks}text\n${text.replace(/\n$/, '')}\n${ticks}`;
}
