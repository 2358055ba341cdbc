// What a subcommand of `memtopo` is, and how it reaches the world: everything it prints goes through Io, so that tests and the
// dispatcher see the same.
import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { Style } from '../render/style.ts';

export interface Io {
    out(text: string): void;
    err(text: string): void;
    /** How to write for a reader: colour and width of the terminal. */
    readonly style: Style;
}

export interface Command {
    readonly name: string;
    /** What follows the name in the usage line. */
    readonly usage: string;
    /** One line for `memtopo help`. */
    readonly summary: string;
    /** The page of `memtopo help NAME` below the usage line. */
    readonly help: string;
    /** Answers with the exit status: 0 fine, 1 something to mend, 2 not understood. */
    run(args: readonly string[], io: Io): Promise<number> | number;
}

/** The command line was not understood: one line that says why, printed with the usage. */
export class UsageError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;

/** node:util parseArgs, with its complaints as usage errors. */
export function parseOptions<T extends Options>(args: readonly string[], options: T): ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: true; strict: true }>> {
    try {
        return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    } catch (error) {
        const message = error instanceof Error ? error.message.split('. ')[0]! : String(error);
        throw new UsageError(message.charAt(0).toLowerCase() + message.slice(1));
    }
}

/** A value out of a closed list. */
export function oneOf<T extends string>(value: string, allowed: readonly T[], option: string): T {
    const found = allowed.find((a) => a === value);
    if (found === undefined) throw new UsageError(`${option} is one of ${allowed.join(', ')}, not '${value}'`);
    return found;
}
