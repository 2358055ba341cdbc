// The QEMU monitor: memory that is plugged and unplugged while Linux runs. Transcripts have the human form
// (`device_add pc-dimm,id=dimm1,memdev=mem1`), recordings the JSON form; both become one verb with arguments.
import { parseSize } from '../kernel/cmdline.ts';
import { dimmAdd, dimmEject } from '../kernel/dimm.ts';
import { nfitHotAdd } from '../kernel/nfit.ts';
import { alignUp, hex, MiB, overlaps, type Range, rangeOf, sizeOf } from '../kernel/range.ts';
import type { KernelState } from '../kernel/state.ts';
import type { Tx } from '../kernel/tx.ts';
import { virtioMemAdd, virtioMemById, virtioMemRequest } from '../kernel/virtio-mem.ts';
import { restart } from './power.ts';
import { type CommandResult, OK } from './result.ts';
import type { Problem, ShellLine, Span, Word } from './shell.ts';

export type QemuArguments = Readonly<Record<string, unknown>>;

/** A monitor line as verb and arguments; the verb is spelled as the machine protocol does (`object-add`). */
export interface QemuLine {
    readonly execute: string;
    readonly args: QemuArguments;
    readonly problems: readonly Problem[];
}

export interface QemuVerb {
    /** As the monitor prompt takes it. */
    readonly verb: string;
    readonly doc: string;
    /** Drivers or classes that the first word may name. */
    readonly kinds?: readonly string[];
    readonly properties?: readonly string[];
}

/** What the monitor takes that has to do with memory. */
export const QEMU_VERBS: readonly QemuVerb[] = [
    { verb: 'object_add', doc: 'Makes a memory backend.', kinds: ['memory-backend-ram', 'memory-backend-file', 'memory-backend-memfd'], properties: ['id', 'size'] },
    {
        verb: 'device_add', doc: 'Plugs a memory device.', kinds: ['pc-dimm', 'nvdimm', 'virtio-mem-pci'],
        properties: ['id', 'memdev', 'addr', 'node', 'slot', 'block-size', 'requested-size', 'label-size'],
    },
    { verb: 'device_del', doc: 'Asks the guest to give a device back.' },
    { verb: 'object_del', doc: 'Destroys a memory backend that no device uses.' },
    { verb: 'qom-set', doc: 'Sets a property: `qom-set vm0 requested-size 8G`.' },
    { verb: 'qom-get', doc: 'Reads a property: `qom-get vm0 size`.' },
    { verb: 'system_reset', doc: 'Restarts the machine.' },
    { verb: 'info', doc: 'Prints something: `info memory-devices`.' },
];

/** Alignment of the memory behind a backend without huge pages, in bytes. */
const BACKEND_ALIGN = 2 * MiB;

const canonical = (verb: string): string => (verb === 'object_add' ? 'object-add' : verb === 'object_del' ? 'object-del' : verb);

/** Understands a monitor line in the human form. Never throws. */
export function parseQemu(shell: ShellLine): QemuLine | undefined {
    const [verb, ...rest] = shell.words;
    if (!verb) return undefined;
    const known = QEMU_VERBS.find((v) => canonical(v.verb) === canonical(verb.text));
    if (!known) {
        return { execute: verb.text, args: {}, problems: [{ code: 'command/unknown', message: `the monitor command \`${verb.text}\` is not simulated`, span: verb.span }] };
    }
    const problems: Problem[] = [];
    const need = (word: Word | undefined, what: string): void => {
        if (!word) problems.push({ code: 'command/missing-value', message: `\`${verb.text}\` needs ${what}`, span: verb.span });
    };
    switch (known.verb) {
        case 'object_add': case 'device_add': {
            need(rest[0], known.verb === 'object_add' ? 'a class, such as memory-backend-ram' : 'a driver, such as pc-dimm');
            const args = rest[0] ? parseProperties(rest[0], known, problems) : {};
            return { execute: canonical(known.verb), args, problems };
        }
        case 'device_del': case 'object_del':
            need(rest[0], 'an id');
            return { execute: canonical(known.verb), args: rest[0] ? { id: rest[0].text } : {}, problems };
        case 'qom-set': case 'qom-get': {
            need(rest[0], 'a device');
            need(rest[1], 'a property');
            if (known.verb === 'qom-set') need(rest[2], 'a value');
            const value = rest[2] === undefined ? undefined : sizeValue(rest[2], problems);
            return {
                execute: known.verb, problems,
                args: { path: rest[0]?.text ?? '', property: rest[1]?.text ?? '', ...(value === undefined ? {} : { value }) },
            };
        }
        default:
            return { execute: known.verb, args: { item: rest[0]?.text ?? '' }, problems };
    }
}

/** Bytes that a word names; a placed problem where it is no size. */
function sizeValue(word: { readonly text: string; readonly span: Span }, problems: Problem[]): number {
    const { value, length } = parseSize(word.text);
    if (length === 0 || (length !== word.text.length && word.text.slice(length) !== 'B')) {
        problems.push({ code: 'command/bad-size', message: `\`${word.text}\` is not a size`, span: word.span });
    }
    return value;
}

const SIZES: readonly string[] = ['size', 'addr', 'block-size', 'requested-size', 'label-size'];
const NUMBERS: readonly string[] = ['node', 'slot'];

/** `pc-dimm,id=dimm1,memdev=mem1`. */
function parseProperties(word: Word, verb: QemuVerb, problems: Problem[]): QemuArguments {
    const [kind = '', ...parts] = word.text.split(',');
    const args: Record<string, unknown> = verb.verb === 'object_add' ? { 'qom-type': kind } : { driver: kind };
    let at = word.span.start + kind.length;
    if (!verb.kinds!.includes(kind)) {
        problems.push({ code: 'command/unknown-device', message: `\`${kind}\` is not a memory ${verb.verb === 'object_add' ? 'backend' : 'device'}: not simulated`, span: { start: word.span.start, end: at } });
    }
    for (const part of parts) {
        const span = { start: at + 1, end: at + 1 + part.length };
        at = span.end;
        const eq = part.indexOf('=');
        const name = eq < 0 ? part : part.slice(0, eq);
        const value = eq < 0 ? '' : part.slice(eq + 1);
        const valueSpan = { start: span.start + name.length + 1, end: span.end };
        if (SIZES.includes(name)) args[name] = sizeValue({ text: value, span: valueSpan }, problems);
        else if (NUMBERS.includes(name)) args[name] = Number(value);
        else args[name] = value;
    }
    return args;
}

/** QEMU answers with an error; nothing changed. */
function refuse(tx: Tx, message: string): CommandResult {
    tx.note({ code: 'qemu/refused', rules: ['VM-01'], severity: 'error', message });
    return { status: 1, errnos: [], stdout: '', stderr: `Error: ${message}\n` };
}

/** Carries out a monitor command. What is not about memory says so and changes nothing. */
export function runQemu(tx: Tx, execute: string, args: QemuArguments): CommandResult {
    switch (canonical(execute)) {
        case 'object-add': return objectAdd(tx, args);
        case 'object-del': return objectDel(tx, text(args['id']));
        case 'device_add': return deviceAdd(tx, args);
        case 'device_del': return deviceDel(tx, text(args['id']));
        case 'qom-set': return qomSet(tx, args);
        case 'qom-get': return qomGet(tx, args);
        case 'system_reset': return restart(tx, 'reboot');
        case 'info': return OK;
        default:
            tx.notSimulated = `the monitor command ${execute}`;
            return OK;
    }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number | undefined => (typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined);

function objectAdd(tx: Tx, args: QemuArguments): CommandResult {
    const id = text(args['id']);
    const size = number(args['size']);
    if (!text(args['qom-type']).startsWith('memory-backend-')) {
        tx.notSimulated = `an object of class ${text(args['qom-type'])}`;
        return OK;
    }
    if (tx.state.backends.has(id)) return refuse(tx, `attempt to add duplicate property '${id}' to object (type 'container')`);
    if (id === '' || size === undefined || size <= 0) return refuse(tx, "property 'size' of memory-backend-ram doesn't take value '0'");
    tx.set({ backends: new Map(tx.state.backends).set(id, size) });
    return OK;
}

/** Is the backend behind a device? */
function busy(state: KernelState, backend: string): boolean {
    return [...state.dimms.values()].some((d) => d.backend === backend);
}

function objectDel(tx: Tx, id: string): CommandResult {
    if (!tx.state.backends.has(id)) return refuse(tx, `object '${id}' not found`);
    if (busy(tx.state, id)) return refuse(tx, `object '${id}' is in use, can not be deleted`);
    const backends = new Map(tx.state.backends);
    backends.delete(id);
    tx.set({ backends });
    return OK;
}

/** Address ranges that memory devices take, DIMMs, NVDIMMs and virtio-mem alike. */
function occupied(state: KernelState): Range[] {
    return [...state.machine.nfit, ...state.nvdimm.plugged, ...state.dimms.values(), ...[...state.virtioMem.values()].map((v) => v.region)].sort((a, b) => a.start - b.start);
}

/** Where QEMU puts a device of this size: the given address, or the first gap of the window that fits. A text is a refusal. */
function placeDevice(state: KernelState, size: number, wanted: number | undefined, align: number): number | string {
    const window = state.machine.hotplugWindow;
    if (!window) return 'memory devices (e.g. for memory hotplug) are not enabled, please specify the maxmem option';
    const taken = occupied(state);
    if (wanted !== undefined && wanted !== 0) {
        if (wanted % align !== 0) return `address must be aligned to 0x${hex(align)} bytes`;
        const range = rangeOf(wanted, size);
        if (range.start < window.start || range.end > window.end) return `can't add memory device [0x${hex(wanted)}:0x${hex(size)}], usable range for memory devices [0x${hex(window.start)}:0x${hex(sizeOf(window))}]`;
        if (taken.some((t) => overlaps(t, range))) return `address range conflicts with memory device at 0x${hex(wanted)}`;
        return wanted;
    }
    let start = alignUp(window.start, align);
    for (const t of taken) {
        if (t.start > start + size - 1) break;
        if (t.end >= start) start = alignUp(t.end + 1, align);
    }
    return start + size - 1 > window.end ? `could not find position in guest address space for memory device - memory fragmented due to alignments` : start;
}

interface Placed { readonly id: string; readonly start: number; readonly size: number; readonly node: number; readonly virtio?: string }

/** Address that a recording gives for the device. */
function recorded(args: QemuArguments, id: string): Placed | undefined {
    const placed = args['placed'];
    return Array.isArray(placed) ? (placed as Placed[]).find((p) => p.id === id) : undefined;
}

function deviceAdd(tx: Tx, args: QemuArguments): CommandResult {
    const { state } = tx;
    const driver = text(args['driver']);
    if (driver !== 'pc-dimm' && driver !== 'nvdimm' && !driver.startsWith('virtio-mem')) {
        tx.notSimulated = `plugging a ${driver}`;
        return OK;
    }
    const memdev = text(args['memdev']);
    const backend = state.backends.get(memdev);
    const id = text(args['id']) || `device-of-${memdev}`;
    if (backend === undefined) return refuse(tx, `Device '${memdev}' not found: make it with object_add memory-backend-ram,id=${memdev},size=… first`);
    if (state.dimms.has(id) || virtioMemById(state, id) || state.nvdimm.plugged.some((p) => p.dimms.includes(id))) return refuse(tx, `Duplicate device ID '${id}'`);
    const given = recorded(args, id);
    const blockSize = number(args['block-size']) ?? 2 * MiB;
    const slots = state.machine.hotplugWindow?.slots ?? 0;
    if (driver === 'pc-dimm' && !given && state.dimms.size >= slots) return refuse(tx, 'no free memory slots available');
    const start = given?.start ?? placeDevice(state, backend, number(args['addr']), driver === 'pc-dimm' ? BACKEND_ALIGN : Math.max(BACKEND_ALIGN, blockSize));
    if (typeof start === 'string') return refuse(tx, start);
    const range = rangeOf(start, given?.size ?? backend);
    const pxm = given?.node ?? number(args['node']) ?? 0;
    if (driver === 'nvdimm') return plugNvdimm(tx, id, pxm, given ? range : { ...range, end: range.end - labelShare(args) }, args);
    if (driver === 'pc-dimm') {
        // The monitor succeeds whatever Linux makes of the memory.
        dimmAdd(tx, { kind: 'dimm', id, pxm, backend: memdev, ...range });
        return OK;
    }
    const requestedSize = number(args['requested-size']) ?? 0;
    if (requestedSize % blockSize !== 0) return refuse(tx, `'requested-size' has to be multiples of 'block-size' (0x${hex(blockSize)})`);
    virtioMemAdd(tx, { kind: 'virtio-mem', id, pxm, ...range, blockSize, requestedSize, virtio: given?.virtio ?? nextVirtio(state) });
    return OK;
}

/** Label storage of an NVDIMM lies at the end of its backend; what is left is a multiple of 2 MiB. */
function labelShare(args: QemuArguments): number {
    return alignUp(number(args['label-size']) ?? 0, 2 * MiB);
}

function plugNvdimm(tx: Tx, id: string, pxm: number, range: Range, args: QemuArguments): CommandResult {
    if (range.end < range.start) return refuse(tx, `the size of memdev ${text(args['memdev'])} (0x0) is too small for the label size`);
    nfitHotAdd(tx, { ...range, proximityDomain: pxm, dimms: [id], labelSize: number(args['label-size']) ?? 0, unarmed: text(args['unarmed']) === 'on' });
    return OK;
}

/** The next free number on the virtio bus, as far as memory devices take them. */
function nextVirtio(state: KernelState): string {
    for (let n = 0; ; n++) if (!state.virtioMem.has(`virtio${n}`)) return `virtio${n}`;
}

function deviceDel(tx: Tx, id: string): CommandResult {
    if (tx.state.dimms.has(id)) {
        // The reply comes before Linux has answered; a guest that refuses keeps the device.
        dimmEject(tx, id);
        return OK;
    }
    if (virtioMemById(tx.state, id)) return refuse(tx, 'virtio based memory devices cannot be unplugged.');
    if ([...tx.state.nvdimm.dimms.values()].some((d) => d.device === id)) return refuse(tx, 'nvdimm device hot unplug is not supported yet.');
    return refuse(tx, `Device '${id}' not found`);
}

/** `vm0`, `/machine/peripheral/vm0`. */
function deviceName(path: unknown): string {
    const full = text(path);
    return full.slice(full.lastIndexOf('/') + 1);
}

function qomSet(tx: Tx, args: QemuArguments): CommandResult {
    const id = deviceName(args['path']);
    const property = text(args['property']);
    const device = virtioMemById(tx.state, id);
    if (!device && !tx.state.dimms.has(id)) return refuse(tx, `Device '${id}' not found`);
    const value = number(args['value']);
    if (!device || property !== 'requested-size' || value === undefined) return refuse(tx, `Property '${property}' cannot be set`);
    if (value < 0 || value % device.deviceBlockSize !== 0) return refuse(tx, `'requested-size' has to be multiples of 'block-size' (0x${hex(device.deviceBlockSize)})`);
    if (value > sizeOf(device.region)) return refuse(tx, `'requested-size' cannot exceed the memory backend size (0x${hex(sizeOf(device.region))})`);
    virtioMemRequest(tx, device.name, value);
    return OK;
}

function qomGet(tx: Tx, args: QemuArguments): CommandResult {
    const device = virtioMemById(tx.state, deviceName(args['path']));
    const property = text(args['property']);
    if (!device) return tx.state.dimms.has(deviceName(args['path'])) ? OK : refuse(tx, `Device '${deviceName(args['path'])}' not found`);
    const values: Readonly<Record<string, number>> = {
        'size': device.pluggedSize, 'requested-size': device.requestedSize, 'block-size': device.deviceBlockSize, 'memaddr': device.region.start,
    };
    const value = values[property];
    return value === undefined ? refuse(tx, `Property 'virtio-mem-pci.${property}' not found`) : { ...OK, stdout: `${value}\n` };
}
