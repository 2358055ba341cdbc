// The boot: from firmware tables and command line to the first state that a user sees. Subjects are called in the kernel's
// order; each owns its part of the state.
import { isTrue, parseCmdline } from './cmdline.ts';
import { hmemInit } from './dax-hmem.ts';
import { dimmsAtBoot } from './dimm.ts';
import { applyCmdline, bootRam, e820Early, e820Late, e820Word, endOfRam, fakeSpecificPurpose, firmwareMap, trimBiosRange } from './e820.ts';
import { insertExtras } from './extra-resources.ts';
import { hmatUsed, initHmat } from './hmat.ts';
import { E820, type Machine } from './machine.ts';
import { initMemory } from './memory-init.ts';
import { loadModule } from './modules.ts';
import { type BootMemory, initNuma } from './numa.ts';
import { e820PmemInit } from './nd-e820.ts';
import { firstLabels } from './nd-label.ts';
import { emptyNvdimm } from './nvdimm.ts';
import type { Outcome } from './outcome.ts';
import { NEWEST, type Profile, profileFor } from './profile.ts';
import { formatMem, type Range } from './range.ts';
import { emptyTree } from './resource.ts';
import type { KernelState } from './state.ts';
import { Tx } from './tx.ts';
import { virtioMemDevices } from './virtio-mem.ts';

export interface Booted {
    readonly state: KernelState;
    readonly outcome: Outcome;
}

/** `name parameter=value …`, as a machine lists its modules. */
function parseModule(text: string): { readonly name: string; readonly parameters: Record<string, string> } {
    if (!/\s/.test(text)) return { name: text, parameters: {} };
    const [name = '', ...words] = text.trim().split(/\s+/);
    return { name, parameters: Object.fromEntries(parseCmdline(words.join(' ')).map((p) => [p.name, p.value ?? ''])) };
}

function profileOf(machine: Machine): Profile {
    const profile = profileFor(machine.kernel) ?? NEWEST;
    const off = machine.config['EFI_SOFT_RESERVE'];
    return off !== undefined && !isTrue(off) ? { ...profile, softReserved: false } : profile;
}

function bootMemory(ram: readonly Range[], end: number, profile: Profile): BootMemory {
    const dram = { start: ram[0]?.start ?? 0, end: Math.max(0, (ram.at(-1)?.end ?? end - 1)) };
    return { ram, end, clip: profile.meminfoFromDram ? dram : { start: 0, end: end - 1 } };
}

/** What lies outside the kernel and is still there when it restarts (KEX-01). */
export type Survivors = Pick<KernelState, 'filesystems' | 'backends'> & { readonly media: KernelState['nvdimm']['media'] };

/** Boots a machine (README of the kernel model, "boot order"), for the first time or again. Never throws for any machine. */
export function boot(machine: Machine, survivors?: Survivors): Booted {
    const profile = profileOf(machine);
    const parameters = parseCmdline(machine.cmdline);
    const setup = applyCmdline(firmwareMap(machine, parameters, profile), parameters, profile);
    const e820 = trimBiosRange(fakeSpecificPurpose(setup.entries, parameters, machine, profile), profile);
    const ram = bootRam(e820);
    const end = endOfRam(e820, profile);
    const softReserved = profile.softReserved ? e820.filter((e) => e.type === E820.SOFT_RESERVED) : [];
    const { hotplugRanges, ...numa } = initNuma(machine, profile, parameters, bootMemory(ram, end, profile));
    const tx = new Tx({
        machine, profile, e820, iomem: emptyTree(), softReserved: emptyTree(), numa,
        memory: initMemory(machine, profile, parameters, numa, { ram, end, softReserved }, hotplugRanges),
        dax: { regions: new Map(), devices: new Map(), drivers: new Map() },
        hmem: { pending: [], devices: new Map() },
        nvdimm: emptyNvdimm(survivors?.media ?? { blocks: new Map(), labels: firstLabels(machine.nfit) }),
        virtioMem: virtioMemDevices(machine),
        cxl: { windows: [], memdevs: [], regions: new Map() },
        dimms: new Map(), backends: survivors?.backends ?? new Map(), modules: new Map(), memregions: [], mounts: [],
        filesystems: survivors?.filesystems ?? new Map(),
    });
    for (const element of setup.malformed) tx.warn(`Malformed early option 'memmap': ${element}`, 'E820-03');
    if (setup.user) {
        tx.info('user-defined physical RAM map:', 'E820-03');
        for (const entry of setup.entries) tx.info(`user: ${formatMem(entry, 16)} ${e820Word(entry.type)}`, 'E820-03');
    }
    e820Early(tx);
    tx.set({ numa: { ...tx.state.numa, access: initHmat(hmatUsed(machine, parameters) ? machine.hmat : undefined, tx.state.numa) } });
    insertExtras(tx, 'early');
    e820Late(tx);
    e820PmemInit(tx);
    // hmem looks for what is Soft Reserved in iomem, which the late entries have just become.
    hmemInit(tx);
    dimmsAtBoot(tx);
    insertExtras(tx, 'late');
    for (const module of machine.modules) {
        const { name, parameters: given } = parseModule(module);
        loadModule(tx, name, given);
    }
    return { state: tx.state, outcome: { status: 0, errnos: [], stdout: '', stderr: '', log: tx.log, notes: tx.notes } };
}
