// The one place where the server touches the language: parse a part, lower an item, resolve a path, look a tool up.
import type {
    Attached, CxlMemdev, Dimm, Distance, ExpectNodeMemory, Initiator, Node, Platform, Pmem, Scenario, Setting, SoftReserved, Target, VirtioMem,
} from '../language/generated/ast.ts';
import { AstUtils, GrammarUtils } from 'langium';
import type { SysfsAttribute } from '../commands/sysfs.ts';
import { ATTRIBUTES, attributeExists, findAttribute } from '../commands/sysfs-table.ts';
import { findTool, TOOLS } from '../commands/tools.ts';
import type { KernelState } from '../kernel/state.ts';
import type { ToolSpec } from '../commands/spec.ts';
import type { Finding, LoweredPlatform, LoweredScenario, TextSpan } from '../language/model.ts';
import { lowerPlatform, lowerScenario } from '../language/lower.ts';
import { parseText } from '../language/parser.ts';
import type { Lookup, Source } from './source.ts';

export type Item =
    | { readonly kind: 'platform'; readonly name: string; readonly node: Platform; readonly at: TextSpan }
    | { readonly kind: 'scenario'; readonly name: string; readonly node: Scenario; readonly at: TextSpan }
    | { readonly kind: 'import'; readonly path: string; readonly span: TextSpan };

export interface ParsedUnit {
    readonly items: readonly Item[];
    readonly errors: readonly Finding[];
}

export function parseUnit(text: string, uri: string): ParsedUnit {
    const parsed = parseText(uri, text);
    const items: Item[] = [];
    for (const node of parsed.file.items) {
        const cst = node.$cstNode;
        const place = (property: string): TextSpan => {
            const found = GrammarUtils.findNodeForProperty(cst, property) ?? cst;
            return { uri, start: found?.offset ?? 0, end: found?.end ?? 0 };
        };
        if (node.$type === 'Platform') items.push({ kind: 'platform', name: node.name ?? '', node, at: place('name') });
        else if (node.$type === 'Scenario') items.push({ kind: 'scenario', name: node.name ?? '', node, at: place('name') });
        else if (node.path !== undefined) items.push({ kind: 'import', path: node.path, span: place('path') });
    }
    return { items, errors: parsed.errors };
}

/** A name that the author gave: where it is given, and where something refers to it. */
export interface WrittenName {
    readonly kind: 'platform' | 'node' | 'device';
    readonly name: string;
    readonly at: TextSpan;
    readonly declares: boolean;
}

/** What has a name in it. */
type Named = Platform | Scenario | Node | Target | Initiator | Attached | ExpectNodeMemory | Distance | Setting | SoftReserved | Pmem | VirtioMem | Dimm | CxlMemdev;

/** The author's names in an item, by what was parsed: a comment, a string or a word of the language that reads the same is none. */
export function namesIn(item: Item): WrittenName[] {
    const names: WrittenName[] = [];
    if (item.kind === 'import') return names;
    for (const node of AstUtils.streamAst(item.node) as Iterable<Named>) {
        const add = (kind: WrittenName['kind'], property: string, name: string | undefined, declares = false): void => {
            const at = name ? GrammarUtils.findNodeForProperty(node.$cstNode, property) : undefined;
            if (name && at) names.push({ kind, name, at: { uri: item.at.uri, start: at.offset, end: at.end }, declares });
        };
        switch (node.$type) {
            case 'Platform':
                add('platform', 'name', node.name, true);
                add('platform', 'base', node.base?.$refText);
                break;
            case 'Scenario':
                add('platform', 'platform', node.platform?.$refText);
                break;
            case 'Node':
                add('node', 'id', node.id, true);
                break;
            case 'Target':
            case 'Initiator':
            case 'Attached':
            case 'ExpectNodeMemory':
                add('node', 'node', node.node);
                break;
            case 'Distance':
                add('node', 'from', node.from);
                add('node', 'to', node.to);
                break;
            case 'Setting':
                if (node.key === 'node') add('node', 'value', node.value);
                break;
            case 'SoftReserved':
            case 'Pmem':
            case 'VirtioMem':
            case 'Dimm':
            case 'CxlMemdev':
                add('device', 'name', node.name, true);
        }
    }
    return names;
}

/** Can something be called that? */
export function isName(text: string): boolean {
    const { items, errors } = parseUnit(`platform ${text} { }`, '');
    return errors.length === 0 && items.length === 1 && items[0]!.kind === 'platform' && items[0]!.name === text;
}

export function lowerPlatformItem(item: Item & { kind: 'platform' }, uri: string, look: Lookup, kernel?: string): LoweredPlatform {
    return lowerPlatform(item.node, uri, look, kernel);
}

export function lowerScenarioItem(item: Item & { kind: 'scenario' }, uri: string, look: Lookup): LoweredScenario {
    return lowerScenario(item.node, uri, look);
}

/** Findings about several items of a document together: names given twice. */
export function fileFindings(source: Source, sources: readonly Source[]): Finding[] {
    const findings: Finding[] = [];
    const seen = new Map<string, TextSpan>();
    for (const s of [source, ...sources.filter((other) => other !== source)]) {
        for (const unit of s.ready) {
            for (const { kind, name, key, at } of unit.declaredNames) {
                const first = seen.get(key);
                if (first === undefined) seen.set(key, at);
                else if (s === source) {
                    findings.push({
                        code: 'language/duplicate-name', severity: 'error', message: `there is already a ${kind} \`${name}\``, at, rules: [],
                        related: [{ at: first, message: 'the first one' }],
                    });
                }
            }
        }
    }
    return findings;
}

/** Tools with a table, for completion and hover. */
export function toolSpecs(): readonly ToolSpec[] {
    return [...TOOLS.values()].map((t) => t.spec);
}

export function toolSpec(tool: string): ToolSpec | undefined {
    return findTool(tool)?.spec;
}

/** The sysfs and procfs attributes that transcripts read and write. */
export function attributes(): readonly SysfsAttribute[] {
    return ATTRIBUTES;
}

/** The attribute that a path names, whatever exists at present. */
export function attributeFor(path: string): SysfsAttribute | undefined {
    return findAttribute(path)?.attribute;
}

/** Values that a write to the path could bring in this state; empty where there is no such file or no list. */
export function attributeValues(path: string, state: KernelState): readonly string[] {
    const found = findAttribute(path);
    return found && attributeExists(state, found) ? (found.attribute.values?.(state, found.params) ?? []) : [];
}

/** What reading the path gives in this state, without its line end; undefined where it gives none. */
export function readAttribute(path: string, state: KernelState): string | undefined {
    const found = findAttribute(path);
    const read = found && attributeExists(state, found) ? found.attribute.read?.(state, found.params) : undefined;
    return read && 'text' in read ? read.text.trimEnd() : undefined;
}

/** Edits that bring the text into canonical form; undefined where it is too broken for that. */
export { formatEdits } from '../language/formatter.ts';

/** What boot and provisioning of a platform bring up. */
export { bootFindings } from '../language/findings.ts';

/** What the steps of a scenario bring up, under each kernel it names. */
export { scenarioFindings } from '../language/findings.ts';

/** The word of a list that a slip of the finger may have meant. */
export { nearestWord } from '../commands/nearest.ts';

/** What the QEMU monitor takes, for completion. */
export { QEMU_VERBS } from '../commands/qemu.ts';

/** What the grammar lets follow some tokens. */
export { expectedAfter, type Expected, type GrammarToken } from '../language/expected.ts';

/** URI that an import's path leads to, from the importing document; undefined where it leads nowhere. */
export { resolveImport } from '../language/file.ts';
