// Signs of the page, drawn so that they need no icon font and follow the text colour. Each is told apart by its shape.
import type { JSX } from 'preact';

const PATHS = {
    ok: 'M3.2 8.6l3.1 3.1 6.5-7.2',
    failed: 'M4 8h8',
    unexpected: 'M4.2 4.2l7.6 7.6M11.8 4.2l-7.6 7.6',
    'not-simulated': 'M8 9.4V9c0-1.7 2-1.7 2-3.3C10 4.500 9.100 4 8 4s-2 .6-2 1.700M8 12v.1',
    warning: 'M8 2.500L14 13H2zM8 6.500v3M8 11.200v.1',
    error: 'M8 2.500a5.500 5.500 0 100 11 5.500 5.500 0 000-11zM8 5v3.600M8 10.800v.1',
    info: 'M8 2.500a5.500 5.500 0 100 11 5.500 5.500 0 000-11zM8 7.400V11M8 5.200v.1',
    power: 'M8 2.500v5M4.900 4.500a4.700 4.700 0 106.200 0',
    twisty: 'M6 4l4 4-4 4',
    left: 'M10 4L6 8l4 4',
    plus: 'M8 3.500v9M3.500 8h9',
    minus: 'M3.500 8h9',
    all: 'M2.500 6V2.500H6M10 2.500h3.500V6M13.500 10v3.500H10M6 13.500H2.500V10',
    target: 'M8 4.500a3.500 3.500 0 100 7 3.500 3.500 0 000-7M8 1.500v3M8 11.500v3M1.500 8h3M11.500 8h3',
    play: 'M5 3.500v9l7-4.500z',
    pause: 'M5.500 3.500v9M10.500 3.500v9',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, label }: { name: IconName; label?: string }): JSX.Element {
    return (
        <svg class={`icon icon-${name}`} viewBox="0 0 16 16" width="16" height="16" role={label ? 'img' : undefined} aria-label={label} aria-hidden={label ? undefined : 'true'}>
            <path d={PATHS[name]} fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" />
        </svg>
    );
}
