// Where the parser goes on after a mistake. The library skips token by token until one fits; it does not know that a block belongs
// together, and takes the end of an unknown member's block for the end of the platform. Here a block is skipped as a whole.
import type { LangiumParser } from 'langium';
import type { IToken } from 'chevrotain';

/** The part of the parser library that recovery goes through. */
interface Skipper {
    SKIP_TOKEN(): IToken;
    LA(distance: number): IToken;
}

export function skipWholeBlocks(parser: LangiumParser): LangiumParser {
    const { wrapper } = parser as unknown as { wrapper: Skipper };
    const skip = wrapper.SKIP_TOKEN.bind(wrapper);
    wrapper.SKIP_TOKEN = () => {
        let depth = 0;
        let next: IToken;
        do {
            const { image } = wrapper.LA(1);
            if (image === '{') depth++;
            else if (image === '}') depth--;
            next = skip();
        } while (depth > 0 && next.image !== '');
        return next;
    };
    return parser;
}
