// The whole page: what is shown, of which kernel, after which step.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Comparison, PreviewModel, PreviewRun, PreviewSelection, PreviewSpan } from '../../../../server/src/features/preview-protocol.ts';
import { formatApproximate } from '../../../../server/src/render/summary.ts';
import type { ThemeName } from '../../../../server/src/render/theme.ts';
import type { Tab, ToPanel, View } from '../messages.ts';
import { Explain } from './explain.tsx';
import { asText, size } from './format.ts';
import { Icon } from './icons.tsx';
import { IomemTree } from './iomem.tsx';
import { LedgerView } from './ledger.tsx';
import { AddressMap } from './map.tsx';
import { NodesView } from './nodes.tsx';
import { Checks, KernelLog, Losses, Notes, Output } from './outcome.tsx';
import { Steps } from './steps.tsx';
import { useTheme } from './theme.ts';
import { Time } from './time.tsx';

/** What the page can ask its panel for. */
export interface Actions {
    /** Shows a place of the text; `focus`: and goes there; `fix`: and offers its quick fixes. */
    readonly reveal: (at: PreviewSpan, focus: boolean, fix?: boolean) => void;
    /** Shows a step, whether or not the cursor can be at it. */
    readonly go: (step: number, focus: boolean) => void;
    /** Takes the cursor there, and shows what it is in. */
    readonly lead: (at: PreviewSpan) => void;
    /** What the editor's hover says there, as Markdown. */
    readonly explain: (at: PreviewSpan) => Promise<string>;
    readonly copy: (what: string, text: string) => void;
    readonly save: (as: Extract<ToPanel, { kind: 'save' }>['as'], step: number, theme: ThemeName) => void;
    readonly setView: (view: View) => void;
}

export interface AppProps {
    readonly model?: PreviewModel;
    readonly view: View;
    readonly waiting?: string;
    readonly actions: Actions;
}

export function App({ model, view, waiting, actions }: AppProps): JSX.Element {
    if (!model) return <p class="empty" role="status">{waiting ?? 'Waiting for the language server…'}</p>;
    const { run } = model;
    return (
        <>
            {model.stale && (
                <p class="banner" role="status">
                    <Icon name="warning" /> <span>The text has a syntax error. This is the last state that was sound.</span>
                </p>
            )}
            {waiting && <p class="banner" role="status"><Icon name="info" /> <span>{waiting}</span></p>}
            {run ? <RunView run={run} model={model} view={view} actions={actions} /> : <Nothing model={model} />}
        </>
    );
}

function Nothing({ model }: { model: PreviewModel }): JSX.Element {
    return (
        <div class="empty" role="status">
            <p>{model.message ?? 'Nothing to show yet.'}</p>
            {model.subjects.length === 0 && <p class="dim">Write a <code>platform</code>, and a <code>scenario</code> on it.</p>}
        </div>
    );
}

function RunView({ run, model, view, actions }: { run: PreviewRun; model: PreviewModel; view: View; actions: Actions }): JSX.Element {
    const theme = useTheme();
    const step = run.steps[run.current];
    const failures = run.steps.filter(one => one.verdict === 'unexpected').length;
    const after = !step || step.kind === 'boot' ? 'after boot' : `after step ${run.current}`;
    // what the reader picked in a view holds until the cursor is on something else
    const [picked, setPicked] = useState<{ readonly selection: PreviewSelection; readonly cursor: string } | undefined>();
    const cursor = `${run.scenario?.name ?? ''} ${JSON.stringify(run.selection)}`;
    useEffect(() => {
        // the click itself moves the cursor once
        if (picked && picked.cursor !== cursor) setPicked(picked.cursor === '' ? { ...picked, cursor } : undefined);
    }, [cursor]);
    const selection = picked?.selection ?? run.selection;
    const setWindow = (window: View['window']): void => actions.setView({ ...view, window });
    const select = (chosen: PreviewSelection): void => setPicked({ selection: chosen, cursor: '' });
    return (
        <Explain run={run} explain={actions.explain}>
            <Header run={run} model={model} view={view} actions={actions} theme={theme} />
            <div class="totals">
                <Total name="RAM" value={formatApproximate(run.totals.ram)} change={run.totals.ram - run.totals.ramBefore} />
                <Total name="Lost" value={run.totals.lost ? formatApproximate(run.totals.lost) : 'nothing'} tone={run.totals.lost ? 'warn' : undefined} />
                <Total name="Memory block" value={size(run.totals.blockSize)} />
                <Total name="Steps" value={`${run.steps.length - 1}`} note={failures ? `${failures} failed` : undefined} tone={failures ? 'bad' : undefined} />
            </div>
            <Time run={run} go={to => actions.go(to, false)} />
            {run.map && (
                <div class={run.other ? 'maps two' : 'maps'}>
                    <AddressMap prefix="map-" run={run} model={run.map} {...(run.other ? { name: view.compareWith !== 'step' && typeof view.compareWith === 'object' && 'kernel' in view.compareWith ? `${after}, Linux ${run.kernel}` : after, beside: run.other.map } : {})}
                        theme={theme} window={view.window} setWindow={setWindow} selection={selection} select={select} reveal={actions.reveal} />
                    {run.other && <AddressMap prefix="other-" run={run} model={run.other.map} name={run.other.name} beside={run.map} theme={theme} window={view.window} setWindow={setWindow} selection={selection} select={select} reveal={actions.reveal} />}
                </div>
            )}
            <div class="columns">
                <div class="column">
                    <section aria-labelledby="h-steps">
                        <h2 id="h-steps">Steps</h2>
                        <Steps run={run} go={actions.go} />
                    </section>
                    {step && <Notes step={step} />}
                    {step && <div class="later"><Checks step={step} reveal={actions.reveal} /><KernelLog step={step} /><Output step={step} /></div>}
                </div>
                <div class="column">
                    <Tabs tab={view.tab} set={tab => actions.setView({ ...view, tab })} />
                    <section id={`panel-${view.tab}`} role="tabpanel" aria-labelledby={`tab-${view.tab}`}>
                        {view.tab === 'iomem' && (
                            <>
                                <div class="heading">
                                    <h2 id="h-iomem"><span class="mono">/proc/iomem</span> {after}{run.current > 0 && run.iomem.every(line => line.mark === 'same') && ': unchanged'}</h2>
                                    <span class="tools">
                                        <Compare run={run} view={view} set={actions.setView} />
                                        <button class="link" onClick={() => actions.copy('/proc/iomem', asText(run.iomem, run.iomemDepth))} title="Copy the tree as /proc/iomem prints it">Copy</button>
                                    </span>
                                </div>
                                <IomemTree run={run} reveal={actions.reveal} selection={selection} select={select} />
                                <Losses run={run} reveal={actions.reveal} />
                            </>
                        )}
                        {view.tab === 'ledger' && (run.ledger ? <LedgerView run={run} ledger={run.ledger} selection={selection} select={select} reveal={actions.reveal} /> : <p class="dim">…</p>)}
                        {view.tab === 'nodes' && (run.nodes ? <NodesView nodes={run.nodes} theme={theme} copy={actions.copy} /> : <p class="dim">…</p>)}
                    </section>
                </div>
            </div>
            <Announcer text={step ? `${after}: ${step.verdict === 'ok' ? 'ok' : step.verdict}, ${step.summary}` : ''} />
        </Explain>
    );
}

const TABS: readonly { readonly tab: Tab; readonly name: string }[] = [{ tab: 'iomem', name: 'Resources' }, { tab: 'ledger', name: 'Ledger' }, { tab: 'nodes', name: 'Nodes' }];

function Tabs({ tab, set }: { tab: Tab; set: (tab: Tab) => void }): JSX.Element {
    const list = useRef<HTMLDivElement>(null);
    const onKeyDown = (event: KeyboardEvent): void => {
        const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
        if (by === 0) return;
        const to = (TABS.findIndex(one => one.tab === tab) + by + TABS.length) % TABS.length;
        set(TABS[to]!.tab);
        list.current?.querySelectorAll<HTMLElement>('[role=tab]')[to]?.focus();
        event.preventDefault();
    };
    return (
        <div class="tabs" role="tablist" aria-label="Views" onKeyDown={onKeyDown} ref={list}>
            {TABS.map(one => (
                <button key={one.tab} id={`tab-${one.tab}`} role="tab" class="tab" aria-selected={one.tab === tab} aria-controls={one.tab === tab ? `panel-${one.tab}` : undefined} tabIndex={one.tab === tab ? 0 : -1} onClick={() => set(one.tab)}>{one.name}</button>
            ))}
        </div>
    );
}

function Header({ run, model, view, actions, theme }: { run: PreviewRun; model: PreviewModel; view: View; actions: Actions; theme: ThemeName }): JSX.Element {
    const title = run.scenario ?? run.platform;
    const others = model.subjects.length > 1;
    return (
        <header>
            <h1>
                <button class="plain" onClick={() => actions.reveal(title.at, true)} title="Go to the text">{title.name}</button>
            </h1>
            <p class="under">
                {run.scenario && <span>on <button class="link" onClick={() => actions.lead(run.platform.at)}>{run.platform.name}</button></span>}
                {run.kernels.length > 1
                    ? (
                        <label>Linux <select value={run.kernel} onChange={event => actions.setView({ ...view, kernel: event.currentTarget.value })}>
                            {run.kernels.map(kernel => <option key={kernel} value={kernel}>{kernel}</option>)}
                        </select></label>
                    )
                    : <span>Linux {run.kernel}</span>}
                {others && (
                    <label class="go"><select aria-label="Scenario or platform to show" value={String(model.subject)} onChange={event => { const to = model.subjects[Number(event.currentTarget.value)]; if (to) actions.lead({ start: to.at.start, end: to.at.start, uri: to.at.uri }); }}>
                        {model.subjects.map((subject, i) => <option key={i} value={String(i)}>{i + 1} of {model.subjects.length}: {subject.kind} {subject.name}</option>)}
                    </select></label>
                )}
                <label class="save"><select aria-label="Save as" value="" onChange={event => { const as = event.currentTarget.value; event.currentTarget.value = ''; if (as === 'svg' || as === 'png' || as === 'html' || as === 'markdown') actions.save(as, run.current, theme); }}>
                    <option value="">Save as…</option>
                    <option value="svg">SVG picture</option>
                    <option value="png">PNG picture</option>
                    <option value="html">HTML page</option>
                    <option value="markdown">Markdown</option>
                </select></label>
            </p>
        </header>
    );
}

function Total({ name, value, change = 0, note, tone }: { name: string; value: string; change?: number; note?: string; tone?: 'warn' | 'bad' }): JSX.Element {
    return (
        <div class={`total ${tone ?? ''}`}>
            <span class="name">{name}</span>
            <span class="figures"><span class="value">{value}</span>{' '}
            {change !== 0 && <span class={`change ${change > 0 ? 'up' : 'down'}`}>{change > 0 ? '+' : '−'}{size(Math.abs(change))}</span>}
            {note && <span class="change down">{note}</span>}</span>
        </div>
    );
}

function Compare({ run, view, set }: { run: PreviewRun; view: View; set: (view: View) => void }): JSX.Element {
    const { compareWith } = view;
    const value = typeof compareWith === 'string' ? compareWith : 'step' in compareWith ? `step ${compareWith.step}` : `linux ${compareWith.kernel}`;
    const choose = (chosen: string): void => {
        const [what, which] = chosen.split(' ') as [string, string?];
        const to: Comparison = which === undefined ? (what === 'boot' ? 'boot' : 'step') : what === 'step' ? { step: Number(which) } : { kernel: which };
        set({ ...view, compareWith: to });
    };
    return (
        <label class="compare">changes since <select value={value} onChange={event => choose(event.currentTarget.value)}>
            <option value="step">the step before</option>
            <option value="boot">boot</option>
            {run.steps.length > 2 && (
                <optgroup label="after step">
                    {run.steps.map((step, i) => i > 0 && <option key={i} value={`step ${i}`}>{i}: {step.text.slice(0, 60)}</option>)}
                </optgroup>
            )}
            <optgroup label="the same under">
                {run.releases.filter(kernel => kernel !== run.kernel).map(kernel => <option key={kernel} value={`linux ${kernel}`}>Linux {kernel}</option>)}
            </optgroup>
        </select></label>
    );
}

/** Tells a screen reader the outcome when the cursor moves on, and nothing while it stays. */
function Announcer({ text }: { text: string }): JSX.Element {
    const said = useRef<HTMLParagraphElement>(null);
    useEffect(() => { if (said.current && said.current.textContent !== text) said.current.textContent = text; }, [text]);
    return <p class="hidden" aria-live="polite" ref={said} />;
}

