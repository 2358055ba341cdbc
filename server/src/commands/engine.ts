// One transcript line: parsed with places, then executed on a state.
import type { Errno, Outcome } from '../kernel/outcome.ts';
import type { KernelState } from '../kernel/state.ts';
import { Tx } from '../kernel/tx.ts';
import { parseQemu, runQemu } from './qemu.ts';
import { FILTERS, isKnownReader, READERS, runFilter, runReader } from './read.ts';
import { type CommandResult, OK, openError, programError, writeError } from './result.ts';
import { type Expander, expandWords, Unknown } from './shell-expand.ts';
import { type ForLoop, parseScript, parseWords, type Problem, type Script, type ShellLine, type Span, type Word } from './shell.ts';
import { type Invocation, parseInvocation } from './spec.ts';
import { attributeExists, directoryExists, findAttribute, matchingPaths } from './sysfs-table.ts';
import { findTool } from './tools.ts';

export type Prompt = '$' | '(qemu)';

/** A line that was understood as far as it could be. Offsets are those of `text`. */
export interface ParsedLine {
    readonly prompt: Prompt;
    readonly text: string;
    /** How the commands hang together; empty for the monitor. */
    readonly script: Script;
    /** All commands in the line, in order of place, before expansion; those that a loop runs stand here once. */
    readonly commands: readonly ParsedCommand[];
    /** All problems of the line: words, options, values. */
    readonly problems: readonly Problem[];
}

export interface ParsedCommand {
    readonly shell: ShellLine;
    readonly command: Command;
}

export type Command =
    /** `echo VALUE > /sys/…` */
    | { readonly kind: 'write'; readonly path: string; readonly pathSpan: Span; readonly value: string; readonly valueSpan: Span }
    /** `echo`, `printf` and `seq` to standard output; undefined text where it is not known. */
    | { readonly kind: 'print'; readonly text: string | undefined }
    /** `cat`, `grep`, `ls`, `readlink` and other readers. */
    | { readonly kind: 'read'; readonly words: readonly Word[]; readonly paths: readonly { readonly path: string; readonly span: Span }[] }
    /** ndctl, daxctl, cxl, modprobe, rmmod, mount, umount, mkfs.*, chmem, kexec, reboot. */
    | { readonly kind: 'tool'; readonly invocation: Invocation }
    /** `sh -c '…'` */
    | { readonly kind: 'script'; readonly script: Script; readonly commands: readonly ParsedCommand[] }
    /** QEMU monitor: the verb and its arguments; a recording has them in the machine protocol's form. */
    | { readonly kind: 'qemu'; readonly execute: string; readonly args: Readonly<Record<string, unknown>> }
    | { readonly kind: 'assign'; readonly assignments: readonly { readonly name: string; readonly value: Word }[] }
    | { readonly kind: 'empty' }
    | { readonly kind: 'unknown'; readonly what: string; readonly span: Span };

/** Words before a command that change who runs it or for how long, not what it does: their operands, and options that take a value. */
const WRAPPERS: Readonly<Record<string, { readonly operands: number; readonly valued: readonly string[] }>> = {
    sudo: { operands: 0, valued: ['-u', '-g'] }, timeout: { operands: 1, valued: ['-k', '-s'] }, nohup: { operands: 0, valued: [] },
    time: { operands: 0, valued: [] }, exec: { operands: 0, valued: [] }, env: { operands: 0, valued: ['-u'] },
};
const SHELLS: readonly string[] = ['sh', 'bash', 'dash'];
const ASSIGNMENT = /^([A-Za-z_]\w*)=/;
/** Commands that one line may run. */
const MOST_COMMANDS = 8192;

// ------------------------------------------------------------------------------------------------------------------ parsing

/** Understands one line behind its prompt. Never throws. */
export function parseLine(prompt: Prompt, text: string): ParsedLine {
    if (prompt === '(qemu)') {
        const words = parseWords(text);
        const { command, problems } = parseMonitor(words.shell);
        return { prompt, text, script: [], commands: [{ shell: words.shell, command }], problems: [...words.problems, ...problems] };
    }
    const { script, problems } = parseScript(text);
    const parsed = parseCommands(script);
    return { prompt, text, script, commands: parsed.commands, problems: [...problems, ...parsed.problems, ...unsetVariables(script)] };
}

function parseMonitor(shell: ShellLine): { readonly command: Command; readonly problems: readonly Problem[] } {
    const line = parseQemu(shell);
    if (!line) return { command: { kind: 'empty' }, problems: [] };
    return { command: { kind: 'qemu', execute: line.execute, args: line.args }, problems: line.problems };
}

function parseCommands(script: Script): { readonly commands: readonly ParsedCommand[]; readonly problems: readonly Problem[] } {
    const commands: ParsedCommand[] = [];
    const problems: Problem[] = [];
    for (const { node } of script) {
        if ('loop' in node) {
            const inner = parseCommands(node.loop.body);
            commands.push(...inner.commands);
            problems.push(...inner.problems);
            continue;
        }
        const parsed = parseCommand(node.command);
        commands.push({ shell: node.command, command: parsed.command });
        if (parsed.command.kind === 'script') commands.push(...parsed.command.commands);
        problems.push(...parsed.problems, ...pipeProblems(node.command));
    }
    return { commands, problems };
}

/** Stages behind a pipe may only read; `tee` writes what it reads. */
function pipeProblems(shell: ShellLine): readonly Problem[] {
    const first = shell.pipe && withoutWrappers(shell.pipe.words)[0];
    if (!shell.pipe || !first) return [];
    const problem = { code: 'command/unknown', message: `\`${first.text}\` behind a pipe is not simulated`, span: first.span };
    return [...(FILTERS.includes(first.text) ? [] : [problem]), ...pipeProblems(shell.pipe)];
}

/** `$NAME` where nothing in the line sets NAME: lines do not share variables. */
function unsetVariables(script: Script, outer: ReadonlySet<string> = new Set()): readonly Problem[] {
    const set = new Set(outer);
    const problems: Problem[] = [];
    const check = (words: readonly Word[]): void => {
        for (const part of words.flatMap((w) => w.parts ?? [])) {
            if (part.kind === 'substitution') problems.push(...unsetVariables(part.script, set));
            else if (part.kind === 'variable' && /^\d/.test(part.name)) {
                problems.push({ code: 'command/unset-variable', message: `a shell puts nothing for \`$${part.name}\`: write \`\\$${part.name}\`, or use single quotes`, span: part.span });
            } else if (part.kind === 'variable' && !set.has(part.name)) {
                problems.push({ code: 'command/unset-variable', message: `nothing in this line sets \`${part.name}\`, and lines do not share variables`, span: part.span });
            }
        }
    };
    for (const { node } of script) {
        if ('loop' in node) {
            check(node.loop.words);
            problems.push(...unsetVariables(node.loop.body, new Set([...set, node.loop.variable.text])));
            set.add(node.loop.variable.text);
            continue;
        }
        for (let shell: ShellLine | undefined = node.command; shell; shell = shell.pipe) check([...shell.words, ...(shell.redirect?.path ? [shell.redirect.path] : [])]);
        for (const word of node.command.words) {
            const name = ASSIGNMENT.exec(word.text)?.[1];
            if (name === undefined) break;
            set.add(name);
        }
    }
    return problems;
}

/** The words behind `sudo`, `timeout 20` and `NAME=value`. */
function withoutWrappers(words: readonly Word[]): readonly Word[] {
    for (;;) {
        const first = words[0]?.text ?? '';
        const wrapper = Object.hasOwn(WRAPPERS, first) ? WRAPPERS[first] : undefined;
        if (wrapper && words.length > 1) {
            let next = 1;
            while (words[next]?.text.startsWith('-')) next += wrapper.valued.includes(words[next]!.text) ? 2 : 1;
            words = words.slice(next + wrapper.operands);
        } else if (ASSIGNMENT.test(first) && words.length > 1) words = words.slice(1);
        else return words;
    }
}

function parseCommand(shell: ShellLine): { readonly command: Command; readonly problems: readonly Problem[] } {
    const assignments = shell.words.map((w) => ASSIGNMENT.exec(w.text));
    if (shell.words.length > 0 && assignments.every((m) => m !== null)) {
        return { command: { kind: 'assign', assignments: shell.words.map((word, i) => ({ name: assignments[i]![1]!, value: valueWord(word, assignments[i]![0].length) })) }, problems: [] };
    }
    const words = withoutWrappers(shell.words);
    const first = words[0];
    if (!first) return { command: { kind: 'empty' }, problems: [] };
    if (first.text === 'echo' || first.text === 'printf') return { command: parsePrint(shell, words), problems: [] };
    if (first.text === 'seq') return { command: { kind: 'print', text: sequence(words.slice(1).map((w) => w.text)) }, problems: [] };
    if (SHELLS.includes(first.text) && words[1]?.text === '-c' && words[2]) return parseInner(words[2]);
    const tool = findTool(first.text);
    if (tool) {
        const invocation = parseInvocation(tool.spec, words);
        return { command: { kind: 'tool', invocation }, problems: invocation.problems };
    }
    if (READERS.includes(first.text)) {
        const paths = words.slice(1).filter((w) => w.text.startsWith('/')).map((w) => ({ path: w.text, span: w.span }));
        return { command: { kind: 'read', words, paths }, problems: [] };
    }
    return {
        command: { kind: 'unknown', what: first.text, span: first.span },
        problems: [{ code: 'command/unknown', message: `\`${first.text}\` is not simulated: the state stays as it is`, span: first.span }],
    };
}

/** What stands behind `NAME=`. */
function valueWord(word: Word, skip: number): Word {
    const [head, ...rest] = word.parts ?? [];
    const span = { start: word.span.start + skip, end: word.span.end };
    const parts = head?.kind === 'text' ? [{ ...head, text: head.text.slice(skip) }, ...rest] : word.parts;
    return { text: word.text.slice(skip), span, ...(parts ? { parts } : {}) };
}

/** The script of `sh -c '…'`. Places are right where the quotes hold it as it is. */
function parseInner(word: Word): { readonly command: Command; readonly problems: readonly Problem[] } {
    const asWritten = word.span.end - word.span.start === word.text.length + 2;
    const parsed = parseScript(word.text, word.span.start + (asWritten ? 1 : 0), 1);
    const inner = parseCommands(parsed.script);
    return { command: { kind: 'script', script: parsed.script, commands: inner.commands }, problems: [...parsed.problems, ...inner.problems] };
}

function parsePrint(shell: ShellLine, words: readonly Word[]): Command {
    let operands = words.slice(1);
    let end = '';
    if (words[0]!.text === 'echo') {
        end = '\n';
        while (/^-[neE]+$/.test(operands[0]?.text ?? '')) {
            if (operands[0]!.text.includes('n')) end = '';
            operands = operands.slice(1);
        }
    }
    const text = words[0]!.text === 'echo' ? operands.map((w) => w.text).join(' ') : printf(operands.map((w) => w.text));
    const path = shell.redirect?.path;
    if (!path || text === undefined) return { kind: 'print', text: text === undefined ? undefined : text + end };
    const at = words[0]!.span.end;
    const valueSpan = operands.length > 0 ? { start: operands[0]!.span.start, end: operands.at(-1)!.span.end } : { start: at, end: at };
    return { kind: 'write', path: path.text, pathSpan: path.span, value: text.replace(/\n$/, ''), valueSpan };
}

/** printf(1) with `%s`, `%d`, `\n` and `%%`; undefined where there is more to it. */
function printf([format = '', ...values]: readonly string[]): string | undefined {
    if (/%(?![sd%])|\\(?![n\\])/.test(format)) return undefined;
    let next = 0;
    return format.replace(/%[sd]|%%|\\n|\\\\/g, (all) => (all === '%%' ? '%' : all === '\\n' ? '\n' : all === '\\\\' ? '\\' : values[next++] ?? ''));
}

/** seq(1) with whole numbers; undefined where there is more to it, or more than anybody types. */
function sequence(operands: readonly string[]): string | undefined {
    if (operands.length === 0 || operands.length > 3 || operands.some((o) => !/^-?\d{1,15}$/.test(o))) return undefined;
    const numbers = operands.map(Number);
    const [from, step, to] = numbers.length === 1 ? [1, 1, numbers[0]!] : numbers.length === 2 ? [numbers[0]!, 1, numbers[1]!] : [numbers[0]!, numbers[1]!, numbers[2]!];
    const length = step === 0 ? Infinity : Math.max(0, Math.floor((to - from) / step) + 1);
    return length > MOST_COMMANDS ? undefined : Array.from({ length }, (_, i) => `${from + i * step}\n`).join('');
}

// ---------------------------------------------------------------------------------------------------------------- execution

/** Carries out a line. Never throws for any line: what is not modelled says so in the outcome and leaves the state as it was. */
export function execute(state: KernelState, line: ParsedLine): { readonly state: KernelState; readonly outcome: Outcome } {
    const tx = new Tx(state);
    const [first] = line.commands;
    const result = first?.command.kind === 'qemu' ? runQemu(tx, first.command.execute, first.command.args) : new Session(tx, line.commands).run(line.script);
    const notSimulated = tx.notSimulated;
    return { state: tx.state, outcome: { ...result, log: tx.log, notes: tx.notes, ...(notSimulated === undefined ? {} : { notSimulated }) } };
}

/** What a command came to, and whether all of what it printed is predicted. */
interface Printed {
    readonly result: CommandResult;
    readonly known: boolean;
}

const NOTHING: Printed = { result: OK, known: true };

/** A shell that runs one line: its variables, and how many commands it has run. */
class Session {
    private readonly tx: Tx;
    private readonly parsed: ReadonlyMap<ShellLine, Command>;
    private readonly variables = new Map<string, string>();
    private ran = 0;
    /** Lists of commands that failed with others behind them. */
    private readonly passedOver: { readonly text: string; readonly result: CommandResult }[] = [];

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
        for (let i = 0; i < script.length; i++) {
            if (this.ran > MOST_COMMANDS) break;
            const item = script[i]!;
            if ((item.joiner === '&&' && all.result.status !== 0) || (item.joiner === '||' && all.result.status === 0)) continue;
            const chained = script[i + 1] !== undefined && script[i + 1]!.joiner !== ';';
            const end = last && i === script.length - 1;
            const notes = this.tx.notes.length;
            const one = 'loop' in item.node ? this.loop(item.node.loop, end) : this.simple(item.node.command);
            if (one.result.status !== 0 && !chained && !end && 'command' in item.node && !this.tx.notes.slice(notes).some((n) => n.severity === 'error')) {
                this.passedOver.push({ text: item.node.command.words[0]?.text ?? '', result: one.result });
            }
            all = { result: joined(all.result, one.result), known: all.known && one.known };
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
            all = { result: joined(all.result, one.result), known: all.known && one.known };
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
        const { errnos, stderr } = first.result;
        const why = stderr.trim().split('\n').at(-1) || errnos.join(', ') || `exit status ${first.result.status}`;
        const many = this.passedOver.length;
        this.tx.note({
            code: 'command/passed-over', rules: [], severity: 'warning',
            message: `${many === 1 ? 'a command fails' : `${many} of ${this.ran} commands fail`} and the line goes on: ${why}`,
        });
    }
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
