// What an address map shows, before anything is laid out: rows of ranges with their words. Plain data, so that a server can send it
// and a page can lay it out again and again while somebody zooms.
import { E820, type E820Entry } from '../kernel/machine.ts';
import type { Note, RuleId } from '../kernel/outcome.ts';
import { formatRange, formatSize, overlaps, type Range, SECTION, sizeOf, subtract } from '../kernel/range.ts';
import type { Resource } from '../kernel/resource.ts';
import type { BlockRun, KernelState } from '../kernel/state.ts';
import { ledger } from './ledger.ts';
import { formatApproximate, namespaceMode } from './summary.ts';
import type { Kind } from './theme.ts';

export type MapRowName = 'firmware' | 'nodes' | 'devices' | 'objects' | 'blocks' | 'sections' | 'lost' | 'faults' | 'iomem';

/** Rows from top to bottom: from what is described to what Linux makes of it. */
export const MAP_ROWS: readonly { readonly name: MapRowName; readonly label: string; readonly long: string }[] = [
    { name: 'firmware', label: 'firmware', long: 'What the firmware describes: e820 and NFIT' },
    { name: 'nodes', label: 'nodes', long: 'NUMA nodes by SRAT' },
    { name: 'devices', label: 'regions', long: 'Regions, windows and memory devices' },
    { name: 'objects', label: 'devices', long: 'Namespaces and dax devices' },
    { name: 'blocks', label: 'blocks', long: 'Memory blocks by state and zone' },
    { name: 'sections', label: 'sections', long: 'Sections of 128 MiB with the sub-sections that are present' },
    { name: 'iomem', label: 'iomem', long: 'What /proc/iomem says of it' },
    { name: 'lost', label: 'lost', long: 'Bytes that nobody can use as things stand' },
    { name: 'faults', label: 'problems', long: 'Overlaps and collisions' },
];

export type MapMark = 'same' | 'added' | 'removed' | 'changed';

export interface MapItem {
    /** Unique in its model, and the same for the same thing in the model of another step. */
    readonly key: string;
    readonly row: MapRowName;
    /** Physical addresses, end inclusive. */
    readonly range: Range;
    readonly kind: Kind;
    /** Words for the box, longest first; the layout takes the first that fits. */
    readonly labels: readonly string[];
    /** Everything, for a tooltip and a screen reader. */
    readonly title: string;
    /** What made it, for going to the text and back: a kernel object (`dax0.0`), `e820:START`, `pxm:N`, `iomem:ID`, or a note's code. */
    readonly sourceKey: string;
    readonly rule?: RuleId;
    /** Bytes that it stands for, where they are fewer than its range. */
    readonly bytes?: number;
    readonly mark: MapMark;
    /** Overlaps what it must not overlap. */
    readonly fault?: boolean;
    /** Small print of the map: does not ask for a place of its own, may hide in a break. */
    readonly minor?: boolean;
}

export interface MapModel {
    readonly items: readonly MapItem[];
    /** Bytes. */
    readonly blockSize: number;
}

export interface MapModelOptions {
    /** Marks say what changed since. */
    readonly previous?: KernelState;
    /** Errors among them that name a range become problems. */
    readonly notes?: readonly Note[];
}

type Bare = Omit<MapItem, 'mark' | 'title'> & { readonly title?: string };

/** The address map of a state. Cost follows the number of ranges. */
export function mapModel(state: KernelState, options: MapModelOptions = {}): MapModel {
    const now = [...itemsOfState(state), ...problems(options.notes ?? [])];
    const items = options.previous && options.previous !== state ? marked(itemsOfState(options.previous), now) : now;
    return { items, blockSize: state.memory.blockSize };
}

function itemsOfState(state: KernelState): MapItem[] {
    const items = [...firmware(state), ...nodes(state), ...devices(state), ...objects(state), ...blocks(state), ...sections(state), ...iomem(state), ...losses(state)];
    const seen = new Map<string, number>();
    return items.map((bare): MapItem => {
        // Two entries that agree in everything stay two
        const times = seen.get(bare.key) ?? 0;
        seen.set(bare.key, times + 1);
        const size = bare.bytes === undefined ? formatSize(sizeOf(bare.range)) : `${formatSize(bare.bytes)} in ${formatSize(sizeOf(bare.range))}`;
        return {
            ...bare, key: times === 0 ? bare.key : `${bare.key}#${times}`, mark: 'same',
            title: `${bare.title ?? bare.labels[0] ?? ''} · ${formatRange(bare.range)} · ${size}${bare.rule ? ` · ${bare.rule}` : ''}`,
        };
    });
}

function marked(before: readonly MapItem[], now: readonly MapItem[]): MapItem[] {
    const old = new Map(before.map((i) => [i.key, i]));
    const keys = new Set(now.map((i) => i.key));
    const alike = (a: MapItem, b: MapItem): boolean => a.range.start === b.range.start && a.range.end === b.range.end && a.kind === b.kind && a.labels[0] === b.labels[0];
    const out = now.map((i): MapItem => {
        const was = old.get(i.key);
        return was ? (alike(was, i) ? i : { ...i, mark: 'changed' }) : { ...i, mark: 'added' };
    });
    // What is gone leaves a trace only where nothing else says what became of it
    for (const i of before) if (!keys.has(i.key) && (i.row === 'objects' || i.row === 'devices')) out.push({ ...i, mark: 'removed', title: `gone: ${i.title}` });
    return out;
}

// -------------------------------------------------------------------------------------------------------------- firmware

const E820_WORDS: Readonly<Record<number, readonly [Kind, string, string]>> = {
    [E820.RAM]: ['ram', 'usable RAM', 'RAM'], [E820.RESERVED]: ['reserved', 'reserved', 'rsv'], [E820.ACPI]: ['acpi', 'ACPI data', 'ACPI'], [E820.NVS]: ['acpi', 'ACPI NVS', 'NVS'],
    [E820.UNUSABLE]: ['reserved', 'unusable', 'bad'], [E820.PMEM]: ['pmem', 'persistent memory', 'pmem'], [E820.PRAM]: ['pmem', 'legacy persistent memory', 'pram'],
    [E820.SOFT_RESERVED]: ['soft', 'soft reserved', 'SP'],
};

function firmware(state: KernelState): Bare[] {
    const entries = state.machine.e820;
    const faulty = overlapping(entries, (a, b) => a.type !== b.type);
    const items = entries.map((e: E820Entry, i): Bare => {
        const [kind, long, short] = E820_WORDS[e.type] ?? ['reserved' as const, `type ${e.type}`, `${e.type}`];
        const size = formatApproximate(sizeOf(e));
        return {
            key: `e820:${e.start}:${e.type}`, row: 'firmware', range: { start: e.start, end: e.end }, kind, labels: [`${long} ${size}`, `${short} ${size}`, size, short], sourceKey: `e820:${e.start}`,
            ...(faulty.has(i) ? { fault: true } : {}), ...(kind === 'reserved' || kind === 'acpi' ? { minor: true } : {}),
        };
    });
    for (const spa of state.machine.nfit) {
        const claimed = entries.some((e) => (e.type === E820.RAM || e.type === E820.SOFT_RESERVED) && overlaps(e, spa));
        const size = formatApproximate(sizeOf(spa));
        items.push({ key: `nfit:${spa.start}`, row: 'firmware', range: { start: spa.start, end: spa.end }, kind: 'pmem', labels: [`NFIT ${size}`, size], title: `persistent memory by NFIT${claimed ? ', overlaps what e820 calls memory of another kind' : ''}`, sourceKey: `nfit:${spa.start}`, ...(claimed ? { fault: true } : {}) });
    }
    return items;
}

/** Indices of ranges that overlap another one where `wrong` says that they must not. Ranges may come in any order. */
function overlapping<T extends Range>(ranges: readonly T[], wrong: (a: T, b: T) => boolean): ReadonlySet<number> {
    const order = ranges.map((_, i) => i).sort((a, b) => ranges[a]!.start - ranges[b]!.start || a - b);
    const out = new Set<number>();
    let open: number[] = [];
    for (const i of order) {
        open = open.filter((k) => ranges[k]!.end >= ranges[i]!.start);
        for (const k of open) {
            if (!wrong(ranges[k]!, ranges[i]!)) continue;
            out.add(k);
            out.add(i);
        }
        open.push(i);
    }
    return out;
}

// ----------------------------------------------------------------------------------------------------------------- nodes

function nodes(state: KernelState): Bare[] {
    // Firmware may say the same twice; once is enough to draw
    const said = new Set<string>();
    const affinities = (state.machine.srat?.memory ?? []).filter((m) => {
        const words = `${m.pxm} ${m.start} ${m.end} ${m.hotplug === true}`;
        return !said.has(words) && said.add(words);
    });
    const faulty = overlapping(affinities, (a, b) => a.pxm !== b.pxm);
    if (affinities.length === 0) {
        return state.numa.meminfo.map((r) => ({ key: `node:${r.node}:${r.start}`, row: 'nodes', range: { start: r.start, end: r.end }, kind: 'node', labels: nodeLabels(r.node, r, false), title: `node ${r.node}`, sourceKey: `node${r.node}` }));
    }
    return affinities.map((m, i): Bare => {
        const node = state.numa.pxmToNode.get(m.pxm) ?? m.pxm;
        return {
            key: `srat:${m.pxm}:${m.start}`, row: 'nodes', range: { start: m.start, end: m.end }, kind: m.hotplug ? 'hotplug' : 'node', labels: nodeLabels(node, m, m.hotplug === true),
            title: `node ${node}${m.hotplug ? ', window for hot-plug' : ''}${node === m.pxm ? '' : ` (proximity domain ${m.pxm})`}`, sourceKey: `node${node}`, ...(faulty.has(i) ? { fault: true } : {}),
        };
    });
}

function nodeLabels(node: number, range: Range, hotplug: boolean): string[] {
    const size = formatApproximate(sizeOf(range));
    return [...(hotplug ? [`node ${node} hot-plug window ${size}`, `node ${node} hot-plug`] : [`node ${node} · ${size}`]), `node ${node}`, `n${node}`, `${node}`];
}

// ------------------------------------------------------------------------------------------------- regions and their parts

function named(row: MapRowName, name: string, range: Range, kind: Kind, what: string, short = name): Bare {
    const size = formatApproximate(sizeOf(range));
    return { key: `${row}:${name}:${row === 'objects' ? range.start : ''}`, row, range: { start: range.start, end: range.end }, kind, labels: [`${name} ${what} ${size}`, `${name} ${size}`, name, short], title: `${name}: ${what}`, sourceKey: name };
}

function devices(state: KernelState): Bare[] {
    return [
        ...[...state.nvdimm.regions.values()].map((r) => named('devices', r.name, r.range, 'pmem', 'nvdimm region', `r${r.id}`)),
        ...[...state.hmem.devices.values()].map((h) => named('devices', `hmem.${h.id}`, h, 'soft', 'soft reserved', `h${h.id}`)),
        ...state.cxl.windows.map((w) => named('devices', `CXL Window ${w.index}`, w, 'hotplug', '', `W${w.index}`)),
        ...[...state.cxl.regions.values()].map((r) => named('devices', r.name, r.range, 'device', `CXL region (${r.type})`)),
        ...[...state.dimms].map(([id, d]) => named('devices', id, d, 'device', d.added ? 'memory device' : 'memory device, refused')),
        ...[...state.virtioMem.values()].map((v) => named('devices', v.name, v.region, 'hotplug', `virtio-mem, ${formatApproximate(v.pluggedSize)} plugged of`, 'vm')),
    ];
}

function objects(state: KernelState): Bare[] {
    const items: Bare[] = [];
    for (const n of state.nvdimm.namespaces.values()) {
        if (n.range) items.push(named('objects', n.name, n.range, 'pmem', namespaceMode(state, n), n.name.slice('namespace'.length)));
    }
    for (const d of state.dax.devices.values()) {
        const kind: Kind = d.driver === 'kmem' ? 'ram' : 'dax';
        const what = d.driver === 'kmem' ? 'system-ram' : d.driver === null ? 'dax, no driver' : 'devdax';
        for (const m of d.mappings) items.push(named('objects', d.name, m, kind, what, d.name.slice('dax'.length)));
    }
    for (const v of state.virtioMem.values()) for (const p of v.plugged) items.push(named('objects', v.name, p, 'ram', 'plugged', 'vm'));
    return items;
}

// ------------------------------------------------------------------------------------------------------ blocks and sections

function blocks(state: KernelState): Bare[] {
    const size = state.memory.blockSize;
    const faulty = new Set(state.memory.blocks.filter((b) => b.nodes.length > 1));
    return state.memory.blocks.map((run): Bare => {
        const count = run.last - run.first + 1;
        const names = count === 1 ? `memory${run.first}` : `memory${run.first}–${run.last}`;
        const zone = run.state === 'offline' ? 'offline' : run.zone ?? 'mixed zones';
        const of = count === 1 ? '1 block' : `${count} blocks`;
        return {
            key: `blocks:${run.first}`, row: 'blocks', range: { start: run.first * size, end: (run.last + 1) * size - 1 }, kind: blockKind(run),
            labels: [`${names} · ${of} · ${run.state === 'online' ? `online ${zone}` : zone}`, `${of} ${zone}`, `${count} ${zone}`, zone === 'mixed zones' ? 'mixed' : zone, `${count}`],
            title: `${names}, ${of} of ${formatSize(size)}, ${run.state}${run.zone ? `, zone ${run.zone}` : run.state === 'online' ? ', in several zones' : ''}, node ${run.nodes.join(' and ')}${run.pinned ? `, cannot go offline: ${run.pinned}` : ''}${faulty.has(run) ? ', shared by nodes' : ''}`,
            sourceKey: `memory${run.first}`,
        };
    });
}

function blockKind(run: BlockRun): Kind {
    return run.state === 'offline' ? 'offline' : run.zone === 'Movable' ? 'movable' : 'ram';
}

const BY: Readonly<Record<string, readonly [Kind, string]>> = { boot: ['ram', 'present since boot'], hotplug: ['ram', 'hot-added'], 'zone-device': ['device', 'mapped by a device'] };

function sections(state: KernelState): Bare[] {
    return state.memory.present.map((p): Bare => {
        const [kind, what] = BY[p.by]!;
        const first = Math.floor(p.start / SECTION);
        const last = Math.floor(p.end / SECTION);
        const count = last - first + 1;
        const whole = p.start % SECTION === 0 && (p.end + 1) % SECTION === 0;
        const name = count === 1 ? `section ${first}` : `sections ${first}–${last}`;
        return {
            key: `sections:${p.start}:${p.by}`, row: 'sections', range: { start: p.start, end: p.end }, kind, labels: [`${name} ${what}`, name, `${count}`],
            title: `${name}: ${what}${p.owner ? ` (${p.owner})` : ''}${whole ? '' : ', in part (sub-sections of 2 MiB)'}`, sourceKey: p.owner ?? `memory${Math.floor(p.start / state.memory.blockSize)}`, minor: true,
        };
    });
}

// ----------------------------------------------------------------------------------------------------------------- iomem

/** Each address belongs to the innermost resource that covers it: that is what the row shows. */
function iomem(state: KernelState): Bare[] {
    const items: Bare[] = [];
    const visit = (r: Resource): void => {
        const own = r.children.length === 0 ? [{ start: r.start, end: r.end }] : subtract(r, r.children);
        for (const range of own) {
            const kind = iomemKind(r.name);
            const size = formatApproximate(sizeOf(range));
            items.push({ key: `iomem:${r.id}:${range.start}`, row: 'iomem', range, kind, labels: [`${r.name} ${size}`, r.name, shortName(r.name), size], title: r.name, sourceKey: `iomem:${r.id}`, ...(kind === 'reserved' || kind === 'acpi' ? { minor: true } : {}) });
        }
        r.children.forEach(visit);
    };
    state.iomem.root.children.forEach(visit);
    return items;
}

function iomemKind(name: string): Kind {
    if (name.startsWith('System RAM')) return 'ram';
    if (name.startsWith('Persistent Memory') || name.startsWith('namespace') || name.startsWith('region')) return 'pmem';
    if (name === 'Soft Reserved' || name.startsWith('hmem')) return 'soft';
    if (name.startsWith('dax')) return 'dax';
    if (name.startsWith('CXL Window')) return 'hotplug';
    if (name.startsWith('ACPI')) return 'acpi';
    return /^virtio\d|^mem\d/.test(name) ? 'device' : 'reserved';
}

function shortName(name: string): string {
    return name.startsWith('System RAM') ? 'RAM' : name.startsWith('Persistent Memory') ? 'pmem' : name;
}

// -------------------------------------------------------------------------------------------------------- losses and faults

function losses(state: KernelState): Bare[] {
    const items: Bare[] = [];
    for (const account of ledger(state).accounts) {
        for (const loss of account.stages.flatMap((s) => s.less)) {
            if (loss.kind !== 'lost' || !loss.range) continue;
            const size = formatApproximate(loss.bytes);
            items.push({
                key: `lost:${loss.subject}:${loss.range.start}:${loss.cause}`, row: 'lost', range: loss.range, kind: 'lost',
                labels: [`−${size} ${loss.subject}: ${loss.cause}`, `−${size} ${loss.subject}`, `−${size}`], title: `lost: ${loss.subject}, ${loss.cause}`, sourceKey: loss.subject,
                ...(loss.rule ? { rule: loss.rule } : {}), ...(loss.bytes < sizeOf(loss.range) ? { bytes: loss.bytes } : {}),
            });
        }
    }
    return items;
}

function problems(notes: readonly Note[]): MapItem[] {
    return notes.filter((n) => n.severity === 'error' && n.range !== undefined).map((n, i): MapItem => ({
        key: `fault:${n.code}:${n.range!.start}:${i}`, row: 'faults', range: n.range!, kind: 'fault', fault: true, mark: 'same',
        labels: [`✕ ${n.message}`, `✕ ${n.subject ? `${n.subject}: ` : ''}${n.code}`, `✕ ${n.subject ?? n.code}`, '✕'],
        title: `${n.message} · ${formatRange(n.range!)} · ${n.code}${n.rules[0] ? ` · ${n.rules[0]}` : ''}`, sourceKey: n.subject ?? n.code, ...(n.rules[0] ? { rule: n.rules[0] } : {}),
    }));
}

/** Items whose range shares an address with another. */
export function itemsAt(model: MapModel, range: Range): MapItem[] {
    return model.items.filter((i) => overlaps(i.range, range));
}
