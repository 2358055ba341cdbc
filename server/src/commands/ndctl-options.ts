// Values that ndctl's namespace commands take, and the checks it makes before it looks at any device (NDC-01, NDC-02).
import { ALIGNMENTS } from '../kernel/nd-pfn.ts';
import { GiB, KiB, MiB, PAGE, TiB } from '../kernel/range.ts';
import type { Invocation } from './spec.ts';

export type NamespaceMode = 'raw' | 'sector' | 'fsdax' | 'devdax';

const MODES: Readonly<Record<string, NamespaceMode>> = {
    raw: 'raw', sector: 'sector', safe: 'sector', fsdax: 'fsdax', memory: 'fsdax', devdax: 'devdax', dax: 'devdax',
};

/** Mode of a word, in any case; the old names safe, memory and dax are still taken. */
export function parseMode(word: string): NamespaceMode | undefined {
    return Object.hasOwn(MODES, word.toLowerCase()) ? MODES[word.toLowerCase()] : undefined;
}

export interface ParsedSize {
    /** Bytes. */
    readonly bytes: number;
    /** Bytes of the unit that was typed; 1 without. */
    readonly unit: number;
    readonly suffix: '' | 'K' | 'M' | 'G' | 'T';
}

const UNITS = { '': 1, K: KiB, M: MiB, G: GiB, T: TiB } as const;

/** A size as ndctl reads it: decimal, 0x… or 0… (octal), and at most one of the letters K, M, G, T. */
export function parseToolSize(text: string): ParsedSize | undefined {
    const match = /^\s*(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*|)([kKmMgGtT]?)$/.exec(text);
    if (!match) return undefined;
    const digits = match[1]!;
    const number = digits === '' ? 0 : /^0[xX]/.test(digits) ? Number.parseInt(digits, 16) : digits.startsWith('0') ? Number.parseInt(digits, 8) : Number(digits);
    const suffix = match[2]!.toUpperCase() as ParsedSize['suffix'];
    const bytes = number * UNITS[suffix];
    return Number.isSafeInteger(bytes) ? { bytes, unit: UNITS[suffix], suffix } : undefined;
}

/** Text of an option's value. */
export function valueOf(invocation: Invocation, option: string): string | undefined {
    const found = invocation.options.get(option);
    return found && (found.value?.text ?? '');
}

export function flag(invocation: Invocation, option: string): boolean {
    return invocation.options.has(option);
}

export interface CreateOptions {
    readonly bus?: string;
    readonly region?: string;
    readonly reconfig?: string;
    readonly uuid?: string;
    readonly size?: ParsedSize;
    readonly mode?: NamespaceMode;
    /** `--mode` was not typed. */
    readonly modeDefault: boolean;
    readonly map?: 'mem' | 'dev';
    readonly sectorSize?: number;
    readonly type?: string;
    readonly align?: number;
    /** As typed, for messages. */
    readonly alignText?: string;
    readonly force: boolean;
    readonly autolabel: boolean;
    readonly autorecover: boolean;
    readonly greedy: boolean;
    /** Nothing at all was typed behind the verb. */
    readonly scan: boolean;
}

const isPowerOfTwo = (n: number): boolean => n > 0 && Number.isInteger(Math.log2(n));
const UUID = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/** Options of create-namespace with their defaults, and what is wrong with them (all of it: ndctl checks on after a mistake). */
export function createOptions(invocation: Invocation): { readonly options: CreateOptions; readonly errors: readonly string[] } {
    const errors: string[] = [];
    const text = (name: string): string | undefined => valueOf(invocation, name);
    const reconfig = text('--reconfig');
    const type = text('--type') ?? (reconfig === undefined ? 'pmem' : undefined);
    if (type !== undefined && type !== 'pmem' && type !== 'blk') errors.push(`invalid type '${type}', must be either 'pmem' or 'blk'`);
    const modeText = text('--mode');
    let mode = modeText === undefined ? undefined : parseMode(modeText);
    if (modeText !== undefined && !mode) errors.push(`invalid mode '${modeText}'`);
    const modeDefault = modeText === undefined && reconfig === undefined;
    if (modeDefault) mode = type === 'blk' ? 'sector' : 'fsdax';
    const mapText = text('--map');
    if (mapText !== undefined) {
        if (mapText !== 'mem' && mapText !== 'dev') errors.push(`invalid map location '${mapText}'`);
        if (reconfig === undefined && modeText !== undefined && modeText !== 'fsdax' && modeText !== 'devdax') errors.push('--map only valid for an devdax mode pmem namespace');
    }
    const map = mapText === 'mem' || mapText === 'dev' ? mapText : reconfig === undefined ? 'dev' : undefined;
    if (type === 'blk' && (mode === 'fsdax' || mode === 'devdax')) errors.push("only 'pmem' namespaces support dax operation");
    const sizeText = text('--size');
    const size = sizeText === undefined ? undefined : parseToolSize(sizeText);
    if (sizeText !== undefined && !size) errors.push(`failed to parse namespace size '${sizeText}'`);
    const alignText = text('--align');
    const align = alignText === undefined ? undefined : parseToolSize(alignText)?.bytes;
    if (alignText !== undefined) {
        if (align === undefined) errors.push(`failed to parse namespace alignment '${alignText}'`);
        else if (!isPowerOfTwo(align) || align < PAGE) errors.push(`align must be a power-of-2 greater than ${PAGE}`);
    }
    if (sizeText !== undefined && !size) errors.push(`failed to parse namespace size '${sizeText}'`);
    const uuid = text('--uuid');
    if (uuid !== undefined && !UUID.test(uuid)) errors.push(`failed to parse uuid: '${uuid}'`);
    const sectorText = text('--sector-size');
    let sectorSize = sectorText === undefined ? undefined : parseToolSize(sectorText)?.bytes;
    if (sectorText !== undefined && sectorSize === undefined) errors.push(`invalid sector size: ${sectorText}`);
    if (sectorText === undefined && (type === 'blk' || mode === 'sector')) sectorSize = 4096;
    for (const extra of invocation.positionals) errors.push(`unknown extra parameter "${extra.text}"`);
    const bus = text('--bus');
    const region = text('--region');
    return {
        errors,
        options: {
            modeDefault, force: flag(invocation, '--force'), greedy: flag(invocation, '--continue'),
            autolabel: !flag(invocation, '--no-autolabel'), autorecover: !flag(invocation, '--no-autorecover'),
            scan: invocation.options.size === 0 && invocation.positionals.length === 0,
            ...(bus === undefined ? {} : { bus }), ...(region === undefined ? {} : { region }), ...(reconfig === undefined ? {} : { reconfig }),
            ...(uuid === undefined ? {} : { uuid }), ...(size ? { size } : {}), ...(mode ? { mode } : {}), ...(map ? { map } : {}),
            ...(sectorSize === undefined ? {} : { sectorSize }), ...(type === undefined ? {} : { type }),
            ...(align === undefined ? {} : { align, alignText: alignText! }),
        },
    };
}

/** Alignments that the kernel's personalities offer. */
export function supportedAlignment(align: number): boolean {
    return ALIGNMENTS.includes(align);
}
