// Adding and removing memory: DIMMs, the hypervisor's monitor, what a boot cannot place, what happens under a file system.
import type { Diagnostic } from '../diagnostic.ts';
import { entry } from '../entry.ts';
import { alignPlace } from '../place-fix.ts';

export const HOTPLUG: readonly Diagnostic[] = [
    entry('hotplug/impossible-node', 'error', 'A node the kernel does not expect', ['MHP-04', 'NUMA-09'], 'Memory can only be added to nodes that the firmware tables announce.', 'Describe the node, or a hotplug range of it, in the SRAT.'),
    entry('hotplug/left-online', 'error', 'An eject of online memory', ['RMV-01'], 'Nothing was removed.', 'Take all its blocks offline first.'),
    entry('hotplug/mem-limit', 'error', 'Memory above mem=', ['E820-05'], 'The limit keeps memory above it out while the kernel boots.', 'Raise or remove `mem=`.'),
    entry('hotplug/range-taken', 'error', 'A range that something holds', ['MHP-03'], '/proc/iomem has something there.', 'Free the range.'),
    entry('hotplug/section-taken', 'error', 'A range with struct pages', ['MHP-05'], 'Part of it is memory already.', 'Use a free range.'),
    entry('hotplug/too-high', 'error', 'Memory past what the kernel can map', ['MHP-02'], 'It cannot be addressed.', 'Place it lower.'),
    entry('hotplug/unaligned', 'error', 'Memory off the block size', ['MHP-01', 'NUMA-09'], 'Memory is added in whole blocks; nothing of this range is used.', 'Start and size it in whole memory blocks.', { fix: (finding, context) => alignPlace(finding, context, typeof finding.data?.['align'] === 'number' ? finding.data['align'] : 0) }),
    entry('boot/resource-conflict', 'warning', 'A resource that does not fit', ['RES-03'], 'It overlaps something that Linux puts there itself.', 'Correct its range.'),
    entry('command/bad-size', 'error', 'Not a size', [], 'The monitor takes a number with K, M, G or T.', 'Write `4G`.'),
    entry('command/unknown-device', 'error', 'No such device', [], 'Nothing of that id exists at this line.', 'Correct the id.'),
    entry('qemu/refused', 'error', 'A request that the hypervisor refuses', ['VM-01'], 'The guest never hears of it.', 'See the message for what would be accepted.'),
    entry('daxctl/align-only', 'warning', 'An align without a size', ['DXC-02'], 'The align is set, and daxctl reports an error all the same.', 'Give `--size` as well, or ignore the status.'),
    entry('language/too-deep', 'error', 'Nesting without end', [], 'No description needs so many braces inside each other.', 'Close some of them.'),
    entry('notify-failure/mounted', 'warning', 'Memory that goes while a file system is mounted on it', ['NF-01', 'NF-03', 'NF-05'], 'What happens to the file system depends on its kind and on the release: it may be shut down in order, or fail on the next access.', 'Unmount it first.'),
    entry('language/missing-prompt', 'error', 'A command without its prompt', [], 'Lines of a transcript begin with `$`, or with `(qemu)`.', 'Write the prompt before the command.', { fix: (finding) => [{ title: 'Write the prompt', preferred: true, safe: true, edits: [{ at: { ...finding.at, end: finding.at.start }, text: '$ ' }] }] }),
    entry('reboot/legacy-pmem', 'info', 'What legacy persistent memory survives', ['KEX-01', 'KEX-02'], 'Its content outlives a kexec where the same `memmap=` is on the next command line, and a reboot only where the firmware does not clear RAM.', 'Keep the same `memmap=`, and trust it across kexec only.'),
];
