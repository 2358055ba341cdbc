// Reads a text that has no mistake, which nearly every declaration is at nearly every moment: the grammar is walked as it stands,
// without the tables that the parser library makes for all texts at every start. Where anything is wrong the library's parser reads
// the text, for it alone knows how to go on behind a mistake. A test holds the two against each other, tree by tree.
import {
    AbstractCstNode, type AstNode, type AstReflection, AstUtils, type CompositeCstNode, type CstNode, CstNodeBuilder, type Grammar, type LeafCstNode, type Linker, type RootCstNode, type ValueConverter,
} from 'langium';
import { type Assign, behind, firstOf, type Repeat, type Rule, Rules, type Step, type TokenType, unsureOf } from './grammar-steps.ts';
import { scan, type Scanned, type Token } from './scan.ts';

export interface DirectServices {
    readonly grammar: Grammar;
    readonly reflection: AstReflection;
    readonly converter: ValueConverter;
    readonly linker: Pick<Linker, 'buildReference'>;
}

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
