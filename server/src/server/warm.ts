// A large document is worked out one declaration at a time, from where somebody looks outwards, and every message that arrives meanwhile is
// answered in between. What is ready is told early and more and more seldom, so that telling does not cost more than working.
import type { Analysis } from './analysis.ts';
import { laterTurn } from './pump.ts';
import type { Unit } from './source.ts';

/** Milliseconds of work between two looks at the messages. */
const SLICE = 15;
/** Milliseconds until the first part is told; each further one takes twice as long, up to `SELDOM`. */
const FIRST = 60;
const SELDOM = 8000;

export interface Warming {
    /** Where somebody looks: an offset of the document. */
    readonly focus: number;
    /** True when there is something newer to work on. */
    readonly stop: () => boolean;
    /** Called with what is ready so far, while there is more to come. */
    readonly tell: (done: number, of: number) => void;
    readonly now?: () => number;
}

/** Works out what is not ready yet. False where it was stopped: what was done stays done. */
export async function warmUp(analysis: Analysis, { focus, stop, tell, now = () => performance.now() }: Warming): Promise<boolean> {
    const order = outwards(analysis, focus);
    let slice = now();
    let told = slice;
    let patience = FIRST;
    for (const [i, unit] of order.entries()) {
        analysis.warm(unit);
        const time = now();
        if (time - told > patience && i + 1 < order.length) {
            tell(i + 1, order.length);
            patience = Math.min(patience * 2, SELDOM);
            told = now();
        }
        if (time - slice > SLICE) {
            await new Promise<void>((resolve) => laterTurn(resolve));
            if (stop()) return false;
            slice = now();
        }
    }
    return true;
}

/** What waits, nearest first. */
function outwards(analysis: Analysis, focus: number): Unit[] {
    return [...analysis.waiting].sort((a, b) => Math.abs(analysis.source.startOf(a) - focus) - Math.abs(analysis.source.startOf(b) - focus));
}
