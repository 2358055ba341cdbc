// Numbers as the field writes them: hex with `_`, sizes with the binary units of the kernel's memparse, latencies, bandwidths.
import { ADDRESS_LIMIT, GiB, KiB, MiB, TiB } from '../kernel/range.ts';

export type NumberKind = 'address' | 'size' | 'count' | 'latency' | 'bandwidth';

export type Parsed = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly code: string; readonly message: string };

const SIZE_UNITS: Readonly<Record<string, number>> = { K: KiB, M: MiB, G: GiB, T: TiB, P: 1024 * TiB };
const UNIT_NAMES = 'K, M, G, T or P';
/** ns for one of the unit. */
const LATENCY_UNITS: Readonly<Record<string, number>> = { ps: 0.001, ns: 1, us: 1000 };
/** MB/s for one of the unit; decimal, as in HMAT. */
const BANDWIDTH_UNITS: Readonly<Record<string, number>> = { 'MB/s': 1, 'GB/s': 1000, 'TB/s': 1_000_000 };

const wrong = (code: string, message: string): Parsed => ({ ok: false, code, message });

/** Reads a number token. Sizes and addresses in bytes, latencies in ns (rounded up, HMAT-03), bandwidths in MB/s. */
export function parseNumber(text: string, kind: NumberKind): Parsed {
    switch (kind) {
        case 'latency':
            return scaled(text, LATENCY_UNITS, 'ns or ps');
        case 'bandwidth':
            return scaled(text, BANDWIDTH_UNITS, 'MB/s, GB/s or TB/s');
        case 'count':
            return whole(text, false);
        default:
            return whole(text, true);
    }
}

/** What is not a unit at all gets this far: digits, then letters. */
function whole(text: string, units: boolean): Parsed {
    const hex = /^0[xX]([0-9a-fA-F_]*)([g-zG-Z][A-Za-z]*(?:\/s)?)?$/.exec(text);
    const decimal = hex ? null : /^([0-9][0-9_]*)([A-Za-z][A-Za-z/]*)?$/.exec(text);
    const match = hex ?? decimal;
    if (!match) {
        if (/^\d+\.\d+[A-Za-z]*$/.test(text)) return wrong('language/bad-number', `${text} has a fraction: write it in the next smaller unit`);
        return wrong('language/bad-number', `\`${text}\` is not a number`);
    }
    const digits = match[1]!.replaceAll('_', '');
    if (digits === '') return wrong('language/bad-number', `\`${text}\` has no digits`);
    let factor = 1;
    const unit = match[2];
    if (unit !== undefined) {
        const letter = /^([kKmMgGtTpP])(?:i?[bB])?$/.exec(unit)?.[1]?.toUpperCase();
        if (!units) return wrong('language/unknown-unit', `a plain number belongs here: \`${unit}\` is too much`);
        if (letter === undefined) return wrong('language/unknown-unit', `\`${unit}\` is not a unit of size: ${UNIT_NAMES}`);
        factor = SIZE_UNITS[letter]!;
    }
    // Exact up to 2^53; beyond that only the order of magnitude matters, because the answer is an error anyway.
    const value = (hex ? parseInt(digits, 16) : Number(digits)) * factor;
    if (value >= 2 ** 64) return wrong('language/number-past-64-bits', `${text} does not fit in 64 bits`);
    if (value > ADDRESS_LIMIT) return wrong('platform/past-52-bits', `${text} is past 2^52, the end of what x86-64 can address`);
    return { ok: true, value };
}

function scaled(text: string, units: Readonly<Record<string, number>>, names: string): Parsed {
    const match = /^(\d[\d_]*(?:\.\d+)?)([A-Za-z][A-Za-z/]*)?$/.exec(text);
    if (!match) return wrong('language/bad-number', `\`${text}\` is not a number`);
    if (match[2] === undefined) return wrong('language/missing-unit', `${text} needs a unit: ${names}`);
    const factor = units[match[2]];
    if (factor === undefined) return wrong('language/unknown-unit', `\`${match[2]}\` is not a unit here: ${names}`);
    const value = Math.ceil(Number(match[1]!.replaceAll('_', '')) * factor - 1e-9);
    return value > 0xffff_ffff ? wrong('language/number-past-64-bits', `${text} does not fit in the table`) : { ok: true, value };
}

/** A size the way the formatter writes it: the largest binary unit that keeps it whole. */
export function writeSize(bytes: number): string {
    for (const unit of ['P', 'T', 'G', 'M', 'K']) {
        const factor = SIZE_UNITS[unit]!;
        if (bytes !== 0 && bytes % factor === 0) return `${bytes / factor}${unit}`;
    }
    return String(bytes);
}

/** Canonical spelling of a number token: lower-case hex digits and prefix, unit as a single capital letter. */
export function canonicalNumber(text: string): string {
    if (/^0[xX][0-9a-fA-F_]+$/.test(text)) return text.toLowerCase();
    const size = /^([0-9][0-9_]*|0[xX][0-9a-fA-F_]+)([kKmMgGtTpP])(?:i?[bB])?$/.exec(text);
    return size ? size[1]!.toLowerCase() + size[2]!.toUpperCase() : text;
}
