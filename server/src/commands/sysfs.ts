// The sysfs and procfs attributes that transcripts read and write, as one table. Each kernel subject contributes its attributes
// from a file of its own (sysfs-memory.ts, sysfs-nd.ts, sysfs-dax.ts, …); sysfs-table.ts lists them all.
import type { Errno, Result, RuleId } from '../kernel/outcome.ts';
import type { KernelState } from '../kernel/state.ts';
import type { Tx } from '../kernel/tx.ts';

export type Params = Readonly<Record<string, string>>;

export interface SysfsAttribute {
    /** Path with `:name` for a component that varies: `/sys/devices/system/memory/memory:block/state`. */
    readonly path: string;
    /** One sentence: what the attribute is, in the field's terms. */
    readonly doc: string;
    readonly rules?: readonly RuleId[];
    /** Is there such a file in this state? Default: yes whenever the path matches. */
    readonly exists?: (state: KernelState, params: Params) => boolean;
    /** Text as the kernel prints it, with its line end; an errno when reading fails. Absent: write-only. */
    readonly read?: (state: KernelState, params: Params) => { readonly text: string } | { readonly errno: Errno };
    /** Effect of write(2) with `value` (the line end that echo adds already removed). Absent: read-only (EACCES on open). */
    readonly write?: (tx: Tx, params: Params, value: string) => Result;
    /** Values that make sense here, for completion. */
    readonly values?: (state: KernelState, params: Params) => readonly string[];
    /** The values each `:param` takes in this state, for completion of the path. */
    readonly params?: (state: KernelState, name: string) => readonly string[];
}
