import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCmdline } from '../../../server/src/kernel/cmdline.ts';
import { applyCmdline, endOfRam, fakeSpecificPurpose, firmwareMap, resolveMap, trimBiosRange } from '../../../server/src/kernel/e820.ts';
import { E820, type E820Entry, type Machine } from '../../../server/src/kernel/machine.ts';
import { profileFor } from '../../../server/src/kernel/profile.ts';
import { GiB, MiB } from '../../../server/src/kernel/range.ts';
import { pc } from './boot-machine.ts';

const V6_1 = profileFor('6.1')!;
const ram = (start: number, end: number): E820Entry => ({ start, end: end - 1, type: E820.RAM });
const map = (entries: readonly E820Entry[]): string[] => entries.map((e) => `${e.start.toString(16)}-${e.end.toString(16)} ${e.type}`);
const user = (cmdline: string, firmware: readonly E820Entry[] = [ram(MiB, 8 * GiB)], kernel = '6.1'): string[] => map(applyCmdline(firmware, parseCmdline(cmdline), profileFor(kernel)!).entries);

const entry = fc.record({ start: fc.nat(100), size: fc.integer({ min: 1, max: 40 }), type: fc.constantFrom(1, 2, 3, 4, 7, 12, E820.SOFT_RESERVED) })
    .map(({ start, size, type }): E820Entry => ({ start, end: start + size - 1, type }));

describe('the firmware map', () => {
    it('E820-02: the larger type wins at every address, and nothing else is there', () => {
        fc.assert(fc.property(fc.array(entry, { maxLength: 12 }), (entries) => {
            const out = resolveMap(entries, V6_1);
            for (let at = 0; at < 150; at++) {
                const here = entries.filter((e) => e.start <= at && at <= e.end).map((e) => e.type);
                const found = out.filter((e) => e.start <= at && at <= e.end);
                expect(found.length).toBe(here.length > 0 ? 1 : 0);
                if (found[0]) expect(found[0].type).toBe(Math.max(...here));
            }
            out.forEach((e, i) => {
                const previous = out[i - 1];
                if (!previous) return;
                expect(e.start).toBeGreaterThan(previous.end);
                const mergeable = e.type !== E820.PRAM && e.type !== E820.SOFT_RESERVED;
                if (mergeable && e.type === previous.type) expect(e.start, 'equal neighbours are one').toBeGreaterThan(previous.end + 1);
            });
        }));
    });

    it('E820-02: adjacent legacy pmem stays two entries', () => {
        expect(user('memmap=1G!4G memmap=1G!5G')).toEqual(['100000-ffffffff 1', '100000000-13fffffff 12', '140000000-17fffffff 12', '180000000-1ffffffff 1']);
    });

    it('E820-02: before v5.5 they merge like all others', () => {
        expect(user('memmap=1G!4G memmap=1G!5G', undefined, '5.3')).toEqual(['100000-ffffffff 1', '100000000-17fffffff 12', '180000000-1ffffffff 1']);
    });

    it('EFI-01: specific-purpose memory is ordinary RAM before v5.5 and with efi=nosoftreserve', () => {
        const machine = pc(0, { firmware: 'efi', e820: [ram(MiB, GiB), { start: 4 * GiB, end: 6 * GiB - 1, type: E820.SOFT_RESERVED }] });
        const types = (kernel: string, cmdline = ''): number[] => firmwareMap(machine, parseCmdline(cmdline), profileFor(kernel)!).map((e) => e.type);
        expect(types('6.1')).toEqual([E820.RAM, E820.SOFT_RESERVED]);
        expect(types('6.1', 'efi=debug,nosoftreserve')).toEqual([E820.RAM, E820.RAM]);
        expect(types('5.3')).toEqual([E820.RAM, E820.RAM]);
    });

    it('EFI-02: efi_fake_mem= makes RAM specific-purpose, where the kernel has it, was built with it and heeds it', () => {
        const entries = [ram(MiB, 8 * GiB)];
        const faked = (cmdline: string, more: Partial<Machine> = {}, kernel = '6.1'): string[] => {
            const machine = pc(0, { firmware: 'efi', config: { EFI_FAKE_MEMMAP: 'y' }, e820: entries, ...more });
            return map(fakeSpecificPurpose(entries, parseCmdline(cmdline), machine, profileFor(kernel)!));
        };
        const done = ['100000-ffffffff 1', `100000000-17fffffff ${E820.SOFT_RESERVED}`, '180000000-1ffffffff 1'];
        const left = ['100000-1ffffffff 1'];
        expect(faked('efi_fake_mem=2G@4G:0x40000')).toEqual(done);
        expect(faked('efi_fake_mem=1G@4G:0x40000,1G@5G:0x40001')).toEqual([done[0], `100000000-13fffffff ${E820.SOFT_RESERVED}`, `140000000-17fffffff ${E820.SOFT_RESERVED}`, done[2]]);
        for (const other of ['efi_fake_mem=2G@4G:0x10000', 'efi_fake_mem=2G@4G', 'efi_fake_mem=2G', 'efi_fake_mem=', 'quiet', 'efi_fake_mem=2G@16G:0x40000', 'efi=nosoftreserve efi_fake_mem=2G@4G:0x40000']) expect(faked(other)).toEqual(left);
        expect(faked('efi_fake_mem=2G@4G:0x40000', { config: {} })).toEqual(left);
        expect(faked('efi_fake_mem=2G@4G:0x40000', { firmware: 'bios' })).toEqual(left);
        expect(faked('efi_fake_mem=2G@4G:0x40000', {}, '6.12')).toEqual(left);
        expect(faked('efi_fake_mem=2G@4G:0x40000', {}, '5.3')).toEqual(left);
    });

    it('E820-03: every form of memmap=', () => {
        expect(user('memmap=exactmap memmap=640K@0 memmap=1G@1M')).toEqual(['0-9ffff 1', '100000-400fffff 1']);
        expect(user('memmap=1G#4G,1G$6G')).toEqual(['100000-ffffffff 1', '100000000-13fffffff 3', '140000000-17fffffff 1', '180000000-1bfffffff 2', '1c0000000-1ffffffff 1']);
        expect(user('memmap=1G%4G-1+0xefffffff')).toEqual(['100000-ffffffff 1', '100000000-13fffffff 4026531839', '140000000-1ffffffff 1']);
        expect(user('memmap=1G%9G+7')).toEqual(['100000-1ffffffff 1', '240000000-27fffffff 7']);
        expect(user('memmap=1G%4G-1')).toEqual(['100000-ffffffff 1', '140000000-1ffffffff 1']);
        expect(user('memmap=1G%4G-2'), 'nothing of that type is there').toEqual(['100000-1ffffffff 1']);
        expect(user('memmap=1G%4G')).toEqual(['100000-ffffffff 1', '140000000-1ffffffff 1']);
        expect(user('memmap=4G')).toEqual(['100000-ffffffff 1']);
        expect(user('mem=4G')).toEqual(['100000-ffffffff 1']);
    });

    it('E820-03: a malformed element is named and leaves the map alone', () => {
        const setup = applyCmdline([ram(0, GiB)], parseCmdline('memmap=rubbish memmap=1G%4G-x'), V6_1);
        expect(setup.malformed).toEqual(['rubbish', '1G%4G-x']);
        expect(map(setup.entries)).toEqual(['0-3fffffff 1']);
    });

    it('E820-10: the first page is Reserved, and the ROM window holds no RAM', () => {
        expect(map(trimBiosRange([ram(0, GiB)], V6_1))).toEqual(['0-fff 2', '1000-9ffff 1', '100000-3fffffff 1']);
    });

    it('GEO-05: ACPI tables count for the end of RAM since v6.12', () => {
        const entries: E820Entry[] = [ram(0, GiB), { start: GiB, end: GiB + MiB - 1, type: E820.ACPI }, { start: 2 * GiB, end: 3 * GiB - 1, type: E820.PRAM }];
        expect(endOfRam(entries, profileFor('6.1')!)).toBe(GiB);
        expect(endOfRam(entries, profileFor('6.12')!)).toBe(GiB + MiB);
    });

    it('never fails, whatever the command line says', () => {
        fc.assert(fc.property(fc.string({ maxLength: 60 }), (text) => {
            const { entries } = applyCmdline([ram(0, GiB)], parseCmdline(`memmap=${text} mem=${text}`), V6_1);
            for (const e of entries) expect(e.end).toBeGreaterThanOrEqual(e.start);
        }));
    });
});
