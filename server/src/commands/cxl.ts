// cxl: regions made of CXL memory devices (cxl 76; kernel model 08, L).
import { cxlRegionCreate, cxlRegionDestroy, cxlRegionDisable, cxlRegionEnable, windowHoles } from '../kernel/cxl.ts';
import { type Errno, STRERROR } from '../kernel/outcome.ts';
import { sizeOf } from '../kernel/range.ts';
import type { CxlRegion, KernelState } from '../kernel/state.ts';
import type { Tx } from '../kernel/tx.ts';
import { formatJson, formatJsonArray, type Json, size } from './json-c.ts';
import { flag, parseToolSize, valueOf } from './ndctl-options.ts';
import { devicesWithOnlineMemory } from './ndctl-session.ts';
import type { CommandResult } from './result.ts';
import type { Invocation, OptionSpec, ToolSpec } from './spec.ts';

const BUS: OptionSpec = { long: '--bus', short: '-b', value: 'bus', doc: 'Only objects of this CXL bus.' };
const DECODER: OptionSpec = { long: '--decoder', short: '-d', value: 'decoder', doc: 'Root decoder (window) that the region lies in.' };
const DEBUG: OptionSpec = { long: '--debug', doc: 'Tell more about what is done.' };

const onRegion = (verb: string, doc: string, options: readonly OptionSpec[] = []): ToolSpec['verbs'][number] => ({
    verb, doc, man: `cxl-${verb}(1)`, options: [...options, BUS, DECODER, DEBUG], positionals: [{ name: 'region', kind: 'region', many: true }],
});
const onMemdev = (verb: string, doc: string, options: readonly OptionSpec[] = [], reads = false): ToolSpec['verbs'][number] => ({
    verb, doc, man: `cxl-${verb}(1)`, options: [...options, BUS, DEBUG], positionals: [{ name: 'memdev', kind: 'memdev', many: true }], ...(reads ? { reads } : {}),
});

const CXL: ToolSpec = {
    tool: 'cxl', doc: 'Manages CXL memory devices and regions.',
    verbs: [
        {
            verb: 'create-region', man: 'cxl-create-region(1)', doc: 'Makes a region of memory devices: volatile ones become a dax device, persistent ones an nvdimm region.',
            positionals: [{ name: 'target', kind: 'memdev', optional: true, many: true }],
            options: [
                DECODER,
                { long: '--type', short: '-t', value: 'text', values: ['pmem', 'ram'], doc: 'Kind of memory (default: what window and devices offer).' },
                { long: '--size', short: '-s', value: 'size', doc: 'Bytes of the region, a multiple of 256 MiB for each device (default: all that is free).' },
                { long: '--ways', short: '-w', value: 'number', values: ['1', '2', '3', '4', '6', '8', '12', '16'], doc: 'Number of interleaved devices.' },
                { long: '--granularity', short: '-g', value: 'number', values: ['256', '512', '1024', '2048', '4096', '8192', '16384'], doc: 'Bytes that one device has before the next one follows.' },
                { long: '--memdevs', short: '-m', doc: 'The positional words are memory devices (default: endpoint decoders).' },
                { long: '--uuid', short: '-U', value: 'uuid', doc: 'uuid of a persistent region (default: a random one).' },
                { long: '--enforce-qos', short: '-Q', doc: 'Fail when the QoS class of window and devices differ.' },
                BUS, DEBUG,
            ],
        },
        onRegion('destroy-region', 'Destroys regions and gives their addresses back.', [{ long: '--force', short: '-f', doc: 'Disable the region first.' }]),
        onRegion('disable-region', 'Disables regions.', [{ long: '--force', short: '-f', doc: 'Do so even if memory cannot be taken offline; the range stays busy until reboot.' }]),
        onRegion('enable-region', 'Enables regions.'),
        onMemdev('enable-memdev', 'Enables memory devices.'),
        onMemdev('disable-memdev', 'Disables memory devices that no region uses.', [{ long: '--force', short: '-f', doc: 'Disable even while in use.' }]),
        onMemdev('reserve-dpa', 'Reserves capacity of a device for a region.', [
            { long: '--size', short: '-s', value: 'size', doc: 'Bytes to reserve.' }, { long: '--type', short: '-t', value: 'text', values: ['pmem', 'ram'], doc: 'Partition to take it from.' },
        ]),
        onMemdev('free-dpa', 'Gives reserved capacity back.', [{ long: '--type', short: '-t', value: 'text', values: ['pmem', 'ram'], doc: 'Partition.' }]),
        onMemdev('set-partition', 'Divides a device into volatile and persistent capacity.', [
            { long: '--type', short: '-t', value: 'text', values: ['pmem', 'volatile'], doc: 'Partition whose size is given.' }, { long: '--size', short: '-s', value: 'size', doc: 'Bytes of it.' },
            { long: '--align', short: '-a', doc: 'Round the size to what the device supports.' },
        ]),
        {
            verb: 'list', man: 'cxl-list(1)', doc: 'Prints buses, ports, devices, windows and regions as JSON.', reads: true, positionals: [{ name: 'object', kind: 'text', optional: true, many: true }],
            options: [
                { long: '--memdevs', short: '-M', doc: 'List memory devices (default).' }, { long: '--buses', short: '-B', doc: 'List buses.' }, { long: '--ports', short: '-P', doc: 'List ports.' },
                { long: '--endpoints', short: '-E', doc: 'List endpoints.' }, { long: '--decoders', short: '-D', doc: 'List decoders; those of the root are the windows.' },
                { long: '--targets', short: '-T', doc: 'Show the targets of ports and decoders.' }, { long: '--regions', short: '-R', doc: 'List regions.' },
                { long: '--idle', short: '-i', doc: 'List disabled objects too.' }, { long: '--health', short: '-H', doc: 'Show health.' }, { long: '--partition', short: '-I', doc: 'Show partitions.' },
                { long: '--human', short: '-u', doc: 'Print numbers with units.' }, { long: '--verbose', short: '-v', doc: 'Show more.' },
                { long: '--memdev', short: '-m', value: 'memdev', doc: 'Only this memory device.' }, { long: '--region', short: '-r', value: 'region', doc: 'Only this region.' },
                { long: '--decoder', short: '-d', value: 'decoder', doc: 'Only this decoder.' }, { long: '--bus', short: '-b', value: 'bus', doc: 'Only this bus.' },
            ],
        },
    ],
};

/** Lines of one run. */
class Session {
    stderr = '';
    stdout = '';
    readonly errnos: Errno[] = [];

    say(where: string, text: string): void {
        this.stderr += `cxl region: ${where}: ${text}\n`;
    }

    exit(status: number): CommandResult {
        return { status, errnos: this.errnos, stdout: this.stdout, stderr: this.stderr };
    }
}

function regionJson(region: CxlRegion): Json {
    return {
        region: region.name, resource: size(region.range.start), size: size(sizeOf(region.range)), type: region.type === 'ram' ? 'ram' : undefined,
        interleave_ways: region.memdevs.length, interleave_granularity: region.granularity, decode_state: region.enabled ? 'commit' : 'reset',
        mappings: region.memdevs.map((memdev, position) => ({ position, memdev })).reverse(),
    };
}

const plural = (n: number): string => `${n} region${n === 1 ? '' : 's'}`;

function create(tx: Tx, invocation: Invocation): CommandResult {
    const session = new Session();
    const decoder = valueOf(invocation, '--decoder');
    const done = (made: number): CommandResult => {
        session.say('cmd_create_region', `created ${plural(made)}`);
        return session.exit(made > 0 ? 0 : 1);
    };
    const { windows, memdevs } = tx.state.cxl;
    const window = decoder === undefined ? windows[0] : windows.find((w) => decoder === `decoder0.${w.index}` || decoder === String(w.index));
    if (!window) {
        session.say('validate_decoder', `no root decoder ${decoder ?? ''}`.trimEnd());
        return done(0);
    }
    const root = `decoder0.${window.index}`;
    const words = invocation.positionals.flatMap((p) => p.text.split(/[ ,]+/)).filter((w) => w !== '');
    const wanted = words.length > 0 ? words : memdevs.filter((m) => m.window === window.index).map((m) => m.name);
    const chosen = wanted.map((name) => memdevs.find((m) => m.name === name && m.window === window.index));
    const ways = Number(valueOf(invocation, '--ways') ?? chosen.length);
    const missing = wanted.filter((_, i) => !chosen[i]);
    if (chosen.length === 0 || missing.length > 0) {
        session.say('collect_memdevs', `no active memdevs found: decoder: ${root} filter: ${missing.join(' ') || words.join(' ')}`);
        tx.note({ code: 'cxl/no-memdev', rules: ['CXL-03'], severity: 'error', subject: root, message: `${missing.join(', ') || 'no memory device'} is not active behind window ${window.index}` });
        return done(0);
    }
    const devices = chosen.map((m) => m!);
    if (ways !== devices.length) {
        session.say('validate_ways', `Interleave ways ${ways} is not equal to number of memdevs specified: ${devices.length}`);
        return done(0);
    }
    const type = valueOf(invocation, '--type') ?? (devices.every((m) => m.pmemSize > 0) ? 'pmem' : 'ram');
    if (type !== 'pmem' && type !== 'ram') {
        session.say('parse_create_options', `unsupported type: ${type}`);
        return done(0);
    }
    const sizeText = valueOf(invocation, '--size');
    const asked = sizeText === undefined ? undefined : parseToolSize(sizeText)?.bytes;
    if (sizeText !== undefined && asked === undefined) {
        session.say('parse_create_options', `Invalid size: ${sizeText}`);
        return done(0);
    }
    const each = Math.min(...devices.map((m) => (type === 'pmem' ? m.pmemSize : m.volatileSize) - usedCapacity(tx.state, m.name, type)));
    const available = each * devices.length;
    const bytes = asked ?? available;
    if (available === 0 || bytes > available) {
        session.say('create_region', `${root}: no ${type} capacity for ${bytes} bytes`);
        tx.note({ code: 'cxl/no-capacity', rules: ['CXL-03'], severity: 'error', subject: root, message: `the devices have ${available} bytes of ${type} free`, data: { available } });
        return done(0);
    }
    const granularity = parseToolSize(valueOf(invocation, '--granularity') ?? '')?.bytes || window.granularity || 256;
    const made = cxlRegionCreate(tx, { window: window.index, type, memdevs: devices.map((m) => m.name), size: bytes, granularity });
    if (!made.ok) {
        session.errnos.push(made.errno);
        session.say('create_region', `${root}: set_size failed: ${STRERROR[made.errno]}`);
        return done(0);
    }
    session.stdout = `${formatJson(regionJson(tx.state.cxl.regions.get(made.name)!))}\n`;
    return done(1);
}

/** Bytes of a device that regions have. */
function usedCapacity(state: KernelState, memdev: string, type: 'ram' | 'pmem'): number {
    return [...state.cxl.regions.values()].filter((r) => r.type === type && r.memdevs.includes(memdev)).reduce((sum, r) => sum + sizeOf(r.range) / r.memdevs.length, 0);
}

interface RegionVerb {
    readonly past: string;
    readonly act: (tx: Tx, session: Session, region: CxlRegion, force: boolean) => boolean;
}

function disable(tx: Tx, session: Session, region: CxlRegion, force: boolean): boolean {
    const busy = devicesWithOnlineMemory(tx.state, `dax_region${region.id}`)[0];
    if (busy && !force) {
        session.errnos.push('EBUSY');
        session.say('disable_region', `${region.name}: ${STRERROR.EBUSY}: memory of ${busy.name} is online`);
        tx.fail('EBUSY', { code: 'cxl/memory-online', rules: ['CXL-08'], subject: region.name, others: [busy.name], range: region.range, message: `memory of ${busy.name} is online: take it offline first` });
        return false;
    }
    cxlRegionDisable(tx, region.name);
    return true;
}

const REGION_VERBS: Readonly<Record<string, RegionVerb>> = {
    'enable-region': { past: 'enabled', act: (tx, _, region) => {
        cxlRegionEnable(tx, region.name);
        return true;
    } },
    'disable-region': { past: 'disabled', act: disable },
    'destroy-region': { past: 'destroyed', act: (tx, session, region, force) => {
        if (region.enabled && !force) {
            session.errnos.push('EBUSY');
            session.say('destroy_region', `${region.name} active. Disable it or use --force`);
            tx.fail('EBUSY', { code: 'cxl/active-needs-force', rules: ['CXL-08'], subject: region.name, range: region.range, message: `${region.name} is enabled: --force disables it first` });
            return false;
        }
        if (region.enabled && !disable(tx, session, region, false)) return false;
        cxlRegionDestroy(tx, region.name);
        return true;
    } },
};

function eachRegion(tx: Tx, invocation: Invocation, name: string, verb: RegionVerb): CommandResult {
    const session = new Session();
    const words = invocation.positionals.map((p) => p.text);
    const decoder = valueOf(invocation, '--decoder');
    let count = 0;
    let failed = false;
    for (const region of [...tx.state.cxl.regions.values()]) {
        if (!words.some((w) => w === 'all' || w === region.name || w === String(region.id))) continue;
        if (decoder !== undefined && decoder !== `decoder0.${region.window}`) continue;
        if (verb.act(tx, session, region, flag(invocation, '--force'))) count++;
        else failed = true;
    }
    session.say(`cmd_${name.replace('-', '_')}`, `${verb.past} ${plural(count)}`);
    return session.exit(failed || count === 0 ? 1 : 0);
}

function list(tx: Tx, invocation: Invocation): CommandResult {
    const session = new Session();
    const { cxl } = tx.state;
    const out: Json[] = [];
    const wants = (option: string): boolean => flag(invocation, option);
    if (wants('--memdevs') || !['--buses', '--ports', '--endpoints', '--decoders', '--regions'].some(wants)) {
        out.push(...cxl.memdevs.map((m): Json => ({ memdev: m.name, pmem_size: m.pmemSize > 0 ? size(m.pmemSize) : undefined, ram_size: m.volatileSize > 0 ? size(m.volatileSize) : undefined })));
    }
    if (wants('--decoders')) {
        out.push(...cxl.windows.map((w): Json => ({
            decoder: `decoder0.${w.index}`, resource: size(w.start), size: size(sizeOf(w)), interleave_ways: w.ways ?? 1,
            max_available_extent: size(windowHoles(tx.state, w).reduce((most, h) => Math.max(most, sizeOf(h)), 0)),
        })));
    }
    if (wants('--regions')) out.push(...[...cxl.regions.values()].map(regionJson));
    if (out.length > 0) session.stdout = formatJsonArray(out, wants('--human'));
    return session.exit(0);
}

function run(tx: Tx, invocation: Invocation): CommandResult {
    const verb = invocation.verb?.text ?? '';
    if (verb === 'create-region') return create(tx, invocation);
    if (Object.hasOwn(REGION_VERBS, verb)) return eachRegion(tx, invocation, verb, REGION_VERBS[verb]!);
    if (verb === 'list') return list(tx, invocation);
    tx.notSimulated = `cxl ${verb}`;
    return new Session().exit(0);
}

/** cxl for the command engine. */
export const cxlTool: { readonly spec: ToolSpec; readonly run: (tx: Tx, invocation: Invocation) => CommandResult } = { spec: CXL, run };
