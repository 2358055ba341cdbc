// Persistent memory (drivers/nvdimm), ndctl, file systems on it; virtio-mem, CXL, modules.
import type { Diagnostic, Fix } from '../diagnostic.ts';
import { entry } from '../entry.ts';
import { alignPlace } from '../place-fix.ts';
import { MiB } from '../../kernel/range.ts';
import { above, bootParameter, force, legalSize } from '../line-fix.ts';

/** Labels where the DIMMs have storage for them, else the command without its size. */
const initLabels: NonNullable<Diagnostic['fix']> = (finding, context) => {
    const region = finding.data?.['region'];
    const dimms = finding.data?.['dimms'];
    const line = context.line(finding.at);
    const text = context.text(line);
    const fixes: Fix[] = [];
    if (typeof region === 'string' && typeof dimms === 'string') {
        const lines = [`$ ndctl disable-region ${region}`, `$ ndctl init-labels -f ${dimms}`, `$ ndctl enable-region ${region}`];
        // The namespace that the region was is gone then: the size is allocated anew.
        const anew = text.replace(/\s(?:-e\s*|--reconfig[= ])\S+/, '').replace(/\s(?:-f|--force)\b/, '');
        fixes.push({ title: `Initialise the labels of ${region} first`, preferred: true, edits: [{ at: line, text: `${above(finding, context, lines)[0]!.text}${anew}` }] });
    }
    const whole = text.replace(/\s(?:--size[= ]|-s ?)\S+/, '');
    if (whole !== text) fixes.push({ title: 'Take the whole region', edits: [{ at: line, text: whole }] });
    return fixes;
};

export const NVDIMM: readonly Diagnostic[] = [
    entry('ndctl/active-as-system-ram', 'error', 'A namespace whose memory is online', ['NDC-12'], 'ndctl does not take RAM away.', 'Take the memory offline and reconfigure the dax device first.'),
    entry('ndctl/active-needs-force', 'error', 'An active namespace', ['NDC-11'], 'ndctl asks before it takes one down.', 'Use `--force`, or disable the namespace first.', { fix: force }),
    entry('ndctl/align', 'error', 'Not an alignment for this namespace', ['ND-13', 'NDC-05'], 'The kernel supports 4 KiB, 2 MiB and 1 GiB, as far as the mode and the range allow.', 'Choose another align.'),
    entry('ndctl/dimm-active', 'error', 'A DIMM in use', ['ND-04'], 'An enabled region uses it.', 'Disable the region first.'),
    entry('ndctl/labels-in-use', 'error', 'Labels in use', ['ND-03', 'ND-08'], 'Label storage is written while no region uses the DIMM.', 'Disable its region first.'),
    entry('ndctl/labels-initialized', 'error', 'Labels that are there already', ['ND-08'], 'Initialising them wipes every allocation.', 'Use `--force` where that is meant.'),
    entry('ndctl/mounted', 'error', 'A namespace with a mounted file system', ['NDC-12'], 'ndctl does not take it away.', 'Unmount it first.'),
    entry('ndctl/no-seed', 'error', 'No namespace to create', ['ND-03', 'NDC-03'], 'The region has no capacity left, or cannot be divided.', 'Destroy a namespace, or reconfigure the one there is with `-e`.'),
    entry('ndctl/not-zeroed', 'warning', 'An info block that was not wiped', ['NDC-13'], 'No raw disk came up to write it through, so the old mode comes back.', 'Create the namespace anew in the mode that is wanted.'),
    entry('ndctl/nothing-destroyed', 'info', 'A destroy that only disables', ['ND-03', 'NDC-15'], 'A label-less region is its namespace.', 'Expect it to come back when it is enabled.'),
    entry('ndctl/read-only', 'error', 'A read-only region', ['NDC-11'], 'The DIMMs are not armed, so nothing may be written.', 'Arm the DIMM, or set the region’s read_only to 0.'),
    entry('ndctl/sector-size', 'error', 'Not a sector size', ['NDC-09'], 'A BTT knows a short list of sizes.', 'Write 512 or 4096.'),
    entry('ndctl/start-misaligned', 'error', 'A namespace off 16 MiB', ['NDC-10'], 'ndctl wants 16 MiB for portability, the kernel 2 MiB.', 'Use `--force`, or lower the align of the region.', { fix: force }),
    entry('mount/dax-reflink', 'error', 'DAX with reflink', ['NF-06'], 'This release cannot have both.', 'Make the file system with `-m reflink=0`.'),
    entry('mount/mounted', 'error', 'A disk that is mounted', ['NDC-12'], 'It is in use.', 'Unmount it first.'),
    entry('mount/no-dax', 'error', 'A disk without DAX', ['ND-16', 'NF-06'], 'The file system is mounted without.', 'Use a namespace in fsdax mode with 4 KiB blocks.'),
    entry('mount/no-device', 'error', 'No such disk', ['RES-16'], 'No namespace has a disk of that name at this line.', 'Enable the namespace, or correct the name.'),
    entry('mount/no-filesystem', 'error', 'A disk without a file system', ['ND-27'], 'Creating or reconfiguring a namespace destroys what was there.', 'Make a file system first.'),
    entry('mount/too-small', 'error', 'Too small for the file system', ['ND-19'], 'XFS needs 300 MiB.', 'Use a larger namespace.'),
    entry('module/unknown', 'error', 'No such module', ['DAX-18'], 'The model has no module of that name in this release.', 'Correct the name, or choose another release.'),
    entry('virtio-mem/block-size', 'error', 'A device block larger than a memory block', ['VM-02', 'VM-04'], 'Before v5.11 virtio-mem could not use it.', 'Use a smaller block, or v5.11 or newer.'),
    entry('virtio-mem/left-added', 'warning', 'A driver that leaves its memory in use', ['VM-08'], 'The device cannot be bound again before the next reboot.', 'Unplug everything first.'),
    entry('virtio-mem/offline-threshold', 'warning', 'Plugging stopped by offline memory', ['VM-06'], 'The driver adds no more while too much of it is offline.', 'Bring the memory online, or set `auto_online_blocks`.', { fix: bootParameter('memhp_default_state=online') }),
    entry('virtio-mem/rebind', 'error', 'A device that cannot be bound again', ['VM-03', 'VM-08'], 'Its region stays claimed since it was left with memory added.', 'Reboot.'),
    entry('cxl/active-needs-force', 'error', 'An enabled CXL region', ['CXL-08'], 'It is in use.', 'Use `--force`, or disable it first.'),
    entry('cxl/already-ram', 'info', 'A region that firmware made RAM', ['CXL-05'], 'It stays as it is, without a dax device.', 'Nothing to do.'),
    entry('cxl/memory-online', 'error', 'Memory of the region is online', ['CXL-08'], 'It cannot be taken away.', 'Take it offline first.'),
    entry('cxl/no-capacity', 'error', 'Not enough capacity behind the window', ['CXL-03'], 'The devices have less free.', 'Choose a smaller size, or more devices.'),
    entry('cxl/no-memdev', 'error', 'No such memory device behind the window', ['CXL-03'], 'A region needs active devices that the window reaches.', 'Correct the names.'),
    entry('cxl/window-grown', 'warning', 'A window grown over its edge', ['CXL-01', 'RES-05'], 'Something straddles its edge, and Linux enlarges the window’s resource.', 'Correct the firmware’s map.'),
    entry('cxl/window-misaligned', 'error', 'A window off 256 MiB', ['CXL-01'], 'Linux skips it.', 'Start and size it in multiples of 256 MiB.', { fix: (finding, context) => alignPlace(finding, context, 256 * MiB) }),
    entry('cxl/no-hole', 'error', 'No room in the window', ['CXL-03', 'RES-13'], 'A region needs a free stretch of the window on its stride.', 'Choose a smaller size, or free a region.'),
    entry('cxl/no-ram-regions', 'error', 'RAM regions before v6.3', ['CXL-05'], 'This release cannot make them.', 'Use v6.3 or newer, or let firmware program the decoders.'),
    entry('cxl/no-target', 'error', 'A region without its parts', ['CXL-03'], 'The command names neither a decoder nor memory devices that fit.', 'Name the decoder with `-d` and the devices behind it.'),
    entry('cxl/region-size', 'error', 'A size off the interleave', ['CXL-03'], 'Regions are multiples of 256 MiB times their ways.', 'Choose such a size.'),
    entry('ndctl/label-less-size', 'error', 'A size in a label-less region', ['NDC-04'], 'Such a region is one namespace: it cannot be divided.', 'Drop `--size`, or initialise labels.', { fix: initLabels }),
    entry('ndctl/no-space', 'error', 'Not enough capacity', ['NDC-03'], 'No region has a free extent of that size.', 'Choose a smaller size; `max_available_extent` of the region says what fits.'),
    entry('ndctl/size-align', 'error', 'A size off the align', ['NDC-07'], 'The size is a multiple of the align times the interleave ways.', 'Take the size that ndctl suggests.', { fix: legalSize }),
    entry('ndctl/size-region-align', 'error', 'A size off the region’s align', ['NDC-06', 'ND-09'], 'Capacity is allocated in units of the region’s align.', 'Choose a multiple of 16 MiB times the ways.', { fix: legalSize }),
    entry('ndctl/too-small', 'error', 'Too small for the mode', ['NDC-08'], 'All modes but raw need 16 MiB.', 'Choose 16 MiB or more.'),
];
