// One declaration of the syntax tree → what it means. Needs no other declaration but those it asks for by name.
import { type ParsedLine, parseLine } from '../commands/line.ts';
import { nearestWord } from '../commands/nearest.ts';
import { ERRNO } from '../kernel/outcome.ts';
import { profileFor } from '../kernel/profile.ts';
import { compact } from './compact.ts';
import { describe } from './describe.ts';
import type { Described, Provision } from './described.ts';
import type { Expect, Platform, Scenario } from './generated/ast.ts';
import { DEFAULT_KERNEL, machineOf } from './machine.ts';
import { mergeDescribed } from './merge.ts';
import type { Expectation, LoweredPlatform, LoweredScenario, Origin, Step, TextSpan } from './model.ts';
import { Reader } from './reader.ts';
import { platformChecks } from './checks/all.ts';
import { validatePlatform } from './validate.ts';

/** Finds a platform by name. `'cycle'`: it is being lowered already, because it extends the one that asks. */
export type PlatformLookup = (name: string) => LoweredPlatform | 'cycle' | undefined;

/**
 * Lowers a platform. `uri` goes into all spans; offsets are those of the text it was parsed from. `kernel` is the release of a platform
 * that names none.
 */
export function lowerPlatform(node: Platform, uri: string, look: PlatformLookup, kernel: string = DEFAULT_KERNEL): LoweredPlatform {
    const r = new Reader(uri);
    const own = compact(describe(node, r));
    let described: Described = own;
    const baseName = node.base?.$refText;
    if (baseName) {
        const base = baseName === node.name ? 'cycle' : look(baseName);
        const at = r.spanOf(node, 'base');
        if (base === 'cycle') r.report('language/extends-cycle', 'error', `\`${node.name}\` would extend itself`, at);
        else if (!base) r.report('language/unknown-platform', 'error', `there is no platform \`${baseName}\``, at, { data: { name: baseName } });
        else described = mergeDescribed(base.described, own);
    }
    const machine = compact(machineOf(described, kernel));
    const provisions = [...described.softReserved.flatMap((s) => s.devices), ...described.pmem.flatMap((p) => p.namespaces)];
    return {
        name: node.name ?? '', at: r.spanOf(node, 'name'), span: r.span(node), machine, described, provisions,
        origins: originsOf(described, r.origin('platform', node, { name: node.name, focus: r.spanOf(node, 'name') })),
        findings: [...r.findings, ...validatePlatform(described, own, uri), ...platformChecks({ described, machine }, r.span(node))],
        key: JSON.stringify([machine, described.softReserved.map((s) => s.devices.map(bare)), described.pmem.map((p) => p.namespaces.map(bare))]),
    };
}

/** A provision without its place, so that a comment above it changes no key. */
function bare(p: Provision): unknown {
    const { origin, ...rest } = p;
    void origin;
    return rest;
}

function originsOf(d: Described, self: Origin): Origin[] {
    const scalars = [d.kernel, d.arch, d.firmware, d.hypervisor, d.cmdline, d.modules, d.hotplugWindow].filter((s) => s !== undefined).map((s) => s.origin);
    const flat = [d.config, d.reserved, d.e820, d.distances, d.virtioMem, d.dimms, d.windows, d.memdevs].flatMap((list) => list.map((x): Origin => x.origin));
    const nodes = d.nodes.flatMap((n) => [n.origin, ...n.memory.map((m) => m.origin), ...n.hotplug.map((h) => h.origin)]);
    const targets = d.targets.flatMap((t) => [t.origin, ...t.initiators.map((i) => i.origin), ...t.caches.map((c) => c.origin)]);
    const resources: Origin[] = [];
    const walk = (list: Described['resources']): void => {
        for (const x of list) {
            resources.push(x.origin);
            walk(x.children);
        }
    };
    walk(d.resources);
    const soft = d.softReserved.flatMap((s) => [s.origin, ...s.devices.map((x) => x.origin)]);
    const pmem = d.pmem.flatMap((p) => [p.origin, ...p.namespaces.map((x) => x.origin)]);
    return [self].concat(scalars, flat, nodes, targets, resources, soft, pmem);
}

/** Lowers a scenario: its lines parsed, its expectations read. */
export function lowerScenario(node: Scenario, uri: string, look: PlatformLookup): LoweredScenario {
    const r = new Reader(uri);
    const name = node.platform?.$refText;
    const found = name ? look(name) : undefined;
    const platform = found === 'cycle' ? undefined : found;
    if (name && !platform) r.report('language/unknown-platform', 'error', `there is no platform \`${name}\``, r.spanOf(node, 'platform'), { data: { name } });
    const kernels: string[] = [];
    const steps: Step[] = [];
    const bootExpectations: Expectation[] = [];
    let expectations = bootExpectations;
    for (const m of node.members) {
        switch (m.$type) {
            case 'Kernel':
                m.versions.forEach((version, i) => {
                    if (!profileFor(version)) r.report('platform/unknown-kernel', 'error', `\`${version}\` is not a kernel release since 5.1`, r.spanOf(m, 'versions', i));
                    else if (kernels.includes(version)) r.report('language/duplicate-setting', 'warning', `${version} is named twice`, r.spanOf(m, 'versions', i), { tags: ['unnecessary'] });
                    else kernels.push(version);
                });
                break;
            case 'Step': {
                if (m.line === undefined) break;
                const line = readLine(m.line);
                const start = r.span(m).start + line.offset;
                const span: TextSpan = { uri, start, end: start + line.parsed.text.length };
                expectations = [];
                steps.push({ line: line.parsed, span, provisioned: false, expectations });
                for (const p of line.parsed.problems) {
                    r.report(p.code, p.code === 'command/unknown' || p.code === 'command/unsupported-shell' ? 'warning' : 'error', p.words?.length === 1 ? `${p.message}: do you mean \`${p.words[0]!}\`?` : p.message,
                        { uri, start: start + p.span.start, end: start + p.span.end }, p.words ? { data: { words: p.words } } : {});
                }
                break;
            }
            default: {
                const e = expectation(m, r);
                if (e) expectations.push(e);
            }
        }
    }
    return {
        name: node.name ?? '', at: r.spanOf(node, 'name'), span: r.span(node), ...(platform ? { platform } : {}),
        kernels: kernels.length > 0 ? kernels : [platform?.machine.kernel ?? ''], steps, bootExpectations, findings: r.findings,
    };
}

/** A `$` or `(qemu)` token: its prompt, its text without blanks around it, and where that starts in the token. */
export function readLine(token: string): { readonly parsed: ParsedLine; readonly offset: number } {
    const prompt = token.startsWith('$') ? '$' : '(qemu)';
    const rest = token.slice(prompt.length);
    const text = rest.trim();
    return { parsed: parseLine(prompt, text), offset: prompt.length + (text === '' ? 0 : rest.length - rest.trimStart().length) };
}

function expectation(m: Expect, r: Reader): Expectation | undefined {
    const span = r.span(m);
    switch (m.$type) {
        case 'ExpectOk':
            return { kind: 'ok', span };
        case 'ExpectFails':
            if (m.errno !== undefined && !Object.hasOwn(ERRNO, m.errno)) {
                const near = nearestWord(m.errno, Object.keys(ERRNO));
                // a name that no simulated path returns may be one of Linux's all the same
                if (near || !/^E[A-Z0-9]+$/.test(m.errno)) {
                    r.report('language/unknown-word', 'error', `\`${m.errno}\` is not the name of an error: ${near ? `do you mean \`${near}\`?` : 'EBUSY, EINVAL, …'}`, r.spanOf(m, 'errno'), near ? { data: { words: [near] } } : {});
                }
            }
            return { kind: 'fails', span, ...(m.errno !== undefined ? { errno: m.errno } : {}) };
        case 'ExpectLog':
            return m.text === undefined ? undefined : { kind: 'log', text: m.text, span };
        case 'ExpectIomem':
            return {
                kind: 'iomem', exactly: m.exactly, span,
                lines: m.lines.map((line, i) => ({ text: marginText(line), span: r.spanOf(m, 'lines', i) })),
            };
        case 'ExpectBlocks': {
            const first = r.number(m, 'first', m.first, 'count');
            const last = m.last === undefined ? first : r.number(m, 'last', m.last, 'count');
            if (first === undefined || last === undefined || m.state === undefined) return undefined;
            if (last < first) {
                r.report('platform/end-below-start', 'error', 'the last block comes before the first', r.spanOf(m, 'last'), { data: { start: first, end: last } });
                return undefined;
            }
            if (m.zone !== undefined) r.oneOf(m, 'zone', m.zone, 'the zone', ['DMA', 'DMA32', 'Normal', 'Movable', 'none']);
            return { kind: 'blocks', first, last, state: m.state, span, ...(m.zone !== undefined ? { zone: m.zone } : {}) };
        }
        case 'ExpectAmount': {
            const bytes = r.number(m, 'bytes', m.bytes, 'size');
            return bytes === undefined || m.subject === undefined ? undefined : { kind: m.what, subject: m.subject, bytes, span };
        }
        case 'ExpectNodeMemory': {
            const node = r.number(m, 'node', m.node, 'count');
            const bytes = r.number(m, 'bytes', m.bytes, 'size');
            return node === undefined || bytes === undefined ? undefined : { kind: 'node-memory', node, bytes, span };
        }
    }
}

/** The text of a margin line: without the bar, and without the one blank that may follow it. */
export function marginText(token: string): string {
    return token.slice(1).replace(/^ /, '').trimEnd();
}

