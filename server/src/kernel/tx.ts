// One operation in the making. Kernel code reads and replaces `tx.state`, never mutates it; what it logs and notes ends up in
// the outcome. A Tx lives for one call of apply() and is never kept.
import type { Errno, LogLine, Note, RuleId } from './outcome.ts';
import type { KernelState } from './state.ts';

export class Tx {
    state: KernelState;
    readonly log: LogLine[] = [];
    readonly notes: Note[] = [];
    /** Set by a command the simulator does not model. */
    notSimulated: string | undefined;

    constructor(state: KernelState) {
        this.state = state;
    }

    /** Replaces some of the state's parts. */
    set(change: Partial<KernelState>): void {
        this.state = { ...this.state, ...change };
    }

    warn(text: string, rule: RuleId): void {
        this.log.push({ level: 'warn', text, rule });
    }

    err(text: string, rule: RuleId): void {
        this.log.push({ level: 'err', text, rule });
    }

    info(text: string, rule: RuleId): void {
        this.log.push({ level: 'info', text, rule });
    }

    /** A line that is dear to word is worded when somebody reads it. `text` depends on nothing that changes. */
    infoWhenRead(text: () => string, rule: RuleId): void {
        let worded: string | undefined;
        this.log.push({ level: 'info', rule, get text() { return (worded ??= text()); } });
    }

    note(note: Note): void {
        this.notes.push(note);
    }

    /** Returns `errno` after noting which rule it comes from: `return tx.fail('EBUSY', 'KM-05', …)`. */
    fail(errno: Errno, note: Omit<Note, 'severity'>): Errno {
        this.notes.push({ ...note, severity: 'error' });
        return errno;
    }
}
