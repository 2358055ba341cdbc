// The comparison rules of recorded runs: each subject is brought to canonical text lines that must be equal line by line.
// test/kernel-truth/README section "rules" of the recordings is the specification; agreement with its scorer is tested.

export type Json = Readonly<Record<string, unknown>>;
export type Subject = 'iomem' | 'blocks' | 'nodes' | 'dax' | 'nd';
export const BOOT_SUBJECTS: readonly Subject[] = ['iomem', 'blocks', 'nodes', 'dax', 'nd'];
/** Nodes of steps are reported, and not required. */
export const STEP_SUBJECTS: readonly Subject[] = ['iomem', 'blocks', 'dax', 'nd'];

/** Names in /proc/iomem that a memory model cannot know. */
const NOT_MEMORY: readonly RegExp[] = [
    /^PCI Bus /, /^PCI (?:MMCONFIG|ECAM)/, /^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]$/, /^virtio-(?:pci|mmio)/, /^(?:endpoint|port)\d+$/,
    /^(?:IOAPIC|HPET|dmar|iommu) ?\d*$/i, /^Local APIC$/, /^(?:Video|System|Adapter|Extension|PCI) ?ROM$/i, /^Kernel (?:code|rodata|data|bss)$/,
    /^Crash kernel$/, /^pnp \d+:\d+$/i, /^[A-Z]{3,4}[0-9A-F]{4}:[0-9a-f]+$/, /^ACPI (?:PM|GPE|CPU|APEI|BERT|HEST)/,
    /^(?:(?:Reserved|EFI) (?:GSMRAM|framebuffer)|efifb|BOOTFB|vesafb)$/,
];

/** Memory lines of an iomem text. Children of a dropped line move up to its nearest kept ancestor. */
export function memoryLines(text: string): string[] {
    const out: string[] = [];
    const open: { readonly depth: number; readonly level: number }[] = [];
    for (const raw of text.split('\n')) {
        const m = /^( *)([0-9a-fA-F]+)-([0-9a-fA-F]+) : (.*?)\s*$/.exec(raw);
        if (!m) continue;
        const depth = m[1]!.length / 2;
        while (open.length > 0 && open.at(-1)!.depth >= depth) open.pop();
        const level = open.at(-1)?.level ?? 0;
        const kept = !NOT_MEMORY.some((name) => name.test(m[4]!));
        open.push({ depth, level: kept ? level + 1 : level });
        if (kept) out.push(`${'  '.repeat(level)}${address(m[2]!)}-${address(m[3]!)} : ${m[4]}`);
    }
    return out;
}

function address(digits: string): string {
    return digits.toLowerCase().replace(/^0+(?=[0-9a-f]{8})/, '').padStart(8, '0');
}

function hex(value: unknown): string {
    return typeof value === 'number' ? `0x${value.toString(16)}` : String(value ?? null);
}

function list(value: unknown): string {
    return Array.isArray(value) ? [...(value as number[])].sort((a, b) => a - b).join(',') : String(value ?? '');
}

/** `0-2,5` and [0, 1, 2, 5] are the same mask. */
function mask(value: unknown): string {
    if (Array.isArray(value)) return list(value);
    const numbers: number[] = [];
    for (const part of String(value ?? '').split(',').filter(Boolean)) {
        const [from = 0, to = from] = part.split('-').map(Number);
        for (let i = from; i <= to && numbers.length < 4096; i++) numbers.push(i);
    }
    return numbers.join(',');
}

function object(value: unknown): Json {
    return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function entries(value: unknown): [string, Json][] {
    return Object.entries(object(value)).map(([k, v]): [string, Json] => [k, object(v)]).sort((a, b) => a[0].localeCompare(b[0], 'en', { numeric: true }));
}

function items(value: unknown): Json[] {
    return Array.isArray(value) ? (value as Json[]) : [];
}

/** Memory blocks in the longest runs that agree in state, zones and nodes. */
function blockLines(state: Json): string[] {
    const rows = items(state['memory_blocks']).filter((b) => Number.isInteger(b['first'])).map((b) => ({
        first: b['first'] as number, last: (b['last'] ?? b['first']) as number,
        key: `${String(b['state'])} zones=${String(b['zones'] ?? '').trim().split(/\s+/).join(' ')} nodes=${list(b['nodes'])}`,
    })).sort((a, b) => a.first - b.first);
    const runs: { first: number; last: number; key: string }[] = [];
    for (const row of rows) {
        const previous = runs.at(-1);
        if (previous && previous.last === row.first - 1 && previous.key === row.key) previous.last = row.last;
        else runs.push({ ...row });
    }
    return [`block_size ${hex(state['block_size'])}`, ...runs.map((r) => `memory${r.first}${r.last > r.first ? `-${r.last}` : ''} ${r.key}`)];
}

function performance(access: unknown): string {
    const a = object(access);
    return ['initiators', 'targets', 'read_latency', 'write_latency', 'read_bandwidth', 'write_bandwidth']
        .filter((k) => a[k] !== undefined && !(Array.isArray(a[k]) && a[k].length === 0))
        .map((k) => `${k}=${Array.isArray(a[k]) ? list(a[k]) : String(a[k])}`).join(' ');
}

function nodeLines(state: Json): string[] {
    const masks = object(state['node_masks']);
    const out = ['possible', 'online', 'has_cpu', 'has_memory', 'has_normal_memory'].map((k) => `${k} ${mask(masks[k])}`);
    for (const node of [...items(state['nodes'])].sort((a, b) => Number(a['id']) - Number(b['id']))) {
        out.push(`node${String(node['id'])} cpus=${mask(node['cpulist'])} distances=${((node['distances'] ?? []) as number[]).join(',')}`);
        for (const key of ['access0', 'access1']) if (performance(node[key])) out.push(`  ${key} ${performance(node[key])}`);
        for (const [name, c] of entries(node['memory_side_cache'])) {
            out.push(`  cache ${name} size=${String(c['size'])} line_size=${String(c['line_size'])} indexing=${String(c['indexing'])} write_policy=${String(c['write_policy'])}`);
        }
    }
    return out;
}

function available(o: Json): string {
    return o['available_size'] === undefined || o['available_size'] === null ? '' : ` available_size=${hex(o['available_size'])}`;
}

function daxLines(state: Json): string[] {
    const out = entries(state['dax_regions']).map(([name, r]) => `dax_region ${name} size=${hex(r['size'])} align=${hex(r['align'])}${available(r)}`);
    for (const [name, d] of entries(state['dax'])) {
        out.push(`${name} size=${hex(d['size'])} align=${hex(d['align'])} target_node=${String(d['target_node'])} numa_node=${String(d['numa_node'])} driver=${String(d['driver'] ?? null)}`);
        items(d['mappings']).forEach((m, i) => out.push(`  mapping${i} ${hex(m['start'])}-${hex(m['end'])} page_offset=${hex(m['page_offset'])}`));
    }
    return out;
}

function ndLines(state: Json): string[] {
    const out: string[] = [];
    for (const [name, r] of entries(state['nd_regions'])) {
        out.push(`${name} size=${hex(r['size'])} align=${hex(r['align'])} resource=${hex(r['resource'])} numa_node=${String(r['numa_node'])} target_node=${String(r['target_node'])} enabled=${String(Boolean(r['enabled']))}${available(r)}`);
        items(r['mappings']).forEach((m, i) => out.push(`  mapping${i} ${String(m['dimm'])} offset=${hex(m['offset'])} length=${hex(m['length'])} position=${String(m['position'])}`));
    }
    for (const [name, n] of entries(state['namespaces'])) {
        out.push(`${name} ${String(n['region'])} mode=${String(n['mode'])} map=${String(n['map'] ?? null)} size=${hex(n['size'])} raw_size=${hex(n['raw_size'])} resource=${hex(n['resource'])} data_resource=${hex(n['data_resource'])} align=${hex(n['align'])} enabled=${String(Boolean(n['enabled']))}${n['sector_size'] ? ` sector_size=${String(n['sector_size'])}` : ''}`);
    }
    return out;
}

/** Canonical lines of a subject of a state. */
export function linesOf(subject: Subject, state: unknown): string[] {
    const s = object(state);
    switch (subject) {
        case 'iomem': return memoryLines(String(s['iomem'] ?? ''));
        case 'blocks': return blockLines(s);
        case 'nodes': return nodeLines(s);
        case 'dax': return daxLines(s);
        case 'nd': return ndLines(s);
    }
}

function same(a: readonly string[], b: readonly string[]): boolean {
    return a.length === b.length && a.every((x, i) => x === b[i]);
}

export interface StepDocument {
    readonly id: string;
    readonly kind?: string;
    readonly rc: number;
    readonly errno?: string | readonly string[] | null;
    readonly state?: Json;
    readonly changed?: Json;
    readonly unchanged?: boolean;
    readonly stderr?: string;
    readonly stdout?: string;
    readonly dmesg?: readonly string[];
    readonly notSimulated?: string;
}

/** A truth or a prediction. */
export interface RunDocument {
    readonly initial: Json;
    readonly steps: readonly StepDocument[];
    readonly e820_user?: readonly string[];
}

/** Full state after each step. */
export function expand(run: RunDocument): { readonly step: StepDocument; readonly state: Json }[] {
    let current: Json = run.initial;
    return run.steps.map((step) => {
        if (step.state) current = step.state;
        else if (step.changed) {
            const next: Record<string, unknown> = { ...current };
            for (const [key, value] of Object.entries(step.changed)) {
                if (value === null) delete next[key];
                else next[key] = value;
            }
            current = next;
        }
        return { step, state: current };
    });
}

/** Error names as a sorted set. */
export function errnoSet(errno: StepDocument['errno']): string[] {
    const names = Array.isArray(errno) ? errno : errno === undefined || errno === null || errno === '' ? [] : [errno];
    return [...new Set(names.map(String))].sort();
}

export interface StepResult {
    readonly id: string;
    readonly scored: boolean;
    /** The step failed, or changed a compared subject. */
    readonly acting: boolean;
    readonly missing: boolean;
    readonly exit: boolean;
    /** undefined: the kernel named no error, so nothing is compared. */
    readonly errno?: boolean;
    readonly wrong: readonly Subject[];
    readonly exact: boolean;
}

export interface CaseResult {
    readonly bootWrong: readonly Subject[];
    readonly bootExact: boolean;
    readonly steps: readonly StepResult[];
    readonly exact: boolean;
}

type Lines = Readonly<Record<Subject, readonly string[]>>;

function canonical(state: Json, previous?: { readonly state: Json; readonly lines: Lines }): Lines {
    const keys: Readonly<Record<Subject, readonly string[]>> = {
        iomem: ['iomem'], blocks: ['memory_blocks', 'block_size'], nodes: ['node_masks', 'nodes'], dax: ['dax', 'dax_regions'], nd: ['nd_regions', 'namespaces'],
    };
    const entry = (subject: Subject): readonly string[] =>
        previous && keys[subject].every((k) => previous.state[k] === state[k]) ? previous.lines[subject] : linesOf(subject, state);
    return { iomem: entry('iomem'), blocks: entry('blocks'), nodes: entry('nodes'), dax: entry('dax'), nd: entry('nd') };
}

/** Compares a prediction with what was recorded. */
export function compareCase(truth: RunDocument, prediction: RunDocument): CaseResult {
    const wrongIn = (a: Lines, b: Lines): Subject[] => BOOT_SUBJECTS.filter((s) => !same(a[s], b[s]));
    let t = { state: truth.initial, lines: canonical(truth.initial) };
    let p = { state: prediction.initial, lines: canonical(prediction.initial) };
    const bootWrong = wrongIn(t.lines, p.lines);
    const predicted = new Map<string, { readonly step: StepDocument; readonly lines: Lines }>();
    for (const { step, state } of expand(prediction)) {
        p = { state, lines: canonical(state, p) };
        predicted.set(step.id, { step, lines: p.lines });
    }
    const steps = expand(truth).map(({ step, state }): StepResult => {
        const before = t.lines;
        t = { state, lines: canonical(state, t) };
        const acting = step.rc !== 0 || STEP_SUBJECTS.some((s) => !same(before[s], t.lines[s]));
        const got = predicted.get(step.id);
        const present = got !== undefined && (got.step.unchanged === true || got.step.state !== undefined || got.step.changed !== undefined);
        const exit = present && Number.isInteger(got.step.rc) && (got.step.rc === 0) === (step.rc === 0);
        const expected = errnoSet(step.errno);
        const errno = expected.length > 0 ? present && same(errnoSet(got.step.errno), expected) : undefined;
        const wrong = present ? wrongIn(t.lines, got.lines) : [...BOOT_SUBJECTS];
        const exact = exit && errno !== false && !wrong.some((s) => STEP_SUBJECTS.includes(s));
        return { id: step.id, scored: step.kind !== 'shell', acting, missing: !present, exit, ...(errno !== undefined ? { errno } : {}), wrong, exact };
    });
    return { bootWrong, bootExact: bootWrong.length === 0, steps, exact: bootWrong.length === 0 && steps.every((s) => !s.scored || s.exact) };
}
