// How a tool's command line is written, as data: one table serves parsing, checking, completion, hover and signature help.
import { nearestWord } from './nearest.ts';
import type { Problem, Span, Word } from './shell.ts';

/** What a value is; decides how it is checked and completed. */
export type ValueKind =
    | 'size' | 'align' | 'namespace' | 'region' | 'daxdev' | 'daxregion' | 'dimm' | 'mode' | 'map' | 'uuid' | 'number' | 'text' | 'module'
    | 'blockdev' | 'path' | 'memdev' | 'decoder' | 'bus' | 'device';

export interface OptionSpec {
    /** `--mode`; without value when `value` is absent. */
    readonly long: string;
    /** `-m`. */
    readonly short?: string;
    readonly value?: ValueKind;
    /** The words the tool accepts, where they are a closed list. */
    readonly values?: readonly string[];
    /** One sentence for completion and hover. */
    readonly doc: string;
}

export interface VerbSpec {
    readonly verb: string;
    readonly doc: string;
    /** Manual page: `ndctl-create-namespace(1)`. */
    readonly man?: string;
    readonly options: readonly OptionSpec[];
    readonly positionals: readonly { readonly name: string; readonly kind: ValueKind; readonly optional?: boolean; readonly many?: boolean }[];
    /** Only reads: its output is not predicted, and that is no loss. */
    readonly reads?: boolean;
}

export interface ToolSpec {
    readonly tool: string;
    readonly doc: string;
    /** A tool without verbs has one VerbSpec with verb ''. */
    readonly verbs: readonly VerbSpec[];
}

/** A parsed command line of a tool. */
export interface Invocation {
    readonly tool: string;
    readonly toolSpan: Span;
    readonly spec?: VerbSpec;
    readonly verb?: Word;
    /** By long name. A flag has no value. */
    readonly options: ReadonlyMap<string, { readonly word: Word; readonly value?: Word; readonly spec: OptionSpec }>;
    readonly positionals: readonly Word[];
    readonly problems: readonly Problem[];
}

/** Parses words by a tool's table, the way getopt_long does: options anywhere, `--opt=value`, `-ovalue`, bundled flags, `--`. */
export function parseInvocation(tool: ToolSpec, words: readonly Word[]): Invocation {
    const problems: Problem[] = [];
    const options = new Map<string, { word: Word; value?: Word; spec: OptionSpec }>();
    const positionals: Word[] = [];
    const toolWord = words[0]!;
    let i = 1;
    let verb: Word | undefined;
    let spec: VerbSpec | undefined;
    if (tool.verbs.length === 1 && tool.verbs[0]!.verb === '') spec = tool.verbs[0];
    else {
        verb = words[i++];
        spec = verb && tool.verbs.find((v) => v.verb === verb!.text);
        if (!verb) problems.push({ code: 'command/missing-verb', message: `${tool.tool} needs a command`, span: toolWord.span });
        else if (!spec) problems.push(slip('command/unknown-verb', `${tool.tool} has no command \`${verb.text}\``, verb, tool.verbs.map((v) => v.verb)));
    }
    if (!spec) return { tool: tool.tool, toolSpan: toolWord.span, ...(verb ? { verb } : {}), options, positionals, problems };
    const unknown = (word: Word): void => {
        problems.push(slip('command/unknown-option', `unknown option \`${word.text}\``, word, spec.options.map((o) => o.long)));
    };
    const add = (option: OptionSpec, word: Word, inline: Word | undefined): void => {
        let value = inline;
        if (option.value && !value) value = words[++i];
        if (option.value && !value) {
            problems.push({ code: 'command/missing-value', message: `\`${word.text}\` needs a value`, span: word.span });
        }
        options.set(option.long, { word, ...(value ? { value } : {}), spec: option });
    };
    let only = false;
    for (; i < words.length; i++) {
        const word = words[i]!;
        if (only || !word.text.startsWith('-') || word.text === '-') {
            positionals.push(word);
        } else if (word.text === '--') {
            only = true;
        } else if (word.text.startsWith('--')) {
            const eq = word.text.indexOf('=');
            const name = eq < 0 ? word.text : word.text.slice(0, eq);
            const exact = spec.options.find((o) => o.long === name);
            const option = exact ?? unique(spec.options.filter((o) => o.long.startsWith(name)));
            if (!option) unknown(word);
            else {
                const inline = eq < 0 ? undefined : { text: word.text.slice(eq + 1), span: { start: word.span.start + eq + 1, end: word.span.end } };
                add(option, word, inline);
            }
        } else {
            for (let k = 1; k < word.text.length; k++) {
                const option = spec.options.find((o) => o.short === `-${word.text[k]}`);
                if (!option) {
                    unknown(word);
                    break;
                }
                if (option.value && k + 1 < word.text.length) {
                    const from = k + 1 + (word.text[k + 1] === '=' ? 1 : 0);
                    add(option, word, { text: word.text.slice(from), span: { start: word.span.start + from, end: word.span.end } });
                    break;
                }
                add(option, word, undefined);
            }
        }
    }
    return { tool: tool.tool, toolSpan: toolWord.span, spec, ...(verb ? { verb } : {}), options, positionals, problems };
}

/** A word that is not in a list, with the one that may have been meant; a value behind `=` is not part of the word. */
function slip(code: string, message: string, word: Word, list: readonly string[]): Problem {
    const text = word.text.replace(/=.*/s, '');
    const near = nearestWord(text, list);
    const span = { start: word.span.start, end: word.span.end - (word.text.length - text.length) };
    return { code, message, span, ...(near ? { words: [near] } : {}) };
}

function unique<T>(items: readonly T[]): T | undefined {
    return items.length === 1 ? items[0] : undefined;
}
