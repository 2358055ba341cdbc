// What is wrong between the parts of a platform, without running anything.
import { ADDRESS_LIMIT, formatRange, type Range } from '../kernel/range.ts';
import { profileFor } from '../kernel/profile.ts';
import type { Described, NodeRef } from './described.ts';
import type { Finding, Origin, TextSpan } from './model.ts';

type Report = (code: string, severity: Finding['severity'], message: string, at: TextSpan, related?: Finding['related'], rules?: readonly string[], data?: Finding['data']) => void;

/** More findings than these of one platform help nobody. */
const MOST_FINDINGS = 200;

/** Findings about a platform as a whole. `own` holds what this platform itself says: only that is complained about. */
export function validatePlatform(d: Described, own: Described, uri: string): Finding[] {
    const findings: Finding[] = [];
    const report: Report = (code, severity, message, at, related = [], rules = [], data) => {
        if (at.uri === uri && findings.length < MOST_FINDINGS) findings.push({ code, severity, message, at, rules, related, ...(data ? { data } : {}) });
    };
    identities(own, report);
    references(d, report);
    ranges(d, report);
    kernel(d, report);
    numa(d, report);
    return findings;
}

/** Same id or name twice in one platform. */
function identities(d: Described, report: Report): void {
    const twice = <T extends { readonly origin: Origin }>(things: readonly T[], key: (t: T) => string | number | undefined, what: string, at: (t: T) => TextSpan): void => {
        const seen = new Map<string | number, T>();
        for (const t of things) {
            const k = key(t);
            if (k === undefined) continue;
            const first = seen.get(k);
            if (first) report('platform/duplicate-id', 'error', `${what} ${k} is described twice`, at(t), [{ at: at(first), message: 'first here' }]);
            else seen.set(k, t);
        }
    };
    twice(d.nodes, (n) => n.id, 'node', (n) => n.at);
    twice(d.targets, (t) => t.node, 'target', (t) => t.at);
    twice(d.distances, (x) => `${x.from.node} to ${x.to.node}`, 'the distance', (x) => x.origin.focus);
    twice(d.windows, (w) => w.index, 'CXL window', (w) => w.origin.focus);
    twice(d.config, (c) => c.name, 'config', (c) => c.origin.focus);
    const named = [...d.virtioMem, ...d.dimms];
    twice(named, (x) => x.name, 'device', (x) => x.origin.focus);
    twice([...d.softReserved, ...d.pmem], (x) => x.name, 'range', (x) => x.origin.focus);
    const cpus: { readonly first: number; readonly last: number; readonly at: TextSpan }[] = d.nodes.flatMap((n) => n.cpus);
    const sorted = [...cpus].sort((a, b) => a.first - b.first);
    for (let i = 1; i < sorted.length; i++) {
        const [a, b] = [sorted[i - 1]!, sorted[i]!];
        if (b.first <= a.last) report('platform/duplicate-cpu', 'error', `CPU ${b.first} is in two places`, b.at, [{ at: a.at, message: 'also here' }]);
    }
}

/** Node ids that no node has. */
function references(d: Described, report: Report): void {
    const ids = new Set(d.nodes.map((n) => n.id));
    const check = (ref: NodeRef | undefined): void => {
        if (!ref || ids.has(ref.node)) return;
        const known = [...ids].sort((a, b) => a - b);
        report('platform/unknown-node', 'error', `there is no node ${ref.node} in this platform`, ref.at, [], [], { nodes: known });
    };
    for (const x of [...d.softReserved, ...d.pmem, ...d.virtioMem, ...d.dimms]) check(x.node);
    for (const x of d.distances) {
        check(x.from);
        check(x.to);
    }
    for (const t of d.targets) {
        check(t);
        check(t.attached);
        for (const i of t.initiators) check(i);
    }
    const windows = new Set(d.windows.map((w) => w.index));
    for (const m of d.memdevs) {
        if (!windows.has(m.window)) report('platform/unknown-window', 'error', `there is no CXL window ${m.window} in this platform`, m.origin.focus);
    }
}

interface Claim {
    readonly range: Range;
    readonly origin: Origin;
    /** Ranges of different layers may lie over each other: a DIMM in a hot-plug window, a reserved range cut out of memory. */
    readonly layer: string;
}

/** Ranges that lie over each other although they cannot both be true. */
function ranges(d: Described, report: Report): void {
    const claims: Claim[] = [];
    const add = (layer: string, things: readonly { readonly range: Range; readonly origin: Origin }[]): void => {
        for (const t of things) claims.push({ range: t.range, origin: t.origin, layer });
    };
    add('memory', d.nodes.flatMap((n) => n.memory.filter((m) => !m.nonVolatile)));
    add('memory', d.pmem.filter((p) => !p.legacy));
    add('memory', d.virtioMem);
    add('memory', d.dimms);
    add('special', d.softReserved);
    add('special', d.pmem.filter((p) => p.legacy));
    add('reserved', d.reserved);
    add('e820', d.e820);
    add('hotplug', d.nodes.flatMap((n) => n.hotplug));
    add('window', d.windows);
    claims.sort((a, b) => a.range.start - b.range.start);
    const last = new Map<string, Claim>();
    for (const c of claims) {
        for (const layer of clashing(c.layer)) {
            const before = last.get(layer);
            if (!before || before.range.end < c.range.start) continue;
            const shared = { start: c.range.start, end: Math.min(before.range.end, c.range.end) };
            const [later, earlier] = before.origin.focus.uri === c.origin.focus.uri && before.origin.focus.start > c.origin.focus.start ? [before, c] : [c, before];
            report('platform/overlap', 'error', `overlaps ${named(earlier.origin)} in ${formatRange(shared)}`, later.origin.focus,
                [{ at: earlier.origin.focus, message: `${formatRange(earlier.range)} is here` }], ['NUMA-02'], { start: shared.start, end: shared.end });
            break;
        }
        const kept = last.get(c.layer);
        if (!kept || kept.range.end < c.range.end) last.set(c.layer, c);
    }
}

function clashing(layer: string): readonly string[] {
    switch (layer) {
        case 'memory':
            return ['memory'];
        case 'special':
            return ['special', 'reserved'];
        case 'reserved':
            return ['reserved', 'special'];
        default:
            return [layer];
    }
}

function named(o: Origin): string {
    const what = o.kind.replace('-', ' ');
    return o.name !== undefined && o.kind !== 'resource' ? (o.kind === 'memory' || o.kind === 'hotplug' ? `${what} of node ${o.name}` : `${what} ${o.name}`) : `another ${what} range`;
}

function kernel(d: Described, report: Report): void {
    if (d.kernel && !profileFor(d.kernel.value)) {
        report('platform/unknown-kernel', 'error', `\`${d.kernel.value}\` is not a kernel release since 5.1`, d.kernel.at);
    }
    if (d.arch && d.arch.value !== 'x86_64' && d.arch.value !== 'x86-64') {
        report('platform/not-simulated', 'hint', `${d.arch.value} is not simulated yet: this runs by the rules of x86_64`, d.arch.at);
    }
}

function numa(d: Described, report: Report): void {
    const nodes = new Map(d.nodes.map((n) => [n.id, n]));
    for (const t of d.targets) {
        for (const i of t.initiators) {
            const from = nodes.get(i.node);
            if (from && from.cpus.length === 0 && !from.genericInitiator) {
                report('platform/initiator-without-cpus', 'warning', `node ${i.node} has no CPUs and is no generic initiator: nothing can start an access there`, i.at,
                    [{ at: from.origin.focus, message: 'the node' }], ['HMAT-04']);
            }
        }
        const levels = new Map<number, TextSpan>();
        for (const c of t.caches) {
            const first = levels.get(c.level);
            if (first) report('platform/duplicate-cache-level', 'error', `a cache of level ${c.level} is described twice`, c.origin.focus, [{ at: first, message: 'first here' }], ['HMAT-07']);
            else levels.set(c.level, c.origin.focus);
            if (c.level < 1 || c.level > 3) report('platform/cache-level', 'error', 'memory-side caches have the levels 1 to 3', c.origin.focus, [], ['HMAT-07']);
        }
    }
    const pairs = new Map(d.distances.map((x) => [`${x.from.node} ${x.to.node}`, x]));
    for (const x of d.distances) {
        const back = pairs.get(`${x.to.node} ${x.from.node}`);
        if (back && back !== x && back.value !== x.value && x.from.node < x.to.node) {
            report('platform/asymmetric-distance', 'hint', `the way back is ${back.value}`, x.at, [{ at: back.at, message: 'the way back' }], ['NUMA-11']);
        }
    }
    const memory = d.nodes.flatMap((n) => n.memory);
    if (memory.length === 0 && d.e820.length === 0 && d.nodes.length > 0) {
        const first = d.nodes[0]!;
        report('platform/no-memory', 'warning', 'no node has memory: nothing can boot here', first.origin.focus);
    }
    for (const m of memory) {
        if (m.range.start >= ADDRESS_LIMIT) report('platform/past-52-bits', 'error', 'this range is past 2^52', m.at);
    }
}
