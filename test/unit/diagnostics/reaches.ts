// Texts that reach the codes of the catalogue that have no example of their own and stand for no failure of the kernel model.
import { BLOCK, BOTTOM, cxl, DAX, DEV, FAILURES, guest, KMEM, legacy, nfit, special, steps, SYSRAM, tables, UNBIND } from './failures.ts';

const NS = '/sys/bus/nd/devices';
const two = (body: string): string => tables(`node 0 { cpus 0-3  memory at 0 size 2G }\n    node 1 { memory at 4G size 2G }\n    ${body}`);
const LABELLED = nfit('6.1');
const HMEM = special('6.1');
const LEGACY = legacy('6.1', 'memmap=2G!6G');
const EMPTY = [UNBIND, `echo 0 > ${DEV}/size`] as const;

/** Codes and a text that tells all of them. */
export const REACHES: readonly (readonly [codes: readonly string[], text: string])[] = [
    [['boot/resource-conflict'], two('resource 0x40000000-0x9fffffff "straddles RAM"')],
    [['command/bad-size', 'command/unknown-device', 'qemu/refused'], guest('6.1', '') + steps('(qemu) object_add memory-backend-ram,id=m0,size=much', '(qemu) device_del nothing', '(qemu) device_add e1000,id=net0', '(qemu) device_add pc-dimm,id=d0,memdev=nothing')],
    [['command/not-simulated'], HMEM + steps('systemctl daemon-reload')],
    [['cxl/no-memdev', 'cxl/no-capacity', 'cxl/active-needs-force'], cxl('6.3') + steps(
        'cxl create-region -m mem9 -d decoder0.0 -t ram -s 1G', 'cxl create-region -m mem0 -d decoder0.0 -t ram -s 12G', 'cxl create-region -m mem0 -d decoder0.0 -t ram -s 1G', 'cxl destroy-region region0')],
    [['dax/new-id-binds-others'], HMEM + steps(UNBIND, `echo 1073741824 > ${DEV}/size`, 'daxctl create-device -r 0 -s 1G')],
    [['dax/stale-page-map'], HMEM + steps(UNBIND, 'modprobe kmem', `echo dax0.0 > ${BOTTOM}/kmem/new_id`, `echo online_movable > ${BLOCK}/memory64/state`, `echo dax0.0 > ${BOTTOM}/kmem/unbind`, `echo dax0.0 > ${BOTTOM}/device_dax/bind`, `echo dax0.0 > ${BOTTOM}/device_dax/bind`)],
    [['dax/not-bound'], HMEM + steps('modprobe kmem', `echo dax0.0 > ${BOTTOM}/kmem/unbind`)],
    [['daxctl/foreign-blocks'], FAILURES['F-K13']!.text],
    [['daxctl/leftover'], FAILURES['F-D25']!.text],
    [['nvdimm/align-loss'], LABELLED + steps('ndctl create-namespace -m devdax -a 1G -s 3G')],
    [['nvdimm/end-truncation'], legacy('6.1', 'memmap=2G!6656M') + steps('ndctl create-namespace -m devdax -M mem -a 1G -e namespace0.0 -f')],
    [['nvdimm/section-padding'], nfit('5.2', 'at 4160M size 1G', 'dimms 1').replace('memory at 4G size 2G', 'memory at 4G size 64M') + steps('ndctl create-namespace -m fsdax -M mem -e namespace0.0 -f')],
    [['cxl/memory-online'], cxl('6.3') + steps('modprobe kmem', 'cxl create-region -m mem0 -d decoder0.0 -t ram -s 1G', 'daxctl online-memory dax0.0', 'cxl disable-region region0')],
    [['cxl/no-ram-regions'], cxl('6.1') + steps('cxl create-region -m mem0 -d decoder0.0 -t ram -s 1G')],
    [['cxl/window-grown'], cxl('6.1', 'at 5G size 1G').replace('size 2G }', 'size 2G }').replace('memory at 4G size 2G', 'memory at 4G size 1536M')],
    [['dax/align-size', 'dax/align-syntax', 'dax/size-syntax'], HMEM + steps(UNBIND, `echo 2097152 > ${DEV}/size`, `echo 1073741824 > ${DEV}/align`, `echo much > ${DEV}/align`, `echo 1G > ${DEV}/size`)],
    [['dax/align-start'], special('6.1', 'at 8194M size 4G') + steps(UNBIND, `echo 1073741824 > ${DEV}/size`, `echo 1073741824 > ${DEV}/align`)],
    [['dax/delete-first', 'dax/mapping-empty'], HMEM + steps(...EMPTY, 'echo dax0.0 > /sys/bus/platform/devices/hmem.0/dax_region/delete', `echo 200000000-23fffffff > ${DEV}/mapping`, `echo 280000000-27fffffff > ${DEV}/mapping`)],
    [['dax/delete-sized', 'dax/fragmented', 'dax/mapping-overlap'], HMEM + steps(
        UNBIND, `echo 1073741824 > ${DEV}/size`, 'daxctl create-device -r 0 -s 1G', `echo dax0.1 > ${BOTTOM}/device_dax/unbind`, 'echo dax0.1 > /sys/bus/platform/devices/hmem.0/dax_region/delete',
        UNBIND, `echo 2147483648 > ${DEV}/size`, `echo 200000000-23fffffff > ${DEV}/mapping`)],
    [['dax/mapping-ignored'], special('6.12') + steps(...EMPTY, `echo 200000000-2000fffff > ${DEV}/mapping`)],
    [['dax/resize-left-memory', 'kmem/memmap-on-memory-bound'], special('6.12', undefined, 'cmdline "memory_hotplug.memmap_on_memory=1"') + steps(
        'modprobe kmem', SYSRAM, `echo 1 > ${DEV}/memmap_on_memory`, `echo dax0.0 > ${BOTTOM}/kmem/unbind`, `echo 1073741824 > ${DEV}/size`)],
    [['daxctl/align-only', 'daxctl/no-such-device'], HMEM + steps('daxctl create-device -r 0 -a 2M', 'daxctl online-memory dax7.7', 'daxctl disable-device dax0.0', 'daxctl reconfigure-device -m devdax -a 2M dax0.0')],
    [['daxctl/emptied'], HMEM + steps('daxctl destroy-device -f dax0.0')],
    [['hmem/already-bound', 'hmem/no-such-device', 'hmem/not-bound'], HMEM + steps(
        'echo hmem.0 > /sys/bus/platform/drivers/hmem/bind', 'echo hmem.9 > /sys/bus/platform/drivers/hmem/bind', 'echo hmem.0 > /sys/bus/platform/drivers/hmem/unbind', 'echo hmem.0 > /sys/bus/platform/drivers/hmem/unbind')],
    [['hotplug/impossible-node'], guest('6.1', 'cmdline "numa=fake=1"\n    dimm d0 at 8G size 1G node 1')],
    [['hotplug/mem-limit'], guest('6.1', 'cmdline "mem=4G"\n    dimm d0 at 8G size 1G node 1')],
    [['kmem/mapping-skipped'], HMEM + steps('modprobe kmem', ...EMPTY, `echo 200000000-23fffffff > ${DEV}/mapping`, `echo 280000000-2bfffffff > ${DEV}/mapping`, `echo dax0.0 > ${BOTTOM}/kmem/new_id`,
        `echo online_movable > ${BLOCK}/memory80/state`, `echo dax0.0 > ${BOTTOM}/kmem/unbind`, `echo dax0.0 > ${BOTTOM}/kmem/bind`)],
    [['kmem/unbind-crash'], special('5.10') + steps('modprobe kmem', ...EMPTY, `echo 200000000-23fffffff > ${DEV}/mapping`, `echo 280000000-2bfffffff > ${DEV}/mapping`, `echo dax0.0 > ${BOTTOM}/kmem/new_id`,
        `echo online_movable > ${BLOCK}/memory80/state`, `echo dax0.0 > ${BOTTOM}/kmem/unbind`, `echo dax0.0 > ${BOTTOM}/kmem/bind`, `echo offline > ${BLOCK}/memory80/state`, `echo dax0.0 > ${BOTTOM}/kmem/unbind`)],
    [['language/missing-prompt'], HMEM + 'scenario "s" on a {\n    daxctl list\n}\n'],
    [['language/missing-unit', 'platform/initiator-without-cpus'], two('target 1 { initiator 1 { latency 90 } }')],
    [['language/setting-out-of-place'], special('6.1').replace('node 1\n    \n', 'node 1 { device sector-size 4096 }\n')],
    [['language/unexpected-end'], 'platform'],
    [['language/too-deep'], `platform a { ${'resource at 1G size 1M "x" { '.repeat(20_000)}`],
    [['memory/bad-policy'], HMEM + steps(`echo sometimes > ${BLOCK}/auto_online_blocks`)],
    [['memory/hwpoison'], special('6.12') + steps('modprobe kmem', 'daxctl reconfigure-device --mode=system-ram --no-online dax0.0', `echo online_movable > ${BLOCK}/memory64/state`, `echo 0x200000000 > ${BLOCK}/hard_offline_page`, `echo offline > ${BLOCK}/memory64/state`, `echo online > ${BLOCK}/memory64/state`)],
    [['memremap/misaligned'], HMEM + steps(...EMPTY, `echo 200100000-2004fffff > ${DEV}/mapping`, `echo dax0.0 > ${BOTTOM}/device_dax/bind`)],
    [['memremap/too-high'], special('6.1', 'at 200T size 4G') + steps(`echo dax0.0 > ${BOTTOM}/device_dax/bind`)],
    [['module/unknown'], HMEM + steps('modprobe floppy')],
    [['mount/dax-reflink', 'mount/mounted', 'mount/no-device', 'mount/no-filesystem'], legacy('5.10', 'memmap=2G!6G') + steps(
        'ndctl create-namespace -m fsdax -M mem -e namespace0.0 -f', 'mount /dev/pmem7 /mnt', 'mount /dev/pmem0 /mnt', 'mkfs.xfs -m reflink=1 /dev/pmem0', 'mount -o dax /dev/pmem0 /mnt', 'mount /dev/pmem0 /mnt', 'mkfs.xfs -f /dev/pmem0')],
    [['mount/no-dax', 'nvdimm/btt-overhead'], LEGACY + steps('ndctl create-namespace -m sector -e namespace0.0 -f', 'mkfs.ext4 /dev/pmem0s', 'mount -o dax /dev/pmem0s /mnt')],
    [['mount/too-small'], legacy('6.1', 'memmap=64M!6G') + steps('mkfs.xfs /dev/pmem0')],
    [['ndctl/dimm-active', 'ndctl/labels-in-use', 'ndctl/labels-initialized'], LABELLED + steps('ndctl disable-dimm nmem0', 'ndctl zero-labels nmem0', 'ndctl disable-region region0', 'ndctl init-labels nmem0')],
    [['ndctl/no-seed', 'ndctl/nothing-destroyed'], LEGACY + steps('ndctl create-namespace -m devdax', 'ndctl destroy-namespace -f namespace0.0')],
    [['ndctl/read-only'], nfit('6.1', undefined, 'label-size 128K  labels-initialised  unarmed') + steps('ndctl create-namespace -m devdax')],
    [['nvdimm/read-only'], LABELLED + steps(`echo 5d1f0d8a-0000-4000-8000-000000000001 > ${NS}/namespace0.0/uuid`, `echo 0x40000000 > ${NS}/namespace0.0/size`, `echo 1 > ${NS}/region0/read_only`,
        `echo 5d1f0d8a-0000-4000-8000-000000000003 > ${NS}/dax0.0/uuid`, `echo ram > ${NS}/dax0.0/mode`, `echo namespace0.0 > ${NS}/dax0.0/namespace`, 'echo dax0.0 > /sys/bus/nd/drivers/dax_pmem/bind')],
    [['ndctl/sector-size'], LABELLED + steps('ndctl create-namespace -m sector -l 1000 -s 1G')],
    [['nvdimm/claim-name', 'nvdimm/claim-unknown'], LABELLED + steps(`echo nonsense > ${NS}/dax0.0/namespace`, `echo namespace9.9 > ${NS}/dax0.0/namespace`)],
    [['nvdimm/claim-busy', 'nvdimm/claim-too-small', 'nvdimm/personality-active', 'nvdimm/size-active', 'nvdimm/uuid-claimed', 'nvdimm/holder-class-active', 'nvdimm/sector-size-active'], LABELLED + steps(
        'ndctl create-namespace -m devdax -s 1G', `echo namespace0.0 > ${NS}/pfn0.0/namespace`, `echo namespace0.1 > ${NS}/pfn0.0/namespace`, `echo 4096 > ${NS}/dax0.0/align`, `echo 0 > ${NS}/namespace0.0/size`,
        `echo 5d1f0d8a-0000-4000-8000-000000000001 > ${NS}/namespace0.0/uuid`, `echo pfn > ${NS}/namespace0.0/holder_class`, `echo 4096 > ${NS}/namespace0.0/sector_size`)],
    [['nvdimm/holder-class-value', 'nvdimm/sector-size-value', 'nvdimm/size-number', 'nvdimm/size-without-uuid', 'nvdimm/uuid-set', 'nvdimm/size-misaligned', 'nvdimm/no-space'], LABELLED + steps(
        `echo mine > ${NS}/namespace0.0/holder_class`, `echo 1000 > ${NS}/namespace0.0/sector_size`, `echo much > ${NS}/namespace0.0/size`, `echo 0x40000000 > ${NS}/namespace0.0/size`,
        `echo 5d1f0d8a-0000-4000-8000-000000000001 > ${NS}/namespace0.0/uuid`, `echo 5d1f0d8a-0000-4000-8000-000000000002 > ${NS}/namespace0.0/uuid`, `echo 0x40001000 > ${NS}/namespace0.0/size`, `echo 0x400000000 > ${NS}/namespace0.0/size`)],
    [['nvdimm/uuid-not-unique'], LABELLED + steps(
        `echo 5d1f0d8a-0000-4000-8000-000000000001 > ${NS}/namespace0.0/uuid`, `echo 0x40000000 > ${NS}/namespace0.0/size`, `echo namespace0.0 > /sys/bus/nd/drivers/nd_pmem/bind`, `echo 5d1f0d8a-0000-4000-8000-000000000001 > ${NS}/namespace0.1/uuid`)],
    [['nvdimm/not-contiguous'], LABELLED + steps('ndctl create-namespace -m raw -s 1G', 'ndctl create-namespace -m raw -s 1G', 'ndctl disable-namespace namespace0.0', `echo 0x80000000 > ${NS}/namespace0.0/size`)],
    [['nvdimm/not-bindable'], LABELLED + steps('echo dax0.0 > /sys/bus/nd/drivers/nd_pmem/bind')],
    [['nvdimm/spa-conflict'], two('pmem at 8G size 4G node 1\n    resource 0x240000000-0x33fffffff "in the way"')],
    [['nvdimm/btt-too-small'], nfit('6.1') + steps('echo 0x1000 > /sys/bus/nd/devices/region0/align', 'ndctl create-namespace -m sector -s 16M')],
    [['nvdimm/zero-size'], legacy('5.10', 'memmap=1G!6656M') + steps('ndctl create-namespace -m devdax -M mem -a 1G -e namespace0.0 -f')],
    [['platform/block-size', 'platform/requested-off-block', 'platform/requested-too-much'], guest('6.1', 'virtio-mem v0 at 8G size 8G node 1 { block-size 3M  requested 1G }\n    virtio-mem v1 at 16G size 8G node 1 { block-size 2M  requested 3M }\n    virtio-mem v2 at 24G size 8G node 1 { block-size 2M  requested 16G }')],
    [['platform/cache-level', 'platform/duplicate-cache-level'], two('target 1 { memory-side-cache { level 9  size 1G }  memory-side-cache { level 1  size 1G }  memory-side-cache { level 1  size 1G } }')],
    [['platform/dimm-count'], two('pmem at 8G size 4G node 1 { dimms 99 }')],
    [['platform/not-simulated'], two('arch arm64')],
    [['platform/resource-outside-parent'], two('resource at 3G size 16M "parent" { resource at 3200M size 16M "child" }')],
    [['platform/too-many-cpus'], tables('node 0 { cpus 0-99999  memory at 0 size 2G }')],
    [['platform/unknown-window'], two('cxl memdev mem0 { window 7  volatile 1G }')],
    [['provision/no-region'], special('6.1', 'at 0x200001000 size 4G').replace('node 1\n    \n', 'node 1 { device size 1G }\n')],
    [['reboot/legacy-pmem'], LEGACY + steps(DAX, 'reboot')],
    [['virtio-mem/block-size'], guest('5.10', 'virtio-mem v0 at 8G size 8G node 1 { block-size 256M  requested 1G }')],
    [['kmem/range-busy'], special('6.1', undefined, 'resource 0x208000000-0x20fffffff "in the way"') + steps(...KMEM)],
    [['ndctl/not-zeroed'], LEGACY + steps(DAX, ...KMEM, 'daxctl online-memory dax0.0', `echo dax0.0 > ${BOTTOM}/kmem/unbind`, 'ndctl destroy-namespace -f namespace0.0')],
];

/** Codes that no text reaches, and why they are there all the same. */
export const GUARDS: Readonly<Record<string, string>> = {
    'cxl/no-target': 'the tool looks for devices first, and says cxl/no-memdev',
    'dax/growth-misaligned': 'sizes are multiples of the unit already, and so is what they grow by',
    'dax/region-conflict': 'the firmware’s map keeps ranges apart before regions are made of them',
    'dax/region-misaligned': 'hmem/unusable tells it in the words of the description',
    'hotplug/left-online': 'drivers take blocks offline before they remove memory, and tell a refusal in their own words',
    'hotplug/section-taken': 'whatever a whole block can touch is in /proc/iomem, which is asked first',
    'internal/simulation': 'a mistake of the simulator; the server’s tests make one',
    'language/import-cycle': 'needs two files: test/unit/language/findings.test.ts',
    'memremap/sub-section-in-use': 'what is mapped starts on 2 MiB, and RAM in its range is found before',
    'nvdimm/info-block-settings': 'the uuid of an info block is random: nobody can write the same one beforehand',
    'nvdimm/size-label-less': 'the size of a label-less namespace is a read-only file',
};
