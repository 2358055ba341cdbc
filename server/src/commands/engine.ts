// One transcript line: parsed with places, then executed on a state.
import type { Outcome } from '../kernel/outcome.ts';
import type { KernelState } from '../kernel/state.ts';
import { Tx } from '../kernel/tx.ts';
import type { CommandResult } from './result.ts';
import { parseShell, type Problem, type ShellLine, type Span } from './shell.ts';
import type { Invocation } from './spec.ts';

export type Prompt = '$' | '(qemu)';

/** A line that was understood as far as it could be. Offsets are those of `text`. */
export interface ParsedLine {
    readonly prompt: Prompt;
    readonly text: string;
    readonly shell: ShellLine;
    readonly command: Command;
    /** All problems of the line: words, options, values. */
    readonly problems: readonly Problem[];
}

export type Command =
    /** `echo VALUE > /sys/…` */
    | { readonly kind: 'write'; readonly path: string; readonly pathSpan: Span; readonly value: string; readonly valueSpan: Span; readonly newline: boolean }
    /** `cat`, `grep`, `ls`, `readlink` and other readers. */
    | { readonly kind: 'read'; readonly tool: string; readonly paths: readonly { readonly path: string; readonly span: Span }[] }
    /** ndctl, daxctl, cxl, modprobe, rmmod, mount, umount, mkfs.*, chmem, kexec, reboot. */
    | { readonly kind: 'tool'; readonly invocation: Invocation }
    /** QEMU monitor: the verb and its arguments; `qmp` carries the object form that a recording has. */
    | { readonly kind: 'qemu'; readonly execute: string; readonly args: Readonly<Record<string, unknown>> }
    | { readonly kind: 'empty' }
    | { readonly kind: 'unknown'; readonly what: string; readonly span: Span };

/** Understands one line behind its prompt. Never throws. */
export function parseLine(prompt: Prompt, text: string): ParsedLine {
    const shell = parseShell(text);
    return { prompt, text, shell, command: { kind: 'empty' }, problems: shell.problems }; // replaced by its owner
}

/** Carries out a line. Never throws for any line: what is not modelled says so in the outcome and leaves the state as it was. */
export function execute(state: KernelState, line: ParsedLine): { readonly state: KernelState; readonly outcome: Outcome } {
    void line;
    const tx = new Tx(state);
    const result: CommandResult = { status: 0, errnos: [], stdout: '', stderr: '' };
    return { state: tx.state, outcome: { ...result, log: tx.log, notes: tx.notes } };
}
