// What a thing is, when the pointer rests on it or the keyboard is at it: its own words at once, then the explanation that the editor
// shows for the text behind it. One for all views, so that nothing in them is drawn again for it.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { PreviewRun, PreviewSpan } from '../../../../server/src/features/preview-protocol.ts';
import { plainText } from './format.ts';

/** As long as VS Code waits for a hover of its own. */
const REST = 300;

interface Shown {
    /** What it is about. */
    readonly element: Element;
    readonly words: string;
    readonly text?: string;
}

export interface ExplainProps {
    readonly run: PreviewRun;
    readonly explain: (at: PreviewSpan) => Promise<string>;
    readonly children: ComponentChildren;
}

export function Explain({ run, explain, children }: ExplainProps): JSX.Element {
    const [shown, setShown] = useState<Shown | undefined>();
    const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
    const wanted = useRef<Element | null>(null);
    const tip = useRef<HTMLDivElement>(null);

    const hide = (): void => {
        clearTimeout(timer.current);
        wanted.current = null;
        setShown(undefined);
    };
    const rest = (event: Event): void => {
        const element = (event.target as Element).closest('[data-source], [data-key]');
        if (element === wanted.current) return;
        hide();
        if (!element) return;
        wanted.current = element;
        timer.current = setTimeout(() => {
            const words = element.getAttribute('data-tip') ?? element.getAttribute('aria-label') ?? '';
            const at = placeOf(run, element);
            if (words !== '') setShown({ element, words });
            if (at) void explain(at).then(text => { if (text !== '' && wanted.current === element) setShown({ element, words, text: plainText(text) }); });
        }, REST);
    };
    // another state: what is explained may be gone
    useEffect(hide, [run]);
    useEffect(() => {
        const onKey = (event: KeyboardEvent): void => { if (event.key === 'Escape') hide(); };
        addEventListener('keydown', onKey);
        // what is waited for stays: the keyboard scrolls to what it reaches
        const onScroll = (): void => setShown(undefined);
        addEventListener('scroll', onScroll, { capture: true, passive: true });
        return () => {
            removeEventListener('keydown', onKey);
            removeEventListener('scroll', onScroll, { capture: true });
        };
    }, []);
    useLayoutEffect(() => {
        if (!shown || !tip.current) return;
        const box = shown.element.getBoundingClientRect();
        const own = tip.current.getBoundingClientRect();
        const below = box.bottom + 6 + own.height <= innerHeight || box.top < own.height + 6;
        tip.current.style.left = `${Math.max(4, Math.min(box.left, innerWidth - own.width - 4))}px`;
        tip.current.style.top = `${below ? box.bottom + 6 : box.top - own.height - 6}px`;
    }, [shown]);
    return (
        <div onPointerOver={rest} onPointerLeave={hide} onFocusIn={rest} onFocusOut={hide} onPointerDown={hide}>
            {children}
            {shown && (
                <div class="explain" role="tooltip" ref={tip}>
                    <p>{shown.words}</p>
                    {shown.text && <pre>{shown.text}</pre>}
                </div>
            )}
        </div>
    );
}

/** The text behind a box of a map or a line of the tree: what describes it, else the step that made it. */
function placeOf(run: PreviewRun, element: Element): PreviewSpan | undefined {
    const source = element.getAttribute('data-source');
    if (source !== null) return run.places[source];
    const line = run.iomem.find(one => one.key === element.getAttribute('data-key'));
    return line?.at ?? (line?.step === undefined ? undefined : run.steps[line.step]?.at);
}
