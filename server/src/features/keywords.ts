// The language's words by the block they stand in and by the word before them, each with one sentence for completion and hover.

import { MODULES } from '../kernel/modules.ts';

export interface Keyword {
    readonly label: string;
    readonly doc: string;
    /** With `${1:…}` places, for clients that have snippets. */
    readonly snippet?: string;
}

const k = (label: string, doc: string, snippet?: string): Keyword => ({ label, doc, ...(snippet ? { snippet } : {}) });

const RANGE = 'at ${1:4G} size ${2:2G}';

const PLATFORM: readonly Keyword[] = [
    k('kernel', 'Release whose rules apply; several, separated by commas, run each scenario under each.', 'kernel ${1:6.12}'),
    k('arch', 'Processor architecture; only x86_64 is simulated.'),
    k('firmware', '`bios` or `efi`: who hands over the memory map.', 'firmware ${1|efi,bios|}'),
    k('hypervisor', 'CPUID hypervisor bit: it changes the memory block size.'),
    k('cmdline', 'The kernel command line.', 'cmdline "$1"'),
    k('config', 'Kernel configuration that matters here.', 'config ${1:MEMORY_HOTPLUG_DEFAULT_ONLINE} = ${2:y}'),
    k('modules', 'Modules that load before the first step, in order.', 'modules ${1:dax_hmem}'),
    k('node', 'ACPI proximity domain: its CPUs and memory (SRAT).', 'node ${1:0} {\n    cpus ${2:0-3}\n    memory at ${3:4G} size ${4:4G}\n}'),
    k('distance', 'SLIT: distance between two proximity domains, both ways unless the other way is given.', 'distance ${1:0} to ${2:1} = ${3:21}'),
    k('target', 'HMAT: what initiators see of a memory target.', 'target ${1:1} {\n    initiator ${2:0} { latency ${3:90ns}  bandwidth ${4:200GB/s} }\n}'),
    k('soft-reserved', 'EFI specific-purpose memory: Linux leaves it to dax.', 'soft-reserved ${1:hbm} at ${2:4G} size ${3:4G} node ${4:1}'),
    k('pmem', 'Persistent memory: one NFIT range, one nvdimm region.', 'pmem at ${1:16G} size ${2:16G} node ${3:0}'),
    k('virtio-mem', 'virtio-mem device: its region and how much is requested.', 'virtio-mem ${1:vm0} at ${2:16G} size ${3:16G} node ${4:0} { requested ${5:4G} }'),
    k('dimm', 'ACPI memory device, present at boot.', 'dimm ${1:dimm0} at ${2:16G} size ${3:1G} node ${4:0}'),
    k('hotplug-window', 'Where the hypervisor may put hot-added memory devices.', 'hotplug-window at ${1:4G} size ${2:16G} slots ${3:4}'),
    k('cxl', 'CXL fixed memory window or memory device.', 'cxl window ${1:0} at ${2:4T} size ${3:256G}'),
    k('reserved', 'Range that firmware keeps.', `reserved ${RANGE} "\${3:PCI MMCONFIG}"`),
    k('e820', 'Entry of the firmware map that does not follow the nodes.', `e820 ${RANGE} \${3|usable,reserved,acpi,nvs,soft-reserved,pmem|}`),
    k('resource', 'Entry of a real /proc/iomem that the model does not derive.', `resource ${RANGE} "\${3:PCI Bus 0000:00}"`),
];

const EXPECT: readonly Keyword[] = [
    k('ok', 'The step succeeds.'), k('fails', 'The step fails, with this error number where one is given.', 'fails ${1:EBUSY}'),
    k('log', 'The kernel logs a line that holds this text.', 'log "$1"'), k('iomem', '/proc/iomem holds these lines with this nesting.', 'iomem\n    | $1'),
    k('blocks', 'These memory blocks are in this state.', 'blocks ${1:48}-${2:63} ${3|online,offline|}'),
    k('ram', 'Bytes of RAM that the object gives.', 'ram ${1:dax0.0} = ${2:1G}'), k('lost', 'Bytes of the object that are lost.', 'lost ${1:dax0.0} = ${2:128M}'),
    k('node', 'Memory of a node.', 'node ${1:0} memory = ${2:4G}'),
];

const PROVISION: readonly Keyword[] = [
    k('size', 'Bytes.', 'size ${1:1G}'), k('align', 'Page size of its mappings.', 'align ${1|2M,4K,1G|}'),
    k('mode', 'fsdax, devdax, sector or raw; for a device devdax or system-ram.', 'mode ${1|devdax,fsdax,sector,raw,system-ram|}'),
    k('map', 'Where struct pages lie: `mem` in RAM, `dev` on the device.', 'map ${1|dev,mem|}'), k('system-ram', 'Give it to Linux as RAM.'),
    k('movable', 'Online its blocks as Movable.'), k('no-online', 'Leave its blocks offline.'), k('sector-size', 'Sector size of a sector-mode namespace.', 'sector-size ${1:4096}'),
];

/** What people type most, as lines of a transcript. Names of devices are put in from those that exist there. */
export const TRANSCRIPTS: readonly Keyword[] = [
    k('dax to System RAM', 'A dax device becomes RAM; its blocks are offline first, so that nothing else decides about them.', '\\$ daxctl reconfigure-device --mode=system-ram --no-online ${1:dax0.0}\n\\$ daxctl online-memory ${1:dax0.0}'),
    k('System RAM to dax', 'RAM of a dax device becomes a device again.', '\\$ daxctl offline-memory ${1:dax0.0}\n\\$ daxctl reconfigure-device --mode=devdax --force ${1:dax0.0}'),
    k('namespace to devdax', 'A namespace becomes a dax device. What it holds is lost.', '\\$ ndctl create-namespace --mode=devdax --map=${2|mem,dev|} -e ${1:namespace0.0} -f'),
];

const PLACE: readonly Keyword[] = [k('at', 'First address, then `size`.', 'at ${1:4G} size ${2:2G}'), k('size', 'Bytes.', 'size ${1:2G}'), k('node', 'Proximity domain.', 'node ${1:0}')];

/** `block`: by the first word of the enclosing declaration, '' at the top. `after`: by the word before. `words`: what stands inside declarations.
 * `values`: closed lists, by rule and property of the grammar or by the word before. */
export const KEYWORDS: {
    readonly block: Readonly<Record<string, readonly Keyword[]>>; readonly after: Readonly<Record<string, readonly Keyword[]>>; readonly words: readonly Keyword[];
    readonly values: Readonly<Record<string, readonly Keyword[]>>; readonly bootParameters: readonly Keyword[];
} = {
    block: {
        '': [
            k('platform', 'What firmware and boot line give Linux.', 'platform ${1:name} {\n    kernel ${2:6.12}\n\n    node 0 {\n        cpus   0-3\n        memory at 0 size 2G\n    }$0\n}'),
            k('scenario', 'What somebody types after the boot: a transcript.', 'scenario "${1:name}" on ${2:platform} {\n    \\$ $0\n}'),
            k('import', 'Makes the platforms of another file known here.', 'import "${1:other.memtopo}"'),
        ],
        platform: PLATFORM,
        scenario: [
            k('$', 'A shell line.', '\\$ $0'), k('(qemu)', 'A line of the QEMU monitor.', '(qemu) $0'),
            k('expect', 'What must hold after the step above.', 'expect ${1|ok,fails,log,iomem,blocks,ram,lost,node|}'), k('kernel', 'Releases to run under, instead of the platform’s.', 'kernel ${1:6.1}'),
        ],
        node: [
            k('cpus', 'Logical CPUs of the node.', 'cpus ${1:0-3}'), k('memory', 'RAM of the node.', `memory ${RANGE}`),
            k('hotplug', 'Hot-pluggable window of the SRAT, without memory yet.', `hotplug ${RANGE}`), k('generic-initiator', 'The domain has a generic initiator.'),
        ],
        target: [
            k('initiator', 'Latency and bandwidth as this domain sees them.', 'initiator ${1:0} { latency ${2:90ns}  bandwidth ${3:200GB/s} }'),
            k('attached', 'The processor domain that the memory hangs on.', 'attached ${1:0}'),
            k('memory-side-cache', 'Cache before this memory.', 'memory-side-cache { level 1  size ${1:16G}  associativity ${2|direct,complex,none|}  write-policy ${3|write-back,write-through,none|}  line 64 }'),
        ],
        initiator: ['latency', 'read-latency', 'write-latency'].map((w) => k(w, 'In ns or ps.', `${w} \${1:90ns}`))
            .concat(['bandwidth', 'read-bandwidth', 'write-bandwidth'].map((w) => k(w, 'In MB/s, GB/s or TB/s.', `${w} \${1:200GB/s}`))),
        'memory-side-cache': [k('level', 'From 1, nearest to the memory.'), k('size', 'Bytes.'), k('line', 'Bytes of a line.'), k('associativity', 'none, direct or complex.'), k('write-policy', 'none, write-back or write-through.')],
        'soft-reserved': [k('device', 'A dax device of it, provisioned after boot.', 'device size ${1:1G} mode ${2|devdax,system-ram|}')],
        device: PROVISION, namespace: PROVISION,
        pmem: [
            k('namespace', 'A namespace of it, provisioned after boot.', 'namespace { size ${1:16G}  mode ${2|fsdax,devdax,sector,raw|}  map ${3|dev,mem|} }'),
            k('dimms', 'NVDIMMs that it interleaves over.', 'dimms ${1:2}'), k('label-size', 'Bytes of label storage on each NVDIMM.', 'label-size ${1:128K}'),
            k('labels-initialised', 'Labels are there since before boot.'), k('unarmed', 'Read-only: the NVDIMM is not armed.'),
        ],
        'virtio-mem': [k('block-size', 'Device block.', 'block-size ${1:2M}'), k('requested', 'Bytes that the hypervisor wants plugged.', 'requested ${1:4G}'), k('bus', 'Name on the virtio bus.', 'bus ${1:virtio0}')],
        window: [k('ways', 'Interleave ways.'), k('granularity', 'Bytes.'), k('targets', 'Host bridges.'), k('volatile', 'Takes volatile regions.'), k('pmem', 'Takes persistent regions.')],
        memdev: [k('window', 'The window that reaches it.'), k('volatile', 'Bytes.'), k('pmem', 'Bytes.'), k('region', 'Programmed by firmware.')],
    },
    after: {
        expect: EXPECT, memory: PLACE, hotplug: PLACE, reserved: PLACE, e820: PLACE, pmem: PLACE, resource: PLACE,
        cxl: [k('window', 'CXL fixed memory window.', 'window ${1:0} at ${2:4T} size ${3:256G}'), k('memdev', 'CXL memory device.', 'memdev ${1:mem0} { window ${2:0}  volatile ${3:16G} }')],
    },
    words: [
        k('on', 'The platform that the scenario runs on.'), k('extends', 'Takes everything of another platform, but for what stands here.'), k('to', 'The other node of the distance.'),
        k('at', 'First address, then `size`.', 'at ${1:4G} size ${2:2G}'), k('size', 'Bytes.', 'size ${1:2G}'), k('node', 'Proximity domain.', 'node ${1:0}'),
        k('non-volatile', 'SRAT flag: the memory is persistent.'), k('legacy', 'An e820 entry of type 12 instead of an NFIT range: no labels, one namespace.'),
        k('slots', 'DIMM slots of the window.', 'slots ${1:4}'), k('off', 'No hypervisor, whatever the base says.'), k('exactly', 'The lines below are the whole of /proc/iomem.'),
        k('online', 'The blocks are online.'), k('offline', 'The blocks are offline.'), k('memory', 'Online memory of the node.'),
    ],
    values: {
        'Arch.value': [k('x86_64', 'The simulated architecture.')], 'Firmware.value': [k('efi', 'EFI memory map.'), k('bios', 'e820 of a BIOS.')],
        'E820.type': [
            k('usable', 'RAM.'), k('reserved', 'Kept by the firmware.'), k('acpi', 'ACPI tables.'), k('nvs', 'ACPI non-volatile storage.'), k('unusable', 'Broken memory.'),
            k('pmem', 'Persistent memory, type 7.'), k('legacy-pmem', 'Persistent memory of old, type 12.'), k('soft-reserved', 'Specific-purpose memory.'),
        ],
        'Config.name': [
            k('MEMORY_HOTPLUG_DEFAULT_ONLINE', 'Added memory goes online at once.'), k('EFI_SOFT_RESERVE', 'Specific-purpose memory is kept for dax.'),
            k('EFI_FAKE_MEMMAP', 'efi_fake_mem= works.'), k('DEV_DAX_KMEM', 'dax devices can become RAM.'),
        ],
        'Modules.names': MODULES.map(({ name, doc }) => k(name, doc)),
        mode: [
            k('devdax', 'Mapped by programs through /dev/daxX.Y.'), k('fsdax', 'A block device whose file system maps the memory itself.'),
            k('sector', 'A block device that writes whole sectors or none.'), k('raw', 'A block device without metadata.'), k('system-ram', 'RAM of the system, through kmem.'),
        ],
        map: [k('dev', 'Struct pages lie on the device: 1/64 of it.'), k('mem', 'Struct pages lie in RAM: 1/64 of the device’s size.')],
        associativity: [k('none', 'Not told.'), k('direct', 'Each line has one place.'), k('complex', 'Each line has several places.')],
        'write-policy': [k('none', 'Not told.'), k('write-back', 'Written when the line is evicted.'), k('write-through', 'Written at once.')],
        'ExpectFails.errno': ['EBUSY', 'EINVAL', 'ENODEV', 'ENXIO', 'ENOSPC', 'ENOMEM', 'EEXIST', 'EACCES', 'EOPNOTSUPP'].map((w) => k(w, 'Error number.')),
        'ExpectBlocks.zone': ['Movable', 'Normal', 'DMA32', 'DMA'].map((w) => k(w, 'Zone of the blocks.')),
    },
    bootParameters: [
        k('memmap=', '`nn!ss` legacy persistent memory, `nn$ss` reserved, `nn#ss` ACPI data, `nn@ss` RAM; `nn` alone limits RAM.'), k('mem=', 'RAM above this address is not used.'),
        ...['online_movable', 'online', 'online_kernel', 'offline'].map((w) => k(`memhp_default_state=${w}`, 'What happens to added memory: `offline`, `online`, `online_kernel`, `online_movable`.')),
        k('memory_hotplug.memmap_on_memory=1', 'Struct pages of added memory lie on the memory itself, where a block allows it.'),
        k('movable_node', 'Hot-pluggable memory of the SRAT holds nothing that cannot move.'), k('movablecore=', 'So much memory goes to zone Movable.'),
        k('kernelcore=', 'So much memory stays outside zone Movable.'), k('numa=off', 'One node, whatever the SRAT says.'), k('numa=fake=', 'So many emulated nodes, or nodes of such a size.'),
        k('efi=nosoftreserve', 'Specific-purpose memory is RAM like any other.'), k('efi_fake_mem=', 'Marks ranges with EFI attributes: `2G@4G:0x40000` is specific-purpose.'),
    ],
};

/** Every word that is a keyword somewhere. */
export const ALL_KEYWORDS: ReadonlySet<string> = new Set([
    ...[...Object.values(KEYWORDS.block), ...Object.values(KEYWORDS.after), ...Object.values(KEYWORDS.values), KEYWORDS.words].flat().map((w) => w.label),
    'on', 'extends', 'to', 'exactly', 'memory', 'online', 'offline', 'zone', 'device', 'namespace', 'legacy',
].filter((w) => /^[a-z]/.test(w)));
