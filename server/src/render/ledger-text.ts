// The ledger as text for a terminal.
import { formatRange } from '../kernel/range.ts';
import { type Ledger, type LedgerAccount, type LedgerItem, STAGE_LABEL } from './ledger.ts';
import { paint, type Style } from './style.ts';
import { formatApproximate } from './summary.ts';

/** Accounts with their way down and what went off on it, then one line for the whole platform. */
export function ledgerToText(ledger: Ledger, style: Style): string[] {
    const width = Math.max(5, ...ledger.accounts.map((a) => a.subject.length));
    const lines = ledger.accounts.flatMap((a) => accountText(a, style, width));
    const { total } = ledger;
    const parts = [`${formatApproximate(total.ram)} RAM`];
    if (total.other > 0) parts.push(`${formatApproximate(total.other)} persistent memory or dax`);
    if (total.idle > 0) parts.push(`${formatApproximate(total.idle)} idle`);
    if (total.lost > 0) parts.push(`${formatApproximate(total.lost)} lost`);
    lines.push(`${paint(style, 'bold', 'total'.padEnd(width))}  ${formatApproximate(total.described)} described: ${parts.join(' · ')}`);
    return lines;
}

function accountText(account: LedgerAccount, style: Style, width: number): string[] {
    // Stages that change nothing say nothing
    const stages = account.stages.filter((s, i) => i === 0 || s.less.length > 0 || i === account.stages.length - 1);
    const way = stages.map((s) => `${formatApproximate(s.bytes)} ${STAGE_LABEL[s.name]}`).join(' → ');
    const items = account.stages.flatMap((s) => s.less);
    const size = Math.max(0, ...items.map((i) => formatApproximate(i.bytes).length));
    return [
        `${paint(style, 'bold', account.subject.padEnd(width))}  ${way}`,
        ...items.map((i) => `${' '.repeat(width + 2)}${itemText(i, style, size, account.subject)}`),
    ];
}

function itemText(item: LedgerItem, style: Style, width: number, account: string): string {
    const who = item.subject === account ? '' : `${item.subject}: `;
    const text = `${item.kind === 'lost' ? '−' : '·'} ${formatApproximate(item.bytes).padEnd(width)}  ${who}${item.cause}`;
    const where = item.range && item.kind === 'lost' ? ` ${formatRange(item.range)}` : '';
    return `${item.kind === 'lost' ? paint(style, 'yellow', text) : text}${paint(style, 'dim', `${where}${item.rule ? `  ${item.rule}` : ''}`)}`;
}
