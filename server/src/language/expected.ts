// What the grammar lets follow some tokens: the grammar itself is walked, as a machine that is in several places at once. The parser cannot
// tell, for it stops at the first mistake, and the line being typed is one.
import { GrammarAST } from 'langium';
import { MemtopoGrammar } from './generated/grammar.ts';

/** A token by the name of its terminal; words and punctuation have their own text as name. */
export interface GrammarToken {
    readonly kind: 'STRING' | 'NUMBER' | 'ID' | 'SHELL_LINE' | 'MONITOR_LINE' | 'MARGIN_LINE' | 'PUNCTUATION';
    readonly text: string;
}

/** One thing that may come next. */
export interface Expected {
    /** The keyword; undefined where a name, a number or a text is expected. */
    readonly keyword: string | undefined;
    /** The innermost rule, and the property of it that the thing is for. */
    readonly rule: string;
    readonly property: string | undefined;
    /** Rules that would begin with it, outermost first. */
    readonly begins: readonly string[];
}

interface Place {
    readonly rule: string;
    readonly property: string | undefined;
    /** Rules on the way here, each with the token that it began at. */
    readonly stack: readonly { readonly rule: string; readonly from: number }[];
}

/** Names are spelled with words of the language too: these rules stand for one token, not for what is in them. */
const NAMES: ReadonlySet<string> = new Set(['Name', 'Word', 'Value', 'Version', 'ModuleName']);
/** What a rule of one token takes besides names. */
const ALSO: Readonly<Record<string, readonly GrammarToken['kind'][]>> = { Value: ['NUMBER', 'STRING'], Version: ['NUMBER', 'STRING'], ModuleName: ['STRING'] };

/** What may follow these tokens of a file; empty where they are wrong already. `mayBegin`: may this rule begin at the token of that number? */
export function expectedAfter(tokens: readonly GrammarToken[], mayBegin: (rule: string, token: number) => boolean = () => true): readonly Expected[] {
    const out: Expected[] = [];
    const entry = MemtopoGrammar().rules.find((r) => GrammarAST.isParserRule(r) && r.entry);
    if (!entry || !GrammarAST.isParserRule(entry)) return out;
    walk(entry.definition, 0, { rule: entry.name, property: undefined, stack: [] });
    return out;

    /** Tokens read after one occurrence of an element, and after as many as it may have. */
    function walk(element: GrammarAST.AbstractElement, from: number, place: Place): ReadonlySet<number> {
        const { cardinality } = element;
        const reached = new Set<number>(cardinality === '?' || cardinality === '*' ? [from] : []);
        const todo = [from];
        for (let start = todo.pop(); start !== undefined; start = todo.pop()) {
            for (const end of once(element, start, place)) {
                if (reached.has(end)) continue;
                reached.add(end);
                if ((cardinality === '*' || cardinality === '+') && end > start) todo.push(end);
            }
        }
        return reached;
    }

    function once(element: GrammarAST.AbstractElement, at: number, place: Place): Iterable<number> {
        if (GrammarAST.isGroup(element)) {
            let ends: ReadonlySet<number> = new Set([at]);
            for (const part of element.elements) ends = new Set([...ends].flatMap((end) => [...walk(part, end, place)]));
            return ends;
        }
        if (GrammarAST.isAlternatives(element)) return element.elements.flatMap((e) => [...walk(e, at, place)]);
        if (GrammarAST.isAssignment(element)) return walk(element.terminal, at, { ...place, property: element.feature });
        if (GrammarAST.isCrossReference(element)) return one(at, place, undefined, (t) => t.kind === 'ID');
        if (GrammarAST.isKeyword(element)) return one(at, place, element.value, (t) => t.text === element.value);
        if (!GrammarAST.isRuleCall(element)) return [at];
        const rule = element.rule.ref;
        if (!rule) return [];
        if (NAMES.has(rule.name)) return one(at, place, undefined, (t) => t.kind === 'ID' || ALSO[rule.name]?.includes(t.kind) === true);
        if (!GrammarAST.isParserRule(rule)) return one(at, place, undefined, (t) => t.kind === rule.name);
        if (at < tokens.length && !mayBegin(rule.name, at)) return [];
        return walk(rule.definition, at, { rule: rule.name, property: undefined, stack: [...place.stack, { rule: rule.name, from: at }] });
    }

    function one(at: number, place: Place, keyword: string | undefined, matches: (token: GrammarToken) => boolean): readonly number[] {
        const token = tokens[at];
        if (token) return matches(token) ? [at + 1] : [];
        out.push({ keyword, rule: place.rule, property: place.property, begins: place.stack.filter((s) => s.from === at).map((s) => s.rule) });
        return [];
    }
}
