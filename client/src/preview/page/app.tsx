// The whole page: what is shown, of which kernel, after which step.
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { PreviewModel, PreviewRun, PreviewSpan } from '../../../../server/src/features/preview-protocol.ts';
import type { View } from '../messages.ts';
import { size } from './format.ts';
import { Icon } from './icons.tsx';
import { IomemTree } from './iomem.tsx';
import { AddressMap } from './map.tsx';
import { Checks, KernelLog, Losses, Notes, Output } from './outcome.tsx';
import { Steps } from './steps.tsx';

/** What the page can ask its panel for. */
export interface Actions {
    /** Shows a place of the text; `focus`: and goes there. */
    readonly reveal: (at: PreviewSpan, focus: boolean) => void;
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
    const step = run.steps[run.current];
    const failures = run.steps.filter(one => one.verdict === 'unexpected').length;
    const after = !step || step.kind === 'boot' ? 'after boot' : `after step ${run.current}`;
    return (
        <>
            <Header run={run} model={model} view={view} actions={actions} />
            <div class="totals">
                <Total name="RAM" value={size(run.totals.ram)} change={run.totals.ram - run.totals.ramBefore} />
                <Total name="Lost" value={run.totals.lost ? size(run.totals.lost) : 'nothing'} tone={run.totals.lost ? 'warn' : undefined} />
                <Total name="Memory block" value={size(run.totals.blockSize)} />
                <Total name="Steps" value={`${run.steps.length - 1}`} note={failures ? `${failures} failed` : undefined} tone={failures ? 'bad' : undefined} />
            </div>
            <AddressMap lines={run.iomem} reveal={actions.reveal} />
            <div class="columns">
                <div class="column">
                    <section aria-labelledby="h-steps">
                        <h2 id="h-steps">Steps</h2>
                        <Steps run={run} reveal={actions.reveal} />
                    </section>
                    {step && <Notes step={step} />}
                    {step && <div class="later"><Checks step={step} reveal={actions.reveal} /><KernelLog step={step} /><Output step={step} /></div>}
                </div>
                <div class="column">
                    <section aria-labelledby="h-iomem">
                        <div class="heading">
                            <h2 id="h-iomem"><span class="mono">/proc/iomem</span> {after}{run.current > 0 && run.iomem.every(line => line.mark === 'same') && ': unchanged'}</h2>
                            <Compare view={view} set={actions.setView} disabled={run.current === 0} />
                        </div>
                        <IomemTree run={run} reveal={actions.reveal} />
                    </section>
                    <Losses run={run} reveal={actions.reveal} />
                </div>
            </div>
            <Announcer text={step ? `${after}: ${step.verdict === 'ok' ? 'ok' : step.verdict}, ${step.summary}` : ''} />
        </>
    );
}

function Header({ run, model, view, actions }: { run: PreviewRun; model: PreviewModel; view: View; actions: Actions }): JSX.Element {
    const title = run.scenario ?? run.platform;
    const others = model.subjects.length > 1;
    return (
        <header>
            <h1>
                <button class="plain" onClick={() => actions.reveal(title.at, true)} title="Go to the text">{title.name}</button>
            </h1>
            <p class="under">
                {run.scenario && <span>on <button class="link" onClick={() => actions.reveal(run.platform.at, true)}>{run.platform.name}</button></span>}
                {run.kernels.length > 1
                    ? (
                        <label>Linux <select value={run.kernel} onChange={event => actions.setView({ ...view, kernel: event.currentTarget.value })}>
                            {run.kernels.map(kernel => <option key={kernel} value={kernel}>{kernel}</option>)}
                        </select></label>
                    )
                    : <span>Linux {run.kernel}</span>}
                {others && (
                    <label class="go"><select aria-label="Scenario or platform to show" value={String(model.subject)} onChange={event => { const to = model.subjects[Number(event.currentTarget.value)]; if (to) actions.reveal({ start: to.at.start, end: to.at.start, uri: to.at.uri }, false); }}>
                        {model.subjects.map((subject, i) => <option key={i} value={String(i)}>{i + 1} of {model.subjects.length}: {subject.kind} {subject.name}</option>)}
                    </select></label>
                )}
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

function Compare({ view, set, disabled }: { view: View; set: (view: View) => void; disabled: boolean }): JSX.Element {
    return (
        <label class="compare">changes since <select disabled={disabled} value={view.compareWith} onChange={event => set({ ...view, compareWith: event.currentTarget.value === 'boot' ? 'boot' : 'step' })}>
            <option value="step">the step before</option>
            <option value="boot">boot</option>
        </select></label>
    );
}

/** Tells a screen reader the outcome when the cursor moves on, and nothing while it stays. */
function Announcer({ text }: { text: string }): JSX.Element {
    const said = useRef<HTMLParagraphElement>(null);
    useEffect(() => { if (said.current && said.current.textContent !== text) said.current.textContent = text; }, [text]);
    return <p class="hidden" aria-live="polite" ref={said} />;
}

