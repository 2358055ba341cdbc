// HMAT locality matrices: cells nobody gave, cells that say nothing, values that one base unit cannot hold (HMAT-03; ACPI 6.5, 5.2.27.4).
import type { DescribedInitiator, DescribedTarget } from '../described.ts';
import type { TextSpan } from '../model.ts';
import type { Checked, Report } from './check.ts';

const ATTRIBUTES = ['read_latency', 'write_latency', 'read_bandwidth', 'write_bandwidth'] as const;
type Attribute = (typeof ATTRIBUTES)[number];
/** Largest entry of a matrix: 0xffff says that there is no path. */
const MOST = 0xfffe;

interface Cell { readonly target: DescribedTarget; readonly initiator: DescribedInitiator; readonly units: number }

export function hmatValues({ described }: Checked, report: Report): void {
    if (described.targets.length === 0) return;
    const missing = new Map<DescribedInitiator, Attribute[]>();
    for (const attribute of ATTRIBUTES) {
        const cells: Cell[] = [];
        for (const target of described.targets) {
            for (const initiator of target.initiators) {
                const value = initiator[attribute];
                if (value === undefined) continue;
                if (value === 0) {
                    report('hmat/zero', 'warning', `0 says nothing here: Linux ignores the ${words(attribute)} from node ${initiator.node} to node ${target.node}`, initiator.origin.focus, { rules: ['HMAT-03'] });
                    continue;
                }
                // Latencies are told in picoseconds (revision 2), bandwidths in MB/s.
                cells.push({ target, initiator, units: Math.max(1, Math.round(attribute.endsWith('latency') ? value * 1000 : value)) });
            }
        }
        if (cells.length === 0) continue;
        encodable(attribute, cells, report);
        for (const target of described.targets) {
            for (const initiator of target.initiators) if (initiator[attribute] === undefined) missing.set(initiator, [...(missing.get(initiator) ?? []), attribute]);
        }
    }
    for (const target of described.targets) for (const initiator of target.initiators) holesOf(target, initiator, missing.get(initiator), report);
    initiatorsOf(described.targets, report);
}

function words(attribute: Attribute): string {
    return attribute.replace('_', ' ');
}

function holesOf(target: DescribedTarget, initiator: DescribedInitiator, missing: readonly Attribute[] | undefined, report: Report): void {
    if (!missing) return;
    report('hmat/hole', 'info', `no ${missing.map(words).join(', no ')} from node ${initiator.node} to node ${target.node}, though others have it: Linux takes it for unknown`, initiator.origin.focus,
        { rules: ['HMAT-03', 'HMAT-04'], data: { missing, initiator: initiator.node, target: target.node } });
}

/** Initiators that some targets know and others do not: a row of the matrix with a hole. */
function initiatorsOf(targets: readonly DescribedTarget[], report: Report): void {
    const all = [...new Set(targets.flatMap((t) => t.initiators.map((i) => i.node)))];
    for (const target of targets) {
        if (target.initiators.length === 0) continue;
        const known = new Set(target.initiators.map((i) => i.node));
        const missing = all.filter((node) => !known.has(node));
        if (missing.length === 0) continue;
        report('hmat/hole', 'info', `nothing from node ${missing.join(', node ')} to node ${target.node}, though other targets have it: Linux takes the entries for unknown`, target.at,
            { rules: ['HMAT-03', 'HMAT-04'], data: { initiators: missing, target: target.node } });
    }
}

/** All cells of a matrix share one base unit, and each is a 16-bit multiple of it. */
function encodable(attribute: Attribute, cells: readonly Cell[], report: Report): void {
    const unit = cells.reduce((g, c) => gcd(g, c.units), 0);
    const largest = cells.reduce((a, b) => (b.units > a.units ? b : a));
    if (largest.units / unit <= MOST) return;
    const smallest = cells.reduce((a, b) => (b.units < a.units ? b : a));
    const at = (c: Cell): TextSpan => c.initiator.origin.focus;
    report('hmat/unencodable', 'error',
        `the matrix of ${words(attribute)} cannot hold this: its entries are 16-bit multiples of one base unit, ${unit} ${attribute.endsWith('latency') ? 'ps' : 'MB/s'} for these values, and the largest would be ${Math.round(largest.units / unit)} where 65534 is the most: round to a coarser unit`,
        at(largest), { rules: ['HMAT-03'], related: at(smallest).start === at(largest).start ? [] : [{ at: at(smallest), message: 'the smallest value of the matrix' }], data: { unit } });
}

function gcd(a: number, b: number): number {
    while (b !== 0) [a, b] = [b, a % b];
    return a;
}
