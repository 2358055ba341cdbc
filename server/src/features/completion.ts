// Completion: keywords by the block they are in; tools, verbs, options and values from their tables; sysfs paths and the kernel's
// names as they exist at that line. It reads characters, not the tree, so that it works in the half-typed line.
import { type CompletionItem, CompletionItemKind, InsertTextFormat } from 'vscode-languageserver-types';
import { isPrefix } from '../commands/line.ts';
import { commandStart } from '../commands/shell.ts';
import type { OptionSpec, ValueKind, VerbSpec } from '../commands/spec.ts';
import type { KernelState } from '../kernel/state.ts';
import { blockNames, findObject, objectNames } from '../render/objects.ts';
import { PROFILES } from '../kernel/profile.ts';
import { attributes, attributeValues, QEMU_VERBS, toolSpecs } from '../server/language.ts';
import { tokens } from '../server/tokens.ts';
import type { Analysis } from '../server/analysis.ts';
import type { FeatureContext } from './context.ts';
import { capacityLeft, platformValues } from './completion-values.ts';
import { expectedAt } from './completion-grammar.ts';
import { KEYWORDS, type Keyword } from './keywords.ts';

export function completion({ analysis, client }: FeatureContext, offset: number): CompletionItem[] {
    const snippets = client.textDocument?.completion?.completionItem?.snippetSupport === true;
    const line = analysis.lines.lineOf(offset);
    const start = analysis.lines.lineStart(line);
    const before = analysis.source.text.slice(start, offset);
    const shell = /^\s*\$ ?(.*)$/.exec(before);
    const at = (typed: string): { line: number; from: number; to: number } => ({ line, from: before.length - typed.length, to: before.length });
    const items: CompletionItem[] = [];
    const add = (label: string, typed: string, more: Partial<CompletionItem>): void => {
        const place = at(typed);
        if (items.some((i) => i.label === label)) return;
        items.push({
            label, ...more,
            textEdit: { newText: more.insertText ?? label, range: { start: { line: place.line, character: place.from }, end: { line: place.line, character: place.to } } },
        });
    };
    if (shell) {
        const state = analysis.stateBefore(start)?.state;
        completeShell(shell[1]!, analysis.source.text.slice(offset, analysis.lines.lineEnd(line)), state, add);
        return items;
    }
    const monitor = /^\s*\(qemu\) ?(.*)$/.exec(before)?.[1];
    if (monitor !== undefined) {
        completeMonitor(monitor, analysis.stateBefore(start)?.state, add);
        return items;
    }
    const typed = /[A-Za-z_][\w.-]*$/.exec(before)?.[0] ?? '';
    const lead = before.slice(0, before.length - typed.length);
    if (insideStringOrComment(analysis, offset)) {
        const parameter = /^\s*cmdline\s+"(?:[^"]*\s)?([\w.]*)$/.exec(before)?.[1];
        if (parameter !== undefined) for (const { label, doc } of KEYWORDS.bootParameters) add(label, parameter, { kind: CompletionItemKind.Property, documentation: doc });
        return items;
    }
    if (/\bkernel\s+(?:[\d.]+\s*,\s*)*[\d.]*$/.test(before)) {
        const version = /[\d.]*$/.exec(before)![0];
        [...PROFILES].reverse().forEach((p, i) => add(p.name, version, { kind: CompletionItemKind.EnumMember, detail: 'kernel release', sortText: String(i).padStart(3, '0') }));
        return items;
    }
    const number = /(?:^|\s)([0-9][\w.]*)?$/.exec(before)?.[1] ?? '';
    const values = typed === '' ? platformValues(analysis, offset, before.slice(0, before.length - number.length)) : [];
    values.forEach(({ label, detail }, i) => add(label, number, { kind: CompletionItemKind.Value, detail, sortText: `0${String(i).padStart(3, '0')}` }));
    if (values.length > 0 || number !== '') return items;
    addExpected(analysis, offset - typed.length, lead, typed, snippets, add);
    return items;
}

/** Blocks of declarations: a setting behind one of them is not a word of the block. */
const OUTER: ReadonlySet<string> = new Set(['', 'platform', 'scenario']);

/** Keywords and words of closed lists that the grammar lets stand here: first what goes on with the declaration, then what begins another. */
function addExpected(analysis: Analysis, at: number, lead: string, typed: string, snippets: boolean, add: Add): void {
    const name = enclosingBlock(analysis, at);
    const block = KEYWORDS.block[name] ?? [];
    const last = /([\w-]+)\s+$/.exec(lead)?.[1] ?? '';
    const shown = (keyword: Keyword, rank: string): void => add(keyword.label, typed, {
        kind: CompletionItemKind.Keyword, documentation: keyword.doc, sortText: `${rank}${keyword.label}`,
        ...(keyword.snippet && snippets ? { insertText: keyword.snippet, insertTextFormat: InsertTextFormat.Snippet } : {}),
    });
    for (const expected of expectedAt(analysis, at)) {
        const { keyword, rule, property, begins } = expected;
        if (keyword !== undefined) {
            if (!/^[a-z]/.test(keyword) || alreadyGiven(lead, keyword, rule)) continue;
            const another = begins.some((b) => b === 'Item' || b.endsWith('Member'));
            const setting = rule === 'ProvisionSetting' ? KEYWORDS.block.device! : OUTER.has(name) ? [] : block;
            const documented = [...(another ? block : setting), ...(KEYWORDS.after[last] ?? []), ...KEYWORDS.words].find((k) => k.label === keyword);
            shown(documented ?? { label: keyword, doc: '' }, another ? '1' : '0');
        } else if (property === 'platform' || property === 'base') {
            for (const name of analysis.platformNames()) add(name, typed, { kind: CompletionItemKind.Class, detail: 'platform' });
        } else if (rule === 'ExpectAmount' && property === 'subject') {
            const state = analysis.stateBefore(at)?.state;
            if (state) for (const kind of ['dax', 'namespace', 'node', 'dimm', 'virtio-mem'] as const) for (const name of objectNames(state, kind)) add(name, typed, objectItem(state, name));
        } else if (rule === 'ScenarioMember' || property === 'line') {
            for (const prompt of block.filter((k) => !/^[a-z]/.test(k.label))) shown(prompt, '1');
        } else {
            for (const word of KEYWORDS.values[`${rule}.${property}`] ?? KEYWORDS.values[last] ?? []) shown(word, '0');
        }
    }
}

/** A setting that stands on the line already, in the same braces. */
function alreadyGiven(lead: string, keyword: string, rule: string): boolean {
    return (rule.endsWith('Setting') || rule.endsWith('Detail')) && new RegExp(`(?:^|\\s)${keyword}(?=\\s|$)`).test(lead.slice(lead.lastIndexOf('{') + 1));
}

function insideStringOrComment(analysis: Analysis, offset: number): boolean {
    const unit = analysis.source.unitAt(offset);
    if (!unit) return false;
    const local = offset - analysis.source.startOf(unit);
    for (const token of tokens(unit.text)) {
        if (token.start >= local) return false;
        if (token.end < local) continue;
        const image = unit.text.slice(token.start, token.end);
        if (token.kind === 'string') return local < token.end || image.length === 1 || !image.endsWith('"');
        if (token.kind === 'comment') return local < token.end;
        if (token.kind === 'line-comment' || token.kind === 'margin') return true;
    }
    return false;
}

/** The keyword that a word is in the block it stands in; undefined for names and for words of another block. */
export function keywordAt(analysis: Analysis, start: number, word: string): Keyword | undefined {
    const line = analysis.source.text.slice(analysis.lines.lineStart(analysis.lines.lineOf(start)), start);
    const last = /([\w-]+)\s+$/.exec(line)?.[1];
    const candidates = [...((last && KEYWORDS.after[last]) || []), ...(KEYWORDS.block[enclosingBlock(analysis, start)] ?? [])];
    return candidates.find((k) => k.label === word);
}

/** First word of the declaration whose braces the offset is in; '' at the top. */
function enclosingBlock(analysis: Analysis, offset: number): string {
    const unit = analysis.source.unitAt(offset);
    if (!unit) return '';
    const local = offset - analysis.source.startOf(unit);
    const text = unit.text;
    const open: string[] = [];
    let head: string | undefined;
    let headLine = -1;
    for (const token of tokens(text)) {
        if (token.start >= local) break;
        if (token.kind === '{') {
            open.push(head ?? '');
            head = undefined;
        } else if (token.kind === '}') {
            open.pop();
            head = undefined;
        } else if (token.kind === 'word') {
            const image = text.slice(token.start, token.end);
            const lineStart = text.lastIndexOf('\n', token.start - 1) + 1;
            if (KEYWORDS.block[image] !== undefined || head === undefined || lineStart !== headLine) {
                if (KEYWORDS.block[image] !== undefined || lineStart !== headLine) head = image;
                headLine = lineStart;
            }
        }
    }
    // a closed part that the cursor stands behind: back at the top
    return open.at(-1) ?? '';
}

// ------------------------------------------------------------------------------------------------------------------ shell

type Add = (label: string, typed: string, more: Partial<CompletionItem>) => void;

function completeShell(line: string, behind: string, state: KernelState | undefined, add: Add): void {
    const text = line.slice(commandStart(line));
    const typed = /[^\s"'=>]*$/.exec(text)![0];
    const wholeWord = /[^\s>]*$/.exec(text)![0];
    const words = text.slice(0, text.length - wholeWord.length).replaceAll('>', ' > ').trim().split(/\s+/).filter((w) => w !== '');
    while (words[0] !== undefined && isPrefix(words[0])) words.shift();
    if (words.length === 0) {
        for (const spec of toolSpecs()) add(spec.tool, typed, { kind: CompletionItemKind.Function, documentation: spec.doc });
        for (const [name, doc] of [['echo', 'Writes a value, with `>` into a sysfs attribute.'], ['cat', 'Reads an attribute.']] as const) add(name, typed, { kind: CompletionItemKind.Function, documentation: doc });
        return;
    }
    if (typed.startsWith('/') || words.at(-1) === '>' || words[0] === 'cat') {
        if (state) completePath(typed, state, add);
        return;
    }
    if (words[0] === 'echo') {
        if (!state) return;
        const path = />\s*(\/\S+)/.exec(text + behind)?.[1];
        if (path !== undefined) {
            const legal = attributeValues(path, state);
            legal.forEach((value, i) => add(value, typed, { kind: CompletionItemKind.Value, sortText: `0${String(i).padStart(3, '0')}`, detail: 'can be written here', ...(findObject(state, value) ? objectItem(state, value) : {}) }));
            if (legal.length > 0) return;
        }
        for (const value of ['online_movable', 'online', 'online_kernel', 'offline']) add(value, typed, { kind: CompletionItemKind.Value, sortText: `2${value}` });
        for (const kind of ['dax', 'namespace', 'nd-region', 'virtio-mem', 'hmem'] as const) for (const name of objectNames(state, kind)) add(name, typed, objectItem(state, name));
        return;
    }
    const tool = toolSpecs().find((t) => t.tool === words[0]);
    if (!tool) return;
    const verbless = tool.verbs.length === 1 && tool.verbs[0]!.verb === '';
    if (!verbless && words.length === 1) {
        for (const verb of tool.verbs) add(verb.verb, typed, { kind: CompletionItemKind.Method, documentation: verb.doc, ...(verb.man ? { detail: verb.man } : {}) });
        return;
    }
    const verb = verbless ? tool.verbs[0] : tool.verbs.find((v) => v.verb === words[1]);
    if (!verb) return;
    const equals = /^(--[\w-]+)=/.exec(wholeWord);
    const previous = words.at(-1);
    const option = findOption(verb, equals?.[1] ?? previous);
    if (option?.value && (equals || !wholeWord.startsWith('-'))) {
        for (const value of option.values ?? []) add(value, typed, { kind: CompletionItemKind.EnumMember, sortText: `0${value}` });
        if (state) addValues(option.value, state, typed, add);
        return;
    }
    if (wholeWord.startsWith('-') || wholeWord === '') {
        for (const o of verb.options) add(o.long, wholeWord, { kind: CompletionItemKind.Property, documentation: o.doc, sortText: `5${o.long}`, ...(o.short ? { detail: o.short } : {}), filterText: o.long });
    }
    if (state) for (const positional of verb.positionals) addValues(positional.kind, state, typed, add);
}

function findOption(verb: VerbSpec, word: string | undefined): OptionSpec | undefined {
    return word === undefined ? undefined : verb.options.find((o) => o.long === word || o.short === word);
}

function addValues(kind: ValueKind, state: KernelState, typed: string, add: Add): void {
    const names = (of: Parameters<typeof objectNames>[1]): void => {
        for (const name of objectNames(state, of)) add(name, typed, objectItem(state, name));
    };
    switch (kind) {
        case 'namespace':
            return names('namespace');
        case 'region':
            names('nd-region');
            return names('cxl-region');
        case 'daxdev':
            return names('dax');
        case 'dimm':
            return names('nmem');
        case 'memdev':
            return names('memdev');
        case 'module':
            return names('module');
        case 'size':
            for (const { label, detail } of capacityLeft(state)) add(label, typed, { kind: CompletionItemKind.Value, detail });
            return;
        case 'daxregion':
            for (const { id } of state.dax.regions.values()) add(String(id), typed, { kind: CompletionItemKind.Value, detail: 'dax region' });
            return;
        case 'align':
            for (const value of ['4K', '2M', '1G']) add(value, typed, { kind: CompletionItemKind.Value });
            return;
        default:
            return;
    }
}

/** A line of the QEMU monitor: verbs, kinds of devices, their properties, and the devices that the machine has. */
function completeMonitor(text: string, state: KernelState | undefined, add: Add): void {
    const typed = /[^\s,=]*$/.exec(text)![0];
    const lead = text.slice(0, text.length - typed.length);
    const [name = '', ...operands] = lead.trim().split(/\s+/);
    if (name === '') {
        for (const { verb, doc } of QEMU_VERBS) add(verb, typed, { kind: CompletionItemKind.Function, documentation: doc });
        return;
    }
    const verb = QEMU_VERBS.find((v) => v.verb === name);
    if (verb?.kinds && verb.properties) {
        if (lead.endsWith('=')) return;
        if (operands.length === 0) for (const kind of verb.kinds) add(kind, typed, { kind: CompletionItemKind.Class });
        else for (const property of verb.properties) if (!lead.includes(`,${property}=`)) add(`${property}=`, typed, { kind: CompletionItemKind.Property });
    } else if (operands.length === 0 && /^(?:device_del|qom-[gs]et)$/.test(name)) {
        if (!state) return;
        for (const { device, name: inLinux } of state.virtioMem.values()) add(device, typed, { ...objectItem(state, inLinux), sortText: `0${natural(device)}` });
        if (name === 'device_del') for (const device of objectNames(state, 'dimm')) add(device, typed, objectItem(state, device));
    } else if (operands.length === 1 && name.startsWith('qom-')) {
        for (const property of name === 'qom-get' ? ['requested-size', 'size'] : ['requested-size']) add(property, typed, { kind: CompletionItemKind.Property });
    } else if (operands.length === 0 && name === 'info') add('memory-devices', typed, { kind: CompletionItemKind.Property });
}

/** Paths, one component at a time, from the attribute table and the objects that exist. */
function completePath(typed: string, state: KernelState, add: Add): void {
    const slash = typed.lastIndexOf('/');
    const parent = slash < 0 ? '/' : typed.slice(0, slash + 1);
    const depth = parent.split('/').length - 1;
    const seen = new Set<string>();
    for (const attribute of attributes()) {
        const components = attribute.path.split('/');
        if (components.length <= depth) continue;
        if (!matches(components.slice(0, depth), parent.split('/').slice(0, depth))) continue;
        const next = components[depth]!;
        const last = depth === components.length - 1;
        for (const name of componentNames(next, attribute.params, state)) {
            const label = parent + name + (last ? '' : '/');
            if (seen.has(label)) continue;
            seen.add(label);
            add(label, typed, { kind: last ? CompletionItemKind.File : CompletionItemKind.Folder, sortText: natural(label), ...(last ? { documentation: attribute.doc } : {}), filterText: label });
        }
    }
}

function matches(pattern: readonly string[], given: readonly string[]): boolean {
    return pattern.every((p, i) => p === given[i] || (p.includes(':') && new RegExp(`^${p.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:\w+/g, '[^/]+')}$`).test(given[i] ?? '')));
}

function componentNames(component: string, params: ((state: KernelState, name: string) => readonly string[]) | undefined, state: KernelState): readonly string[] {
    const param = /:(\w+)/.exec(component);
    if (!param) return [component];
    if (component === 'memory:block') return blockNames(state, 64);
    const values = params?.(state, param[1]!) ?? [];
    return values.slice(0, 64).map((v) => component.replace(param[0], v));
}

function objectItem(state: KernelState, name: string): Partial<CompletionItem> {
    const object = findObject(state, name);
    return { kind: CompletionItemKind.Variable, sortText: `0${natural(name)}`, ...(object ? { detail: object.title, documentation: object.facts.join(', ') } : {}) };
}

/** Spelled so that names sort as people count: memory9 before memory10. */
function natural(name: string): string {
    return name.replace(/\d+/g, (digits) => digits.padStart(8, '0'));
}
