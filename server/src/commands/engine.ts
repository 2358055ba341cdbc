// One transcript line: parsed with places, then executed on a state.
import type { Outcome } from '../kernel/outcome.ts';
import type { KernelState } from '../kernel/state.ts';
import { Tx } from '../kernel/tx.ts';
import { parseQemu, runQemu } from './qemu.ts';
import { FILTERS, readFile, READERS, runFilter, runReader } from './read.ts';
import { type CommandResult, OK, openError, writeError } from './result.ts';
import { parseShell, type Problem, type ShellLine, type Span } from './shell.ts';
import { type Invocation, parseInvocation } from './spec.ts';
import { attributeExists, directoryExists, findAttribute } from './sysfs-table.ts';
import { findTool } from './tools.ts';

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

/** Words before a command that change who runs it or for how long, not what it does. */
const WRAPPERS: Readonly<Record<string, number>> = { sudo: 0, timeout: 1, nohup: 0, time: 0, exec: 0, env: 0 };

/** Understands one line behind its prompt. Never throws. */
export function parseLine(prompt: Prompt, text: string): ParsedLine {
    const shell = parseShell(text);
    const { command, problems } = prompt === '(qemu)' ? parseMonitor(shell) : parseCommand(shell);
    return { prompt, text, shell, command, problems: [...shell.problems, ...problems, ...pipeProblems(shell)] };
}

/** Stages behind a pipe may only read. */
function pipeProblems(shell: ShellLine): readonly Problem[] {
    const first = shell.pipe?.words[0];
    if (!shell.pipe || !first) return [];
    const problem = { code: 'command/unknown', message: `\`${first.text}\` behind a pipe is not simulated`, span: first.span };
    return [...(FILTERS.includes(first.text) ? [] : [problem]), ...pipeProblems(shell.pipe)];
}

function parseMonitor(shell: ShellLine): { readonly command: Command; readonly problems: readonly Problem[] } {
    const line = parseQemu(shell);
    if (!line) return { command: { kind: 'empty' }, problems: [] };
    return { command: { kind: 'qemu', execute: line.execute, args: line.args }, problems: line.problems };
}

function parseCommand(shell: ShellLine): { readonly command: Command; readonly problems: readonly Problem[] } {
    let { words } = shell;
    while (words.length > 1 && WRAPPERS[words[0]!.text] !== undefined) words = words.slice(1 + WRAPPERS[words[0]!.text]!);
    const first = words[0];
    if (!first) return { command: { kind: 'empty' }, problems: [] };
    if (first.text === 'echo' || first.text === 'printf') return { command: parseWrite(shell, words), problems: [] };
    const tool = findTool(first.text);
    if (tool) {
        const invocation = parseInvocation(tool.spec, words);
        return { command: { kind: 'tool', invocation }, problems: invocation.problems };
    }
    if (READERS.includes(first.text)) {
        const paths = words.slice(1).filter((w) => w.text.startsWith('/')).map((w) => ({ path: w.text, span: w.span }));
        return { command: { kind: 'read', tool: first.text, paths }, problems: [] };
    }
    return {
        command: { kind: 'unknown', what: first.text, span: first.span },
        problems: [{ code: 'command/unknown', message: `\`${first.text}\` is not simulated: the state stays as it is`, span: first.span }],
    };
}

function parseWrite(shell: ShellLine, words: ShellLine['words']): Command {
    let operands = words.slice(1);
    let newline = words[0]!.text === 'echo';
    while (words[0]!.text === 'echo' && /^-[neE]+$/.test(operands[0]?.text ?? '')) {
        if (operands[0]!.text.includes('n')) newline = false;
        operands = operands.slice(1);
    }
    const path = shell.redirect?.path;
    if (!path) return { kind: 'read', tool: words[0]!.text, paths: [] };
    const value = operands.map((w) => w.text).join(' ');
    const at = words[0]!.span.end;
    const valueSpan = operands.length > 0 ? { start: operands[0]!.span.start, end: operands.at(-1)!.span.end } : { start: at, end: at };
    return { kind: 'write', path: path.text, pathSpan: path.span, value, valueSpan, newline };
}

/** Carries out a line. Never throws for any line: what is not modelled says so in the outcome and leaves the state as it was. */
export function execute(state: KernelState, line: ParsedLine): { readonly state: KernelState; readonly outcome: Outcome } {
    const tx = new Tx(state);
    const result = pipeline(line.shell.pipe, perform(tx, line), isKnown(tx, line));
    const notSimulated = tx.notSimulated;
    return { state: tx.state, outcome: { ...result, log: tx.log, notes: tx.notes, ...(notSimulated === undefined ? {} : { notSimulated }) } };
}

/** Is what the first command prints predicted in full? */
function isKnown(tx: Tx, line: ParsedLine): boolean {
    const words = line.shell.words;
    if (tx.notSimulated !== undefined || line.command.kind !== 'read') return false;
    const files = line.command.paths.map((p) => readFile(tx.state, p.path));
    return ['cat', 'grep', 'egrep'].includes(words[0]?.text ?? '') && files.length > 0 && !files.includes(undefined);
}

/** Passes what was printed through the stages behind it; the last one's exit status counts. */
function pipeline(pipe: ShellLine | undefined, first: CommandResult, known: boolean): CommandResult {
    if (!pipe || pipe.words.length === 0) return first;
    const stage = runFilter(known ? first.stdout : undefined, pipe.words);
    return pipeline(pipe.pipe, { ...stage.result, stderr: first.stderr + stage.result.stderr }, stage.known);
}

function perform(tx: Tx, line: ParsedLine): CommandResult {
    const { command } = line;
    switch (command.kind) {
        case 'empty':
            return OK;
        case 'write':
            return write(tx, command.path, command.value);
        case 'read':
            return runReader(tx.state, line.shell.words);
        case 'tool':
            return findTool(command.invocation.tool)!.run(tx, command.invocation);
        case 'qemu':
            return runQemu(tx, command.execute, command.args);
        case 'unknown':
            tx.notSimulated = `the command ${command.what}`;
            return OK;
    }
}

function write(tx: Tx, path: string, value: string): CommandResult {
    if (path.startsWith('/dev/null')) return OK;
    const found = findAttribute(path);
    if (!found) {
        tx.notSimulated = `writing to ${path}`;
        return OK;
    }
    // Nothing can be made in a directory of sysfs: a missing file is refused there, and not found where the directory is missing too.
    if (!attributeExists(tx.state, found)) return openError(path, directoryExists(tx.state, path) ? 'EACCES' : 'ENOENT');
    if (!found.attribute.write) return openError(path, 'EACCES');
    const errno = found.attribute.write(tx, found.params, value);
    return errno === 0 ? OK : writeError(errno);
}
