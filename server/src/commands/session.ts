// A shell that runs one line: it expands words, follows `&&` and `||`, goes round loops, and hands each command to what simulates it.
import type { Errno } from '../kernel/outcome.ts';
import type { Tx } from '../kernel/tx.ts';
import { type Command, type ParsedCommand, parseCommand, withoutWrappers } from './line.ts';
import { runQemu } from './qemu.ts';
import { isKnownReader, runFilter, runReader } from './read.ts';
import { type CommandResult, OK, openError, programError, writeError } from './result.ts';
import { type Expander, expandWords, Unknown } from './shell-expand.ts';
import type { ForLoop, Script, ShellLine, Word } from './shell.ts';
import { attributeExists, directoryExists, findAttribute, matchingPaths } from './sysfs-table.ts';
import { findTool } from './tools.ts';

/** Commands that one line may run. */
const MOST_COMMANDS = 8192;

/** What a command came to, and whether all of what it printed is predicted. */
interface Printed {
    readonly result: CommandResult;
    readonly known: boolean;
}

const NOTHING: Printed = { result: OK, known: true };

/** A shell that runs one line: its variables, and how many commands it has run. */
export class Session {
    private readonly tx: Tx;
    private readonly parsed: ReadonlyMap<ShellLine, Command>;
    private readonly variables = new Map<string, string>();
    private ran = 0;
    /** Lists of commands that failed with others behind them. */
    private readonly passedOver: CommandResult[] = [];

    constructor(tx: Tx, commands: readonly ParsedCommand[]) {
        this.tx = tx;
        this.parsed = new Map(commands.map((c) => [c.shell, c.command]));
    }

    run(script: Script): CommandResult {
        const { result } = this.list(script, true);
        this.tellPassedOver();
        return result;
    }

    /** `last`: nothing of the line comes behind this list. */
    private list(script: Script, last: boolean): Printed {
        let all: Printed = NOTHING;
        /** Of the commands joined by `&&` and `||`: notes before the first, and the last that ran. */
        let notes = 0;
        let latest: { readonly one: Printed; readonly command: boolean } | undefined;
        for (let i = 0; i < script.length; i++) {
            if (this.ran > MOST_COMMANDS) break;
            const item = script[i]!;
            if (i === 0 || item.joiner === ';') notes = this.tx.notes.length;
            if (!(item.joiner === '&&' && all.result.status !== 0) && !(item.joiner === '||' && all.result.status === 0)) {
                const one = 'loop' in item.node ? this.loop(item.node.loop, last && i === script.length - 1) : this.simple(item.node.command);
                latest = { one, command: 'command' in item.node };
                all = followed(all, one);
            }
            const next = script[i + 1];
            const goesOn = next ? next.joiner === ';' : !last;
            if (goesOn && latest?.command && latest.one.result.status !== 0 && !this.tx.notes.slice(notes).some((n) => n.severity === 'error')) this.passedOver.push(latest.one.result);
        }
        return all;
    }

    private loop(loop: ForLoop, last: boolean): Printed {
        const words = this.expand(loop.words);
        if (!words) return { result: OK, known: false };
        let all: Printed = NOTHING;
        for (const [i, word] of words.entries()) {
            if (this.ran > MOST_COMMANDS) break;
            this.variables.set(loop.variable.text, word.text);
            const one = this.list(loop.body, last && i === words.length - 1);
            all = followed(all, one);
        }
        return all;
    }

    private simple(shell: ShellLine): Printed {
        if (++this.ran > MOST_COMMANDS) {
            this.tx.notSimulated ??= `more than ${MOST_COMMANDS} commands in one line`;
            return { result: OK, known: false };
        }
        const ready = this.expanded(shell);
        if (!ready) return { result: OK, known: false };
        const command = ready === shell ? this.parsed.get(shell) ?? parseCommand(shell).command : parseCommand(ready).command;
        return this.pipeline(ready.pipe, this.perform(command));
    }

    /** The command with its words expanded; itself where nothing is to expand. */
    private expanded(shell: ShellLine): ShellLine | undefined {
        const isAssignment = this.parsed.get(shell)?.kind === 'assign';
        const words = isAssignment ? shell.words : this.expand(shell.words);
        const path = shell.redirect?.path && this.expand([shell.redirect.path]);
        if (!words || (shell.redirect?.path && !path)) return undefined;
        const samePath = path === undefined || path[0] === shell.redirect?.path;
        if (words === shell.words && samePath) return shell;
        return { ...shell, words, ...(shell.redirect && path ? { redirect: { ...shell.redirect, ...(path[0] ? { path: path[0] } : {}) } } : {}) };
    }

    private expand(words: readonly Word[]): readonly Word[] | undefined {
        const expander: Expander = {
            variable: (name) => this.variables.get(name) ?? (/^\d/.test(name) ? '' : undefined),
            output: (script) => {
                const { result, known } = this.list(script, true);
                return known ? result.stdout : undefined;
            },
            paths: (escaped) => matchingPaths(this.tx.state, escaped),
        };
        const out = expandWords(words, expander);
        if (!(out instanceof Unknown)) return out;
        this.tx.notSimulated ??= out.why;
        return undefined;
    }

    /** Passes what was printed through the stages behind it; the last one's exit status counts. */
    private pipeline(pipe: ShellLine | undefined, first: Printed): Printed {
        if (!pipe || pipe.words.length === 0) return first;
        const expanded = this.expand(pipe.words);
        if (!expanded) return { result: OK, known: false };
        const words = withoutWrappers(expanded);
        const stage = words[0]?.text === 'tee' ? this.tee(first, words) : runFilter(first.known ? first.result.stdout : undefined, words);
        const { result } = stage;
        return this.pipeline(pipe.pipe, { known: stage.known, result: { ...result, stderr: first.result.stderr + result.stderr } });
    }

    /** tee(1): what it reads goes into each file. */
    private tee({ result: { stdout }, known }: Printed, words: readonly Word[]): Printed {
        const paths = words.slice(1).filter((w) => !w.text.startsWith('-'));
        if (!known) {
            if (paths.length > 0) this.tx.notSimulated ??= `writing what was printed to ${paths[0]!.text}`;
            return { result: OK, known: false };
        }
        let result: CommandResult = { ...OK, stdout };
        for (const { text } of paths) {
            const written = write(this.tx, text, stdout.replace(/\n$/, ''), (errno) => programError('tee', text, errno));
            result = { ...joined(result, written), status: Math.max(result.status, written.status) };
        }
        return { result, known };
    }

    private perform(command: Command): Printed {
        const { tx } = this;
        switch (command.kind) {
            case 'empty':
                return NOTHING;
            case 'assign':
                return this.assign(command.assignments);
            case 'write':
                return { result: write(tx, command.path, command.value), known: true };
            case 'print':
                return command.text === undefined ? { result: OK, known: false } : { result: { ...OK, stdout: command.text }, known: true };
            case 'read':
                return { result: runReader(tx.state, command.words), known: tx.notSimulated === undefined && isKnownReader(tx.state, command.words) };
            case 'tool':
                return { result: findTool(command.invocation.tool)!.run(tx, command.invocation), known: false };
            case 'script':
                return this.inner(command);
            case 'qemu':
                return { result: runQemu(tx, command.execute, command.args), known: false };
            case 'unknown':
                tx.notSimulated ??= `the command ${command.what}`;
                return { result: OK, known: false };
        }
    }

    /** A shell inside: it sees none of the variables here and leaves none behind. */
    private inner({ script, commands }: Extract<Command, { kind: 'script' }>): Printed {
        const session = new Session(this.tx, commands);
        session.ran = this.ran;
        const printed = session.list(script, true);
        this.ran = session.ran;
        this.passedOver.push(...session.passedOver);
        return printed;
    }

    private assign(assignments: Extract<Command, { kind: 'assign' }>['assignments']): Printed {
        for (const { name, value } of assignments) {
            const words = this.expand([value]);
            if (!words) return { result: OK, known: false };
            this.variables.set(name, words.map((w) => w.text).join(' '));
        }
        return NOTHING;
    }

    /** A failure that the line itself goes over would be seen by nobody. */
    private tellPassedOver(): void {
        const [first] = this.passedOver;
        if (!first) return;
        const { errnos, stderr, status } = first;
        const why = stderr.trim().split('\n').at(-1) || errnos.join(', ') || `exit status ${status}`;
        const many = this.passedOver.length;
        this.tx.note({
            code: 'command/passed-over', rules: [], severity: 'warning',
            message: `${many === 1 ? 'a command fails' : `${many} of ${this.ran} commands fail`} and the line goes on: ${why}`,
        });
    }
}

/** What two commands come to one after the other. */
function followed(a: Printed, b: Printed): Printed {
    return { result: joined(a.result, b.result), known: a.known && b.known };
}

/** Two commands one after the other: the second one's exit status, everything that both said. */
function joined(a: CommandResult, b: CommandResult): CommandResult {
    return { status: b.status, errnos: [...new Set([...a.errnos, ...b.errnos])], stdout: a.stdout + b.stdout, stderr: a.stderr + b.stderr };
}

/** Writes into an attribute. `refused` words the error number of write(2). */
function write(tx: Tx, path: string, value: string, refused: (errno: Errno) => CommandResult = writeError): CommandResult {
    if (path.startsWith('/dev/null')) return OK;
    const found = findAttribute(path);
    if (!found) {
        tx.notSimulated ??= `writing to ${path}`;
        return OK;
    }
    // Nothing can be made in a directory of sysfs: a missing file is refused there, and not found where the directory is missing too.
    if (!attributeExists(tx.state, found)) return openError(path, directoryExists(tx.state, path) ? 'EACCES' : 'ENOENT');
    if (!found.attribute.write) return openError(path, 'EACCES');
    const errno = found.attribute.write(tx, found.params, value);
    return errno === 0 ? OK : refused(errno);
}
