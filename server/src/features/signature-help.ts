// Signature help for transcript lines: what the tool's command takes, from its table, and which of it is being typed. For `echo … >` it is
// the attribute behind the arrow.
import type { ParameterInformation, SignatureHelp } from 'vscode-languageserver-types';
import type { OptionSpec, ToolSpec, VerbSpec } from '../commands/spec.ts';
import { withoutWrappers } from '../commands/line.ts';
import { commandStart, parseWords, type Word } from '../commands/shell.ts';
import { attributeFor, attributeValues, toolSpec } from '../server/language.ts';
import type { FeatureContext } from './context.ts';

interface Part {
    readonly label: string;
    readonly doc: string;
}

/** What the client understands: places in the label instead of text, and that no parameter is the active one. */
interface Shape {
    readonly offsets: boolean;
    readonly none: boolean;
}

export function signatureHelp({ analysis, client }: FeatureContext, offset: number): SignatureHelp | undefined {
    const start = analysis.lines.lineStart(analysis.lines.lineOf(offset));
    const end = analysis.lines.lineEnd(analysis.lines.lineOf(offset));
    const prompt = /^\s*\$/.exec(analysis.source.text.slice(start, offset));
    if (!prompt) return undefined;
    const line = analysis.source.text.slice(start + prompt[0].length, offset);
    const base = start + prompt[0].length + commandStart(line);
    const typed = parseWords(analysis.source.text.slice(base, offset)).shell.words;
    const whole = parseWords(analysis.source.text.slice(base, end)).shell;
    const words = withoutWrappers(typed);
    const first = words[0];
    const blank = /\s$/.test(analysis.source.text.slice(base, offset));
    if (!first || (words.length === 1 && !blank)) return undefined;
    const information = client.textDocument?.signatureHelp?.signatureInformation;
    const shape: Shape = { offsets: information?.parameterInformation?.labelOffsetSupport === true, none: information?.noActiveParameterSupport === true };
    if (first.text === 'echo' || first.text === 'printf') {
        const path = whole.redirect?.path?.text;
        const attribute = path === undefined ? undefined : attributeFor(path);
        if (!attribute) return undefined;
        const state = analysis.stateBefore(start)?.state;
        const values = state && path !== undefined ? attributeValues(path, state) : undefined;
        const parts: Part[] = [{ label: 'VALUE', doc: values?.length ? `one of ${values.slice(0, 8).join(', ')}` : 'what is written' }, { label: path!, doc: attribute.doc }];
        const behind = analysis.source.text.slice(base, offset).includes('>');
        return help('echo', parts, ' > ', attribute.doc, behind ? 1 : 0, shape);
    }
    const tool = toolSpec(first.text);
    if (!tool) return undefined;
    const verbless = tool.verbs.length === 1 && tool.verbs[0]!.verb === '';
    if (!verbless && (words.length === 1 || (words.length === 2 && !blank))) {
        return help(tool.tool, [{ label: 'COMMAND', doc: tool.verbs.map((v) => v.verb).join(', ') }], ' ', tool.doc, 0, shape);
    }
    const verb = verbless ? tool.verbs[0]! : tool.verbs.find((v) => v.verb === words[1]?.text);
    if (!verb) return undefined;
    return verbHelp(tool, verb, words.slice(verbless ? 1 : 2), blank, shape);
}

function verbHelp(tool: ToolSpec, verb: VerbSpec, words: readonly Word[], blank: boolean, shape: Shape): SignatureHelp {
    const parts: Part[] = [
        ...verb.positionals.map((p): Part => ({ label: `${p.optional ? '[' : ''}${p.name.toUpperCase()}${p.many ? '…' : ''}${p.optional ? ']' : ''}`, doc: `the ${p.name}${p.many ? ', one or more' : ''}` })),
        ...verb.options.map((o): Part => ({ label: `[${o.short ? `${o.short}|` : ''}${o.long}${o.value ? ` ${o.value.toUpperCase()}` : ''}]`, doc: `${o.doc}${o.values ? ` One of ${o.values.join(', ')}.` : ''}` })),
    ];
    return help(`${tool.tool}${verb.verb ? ` ${verb.verb}` : ''}`, parts, ' ', `${verb.doc}${verb.man ? ` ${verb.man}` : ''}`, active(verb, words, blank), shape);
}

/** Index of the part that the cursor is in or would begin. */
function active(verb: VerbSpec, words: readonly Word[], blank: boolean): number {
    const optionIndex = (o: OptionSpec): number => verb.positionals.length + verb.options.indexOf(o);
    const optionOf = (word: Word | undefined): OptionSpec | undefined => {
        const name = word && /^(--[\w-]+|-\w)/.exec(word.text)?.[1];
        return name === undefined ? undefined : verb.options.find((o) => o.long === name || o.short === name) ?? verb.options.find((o) => name.startsWith('--') && o.long.startsWith(name));
    };
    const current = blank ? undefined : words.at(-1);
    const own = optionOf(current);
    if (own) return optionIndex(own);
    const done = blank ? words : words.slice(0, -1);
    const last = optionOf(done.at(-1));
    if (last?.value && !done.at(-1)!.text.includes('=')) return optionIndex(last);
    let given = 0;
    done.forEach((w, i) => {
        const before = optionOf(done[i - 1]);
        if (!w.text.startsWith('-') && !(before?.value && !done[i - 1]!.text.includes('='))) given++;
    });
    const positional = Math.min(given, verb.positionals.length - 1);
    return verb.positionals.length > 0 && (given < verb.positionals.length || verb.positionals[positional]!.many) ? positional : verb.positionals.length + verb.options.length;
}

function help(head: string, parts: readonly Part[], between: string, documentation: string, active: number, shape: Shape): SignatureHelp {
    let label = head;
    const parameters = parts.map((part, i): ParameterInformation => {
        const from = label.length + (i === 0 ? 1 : between.length);
        label += (i === 0 ? ' ' : between) + part.label;
        return { label: shape.offsets ? [from, from + part.label.length] : part.label, documentation: part.doc };
    });
    // behind the last one: none of them is being typed
    const activeParameter = active < parts.length || !shape.none ? active : null;
    return { signatures: [{ label, documentation, parameters, activeParameter }], activeSignature: 0, activeParameter } as SignatureHelp;
}
