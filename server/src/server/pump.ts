// The latest-wins pump: one build at a time, the newest text next, nothing ever queued. A debounce would answer late and from
// old text; a queue would show results for texts that are gone.

/** Something that wants building again whenever it changes. */
export interface Pump {
    /** Say that there is newer text. Cheap; call it for every keystroke. */
    poke(): void;
    dispose(): void;
}

/**
 * Calls `build` for the newest state some event-loop turns after `poke`: at once when the editor is quiet, and in a burst as soon
 * as no further message came within a turn, or when a whole build's time has been waited. `build` may be asynchronous; errors go to `failed`.
 */
export function createPump(build: () => void | Promise<void>, failed: (error: unknown) => void, now: () => number = () => performance.now()): Pump {
    let wanted = 0;
    let seen = 0;
    let since = 0;
    let cost = 0;
    let running = false;
    let disposed = false;
    const turn = (): void => {
        if (disposed || running) return;
        if (seen !== wanted && now() - since < cost) {
            seen = wanted;
            laterTurn(turn);
            return;
        }
        void run();
    };
    const run = async (): Promise<void> => {
        running = true;
        const start = now();
        const built = wanted;
        try {
            await build();
        } catch (error) {
            failed(error);
        }
        cost = Math.min(now() - start, 250);
        running = false;
        since = now();
        if (built !== wanted) laterTurn(turn);
        else wanted = seen = 0;
    };
    return {
        poke() {
            if (wanted++ === 0) {
                since = now();
                laterTurn(turn);
            }
        },
        dispose() {
            disposed = true;
        },
    };
}

/** One turn of the event loop: messages that have arrived are read before it ends. */
export function laterTurn(then: () => void): void {
    if (typeof setImmediate === 'function') setImmediate(then);
    else setTimeout(then, 0);
}
