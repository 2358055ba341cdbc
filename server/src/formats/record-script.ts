// The POSIX shell scripts that `memtopo record` prints. They only read: /proc, /sys, the kernel log and the listings of ndctl,
// daxctl and cxl. The same functions run inside the guest of `memtopo verify --qemu`, so a record and a verified step have one form.

/**
 * Shell functions that print the memory state of the running kernel as sections: a line `@@ NAME`, then `PATH:LINE` rows (files)
 * or plain text. POSIX sh and busybox both run them; nothing is written and unreadable files are left out.
 */
export const STATE_FUNCTIONS = `
section() { printf '@@ %s\\n' "$1"; }
files() { grep -s '' /dev/null "$@" 2>/dev/null; }
links() { for l in "$@"; do [ -L "$l" ] && printf '%s:%s\\n' "$l" "$(readlink "$l")"; done; }
memtopo_state() {
    section iomem; cat /proc/iomem
    section memory; files /sys/devices/system/memory/block_size_bytes /sys/devices/system/memory/auto_online_blocks \\
        /sys/devices/system/memory/memory*/state /sys/devices/system/memory/memory*/valid_zones
    section memory-nodes; ls -d /sys/devices/system/memory/memory*/node[0-9]* 2>/dev/null
    section nodes; files /sys/devices/system/node/possible /sys/devices/system/node/online /sys/devices/system/node/has_cpu \\
        /sys/devices/system/node/has_memory /sys/devices/system/node/has_normal_memory \\
        /sys/devices/system/node/node*/cpulist /sys/devices/system/node/node*/distance \\
        /sys/devices/system/node/node*/access[01]/initiators/*_latency /sys/devices/system/node/node*/access[01]/initiators/*_bandwidth \\
        /sys/devices/system/node/node*/memory_side_cache/index*/*
    section node-links; ls -d /sys/devices/system/node/node*/access[01]/initiators/node* /sys/devices/system/node/node*/access[01]/targets/node* 2>/dev/null
    section dax; files /sys/bus/dax/devices/*/size /sys/bus/dax/devices/*/align /sys/bus/dax/devices/*/target_node \\
        /sys/bus/dax/devices/*/numa_node /sys/bus/dax/devices/*/resource /sys/bus/dax/devices/*/mapping[0-9]*/*
    section dax-links; links /sys/bus/dax/devices/*; links /sys/bus/dax/devices/*/driver
    section dax-regions; for d in /sys/bus/dax/devices/*; do [ -d "$d/../dax_region" ] && \\
        files "$d/../dax_region/id" "$d/../dax_region/size" "$d/../dax_region/align" "$d/../dax_region/available_size" "$d/../dax_region/seed"; done
    section nd; for a in size align mode resource uuid holder holder_class sector_size numa_node target_node available_size \\
        max_available_extent mappings devtype namespace namespace_seed provider read_only; do files /sys/bus/nd/devices/*/$a; done
    files /sys/bus/nd/devices/region*/mapping[0-9]* /sys/bus/nd/devices/nmem*/flags /sys/bus/nd/devices/nmem*/available_slots
    section nd-links; links /sys/bus/nd/devices/*; links /sys/bus/nd/devices/*/driver
    section virtio-links; links /sys/bus/virtio/devices/*/driver
    section tiers; files /sys/devices/virtual/memory_tiering/memory_tier*/nodelist
    section end
}
`;

/** Shell functions that print what was given to the kernel: version, command line, firmware map, ACPI tables. */
export const MACHINE_FUNCTIONS = `
table() { [ -r "$1" ] && { section "acpi \${1##*/}"; base64 "$1" 2>/dev/null || uuencode -m "$1" table 2>/dev/null | sed '1d;$d'; }; }
memtopo_machine() {
    section kernel; uname -r; uname -v; uname -m
    section cmdline; cat /proc/cmdline
    section cpuinfo; grep -m1 '^flags' /proc/cpuinfo; grep -c '^processor' /proc/cpuinfo
    section efi; if [ -d /sys/firmware/efi ]; then echo yes; fi
    section firmware-memmap; files /sys/firmware/memmap/*/start /sys/firmware/memmap/*/end /sys/firmware/memmap/*/type
    section log; dmesg 2>/dev/null | grep -E 'BIOS-e820|SRAT|Linux version|user: \\[|efi: .*mem'
    for t in SRAT SLIT HMAT NFIT CEDT; do for f in /sys/firmware/acpi/tables/$t*; do table "$f"; done; done
    section modules; cut -d' ' -f1 /proc/modules
}
`;

/** Listings of the tools, kept as they print them, for readers; the comparison does not need them. */
const TOOL_LISTINGS = `
for tool in 'ndctl list -RNDvi' 'daxctl list -DRMi' 'cxl list -BEMPDT'; do
    if command -v "\${tool%% *}" >/dev/null 2>&1; then section "tool $tool"; $tool 2>/dev/null || :; fi
done
`;

/**
 * The script that a user runs on a real machine: `sh memtopo-record.sh > machine.record`. Read-only.
 * Root is needed for the addresses in /proc/iomem and for the ACPI tables; without it the script says what is missing.
 */
export function recordScript(): string {
    return `#!/bin/sh
# memtopo record: collects what memtopo needs to describe this machine and to compare its prediction with it.
# It only reads (/proc, /sys, dmesg, ndctl/daxctl/cxl list). Run it as root:   sh memtopo-record.sh > machine.record
[ "$(id -u)" = 0 ] || echo 'memtopo record: not root: addresses in /proc/iomem and ACPI tables will be missing' >&2
echo '@@ memtopo-record 1'
${STATE_FUNCTIONS}${MACHINE_FUNCTIONS}
memtopo_machine
memtopo_state
${TOOL_LISTINGS}`;
}
