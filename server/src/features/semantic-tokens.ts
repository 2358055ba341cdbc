// Semantic tokens: what a colour scheme cannot know from characters alone. Which words are keywords here, what a platform's name is, and the
// parts of a transcript line: tool, verb, option, value, path, the kernel's own names.
import type { Range, SemanticTokens, SemanticTokensDelta } from 'vscode-languageserver-types';
import { type ParsedCommand, parseLine } from '../commands/line.ts';
import type { Script, ShellLine } from '../commands/shell.ts';
import { namesIn } from '../language/resolve.ts';
import type { Analysis } from '../server/analysis.ts';
import { tokens } from '../server/tokens.ts';
import type { FeatureContext } from './context.ts';
import { ALL_KEYWORDS } from './keywords.ts';

export const TOKEN_TYPES = ['keyword', 'class', 'string', 'number', 'comment', 'operator', 'function', 'method', 'property', 'enumMember', 'variable', 'macro'] as const;
export const TOKEN_MODIFIERS = ['declaration', 'readonly'] as const;
type Type = (typeof TOKEN_TYPES)[number];

const DECLARATION = 1;
const READONLY = 2;

type Emit = (start: number, end: number, type: Type, modifiers?: number) => void;

/** Tokens of the document, or of a range of it. A large document is given only its range: all of it would keep everybody waiting. */
export function semanticTokens({ analysis }: FeatureContext, range?: Range): SemanticTokens {
    const from = range ? analysis.lines.offsetAt(range.start) : 0;
    const to = range ? analysis.lines.offsetAt(range.end) : analysis.source.large ? 0 : analysis.source.text.length;
    const data: number[] = [];
    let line = 0;
    let character = 0;
    const push = (start: number, end: number, type: Type, modifiers: number): void => {
        const at = analysis.lines.positionAt(start);
        data.push(at.line - line, at.line === line ? at.character - character : at.character, end - start, TOKEN_TYPES.indexOf(type), modifiers);
        line = at.line;
        character = at.character;
    };
    if (to > from) {
        for (const unit of analysis.source.unitsBetween(from, to)) {
            unitTokens(unit.text, analysis.source.startOf(unit), (start, end, type, modifiers = 0) => {
                if (end < from || start > to) return;
                // a token never spans lines: few clients can show one that does
                let s = start;
                while (s < end) {
                    const stop = Math.min(end, analysis.lines.lineEnd(analysis.lines.lineOf(s)));
                    if (stop > s) push(s, stop, type, modifiers);
                    s = analysis.lines.lineStart(analysis.lines.lineOf(s) + 1);
                }
            });
        }
    }
    return { resultId: resultId(analysis), data };
}

/** The one edit that leads from `before` to `after`. */
export function tokenEdits(before: readonly number[], after: SemanticTokens): SemanticTokensDelta {
    const next = after.data;
    let head = 0;
    while (head < before.length && head < next.length && before[head] === next[head]) head++;
    let tail = 0;
    while (tail < before.length - head && tail < next.length - head && before[before.length - 1 - tail] === next[next.length - 1 - tail]) tail++;
    const edits = before.length === next.length && head === before.length ? [] : [{ start: head, deleteCount: before.length - head - tail, data: next.slice(head, next.length - tail) }];
    return { ...(after.resultId === undefined ? {} : { resultId: after.resultId }), edits };
}

function resultId(analysis: Analysis): string {
    return `${analysis.version}`;
}

function unitTokens(text: string, base: number, emit: Emit): void {
    let previous = '';
    let beforePrevious = '';
    for (const token of tokens(text)) {
        const image = text.slice(token.start, token.end);
        const start = base + token.start;
        const end = base + token.end;
        switch (token.kind) {
            case 'string':
                emit(start, end, 'string');
                break;
            case 'line-comment':
            case 'comment':
                emit(start, end, 'comment');
                break;
            case 'margin':
                emit(start, start + 1, 'operator');
                emit(start + 1, end, 'string');
                break;
            case 'number':
                emit(start, end, 'number');
                break;
            case 'shell':
                emit(start, start + 1, 'macro');
                lineTokens('$', image.slice(1), start + 1, emit);
                break;
            case 'monitor':
                emit(start, start + 6, 'macro');
                lineTokens('(qemu)', image.slice(6), start + 6, emit);
                break;
            case 'word':
                if (previous === 'platform') emit(start, end, 'class', DECLARATION);
                else if (previous === 'extends' || previous === 'on') emit(start, end, 'class');
                else if (/^E[A-Z0-9]+$/.test(image)) emit(start, end, 'enumMember');
                else if (beforePrevious === 'expect' || (previous === 'ram' || previous === 'lost')) emit(start, end, /\d/.test(image) ? 'variable' : 'keyword', /\d/.test(image) ? READONLY : 0);
                else if (ALL_KEYWORDS.has(image)) emit(start, end, 'keyword');
                else emit(start, end, 'variable');
                break;
            default:
                break;
        }
        if (token.kind === 'comment' || token.kind === 'line-comment') continue;
        beforePrevious = previous;
        previous = image;
    }
}

type Add = (span: { start: number; end: number }, type: Type, modifiers?: number) => void;

function commandTokens({ shell, command }: ParsedCommand, add: Add): void {
    for (let stage: ShellLine | undefined = shell; stage; stage = stage.pipe) {
        for (const { parts } of [...stage.words, ...(stage.redirect?.path ? [stage.redirect.path] : [])]) {
            for (const part of parts ?? []) if (part.kind === 'variable') add(part.span, 'variable');
        }
        if (stage.redirect) {
            add(stage.redirect.operator.span, 'operator');
            if (stage.redirect.path) add(stage.redirect.path.span, 'string');
        }
        if (stage !== shell || command.kind !== 'tool') wordTokens(stage, add);
    }
    if (command.kind !== 'tool') return;
    const { invocation } = command;
    for (const word of shell.words) if (word.span.end <= invocation.toolSpan.start) add(word.span, 'function');
    add(invocation.toolSpan, 'function');
    if (invocation.verb) add(invocation.verb.span, 'method');
    for (const { word, value } of invocation.options.values()) {
        const inline = value && value.span.start < word.span.end ? value : undefined;
        add({ start: word.span.start, end: inline ? inline.span.start : word.span.end }, 'property');
        if (value) add(value.span, valueType(value.text));
    }
    for (const word of invocation.positionals) add(word.span, valueType(word.text));
}

function wordTokens({ words }: ShellLine, add: Add): void {
    words.forEach((word, i) => {
        if (i === 0) add(word.span, 'function');
        else if (word.text.startsWith('-')) add(word.span, 'property');
        else add(word.span, valueType(word.text));
    });
}

function loopTokens(script: Script, add: Add): void {
    for (const { node } of script) {
        if (!('loop' in node)) continue;
        for (const span of node.loop.keywords) add(span, 'keyword');
        add(node.loop.variable.span, 'variable');
        loopTokens(node.loop.body, add);
    }
}

function lineTokens(prompt: '$' | '(qemu)', text: string, base: number, emit: Emit): void {
    const spans: { start: number; end: number; type: Type; modifiers?: number }[] = [];
    const add = (span: { start: number; end: number }, type: Type, modifiers?: number): void => {
        if (span.end > span.start) spans.push({ start: span.start, end: span.end, type, ...(modifiers === undefined ? {} : { modifiers }) });
    };
    const line = parseLine(prompt, text);
    for (const command of line.commands) commandTokens(command, add);
    loopTokens(line.script, add);
    const comment = /(?:^|\s)(#.*)$/.exec(text);
    const last = Math.max(0, ...spans.map((s) => s.end));
    if (comment && text.length - comment[1]!.length >= last) add({ start: text.length - comment[1]!.length, end: text.length }, 'comment');
    let end = 0;
    for (const s of spans.sort((a, b) => a.start - b.start)) {
        if (s.start < end) continue;
        end = s.end;
        emit(base + s.start, base + s.end, s.type, s.modifiers);
    }
}

function valueType(text: string): Type {
    if (/^(?:0x)?[0-9][0-9a-fA-F]*[KMGTkmgt]?(?:i?B)?$/.test(text)) return 'number';
    if (text.startsWith('/')) return 'string';
    return namesIn(text).length > 0 ? 'variable' : 'enumMember';
}
