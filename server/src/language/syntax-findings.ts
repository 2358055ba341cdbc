// What the lexer and the parser complain about, worded for people: the place is the token at fault, the message says what would
// have been right, and one mistake gives one message.
import { CstUtils, isLeafCstNode, type ParseResult } from 'langium';
import { nearestWord } from '../commands/nearest.ts';
import type { File } from './generated/ast.ts';
import type { Finding, TextSpan } from './model.ts';
import { isClosed } from './value-converter.ts';

type ParserError = ParseResult['parserErrors'][number];

/** More than these of one text help nobody. */
const MOST = 50;

export function syntaxFindings(uri: string, text: string, result: ParseResult<File>): Finding[] {
    const out: Finding[] = [];
    const add = (code: string, message: string, start: number, end: number, related: Finding['related'] = [], data?: Finding['data']): void => {
        out.push({ code, severity: 'error', message, at: { uri, start, end: Math.max(end, start) }, rules: [], related, ...(data ? { data } : {}) });
    };
    for (const error of result.lexerErrors.slice(0, MOST)) {
        const junk = text.slice(error.offset, error.offset + error.length);
        add('language/unexpected-character', `${showJunk(junk)} means nothing here`, error.offset, error.offset + error.length);
    }
    const unclosed = result.parserErrors.length > 0 ? unclosedBraces(uri, result.value) : [];
    const seen = new Set<number>();
    // Behind the first mistake of a line the parser guesses: what else it finds there is told when that one is gone.
    const guessing = new Set(result.lexerErrors.slice(0, MOST).map((e) => lineStart(text, e.offset)));
    for (const error of result.parserErrors.slice(0, MOST)) {
        const atEnd = Number.isNaN(error.token.startOffset) || error.token.image === '';
        if (atEnd && unclosed.length > 0) {
            const open = unclosed.at(-1)!;
            if (!out.some((f) => f.code === 'language/unclosed-brace')) add('language/unclosed-brace', 'this `{` is never closed', open.start, open.end);
            continue;
        }
        const end = endOfText(text);
        const told = word(error, atEnd, text);
        const start = atEnd ? Math.max(0, end - 1) : told.start ?? error.token.startOffset;
        const stop = atEnd ? end : told.end ?? error.token.startOffset + error.token.image.length;
        // The library may complain twice about one token: once that it fits no alternative, once that it is not what ends the list.
        if (seen.has(error.token.startOffset) || out.some((f) => f.at.start === start)) continue;
        seen.add(error.token.startOffset);
        const line = lineStart(text, start);
        if (told.code === 'language/unexpected-token' && guessing.has(line)) continue;
        guessing.add(line);
        add(told.code, told.message, start, stop, [], told.data);
    }
    if (text.includes('"') || text.includes('/*')) {
        const root = result.value.$cstNode;
        if (root) {
            for (const leaf of CstUtils.flattenCst(root)) {
                const image = leaf.text;
                if (leaf.tokenType.name === 'STRING' && !isClosed(image)) {
                    add('language/unterminated-string', 'this text is never closed: `"` is missing', leaf.offset, leaf.end);
                } else if (leaf.tokenType.name === 'ML_COMMENT' && (image.length < 4 || !image.endsWith('*/'))) {
                    add('language/unterminated-comment', 'this comment is never closed: `*/` is missing', leaf.offset, Math.min(leaf.end, leaf.offset + 2));
                }
            }
        }
    }
    return out.sort((a, b) => a.at.start - b.at.start);
}

function lineStart(text: string, offset: number): number {
    return text.lastIndexOf('\n', offset - 1);
}

function showJunk(junk: string): string {
    const shown = JSON.stringify(junk.length > 12 ? `${junk.slice(0, 12)}…` : junk).slice(1, -1);
    return `\`${shown}\``;
}

function endOfText(text: string): number {
    return text.trimEnd().length;
}

function unclosedBraces(uri: string, file: File): TextSpan[] {
    const open: TextSpan[] = [];
    if (!file.$cstNode) return open;
    for (const leaf of CstUtils.flattenCst(file.$cstNode)) {
        if (!isLeafCstNode(leaf) || leaf.hidden || leaf.length !== 1) continue;
        const image = leaf.text;
        if (image === '{') open.push({ uri, start: leaf.offset, end: leaf.end });
        else if (image === '}') open.pop();
    }
    return open;
}

const TOKEN_NAMES: Readonly<Record<string, string>> = {
    STRING: 'a text in quotes', NUMBER: 'a number', ID: 'a name', EOF: 'the end of the file', SHELL_LINE: 'a `$` line', MONITOR_LINE: 'a `(qemu)` line',
    MARGIN_LINE: 'a `|` line',
};

interface Told {
    readonly code: string;
    readonly message: string;
    readonly start?: number;
    readonly end?: number;
    readonly data?: Finding['data'];
}

function word(error: ParserError, atEnd: boolean, text: string): Told {
    const found = atEnd ? 'the end' : `\`${short(error.token.image)}\``;
    const code = atEnd ? 'language/unexpected-end' : 'language/unexpected-token';
    const { tokens: expected, after } = expectedTokens(error.message, error.token.image);
    const names = expected.map((t) => TOKEN_NAMES[t] ?? `\`${t}\``);
    const some = names.length > 8 ? `${names.slice(0, 7).join(', ')} …` : orList(names);
    if (after) {
        // All alternatives begin with the token found: it is the one behind it that fits none.
        const from = error.token.startOffset + error.token.image.length;
        const next = /\S+/.exec(text.slice(from, from + 200));
        if (next) {
            const start = from + next.index;
            return { code, message: `${some} expected, not \`${short(next[0])}\``, start, end: start + next[0].length };
        }
    }
    const unit = /^(?:[KMGTP](?:iB)?|[npmu]?s|[KMGT]B\/s)$/.test(error.token.image) ? /\b(0[xX][0-9a-fA-F_]+|[0-9][0-9_.]*)([ \t]+)$/.exec(text.slice(Math.max(0, error.token.startOffset - 40), error.token.startOffset)) : null;
    if (unit) {
        const start = error.token.startOffset - unit[0].length;
        return { code: 'language/unknown-word', message: `a number and its unit are one word: \`${unit[1]}${error.token.image}\``, start, end: error.token.startOffset + error.token.image.length, data: { words: [`${unit[1]}${error.token.image}`] } };
    }
    const rule = error.context?.ruleStack?.at(-1)?.replace(/\u200B$/, '') ?? '';
    if (names.length > 0 && expected[0] !== '}' && (expected[0] !== 'EOF' || atEnd)) {
        const near = nearestWord(error.token.image, expected.filter((t) => !(t in TOKEN_NAMES)));
        if (near) return { code: 'language/unknown-word', message: `${some} expected, not ${found}`, data: { words: [near] } };
        return { code, message: `${some} expected, not ${found}${rule === 'Place' ? ': a range is written `at 4G size 2G` or `0x100000000-0x17fffffff`' : ''}` };
    }
    // What ends a list was expected: the token begins nothing that the list may hold.
    const { image } = error.token;
    if (rule === 'Scenario' && /^[a-z]/.test(image) && error.token.tokenType.name === 'ID') {
        return { code: 'language/missing-prompt', message: `${found} is not known here: a command line starts with \`$\``, data: { insert: '$ ' } };
    }
    const near = nearestWord(image, MEMBERS[rule] ?? []);
    if (near) return { code: 'language/unknown-word', message: `${found} is not known here: do you mean \`${near}\`?`, data: { words: [near] } };
    return { code, message: `${found} does not belong here${belonging(image, rule)}` };
}

/** Where a word belongs that stands in the wrong block; else what the block holds. */
function belonging(image: string, rule: string): string {
    const owners = Object.keys(MEMBERS).filter((r) => MEMBERS[r]!.includes(image) && r !== rule).map((r) => BLOCKS[r]).filter((b) => b !== undefined);
    if (owners.length > 0) return `: it stands in ${orList(owners)}${rule === 'File' ? '; is there a `}` too many above?' : ''}`;
    const members = MEMBERS[rule] ?? [];
    const names = members.map((m) => `\`${m}\``);
    const shown = names.length > 8 ? `${names.slice(0, 7).join(', ')} …` : orList(names);
    return members.length > 0 && image !== '}' ? `: here may stand ${shown}` : image === '}' && rule === 'File' ? ': no block is open' : '';
}

/** Blocks as people name them. */
const BLOCKS: Readonly<Record<string, string>> = {
    File: 'no block', Platform: 'a `platform`', Node: 'a `node`', Target: 'a `target`', Initiator: 'an `initiator`', MemorySideCache: 'a `memory-side-cache`', Pmem: 'a `pmem` range',
    SoftReserved: 'a `soft-reserved` range', VirtioMem: 'a `virtio-mem` device', CxlWindow: 'a `cxl window`', Namespace: 'a `namespace`', Scenario: 'a `scenario`',
};

/** What the members of a block begin with. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
    Platform: [
        'kernel', 'arch', 'firmware', 'hypervisor', 'cmdline', 'config', 'modules', 'node', 'reserved', 'e820', 'resource', 'distance', 'target', 'soft-reserved', 'pmem', 'virtio-mem',
        'dimm', 'hotplug-window', 'cxl',
    ],
    Node: ['cpus', 'memory', 'hotplug', 'generic-initiator'], Target: ['initiator', 'attached', 'memory-side-cache'], Scenario: ['expect', 'kernel'], File: ['platform', 'scenario', 'import'],
    Initiator: ['latency', 'read-latency', 'write-latency', 'bandwidth', 'read-bandwidth', 'write-bandwidth'], MemorySideCache: ['level', 'size', 'associativity', 'write-policy', 'line'],
    Pmem: ['dimms', 'label-size', 'labels-initialised', 'unarmed', 'namespace'], SoftReserved: ['device'], VirtioMem: ['block-size', 'requested', 'bus'],
    CxlWindow: ['ways', 'granularity', 'targets', 'volatile', 'pmem'], Namespace: ['size', 'mode', 'map', 'align', 'sector-size', 'system-ram', 'movable', 'no-online'],
};

/** Token names in the parser library's wording of an error. `after`: they belong behind the token found. */
function expectedTokens(message: string, found: string): { readonly tokens: string[]; readonly after: boolean } {
    const single = /^Expecting token of type '([^']+)'/.exec(message);
    if (single) return { tokens: [single[1]!], after: false };
    const sequences = [...message.matchAll(/^\s*\d+\. \[([^\]]+)\]/gm)].map((m) => m[1]!.split(', '));
    const after = found !== '' && sequences.length > 0 && sequences.every((s) => s[0] === found && s.length > 1);
    const all = [...new Set(sequences.map((s) => s[after ? 1 : 0]!))];
    // Where a name fits, the words of the language that are names too say nothing.
    return { tokens: all.includes('ID') ? all.filter((t) => t in TOKEN_NAMES) : all, after };
}

function short(image: string): string {
    const line = image.split(/\r?\n/, 1)[0]!;
    return line.length > 24 ? `${line.slice(0, 23)}…` : line;
}

function orList(words: readonly string[]): string {
    return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)!}`;
}
