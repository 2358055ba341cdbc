// The client's settings under `memtopo`, checked: whatever arrives, a complete and legal value comes out.
import type { Severity } from '../diagnostics/diagnostic.ts';

export interface Settings {
    /** Kernel release for platforms that name none; empty: the newest. */
    readonly kernel: string;
    /** Outcomes of steps; the size or the end of a range; what alignment and metadata take. */
    readonly inlayHints: { readonly outcomes: boolean; readonly sizes: boolean; readonly losses: boolean };
    /** Severity by code or by family (`kmem`), instead of the catalogue's; `off` hides it. */
    readonly severities: Readonly<Record<string, Severity | 'off'>>;
}

export const DEFAULT_SETTINGS: Settings = { kernel: '', inlayHints: { outcomes: true, sizes: true, losses: true }, severities: {} };

/** Reads settings of any shape: `memtopo` itself or an object that holds it. */
export function readSettings(given: unknown): Settings {
    const outer = isObject(given) ? given : {};
    const own = isObject(outer['memtopo']) ? outer['memtopo'] : outer;
    const hints = isObject(own['inlayHints']) ? own['inlayHints'] : {};
    const severities: Record<string, Severity | 'off'> = {};
    if (isObject(own['severities'])) {
        for (const [code, value] of Object.entries(own['severities'])) {
            if (value === 'error' || value === 'warning' || value === 'info' || value === 'hint' || value === 'off') severities[code] = value;
        }
    }
    return {
        kernel: typeof own['kernel'] === 'string' && /^\d+\.\d+$/.test(own['kernel']) ? own['kernel'] : '',
        inlayHints: { outcomes: hints['outcomes'] !== false, sizes: hints['sizes'] !== false, losses: hints['losses'] !== false },
        severities,
    };
}

/** Severity to show for a code, or undefined where it is switched off. */
export function severityOf(settings: Settings, code: string, own: Severity): Severity | undefined {
    const set = settings.severities[code] ?? settings.severities[code.slice(0, code.indexOf('/'))];
    return set === 'off' ? undefined : (set ?? own);
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}
