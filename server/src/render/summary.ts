// An outcome in a few words: what a step changed, compared state with state, or why it did not. Inlay hints, the preview's step
// list and the command line show the same words.
import type { Loss, Outcome } from '../kernel/outcome.ts';
import { formatSize, sizeOf } from '../kernel/range.ts';
import type { BlockRun, DaxDevice, KernelState, NdNamespace } from '../kernel/state.ts';

export interface Summary {
    readonly verdict: 'ok' | 'failed' | 'not-simulated';
    /** The few words, most telling first, without arrow and separator: `15 blocks on node 0 (Movable)`. */
    readonly parts: readonly string[];
}

/** Parts joined the way every view shows them. `ok` where nothing is to tell. */
export function formatSummary(summary: Summary): string {
    return summary.parts.join(' · ');
}

/** With its arrow, for the end of a line: `→ ok · 15 blocks on node 0 (Movable)`, `✗ EBUSY · memory49 is online`. */
export function formatHint(summary: Summary): string {
    if (summary.verdict === 'failed') return ['✗', formatSummary(summary)].join(' ');
    if (summary.verdict === 'not-simulated') return '→ not simulated';
    return ['→ ok', ...summary.parts].join(' · ');
}

/** Sums up one operation from the states around it and its outcome. */
export function summarize(before: KernelState, after: KernelState, outcome: Outcome): Summary {
    if (outcome.notSimulated !== undefined) return { verdict: 'not-simulated', parts: ['not simulated'] };
    const changes = describeChanges(before, after);
    const lost = describeLosses(outcome.notes.flatMap((n) => n.losses ?? []));
    if (outcome.status !== 0) {
        const why = failureReason(outcome);
        return { verdict: 'failed', parts: [outcome.errnos[0] ?? `status ${outcome.status}`, ...(why ? [why] : []), ...changes, ...lost] };
    }
    // A success that the kernel comments on (a removal refused behind a successful write) says so before what changed.
    const stuck = outcome.notes.find((n) => n.severity === 'error');
    const printed = before === after ? shortOutput(outcome.stdout) : [];
    return { verdict: 'ok', parts: [...(stuck ? [stuck.message] : []), ...changes, ...lost, ...printed] };
}

/** What a command that only reads has printed, where it is a word or two: the value of an attribute. */
function shortOutput(stdout: string): readonly string[] {
    const text = stdout.trim();
    return text !== '' && text.length <= 40 && !text.includes('\n') && !/^[[{]/.test(text) ? [text] : [];
}

/** Sums up the boot: RAM, nodes, and what hardware the kernel found besides. */
export function summarizeBoot(state: KernelState, outcome: Outcome): Summary {
    const parts = [`${formatApproximate(onlineBytes(state))} RAM`];
    const nodes = state.numa.online.length;
    if (nodes > 1) parts.push(`${nodes} nodes`);
    parts.push(`blocks of ${formatSize(state.memory.blockSize)}`);
    const found = [...state.nvdimm.namespaces.values()].filter((n) => n.range && n.enabled).map((n) => n.name);
    parts.push(...few([...found, ...state.dax.devices.keys()]));
    parts.push(...describeLosses(outcome.notes.flatMap((n) => n.losses ?? [])));
    return { verdict: 'ok', parts };
}

/** Bytes of memory that exist in zones, i.e. that Linux uses as RAM. */
export function onlineBytes(state: KernelState): number {
    let pages = 0;
    for (const zone of state.memory.zones) pages += zone.present;
    return pages * 4096;
}

/** `126 MiB lost to alignment`; one part per kind of cause, the larger first. */
export function describeLosses(losses: readonly Loss[]): string[] {
    const byKind = new Map<string, number>();
    for (const loss of losses) {
        const kind = lossKind(loss.cause);
        byKind.set(kind, (byKind.get(kind) ?? 0) + loss.bytes);
    }
    return [...byKind].sort((a, b) => b[1] - a[1]).map(([kind, bytes]) => `${formatApproximate(bytes)} lost${kind}`);
}

function lossKind(cause: string): string {
    if (/page map|memmap|struct page|vmemmap|metadata|info block|label/i.test(cause)) return ' to metadata';
    if (/align|block|sub-section|edge|front|tail|next \d|off \d/i.test(cause)) return ' to alignment';
    return '';
}

function failureReason(outcome: Outcome): string | undefined {
    const note = outcome.notes.find((n) => n.severity === 'error') ?? outcome.notes.find((n) => n.severity === 'warning');
    if (note) return note.message;
    const log = outcome.log.find((l) => l.level === 'err') ?? outcome.log.find((l) => l.level === 'warn');
    if (log) return log.text;
    const stderr = outcome.stderr.trim().split('\n')[0];
    return stderr ? stderr.slice(0, 80) : undefined;
}

/** What differs between two states, in words; empty where nothing visible changed. */
export function describeChanges(before: KernelState, after: KernelState): string[] {
    return [
        ...describeDax(before, after), ...describeNamespaces(before, after), ...describeBlocks(before.memory.blocks, after.memory.blocks),
        ...describeVirtioMem(before, after), ...describeDimms(before, after), ...describeModules(before, after),
    ];
}

// ------------------------------------------------------------------------------------------------------------------ blocks

interface BlockChange {
    readonly kind: 'online' | 'offline' | 'added' | 'removed' | 'added-online';
    readonly node: number | undefined;
    readonly zone: string | null;
    count: number;
    first: number;
}

/** Compares run with run: the cost follows the number of runs, not of blocks. */
function describeBlocks(before: readonly BlockRun[], after: readonly BlockRun[]): string[] {
    if (before === after) return [];
    const changes: BlockChange[] = [];
    const add = (kind: BlockChange['kind'], run: BlockRun, first: number, last: number): void => {
        const node = run.nodes.at(-1);
        const same = changes.find((c) => c.kind === kind && c.node === node && c.zone === run.zone);
        if (same) same.count += last - first + 1;
        else changes.push({ kind, node, zone: run.zone, count: last - first + 1, first });
    };
    let i = 0;
    let j = 0;
    let at = Math.min(before[0]?.first ?? Infinity, after[0]?.first ?? Infinity);
    while (i < before.length || j < after.length) {
        const old = before[i];
        const now = after[j];
        const inOld = old !== undefined && old.first <= at;
        const inNow = now !== undefined && now.first <= at;
        const last = Math.min(
            old === undefined ? Infinity : inOld ? old.last : old.first - 1,
            now === undefined ? Infinity : inNow ? now.last : now.first - 1,
        );
        if (inOld && inNow) {
            if (old.state !== now.state) add(now.state, now, at, last);
            else if (now.state === 'online' && old.zone !== now.zone) add('online', now, at, last);
        } else if (inNow) add(now.state === 'online' ? 'added-online' : 'added', now, at, last);
        else if (inOld) add('removed', old, at, last);
        at = last + 1;
        if (inOld && old.last < at) i++;
        if (inNow && now.last < at) j++;
    }
    return changes.map((c) => {
        const what = c.count === 1 ? `memory${c.first}` : `${c.count} blocks`;
        const node = c.node === undefined ? '' : ` on node ${c.node}`;
        const zone = c.zone ? ` (${c.zone})` : '';
        switch (c.kind) {
            case 'online':
            case 'added-online':
                return `${what}${c.kind === 'online' && c.count === 1 ? ' online' : ''}${node}${zone}`;
            case 'offline':
                return `${what} offline`;
            case 'added':
                return `${what} added${node}, offline`;
            case 'removed':
                return `${what} removed`;
        }
    });
}

// ----------------------------------------------------------------------------------------------------------------- devices

function describeDax(before: KernelState, after: KernelState): string[] {
    if (before.dax === after.dax) return [];
    const parts: string[] = [];
    for (const [name, device] of after.dax.devices) {
        const old = before.dax.devices.get(name);
        if (old === device) continue;
        if (!old) parts.push(`${name} ${daxBytes(device) === 0 ? 'created, size 0' : formatApproximate(daxBytes(device))}${device.driver ? ` (${device.driver})` : ''}`);
        else {
            if (daxBytes(old) !== daxBytes(device)) parts.push(`${name} ${formatApproximate(daxBytes(device))}`);
            if (old.driver !== device.driver) parts.push(device.driver ? `${name} bound to ${device.driver}` : `${name} unbound`);
            if (old.align !== device.align) parts.push(`${name} align ${formatSize(device.align)}`);
        }
    }
    for (const name of before.dax.devices.keys()) if (!after.dax.devices.has(name)) parts.push(`${name} gone`);
    return few(parts);
}

/** Bytes of a dax device: the sum of its mappings. */
export function daxBytes(device: DaxDevice): number {
    return device.mappings.reduce((sum, m) => sum + sizeOf(m), 0);
}

/** `fsdax`, `devdax`, `sector` or `raw`: what ndctl calls the mode of a namespace. */
export function namespaceMode(state: KernelState, namespace: NdNamespace): string {
    const holder = namespace.holder === null ? undefined : state.nvdimm.personalities.get(namespace.holder);
    if (holder) return holder.kind === 'dax' ? 'devdax' : holder.kind === 'pfn' ? 'fsdax' : 'sector';
    return state.nvdimm.regions.get(namespace.region)?.pagemap ? 'fsdax' : 'raw';
}

function describeNamespaces(before: KernelState, after: KernelState): string[] {
    if (before.nvdimm === after.nvdimm) return [];
    const parts: string[] = [];
    for (const [name, namespace] of after.nvdimm.namespaces) {
        const old = before.nvdimm.namespaces.get(name);
        const size = namespace.range ? formatApproximate(sizeOf(namespace.range)) : '';
        if (!namespace.range) {
            if (old?.range) parts.push(`${name} gone`);
        } else if (!old?.range) parts.push(`${name} ${namespaceMode(after, namespace)} ${size}`);
        else {
            if (namespaceMode(before, old) !== namespaceMode(after, namespace)) parts.push(`${name} ${namespaceMode(after, namespace)}`);
            if (sizeOf(old.range) !== sizeOf(namespace.range)) parts.push(`${name} ${size}`);
        }
    }
    for (const [name, old] of before.nvdimm.namespaces) if (old.range && !after.nvdimm.namespaces.has(name)) parts.push(`${name} gone`);
    return few(parts);
}

function describeVirtioMem(before: KernelState, after: KernelState): string[] {
    if (before.virtioMem === after.virtioMem) return [];
    const parts: string[] = [];
    for (const [name, device] of after.virtioMem) {
        const old = before.virtioMem.get(name);
        if (old && old.pluggedSize !== device.pluggedSize) parts.push(`${name} ${formatApproximate(device.pluggedSize)} plugged`);
        else if (old && old.bound !== device.bound) parts.push(`${name} ${device.bound ? 'bound' : 'unbound'}`);
    }
    return parts;
}

function describeDimms(before: KernelState, after: KernelState): string[] {
    if (before.dimms === after.dimms) return [];
    const parts: string[] = [];
    for (const [name, dimm] of after.dimms) if (!before.dimms.has(name)) parts.push(`${name} ${formatApproximate(sizeOf(dimm))}${dimm.added ? '' : ' refused'}`);
    for (const name of before.dimms.keys()) if (!after.dimms.has(name)) parts.push(`${name} ejected`);
    return parts;
}

function describeModules(before: KernelState, after: KernelState): string[] {
    if (before.modules === after.modules) return [];
    const parts: string[] = [];
    for (const name of after.modules.keys()) if (!before.modules.has(name)) parts.push(`${name} loaded`);
    for (const name of before.modules.keys()) if (!after.modules.has(name)) parts.push(`${name} unloaded`);
    return few(parts);
}

function few(parts: readonly string[]): string[] {
    return parts.length <= 3 ? [...parts] : [...parts.slice(0, 2), `${parts.length - 2} more`];
}

const UNITS = [[2 ** 50, 'PiB'], [2 ** 40, 'TiB'], [2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [2 ** 10, 'KiB']] as const;

/** A size for reading: exact where it is whole in its unit, else with at most three digits: `1920 MiB`, `1.97 GiB`. */
export function formatApproximate(bytes: number): string {
    const exact = formatSize(bytes);
    if (exact.length <= 8) return exact;
    for (const [unit, name] of UNITS) {
        if (bytes >= unit) {
            const value = bytes / unit;
            return `${value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3))} ${name}`;
        }
    }
    return exact;
}
