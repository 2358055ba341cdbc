// The slider over boot and steps, with play: the same as going down the list of steps, for the hand and for showing to others.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PreviewRun } from '../../../../server/src/features/preview-protocol.ts';
import { Icon } from './icons.tsx';

const PACE = 1100;

export function Time({ run, go }: { run: PreviewRun; go: (step: number) => void }): JSX.Element | null {
    const [playing, setPlaying] = useState(false);
    const last = run.steps.length - 1;
    useEffect(() => {
        if (!playing) return undefined;
        if (run.current >= last) { setPlaying(false); return undefined; }
        const timer = setTimeout(() => go(run.current + 1), PACE);
        return () => clearTimeout(timer);
    }, [playing, run.current, last]);
    if (last === 0) return null;
    const step = run.steps[run.current];
    const play = (): void => {
        if (!playing && run.current >= last) go(0);
        setPlaying(!playing);
    };
    const at = run.current === 0 ? 'boot' : `step ${run.current}: ${step?.text ?? ''}`;
    return (
        <div class="time" role="group" aria-label="Time">
            <button class="tool" aria-label="Step back" title="Step back" disabled={run.current === 0} onClick={() => { setPlaying(false); go(run.current - 1); }}><Icon name="left" /></button>
            <button class="tool play" aria-label={playing ? 'Pause' : 'Play'} aria-pressed={playing} title={playing ? 'Pause' : 'Play from here'} onClick={play}><Icon name={playing ? 'pause' : 'play'} /></button>
            <button class="tool" aria-label="Step on" title="Step on" disabled={run.current === last} onClick={() => { setPlaying(false); go(run.current + 1); }}><Icon name="twisty" /></button>
            <input type="range" min={0} max={last} step={1} value={run.current} aria-label="Step" aria-valuetext={at} onInput={event => { setPlaying(false); go(Number(event.currentTarget.value)); }} />
            <span class="where mono" title={at}>{run.current === 0 ? 'boot' : `${run.current} of ${last}`}</span>
        </div>
    );
}
