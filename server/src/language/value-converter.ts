// What the tokens stand for. Numbers stay text: only numbers.ts can say what is wrong with one.
import { type CstNode, DefaultValueConverter, type GrammarAST, type ValueType } from 'langium';

/** The text of a string token: quotes removed, `\"` and `\\` resolved. A string that is never closed ends with its line. */
export function unquote(token: string): string {
    const closed = isClosed(token);
    return token.slice(1, closed ? -1 : undefined).replace(/\\(.)/g, '$1');
}

/** Does a string token end with the quote that opened it? */
export function isClosed(token: string): boolean {
    return /^"(?:\\.|[^"\\])*"$/.test(token);
}

/** Quotes a text the way the formatter writes it. */
export function quote(text: string): string {
    return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

export class MemtopoValueConverter extends DefaultValueConverter {
    protected override runConverter(rule: GrammarAST.AbstractRule, input: string, cstNode: CstNode): ValueType {
        if (rule.name === 'STRING') return unquote(input);
        if (rule.name === 'ID' || rule.name === 'NUMBER') return input;
        return super.runConverter(rule, input, cstNode);
    }
}
