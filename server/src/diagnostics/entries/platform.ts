// What a described machine cannot be, or what Linux will make less of than its author thinks.
import type { Diagnostic, Fix, FixContext } from '../diagnostic.ts';
import { entry } from '../entry.ts';
import { choices } from '../line-fix.ts';
import { alignPlace } from '../place-fix.ts';
import type { Finding } from '../../language/model.ts';
import { hex, MiB } from '../../kernel/range.ts';

const machine = (body: string): string => `platform a {\n    kernel 6.1\n    node 0 { cpus 0-3  memory at 0 size 2G  memory at 4G size 4G }\n    ${body}\n}\n`;
const bare = (body: string): string => `platform a {\n    kernel 6.1\n    ${body}\n}\n`;

const twoMiB = (finding: Finding, context: FixContext): readonly Fix[] => alignPlace(finding, context, 2 * MiB);

export const PLATFORM: readonly Diagnostic[] = [
    entry('platform/align-value', 'error', 'No such alignment', ['ND-13', 'DAX-13'], 'Mappings use pages of 4 KiB, 2 MiB or 1 GiB.', 'Write `align 4K`, `align 2M` or `align 1G`.',
        { examples: { bad: machine('soft-reserved at 8G size 4G node 0 {\n        device size 1G mode devdax align 3M\n    }'), good: machine('soft-reserved at 8G size 4G node 0 {\n        device size 1G mode devdax align 2M\n    }') } }),
    entry('platform/asymmetric-distance', 'hint', 'Distances that differ by direction', ['NUMA-11'], 'Linux takes the table as it is, but few machines are built that way.', 'Check both entries.',
        { examples: { bad: bare('node 0 { cpus 0  memory at 0 size 2G }\n    node 1 { memory at 4G size 2G }\n    distance 0 to 1 = 21\n    distance 1 to 0 = 31'), good: bare('node 0 { cpus 0  memory at 0 size 2G }\n    node 1 { memory at 4G size 2G }\n    distance 0 to 1 = 21') },
            fix: (finding, context) => { const way = /^the way back is (\d+)/.exec(finding.message)?.[1]; return way && context.text(finding.at) !== way ? [{ title: `Make it ${way} both ways`, edits: [{ at: finding.at, text: way }] }] : []; } }),
    entry('platform/block-size', 'error', 'Not a device block size', ['VM-01'], 'The block of a virtio-mem device is a power of two.', 'Write `block-size 2M` or another power of two.'),
    entry('platform/cache-level', 'error', 'Not a cache level', ['HMAT-07'], 'HMAT numbers memory-side caches from 1, nearest to the memory, to 3.', 'Write `level 1`, 2 or 3.'),
    entry('platform/dimm-count', 'error', 'Not a number of DIMMs', [], 'A region is interleaved over 1 to 32 NVDIMMs.', 'Write `dimms 1` to `dimms 32`.'),
    entry('platform/distance-range', 'error', 'Not a distance', ['NUMA-11'], 'A SLIT entry is one byte: 10 is the node itself, 255 no path. Linux drops a table with others.', 'Write a number from 11 to 254.',
        { examples: { bad: bare('node 0 { cpus 0  memory at 0 size 2G }\n    node 1 { memory at 4G size 2G }\n    distance 0 to 1 = 300'), good: bare('node 0 { cpus 0  memory at 0 size 2G }\n    node 1 { memory at 4G size 2G }\n    distance 0 to 1 = 21') } }),
    entry('platform/duplicate-cache-level', 'error', 'Two caches of one level', ['HMAT-07'], 'Each level of a target’s memory-side cache is described once.', 'Change the level of one of them.'),
    entry('platform/duplicate-cpu', 'error', 'A CPU in two nodes', ['NUMA-01'], 'A logical CPU belongs to one proximity domain.', 'Take it out of one of the nodes.',
        { examples: { bad: bare('node 0 { cpus 0-3  memory at 0 size 2G }\n    node 1 { cpus 3  memory at 4G size 2G }'), good: bare('node 0 { cpus 0-2  memory at 0 size 2G }\n    node 1 { cpus 3  memory at 4G size 2G }') } }),
    entry('platform/duplicate-id', 'error', 'An id given twice', [], 'Ids tell things of one kind apart.', 'Number one of them anew.',
        { examples: { bad: bare('node 0 { memory at 0 size 2G }\n    node 0 { memory at 4G size 2G }'), good: bare('node 0 { memory at 0 size 2G }\n    node 1 { memory at 4G size 2G }') } }),
    entry('platform/end-below-start', 'error', 'A range that ends before it starts', [], 'Ranges are written first-last, both inside.', 'Swap the two, or use `at START size SIZE`.',
        { examples: { bad: bare('node 0 { memory 0x80000000-0x1000 }'), good: bare('node 0 { memory 0x1000-0x7fffffff }') },
            fix: (finding, context) => {
                const match = /^(\S+?)(\s*-\s*)(\S+)$/.exec(context.text(finding.at));
                return match ? [{ title: 'Swap the two', edits: [{ at: finding.at, text: `${match[3]}${match[2]}${match[1]}` }] }] : [];
            } }),
    entry('platform/inclusive-end', 'warning', 'An end that is one byte too far', ['RES-14'], 'Ends are inclusive, as in /proc/iomem: a last address that ends in 000 holds one byte of the next page.', 'Subtract one, or write the range with its size.',
        { examples: { bad: bare('node 0 { memory 0x0-0x80000000 }'), good: bare('node 0 { memory 0x0-0x7fffffff }') },
            fix: (finding) => (typeof finding.data?.['end'] === 'number' ? [{ title: `End at 0x${hex(finding.data['end'])}`, preferred: true, edits: [{ at: finding.at, text: `0x${hex(finding.data['end'])}` }] }] : []) }),
    entry('platform/initiator-without-cpus', 'warning', 'An initiator without CPUs', ['HMAT-04'], 'Latency and bandwidth are those that CPUs, or a generic initiator, of a domain see.', 'Name a domain with CPUs, or give it a `generic-initiator`.'),
    entry('platform/no-memory', 'warning', 'A machine without memory', [], 'Nothing can boot on it.', 'Give a node `memory`.', { examples: { bad: bare('node 0 { cpus 0-3 }'), good: bare('node 0 { cpus 0-3  memory at 0 size 2G }') } }),
    entry('platform/node-id-too-large', 'error', 'A node number Linux cannot have', ['NUMA-01'], 'Linux has 1024 nodes at most.', 'Number the nodes from 0.', { examples: { bad: bare('node 5000 { memory at 0 size 2G }'), good: bare('node 5 { memory at 0 size 2G }') } }),
    entry('platform/not-simulated', 'hint', 'Not simulated yet', [], 'The description is kept, but nothing is predicted from it.', 'Do not rely on the result where it matters.'),
    entry('platform/overlap', 'error', 'Ranges that overlap', ['NUMA-02'], 'Two things cannot decode the same address; Linux drops a whole SRAT over it.', 'Move or shorten one of them.',
        { examples: { bad: bare('node 0 { memory at 0 size 2G }\n    node 1 { memory at 1G size 2G }'), good: bare('node 0 { memory at 0 size 2G }\n    node 1 { memory at 2G size 1G }') } }),
    entry('platform/past-52-bits', 'error', 'An address past 2^52', ['GEO-07'], 'x86-64 has physical addresses of 52 bits at most.', 'Check the digits and the unit.', { examples: { bad: bare('node 0 { memory at 8P size 2G }'), good: bare('node 0 { memory at 8G size 2G }') } }),
    entry('platform/pmem-off-2m', 'warning', 'Persistent memory off 2 MiB', ['ND-16', 'ND-18'], 'Struct pages need 2 MiB boundaries: fsdax and devdax will not come up on this range.', 'Start and end it on 2 MiB, better on 16 MiB.',
        { examples: { bad: machine('pmem at 0x200001000 size 4G node 0'), good: machine('pmem at 8G size 4G node 0') }, fix: twoMiB }),
    entry('platform/requested-off-block', 'error', 'A requested size off the device block', ['VM-01'], 'virtio-mem plugs whole device blocks.', 'Request a multiple of `block-size`.'),
    entry('platform/requested-too-much', 'error', 'More requested than there is', ['VM-01'], 'The requested size lies within the device’s region.', 'Request less, or enlarge the region.'),
    entry('platform/resource-outside-parent', 'error', 'A resource outside its parent', ['RES-03'], 'Children lie inside their parent.', 'Move it, or enlarge the parent.'),
    entry('platform/soft-reserved-off-2m', 'warning', 'Specific-purpose memory off 2 MiB', ['HMEM-05'], 'Linux makes no dax device of it, and says nothing.', 'Start and end the range on 2 MiB.',
        { examples: { bad: machine('soft-reserved at 0x200001000 size 4G node 0'), good: machine('soft-reserved at 8G size 4G node 0') }, fix: twoMiB }),
    entry('platform/too-many-cpus', 'error', 'More CPUs than Linux can have', [], 'The number is past anything a kernel is built for.', 'Check the digits.'),
    entry('platform/unknown-kernel', 'error', 'Not a release', [], 'Rules are known for releases since 5.1.', 'Write `kernel 6.12`.', { examples: { bad: bare('node 0 { memory at 0 size 2G }').replace('6.1', '4.4'), good: bare('node 0 { memory at 0 size 2G }') } }),
    entry('platform/unknown-node', 'error', 'No such node', [], 'The platform has no node of that number.', 'Declare it, or correct the number.', { examples: { bad: machine('soft-reserved at 8G size 4G node 7'), good: machine('soft-reserved at 8G size 4G node 0') }, fix: choices('nodes') }),
    entry('platform/unknown-window', 'error', 'No such CXL window', [], 'The platform has no CXL window of that number.', 'Declare it, or correct the number.'),
    entry('platform/zero-size', 'error', 'A range of no bytes', [], 'It describes nothing.', 'Give it a size, or remove it.', { examples: { bad: bare('node 0 { memory at 0 size 0 }'), good: bare('node 0 { memory at 0 size 2G }') } }),
];
