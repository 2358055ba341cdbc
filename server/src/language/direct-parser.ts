// Reads a text that has no mistake, which nearly every declaration is at nearly every moment: the grammar is walked as it stands,
// without the tables that the parser library makes for all texts at every start. Where anything is wrong the library's parser reads
// the text, for it alone knows how to go on behind a mistake. A test holds the two against each other, tree by tree.
import {
    AbstractCstNode, type AstNode, type AstReflection, AstUtils, type CompositeCstNode, type CstNode, CstNodeBuilder, type Grammar, GrammarAST, type LeafCstNode, type Linker, type RootCstNode,
    type ValueConverter,
} from 'langium';

/** Token of the parser library, as far as trees hold on to it. */
type TokenType = LeafCstNode['tokenType'];

/** Keywords have their text as name, terminals the name in the grammar. */
interface Token {
    readonly tokenType: TokenType;
    readonly startOffset: number;
    readonly image: string;
}

interface Scanned {
    readonly tokens: readonly Token[];
    /** Comments. */
    readonly hidden: readonly Token[];
}

export interface DirectServices {
    readonly grammar: Grammar;
    readonly reflection: AstReflection;
    readonly converter: ValueConverter;
    readonly linker: Pick<Linker, 'buildReference'>;
}

// ------------------------------------------------------------------------------------------------------------- the grammar

/** An element of the grammar, ready to be walked. */
type Step =
    | { readonly kind: 'token'; readonly name: string; readonly feature: GrammarAST.AbstractElement; readonly assign: Assign | undefined; readonly keyword: boolean }
    | { readonly kind: 'call'; readonly rule: Rule; readonly feature: GrammarAST.AbstractElement; readonly assign: Assign | undefined }
    | { readonly kind: 'all'; readonly steps: readonly Step[] }
    | { readonly kind: 'one'; readonly choices: ReadonlyMap<string, readonly Step[]> }
    | Repeat;

interface Repeat {
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

interface Assign {
    readonly feature: string;
    readonly operator: string;
    readonly reference: boolean;
}

/** The way from an element to the end of its rule. */
interface Rest {
    readonly step: Step;
    readonly next: Rest | undefined;
}

interface Rule {
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
class Rules {
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
function firstOf(step: Step): ReadonlySet<string> {
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

function unsureOf(repeat: Repeat): ReadonlySet<string> {
    const follow = new Set<string>();
    followOf(repeat.rest, repeat.rule, follow, new Set());
    return new Set([...firstOf(repeat)].filter((name) => follow.has(name)));
}

/** Tokens that may stand behind a rule; the end of the text is none. */
function behind(rule: Rule): ReadonlySet<string> {
    if (!rule.behind) followOf(undefined, rule, (rule.behind = new Set()), new Set());
    return rule.behind;
}

// --------------------------------------------------------------------------------------------------------------- the tokens

const SPACE = /\s+/y;
const LINE = /[^\r\n]*/y;
const STRING = /"(?:\\[^\r\n]|[^"\\\r\n])*"/y;
const NUMBER = /[0-9][0-9A-Za-z_.]*(?:\/s)?/y;
const WORD = /[A-Za-z_][\w.-]*/y;

function matched(pattern: RegExp, text: string, at: number): number {
    pattern.lastIndex = at;
    return pattern.test(text) ? pattern.lastIndex : -1;
}

/** The tokens of a text; undefined where a character begins none, or a string or a comment is never closed. */
function scan(text: string, rules: Rules): Scanned | undefined {
    const tokens: Token[] = [];
    const hidden: Token[] = [];
    const type = (name: string): TokenType => rules.terminals.get(name)!;
    for (let at = 0; at < text.length;) {
        const c = text.charCodeAt(at);
        let end: number;
        let tokenType: TokenType | undefined;
        if (c === 32 || (c >= 9 && c <= 13) || c > 127) {
            end = matched(SPACE, text, at);
            if (end < 0) return undefined;
            at = end;
            continue;
        }
        if ((c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95) {
            end = matched(WORD, text, at);
            const image = text.slice(at, end);
            tokens.push({ tokenType: rules.keywords.get(image) ?? type('ID'), startOffset: at, image });
            at = end;
            continue;
        }
        if (c >= 48 && c <= 57) {
            end = matched(NUMBER, text, at);
            tokenType = type('NUMBER');
        } else if (c === 47) {
            const line = text.charCodeAt(at + 1) === 47;
            const close = line ? matched(LINE, text, at) : text.charCodeAt(at + 1) === 42 ? text.indexOf('*/', at + 2) : -1;
            if (close < 0) return undefined;
            end = line ? close : close + 2;
            hidden.push({ tokenType: type(line ? 'SL_COMMENT' : 'ML_COMMENT'), startOffset: at, image: text.slice(at, end) });
            at = end;
            continue;
        } else if (c === 34) {
            end = matched(STRING, text, at);
            tokenType = type('STRING');
        } else if (c === 36) {
            end = matched(LINE, text, at);
            tokenType = type('SHELL_LINE');
        } else if (c === 124) {
            end = matched(LINE, text, at);
            tokenType = type('MARGIN_LINE');
        } else if (c === 40 && text.startsWith('(qemu)', at)) {
            end = matched(LINE, text, at);
            tokenType = type('MONITOR_LINE');
        } else {
            end = at + 1;
            tokenType = rules.keywords.get(text[at]!);
        }
        if (end < 0 || tokenType === undefined) return undefined;
        tokens.push({ tokenType, startOffset: at, image: text.slice(at, end) });
        at = end;
    }
    return { tokens, hidden };
}

// ----------------------------------------------------------------------------------------------------------------- the walk

interface Growing {
    $type: string;
    $cstNode: CstNode;
    [property: string]: unknown;
}

/** What a rule is building. */
interface Open {
    node: Growing;
    /** Of a rule whose value is text. */
    readonly data: boolean;
    text: string;
    /** Properties that became lists of several. */
    lists: Set<string> | undefined;
}

/** A token in the tree. Its line is counted when somebody asks: every one of a text stays in memory for as long as the text. */
class Leaf extends AbstractCstNode implements LeafCstNode {
    readonly offset: number;
    readonly length: number;
    readonly tokenType: TokenType;

    constructor(token: Token) {
        super();
        this.offset = token.startOffset;
        this.length = token.image.length;
        this.tokenType = token.tokenType;
    }

    /** Comments come from no element of the grammar. */
    get hidden(): boolean {
        return this.grammarSource === undefined;
    }

    get end(): number {
        return this.offset + this.length;
    }

    get astNode(): AstNode {
        if (!this.container) throw new Error('this token is in no tree');
        return this.container.astNode;
    }

    get range(): LeafCstNode['range'] {
        const position = (offset: number): LeafCstNode['range']['start'] => {
            const lines = this.root.fullText.slice(0, offset).split(/\r\n|\r|\n/);
            return { line: lines.length - 1, character: lines.at(-1)!.length };
        };
        return { start: position(this.offset), end: position(this.end) };
    }
}

class Nodes extends CstNodeBuilder {
    protected override createLeafNode(token: never): never {
        return new Leaf(token) as never;
    }
}

/** Reads one text. */
class Walk {
    private readonly scanned: Scanned;
    private readonly services: DirectServices;
    private readonly nodes = new Nodes();
    private at = 0;
    private hiddenAt = 0;
    /** Above 0 while it is only asked whether something fits. */
    private asking = 0;
    private open: Open | undefined;
    /** By token: whether one more fits. Asked once, however many of a kind stand behind each other. */
    private readonly answers = new Map<Repeat, Map<number, boolean>>();

    constructor(scanned: Scanned, services: DirectServices) {
        this.scanned = scanned;
        this.services = services;
    }

    /** The node of the whole text; undefined where it does not fit the rule. */
    read(text: string, entry: Rule): AstNode | undefined {
        const root: RootCstNode = this.nodes.buildRootNode(text);
        const node = this.build(entry);
        if (node === undefined || this.at < this.scanned.tokens.length) return undefined;
        this.addHidden(Infinity);
        (root as { astNode: AstNode }).astNode = node as AstNode;
        AstUtils.linkContentToContainer(node as AstNode, { deep: true });
        return node as AstNode;
    }

    /** Walks a rule; its node or its text. Undefined: it does not fit. */
    private build(rule: Rule): unknown {
        const outer = this.open;
        // all that every node gets is there from the beginning: what is added later lies apart, and takes more
        const node = { $type: rule.type, $cstNode: undefined, $container: undefined, $containerProperty: undefined, $containerIndex: undefined } as unknown as Growing;
        const open: Open = (this.open = { node, data: rule.data, text: '', lists: undefined });
        const fits = this.walk(rule.step!);
        this.open = outer;
        if (!fits) return undefined;
        this.nodes.construct(open.node);
        if (rule.data) return this.services.converter.convert(open.text, open.node.$cstNode);
        // lists that grew one by one hold room for more
        for (const name of open.lists ?? []) open.node[name] = (open.node[name] as unknown[]).slice();
        AstUtils.assignMandatoryProperties(this.services.reflection, open.node);
        return open.node;
    }

    private walk(step: Step): boolean {
        switch (step.kind) {
            case 'token':
                return this.take(step);
            case 'all':
                for (const part of step.steps) if (!this.walk(part)) return false;
                return true;
            case 'one':
                return this.choose(step.choices);
            case 'repeat':
                return this.repeat(step);
            case 'call':
                return this.asking > 0 ? this.walk(step.rule.step!) : this.call(step);
        }
    }

    private get name(): string {
        return this.scanned.tokens[this.at]?.tokenType.name ?? '';
    }

    private choose(choices: ReadonlyMap<string, readonly Step[]>): boolean {
        const possible = choices.get(this.name);
        if (!possible) return false;
        if (possible.length === 1) return this.walk(possible[0]!);
        const fitting = possible.find((step) => this.fits(step));
        return fitting !== undefined && this.walk(fitting);
    }

    private repeat(repeat: Repeat): boolean {
        for (let times = 0; ; times++) {
            const needed = times === 0 && repeat.atLeastOne;
            if (!needed) {
                if (times > 0 && !repeat.many) return true;
                const { name } = this;
                if (!firstOf(repeat).has(name)) return true;
                // as the library decides it: once more, wherever the text can be read that way
                if ((repeat.unsure ??= unsureOf(repeat)).has(name) && !this.goesOn(repeat)) return true;
            }
            if (!this.walk(repeat.step)) return false;
        }
    }

    /** Does the text from here fit an element? */
    private fits(step: Step): boolean {
        return this.ask(() => this.walk(step));
    }

    /** May the text from here be one more of these: with it, does everything up to the token behind the rule fit? */
    private goesOn(repeat: Repeat): boolean {
        let known = this.answers.get(repeat);
        if (!known) this.answers.set(repeat, (known = new Map<number, boolean>()));
        const { at } = this;
        let answer = known.get(at);
        if (answer === undefined) {
            answer = this.ask(() => {
                if (!this.walk(repeat.step) || (repeat.many && !this.walk(repeat))) return false;
                for (let next = repeat.rest; next; next = next.next) if (!this.walk(next.step)) return false;
                return this.name === '' || behind(repeat.rule).has(this.name);
            });
            known.set(at, answer);
        }
        return answer;
    }

    private ask(question: () => boolean): boolean {
        const { at } = this;
        this.asking++;
        const answer = question();
        this.asking--;
        this.at = at;
        return answer;
    }

    private take(step: Step & { kind: 'token' }): boolean {
        const token = this.scanned.tokens[this.at];
        if (token?.tokenType.name !== step.name) return false;
        this.at++;
        if (this.asking > 0) return true;
        this.addHidden(token.startOffset);
        const leaf = this.nodes.buildLeafNode(token as never, step.feature);
        const open = this.open!;
        if (step.assign) this.assign(step.assign, step.keyword ? token.image : this.services.converter.convert(token.image, leaf), leaf);
        else if (open.data) open.text += step.keyword ? token.image : String(this.services.converter.convert(token.image, leaf));
        return true;
    }

    /** Comments up to an offset become part of the tree. */
    private addHidden(before: number): void {
        const { hidden } = this.scanned;
        if (this.hiddenAt >= hidden.length || hidden[this.hiddenAt]!.startOffset > before) return;
        const from = this.hiddenAt;
        while (this.hiddenAt < hidden.length && hidden[this.hiddenAt]!.startOffset < before) this.hiddenAt++;
        this.nodes.addHiddenNodes(hidden.slice(from, this.hiddenAt) as never);
    }

    private call(step: Step & { kind: 'call' }): boolean {
        const cst: CompositeCstNode = this.nodes.buildCompositeNode(step.feature);
        const value = this.build(step.rule);
        if (value === undefined) return false;
        if (cst.length === 0) return true;
        const open = this.open!;
        if (step.assign) this.assign(step.assign, value, cst);
        else if (open.data) open.text += String(value);
        else {
            // a rule that only passes on (`Member: Node | …`): the node is the called rule's, with what was assigned before
            const node = value as Growing;
            for (const [name, before] of Object.entries(open.node)) {
                if (node[name] === undefined) node[name] = before;
                else if (Array.isArray(node[name]) && Array.isArray(before)) node[name] = [...(before as unknown[]), ...(node[name] as unknown[])];
            }
            open.node = node;
        }
        return true;
    }

    private assign({ feature, operator, reference }: Assign, value: unknown, cst: CstNode): void {
        const { node } = this.open!;
        const item = reference ? this.services.linker.buildReference(node as AstNode, feature, cst, String(value)) : value;
        if (typeof item === 'object' && item !== null && '$cstNode' in item) (item.$cstNode as { astNode: unknown }).astNode = item;
        if (operator === '+=') {
            const list = node[feature];
            if (Array.isArray(list)) {
                list.push(item);
                (this.open!.lists ??= new Set()).add(feature);
            } else node[feature] = [item];
        } else node[feature] = operator === '?=' ? true : item;
    }
}

/** Reads texts by a grammar; undefined where a text has a mistake. The tree is the one that the parser library makes. */
export function createDirectParser(services: DirectServices): (text: string) => AstNode | undefined {
    const rules = new Rules(services.grammar);
    return (text) => {
        const scanned = scan(text, rules);
        return scanned && new Walk(scanned, services).read(text, rules.entry);
    };
}
