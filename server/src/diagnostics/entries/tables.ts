// What the parts of a platform say about each other: SRAT, SLIT and HMAT, memory blocks, the boot line.
import { alignEnd, alignPlace } from '../place-fix.ts';
import type { Diagnostic, Fix, FixContext } from '../diagnostic.ts';
import { entry } from '../entry.ts';
import type { Finding } from '../../language/model.ts';

const two = (body: string, more = ''): string => `platform a {\n    kernel 6.1\n    hypervisor${more}\n    node 0 { cpus 0-3  memory at 0 size 2G }\n    node 1 { memory at 4G size 2G }\n${body}}\n`;
const line = (text: string): string => `    ${text}\n`;
const target = (body: string): string => two(line(`target 1 { ${body} }`));
const near = 'initiator 0 { latency 90ns  bandwidth 100GB/s }';
const boot = (cmdline: string): string => two(line(`cmdline "${cmdline}"`));

const FAR = `platform a {\n    kernel 6.1\n    hypervisor\n    node 0 { cpus 0-3  memory at 0 size 2G  memory at 4G size 4G }\n    node 1\n    `;
const far = (body: string): string => `${FAR}${body}\n}\n`;

const KMEM_RAM = `${far('soft-reserved at 8G size 4G node 1')}scenario "s" on a {\n    $ modprobe kmem\n`;

function number(finding: Finding, key: string): number | undefined {
    const value = finding.data?.[key];
    return typeof value === 'number' ? value : undefined;
}

function numbers(finding: Finding, key: string): readonly number[] {
    const value = finding.data?.[key];
    return Array.isArray(value) && value.every((v) => typeof v === 'number') ? value : [];
}

const toBlocks = (finding: Finding, context: FixContext): readonly Fix[] => alignPlace(finding, context, number(finding, 'align') ?? 0);

/** Puts text behind the line that the finding is on. */
function below(finding: Finding, context: FixContext, text: string): Fix['edits'] {
    const whole = context.line(finding.at);
    return [{ at: { ...whole, start: whole.end }, text: `\n${context.indent(finding.at)}${text}` }];
}

export const TABLES: readonly Diagnostic[] = [
    entry('cmdline/memmap-dollar', 'info', 'A `$` that shells and boot loaders take for themselves', ['E820-03'], 'GRUB and shells read `$6` as a variable of theirs: what reaches the kernel is `memmap=2G`, which limits RAM.', 'Write `\\$` in grub.cfg and `\\\\\\$` in /etc/default/grub; check /proc/cmdline after the boot.',
        { examples: { bad: boot('memmap=256M$256M'), good: boot('memmap=256M!256M') } }),
    entry('cmdline/memmap-limit', 'warning', 'A memmap= without a place', ['E820-03'], '`memmap=2G` alone throws away all RAM above that size.', 'Write the place as well, or `mem=2G` where the limit is meant.',
        { examples: { bad: boot('memmap=2G'), good: boot('mem=2G') } }),
    entry('cmdline/memmap-no-ram', 'warning', 'A memmap= where no memory is', ['E820-03'], 'The parameter overrides the firmware’s map without asking whether anything answers at those addresses.', 'Choose a range inside the RAM of the firmware’s map.',
        { examples: { bad: boot('memmap=1G!16G'), good: boot('memmap=1G!5G') } }),
    entry('cmdline/memmap-reserved', 'warning', 'A memmap= over what the firmware keeps', ['E820-02', 'E820-03'], 'Tables or run-time data of the firmware lie there, and the new owner overwrites them.', 'Choose a range that is usable RAM in the firmware’s map.',
        { examples: { bad: two(line('reserved at 1G size 64M') + line('cmdline "memmap=512M!1G"')), good: two(line('reserved at 1G size 64M') + line('cmdline "memmap=256M!1280M"')) } }),
    entry('cmdline/no-effect', 'warning', 'A boot parameter that does nothing', ['EFI-02', 'MHP-09'], 'The release, its configuration or the kind of boot lacks what the parameter asks for, and the kernel does not complain.', 'Remove it, or do what the message names.',
        { examples: { bad: boot('efi_fake_mem=2G@4G:0x40000'), good: boot('quiet') } }),
    entry('cmdline/nosoftreserve', 'warning', 'Specific-purpose memory given up', ['EFI-01'], 'With `efi=nosoftreserve` the ranges are RAM like any other, from the first moment on.', 'Remove the parameter where dax devices are wanted.',
        { examples: { bad: `${FAR}cmdline "efi=nosoftreserve"\n    soft-reserved at 8G size 4G node 1\n}\n`, good: far('soft-reserved at 8G size 4G node 1') } }),
    entry('cmdline/numa-fake', 'warning', 'Emulated nodes beside device memory', ['NUMA-12'], 'Device memory keeps the node numbers of the firmware, which mean other nodes now, or none.', 'Do without `numa=fake` where device memory matters.',
        { examples: { bad: `${FAR}cmdline "numa=fake=2"\n    soft-reserved at 8G size 4G node 1\n}\n`, good: far('soft-reserved at 8G size 4G node 1') } }),
    entry('numa/uncovered-ram', 'error', 'RAM in no node', ['NUMA-03'], 'One MiB of RAM outside the SRAT makes Linux drop the whole table: there is one node then.', 'Let a node’s `memory` cover it.', {
        examples: { bad: two(line('e820 at 0 size 2G usable') + line('e820 at 4G size 4G usable')), good: two(line('e820 at 0 size 2G usable') + line('e820 at 4G size 2G usable')) },
    }),
    entry('numa/srat-without-ram', 'warning', 'A node’s memory that the map does not have', ['NUMA-02', 'NUMA-04'], 'SRAT announces memory that no entry of the firmware’s map backs: the node gets none of it.', 'Correct one of the two; use `hotplug` for memory that comes later.',
        { examples: { bad: two(line('e820 at 0 size 2G usable')), good: two(line('e820 at 0 size 2G usable') + line('e820 at 4G size 2G usable')) } }),
    entry('numa/slit-diagonal', 'error', 'A node that is not 10 from itself', ['NUMA-11'], 'Linux drops a SLIT with any other value on its diagonal, and takes 20 for all distances.', 'Write 10, or remove the line.', {
        examples: { bad: two(line('distance 0 to 0 = 12')), good: two(line('distance 0 to 1 = 21')) },
        fix: (finding) => [{ title: 'Write 10', preferred: true, edits: [{ at: finding.at, text: '10' }] }],
    }),
    entry('numa/distance-missing', 'hint', 'Pairs of nodes without a distance', ['NUMA-11'], 'As soon as one distance is given the table is complete, and 20 stands where nothing was said.', 'Declare the distance.', {
        examples: { bad: two(line('node 2 { memory at 8G size 2G }') + line('distance 0 to 1 = 21')), good: two(line('distance 0 to 1 = 21')) },
        fix: (finding, context) => {
            const pairs = numbers(finding, 'pairs');
            const lines: string[] = [];
            for (let i = 0; i + 1 < pairs.length; i += 2) lines.push(`distance ${pairs[i]} to ${pairs[i + 1]} = 20`);
            return lines.length === 0 ? [] : [{ title: lines.length === 1 ? `Declare ${lines[0]}` : `Declare the ${lines.length} missing distances`, preferred: true, edits: below(finding, context, lines.join(`\n${context.indent(finding.at)}`)) }];
        },
    }),
    entry('numa/no-node', 'warning', 'Device memory in no node', ['NUMA-06', 'KM-01'], 'Without a node kmem refuses the memory; only devdax and file systems work.', 'Add `node N`, or let a node’s SRAT range hold it.', {
        examples: { bad: far('soft-reserved at 8G size 4G'), good: far('soft-reserved at 8G size 4G node 1') },
        fix: (finding) => numbers(finding, 'nodes').slice(0, 4).map((node): Fix => ({ title: `Put it in node ${node}`, edits: [{ at: { ...finding.at, start: finding.at.end }, text: ` node ${node}` }] })),
    }),
    entry('numa/shared-block', 'warning', 'A memory block of two nodes', ['OFF-01'], 'A block belongs to one node; one that holds memory of several can never go offline.', 'Let nodes begin and end on the memory block size.', {
        examples: { bad: 'platform a {\n    kernel 6.1\n    hypervisor\n    node 0 { cpus 0-3  memory at 0 size 1088M }\n    node 1 { memory at 1088M size 960M }\n}\n', good: 'platform a {\n    kernel 6.1\n    hypervisor\n    node 0 { cpus 0-3  memory at 0 size 1G }\n    node 1 { memory at 1G size 1G }\n}\n' },
        fix: (finding, context) => alignPlace(finding, context, number(finding, 'blockSize') ?? 0).filter((f) => f.title.startsWith('Shrink') || f.title.startsWith('Move')),
    }),
    entry('memory/block-hole', 'hint', 'A memory block with a hole', ['OFF-01'], 'RAM ends inside the block, and blocks with holes can never go offline.', 'End the range on the memory block size, where the block shall go.', {
        examples: { bad: two('').replace('4G size 2G', '4G size 1088M'), good: two('') },
        fix: (finding, context) => alignEnd(finding, context, number(finding, 'blockSize') ?? 0),
    }),
    entry('memory/online-kernel-zone', 'info', 'Hot-added memory in a kernel zone', ['ONL-04', 'OFF-02'], 'Unmovable data may settle in it at any time, and from then on the block cannot go offline: the memory does not come back.', 'Bring it online with `online_movable`, where it shall go again.', {
        examples: { bad: `${KMEM_RAM}    $ daxctl reconfigure-device --mode=system-ram --no-movable dax0.0\n}\n`, good: `${KMEM_RAM}    $ daxctl reconfigure-device --mode=system-ram dax0.0\n}\n` },
        fix: (finding, context) => {
            const text = context.text(finding.at);
            const movable = text.replace(/\becho online(?:_kernel)?\b/, 'echo online_movable').replace(/ --no-movable\b/, '').replace(/ -N\b/, '');
            return movable === text ? [] : [{ title: 'Bring it online in ZONE_MOVABLE', preferred: true, edits: [{ at: finding.at, text: movable }] }];
        },
    }),
    entry('memory/page-map', 'warning', 'Struct pages larger than the RAM', ['MHP-08', 'GEO-08'], 'Each page of device memory has 64 bytes of description in RAM: 16 GiB for a TiB.', 'Use `map=dev` so that the namespace holds them itself, or more RAM.',
        { examples: { bad: two(line('pmem at 1T size 1T node 1 { label-size 128K }')), good: two(line('pmem at 1T size 64G node 1 { label-size 128K }')) } }),
    entry('hmat/zero', 'warning', 'A latency or bandwidth of 0', ['HMAT-03'], 'Zero means that the table says nothing, so Linux ignores the entry.', 'Write what was measured, or leave it out.',
        { examples: { bad: target('initiator 0 { latency 0ns  bandwidth 100GB/s }'), good: target(near) } }),
    entry('hmat/hole', 'info', 'A hole in the HMAT', ['HMAT-03', 'HMAT-04'], 'Linux compares initiators attribute by attribute; one without a value takes no part.', 'Give the missing values.', {
        examples: { bad: two(line(`target 0 { ${near} }`) + line('target 1 { initiator 0 { latency 150ns } }')), good: two(line(`target 0 { ${near} }`) + line('target 1 { initiator 0 { latency 150ns  bandwidth 50GB/s } }')) },
        fix: (finding, context) => {
            const missing = finding.data?.['missing'];
            if (!Array.isArray(missing)) return [];
            const whole = context.line(finding.at);
            const text = context.text(whole);
            const from = finding.at.start - whole.start;
            const close = text.indexOf('}', from);
            if (close < 0) return [];
            const settings = missing.map((m) => `${String(m).replace('_', '-')} ${String(m).endsWith('latency') ? '100ns' : '10GB/s'}`).join('  ');
            const at = whole.start + text.slice(0, close).trimEnd().length;
            return [{ title: 'Fill in the missing values', edits: [{ at: { ...whole, start: at, end: at }, text: `  ${settings}` }] }];
        },
    }),
    entry('hmat/unencodable', 'error', 'Values that one matrix cannot hold', ['HMAT-03'], 'All entries of an HMAT matrix are 16-bit multiples of one base unit, so a very large and a very fine value exclude each other.', 'Round the values to a coarser unit.',
        { examples: { bad: two(line('target 0 { initiator 0 { latency 90001ps  bandwidth 1GB/s } }') + line('target 1 { initiator 0 { latency 150000ns  bandwidth 1GB/s } }')), good: two(line(`target 0 { ${near} }`) + line('target 1 { initiator 0 { latency 150ns  bandwidth 50GB/s } }')) } }),
    entry('hmat/cache-level-gap', 'warning', 'A cache level left out', ['HMAT-07'], 'Levels count from 1, nearest to the initiators.', 'Number the caches from 1 without a gap.',
        { examples: { bad: target(`${near}  memory-side-cache { level 2  size 1G }`), good: target(`${near}  memory-side-cache { level 1  size 1G }`) } }),
    entry('hmat/cache-size', 'warning', 'A cache that is too large for its place', ['HMAT-07'], 'Each level holds less than the one behind it, and the last one less than the memory.', 'Check the sizes.',
        { examples: { bad: target(`${near}  memory-side-cache { level 1  size 1G }  memory-side-cache { level 2  size 512M }`), good: target(`${near}  memory-side-cache { level 1  size 512M }  memory-side-cache { level 2  size 1G }`) } }),
    entry('kmem/off-block', 'info', 'Device memory off the memory blocks', ['KM-02', 'GEO-04'], 'kmem adds whole memory blocks; what lies outside them is lost, which newer releases log and older ones do not.', 'Start and end the range on the memory block size; the message says where.',
        { examples: { bad: far('soft-reserved at 8256M size 4G node 1'), good: far('soft-reserved at 8G size 4G node 1') }, fix: toBlocks }),
    entry('virtio-mem/off-block', 'warning', 'A virtio-mem region off the memory blocks', ['VM-02'], 'Linux adds whole memory blocks, so the edges of the region stay unused.', 'Start and end the region on the memory block size.',
        { examples: { bad: far('virtio-mem vm0 at 8256M size 8G node 1 { block-size 2M  requested 1G }'), good: far('virtio-mem vm0 at 8G size 8G node 1 { block-size 2M  requested 1G }') }, fix: toBlocks }),
    entry('nvdimm/namespace-size', 'error', 'A size that no namespace can have', ['ND-09', 'NDC-07'], 'Namespaces are multiples of 16 MiB and of their align, each times the interleave ways.', 'Take one of the sizes that the message names.', {
        examples: { bad: far('pmem at 8G size 4G node 1 { label-size 128K  namespace { size 1000M  mode devdax } }'), good: far('pmem at 8G size 4G node 1 { label-size 128K  namespace { size 1G  mode devdax } }') },
        fix: (finding, context) => {
            const text = context.text(finding.at);
            const whole = context.line(finding.at);
            const rest = context.text(whole).slice(finding.at.start - whole.start);
            const match = /\bsize\s+(\S+)/.exec(rest);
            if (!match || text === '') return [];
            const start = finding.at.start + match.index + match[0].length - match[1]!.length;
            const at = { ...finding.at, start, end: start + match[1]!.length };
            return (['below', 'above'] as const).flatMap((key): Fix[] => {
                const value = number(finding, key);
                return value ? [{ title: `Make it ${value / 2 ** 20}M`, ...(key === 'below' ? { preferred: true } : {}), edits: [{ at, text: `${value / 2 ** 20}M` }] }] : [];
            });
        },
    }),
    entry('nvdimm/no-aligned-gigabyte', 'error', 'No aligned gigabyte', ['ND-18'], 'With `align 1G` the data begin on a gigabyte behind the metadata, and none is left.', 'Choose `align 2M`, or a larger range.',
        { examples: { bad: far('pmem at 8G size 4G node 1 { label-size 128K  namespace { size 1G  mode devdax  align 1G } }'), good: far('pmem at 8G size 4G node 1 { label-size 128K  namespace { size 1G  mode devdax  align 2M } }') } }),
    entry('nvdimm/oversubscribed', 'error', 'More namespaces than capacity', ['ND-09'], 'The sizes add up to more than the range.', 'Shrink one of them.',
        { examples: { bad: far('pmem at 8G size 4G node 1 { label-size 128K  namespace { size 3G }  namespace { size 2G } }'), good: far('pmem at 8G size 4G node 1 { label-size 128K  namespace { size 2G }  namespace { size 2G } }') } }),
    entry('kmem/destroys-data', 'hint', 'Persistent memory that becomes RAM', ['KEX-03'], 'Pages are handed out and overwritten as soon as the memory is online; the namespace stays, its content does not.', 'Save what is needed before.'),
    entry('hmem/in-cxl-window', 'warning', 'Specific-purpose memory left to CXL', ['HMEM-04'], 'Some releases let only the CXL drivers make a dax device of such a range, and say nothing where they cannot.', 'Let firmware program the decoders, create the region, or use another release.'),
    entry('daxctl/online-race', 'warning', 'Blocks that were online before daxctl came', ['DXC-05', 'ONL-01'], 'Somebody else onlines memory here: udev, the kernel’s policy, or a line above. The zone is theirs.', 'Let one of them do it: `--no-online`, or no policy.'),
    entry('ndctl/raw-is-fsdax', 'info', 'Raw mode that is fsdax all the same', ['NDC-14', 'ND-16'], 'Legacy persistent memory has struct pages whatever is asked for.', 'Nothing to do.'),
    entry('nvdimm/labels-full', 'error', 'No label left', ['ND-08', 'ND-09'], 'Each namespace takes a label on each DIMM, and one stays free for updates.', 'Destroy a namespace, or use DIMMs with larger label storage.'),
];
