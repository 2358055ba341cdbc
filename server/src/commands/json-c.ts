// JSON as ndctl, daxctl and cxl print it: json-c's pretty form, two blanks a level, slashes escaped, no blank behind colons.

/** A value that --human prints in another way: a size with units, or a hexadecimal string. */
export interface HumanValue {
    readonly human: 'size' | 'hex';
    readonly value: number;
}

export type Json = number | string | boolean | HumanValue | readonly Json[] | { readonly [key: string]: Json | undefined };

export const size = (value: number): HumanValue => ({ human: 'size', value });
export const hexadecimal = (value: number): HumanValue => ({ human: 'hex', value });

function isHuman(value: object): value is HumanValue {
    return 'human' in value && 'value' in value;
}

/** Two decimals of `bytes` in `unit`, rounded half up, as integers. */
function hundredths(bytes: number, unit: number): string {
    const n = Math.floor((Math.floor((bytes * 200) / unit) + 1) / 2);
    return `${Math.floor(n / 100)}.${String(n % 100).padStart(2, '0')}`;
}

/** `"1.00 GiB (1.07 GB)"`; plain bytes below 5000 KiB. */
function humanSize(bytes: number): string {
    if (bytes < 5000 * 1024) return `${bytes}`;
    const step = bytes < 2 * 2 ** 30 ? 2 : bytes < 2 * 2 ** 40 ? 3 : 4;
    const letter = ['', 'K', 'M', 'G', 'T'][step]!;
    return `"${hundredths(bytes, 1024 ** step)} ${letter}iB (${hundredths(bytes, 1000 ** step)} ${letter}B)"`;
}

/** One value, pretty-printed from column `indent`. */
export function formatJson(value: Json, human = false, indent = 0): string {
    if (typeof value === 'string') return JSON.stringify(value).replaceAll('/', '\\/');
    if (typeof value !== 'object') return `${value}`;
    const pad = '  '.repeat(indent + 1);
    const end = `\n${'  '.repeat(indent)}`;
    if (Array.isArray(value)) {
        if (value.length === 0) return '[]';
        return `[\n${value.map((v: Json) => pad + formatJson(v, human, indent + 1)).join(',\n')}${end}]`;
    }
    if (isHuman(value)) {
        if (!human) return `${value.value}`;
        return value.human === 'size' ? humanSize(value.value) : `"${value.value === 0 ? '0' : `0x${value.value.toString(16)}`}"`;
    }
    const entries = Object.entries(value).filter((e): e is [string, Json] => e[1] !== undefined);
    if (entries.length === 0) return '{}';
    return `{\n${entries.map(([k, v]) => `${pad}${formatJson(k)}:${formatJson(v, human, indent + 1)}`).join(',\n')}${end}}`;
}

/** The array that a tool ends with: with --human a single object loses its brackets. */
export function formatJsonArray(values: readonly Json[], human = false): string {
    return `${formatJson(human && values.length === 1 ? values[0]! : values, human)}\n`;
}
