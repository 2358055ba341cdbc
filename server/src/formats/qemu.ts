// A machine as QEMU arguments (q35, qemu-system-x86_64 7.2 and later). QEMU lays RAM out by its own rules: below the hole at 2 GiB
// and from 4 GiB on, nodes one after the other, memory devices in a window above. What cannot be had there is told, not approximated.
import { E820, type HmatValue, type Machine, type Srat } from '../kernel/machine.ts';
import { alignUp, formatRange, formatSize, GiB, intersect, MiB, normalize, type Range, sizeOf } from '../kernel/range.ts';

export interface QemuMachine {
    readonly args: readonly string[];
    /** What has to be appended to the kernel command line: ranges that firmware would have marked. */
    readonly cmdline: string;
    /** Parts of the machine that QEMU will give otherwise, each in one sentence. Empty: the machine is as described. */
    readonly differences: readonly string[];
}

/** RAM that counts for QEMU: what firmware hands out as RAM or marks inside it, with holes below 1 MiB and firmware tails closed. */
function ramOf(machine: Machine): Range[] {
    const ram = machine.e820.filter((e) => e.type === E820.RAM || e.type === E820.SOFT_RESERVED || e.type === E820.ACPI || e.type === E820.NVS);
    return normalize(ram.flatMap((e) => (e.start < MiB ? [{ start: 0, end: MiB - 1 }, ...(e.end >= MiB ? [{ start: MiB, end: e.end }] : [])] : [{ start: e.start, end: e.end }])))
        .map((r) => ({ start: r.start, end: alignUp(r.end + 1, MiB) - 1 }));
}

/** Where q35 puts `size` bytes of RAM: below 2 GiB and from 4 GiB when there are 2.75 GiB or more, else all low. */
export function q35Layout(size: number): Range[] {
    const low = size >= 0xb0000000 ? 2 * GiB : 0xb0000000;
    if (size <= low) return [{ start: 0, end: size - 1 }];
    return [{ start: 0, end: low - 1 }, { start: 4 * GiB, end: 4 * GiB + size - low - 1 }];
}

const mib = (bytes: number): string => `${Math.ceil(bytes / MiB)}M`;

/** The QEMU arguments for a machine, and where QEMU's machine will differ from it. */
export function qemuMachine(machine: Machine): QemuMachine {
    const differences: string[] = [];
    const ram = ramOf(machine);
    const total = ram.reduce((sum, r) => sum + sizeOf(r), 0);
    const layout = q35Layout(total);
    if (ram.length !== layout.length || ram.some((r, i) => r.start !== layout[i]!.start || r.end !== layout[i]!.end)) {
        differences.push(`QEMU lays ${formatSize(total)} of RAM out as ${layout.map(formatRange).join(' and ')}, the platform says ${ram.map(formatRange).join(', ')}`);
    }
    const features: string[] = [];
    const args: string[] = [];
    const cmdline: string[] = [];
    const window = deviceWindow(machine, layout);
    args.push('-m', `${mib(total)}${window ? `,slots=${window.slots},maxmem=${mib(total + window.size)}` : ''}`);
    args.push('-smp', String(machine.cpus));
    if (machine.srat) nodes(machine, ram, machine.srat, args, differences);
    else {
        // Without nodes the RAM has a backend of its own, so that a large machine need not be there in full
        features.push('memory-backend=ram');
        args.push('-object', `memory-backend-ram,id=ram,size=${mib(total)},reserve=off`);
    }
    slit(machine, args);
    if (machine.hmat) {
        features.push('hmat=on');
        hmat(machine, args);
    }
    for (const soft of machine.e820.filter((e) => e.type === E820.SOFT_RESERVED)) {
        cmdline.push(`memmap=${sizeOf(soft) / 1024}K%${soft.start / 1024}K-1+0xefffffff`);
    }
    if (machine.nfit.length > 0) features.push('nvdimm=on');
    for (const [i, spa] of machine.nfit.entries()) {
        if (spa.dimms.length > 1) differences.push(`QEMU has no interleaved NVDIMMs: ${formatRange(spa)} becomes one`);
        const label = spa.labelSize;
        args.push('-object', `memory-backend-ram,id=nvm${i},size=${sizeOf(spa) + label},reserve=off`);
        args.push('-device', `nvdimm,id=nvd${i},memdev=nvm${i},addr=${spa.start},node=${spa.proximityDomain ?? 0}${label ? `,label-size=${label}` : ''}${spa.unarmed ? ',unarmed=on' : ''}`);
    }
    for (const device of machine.devices) {
        if (device.kind === 'dimm') {
            args.push('-object', `memory-backend-ram,id=mem-${device.id},size=${sizeOf(device)},reserve=off`, '-device', `pc-dimm,id=${device.id},memdev=mem-${device.id},addr=${device.start},node=${device.pxm}`);
        } else if (device.kind === 'virtio-mem') {
            args.push('-object', `memory-backend-ram,id=mem-${device.id},size=${sizeOf(device)},reserve=off`);
            args.push('-device', `virtio-mem-pci,id=${device.id},memdev=mem-${device.id},memaddr=${device.start},node=${device.pxm},block-size=${device.blockSize},requested-size=${device.requestedSize}`);
        }
    }
    for (const range of [...machine.nfit, ...machine.devices.filter((d) => d.kind !== 'nvdimm')]) {
        if (window && !(intersect(window.range, range)?.start === range.start && intersect(window.range, range)?.end === range.end)) {
            differences.push(`${formatRange(range)} lies outside QEMU's window for memory devices, ${formatRange(window.range)}`);
        }
    }
    if (machine.cxlWindows.length > 0) differences.push('QEMU chooses the addresses of CXL windows itself: they are left out');
    if (machine.firmware === 'efi') differences.push('the guest boots with SeaBIOS: the firmware map is that of a BIOS');
    return {
        args: ['-machine', ['q35', ...features].join(','), '-cpu', machine.hypervisor ? 'max' : 'max,-hypervisor', ...args],
        cmdline: cmdline.join(' '), differences,
    };
}

/** Memory devices live above RAM, from the next gigabyte; each slot adds a gigabyte for alignment. */
function deviceWindow(machine: Machine, layout: readonly Range[]): { range: Range; size: number; slots: number } | undefined {
    const devices = [...machine.nfit, ...machine.devices.filter((d) => d.kind !== 'nvdimm')];
    if (devices.length === 0 && !machine.hotplugWindow) return undefined;
    const start = alignUp(Math.max(4 * GiB, layout.at(-1)!.end + 1), GiB);
    const slots = machine.hotplugWindow?.slots ?? Math.max(1, devices.length + 2);
    const end = Math.max(machine.hotplugWindow?.end ?? 0, ...devices.map((d) => alignUp(d.end + 1, GiB)), start + GiB);
    const size = end - start;
    return { range: { start, end: start + size + slots * GiB - 1 }, size, slots };
}

function nodes(machine: Machine, ram: readonly Range[], srat: Srat, args: string[], differences: string[]): void {
    const domains = [...new Set([...srat.cpus.map((c) => c.pxm), ...srat.memory.map((m) => m.pxm), ...(machine.slit ?? []).keys()])].sort((a, b) => a - b);
    if (domains.some((d, i) => d !== i)) differences.push(`QEMU numbers its nodes from 0 without gaps, the platform has ${domains.join(', ')}`);
    let expected = 0;
    for (const domain of domains) {
        const own = normalize(srat.memory.filter((m) => m.pxm === domain && !m.hotplug && !m.nonVolatile)
            .flatMap((m) => ram.map((r) => intersect(r, m.start < MiB ? { start: 0, end: Math.max(m.end, MiB - 1) } : { start: m.start, end: alignUp(m.end + 1, MiB) - 1 })).filter((r): r is Range => r !== undefined)));
        const size = own.reduce((sum, r) => sum + sizeOf(r), 0);
        const cpus = srat.cpus.filter((c) => c.pxm === domain).map((c) => `cpus=${c.apicId}`);
        if (size > 0) {
            if (own[0]!.start < expected) differences.push(`QEMU gives RAM to nodes in order of their numbers: node ${domain} will lie elsewhere`);
            expected = own.at(-1)!.end + 1;
            args.push('-object', `memory-backend-ram,id=ram${domain},size=${mib(size)},reserve=off`);
        }
        const initiator = machine.hmat?.domains.find((d) => d.memory === domain)?.processor;
        args.push('-numa', ['node', `nodeid=${domain}`, ...cpus, ...(size > 0 ? [`memdev=ram${domain}`] : []), ...(initiator !== undefined && initiator !== domain ? [`initiator=${initiator}`] : [])].join(','));
    }
}

function slit(machine: Machine, args: string[]): void {
    machine.slit?.forEach((row, from) => row.forEach((value, to) => {
        if (from !== to) args.push('-numa', `dist,src=${from},dst=${to},val=${value}`);
    }));
}

/** Read and write values are separate rows in QEMU; equal ones are given as access values, as firmware would. */
function hmat(machine: Machine, args: string[]): void {
    const values = machine.hmat!.values.filter((v) => v.value > 0);
    const lb = (v: HmatValue, type: string): void => {
        const latency = v.attribute.endsWith('latency');
        args.push('-numa', `hmat-lb,initiator=${v.initiator},target=${v.target},hierarchy=memory,data-type=${type},${latency ? `latency=${v.value}` : `bandwidth=${v.value}M`}`);
    };
    for (const v of values) {
        const [direction, quantity] = v.attribute.split('_') as ['read' | 'write', 'latency' | 'bandwidth'];
        const other = values.find((o) => o.initiator === v.initiator && o.target === v.target && o.attribute === `${direction === 'read' ? 'write' : 'read'}_${quantity}`);
        if (other?.value !== v.value) lb(v, `${direction}-${quantity}`);
        else if (direction === 'read') lb(v, `access-${quantity}`);
    }
    for (const c of machine.hmat!.caches) {
        args.push('-numa', `hmat-cache,node-id=${c.target},size=${c.size},level=${c.level},associativity=${c.associativity},policy=${c.writePolicy},line=${c.line}`);
    }
}
