// The transcript: every step with its outcome. Moving in the list moves the cursor in the text, which moves everything else.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { PreviewRun, PreviewStep, PreviewVerdict } from '../../../../server/src/features/preview-protocol.ts';
import { Icon } from './icons.tsx';
import { useInSight } from './in-sight.ts';

const VERDICT: Readonly<Record<PreviewVerdict, string>> = { ok: 'ok', failed: 'fails, as expected', unexpected: 'fails', 'not-simulated': 'not simulated' };

export function Steps({ run, go: goTo }: { run: PreviewRun; go: (step: number, focus: boolean) => void }): JSX.Element {
    const list = useRef<HTMLOListElement>(null);
    // where the reader went already, while the text and the server are still to follow: a held arrow key must not lag
    const [ahead, setAhead] = useState<number | undefined>();
    useEffect(() => setAhead(undefined), [run]);
    const current = ahead ?? run.current;
    // keeps the current step in sight inside its own box; the page itself stays where the reader left it
    useInSight(list, box => box.querySelectorAll<HTMLElement>('.current'), [current, run.steps.length]);

    const go = (index: number, focus: boolean): void => {
        const to = Math.max(0, Math.min(run.steps.length - 1, index));
        setAhead(to);
        goTo(to, focus);
    };
    const onKeyDown = (event: KeyboardEvent): void => {
        const to = ({ ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: run.steps.length - 1 } as Record<string, number>)[event.key];
        if (to !== undefined) { event.preventDefault(); go(to, false); }
        if (event.key === 'Enter') { event.preventDefault(); go(current, true); }
    };
    return (
        <ol class="steps" role="listbox" aria-label="Steps" tabIndex={0} aria-activedescendant={`step-${current}`} onKeyDown={onKeyDown} ref={list}>
            {run.steps.map((step, i) => <StepLine key={i} step={step} index={i} current={i === current} go={go} />)}
        </ol>
    );
}

function StepLine({ step, index, current, go }: { step: PreviewStep; index: number; current: boolean; go: (index: number, focus: boolean) => void }): JSX.Element {
    return (
        <li id={`step-${index}`} role="option" aria-selected={current} class={`step ${step.verdict} ${current ? 'current' : ''}`} onClick={() => go(index, false)} onDblClick={() => go(index, true)}>
            <span class="number">{step.kind === 'boot' ? '' : index}</span>
            <Icon name={step.kind === 'boot' && step.verdict === 'ok' ? 'power' : step.verdict} label={VERDICT[step.verdict]} />
            <span class="what">
                <span class="command mono" title={step.text}>
                    {step.prompt && <span class="prompt">{step.prompt} </span>}
                    {step.kind === 'boot' ? 'boot' : <Command text={step.text} />}
                    {step.kind === 'declared' && <span class="tag">declared</span>}
                </span>
                <span class="summary">
                    {step.verdict !== 'ok' && step.errnos[0] && <b class="errno">{step.errnos[0]}</b>}
                    {step.summary}
                </span>
            </span>
        </li>
    );
}

/** Long sysfs paths may break behind their slashes. */
function Command({ text }: { text: string }): JSX.Element {
    return <>{text.split(/(?<=\/)/).map((part, i) => i ? [<wbr key={i} />, part] : part)}</>;
}
