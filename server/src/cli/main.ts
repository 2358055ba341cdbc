// The command line: finds the command, runs it, turns what goes wrong into one line and an exit status.
import process from 'node:process';
import { check } from './check.ts';
import { type Command, type Io, UsageError } from './command.ts';
import { compare } from './compare.ts';
import { explain } from './explain.ts';
import { fmt } from './fmt.ts';
import { record } from './record.ts';
import { main as replayMain } from './replay.ts';
import { render } from './render.ts';
import { simulate } from './simulate.ts';
import { test } from './test.ts';
import { verify } from './verify.ts';
import { VERSION } from './version.ts';

const replay: Command = {
    name: 'replay',
    usage: 'INPUT.json [--json]',
    summary: 'predict a recorded run from its inputs',
    help: `INPUT.json says what a machine looks like and what was typed on it. Prints one JSON object: the state after the boot, and after
each step its exit status, errno and what changed.

Exit status: 0, or 2 where the input cannot be read.`,
    run: (args) => replayMain(args),
};

export const COMMANDS: readonly Command[] = [check, simulate, render, test, compare, fmt, explain, replay, record, verify];

function usage(): string {
    const width = Math.max(...COMMANDS.map((c) => c.name.length));
    return `memtopo ${VERSION}: write down the memory topology of a Linux platform and see what Linux makes of it

usage: memtopo COMMAND …

${COMMANDS.map((c) => `  ${c.name.padEnd(width)}  ${c.summary}`).join('\n')}
  ${'help'.padEnd(width)}  this page; memtopo help COMMAND for one command

Colour follows the terminal, NO_COLOR and FORCE_COLOR.
`;
}

function page(command: Command): string {
    return `usage: memtopo ${command.name} ${command.usage}\n\n${command.help}\n`;
}

/** Carries out a command line. Never throws. */
export async function main(args: readonly string[], io: Io): Promise<number> {
    const [name, ...rest] = args;
    if (name === undefined) {
        io.err(usage());
        return 2;
    }
    if (name === '--version' || name === '-V' || name === 'version') {
        io.out(`memtopo ${VERSION}\n`);
        return 0;
    }
    if (name === 'help' || name === '--help' || name === '-h') return help(rest[0], io);
    const command = COMMANDS.find((c) => c.name === name);
    if (!command) return unknown(name, io);
    if (rest.includes('--help') || rest.includes('-h')) return help(name, io);
    try {
        return await command.run(rest, io);
    } catch (error) {
        if (error instanceof UsageError) {
            io.err(`memtopo ${name}: ${error.message}\nusage: memtopo ${name} ${command.usage}\n`);
            return 2;
        }
        throw error;
    }
}

function help(name: string | undefined, io: Io): number {
    if (name === undefined) {
        io.out(usage());
        return 0;
    }
    const command = COMMANDS.find((c) => c.name === name);
    if (!command) return unknown(name, io);
    io.out(page(command));
    return 0;
}

function unknown(name: string, io: Io): number {
    const near = COMMANDS.find((c) => distance(c.name, name) <= 2);
    io.err(`memtopo: there is no command '${name}'${near ? `; did you mean ${near.name}?` : '; memtopo help names them all'}\n`);
    return 2;
}

/** Letters to change, add or drop to make one word of the other. */
function distance(a: string, b: string): number {
    let row = Array.from({ length: b.length + 1 }, (_, i) => i);
    for (let i = 1; i <= a.length; i++) {
        const next = [i];
        for (let j = 1; j <= b.length; j++) next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
        row = next;
    }
    return row[b.length]!;
}

function terminal(): Io {
    const { NO_COLOR, FORCE_COLOR, COLUMNS } = process.env;
    const color = NO_COLOR ? false : FORCE_COLOR ? FORCE_COLOR !== '0' : process.stdout.isTTY === true && process.env['TERM'] !== 'dumb';
    const columns = process.stdout.columns ?? Number(COLUMNS ?? 100);
    return {
        out: (text) => void process.stdout.write(text), err: (text) => void process.stderr.write(text),
        style: { color, width: Math.min(140, Math.max(60, columns || 100)) },
    };
}

// `memtopo … | head` ends quietly
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
});

process.exitCode = 3; // what it stays if the work never comes to its end
main(process.argv.slice(2), terminal()).then((status) => {
    process.exitCode = status;
}, (error: unknown) => {
    // A defect of ours: say so plainly, with what a report needs
    process.stderr.write(`memtopo ${VERSION} failed: ${error instanceof Error ? error.stack ?? error.message : String(error)}\n`);
});
