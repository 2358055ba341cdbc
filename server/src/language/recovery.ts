// Where the parser goes on after a mistake. The library skips token by token until one fits; it does not know that a block belongs
// together, and takes the end of an unknown member's block for the end of the platform. Here a block is skipped as a whole.
// And where it must not see a mistake: behind a range, `node 1` may be the range's or a declaration of its own.
import { AstUtils, type Grammar, GrammarAST, type LangiumParser } from 'langium';
import type { IToken, TokenType } from 'chevrotain';

/** The part of the parser library that recovery goes through. */
interface Skipper {
    SKIP_TOKEN(): IToken;
    LA(distance: number): IToken;
    flattenFollowSet(): TokenType[];
    findReSyncTokenType(): TokenType;
    readonly tokenMatcher: (token: IToken, type: TokenType) => boolean;
}

/** Distance to the token behind the one at `distance`, or behind the block that it opens. The end of the text stays where it is. */
function behind(wrapper: Skipper, distance: number): number {
    let depth = 0;
    do {
        const { image } = wrapper.LA(distance);
        if (image === '') return distance;
        if (image === '{') depth++;
        else if (image === '}') depth--;
        distance++;
    } while (depth > 0);
    return distance;
}

export function skipWholeBlocks(parser: LangiumParser): LangiumParser {
    const { wrapper } = parser as unknown as { wrapper: Skipper };
    const skip = wrapper.SKIP_TOKEN.bind(wrapper);
    wrapper.SKIP_TOKEN = () => {
        let next = wrapper.LA(1);
        for (let count = behind(wrapper, 1) - 1; count > 0; count--) next = skip();
        return next;
    };
    // The point to go on at must be one that skipping meets: a token inside a skipped block would never come, and the library
    // would wait for it at the end of the text for ever. The end of the text always fits.
    wrapper.findReSyncTokenType = () => {
        const possible = wrapper.flattenFollowSet();
        for (let distance = 1; ; distance = behind(wrapper, distance)) {
            const token = wrapper.LA(distance);
            const found = possible.find((type) => wrapper.tokenMatcher(token, type));
            if (found) return found;
            if (token.image === '') return token.tokenType;
        }
    };
    return parser;
}

/** Does a rule go on with what is asked about? `this` is the parser. */
export type Lookahead = (this: never, ...args: unknown[]) => unknown;

/**
 * Settings of a range end where a node's declaration begins: `node N {` with a member of a node behind it, or any block where the range
 * has none. The library looks one token ahead at what a rule may go on with, and would take that `node` for the range's and its block for
 * a mistake. To be called before the parser is finished.
 */
export function endAtNodes(strategy: { buildLookaheadForOptional(options: { readonly rule: { readonly name: string } }): Lookahead }, grammar: Grammar): void {
    const build = strategy.buildLookaheadForOptional.bind(strategy);
    const members = firstWords(grammar, 'NodeMember');
    strategy.buildLookaheadForOptional = (options) => {
        const goesOn = build(options);
        const rule = ruleOf(grammar, options.rule.name.replace(/\u200B$/, ''));
        if (!GrammarAST.isParserRule(rule) || rule.name === 'Platform') return goesOn;
        const block = AstUtils.streamAllContents(rule).some((e) => GrammarAST.isKeyword(e) && e.value === '{');
        return function (this: Skipper, ...args) {
            const declared = this.LA(1).image === 'node' && this.LA(3).image === '{' && (!block || members.has(this.LA(4).image));
            return !declared && goesOn.apply(this as never, args);
        } as Lookahead;
    };
}

function ruleOf(grammar: Grammar, name: string): GrammarAST.AbstractRule {
    const found = grammar.rules.find((r) => r.name === name);
    if (!found) throw new Error(`the grammar has no rule ${name}`);
    return found;
}

/** The keywords that the alternatives of a rule begin with. */
function firstWords(grammar: Grammar, name: string): ReadonlySet<string> {
    const words = new Set<string>();
    for (const call of AstUtils.streamAllContents(ruleOf(grammar, name)).filter(GrammarAST.isRuleCall)) {
        const first = call.rule.ref && AstUtils.streamAllContents(call.rule.ref).find(GrammarAST.isKeyword);
        if (first) words.add(first.value);
    }
    return words;
}
