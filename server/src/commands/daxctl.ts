// daxctl: its own checks, what it writes to sysfs, and what it prints (kernel model 07, DXC-01…11). Wording and order are those
// of version 76, which the recordings have.
import { availableSize, daxCreate, daxDelete } from '../kernel/dax-bus.ts';
import type { Note } from '../kernel/outcome.ts';
import type { Tx } from '../kernel/tx.ts';
import { deviceJson, listText } from './daxctl-list.ts';
import { noteWindow, offlineMemory, onlineMemory, onlineSections } from './daxctl-memory.ts';
import { type Code, type ListedDevice, type ListedRegion, matchesDevice, matchesRegion, Session } from './daxctl-session.ts';
import { DAXCTL } from './daxctl-spec.ts';
import { formatJsonArray, type Json } from './json-c.ts';
import { type CommandResult, toolStatus } from './result.ts';
import type { Invocation, ToolSpec } from './spec.ts';

/** Exit status of the option parser when it refuses a command line. */
const USAGE = 129;

/** What the options of a command line say. */
interface Options {
    readonly region?: string;
    readonly device?: string;
    /** Bytes; undefined when not given or not a size, which daxctl treats alike. */
    readonly size?: number;
    readonly align?: number;
    readonly mode?: string;
    readonly noOnline: boolean;
    readonly noMovable: boolean;
    readonly force: boolean;
    readonly human: boolean;
}

/** `512M`, `0x1000`, `1g`: a number as strtoull reads it and one suffix k, m, g or t; undefined for anything else. */
export function parseToolSize(text: string): number | undefined {
    const m = /^\s*\+?(0[xX][0-9a-fA-F]+|\d+)([kKmMgGtT]?)$/.exec(text);
    if (!m) return undefined;
    const digits = m[1]!;
    const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
    const power = ['', 'k', 'm', 'g', 't'].indexOf(m[2]!.toLowerCase());
    return value * 1024 ** power;
}

function optionsOf(invocation: Invocation): Options {
    const value = (long: string): string | undefined => invocation.options.get(long)?.value?.text;
    const given = (long: string): boolean => invocation.options.has(long);
    const sizeOf = (long: string): number | undefined => {
        const text = value(long);
        return text === undefined ? undefined : parseToolSize(text);
    };
    const region = value('--region');
    const mode = value('--mode');
    const size = sizeOf('--size');
    const align = sizeOf('--align');
    // Paths are accepted: only their last component counts.
    const device = invocation.positionals[0]?.text.split('/').at(-1);
    return {
        ...(region !== undefined ? { region } : {}), ...(device !== undefined ? { device } : {}), ...(mode !== undefined ? { mode } : {}),
        ...(size !== undefined ? { size } : {}), ...(align !== undefined ? { align } : {}),
        noOnline: given('--no-online'), noMovable: given('--no-movable'), force: given('--force'), human: given('--human'),
    };
}

interface Action {
    /** `specify a device to <what>, or "all"`. */
    readonly what: string;
    /** `error <failing>: <strerror>`. */
    readonly failing: string;
    /** `<done> N device[s]`. */
    readonly done: string;
    readonly run: (session: Session, device: ListedDevice, options: Options, print: (json: Json) => void) => Code;
}

const ACTIONS: Readonly<Record<string, Action>> = {
    'reconfigure-device': { what: 'reconfigure', failing: 'reconfiguring devices', done: 'reconfigured', run: reconfigure },
    'destroy-device': { what: 'destroy', failing: 'destroying devices', done: 'destroyed', run: destroy },
    'enable-device': { what: 'enable', failing: 'enabling device', done: 'enabled', run: (s, d) => enableOrDisable(s, d, true) },
    'disable-device': { what: 'disable', failing: 'disabling device', done: 'disabled', run: (s, d) => enableOrDisable(s, d, false) },
    'online-memory': { what: 'online memory for', failing: 'onlining memory', done: 'onlined memory for', run: (s, d, o) => memory(s, d, () => onlineMemory(s, d, o.noMovable)) },
    'offline-memory': { what: 'offline memory for', failing: 'offlining memory', done: 'offlined memory for', run: (s, d) => memory(s, d, () => offlineMemory(s, d)) },
};

// ------------------------------------------------------------------------------------------------------------------ actions

/** DXC-01, DXC-02. Size and align win over mode. */
function reconfigure(session: Session, device: ListedDevice, options: Options, print: (json: Json) => void): Code {
    if (options.align !== undefined && options.align > 0) {
        const result = session.setAlign(device, options.align);
        if (result !== 0) return result;
    }
    if (options.size !== undefined) return session.setSize(device, options.size);
    let code: Code;
    // With --align the mode is not even looked at.
    const mode = options.align === undefined ? options.mode : undefined;
    if (mode === 'system-ram') code = toSystemRam(session, device, options);
    else if (mode === 'devdax') code = toDevdax(session, device, options);
    else {
        session.say(`${device.name}: unknown mode requested: 0`);
        code = 'EINVAL';
        if (options.align !== undefined) {
            session.tx.note({
                code: 'daxctl/align-only', rules: ['DXC-02'], severity: 'warning', subject: device.name,
                message: `the align of ${device.name} is set; daxctl reports an error all the same because --align without --size ends in a mode that it does not know`,
            });
        }
    }
    if (code !== 0 && code !== 'nothing') return code;
    print(deviceJson(session, device));
    return 0;
}

/** DXC-03. */
function toSystemRam(session: Session, device: ListedDevice, options: Options): Code {
    const policy = session.tx.state.memory.autoOnline;
    if ((options.noOnline || !options.noMovable) && !options.force && policy.startsWith('online')) {
        session.say(`${device.name}: error: kernel policy will auto-online memory, aborting`);
        return session.tx.fail('EBUSY', {
            code: 'daxctl/auto-online', rules: ['DXC-03'], subject: device.name,
            message: `auto_online_blocks is ${policy}: the kernel would online the memory of ${device.name} itself, so daxctl stops; -f overrides`,
            data: { policy },
        });
    }
    if (session.isSystemRam(device)) {
        session.say(`${device.name} was already in system-ram mode`);
    } else {
        session.disable(device);
        const result = session.enable(device, 'kmem');
        if (result !== 0) return result;
        noteWindow(session.tx, device);
    }
    return options.noOnline ? 0 : onlineMemory(session, device, options.noMovable);
}

/** DXC-04. */
function toDevdax(session: Session, device: ListedDevice, options: Options): Code {
    if (session.isEnabled(device)) {
        if (!session.isSystemRam(device)) {
            session.say(`${device.name} was already in devdax mode`);
            return 'nothing';
        }
        if (options.force) {
            const code = offlineMemory(session, device);
            if (code !== 0 && code !== 'nothing') return code;
        }
        const online = onlineSections(session.tx.state, device);
        if (typeof online === 'string') {
            session.say(`${device.name}: failed to determine online state: ${session.name(online)}`);
            return online;
        }
        if (online > 0) {
            if (session.verbose) {
                session.say(`${device.name}: found ${online} memory sections online`);
                session.say(`${device.name}: refusing to change modes`);
            }
            return session.tx.fail('EBUSY', {
                code: 'daxctl/still-online', rules: ['DXC-04', 'DXC-05'], subject: device.name,
                message: `${online} memory block${online === 1 ? '' : 's'} that daxctl counts to ${device.name} ${online === 1 ? 'is' : 'are'} online: offline them first`,
            });
        }
        session.disable(device);
    }
    return session.enable(device, 'device_dax');
}

/** DXC-08. */
function destroy(session: Session, device: ListedDevice, options: Options): Code {
    if (session.isEnabled(device) && !options.force) {
        session.say(`${device.name} is active, specify --force for deletion`);
        return session.tx.fail('ENXIO', { code: 'daxctl/active', rules: ['DXC-08'], subject: device.name, message: `${device.name} is enabled: disable it first, or use --force` });
    }
    session.disable(device);
    const sized = session.setSize(device, 0);
    if (sized !== 0) return sized;
    const { devices } = session.tx.state.dax;
    const deleted = daxDelete(session.tx, devices.get(device.name)!.region, device.name);
    if (deleted === 'EBUSY' && devices.get(device.name)!.id === 0) {
        session.tx.note({
            code: 'daxctl/emptied', rules: ['DXC-08', 'DAX-06'], severity: 'warning', subject: device.name,
            message: `${device.name} cannot be deleted, but its memory went back to the region before that was found out`,
        });
    }
    return deleted;
}

/** DXC-06. */
function enableOrDisable(session: Session, device: ListedDevice, enable: boolean): Code {
    if (session.isSystemRam(device)) {
        session.say(`${device.name}: status operations are only applicable in devdax mode`);
        return session.tx.fail('ENXIO', {
            code: 'daxctl/system-ram', rules: ['DXC-06'], subject: device.name,
            message: `${device.name} is in system-ram mode: use reconfigure-device, online-memory or offline-memory`,
        });
    }
    const result = enable ? session.enable(device, 'device_dax') : session.disable(device);
    if (result !== 0) session.say(`${device.name}: ${enable ? 'enable' : 'disable'} failed: ${session.name(result)}`);
    return result;
}

/** DXC-06. */
function memory(session: Session, device: ListedDevice, run: () => Code): Code {
    if (session.isSystemRam(device)) return run();
    session.say(`${device.name}: memory operations are not applicable in devdax mode`);
    return session.tx.fail('ENXIO', {
        code: 'daxctl/devdax', rules: ['DXC-06'], subject: device.name, message: `${device.name} is not in system-ram mode: it has no memory blocks`,
    });
}

/** DXC-07: works on the region's seed, which need not be the device it has just made. */
function create(session: Session, region: ListedRegion, options: Options, print: (json: Json) => void): Code {
    const { tx } = session;
    const state = (): ReturnType<typeof tx.state.dax.regions.get> => tx.state.dax.regions.get(region.key);
    if (state()?.kind !== 'dynamic') {
        return tx.fail('ENOSPC', { code: 'dax/static', rules: ['DAX-03', 'DXC-07'], subject: region.key, message: `the region of ${region.key} has exactly one device: that of its namespace` });
    }
    if (daxCreate(tx, region.key, '1') !== 0) return 'ENOSPC';
    const { seed, youngest } = state()!;
    const device = region.devices().find((d) => d.name === seed);
    if (!device) return 'ENOSPC';
    if (seed !== youngest) {
        tx.note({
            code: 'daxctl/stale-seed', rules: ['DXC-07'], severity: 'warning', subject: seed!, others: [youngest!],
            message: `daxctl works on ${seed}, left over by an earlier attempt, and not on ${youngest}, which it has just made: delete the empty devices`,
        });
    }
    const size = options.size ?? availableSize(tx.state.dax, state()!);
    if (size <= 0) return 'ENOSPC';
    if (options.align !== undefined && options.align > 0) {
        const aligned = session.setAlign(device, options.align);
        if (aligned !== 0) return aligned;
    }
    const sized = session.setSize(device, size);
    if (sized !== 0) {
        tx.note({
            code: 'daxctl/leftover', rules: ['DXC-07'], severity: 'warning', subject: device.name,
            message: `${device.name} stays behind without memory, and the next create-device in its region will try it again`,
        });
        return sized;
    }
    const result = session.enable(device, 'device_dax');
    if (result !== 0) {
        session.say(`${device.name}: enable failed: ${session.name(result)}`);
        return result;
    }
    print(deviceJson(session, device));
    return 0;
}

// ------------------------------------------------------------------------------------------------------------------ the tool

/** Lines that the option parser or the verb prints before it does anything; undefined when the command line is good. */
function usageError(verb: string, invocation: Invocation, options: Options): string | undefined {
    const unknown = invocation.problems.find((p) => p.code === 'command/unknown-option' || p.code === 'command/missing-value');
    if (unknown) return `  Error: ${unknown.message}`;
    const lines: string[] = [];
    const action = ACTIONS[verb];
    if (action && options.device === undefined) lines.push(`specify a device to ${action.what}, or "all"`);
    const allowed = action ? 1 : verb === 'create-device' ? 1 : 0;
    for (const word of invocation.positionals.slice(allowed)) lines.push(`unknown extra parameter "${word.text}"`);
    if (lines.length === 0 && verb === 'reconfigure-device') {
        const sized = invocation.options.has('--size') || invocation.options.has('--align');
        if (!sized && options.mode === undefined) lines.push("error: a 'align', 'mode' or 'size' option is required");
        else if (!sized && options.mode === 'devdax' && options.noOnline) lines.push('--no-online is incompatible with --mode=devdax');
    }
    return lines.length > 0 ? lines.join('\n') : undefined;
}

function run(tx: Tx, invocation: Invocation): CommandResult {
    const verb = invocation.verb?.text ?? '';
    const options = optionsOf(invocation);
    if (!invocation.spec) {
        return { status: 1, errnos: [], stdout: '', stderr: verb ? `Unknown command: '${verb}'\n` : '' };
    }
    const problem = usageError(verb, invocation, options);
    if (problem !== undefined) return { status: USAGE, errnos: [], stdout: '', stderr: `${problem}\n` };
    for (const long of ['--input', '--check-config']) {
        if (invocation.options.has(long)) {
            tx.notSimulated = `${long} reads a file that the model does not have`;
            return { status: 0, errnos: [], stdout: '', stderr: '' };
        }
    }
    const session = new Session(tx, invocation.options.has('--verbose'));
    const action = ACTIONS[verb];
    if (action) return finish(session, action.failing, action.done, options, (print) => forEachDevice(session, action, options, print));
    if (verb === 'create-device') return finish(session, 'creating devices', 'created', options, (print) => forEachRegion(session, options, print));
    if (verb === 'list') {
        const flag = (long: string): boolean => invocation.options.has(long);
        const dev = invocation.options.get('--dev')?.value?.text;
        const stdout = listText(session, {
            regions: flag('--regions'), devices: flag('--devices'), mappings: flag('--mappings'), idle: flag('--idle'), human: options.human,
            ...(options.region !== undefined ? { region: options.region } : {}), ...(dev !== undefined ? { dev } : {}),
        });
        return { status: 0, errnos: [], stdout, stderr: '' };
    }
    if (verb !== 'version' && verb !== 'help') tx.notSimulated = `daxctl ${verb} works on files, not on memory`;
    return { status: 0, errnos: [], stdout: '', stderr: '' };
}

interface Count {
    readonly code: Code;
    readonly processed: number;
}

/** Runs an action on each device that region and name select; the last one's outcome is the tool's. */
function forEachDevice(session: Session, action: Action, options: Options, print: (json: Json) => void): Count {
    let code: Code = 'ENXIO';
    let processed = 0;
    let found = false;
    for (const region of session.regions().filter((r) => matchesRegion(r, options.region))) {
        for (const device of region.devices().filter((d) => matchesDevice(d, options.device))) {
            found = true;
            code = action.run(session, device, options, print);
            if (code === 0) processed++;
        }
    }
    if (!found) {
        session.tx.note({
            code: 'daxctl/no-such-device', rules: ['DXC-01'], severity: 'error', ...(options.device !== undefined ? { subject: options.device } : {}),
            message: options.device === 'all' ? 'there is no dax device' : `there is no dax device ${options.device}`,
        });
    }
    return { code, processed };
}

function forEachRegion(session: Session, options: Options, print: (json: Json) => void): Count {
    let code: Code = 'ENXIO';
    let processed = 0;
    for (const region of session.regions().filter((r) => matchesRegion(r, options.region))) {
        code = create(session, region, options, print);
        if (code === 0) processed++;
    }
    return { code, processed };
}

/** Runs a verb and ends as all of them end: JSON of the last device, an error line, the count. */
function finish(session: Session, failing: string, done: string, options: Options, run: (print: (json: Json) => void) => Count): CommandResult {
    let last: Json | undefined;
    const { code, processed } = run((json) => {
        last = json;
    });
    if (last !== undefined) session.stdout += formatJsonArray([last], options.human);
    if (code !== 0 && code !== 'nothing') session.say(`error ${failing}: ${session.name(code)}`);
    session.say(`${done} ${processed} device${processed === 1 ? '' : 's'}`);
    dropRepeated(session.tx.notes);
    const status = code === 'nothing' ? 1 : toolStatus(code);
    return { status, errnos: session.errnos, stdout: session.stdout, stderr: session.stderr };
}

/** The two writes of one enable tell the same story twice: notes keep one copy of it (the log keeps both, as dmesg does). */
function dropRepeated(notes: Note[]): void {
    const seen = new Set<string>();
    for (let i = 0; i < notes.length; i++) {
        const key = JSON.stringify(notes[i]);
        if (seen.has(key)) notes.splice(i--, 1);
        seen.add(key);
    }
}

export const daxctlTool: { readonly spec: ToolSpec; readonly run: (tx: Tx, invocation: Invocation) => CommandResult } = { spec: DAXCTL, run };
