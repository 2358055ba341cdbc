// The parser of the library, which reads texts with mistakes, made in half the time: what the first text does not need is put off until it
// is needed. The parser that comes out is the same one.
import { AstUtils, DefaultTokenBuilder, GrammarAST, type LangiumCoreServices, type LangiumParser, prepareLangiumParser, stream, type TokenBuilderOptions } from 'langium';
import type { TokenType, TokenVocabulary } from 'chevrotain';
import { endAtNodes, type Lookahead } from './recovery.ts';

/** The parts of the parser library's look-ahead that are put off. */
interface Strategy {
    initialize(options: unknown): void;
    buildLookaheadForAlternation(options: never): Lookahead;
    buildLookaheadForOptional(options: never): Lookahead;
}

interface Wrapper {
    readonly lookaheadStrategy: Strategy;
    enableRecording(): void;
    disableRecording(): void;
}

/** As `createLangiumParser` of the library, except that each decision's look-ahead table is made when the decision is first met. */
export function createQuickParser(services: LangiumCoreServices): LangiumParser {
    const parser = prepareLangiumParser(services);
    const { wrapper } = parser as unknown as { wrapper: Wrapper };
    endAtNodes(wrapper.lookaheadStrategy, services.Grammar);
    putOff(wrapper.lookaheadStrategy);
    keepFast(wrapper);
    parser.finalize();
    return parser;
}

function putOff(strategy: Strategy): void {
    const initialize = strategy.initialize.bind(strategy);
    let grammar: unknown;
    let ready = false;
    strategy.initialize = (options) => {
        grammar = options;
    };
    for (const name of ['buildLookaheadForAlternation', 'buildLookaheadForOptional'] as const) {
        const build = strategy[name].bind(strategy);
        strategy[name] = (options) => {
            let real: Lookahead | undefined;
            return function (this: never, ...args: unknown[]): unknown {
                if (!real) {
                    if (!ready) initialize(grammar);
                    ready = true;
                    real = build(options);
                }
                return real.apply(this, args);
            };
        };
    }
}

/**
 * To learn the grammar the library covers some ninety of the parser's methods with recording ones, and deletes them afterwards. To
 * delete that many properties of one object is dear; to put the methods of the class in their place has the same effect.
 */
function keepFast(wrapper: Wrapper): void {
    const own = wrapper as unknown as Record<string, unknown>;
    const before = new Set(Object.keys(own));
    wrapper.disableRecording = () => {
        const methods = Object.getPrototypeOf(wrapper) as Record<string, unknown>;
        for (const name of Object.keys(own)) if (!before.has(name) && name in methods) own[name] = methods[name];
        own['RECORDING_PHASE'] = false;
    };
}

/** The same tokens as the library's, without asking the whole grammar several times over. A test holds the two against each other. */
export class QuickTokenBuilder extends DefaultTokenBuilder {
    override buildTokens(grammar: GrammarAST.Grammar, options?: TokenBuilderOptions): TokenVocabulary {
        // every rule of a generated grammar is in use
        const rules = stream(grammar.rules);
        const terminals = this.buildTerminalTokens(rules);
        const tokens = [...this.keywords(grammar).map((k) => this.buildKeywordToken(k, terminals, options?.caseInsensitive === true)), ...terminals];
        for (const token of tokens) token.LINE_BREAKS = MULTI_LINE.has(token.name);
        for (const token of terminals) token.START_CHARS_HINT = STARTS[token.name];
        return tokens;
    }

    /** One of each keyword, longer ones first, else as they come in the grammar. */
    private keywords(grammar: GrammarAST.Grammar): GrammarAST.Keyword[] {
        const found = new Map<string, GrammarAST.Keyword>();
        for (const rule of grammar.rules) {
            if (!GrammarAST.isParserRule(rule)) continue;
            for (const node of AstUtils.streamAllContents(rule)) if (GrammarAST.isKeyword(node) && !found.has(node.value)) found.set(node.value, node);
        }
        return [...found.values()].sort((a, b) => b.value.length - a.value.length);
    }

    /** Which longer token a keyword may be the start of: names, and nothing else. The library tries every terminal against every keyword. */
    protected override findLongerAlt(keyword: GrammarAST.Keyword, terminalTokens: TokenType[]): TokenType[] {
        return /^[A-Za-z_]/.test(keyword.value) ? terminalTokens.filter((t) => t.name === 'ID') : [];
    }
}

// The library takes every terminal's pattern apart to learn the next two things about it.

/** The terminals that may span lines. */
const MULTI_LINE = new Set(['WS', 'ML_COMMENT']);

const DIGITS = '0123456789';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** What each terminal may start with. */
const STARTS: Readonly<Record<string, string[]>> = {
    WS: [...' \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'],
    ML_COMMENT: ['/'], SL_COMMENT: ['/'], SHELL_LINE: ['$'], MONITOR_LINE: ['('], MARGIN_LINE: ['|'], STRING: ['"'], NUMBER: [...DIGITS], ID: [...LETTERS, '_'],
};
