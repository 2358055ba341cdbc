// What a transcript line says: its commands, each with the places of its words. Nothing is expanded or carried out here.
import { parseQemu } from './qemu.ts';
import { FILTERS, READERS } from './read.ts';
import { parseScript, parseWords, type Problem, type Script, type ShellLine, type Span, type Word } from './shell.ts';
import { type Invocation, parseInvocation } from './spec.ts';
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
/** Numbers that one `seq` may print. */
const MOST_NUMBERS = 8192;

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

/** A word that leaves all that stands behind it as it is: `sudo`, `nohup`. */
export function isPrefix(word: string): boolean {
    return Object.hasOwn(WRAPPERS, word) && WRAPPERS[word]!.operands === 0;
}

/** The words behind `sudo`, `timeout 20` and `NAME=value`. */
export function withoutWrappers(words: readonly Word[]): readonly Word[] {
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

export function parseCommand(shell: ShellLine): { readonly command: Command; readonly problems: readonly Problem[] } {
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
    return length > MOST_NUMBERS ? undefined : Array.from({ length }, (_, i) => `${from + i * step}\n`).join('');
}
