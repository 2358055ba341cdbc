// Minimal texts for the failures that a described machine or a step can meet: one for each, with the code that must tell it.

/** 8 GiB with 2 GiB of legacy persistent memory. */
export const legacy = (kernel: string, cmdline: string, more = ''): string => `platform a {
    kernel ${kernel}
    hypervisor
    cmdline "${cmdline}"
    node 0 { cpus 0-3  memory at 0 size 3G  memory at 4G size 6G }
    ${more}
}
`;
/** 4 GiB of specific-purpose memory in a node of its own. */
export const special = (kernel: string, place = 'at 8G size 4G', more = '', node = 'node 1'): string => `platform a {
    kernel ${kernel}
    hypervisor
    node 0 { cpus 0-3  memory at 0 size 2G  memory at 4G size 2G }
    node 1
    soft-reserved ${place} ${node}
    ${more}
}
`;
/** 4 GiB on NVDIMMs; labelled as soon as they are initialised. */
export const nfit = (kernel: string, place = 'at 8G size 4G', detail = 'label-size 128K  labels-initialised', more = ''): string => `platform a {
    kernel ${kernel}
    hypervisor
    node 0 { cpus 0-3  memory at 0 size 2G  memory at 4G size 2G }
    node 1
    pmem ${place} node 1 { ${detail} }
    ${more}
}
`;
export const guest = (kernel: string, body: string): string => `platform a {
    kernel ${kernel}
    hypervisor
    node 0 { cpus 0-3  memory at 0 size 2G  memory at 4G size 2G }
    node 1 { hotplug at 8G size 56G }
    hotplug-window at 8G size 56G slots 8
    ${body}
}
`;
export const tables = (body: string): string => `platform a {
    kernel 6.1
    ${body}
}
`;
export const cxl = (kernel: string, place = 'at 16G size 16G'): string => `platform a {
    kernel ${kernel}
    node 0 { cpus 0-3  memory at 0 size 2G  memory at 4G size 2G }
    cxl window 0 ${place} { ways 1  granularity 4K  targets hb0  volatile }
    cxl memdev mem0 { window 0  volatile 8G }
}
`;
export const steps = (...lines: readonly string[]): string => `scenario "s" on a {\n${lines.map((l) => `    ${l.startsWith('(') || l.startsWith('expect') ? l : `$ ${l}`}\n`).join('')}}\n`;

export const DAX = 'ndctl create-namespace --mode=devdax --map=mem -e namespace0.0 -f';
export const UNBIND = 'echo dax0.0 > /sys/bus/dax/drivers/device_dax/unbind';
export const KMEM = ['modprobe kmem', 'echo dax0.0 > /sys/bus/dax/drivers/device_dax/unbind', 'echo dax0.0 > /sys/bus/dax/drivers/kmem/new_id'] as const;
export const BOTTOM = '/sys/bus/dax/drivers';
export const DEV = '/sys/bus/dax/devices/dax0.0';
export const BLOCK = '/sys/devices/system/memory';
/** All memory of dax0.0 in a kernel zone. */
const KERNEL_ZONE = ['modprobe kmem', 'daxctl reconfigure-device --mode=system-ram --no-movable dax0.0'] as const;
export const SYSRAM = 'daxctl reconfigure-device --mode=system-ram dax0.0';

/** Failure → code that tells it, and a text that meets it. */
export const FAILURES: Readonly<Record<string, { readonly code: string; readonly text: string }>> = {
    // boot and NUMA
    'F-B01': { code: 'nvdimm/unable-to-map', text: legacy('6.1', 'memmap=2047K!6G') },
    'F-B02': { code: 'kmem/no-node', text: legacy('6.1', 'memmap=2G!8G') + steps(DAX, ...KMEM) },
    'F-B03': { code: 'nvdimm/region-misaligned', text: legacy('6.1', 'memmap=2050M!6G') },
    'F-B04': { code: 'cmdline/memmap-dollar', text: legacy('6.1', 'memmap=2G$6G') },
    'F-B05': { code: 'cmdline/no-effect', text: legacy('6.1', 'efi_fake_mem=2G@6G:0x40000') },
    'F-B06': { code: 'cmdline/nosoftreserve', text: special('6.1', undefined, 'cmdline "efi=nosoftreserve"') },
    'F-B07': { code: 'platform/overlap', text: tables('node 0 { cpus 0-3  memory at 0 size 2G }\n    node 1 { memory at 1G size 2G }') },
    'F-B08': { code: 'numa/uncovered-ram', text: tables('node 0 { cpus 0-3  memory at 0 size 2G }\n    node 1 { memory at 4G size 2G }\n    e820 at 0 size 2G usable\n    e820 at 4G size 4G usable') },
    'F-B09': { code: 'platform/distance-range', text: tables('node 0 { cpus 0-3  memory at 0 size 2G }\n    node 1 { memory at 4G size 2G }\n    distance 0 to 1 = 9') },
    'F-B10': { code: 'cxl/window-misaligned', text: cxl('6.1', 'at 0x400100000 size 16G') },
    'F-B12': { code: 'kmem/off-block', text: special('6.1', 'at 8256M size 4G') },
    'F-B14': { code: 'cmdline/numa-fake', text: special('6.1', undefined, 'cmdline "numa=fake=2"') },
    // memory blocks
    'F-M01': { code: 'hotplug/unaligned', text: guest('6.1', 'dimm d0 at 8G size 1090M node 1') },
    'F-M02': { code: 'hotplug/too-high', text: guest('6.1', 'dimm d0 at 4000T size 1G node 0') },
    'F-M03': { code: 'hotplug/range-taken', text: guest('6.1', 'dimm d0 at 8G size 1G node 1\n    reserved at 8G size 128M') },
    'F-M04': { code: 'kmem/impossible-node', text: special('6.1', undefined, 'cmdline "numa=fake=1"') + steps(...KMEM) },
    'F-M06': { code: 'memory/no-change', text: legacy('6.1', 'quiet') + steps(`echo online > ${BLOCK}/memory33/state`) },
    'F-M07': { code: 'memory/never-offline', text: legacy('6.1', 'quiet') + steps(`echo offline > ${BLOCK}/memory0/state`) },
    'F-M08': { code: 'memory/never-offline', text: legacy('6.1', 'memmap=2G!6208M') + steps(`echo offline > ${BLOCK}/memory48/state`) },
    'F-M09': { code: 'memory/unmovable', text: special('7.2') + steps(...KERNEL_ZONE, `echo offline > ${BLOCK}/memory89/state`) },
    'F-M12': { code: 'memory/online-kernel-zone', text: legacy('6.1', 'memmap=2G!6G') + steps(DAX, ...KMEM, `echo online > ${BLOCK}/memory49/state`) },
    'F-M13': { code: 'memory/unmovable', text: guest('7.2', 'dimm d0 at 8G size 1G node 1') + steps(`echo online_kernel > ${BLOCK}/memory64/state`, '(qemu) device_del d0') },
    'F-M14': { code: 'memory/page-map', text: nfit('6.1', 'at 1T size 1T') },
    'F-M15': { code: 'cmdline/no-effect', text: special('6.1', undefined, 'cmdline "memory_hotplug.memmap_on_memory=1"') },
    // nvdimm, ndctl
    'F-N01': { code: 'ndctl/label-less-size', text: legacy('6.1', 'memmap=2G!6G') + steps('ndctl create-namespace -s 1G -e namespace0.0 -f') },
    'F-N02': { code: 'ndctl/no-space', text: nfit('6.1') + steps('ndctl create-namespace -s 8G') },
    'F-N03': { code: 'ndctl/size-region-align', text: nfit('6.1') + steps('ndctl create-namespace -m sector -s 1050M') },
    'F-N04': { code: 'ndctl/size-align', text: nfit('6.1') + steps('ndctl create-namespace -m devdax -a 1G -s 1040M') },
    'F-N05': { code: 'ndctl/too-small', text: nfit('6.1') + steps('echo 0x1000 > /sys/bus/nd/devices/region0/align', 'ndctl create-namespace -m devdax -a 4K -s 8M') },
    'F-N06': { code: 'ndctl/align', text: nfit('6.1') + steps('ndctl create-namespace -m devdax -a 16K -s 1G') },
    'F-N07': { code: 'ndctl/start-misaligned', text: legacy('6.1', 'memmap=2G!6146M') + steps('ndctl disable-namespace namespace0.0', 'ndctl create-namespace -m devdax -e namespace0.0') },
    'F-N08': { code: 'ndctl/active-needs-force', text: legacy('6.1', 'memmap=2G!6G') + steps('ndctl create-namespace -m devdax -e namespace0.0') },
    'F-N09': { code: 'ndctl/mounted', text: legacy('6.1', 'memmap=2G!6G') + steps('mkfs.ext4 /dev/pmem0', 'mount /dev/pmem0 /mnt', 'ndctl create-namespace -m devdax -e namespace0.0 -f') },
    'F-N10': { code: 'ndctl/active-as-system-ram', text: legacy('6.1', 'memmap=2G!6G') + steps(DAX, ...KMEM, 'daxctl online-memory dax0.0', 'ndctl destroy-namespace namespace0.0 -f') },
    'F-N11': { code: 'nvdimm/start-misaligned', text: legacy('6.1', 'memmap=2G!6291457K') + steps('ndctl create-namespace -m devdax -e namespace0.0 -f') },
    'F-N12': { code: 'nvdimm/align-exceeds-size', text: nfit('6.1') + steps('ndctl create-namespace -m devdax -a 1G -s 1G') },
    'F-N13': { code: 'nvdimm/info-block-invalid', text: nfit('6.1') + steps('ndctl create-namespace -m devdax -a 1G -s 3G', 'ndctl disable-namespace namespace0.0', 'echo 0x20000000 > /sys/bus/nd/devices/namespace0.0/size', 'ndctl enable-namespace namespace0.0') },
    'F-N14': { code: 'nvdimm/range-busy', text: legacy('6.1', 'memmap=2G!6G') + steps(DAX, ...KMEM, `echo online_movable > ${BLOCK}/memory49/state`, 'echo dax0.0 > /sys/bus/dax/drivers/kmem/unbind', 'ndctl create-namespace -m fsdax -e namespace0.0 -f') },
    'F-N16': { code: 'nvdimm/dimm-disabled', text: nfit('6.1') + steps('ndctl disable-region region0', 'ndctl disable-dimm nmem0', 'ndctl enable-region region0') },
    'F-N17': { code: 'memremap/conflict', text: nfit('5.2') + steps('ndctl create-namespace -m devdax -M mem -s 80M', 'ndctl create-namespace -m devdax -M mem -s 80M') },
    'F-N18': { code: 'memremap/system-ram', text: legacy('5.2', 'memmap=2G!6208M') + steps(DAX) },
    'F-N20': { code: 'nvdimm/region-align-value', text: nfit('6.1') + steps('echo 0x300000 > /sys/bus/nd/devices/region0/align') },
    'F-N21': { code: 'nvdimm/size-active', text: nfit('6.1') + steps('ndctl create-namespace -m fsdax -s 1G', 'echo 0 > /sys/bus/nd/devices/namespace0.0/size') },
    'F-N22': { code: 'ndctl/raw-is-fsdax', text: legacy('6.1', 'memmap=2G!6G') + steps('ndctl create-namespace --mode=raw -e namespace0.0 -f') },
    'F-N23': { code: 'nvdimm/metadata', text: nfit('6.1') + steps('ndctl create-namespace -m fsdax -M dev -s 1G') },
    'F-N24': { code: 'nvdimm/labels-full', text: nfit('6.1', undefined, 'label-size 1K  labels-initialised') + steps(...Array.from({ length: 5 }, () => 'ndctl create-namespace -m raw -s 512M')) },
    // dax devices
    'F-D01': { code: 'dax/size-misaligned', text: special('6.1') + steps('echo hmem > /dev/null', UNBIND, `echo 1048576 > ${DEV}/size`) },
    'F-D02': { code: 'dax/size-bound', text: special('6.1') + steps(`echo 1073741824 > ${DEV}/size`) },
    'F-D03': { code: 'dax/no-space', text: special('6.1') + steps(UNBIND, `echo 8589934592 > ${DEV}/size`) },
    'F-D04': { code: 'dax/static', text: legacy('6.1', 'memmap=2G!6G') + steps(DAX, UNBIND, `echo 1073741824 > ${DEV}/size`) },
    'F-D06': { code: 'dax/region-full', text: special('6.1') + steps('echo 1 > /sys/bus/platform/devices/hmem.0/dax_region/create') },
    'F-D07': { code: 'dax/create-value', text: special('6.1') + steps('echo 2 > /sys/bus/platform/devices/hmem.0/dax_region/create') },
    'F-D08': { code: 'dax/delete-bound', text: special('6.1') + steps('echo dax0.0 > /sys/bus/platform/devices/hmem.0/dax_region/delete') },
    'F-D09': { code: 'dax/no-such-device', text: special('6.1') + steps('echo dax9.9 > /sys/bus/platform/devices/hmem.0/dax_region/delete') },
    'F-D10': { code: 'dax/align-value', text: special('6.1') + steps(UNBIND, `echo 8192 > ${DEV}/align`) },
    'F-D11': { code: 'dax/align-bound', text: special('6.1') + steps(`echo 4096 > ${DEV}/align`) },
    'F-D12': { code: 'dax/mapping-syntax', text: special('6.1') + steps(UNBIND, `echo 0 > ${DEV}/size`, `echo xyz > ${DEV}/mapping`) },
    'F-D13': { code: 'dax/mapping-length', text: special('6.1') + steps(UNBIND, `echo 0 > ${DEV}/size`, `echo 200000000-2000fffff > ${DEV}/mapping`) },
    'F-D14': { code: 'dax/mapping-outside', text: special('6.1') + steps(UNBIND, `echo 0 > ${DEV}/size`, `echo 100000000-13fffffff > ${DEV}/mapping`) },
    'F-D15': { code: 'dax/mapping-start', text: special('6.1') + steps(UNBIND, `echo 0 > ${DEV}/size`, `echo 200100000-2004fffff > ${DEV}/mapping`) },
    'F-D16': { code: 'dax/mapping-while-bound', text: special('6.1') + steps(UNBIND, `echo 1073741824 > ${DEV}/size`, `echo dax0.0 > ${BOTTOM}/device_dax/bind`, `echo 280000000-2bfffffff > ${DEV}/mapping`) },
    'F-D17': { code: 'dax/range-busy', text: legacy('6.1', 'memmap=2G!6G') + steps(DAX, ...KMEM, `echo online_movable > ${BLOCK}/memory49/state`, `echo dax0.0 > ${BOTTOM}/kmem/unbind`, `echo dax0.0 > ${BOTTOM}/device_dax/bind`) },
    'F-D18': { code: 'dax/bind-empty', text: special('6.1') + steps(UNBIND, `echo 0 > ${DEV}/size`, `echo dax0.0 > ${BOTTOM}/device_dax/bind`) },
    'F-D19': { code: 'dax/no-match', text: special('6.1') + steps('modprobe kmem', UNBIND, `echo dax0.0 > ${BOTTOM}/kmem/bind`) },
    'F-D20': { code: 'dax/already-bound', text: special('6.3') + steps('modprobe kmem', `echo dax0.0 > ${BOTTOM}/kmem/bind`) },
    'F-D21': { code: 'dax/bad-id', text: special('6.1') + steps('modprobe kmem', `echo nonsense > ${BOTTOM}/kmem/new_id`) },
    'F-D23': { code: 'hmem/unusable', text: special('6.1', 'at 0x200001000 size 4G') },
    'F-D24': { code: 'hmem/in-cxl-window', text: special('6.3', 'at 16G size 4G', 'cxl window 0 at 16G size 16G { ways 1  granularity 4K  targets hb0  volatile }') },
    'F-D25': { code: 'daxctl/stale-seed', text: special('6.1') + steps('daxctl disable-device dax0.0', `echo 2147483648 > ${DEV}/size`, 'daxctl create-device -r 0 -s 3G', 'daxctl create-device -r 0 -s 1G') },
    // kmem, daxctl
    'F-K01': { code: 'kmem/no-node', text: special('6.1', undefined, '', '') + steps(...KMEM) },
    'F-K02': { code: 'kmem/too-small', text: legacy('6.1', 'memmap=96M!6G') + steps(DAX, ...KMEM) },
    'F-K03': { code: 'kmem/block-trim', text: special('6.1') + steps('modprobe kmem', UNBIND, `echo 0 > ${DEV}/size`, `echo 200000000-23fffffff > ${DEV}/mapping`, `echo 280000000-281ffffff > ${DEV}/mapping`, `echo dax0.0 > ${BOTTOM}/kmem/new_id`) },
    'F-K04': { code: 'kmem/block-trim', text: legacy('6.1', 'memmap=2G!6G') + steps(DAX, ...KMEM) },
    'F-K05': { code: 'kmem/left-memory', text: legacy('6.1', 'memmap=2G!6G') + steps(DAX, ...KMEM, `echo online_movable > ${BLOCK}/memory49/state`, `echo dax0.0 > ${BOTTOM}/kmem/unbind`, `echo dax0.0 > ${BOTTOM}/kmem/bind`) },
    'F-K06': { code: 'hotplug/too-high', text: special('6.12', 'at 200T size 4G') + steps('modprobe kmem', UNBIND, `echo dax0.0 > ${BOTTOM}/kmem/bind`) },
    'F-K07': { code: 'kmem/left-online', text: legacy('6.1', 'memmap=2G!6G') + steps(DAX, ...KMEM, 'daxctl online-memory dax0.0', `echo dax0.0 > ${BOTTOM}/kmem/unbind`) },
    'F-K08': { code: 'kmem/left-online', text: legacy('5.2', 'memmap=2G!6G') + steps(DAX, ...KMEM, `echo dax0.0 > ${BOTTOM}/kmem/unbind`) },
    'F-K09': { code: 'kmem/left-memory', text: legacy('6.1', 'memmap=2G!6G') + steps(DAX, ...KMEM, 'daxctl online-memory dax0.0', `echo dax0.0 > ${BOTTOM}/kmem/unbind`, `echo dax0.0 > ${BOTTOM}/kmem/bind`) },
    'F-K10': { code: 'daxctl/auto-online', text: special('6.1', undefined, 'cmdline "memhp_default_state=online"') + steps('modprobe kmem', SYSRAM) },
    'F-K11': { code: 'daxctl/still-online', text: special('6.1') + steps('modprobe kmem', SYSRAM, 'daxctl reconfigure-device --mode=devdax dax0.0') },
    'F-K12': { code: 'memory/unmovable', text: special('7.2') + steps(...KERNEL_ZONE, 'daxctl offline-memory dax0.0') },
    'F-K13': { code: 'daxctl/foreign-offline', text: legacy('6.1', 'memmap=1984M!6G') + steps(DAX, ...KMEM, 'daxctl online-memory dax0.0', 'daxctl offline-memory dax0.0') },
    'F-K14': { code: 'daxctl/devdax', text: special('6.1') + steps('daxctl online-memory dax0.0') },
    'F-K15': { code: 'daxctl/system-ram', text: special('6.1') + steps('modprobe kmem', SYSRAM, 'daxctl disable-device dax0.0') },
    'F-K16': { code: 'daxctl/active', text: special('6.1') + steps('daxctl destroy-device dax0.0') },
    'F-K17': { code: 'daxctl/online-race', text: special('6.1') + steps('modprobe kmem', 'daxctl reconfigure-device --mode=system-ram --no-online dax0.0', `echo online_movable > ${BLOCK}/memory64/state`, 'daxctl online-memory dax0.0') },
    'F-K18': { code: 'memory/online-kernel-zone', text: special('6.1') + steps('modprobe kmem', 'daxctl reconfigure-device --mode=system-ram --no-movable dax0.0') },
    'F-K19': { code: 'kmem/memmap-on-memory-off', text: special('6.12') + steps(UNBIND, `echo 1 > ${DEV}/memmap_on_memory`) },
    'F-K20': { code: 'kmem/destroys-data', text: nfit('6.1') + steps('modprobe kmem', 'ndctl create-namespace -m devdax', SYSRAM) },
    'F-K21': { code: 'daxctl/missed-blocks', text: special('6.1') + steps('modprobe kmem', UNBIND, `echo 0 > ${DEV}/size`, `echo 200000000-23fffffff > ${DEV}/mapping`, `echo 2c0000000-2ffffffff > ${DEV}/mapping`, `echo dax0.0 > ${BOTTOM}/kmem/new_id`, 'daxctl online-memory dax0.0') },
    'F-K22': { code: 'kmem/left-online', text: special('6.1') + steps('modprobe kmem', SYSRAM, 'modprobe -r kmem') },
    // virtio-mem, file systems, CXL
    'F-V01': { code: 'virtio-mem/rebind', text: guest('6.1', 'virtio-mem vm0 at 8G size 8G node 1 { block-size 2M  requested 1G }') + steps('modprobe -r virtio_mem', 'modprobe virtio_mem') },
    'F-V02': { code: 'virtio-mem/left-added', text: guest('6.1', 'virtio-mem vm0 at 8G size 8G node 1 { block-size 2M  requested 1G }') + steps('modprobe -r virtio_mem') },
    'F-V03': { code: 'virtio-mem/offline-threshold', text: guest('6.1', 'virtio-mem vm0 at 8G size 8G node 1 { block-size 2M  requested 4G }') },
    'F-V04': { code: 'virtio-mem/off-block', text: guest('6.1', 'virtio-mem vm0 at 8256M size 8G node 1 { block-size 2M  requested 1G }') },
    'F-X01': { code: 'notify-failure/mounted', text: legacy('6.12', 'memmap=2G!6G') + steps('ndctl create-namespace -m fsdax -M mem -e namespace0.0 -f', 'mkfs.xfs -m rmapbt=1 /dev/pmem0', 'mount -o dax /dev/pmem0 /mnt', 'echo namespace0.0 > /sys/bus/nd/drivers/nd_pmem/unbind') },
    'F-X02': { code: 'notify-failure/mounted', text: legacy('6.1', 'memmap=2G!6G') + steps('ndctl create-namespace -m fsdax -M mem -e namespace0.0 -f', 'mkfs.xfs -m rmapbt=1 /dev/pmem0', 'mount -o dax /dev/pmem0 /mnt', 'echo namespace0.0 > /sys/bus/nd/drivers/nd_pmem/unbind') },
    'F-X03': { code: 'notify-failure/mounted', text: legacy('6.1', 'memmap=2G!6G') + steps('mkfs.ext4 /dev/pmem0', 'mount /dev/pmem0 /mnt', 'echo namespace0.0 > /sys/bus/nd/drivers/nd_pmem/unbind') },
    'F-C01': { code: 'cxl/region-size', text: cxl('6.3') + steps('cxl create-region -m mem0 -d decoder0.0 -t ram -s 100M') },
    'F-C02': { code: 'cxl/no-hole', text: cxl('6.3', 'at 16G size 1G') + steps('cxl create-region -m mem0 -d decoder0.0 -t ram -s 4G') },
    'F-C03': { code: 'cxl/already-ram', text: cxl('6.3').replace('size 2G }', 'size 2G  memory at 16G size 8G }').replace('volatile 8G', 'volatile 8G  region at 16G size 8G') },
};

/** Failures that no text can meet, and why. */
export const UNREACHABLE: Readonly<Record<string, string>> = {
    'F-B11': 'told in the kernel log only, about window alignments that no machine with such a window has: F-B10 stands for it',
    'F-B13': 'the language describes what the HMAT says; a table of another revision cannot be described',
    'F-M05': 'memory is added in whole blocks, and whatever a whole block can touch is in /proc/iomem, so that F-M03 comes first',
    'F-M10': 'who pins pages is not described',
    'F-M11': 'which device blocks a hypervisor has unplugged inside a memory block is decided by the driver; onlining them is not refused in the model',
    'F-N15': 'the metadata lie inside the namespace, so F-N14 comes first',
    'F-N19': 'what is mapped starts on 2 MiB (F-N11), and RAM in its own range is refused as System RAM before',
    'F-D05': 'unbinding hmem takes the dax devices away, so that the file is gone before the driver can be asked',
    'F-D22': 'who pins pages is not described',
};
