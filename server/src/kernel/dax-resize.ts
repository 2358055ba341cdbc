// What a dax device covers and how that changes: the attributes size, align and mapping (drivers/dax/bus.c). Kernel model 06,
// DAX-08…DAX-17. All three exist for dynamic regions only; static ones are read-only, which sysfs answers with EACCES (DAX-27).
import { availableSize, devicesOf, deviceSize, pages, parseKernelNumber, updateDevice } from './dax-bus.ts';
import type { Errno, Result } from './outcome.ts';
import { alignDown, alignUp, contains, formatSize, GiB, hex, isAligned, MiB, overlaps, PAGE, type Range, rangeOf, sizeOf } from './range.ts';
import type { DaxDevice, DaxMapping, DaxRegion } from './state.ts';
import type { Tx } from './tx.ts';

/** Granularity of sizes and mapping lengths: the device's align, at least 2 MiB (DAX-08). */
export function allocationUnit(device: DaxDevice): number {
    return Math.max(device.align, 2 * MiB);
}

/** Where the device starts, as its `resource` attribute prints it (DAX-12). */
export function deviceResource(device: DaxDevice, region: DaxRegion): number {
    return device.mappings[0]?.start ?? region.range.start;
}

// --------------------------------------------------------------------------------------------------------------------- size

/** Writes `size` (DAX-08, DAX-09). Misalignment is reported before a bound driver is. */
export function daxSetSize(tx: Tx, name: string, value: string): Result {
    const device = tx.state.dax.devices.get(name)!;
    const region = tx.state.dax.regions.get(device.region)!;
    const size = parseKernelNumber(value);
    const fail = (errno: Errno, code: string, message: string, data?: Record<string, number>): Errno =>
        tx.fail(errno, { code, rules: ['DAX-08'], subject: name, message, ...(data ? { data } : {}) });
    if (size !== undefined && size >= 2 ** 64) return fail('ERANGE', 'dax/size-syntax', `\`${value}\` does not fit in 64 bits`);
    if (size === undefined) {
        return fail('EINVAL', 'dax/size-syntax', `\`${value}\` is no size: the kernel takes a plain decimal or 0x number of bytes, no suffix`);
    }
    const unit = allocationUnit(device);
    if (!isAligned(size, unit)) {
        return fail('EINVAL', 'dax/size-misaligned', `the size of ${name} must be a multiple of ${formatSize(unit)}`,
            { unit, below: alignDown(size, unit), above: alignUp(size, unit) });
    }
    if (device.driver) return fail('EBUSY', 'dax/size-bound', `${name} is bound to ${device.driver}: unbind it before changing its size`);
    const old = deviceSize(device);
    if (size === old) return 0;
    noteLeftMemory(tx, device);
    if (size < old) {
        shrink(tx, device, old - size);
        return 0;
    }
    const free = availableSize(tx.state.dax, region);
    if (size - old > free) {
        return fail('ENOSPC', 'dax/no-space', `${name} cannot grow by ${formatSize(size - old)}: ${formatSize(free)} of its region are free`,
            { available: free, largest: alignDown(old + free, unit) });
    }
    if (!isAligned(size - old, unit)) {
        tx.warn(`${name}: resize of 0x${hex(size - old)} misaligned`, 'DAX-09');
        return fail('ENXIO', 'dax/growth-misaligned', `${name} can only grow by multiples of ${formatSize(unit)}`);
    }
    return grow(tx, device, region, size - old);
}

/** Allocated ranges of a region in address order, each with its device. */
function allocated(tx: Tx, region: DaxRegion): (Range & { readonly device: string })[] {
    return devicesOf(tx.state.dax, region.key)
        .flatMap((d) => d.mappings.map((m) => ({ start: m.start, end: m.end, device: d.name })))
        .sort((a, b) => a.start - b.start);
}

/** First-fit growth that may take several pieces; array order is allocation order, not address order (DAX-10). */
function grow(tx: Tx, grown: DaxDevice, region: DaxRegion, bytes: number): Result {
    let device = grown;
    for (let left = bytes; left > 0;) {
        const piece = nextPiece(allocated(tx, region), region, left);
        if (!piece) {
            return tx.fail('ENOSPC', { code: 'dax/no-space', rules: ['DAX-10'], subject: device.name, message: `${region.key} has no gap left for ${device.name}` });
        }
        const last = device.mappings.at(-1);
        const extends_ = last !== undefined && last.end + 1 === piece.start
            && device.mappings.every((m) => m.pageOffset <= last.pageOffset);
        device = extends_
            ? updateDevice(tx, device.name, { mappings: [...device.mappings.slice(0, -1), { ...last, end: piece.end }] })
            : append(tx, device, piece);
        left -= sizeOf(piece);
    }
    const pieces = device.mappings.length;
    if (pieces > 1 && pieces > grown.mappings.length) {
        tx.note({
            code: 'dax/fragmented', rules: ['DAX-10', 'DXC-05'], severity: 'warning', subject: device.name,
            message: `${device.name} now lies in ${pieces} pieces: each is trimmed to whole memory blocks on its own, and daxctl looks for its blocks in one window`,
        });
    }
    return 0;
}

/** The gap the kernel takes next: before the first range, else behind the first range that has room after it. */
function nextPiece(ranges: readonly Range[], region: DaxRegion, wanted: number): Range | undefined {
    const first = ranges[0];
    if (!first) return rangeOf(region.range.start, wanted);
    if (first.start > region.range.start) return rangeOf(region.range.start, Math.min(first.start - region.range.start, wanted));
    for (const [i, range] of ranges.entries()) {
        const room = (ranges[i + 1]?.start ?? region.range.end + 1) - (range.end + 1);
        if (room > 0) return rangeOf(range.end + 1, Math.min(room, wanted));
    }
    return undefined;
}

/** Adds a range as the device's last mapping; page offsets count on (DAX-12). */
function append(tx: Tx, device: DaxDevice, range: Range): DaxDevice {
    const used = new Set(device.mappings.map((m) => m.id));
    let id = 0;
    while (used.has(id)) id++;
    const mapping: DaxMapping = { start: range.start, end: range.end, id, pageOffset: pages(deviceSize(device)) };
    return updateDevice(tx, device.name, { mappings: [...device.mappings, mapping] });
}

/** Takes bytes off the end, last mapping first (DAX-11). */
function shrink(tx: Tx, device: DaxDevice, bytes: number): void {
    const mappings = [...device.mappings];
    for (let left = bytes; left > 0;) {
        const last = mappings.pop()!;
        if (sizeOf(last) > left) mappings.push({ ...last, end: last.end - left });
        left -= Math.min(left, sizeOf(last));
    }
    updateDevice(tx, device.name, { mappings });
}

/** Memory that an unbound kmem could not remove stays System RAM whatever the dax core does with the range (KM-12). */
function noteLeftMemory(tx: Tx, device: DaxDevice): void {
    const left = leftBehind(tx, device);
    if (!left) return;
    tx.note({
        code: 'dax/resize-left-memory', rules: ['KM-12'], severity: 'warning', subject: device.name, range: left,
        message: `part of ${device.name} is still System RAM from an earlier kmem: the resize works, but these addresses stay unusable until reboot`,
    });
}

/** A range of the device that kmem left behind as System RAM, if any (KM-12). */
function leftBehind(tx: Tx, device: DaxDevice): Range | undefined {
    if (device.driver === 'kmem') return undefined;
    const left = tx.state.memory.present.find((p) => p.by === 'hotplug' && device.mappings.some((m) => overlaps(m, p)));
    return left && { start: left.start, end: left.end };
}

// -------------------------------------------------------------------------------------------------------------------- align

/** Writes `align` (DAX-13). Mapping starts are not checked (DAX-14). */
export function daxSetAlign(tx: Tx, name: string, value: string): Result {
    const device = tx.state.dax.devices.get(name)!;
    const fail = (errno: Errno, code: string, message: string): Errno => tx.fail(errno, { code, rules: ['DAX-13'], subject: name, message });
    const align = parseKernelNumber(value);
    if (align === undefined) return fail('ENXIO', 'dax/align-syntax', `\`${value}\` is no number of bytes`);
    if (align !== PAGE && align !== 2 * MiB && align !== GiB) {
        return fail('EINVAL', 'dax/align-value', 'align is one of the page sizes 4096, 2097152 and 1073741824');
    }
    if (device.driver) return fail('EBUSY', 'dax/align-bound', `${name} is bound to ${device.driver}: unbind it before changing its align`);
    const unit = Math.max(align, 2 * MiB);
    const odd = device.mappings.find((m) => !isAligned(sizeOf(m), unit));
    if (odd) {
        return fail('EINVAL', 'dax/align-size', `${name} has a range of ${formatSize(sizeOf(odd))}, which is no multiple of ${formatSize(unit)}: resize it first`);
    }
    const high = device.mappings.find((m) => !isAligned(m.start, align));
    if (high) {
        tx.note({
            code: 'dax/align-start', rules: ['DAX-14'], severity: 'warning', subject: name, range: high,
            message: `${name} starts off ${formatSize(align)}: the align is accepted, but faults of that size will fail with SIGBUS`,
        });
    }
    updateDevice(tx, name, { align });
    return 0;
}

// ------------------------------------------------------------------------------------------------------------------ mapping

/** `1a0000000-1a7ffffff`: both hexadecimal with or without 0x, inclusive end (DAX-15). */
function parseMapping(value: string): Range | undefined {
    const m = /^\+?(?:0[xX])?([0-9a-fA-F]{1,16})\n?-\+?(?:0[xX])?([0-9a-fA-F]{1,16})\n?$/.exec(value);
    return m ? { start: Number.parseInt(m[1]!, 16), end: Number.parseInt(m[2]!, 16) } : undefined;
}

/** Writes `mapping`: appends exactly this range, even to a bound device (DAX-15…17). */
export function daxAddMapping(tx: Tx, name: string, value: string): Result {
    const device = tx.state.dax.devices.get(name)!;
    const region = tx.state.dax.regions.get(device.region)!;
    const range = parseMapping(value);
    const fail = (errno: Errno, code: string, message: string, others?: readonly string[]): Errno =>
        tx.fail(errno, { code, rules: ['DAX-16'], subject: name, message, ...(range ? { range } : {}), ...(others ? { others } : {}) });
    if (!range) return fail('EINVAL', 'dax/mapping-syntax', `\`${value}\` is no range: write <start>-<end> in hexadecimal, end inclusive`);
    const length = range.end - range.start + 1;
    const unit = allocationUnit(device);
    // A length below zero wraps around 2^64, which is a multiple of every unit, so its remainder decides as for the others.
    if (length % unit !== 0) {
        const message = `the length of the range, ${length > 0 ? formatSize(length) : 'below zero'}, is no multiple of ${formatSize(unit)}`;
        if (!tx.state.profile.mappingLengthSilent) return fail('ENXIO', 'dax/mapping-length', message);
        tx.note({ code: 'dax/mapping-ignored', rules: ['DAX-16'], severity: 'error', subject: name, range, message: `nothing was mapped although the write succeeds: ${message}` });
        return 0;
    }
    if (length === 0) {
        if (device.mappings.length === 0) return 0;
        tx.warn('0-size allocation must be first', 'DAX-16');
        return fail('EBUSY', 'dax/mapping-empty', 'an empty range can only be the first of a device');
    }
    if (length < 0 || !contains(region.range, range)) {
        return fail('ENOMEM', 'dax/mapping-outside', `the range does not lie in the region of ${name}, 0x${hex(region.range.start)}-0x${hex(region.range.end)}`);
    }
    const taken = allocated(tx, region).find((r) => overlaps(r, range));
    if (taken) return fail('ENOMEM', 'dax/mapping-overlap', `${taken.device} already has part of this range`, [taken.device]);
    append(tx, device, range);
    if (device.driver) {
        tx.note({
            code: 'dax/mapping-while-bound', rules: ['DAX-17'], severity: 'warning', subject: name, range,
            message: `${name} is bound: ${device.driver} does not see the new range until it is bound again`,
        });
    }
    if (!isAligned(range.start, 2 * MiB)) {
        tx.note({
            code: 'dax/mapping-start', rules: ['DAX-17', 'ZD-01'], severity: 'warning', subject: name, range,
            message: `the range starts off 2 MiB: device_dax will refuse to bind ${name}`, data: { start: alignUp(range.start, 2 * MiB) },
        });
    }
    return 0;
}
