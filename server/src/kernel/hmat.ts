// HMAT: which initiators are near a memory target, how fast the way is, and memory-side caches (HMAT-01 … HMAT-07).
import type { Parameter } from './cmdline.ts';
import type { Hmat, HmatValue, Machine } from './machine.ts';
import type { AccessClass, MemorySideCache, NumaState } from './state.ts';

type Attribute = HmatValue['attribute'];
/** Attributes in the order in which they pick the best initiators (HMAT-04). */
const CHOICE: readonly Attribute[] = ['write_latency', 'read_latency', 'write_bandwidth', 'read_bandwidth'];
const ATTRIBUTES: readonly Attribute[] = ['read_latency', 'write_latency', 'read_bandwidth', 'write_bandwidth'];
const INDEXING: Readonly<Record<string, number>> = { none: 2, direct: 0, complex: 1 };
const WRITE_POLICY: Readonly<Record<string, number>> = { none: 2, 'write-back': 0, 'write-through': 1 };

/** Value from an initiator domain to a target domain; 0 = the table says nothing. */
type Lookup = (initiator: number, target: number, attribute: Attribute) => number;

function lookup(hmat: Hmat): Lookup {
    const cells = new Map(hmat.values.map((v) => [`${v.initiator}/${v.target}/${v.attribute}`, v.value]));
    return (initiator, target, attribute) => cells.get(`${initiator}/${target}/${attribute}`) ?? 0;
}

/** Lower latency and higher bandwidth are better. */
function better(attribute: Attribute, a: number, b: number): boolean {
    return attribute.endsWith('latency') ? a < b : a > b;
}

interface Choice { readonly initiators: readonly number[]; readonly values: Partial<Record<Attribute, number>> }

/** Best initiators for a target: each attribute in turn drops those that are worse than the best (HMAT-04). */
function bestInitiators(candidates: readonly number[], target: number, value: Lookup): Choice {
    let left = candidates;
    for (const attribute of CHOICE) {
        let best = 0;
        for (const initiator of left) {
            const v = value(initiator, target, attribute);
            if (v !== 0 && (best === 0 || better(attribute, v, best))) best = v;
        }
        if (best !== 0) left = left.filter((initiator) => value(initiator, target, attribute) === best);
    }
    const first = left[0];
    const values: Partial<Record<Attribute, number>> = {};
    if (first !== undefined) for (const a of ATTRIBUTES) if (value(first, target, a)) values[a] = value(first, target, a);
    return { initiators: left, values };
}

/** Does the kernel read this machine's HMAT? (HMAT-01, EFI-03) */
export function hmatUsed(machine: Machine, parameters: readonly Parameter[]): boolean {
    const numa = parameters.filter((p) => p.name === 'numa').map((p) => p.value);
    return machine.hmat !== undefined && !numa.includes('nohmat') && !numa.includes('off') && !numa.includes('noacpi');
}

/** What HMAT gives each target node, published when the node is online. Without HMAT: nothing. */
export function initHmat(hmat: Hmat | undefined, numa: NumaState): NumaState['access'] {
    const out = new Map<number, { access0?: AccessClass; access1?: AccessClass; caches: MemorySideCache[] }>();
    if (!hmat) return out;
    const value = lookup(hmat);
    const initiators = [...new Set(hmat.values.map((v) => v.initiator))].sort((a, b) => a - b);
    const node = (pxm: number): number => numa.pxmToNode.get(pxm) ?? -1;
    const withCpu = (pxm: number): boolean => (numa.nodeCpus.get(node(pxm)) ?? []).length > 0;
    const targets = [...new Set([...hmat.domains.map((d) => d.memory), ...hmat.values.map((v) => v.target)])];
    for (const target of targets) {
        const id = node(target);
        if (id < 0) continue;
        const processor = hmat.domains.find((d) => d.memory === target)?.processor;
        const classOf = (allowed: readonly number[]): AccessClass => {
            const choice = processor !== undefined && allowed.includes(processor) ? bestInitiators([processor], target, value) : bestInitiators(allowed, target, value);
            return { initiators: choice.initiators.map(node).sort((a, b) => a - b), targets: [], ...choice.values };
        };
        const known = initiators.filter((i) => ATTRIBUTES.some((a) => value(i, target, a) !== 0));
        const caches = hmat.caches.filter((c) => c.target === target).map((c): MemorySideCache => ({
            level: c.level, size: c.size, line_size: c.line, indexing: INDEXING[c.associativity]!, write_policy: WRITE_POLICY[c.writePolicy]!,
        }));
        out.set(id, { access0: classOf(known), access1: classOf(known.filter(withCpu)), caches });
    }
    return out;
}
