// What the current step said and did, besides the tree: remarks with their rules, expectations, kernel log, tool output, losses.
import type { JSX } from 'preact';
import type { PreviewRun, PreviewSpan, PreviewStep } from '../../../../server/src/features/preview-protocol.ts';
import { ruleTitle } from '../../../../server/src/kernel/rules.ts';
import { address, size } from './format.ts';
import { Icon } from './icons.tsx';

type Reveal = (at: PreviewSpan, focus: boolean) => void;

export function Rule({ id }: { id: string }): JSX.Element {
    const title = ruleTitle(id);
    return <span class="rule" title={title ? `${id}: ${title}` : id}>{id}</span>;
}

export function Notes({ step }: { step: PreviewStep }): JSX.Element | null {
    if (step.notes.length === 0) return null;
    return (
        <section aria-label="Remarks">
            <h2>Why</h2>
            <ul class="notes">
                {step.notes.map((note, i) => (
                    <li key={i} class={note.severity}>
                        <Icon name={note.severity === 'error' ? 'error' : note.severity === 'warning' ? 'warning' : 'info'} label={note.severity} />
                        <span>{sentence(note.message)} {note.rules.map(rule => <Rule key={rule} id={rule} />)}</span>
                    </li>
                ))}
            </ul>
        </section>
    );
}

export function Checks({ step, reveal }: { step: PreviewStep; reveal: Reveal }): JSX.Element | null {
    if (step.checks.length === 0) return null;
    return (
        <section aria-label="Expectations">
            <h2>Expected</h2>
            <ul class="notes checks">
                {step.checks.map((check, i) => (
                    <li key={i} class={check.met ? 'met' : 'error'}>
                        <Icon name={check.met ? 'ok' : 'unexpected'} label={check.met ? 'met' : 'not met'} />
                        <span>
                            <button class="plain mono" onClick={() => reveal(check.at, true)}>{check.text}</button>
                            {!check.met && check.actual !== undefined && <pre class="actual">{check.actual}</pre>}
                        </span>
                    </li>
                ))}
            </ul>
        </section>
    );
}

export function KernelLog({ step }: { step: PreviewStep }): JSX.Element | null {
    if (step.log.length === 0) return null;
    return (
        <section aria-label="Kernel log">
            <h2>Kernel log</h2>
            <ul class="log">
                {step.log.map((line, i) => (
                    <li key={i} class={line.level}>
                        {(line.level === 'err' || line.level === 'warn') && <Icon name={line.level === 'err' ? 'error' : 'warning'} label={line.level === 'err' ? 'error' : 'warning'} />}
                        <span class="mono">{line.text}</span> {line.rule && <Rule id={line.rule} />}
                    </li>
                ))}
            </ul>
        </section>
    );
}

export function Output({ step }: { step: PreviewStep }): JSX.Element | null {
    if (!step.stdout && !step.stderr) return null;
    return (
        <section aria-label="Output">
            <h2>Output {step.status !== 0 && <span class="dim">exit status {step.status}</span>}</h2>
            {step.stdout && <pre class="output">{step.stdout.trimEnd()}</pre>}
            {step.stderr && <pre class="output bad">{step.stderr.trimEnd()}</pre>}
        </section>
    );
}

/** The ledger: bytes that are no memory any more, and why. */
export function Losses({ run, reveal }: { run: PreviewRun; reveal: Reveal }): JSX.Element {
    return (
        <section aria-label="Lost and why">
            <h2>Lost by steps, and why</h2>
            {run.losses.length === 0 ? <p class="dim">No step up to here loses a byte.</p> : (
                <table class="losses">
                    <thead><tr><th class="number">Bytes</th><th>Of</th><th>Why</th><th>Step</th></tr></thead>
                    <tbody>
                        {run.losses.map((loss, i) => {
                            const step = run.steps[loss.step];
                            return (
                                <tr key={i} class={loss.step === run.current ? 'now' : ''} title={`${address(loss.range.start)}-${address(loss.range.end)}`}>
                                    <td class="number">{size(loss.bytes)}</td>
                                    <td class="mono">{loss.subject}</td>
                                    <td>{loss.cause} <Rule id={loss.rule} /></td>
                                    <td>{step && <button class="link" onClick={() => reveal({ start: step.at.start, end: step.at.start, uri: step.at.uri }, false)}>{loss.step === 0 ? 'boot' : loss.step}</button>}</td>
                                </tr>
                            );
                        })}
                    </tbody>
                    {run.losses.length > 1 && <tfoot><tr><td class="number">{size(run.losses.reduce((sum, loss) => sum + loss.bytes, 0))}</td><td colSpan={3}>in all</td></tr></tfoot>}
                </table>
            )}
        </section>
    );
}

function sentence(text: string): string {
    return text ? `${text[0]?.toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}` : text;
}
