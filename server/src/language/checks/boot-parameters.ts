// Boot parameters that do something else than they seem to, or nothing at all (E820-03, EFI-01, EFI-02, NUMA-12).
import { isTrue, parseCmdline, sameParameter } from '../../kernel/cmdline.ts';
import { heedsFakeMem } from '../../kernel/e820.ts';
import { NEWEST, profileFor } from '../../kernel/profile.ts';
import type { TextSpan } from '../model.ts';
import type { Checked, Report } from './check.ts';

/** Place of a word of the command line; of the whole text where it is written with escapes. */
export function parameterSpan(at: TextSpan, cmdline: string, word: string): TextSpan {
    const index = /["\\]/.test(cmdline) ? -1 : cmdline.indexOf(word);
    return index < 0 ? at : { uri: at.uri, start: at.start + 1 + index, end: at.start + 1 + index + word.length };
}

export function bootParameters({ described, machine }: Checked, report: Report): void {
    const { cmdline } = described;
    if (!cmdline) return;
    const profile = profileFor(machine.kernel) ?? NEWEST;
    const device = [...described.softReserved, ...described.pmem.filter((p) => !p.legacy)][0];
    for (const { name, value } of parseCmdline(cmdline.value)) {
        if (value === undefined) continue;
        const at = parameterSpan(cmdline.at, cmdline.value, `${name}=${value}`);
        const elements = name === 'memmap' ? value.split(',') : [];
        for (const element of elements) {
            const place = elements.length === 1 ? at : parameterSpan(cmdline.at, cmdline.value, element);
            if (/^(?:0x[0-9a-f]+|\d+)[KMGTPE]?$/i.test(element)) {
                report('cmdline/memmap-limit', 'warning', `\`memmap=${element}\` without a place limits RAM to that size: \`@\`, \`#\`, \`$\` or \`!\` and an address are missing, or a boot loader ate them`, place,
                    { rules: ['E820-03'] });
            } else if (element.includes('$')) {
                report('cmdline/memmap-dollar', 'info', '`$` means something to shells and to GRUB: write it `\\$` there (`\\\\\\$` in /etc/default/grub), or the kernel gets a RAM limit instead', place, { rules: ['E820-03'] });
            }
        }
        if (name === 'efi_fake_mem' && !heedsFakeMem(machine, profile)) {
            const why = machine.firmware !== 'efi' ? 'this machine does not boot by EFI' : !profile.efiFakeMem ? `this release does not have it` : 'it needs CONFIG_EFI_FAKE_MEMMAP, which distributions leave out';
            report('cmdline/no-effect', 'warning', `efi_fake_mem= does nothing here: ${why}`, at, { rules: ['EFI-02'], tags: ['unnecessary'] });
        }
        const soft = described.softReserved[0];
        if (name === 'efi' && value.split(',').includes('nosoftreserve') && soft) {
            report('cmdline/nosoftreserve', 'warning', 'specific-purpose memory becomes ordinary RAM with this: there will be no dax device', at,
                { rules: ['EFI-01'], related: described.softReserved.map((s) => ({ at: s.origin.focus, message: 'this range' })) });
        }
        if (sameParameter(name, 'memory_hotplug.memmap_on_memory') && isTrue(value) && device && profile.memmapOnMemory !== 'multi-block') {
            report('cmdline/no-effect', 'info', profile.memmapOnMemory === 'none' ? 'memmap_on_memory came with v5.13' : 'before v6.8 only DIMMs of one memory block keep their struct pages in themselves: device memory takes them from RAM', at,
                { rules: ['MHP-09', 'KM-09'], related: [{ at: device.origin.focus, message: 'device memory' }] });
        }
        if (name === 'numa' && value.startsWith('fake=') && device) {
            report('cmdline/numa-fake', 'warning', 'emulated nodes are numbered anew, but device memory keeps the numbers of the firmware: it ends up on another node, or on none', at,
                { rules: ['NUMA-12'], related: [{ at: device.origin.focus, message: 'device memory' }] });
        }
    }
}
