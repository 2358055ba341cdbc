// The order in which sysfs lists a directory (fs/kernfs/dir.c): by a hash of the names. Tools that walk a directory act in this
// order, so what a half-finished `daxctl offline-memory` leaves behind follows from it.

/** Upper 32 bits of the product of two unsigned 32-bit numbers. */
function mulHigh(a: number, b: number): number {
    const a0 = a & 0xffff;
    const a1 = a >>> 16;
    const b0 = b & 0xffff;
    const b1 = b >>> 16;
    const middle = a1 * b0 + ((a0 * b0) >>> 16);
    return (a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(((middle & 0xffff) + a0 * b1) / 0x10000)) >>> 0;
}

/** Key of a name in its directory: multiplicative string hash of 64 bits, folded to 31; 0, 1 and the maximum are reserved. */
export function kernfsHash(name: string): number {
    let high = 0;
    let low = 0;
    for (const c of new TextEncoder().encode(name)) {
        const sum = low + (c << 4) + (c >> 4);
        high = (high + (sum > 0xffffffff ? 1 : 0)) >>> 0;
        low = sum >>> 0;
        high = (Math.imul(high, 11) + mulHigh(low, 11)) >>> 0;
        low = Math.imul(low, 11) >>> 0;
    }
    // Bits 32…62 of the product with 2^64 divided by the golden ratio.
    const folded = (mulHigh(low, 0x80b583eb) + Math.imul(low, 0x61c88646) + Math.imul(high, 0x80b583eb)) & 0x7fffffff;
    if (folded < 2) return folded + 2;
    return Math.min(folded, 0x7ffffffe);
}

/** Names as readdir(3) on a sysfs directory returns them. */
export function readdirOrder(names: readonly string[]): string[] {
    return names
        .map((name) => ({ name, hash: kernfsHash(name) }))
        .sort((a, b) => a.hash - b.hash || (a.name < b.name ? -1 : 1))
        .map((n) => n.name);
}
