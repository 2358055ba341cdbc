// The ACPI tables that describe memory, read from their binary form: SRAT, SLIT, HMAT, NFIT, CEDT. Each reader takes the table
// with its 36-byte header (ACPI 6.5, 5.2.6). Damage gets a placed problem (byte offset) and the sound structures are kept.
import type { CxlWindow, Hmat, HmatCache, HmatValue, NfitRange, Srat, SratCpu, SratMemory } from '../kernel/machine.ts';
import { rangeOf } from '../kernel/range.ts';

export interface AcpiProblem {
    /** Byte offset in the table. */
    readonly offset: number;
    readonly message: string;
}

export interface AcpiHeader {
    /** Four characters: `SRAT`. */
    readonly signature: string;
    /** Bytes, header included. */
    readonly length: number;
    readonly revision: number;
    /** The bytes sum to zero, as they must. */
    readonly checksum: boolean;
}

export interface Parsed<T> {
    readonly value: T;
    readonly header: AcpiHeader;
    readonly problems: readonly AcpiProblem[];
}

const HEADER = 36;

/** A table's bytes with little-endian access. 64-bit fields become doubles: addresses above 2^53 are problems, never silently rounded. */
class Table {
    readonly header: AcpiHeader;
    readonly problems: AcpiProblem[] = [];
    /** Bytes that may be read: the header's length, or what is there. */
    readonly end: number;
    private readonly view: DataView;

    constructor(bytes: Uint8Array, signature: string) {
        this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        const has = bytes.byteLength >= HEADER;
        const name = has ? String.fromCharCode(...bytes.subarray(0, 4)) : '';
        const length = has ? this.view.getUint32(4, true) : bytes.byteLength;
        this.end = Math.min(length, bytes.byteLength);
        let sum = 0;
        for (let i = 0; i < this.end; i++) sum = (sum + bytes[i]!) & 0xff;
        this.header = { signature: name, length, revision: has ? bytes[8]! : 0, checksum: sum === 0 };
        if (!has) this.problem(0, `a table needs ${HEADER} bytes of header, here are ${bytes.byteLength}`);
        else if (name !== signature) this.problem(0, `this is a ${JSON.stringify(name)} table, not ${signature}`);
        else if (length > bytes.byteLength) this.problem(4, `the header says ${length} bytes, the file has ${bytes.byteLength}`);
        else if (!this.header.checksum) this.problem(9, 'the checksum does not match');
    }

    problem(offset: number, message: string): void {
        this.problems.push({ offset, message });
    }

    u8(at: number): number {
        return at + 1 <= this.end ? this.view.getUint8(at) : 0;
    }

    u16(at: number): number {
        return at + 2 <= this.end ? this.view.getUint16(at, true) : 0;
    }

    u32(at: number): number {
        return at + 4 <= this.end ? this.view.getUint32(at, true) : 0;
    }

    u64(at: number): number {
        const value = this.u32(at) + this.u32(at + 4) * 2 ** 32;
        if (value > Number.MAX_SAFE_INTEGER) this.problem(at, 'a 64-bit value beyond 2^53 cannot be a physical address');
        return value;
    }

    /** Structures that start with a type and a length, `wide` ones with 16-bit fields (HMAT: 32-bit length behind two reserved bytes). */
    *structures(from: number, form: 'u8' | 'u16' | 'cedt' | 'hmat'): Generator<{ readonly type: number; readonly at: number; readonly length: number }> {
        for (let at = from; at < this.end; ) {
            const type = form === 'u8' || form === 'cedt' ? this.u8(at) : this.u16(at);
            const length = form === 'u8' ? this.u8(at + 1) : form === 'hmat' ? this.u32(at + 4) : this.u16(at + 2);
            if (length === 0 || at + length > this.end) {
                this.problem(at, `structure of type ${type} says it has ${length} bytes, ${this.end - at} are left`);
                return;
            }
            yield { type, at, length };
            at += length;
        }
    }

    done<T>(value: T): Parsed<T> {
        return { value, header: this.header, problems: this.problems };
    }
}

/** SRAT (ACPI 6.5, 5.2.16). Only enabled structures are kept, in the table's order (NUMA-01). */
export function parseSrat(bytes: Uint8Array): Parsed<Srat> {
    const table = new Table(bytes, 'SRAT');
    const cpus: SratCpu[] = [];
    const memory: SratMemory[] = [];
    const genericInitiators: number[] = [];
    const narrow = table.header.revision <= 1;
    for (const { type, at, length } of table.structures(HEADER + 12, 'u8')) {
        if (type === 0 && length >= 16) {
            if (!(table.u32(at + 4) & 1)) continue;
            const high = narrow ? 0 : table.u8(at + 9) * 2 ** 8 + table.u8(at + 10) * 2 ** 16 + table.u8(at + 11) * 2 ** 24;
            cpus.push({ pxm: table.u8(at + 2) + high, apicId: table.u8(at + 3) });
        } else if (type === 2 && length >= 24) {
            if (table.u32(at + 12) & 1) cpus.push({ pxm: table.u32(at + 4), apicId: table.u32(at + 8) });
        } else if (type === 1 && length >= 40) {
            const flags = table.u32(at + 28);
            const size = table.u64(at + 16);
            if (!(flags & 1)) continue;
            if (size === 0) {
                table.problem(at, 'an enabled memory range of no bytes');
                continue;
            }
            const pxm = narrow ? table.u8(at + 2) : table.u32(at + 2);
            memory.push({
                pxm, ...rangeOf(table.u64(at + 8), size), ...(flags & 2 ? { hotplug: true } : {}), ...(flags & 4 ? { nonVolatile: true } : {}),
            });
        } else if (type === 5 && length >= 32) {
            if (table.u32(at + 24) & 1) genericInitiators.push(table.u32(at + 4));
        }
    }
    return table.done({ cpus, memory, ...(genericInitiators.length ? { genericInitiators } : {}) });
}

/** SLIT (ACPI 6.5, 5.2.17): `slit[from][to]` by proximity domain. */
export function parseSlit(bytes: Uint8Array): Parsed<number[][]> {
    const table = new Table(bytes, 'SLIT');
    const count = table.u64(HEADER);
    const cells = table.end - HEADER - 8;
    if (count * count > cells) {
        table.problem(HEADER, `${count} localities need ${count * count} bytes, ${Math.max(0, cells)} are there`);
        return table.done([]);
    }
    return table.done(Array.from({ length: count }, (_, i) => Array.from({ length: count }, (_, j) => table.u8(HEADER + 8 + i * count + j))));
}

const LOCALITY: readonly (readonly HmatValue['attribute'][])[] = [
    ['read_latency', 'write_latency'], ['read_latency'], ['write_latency'],
    ['read_bandwidth', 'write_bandwidth'], ['read_bandwidth'], ['write_bandwidth'],
];

/** One entry of an HMAT matrix in ns or MB/s (HMAT-03); 0 where the entry says nothing. */
export function hmatValue(entry: number, baseUnit: number, revision: number, latency: boolean): number {
    if (entry === 0 || entry === 0xffff) return 0;
    const value = entry * baseUnit;
    if (revision <= 1) return value < 10 ? 0 : Math.ceil(value / 10);
    return latency ? Math.ceil(value / 1000) : value;
}

/** HMAT (ACPI 6.5, 5.2.27). Revisions other than 1 and 2 are problems: Linux ignores such a table (HMAT-01). */
export function parseHmat(bytes: Uint8Array): Parsed<Hmat> {
    const table = new Table(bytes, 'HMAT');
    const { revision } = table.header;
    if (revision !== 1 && revision !== 2) table.problem(8, `revision ${revision} is not known to Linux`);
    const domains: { memory: number; processor?: number }[] = [];
    const values: HmatValue[] = [];
    const caches: HmatCache[] = [];
    for (const { type, at, length } of table.structures(HEADER + 4, 'hmat')) {
        if (type === 0 && length >= 24) {
            const valid = table.u16(at + 8) & 1;
            domains.push({ memory: table.u32(at + 16), ...(valid ? { processor: table.u32(at + 12) } : {}) });
        } else if (type === 1 && length >= 32) {
            const hierarchy = table.u8(at + 8) & 0xf;
            const attributes = LOCALITY[table.u8(at + 9)];
            const initiators = table.u32(at + 12);
            const targets = table.u32(at + 16);
            const base = table.u64(at + 24);
            const matrix = at + 32 + 4 * (initiators + targets);
            if (!attributes || matrix + 2 * initiators * targets > at + length) {
                table.problem(at, attributes ? 'the matrix does not fit in the structure' : `unknown data type ${table.u8(at + 9)}`);
                continue;
            }
            if (hierarchy !== 0) continue; // levels of a memory-side cache: Linux publishes memory only
            for (let i = 0; i < initiators; i++) {
                for (let t = 0; t < targets; t++) {
                    const entry = table.u16(matrix + 2 * (i * targets + t));
                    for (const attribute of attributes) {
                        values.push({
                            initiator: table.u32(at + 32 + 4 * i), target: table.u32(at + 32 + 4 * (initiators + t)), attribute,
                            value: hmatValue(entry, base, revision, attribute.endsWith('latency')),
                        });
                    }
                }
            }
        } else if (type === 2 && length >= 32) {
            const attributes = table.u32(at + 24);
            caches.push({
                target: table.u32(at + 8), size: table.u64(at + 16), level: (attributes >> 4) & 0xf, line: attributes >>> 16,
                associativity: (['none', 'direct', 'complex'] as const)[(attributes >> 8) & 0xf] ?? 'none',
                writePolicy: (['none', 'write-back', 'write-through'] as const)[(attributes >> 12) & 0xf] ?? 'none',
            });
        }
    }
    return table.done({ domains, values, caches });
}

const PMEM_GUID = [0x79, 0xd3, 0xf0, 0x66, 0xf3, 0xb4, 0x74, 0x40, 0xac, 0x43, 0x0d, 0x33, 0x18, 0xb7, 0x8c, 0xdb];

/** NFIT (ACPI 6.5, 5.2.25): the persistent memory SPA ranges in the table's order, each with the NVDIMMs mapped into it. */
export function parseNfit(bytes: Uint8Array): Parsed<NfitRange[]> {
    const table = new Table(bytes, 'NFIT');
    const spas: { index: number; start: number; size: number; domain?: number }[] = [];
    const maps: { spa: number; handle: number; unarmed: boolean }[] = [];
    for (const { type, at, length } of table.structures(HEADER + 4, 'u16')) {
        if (type === 0 && length >= 56) {
            if (!PMEM_GUID.every((b, i) => table.u8(at + 16 + i) === b)) continue;
            const size = table.u64(at + 40);
            if (size === 0) table.problem(at, 'a range of no bytes');
            else spas.push({ index: table.u16(at + 4), start: table.u64(at + 32), size, ...(table.u16(at + 6) & 2 ? { domain: table.u32(at + 12) } : {}) });
        } else if (type === 1 && length >= 48) {
            maps.push({ spa: table.u16(at + 12), handle: table.u32(at + 4), unarmed: (table.u16(at + 44) & 8) !== 0 });
        }
    }
    return table.done(spas.map((spa) => {
        const behind = maps.filter((m) => m.spa === spa.index);
        return {
            ...rangeOf(spa.start, spa.size), ...(spa.domain === undefined ? {} : { proximityDomain: spa.domain }),
            dimms: behind.map((m) => `nvdimm-${m.handle.toString(16)}`), labelSize: 0, ...(behind.some((m) => m.unarmed) ? { unarmed: true } : {}),
        };
    }));
}

/** CEDT (CXL 3.1, 9.18.1): the fixed memory windows in the table's order. */
export function parseCedt(bytes: Uint8Array): Parsed<CxlWindow[]> {
    const table = new Table(bytes, 'CEDT');
    const windows: CxlWindow[] = [];
    for (const { type, at, length } of table.structures(HEADER, 'cedt')) {
        if (type !== 1 || length < 36) continue;
        const size = table.u64(at + 16);
        if (size === 0) {
            table.problem(at, 'a window of no bytes');
            continue;
        }
        const encoded = table.u8(at + 24);
        const ways = encoded < 8 ? 2 ** encoded : 3 * 2 ** (encoded - 8);
        const restrictions = table.u16(at + 32);
        windows.push({
            index: windows.length, ...rangeOf(table.u64(at + 8), size), ways, granularity: 256 * 2 ** table.u32(at + 28),
            targets: Array.from({ length: Math.max(0, Math.min(ways, (length - 36) / 4)) }, (_, i) => `hb${table.u32(at + 36 + 4 * i)}`),
            volatile: (restrictions & 4) !== 0, pmem: (restrictions & 8) !== 0,
        });
    }
    return table.done(windows);
}
