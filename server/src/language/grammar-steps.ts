// The grammar made ready to be walked: what each element may begin with, what may stand behind a rule, and which way to take at a token.
import { type Grammar, GrammarAST, type LeafCstNode } from 'langium';

/** Token of the parser library, as far as trees hold on to it: keywords have their text as name, terminals the name in the grammar. */
export type TokenType = LeafCstNode['tokenType'];

/** An element of the grammar, ready to be walked. */
export type Step =
    | { readonly kind: 'token'; readonly name: string; readonly feature: GrammarAST.AbstractElement; readonly assign: Assign | undefined; readonly keyword: boolean }
    | { readonly kind: 'call'; readonly rule: Rule; readonly feature: GrammarAST.AbstractElement; readonly assign: Assign | undefined }
    | { readonly kind: 'all'; readonly steps: readonly Step[] }
    | { readonly kind: 'one'; readonly choices: ReadonlyMap<string, readonly Step[]> }
    | Repeat;

export interface Repeat {
    readonly kind: 'repeat';
    readonly step: Step;
    /** Tokens that may begin it, and those of them that may begin what follows as well: made when asked for. */
    first: ReadonlySet<string> | undefined;
    unsure: ReadonlySet<string> | undefined;
    readonly atLeastOne: boolean;
    readonly many: boolean;
    /** What comes behind it in its rule. */
    readonly rest: Rest | undefined;
    readonly rule: Rule;
}

export interface Assign {
    readonly feature: string;
    readonly operator: string;
    readonly reference: boolean;
}

/** The way from an element to the end of its rule. */
interface Rest {
    readonly step: Step;
    readonly next: Rest | undefined;
}

export interface Rule {
    /** `$type` of its nodes; of a rule whose value is text its own name. */
    readonly type: string;
    /** Its value is text, not a node. */
    readonly data: boolean;
    step: Step | undefined;
    /** Where it is called, with what comes behind the call. */
    readonly calls: { readonly from: Rule; readonly rest: Rest | undefined }[];
    behind: Set<string> | undefined;
}

/** The grammar's rules made ready. Throws on what the walk does not know: actions, guards, fragments, operators. */
export class Rules {
    readonly entry: Rule;
    readonly keywords = new Map<string, TokenType>();
    readonly terminals = new Map<string, TokenType>();
    private readonly made = new Map<GrammarAST.AbstractRule, Rule>();

    constructor(grammar: Grammar) {
        for (const rule of grammar.rules) if (GrammarAST.isTerminalRule(rule)) this.terminals.set(rule.name, tokenType(rule.name));
        const entry = grammar.rules.find((r): r is GrammarAST.ParserRule => GrammarAST.isParserRule(r) && r.entry);
        if (!entry) throw new Error('the grammar has no entry rule');
        this.entry = this.rule(entry);
    }

    private rule(of: GrammarAST.AbstractRule): Rule {
        const known = this.made.get(of);
        if (known) return known;
        if (!GrammarAST.isParserRule(of) || of.fragment || of.parameters.length > 0 || of.returnType) throw new Error(`rule ${of.name} is of a kind that is not read directly`);
        const rule: Rule = { type: of.inferredType?.name ?? of.name, data: of.dataType !== undefined, step: undefined, calls: [], behind: undefined };
        this.made.set(of, rule);
        rule.step = this.step(of.definition, rule, undefined, undefined);
        return rule;
    }

    private step(element: GrammarAST.AbstractElement, rule: Rule, assign: Assign | undefined, rest: Rest | undefined): Step {
        const { cardinality } = element;
        if (!cardinality) return this.once(element, rule, assign, rest);
        // what is behind one time round is the next time as well, and the loop comes first in what is behind it
        const again: { step: Step; next: Rest | undefined } = { step: undefined as never, next: rest };
        const step = this.once(element, rule, assign, cardinality === '?' ? rest : again);
        const repeat: Repeat = { kind: 'repeat', step, first: undefined, unsure: undefined, atLeastOne: cardinality === '+', many: cardinality !== '?', rest, rule };
        again.step = repeat;
        return repeat;
    }

    private once(element: GrammarAST.AbstractElement, rule: Rule, assign: Assign | undefined, rest: Rest | undefined): Step {
        if (GrammarAST.isKeyword(element)) {
            if (!this.keywords.has(element.value)) this.keywords.set(element.value, tokenType(element.value));
            return { kind: 'token', name: element.value, feature: element, assign, keyword: true };
        }
        if (GrammarAST.isRuleCall(element)) return this.call(element, element, rule, assign, rest);
        if (GrammarAST.isCrossReference(element) && GrammarAST.isRuleCall(element.terminal)) return this.call(element, element.terminal, rule, assign, rest);
        if (GrammarAST.isAssignment(element)) {
            return this.step(element.terminal, rule, { feature: element.feature, operator: element.operator, reference: GrammarAST.isCrossReference(element.terminal) }, rest);
        }
        if (GrammarAST.isGroup(element) && !element.guardCondition) {
            const steps: Step[] = [];
            let tail = rest;
            for (const part of [...element.elements].reverse()) {
                const step = this.step(part, rule, assign, tail);
                steps.unshift(step);
                tail = { step, next: tail };
            }
            return { kind: 'all', steps };
        }
        if (GrammarAST.isAlternatives(element)) {
            const choices = new Map<string, Step[]>();
            for (const part of element.elements) {
                const step = this.step(part, rule, assign, rest);
                if (mayBeEmpty(step)) throw new Error(`an alternative of the rule of ${rule.type} may be empty`);
                for (const name of firstOf(step)) {
                    const list = choices.get(name);
                    if (list) list.push(step);
                    else choices.set(name, [step]);
                }
            }
            return { kind: 'one', choices };
        }
        throw new Error(`${element.$type} in the rule of ${rule.type} is not read directly`);
    }

    private call(feature: GrammarAST.AbstractElement, { rule: { ref } }: GrammarAST.RuleCall, from: Rule, assign: Assign | undefined, rest: Rest | undefined): Step {
        if (!ref) throw new Error(`the rule of ${from.type} calls a rule that is not there`);
        if (GrammarAST.isTerminalRule(ref)) return { kind: 'token', name: ref.name, feature, assign, keyword: false };
        const rule = this.rule(ref);
        rule.calls.push({ from, rest });
        return { kind: 'call', rule, feature, assign };
    }
}

function tokenType(name: string): TokenType {
    return { name } as TokenType;
}

/** Tokens that an element may begin with. No rule begins with itself: the parser library would not take such a grammar. */
export function firstOf(step: Step): ReadonlySet<string> {
    switch (step.kind) {
        case 'token':
            return new Set([step.name]);
        case 'call':
            return firstOf(step.rule.step!);
        case 'repeat':
            return (step.first ??= firstOf(step.step));
        case 'one':
            return new Set(step.choices.keys());
        case 'all': {
            const first = new Set<string>();
            for (const part of step.steps) {
                for (const name of firstOf(part)) first.add(name);
                if (!mayBeEmpty(part)) break;
            }
            return first;
        }
    }
}

function mayBeEmpty(step: Step): boolean {
    if (step.kind === 'repeat') return !step.atLeastOne || mayBeEmpty(step.step);
    if (step.kind === 'call') return step.rule.step !== undefined && mayBeEmpty(step.rule.step);
    return step.kind === 'all' && step.steps.every(mayBeEmpty);
}

/** Tokens that may stand behind an element, inside its rule and behind it. */
function followOf(rest: Rest | undefined, rule: Rule, into: Set<string>, seen: Set<Rule>): void {
    for (let at = rest; at; at = at.next) {
        for (const name of firstOf(at.step)) into.add(name);
        if (!mayBeEmpty(at.step)) return;
    }
    if (seen.has(rule)) return;
    seen.add(rule);
    for (const call of rule.calls) followOf(call.rest, call.from, into, seen);
}

export function unsureOf(repeat: Repeat): ReadonlySet<string> {
    const follow = new Set<string>();
    followOf(repeat.rest, repeat.rule, follow, new Set());
    return new Set([...firstOf(repeat)].filter((name) => follow.has(name)));
}

/** Tokens that may stand behind a rule; the end of the text is none. */
export function behind(rule: Rule): ReadonlySet<string> {
    if (!rule.behind) followOf(undefined, rule, (rule.behind = new Set()), new Set());
    return rule.behind;
}
