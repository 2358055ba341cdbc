// Carries out one transcript line on a state.
import type { Outcome } from '../kernel/outcome.ts';
import type { KernelState } from '../kernel/state.ts';
import { Tx } from '../kernel/tx.ts';
import type { ParsedLine } from './line.ts';
import { runQemu } from './qemu.ts';
import { Session } from './session.ts';

/** Carries out a line. Never throws for any line: what is not modelled says so in the outcome and leaves the state as it was. */
export function execute(state: KernelState, line: ParsedLine): { readonly state: KernelState; readonly outcome: Outcome } {
    const tx = new Tx(state);
    const [first] = line.commands;
    const result = first?.command.kind === 'qemu' ? runQemu(tx, first.command.execute, first.command.args) : new Session(tx, line.commands).run(line.script);
    const notSimulated = tx.notSimulated;
    return { state: tx.state, outcome: { ...result, log: tx.log, notes: tx.notes, ...(notSimulated === undefined ? {} : { notSimulated }) } };
}
