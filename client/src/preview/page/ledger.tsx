// Where the bytes went: from what was described down to RAM, for the platform and for each device. Bars are as long as their bytes;
// what takes off is hatched or dashed and signed, so that no colour is needed to read it.
import type { JSX } from 'preact';
import type { PreviewRun, PreviewSpan } from '../../../../server/src/features/preview-protocol.ts';
import type { PreviewSelection } from '../../../../server/src/features/preview-protocol.ts';
import { formatApproximate } from '../../../../server/src/render/summary.ts';
import { barTitle, type Waterfall, type WaterfallBar } from '../../../../server/src/render/waterfall.ts';
import { Rule } from './outcome.tsx';

export interface LedgerProps {
    readonly run: PreviewRun;
    readonly ledger: NonNullable<PreviewRun['ledger']>;
    readonly selection: PreviewSelection | undefined;
    readonly select: (selection: PreviewSelection) => void;
    readonly reveal: (at: PreviewSpan, focus: boolean, fix?: boolean) => void;
}

export function LedgerView({ ledger, ...rest }: LedgerProps): JSX.Element {
    return (
        <div class="ledger">
            <p class="sum">{ledger.text}</p>
            {ledger.waterfalls.map((one, i) => <Fall key={one.subject} fall={one} whole={i === 0} {...rest} />)}
        </div>
    );
}

function Fall({ fall, whole, run, selection, select, reveal }: { fall: Waterfall; whole: boolean } & Omit<LedgerProps, 'ledger'>): JSX.Element {
    const most = Math.max(1, ...fall.bars.map(bar => bar.to));
    return (
        <section aria-label={fall.subject}>
            {!whole && <h3 class={selection?.key === fall.subject ? 'selected' : ''}>{fall.subject}</h3>}
            <ul class="fall">
                {fall.bars.map((bar, i) => {
                    const key = bar.subjects.length === 1 ? bar.subjects[0] : undefined;
                    const at = bar.subjects.map(subject => run.places[subject]).find(place => place !== undefined);
                    const pick = (focus: boolean): void => {
                        if (key !== undefined || bar.ranges[0]) select({ ...(key === undefined ? {} : { key }), ...(bar.ranges[0] ? { range: bar.ranges[0] } : {}) });
                        if (at) reveal(at, focus);
                    };
                    const chosen = key !== undefined && selection?.key === key && bar.kind === 'lost';
                    return (
                        <li key={i} class={`${bar.kind} ${chosen ? 'selected' : ''}`} title={barTitle(bar)}>
                            <span class="amount">{SIGN[bar.kind]}{formatApproximate(bar.bytes)}</span>
                            <span class="gauge" aria-hidden="true"><i style={{ left: `${(bar.from / most) * 100}%`, width: `max(2px, ${((bar.to - bar.from) / most) * 100}%)` }} /></span>
                            <span class="words">
                                {WORD[bar.kind] && <b>{WORD[bar.kind]} </b>}
                                {at || key ? <button class="plain" onClick={() => pick(false)} onDblClick={() => pick(true)}>{bar.label}</button> : bar.label}
                                {bar.kind === 'lost' || bar.kind === 'idle' ? <span class="dim"> {who(bar)}</span> : null}{' '}
                                {bar.rules.map(rule => <Rule key={rule} id={rule} />)}{' '}
                                {bar.kind === 'lost' && at && !bar.subjects.includes('boot memory') && <button class="link" onClick={() => reveal(at, true, true)} title="Go to the text and offer what can be done about it">fix…</button>}
                            </span>
                        </li>
                    );
                })}
            </ul>
        </section>
    );
}

const SIGN: Readonly<Record<WaterfallBar['kind'], string>> = { start: '', lost: '− ', idle: '− ', other: '− ', rest: '= ' };
const WORD: Readonly<Record<WaterfallBar['kind'], string>> = { start: '', lost: 'lost', idle: 'idle', other: '', rest: '' };

function who(bar: WaterfallBar): string {
    return `${bar.subjects.slice(0, 4).join(', ')}${bar.subjects.length > 4 ? ` and ${bar.subjects.length - 4} more` : ''}`;
}
