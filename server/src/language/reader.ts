// Reads values out of the syntax tree and says what is wrong with them, at their place. Missing parts are silent: the parser has
// already complained about them.
import { type AstNode, AstUtils, type CstNode, GrammarAST, isCompositeCstNode } from 'langium';
import type { Range } from '../kernel/range.ts';
import { ADDRESS_LIMIT } from '../kernel/range.ts';
import type { RangeAt } from './described.ts';
import type { Place, Setting } from './generated/ast.ts';
import type { Finding, Origin, TextSpan } from './model.ts';
import { type NumberKind, parseNumber } from './numbers.ts';

/** Property that each element of the grammar assigns to. */
const features = new Map<GrammarAST.AbstractElement, string | undefined>();

function featureOf(cst: CstNode): string | undefined {
    const source = cst.grammarSource;
    if (!source) return undefined;
    if (!features.has(source)) features.set(source, AstUtils.getContainerOfType(source, GrammarAST.isAssignment)?.feature);
    return features.get(source);
}

/** The token or rule that gave a property its value. The library's own search is generic and asks the grammar anew for every token. */
function nodeOfProperty(cst: CstNode, property: string, index: number): CstNode | undefined {
    let left = index;
    const search = (node: CstNode): CstNode | undefined => {
        if (!isCompositeCstNode(node)) return undefined;
        for (const child of node.content) {
            const feature = featureOf(child);
            if (feature === property && left-- === 0) return child;
            // A rule that only passes on (`Member: Node | …`) assigns nothing: what it called belongs to the same node.
            const found = feature === undefined ? search(child) : undefined;
            if (found) return found;
        }
        return undefined;
    };
    return search(cst);
}

/** More findings than these of one declaration help nobody. */
const MOST_FINDINGS = 200;

export class Reader {
    readonly uri: string;
    readonly findings: Finding[] = [];

    constructor(uri: string) {
        this.uri = uri;
    }

    /** Place of a whole node. */
    span(node: AstNode): TextSpan {
        const cst = node.$cstNode;
        return { uri: this.uri, start: cst?.offset ?? 0, end: cst?.end ?? 0 };
    }

    /** Place of one property; of the whole node where it has none. */
    spanOf(node: AstNode, property: string, index?: number): TextSpan {
        const cst = node.$cstNode && nodeOfProperty(node.$cstNode, property, index ?? 0);
        return cst ? { uri: this.uri, start: cst.offset, end: cst.end } : this.span(node);
    }

    /** The node without its block: what to underline when the declaration as such is at fault. */
    head(node: AstNode): TextSpan {
        const cst = node.$cstNode;
        if (!cst) return this.span(node);
        const text = cst.text;
        const brace = text.indexOf('{');
        const line = text.indexOf('\n');
        const cut = Math.min(brace < 0 ? text.length : brace, line < 0 ? text.length : line);
        return { uri: this.uri, start: cst.offset, end: cst.offset + text.slice(0, cut).trimEnd().length };
    }

    origin(kind: Origin['kind'], node: AstNode, more: { name?: string; range?: Range; focus?: TextSpan } = {}): Origin {
        return {
            kind, span: this.span(node), focus: more.focus ?? this.head(node),
            ...(more.name !== undefined ? { name: more.name } : {}), ...(more.range ? { range: more.range } : {}),
        };
    }

    report(code: string, severity: Finding['severity'], message: string, at: TextSpan, more: Partial<Pick<Finding, 'related' | 'rules' | 'data' | 'tags'>> = {}): void {
        if (this.findings.length >= MOST_FINDINGS) return;
        this.findings.push({ code, severity, message, at, rules: more.rules ?? [], related: more.related ?? [], ...(more.data ? { data: more.data } : {}), ...(more.tags ? { tags: more.tags } : {}) });
    }

    /** A number; undefined where it is missing or wrong. */
    number(node: AstNode, property: string, text: string | undefined, kind: NumberKind, index?: number): number | undefined {
        if (text === undefined) return undefined;
        const parsed = parseNumber(text, kind);
        if (parsed.ok) return parsed.value;
        this.report(parsed.code, 'error', parsed.message, this.spanOf(node, property, index));
        return undefined;
    }

    /** `at START size SIZE` or `FIRST-LAST`. */
    place(place: Place | undefined): RangeAt | undefined {
        if (!place) return undefined;
        const at = this.span(place);
        const start = this.number(place, 'start', place.start, 'address');
        if (place.size !== undefined) {
            const size = this.number(place, 'size', place.size, 'size');
            if (start === undefined || size === undefined) return undefined;
            if (size === 0) {
                this.report('platform/zero-size', 'error', 'a range of no bytes', this.spanOf(place, 'size'));
                return undefined;
            }
            if (start + size > ADDRESS_LIMIT) {
                this.report('platform/past-52-bits', 'error', 'this range ends past 2^52, the end of what x86-64 can address', at);
                return undefined;
            }
            return { range: { start, end: start + size - 1 }, at, bySize: true };
        }
        const end = this.number(place, 'end', place.end, 'address');
        if (start === undefined || end === undefined) return undefined;
        if (end < start) {
            this.report('platform/end-below-start', 'error', `this range ends at 0x${end.toString(16)}, below its start: write the first and the last address`, at,
                { data: { start, end } });
            return undefined;
        }
        if (end >= ADDRESS_LIMIT) {
            this.report('platform/past-52-bits', 'error', 'this range ends past 2^52, the end of what x86-64 can address', at);
            return undefined;
        }
        if (end % 16 === 0 && start % 4096 === 0 && end % 4096 === 0) {
            this.report('platform/inclusive-end', 'warning', `ends are inclusive: this range holds one byte of the page at 0x${end.toString(16)}`,
                this.spanOf(place, 'end'), { data: { end: end - 1 } });
        }
        return { range: { start, end }, at, bySize: false };
    }

    /** Settings by key. A second one of the same key is reported, and the first counts. */
    settings(settings: readonly Setting[]): ReadonlyMap<string, Setting> {
        const map = new Map<string, Setting>();
        for (const s of settings) {
            const first = map.get(s.key);
            if (!first) map.set(s.key, s);
            else {
                this.report('language/duplicate-setting', 'error', `\`${s.key}\` is given twice`, this.span(s), {
                    related: [{ at: this.span(first), message: 'the first one counts' }],
                });
            }
        }
        return map;
    }

    /** A number setting; undefined where absent or wrong. */
    setting(map: ReadonlyMap<string, Setting>, key: string, kind: NumberKind): number | undefined {
        const s = map.get(key);
        return s?.value === undefined ? undefined : this.number(s, 'value', s.value, kind);
    }

    /** A word of a closed list; undefined where absent or wrong. */
    word<T extends string>(map: ReadonlyMap<string, Setting>, key: string, words: readonly T[]): T | undefined {
        const s = map.get(key);
        return s?.value === undefined ? undefined : this.oneOf(s, 'value', s.value, key, words);
    }

    oneOf<T extends string>(node: AstNode, property: string, value: string, what: string, words: readonly T[]): T | undefined {
        const found = words.find((w) => w === value);
        if (found !== undefined) return found;
        this.report('language/unknown-word', 'error', `\`${value}\` is not known here: ${what} is ${words.join(', ')}`, this.spanOf(node, property), { data: { words } });
        return undefined;
    }
}
