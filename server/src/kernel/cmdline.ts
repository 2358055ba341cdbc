// The kernel command line as the boot code reads it: `name` or `name=value` words, in order, with double quotes around blanks.

export interface Parameter {
    readonly name: string;
    /** Text behind `=`; undefined for a bare word. */
    readonly value?: string;
}

/** Splits a command line into its parameters, in order. Quotes protect blanks and are removed. */
export function parseCmdline(cmdline: string): Parameter[] {
    const words = cmdline.match(/(?:[^\s"]|"[^"]*(?:"|$))+/g) ?? [];
    return words.map((word) => {
        const plain = word.replaceAll('"', '');
        const eq = plain.indexOf('=');
        return eq < 0 ? { name: plain } : { name: plain.slice(0, eq), value: plain.slice(eq + 1) };
    });
}

/** Names are equal when they differ in `-` and `_` only. */
export function sameParameter(a: string, b: string): boolean {
    return a.replaceAll('-', '_') === b.replaceAll('-', '_');
}

/** Value of the last parameter of this name; '' for a bare word; undefined when it is not given. */
export function lastParameter(parameters: readonly Parameter[], name: string): string | undefined {
    const found = parameters.findLast((p) => sameParameter(p.name, name));
    return found && (found.value ?? '');
}

const UNIT: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40, P: 2 ** 50, E: 2 ** 60 };

/**
 * Reads a size at the start of `text` as boot parameters have them: decimal, `0x` hexadecimal or leading-zero octal, with one
 * optional suffix K, M, G, T, P or E. Answers bytes and how many characters it took; 0 characters when there is no number.
 */
export function parseSize(text: string): { readonly value: number; readonly length: number } {
    const number = parseNumber(text);
    if (number.length === 0) return number;
    const unit = UNIT[text.charAt(number.length).toUpperCase()];
    return unit === undefined ? number : { value: number.value * unit, length: number.length + 1 };
}

/** Like parseSize, without a suffix. */
export function parseNumber(text: string): { readonly value: number; readonly length: number } {
    const m = /^(?:0[xX]([0-9a-fA-F]+)|(0[0-7]*)|([1-9][0-9]*))/.exec(text);
    if (!m) return { value: 0, length: 0 };
    const value = m[1] !== undefined ? parseInt(m[1], 16) : m[2] !== undefined ? parseInt(m[2], 8) : Number(m[3]);
    return { value, length: m[0].length };
}

/** A boolean parameter: `1`, `y`, `Y`, `on` and a bare word are true. */
export function isTrue(value: string): boolean {
    return value === '' || /^(?:1|[yY]|[tT]|on)/i.test(value);
}
