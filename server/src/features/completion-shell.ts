// Completion in a transcript: tools, verbs, options and values from their tables; sysfs paths and the kernel's names as they exist at that line.
import { type CompletionItem, CompletionItemKind } from 'vscode-languageserver-types';
import { isPrefix } from '../commands/line.ts';
import { commandStart } from '../commands/shell.ts';
import type { OptionSpec, ValueKind, VerbSpec } from '../commands/spec.ts';
import { findModule, MODULES } from '../kernel/modules.ts';
import { formatRange } from '../kernel/range.ts';
import type { KernelState } from '../kernel/state.ts';
import { blockNames, findObject, objectNames } from '../render/objects.ts';
import { attributeFor, attributes, attributeValues, QEMU_VERBS, toolSpecs } from '../server/language.ts';
import { capacityLeft, requestedSizes } from './completion-values.ts';

export type Add = (label: string, typed: string, more: Partial<CompletionItem>) => void;

export function completeShell(line: string, behind: string, state: KernelState | undefined, add: Add): void {
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
    if (typed.startsWith('/sys') || (typed.startsWith('/') && words[0] === 'echo') || words.at(-1) === '>' || words[0] === 'cat') {
        if (state) completePath(typed, state, add);
        return;
    }
    if (words[0] === 'echo') {
        if (state) completeWritten(/>\s*(\/\S+)/.exec(text + behind)?.[1], state, typed, add);
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
    const command: Line = { tool: tool.tool, words };
    if (option?.value && (equals || !wholeWord.startsWith('-'))) {
        for (const value of option.values ?? []) add(value, typed, { kind: CompletionItemKind.EnumMember, sortText: `0${value}` });
        if (state) addValues(option.value, command, state, typed, add);
        return;
    }
    if (wholeWord.startsWith('-') || wholeWord === '') {
        // the tables list options as manual pages do, those that matter first
        verb.options.forEach((o, i) => add(o.long, wholeWord, { kind: CompletionItemKind.Property, documentation: o.doc, sortText: `5${String(i).padStart(2, '0')}`, ...(o.short && o.short !== o.long ? { detail: o.short } : {}), filterText: o.long }));
        // `-H` is complete as it stands: it is not to become the long option that resembles it
        if (wholeWord.startsWith('-')) verb.options.forEach((o, i) => { if (o.short) add(o.short, wholeWord, { kind: CompletionItemKind.Property, documentation: o.doc, sortText: `6${String(i).padStart(2, '0')}`, detail: o.long }); });
    }
    if (state) for (const positional of verb.positionals) addValues(positional.kind, command, state, typed, add);
}

/** What is written with `echo`: what the attribute takes now; the names and words that attributes take while it is not typed yet. */
function completeWritten(path: string | undefined, state: KernelState, typed: string, add: Add): void {
    if (path !== undefined && attributeFor(path)) {
        attributeValues(path, state).forEach((value, i) => add(value, typed, {
            kind: CompletionItemKind.Value, sortText: `0${String(i).padStart(3, '0')}`, detail: 'can be written here', ...(findObject(state, value) ? objectItem(state, value) : {}),
        }));
        return;
    }
    for (const value of ['online_movable', 'online', 'online_kernel', 'offline']) add(value, typed, { kind: CompletionItemKind.Value, sortText: `2${value}` });
    for (const kind of ['dax', 'namespace', 'nd-region', 'virtio-mem', 'hmem'] as const) for (const name of objectNames(state, kind)) add(name, typed, objectItem(state, name));
}

/** The command that a value is completed in. */
interface Line {
    readonly tool: string;
    /** Words before the one that is being typed. */
    readonly words: readonly string[];
}

function findOption(verb: VerbSpec, word: string | undefined): OptionSpec | undefined {
    return word === undefined ? undefined : verb.options.find((o) => o.long === word || o.short === word);
}

function addValues(kind: ValueKind, { tool, words }: Line, state: KernelState, typed: string, add: Add): void {
    const names = (of: Parameters<typeof objectNames>[1]): void => {
        for (const name of objectNames(state, of)) add(name, typed, objectItem(state, name));
    };
    switch (kind) {
        case 'namespace':
            return names('namespace');
        case 'region':
            return names(tool === 'cxl' ? 'cxl-region' : 'nd-region');
        case 'daxdev':
            return names('dax');
        case 'dimm':
            return names('nmem');
        case 'memdev':
            return names('memdev');
        case 'module':
            if (words.some((w) => w === '-r' || w === '--remove' || w === 'rmmod')) return names('module');
            for (const { name, doc } of MODULES) if (!state.modules.has(name) && findModule(state.profile, name)) add(name, typed, { kind: CompletionItemKind.Module, documentation: doc, sortText: `0${name}` });
            return;
        case 'decoder':
            for (const window of state.cxl.windows) add(`decoder0.${window.index}`, typed, { kind: CompletionItemKind.Variable, sortText: `0${window.index}`, detail: `CXL Window ${window.index}`, documentation: formatRange(window) });
            return;
        case 'blockdev':
            for (const { disk, name } of state.nvdimm.namespaces.values()) if (disk) add(`/dev/${disk}`, typed, { ...objectItem(state, name), detail: name });
            return;
        case 'size':
            capacityLeft(state, tool).forEach(({ label, detail }, i) => add(label, typed, { kind: CompletionItemKind.Value, detail, sortText: `0${i}` }));
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
export function completeMonitor(text: string, state: KernelState | undefined, add: Add): void {
    const typed = /[^\s,=]*$/.exec(text)![0];
    const lead = text.slice(0, text.length - typed.length);
    const [name = '', ...operands] = lead.trim().split(/\s+/);
    if (name === '') {
        for (const { verb, doc } of QEMU_VERBS) add(verb, typed, { kind: CompletionItemKind.Function, documentation: doc });
        return;
    }
    const verb = QEMU_VERBS.find((v) => v.verb === name);
    if (verb?.kinds && verb.properties) {
        const property = /([\w-]+)=$/.exec(lead)?.[1];
        if (property === 'size' || property === 'requested-size') for (const size of ['1G', '2G', '4G', '8G', '16G']) add(size, typed, { kind: CompletionItemKind.Value, sortText: natural(size) });
        if (property !== undefined) return;
        if (operands.length === 0) for (const kind of verb.kinds) add(kind, typed, { kind: CompletionItemKind.Class });
        else for (const property of verb.properties) if (!lead.includes(`,${property}=`)) add(`${property}=`, typed, { kind: CompletionItemKind.Property });
    } else if (operands.length === 0 && /^(?:device_del|qom-[gs]et)$/.test(name)) {
        if (!state) return;
        for (const { device, name: inLinux } of state.virtioMem.values()) add(device, typed, { ...objectItem(state, inLinux), sortText: `0${natural(device)}` });
        if (name === 'device_del') for (const device of objectNames(state, 'dimm')) add(device, typed, objectItem(state, device));
    } else if (operands.length === 1 && name.startsWith('qom-')) {
        for (const property of name === 'qom-get' ? ['requested-size', 'size'] : ['requested-size']) add(property, typed, { kind: CompletionItemKind.Property });
    } else if (operands.length === 2 && name === 'qom-set' && operands[1] === 'requested-size') {
        const device = state && [...state.virtioMem.values()].find((v) => v.device === operands[0]);
        if (device) requestedSizes(device).forEach(({ label, detail }, i) => add(label, typed, { kind: CompletionItemKind.Value, detail, sortText: `0${i}` }));
    } else if (operands.length === 0 && name === 'info') add('memory-devices', typed, { kind: CompletionItemKind.Property });
}

/** Names of one kind that are offered at once. */
const MOST_NAMES = 64;

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
        for (const name of componentNames(next, attribute.params, state, typed.slice(slash + 1))) {
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

/** The names that a component of a path has; of memory blocks only those that begin with what is typed: there may be thousands. */
function componentNames(component: string, params: ((state: KernelState, name: string) => readonly string[]) | undefined, state: KernelState, typed: string): readonly string[] {
    const param = /:(\w+)/.exec(component);
    if (!param) return [component];
    if (component === 'memory:block') return blockNames(state, MOST_NAMES, typed);
    const values = params?.(state, param[1]!) ?? [];
    return values.slice(0, MOST_NAMES).map((v) => component.replace(param[0], v));
}

export function objectItem(state: KernelState, name: string): Partial<CompletionItem> {
    const object = findObject(state, name);
    return { kind: CompletionItemKind.Variable, sortText: `0${natural(name)}`, ...(object ? { detail: object.title, documentation: object.facts.join(', ') } : {}) };
}

/** Spelled so that names sort as people count: memory9 before memory10. */
function natural(name: string): string {
    return name.replace(/\d+/g, (digits) => digits.padStart(8, '0'));
}
