// Completion: keywords and values by the block they are in; what transcripts hold is completion-shell.ts. It reads characters, not the
// tree, so that it works in the half-typed line.
import { type CompletionItem, CompletionItemKind, InsertTextFormat } from 'vscode-languageserver-types';
import { objectNames } from '../render/objects.ts';
import { PROFILES } from '../kernel/profile.ts';
import { tokens } from '../server/tokens.ts';
import type { Analysis } from '../server/analysis.ts';
import type { FeatureContext } from './context.ts';
import { type Add, completeMonitor, completeShell, objectItem } from './completion-shell.ts';
import { expectValues } from './completion-expect.ts';
import { freeAddresses, nextNumber, platformValues } from './completion-values.ts';
import { expectedAt } from './completion-grammar.ts';
import { KEYWORDS, type Keyword, TRANSCRIPTS } from './keywords.ts';

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
        // the prompt came by itself: what is no shell line takes its place
        const prompt = /^(\s*)\$ (\S*)$/.exec(before);
        if (prompt) {
            const from = prompt[1]!.length;
            const without = [{ newText: '', range: { start: { line, character: from }, end: { line, character: from + '$ '.length } } }];
            for (const { label, doc } of KEYWORDS.block.scenario!.filter((k) => k.label === 'expect' || k.label === '(qemu)')) {
                add(label, prompt[2]!, { kind: CompletionItemKind.Keyword, documentation: doc, sortText: `z${label}`, commitCharacters: [' '], additionalTextEdits: without });
            }
        }
        return items;
    }
    const monitor = /^\s*\(qemu\) ?(.*)$/.exec(before)?.[1];
    if (monitor !== undefined) {
        completeMonitor(monitor, analysis.stateBefore(start)?.state, add);
        return items;
    }
    const typed = /[A-Za-z_][\w.-]*$/.exec(before)?.[0] ?? '';
    const lead = before.slice(0, before.length - typed.length);
    const expectation = expectValues(analysis, start, before);
    if (expectation) {
        expectation.values.forEach(({ label, detail }, i) => add(label, expectation.typed, { kind: CompletionItemKind.Value, detail, sortText: `0${String(i).padStart(3, '0')}`, filterText: label }));
        if (expectation.values.length > 0) return items;
    }
    if (insideStringOrComment(analysis, offset)) {
        const parameter = /^\s*cmdline\s+"(?:[^"]*\s)?([\w.=]*)$/.exec(before)?.[1];
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
    const filled = lazy(() => filler(analysis, at));
    // words are listed as people write them, which is how the lists are ordered
    const order = new Map([...block, ...(KEYWORDS.after[last] ?? []), ...KEYWORDS.words].reverse().map((k, i, all) => [k.label, all.length - i]));
    const shown = (keyword: Keyword, rank: string, kind: CompletionItemKind = CompletionItemKind.Keyword): void => add(keyword.label, typed, {
        kind, documentation: keyword.doc, sortText: `${rank}${String(order.get(keyword.label) ?? 0).padStart(2, '0')}${keyword.label}`,
        ...(keyword.snippet && snippets ? { insertText: filled()(keyword.snippet), insertTextFormat: InsertTextFormat.Snippet } : {}),
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
            if (snippets) for (const transcript of TRANSCRIPTS) shown(transcript, '2', CompletionItemKind.Snippet);
        } else {
            for (const word of KEYWORDS.values[`${rule}.${property}`] ?? KEYWORDS.values[last] ?? []) shown(word, '0');
        }
    }
}

/** Puts into a snippet what is right at an offset: the next number, the next free address, a device that exists. */
function filler(analysis: Analysis, at: number): (snippet: string) => string {
    const platform = analysis.platformAt(at)?.lowered;
    const [free] = platform ? freeAddresses(analysis, platform, at) : [];
    const state = analysis.stateBefore(at)?.state;
    const names = state ? { dax: objectNames(state, 'dax'), namespace: objectNames(state, 'namespace') } : { dax: [], namespace: [] };
    return (snippet) => snippet
        .replace(/^(node|cxl window) \$\{1:\d+/, (begin, kind: 'node' | 'cxl window') => (platform ? `${kind} \${1:${nextNumber(platform, kind)}` : begin))
        .replace(/(?<=\bat \$\{\d:)[^}]*/, (address) => free?.label ?? address)
        .replace(/(?<=\$\{\d:)(dax|namespace)0\.0/g, (name, kind: 'dax' | 'namespace') => names[kind][0] ?? name);
}

function lazy<T>(make: () => T): () => T {
    let made: { readonly value: T } | undefined;
    return () => (made ??= { value: make() }).value;
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
            // the first word of the line that has a block: `pmem … node 1 {` is one of pmem
            if (head === undefined || lineStart !== headLine || (KEYWORDS.block[head] === undefined && KEYWORDS.block[image] !== undefined)) head = image;
            headLine = lineStart;
        }
    }
    // a closed part that the cursor stands behind: back at the top
    return open.at(-1) ?? '';
}
