// Building the parser is the largest part of a cold start. What the first small text does not need is put off until it is needed;
// the parser that comes out is the same one.
import { DefaultTokenBuilder, type GrammarAST, type LangiumCoreServices, type LangiumParser, prepareLangiumParser } from 'langium';
import type { TokenType } from 'chevrotain';

type Lookahead = (this: unknown, ...args: unknown[]) => unknown;

/** The parts of the parser library's look-ahead that are put off. */
interface Strategy {
    initialize(options: unknown): void;
    buildLookaheadForAlternation(options: unknown): Lookahead;
    buildLookaheadForOptional(options: unknown): Lookahead;
}

/** As `createLangiumParser` of the library, except that each decision's look-ahead table is made when the decision is first met. */
export function createQuickParser(services: LangiumCoreServices): LangiumParser {
    const parser = prepareLangiumParser(services);
    const { lookaheadStrategy } = (parser as unknown as { wrapper: { lookaheadStrategy: Strategy } }).wrapper;
    putOff(lookaheadStrategy);
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
            return function (this: unknown, ...args: unknown[]): unknown {
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

/** Which longer token a keyword may be the start of: names, and nothing else. The library tries every terminal against every keyword. */
export class QuickTokenBuilder extends DefaultTokenBuilder {
    protected override findLongerAlt(keyword: GrammarAST.Keyword, terminalTokens: TokenType[]): TokenType[] {
        return /^[A-Za-z_]/.test(keyword.value) ? terminalTokens.filter((t) => t.name === 'ID') : [];
    }
}
