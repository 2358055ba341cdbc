// Device memory as RAM (drivers/dax/kmem), daxctl, memory blocks.
import type { Diagnostic, Fix } from '../diagnostic.ts';
import { entry } from '../entry.ts';
import { bootParameter, first, removeStep } from '../line-fix.ts';

const FAST_REBOOT = `platform a {
    kernel 6.1
    hypervisor
    cmdline "memmap=2G!6G"
    node 0 {
        cpus 0-3
        memory 0x0-0x9fbff
        memory at 1M size 2047M
        memory at 4G size 6G
    }
}
`;
const TAKEN = `${FAST_REBOOT}scenario "s" on a {
    $ ndctl create-namespace --mode=devdax --map=mem -e namespace0.0 -f
    $ modprobe kmem
    $ echo dax0.0 > /sys/bus/dax/drivers/device_dax/unbind
    $ echo dax0.0 > /sys/bus/dax/drivers/kmem/new_id
`;

export const KMEM: readonly Diagnostic[] = [
    entry('kmem/block-trim', 'warning', 'Memory lost to whole blocks', ['KM-02', 'KM-03'], 'kmem adds whole memory blocks only: what lies before the first and behind the last boundary is nobody’s.', 'Start and end the device on the block size (`/sys/devices/system/memory/block_size_bytes`).',
        { examples: { bad: `${TAKEN}}\n`, good: `${FAST_REBOOT}scenario "s" on a {\n    $ modprobe kmem\n}\n` } }),
    entry('kmem/impossible-node', 'error', 'A node the kernel does not expect', ['KM-04', 'NUMA-09'], 'Memory can only be added to nodes that the firmware tables announce.', 'Describe the node, or a hotplug range of it, in the SRAT.'),
    entry('kmem/left-memory', 'error', 'Memory left behind by an earlier kmem', ['KM-05', 'KM-12'], 'The range is still System RAM, so nobody can have it.', 'Reboot.'),
    entry('kmem/left-online', 'error', 'A removal refused because memory was online', ['KM-11', 'KM-12', 'RMV-01'], 'The unbind succeeds, yet the memory stays: kmem lets go of the device, and the whole range is blocked until reboot.', 'Take all blocks offline before the unbind.',
        {
            examples: { bad: `${TAKEN}    $ daxctl online-memory dax0.0\n    $ echo dax0.0 > /sys/bus/dax/drivers/kmem/unbind\n}\n`, good: `${TAKEN}    $ daxctl online-memory dax0.0\n    $ daxctl offline-memory dax0.0\n    $ echo dax0.0 > /sys/bus/dax/drivers/kmem/unbind\n}\n` },
            fix: (finding, context): readonly Fix[] => {
                const line = context.line(finding.at);
                const device = /\bdax\d+\.\d+\b/.exec(context.text(line))?.[0];
                if (!device) return [];
                return [{ title: `Take the memory of ${device} offline first`, preferred: true, edits: [{ at: { ...line, end: line.start }, text: `${context.indent(finding.at)}$ daxctl offline-memory ${device}\n` }] }];
            },
        }),
    entry('kmem/mapping-skipped', 'warning', 'A range that kmem skipped', ['KM-05', 'KM-08'], 'The device is bound, with less memory than its size.', 'Look at the kernel’s message for the reason.'),
    entry('kmem/unbind-crash', 'error', 'An unbind that crashes this kernel', ['KM-11', 'KM-05'], '5.10 removes the range that kmem had skipped too, and dereferences a null pointer with the lock of the resource tree held: from then on /proc/iomem hangs.', 'Leave the device bound until reboot, or use 6.1 or newer.'),
    entry('kmem/memmap-on-memory-bound', 'error', 'memmap_on_memory of a bound device', ['KM-09'], 'It decides how memory is added, which has happened.', 'Unbind the device first.'),
    entry('kmem/memmap-on-memory-off', 'error', 'memmap_on_memory is off', ['KM-09', 'MHP-09'], 'The kernel was booted without it.', 'Boot with `memory_hotplug.memmap_on_memory=1`.', { fix: bootParameter('memory_hotplug.memmap_on_memory=1') }),
    entry('kmem/no-node', 'error', 'A range in no node', ['KM-01', 'NUMA-06'], 'Without a node the memory cannot be added.', 'Describe the range in the SRAT, or leave RAM above it.'),
    entry('kmem/range-busy', 'error', 'A range that is still taken', ['KM-05', 'KM-12'], 'What an earlier kmem left there stays until reboot.', 'Reboot.'),
    entry('kmem/too-small', 'error', 'No whole block inside', ['KM-02', 'KM-03'], 'kmem adds whole memory blocks, and none lies wholly in the device.', 'Enlarge or move the device so that it holds an aligned block.'),
    entry('daxctl/active', 'error', 'A device that is enabled', ['DXC-08'], 'daxctl does not destroy what is in use.', 'Disable it first, or use `--force`.', { fix: first((d) => `Disable ${d} first`, (d) => [`$ daxctl disable-device ${d}`], /\bdax\d+\.\d+\b/) }),
    entry('daxctl/auto-online', 'error', 'Memory that onlines itself', ['DXC-03', 'ONL-01'], 'The kernel would online the memory before daxctl can choose a zone, so daxctl stops.', 'Write offline to `/sys/devices/system/memory/auto_online_blocks`, or use `--force`.', { fix: bootParameter('memhp_default_state=offline') }),
    entry('daxctl/devdax', 'error', 'Memory operations on a devdax device', ['DXC-06'], 'There are no memory blocks.', 'Use `daxctl reconfigure-device -m system-ram` first.'),
    entry('daxctl/emptied', 'warning', 'A device emptied but not deleted', ['DAX-06', 'DXC-08'], 'daxctl sets the size to 0 before it finds that the device cannot go.', 'Set its size again if it is still wanted.'),
    entry('daxctl/foreign-blocks', 'warning', 'Blocks that daxctl counts wrongly', ['DXC-05'], 'daxctl goes by the untrimmed size of the device, so boundary blocks of others count as its own.', 'Use the blocks’ own state files.'),
    entry('daxctl/foreign-offline', 'error', 'Taking a foreign block offline', ['DXC-05'], 'The untrimmed tail of the device lies in a block that kmem did not add.', 'Take the device’s own blocks offline through sysfs.'),
    entry('daxctl/leftover', 'warning', 'An empty device left behind', ['DXC-07'], 'The next create-device tries it again and fails.', 'Delete the empty device.'),
    entry('daxctl/missed-blocks', 'warning', 'Blocks that daxctl does not see', ['DXC-05'], 'The device lies in pieces, and daxctl looks at a span of its size.', 'Use the blocks’ own state files.'),
    entry('daxctl/no-such-device', 'error', 'No such device for daxctl', ['DXC-01'], 'Nothing of that name exists at this line.', 'Correct the name.'),
    entry('daxctl/stale-seed', 'warning', 'An old empty device in the way', ['DXC-07'], 'daxctl works on the seed left over by an earlier attempt.', 'Delete the empty device first.'),
    entry('daxctl/still-online', 'error', 'Blocks that are online', ['DXC-04', 'DXC-05'], 'daxctl does not take the device from under them.', 'Use `daxctl offline-memory` first, or `--force`.', { fix: first((d) => `Take the memory of ${d} offline first`, (d) => [`$ daxctl offline-memory ${d}`], /\bdax\d+\.\d+\b/) }),
    entry('daxctl/system-ram', 'error', 'Status operations on system-ram', ['DXC-06'], 'enable and disable are about devdax.', 'Use reconfigure-device, online-memory or offline-memory.'),
    entry('memory/bad-policy', 'error', 'Not an online policy', ['ONL-01'], 'The kernel takes a closed list of words.', 'Use one of the words of this release.'),
    entry('memory/bad-state', 'error', 'Not a state of a memory block', ['ONL-02'], 'The kernel takes online, online_kernel, online_movable and offline.', 'Use one of these.',
        { examples: { bad: `${FAST_REBOOT}scenario "s" on a {\n    $ echo on > /sys/devices/system/memory/memory33/state\n}\n`, good: `${FAST_REBOOT}scenario "s" on a {\n    $ modprobe kmem\n}\n` } }),
    entry('memory/hwpoison', 'error', 'A block with a broken page', ['ONL-06'], 'It stays offline.', 'Leave it offline.'),
    entry('memory/never-offline', 'error', 'A block that can never go offline', ['OFF-01'], 'It has holes, or several zones or nodes share it.', 'Plan ranges on block boundaries.'),
    entry('memory/no-change', 'error', 'A block that is in that state already', ['ONL-02', 'ONL-06'], 'The kernel answers EINVAL, not success.', 'Remove the line, or expect the failure.',
        { examples: { bad: `${FAST_REBOOT}scenario "s" on a {\n    $ echo online > /sys/devices/system/memory/memory33/state\n}\n`, good: `${FAST_REBOOT}scenario "s" on a {\n    $ modprobe kmem\n}\n` }, fix: removeStep }),
    entry('memory/unmovable', 'error', 'A block with memory that cannot move', ['OFF-02'], 'Kernel memory lies in it.', 'Online memory that shall go again with `online_movable`.'),
];
