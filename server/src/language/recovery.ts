// Where the parser goes on after a mistake. The library skips token by token until one fits; it does not know that a block belongs
// together, and takes the end of an unknown member's block for the end of the platform. Here a block is skipped as a whole.
import type { LangiumParser } from 'langium';
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
