// The address map: laid out and drawn by the same functions that the command line uses; here it can be zoomed, moved and asked.
// Wheel with Ctrl (or with the map in focus) zooms, with Shift moves; arrows go from box to box, Enter goes to the text.
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { PreviewRun, PreviewSelection, PreviewSpan } from '../../../../server/src/features/preview-protocol.ts';
import type { Range } from '../../../../server/src/kernel/range.ts';
import { layOutMap } from '../../../../server/src/render/address-map.ts';
import type { MapModel } from '../../../../server/src/render/address-map-model.ts';
import { mapToSvg } from '../../../../server/src/render/svg.ts';
import type { ThemeName } from '../../../../server/src/render/theme.ts';
import { address, size } from './format.ts';
import { Icon } from './icons.tsx';
import { around, extent, pan, toAddress, toX, zoom } from './map-zoom.ts';
import { useWidth } from './width.ts';

/** Width of the map of everything that windows are measured on; any would do. */
const REFERENCE = 4000;
const STEP = 1.6;

export interface MapProps {
    readonly run: PreviewRun;
    readonly model: MapModel;
    /** What it shows, where another map stands beside it. */
    readonly name?: string;
    readonly beside?: MapModel;
    /** Before every id: another one for each map of the page. */
    readonly prefix: 'map-' | 'other-';
    readonly theme: ThemeName;
    readonly window: Range | undefined;
    readonly setWindow: (window: Range | undefined) => void;
    readonly selection: PreviewSelection | undefined;
    readonly select: (selection: PreviewSelection) => void;
    readonly reveal: (at: PreviewSpan, focus: boolean) => void;
}

export function AddressMap({ run, model, name, beside, prefix, theme, window, setWindow, selection, select, reveal }: MapProps): JSX.Element | null {
    const box = useRef<HTMLDivElement>(null);
    const width = useWidth(box);
    /** Box that has the keyboard: it stays so when the picture is made anew. */
    const focused = useRef<string | undefined>(undefined);
    // the map of everything is what windows are measured on: made for those who zoom
    const everything = useMemo(() => once(() => layOutMap(model, { width: REFERENCE, ...(beside ? { beside } : {}) }).scale), [model, beside]);
    const layout = useMemo(() => layOutMap(model, { width: Math.max(300, width), ...(beside ? { beside } : {}), ...(window ? { window } : {}), ...(selection ? { selection } : {}) }), [model, beside, width, window, selection]);
    const svg = useMemo(() => mapToSvg(layout, { title: name === undefined ? 'Address map' : `Address map ${name}`, description: 'Physical memory from low to high addresses, a row for each way to look at it.' }, { theme, prefix, interactive: true })
        // the page's own style sheet has these rules: its policy allows no style in the text
        .replace(/<style>[\s\S]*?<\/style>/, ''), [layout, theme, name, prefix]);

    useLayoutEffect(() => {
        if (focused.current === undefined || box.current?.contains(document.activeElement)) return;
        takeFocus(find(box.current, focused.current));
    }, [svg]);
    // a wheel that scrolls the page must not be held up: only what zooms is taken
    useEffect(() => {
        const element = box.current;
        if (!element) return undefined;
        const onWheel = (event: WheelEvent): void => {
            const across = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
            const zooms = event.ctrlKey || event.metaKey || (element.contains(document.activeElement) && !event.shiftKey && Math.abs(event.deltaY) >= Math.abs(event.deltaX));
            if (zooms) {
                const at = toAddress(layout.scale, event.clientX - element.getBoundingClientRect().left);
                setWindow(zoom(everything(), window, Math.exp(-event.deltaY / 320), at));
            } else if (window && across !== 0) setWindow(pan(everything(), window, across / Math.max(300, width)));
            else return;
            event.preventDefault();
        };
        element.addEventListener('wheel', onWheel, { passive: false });
        return () => element.removeEventListener('wheel', onWheel);
    }, [layout, everything, window, width, setWindow]);

    const middle = (): number => (window ? (window.start + window.end) / 2 : toAddress(everything(), REFERENCE / 2));
    const pivot = (): number => selection?.range && (!window || (selection.range.start >= window.start && selection.range.start <= window.end)) ? (selection.range.start + selection.range.end) / 2 : middle();
    const selectedRange = rangeOf(model, selection);
    const choose = (element: Element | null, focus: boolean): void => {
        const { source, start, end, id } = (element as SVGElement | null)?.dataset ?? {};
        if (source === undefined || start === undefined || end === undefined) return;
        focused.current = id;
        select({ key: source, range: { start: Number(start), end: Number(end) } });
        const at = run.places[source];
        if (at) reveal(at, focus);
    };
    const onKeyDown = (event: KeyboardEvent): void => {
        const boxes = [...box.current?.querySelectorAll<SVGElement>('[data-id]') ?? []];
        const current = (event.target as Element).closest<SVGElement>('[data-id]');
        const i = current ? boxes.indexOf(current) : -1;
        switch (event.key) {
            case '+': case '=': setWindow(zoom(everything(), window, STEP, pivot())); break;
            case '-': setWindow(zoom(everything(), window, 1 / STEP, pivot())); break;
            case '0': setWindow(undefined); break;
            case 'ArrowRight': if (event.shiftKey) setWindow(pan(everything(), window, 0.2)); else move(boxes[i + 1]); break;
            case 'ArrowLeft': if (event.shiftKey) setWindow(pan(everything(), window, -0.2)); else move(boxes[i - 1]); break;
            case 'ArrowDown': move(nextRow(boxes, current, 1)); break;
            case 'ArrowUp': move(nextRow(boxes, current, -1)); break;
            case 'Enter': choose(current, true); break;
            case ' ': choose(current, false); break;
            default: return;
        }
        event.preventDefault();
    };
    const move = (to: SVGElement | undefined): void => {
        if (!to) return;
        focused.current = to.dataset['id'];
        takeFocus(to);
    };
    const share = (a: number): number => {
        const { from, to } = extent(everything());
        return ((toX(everything(), a) - from) / (to - from)) * 100;
    };
    return (
        <section class="map" aria-labelledby={`h-${prefix.slice(0, -1)}`}>
            <div class="heading">
                <h2 id={`h-${prefix.slice(0, -1)}`}>Physical addresses {name} {window && <span class="mono">{address(window.start)}-{address(window.end)}</span>}</h2>
                {prefix === 'map-' && <span class="tools" role="toolbar" aria-label="Address map">
                    <button class="tool" title="Closer (+, Ctrl+wheel)" aria-label="Closer" onClick={() => setWindow(zoom(everything(), window, STEP, pivot()))}><Icon name="plus" /></button>
                    <button class="tool" title="Further away (−, Ctrl+wheel)" aria-label="Further away" disabled={!window} onClick={() => setWindow(zoom(everything(), window, 1 / STEP, pivot()))}><Icon name="minus" /></button>
                    <button class="tool" title="To lower addresses (Shift+Left, Shift+wheel)" aria-label="To lower addresses" disabled={!window} onClick={() => setWindow(pan(everything(), window, -0.4))}><Icon name="left" /></button>
                    <button class="tool" title="To higher addresses (Shift+Right, Shift+wheel)" aria-label="To higher addresses" disabled={!window} onClick={() => setWindow(pan(everything(), window, 0.4))}><Icon name="twisty" /></button>
                    <button class="tool" title="Zoom to the selection" aria-label="Zoom to the selection" disabled={!selectedRange} onClick={() => { if (selectedRange) setWindow(around(everything(), selectedRange)); }}><Icon name="target" /></button>
                    <button class="tool" title="Everything (0)" aria-label="Show everything" disabled={!window} onClick={() => setWindow(undefined)}><Icon name="all" /></button>
                </span>}
            </div>
            <div class="track" aria-hidden="true">{window && <i style={{ left: `${share(window.start)}%`, width: `${Math.max(0.5, share(window.end + 1) - share(window.start))}%` }} />}</div>
            <div class="map-box" ref={box} onKeyDown={onKeyDown} onClick={event => choose((event.target as Element).closest('[data-id]'), false)} onDblClick={event => choose((event.target as Element).closest('[data-id]'), true)}
                onFocusIn={event => { focused.current = (event.target as SVGElement).dataset?.['id'] ?? focused.current; }}
                onFocusOut={event => { if (event.relatedTarget) focused.current = undefined; }}
                dangerouslySetInnerHTML={{ __html: width === 0 ? '' : svg }} />
            {selectedRange && prefix === 'map-' && <p class="hidden" role="status">Selected: {selection?.key ?? ''} {address(selectedRange.start)} to {address(selectedRange.end)}, {size(selectedRange.end - selectedRange.start + 1)}</p>}
        </section>
    );
}

function once<T>(make: () => T): () => T {
    let made: { readonly value: T } | undefined;
    return () => (made ??= { value: make() }).value;
}

/** The range of what is selected, where the map shows it. */
export function rangeOf(model: MapModel, selection: PreviewSelection | undefined): Range | undefined {
    if (!selection) return undefined;
    if (selection.range) return selection.range;
    const found = model.items.filter(item => item.sourceKey === selection.key && item.row !== 'lost');
    return found.length === 0 ? undefined : { start: Math.min(...found.map(item => item.range.start)), end: Math.max(...found.map(item => item.range.end)) };
}

function find(box: Element | null, id: string): SVGElement | undefined {
    return box?.querySelector<SVGElement>(`[data-id="${CSS.escape(id)}"]`) ?? undefined;
}

/** One box of all is in the order of Tab. */
function takeFocus(to: SVGElement | undefined): void {
    if (!to) return;
    for (const other of to.ownerSVGElement?.querySelectorAll('[data-id][tabindex="0"]') ?? []) other.setAttribute('tabindex', '-1');
    to.setAttribute('tabindex', '0');
    to.focus({ preventScroll: true });
}

/** The nearest box of the row above or below. */
function nextRow(boxes: readonly SVGElement[], current: SVGElement | null, by: 1 | -1): SVGElement | undefined {
    if (!current) return boxes[0];
    const here = current.getBoundingClientRect();
    const distance = (other: DOMRect): number => Math.abs(other.top - here.top) * 4 + Math.abs((other.left + other.right) / 2 - (here.left + here.right) / 2);
    return boxes.filter(one => (one.getBoundingClientRect().top - here.top) * by > 4)
        .sort((a, b) => distance(a.getBoundingClientRect()) - distance(b.getBoundingClientRect()))[0];
}
