// The command line of daxctl (ndctl 76…81) as a table: it serves parsing, completion and hover.
import type { OptionSpec, ToolSpec, VerbSpec } from './spec.ts';

const REGION: OptionSpec = { long: '--region', short: '-r', value: 'daxregion', doc: 'Only devices of this dax region: its number, `regionN`, or `all`.' };
const HUMAN: OptionSpec = { long: '--human', short: '-u', doc: 'Print sizes with units and other numbers in hexadecimal.' };
const VERBOSE: OptionSpec = { long: '--verbose', short: '-v', doc: 'Say more about what is done and why it is refused.' };
const NO_MOVABLE: OptionSpec = { long: '--no-movable', doc: 'Online memory with plain `online` instead of `online_movable`: where the policy puts it into a kernel zone, it may never go offline again.' };
const SIZE: OptionSpec = { long: '--size', short: '-s', value: 'size', doc: 'Bytes of the device, with k, M, G or T; a multiple of its align.' };
const ALIGN: OptionSpec = {
    long: '--align', short: '-a', value: 'align', values: ['4K', '2M', '1G'], doc: 'Page size that mappings of the device use; the default is that of the region.',
};
const FORCE: OptionSpec = { long: '--force', short: '-f', doc: 'Offline the memory first; and give memory to the kernel although its policy onlines it at once.' };
const INPUT: OptionSpec = { long: '--input', value: 'path', doc: 'JSON file with the device to make, as `daxctl list -M` prints one: its ranges are allocated exactly.' };

const MODE: OptionSpec = { long: '--mode', short: '-m', value: 'mode', values: ['system-ram', 'devdax'], doc: 'What the device shall be: memory of the system, or /dev/daxX.Y.' };
const NO_ONLINE: OptionSpec = { long: '--no-online', short: '-N', doc: 'Leave the memory blocks offline.' };
const CHECK_CONFIG: OptionSpec = { long: '--check-config', short: '-C', doc: 'Take the mode from the configuration files of daxctl.' };

const DEVICE = { name: 'device', kind: 'daxdev' } as const;

const verb = (name: string, doc: string, options: readonly OptionSpec[], rest: Partial<VerbSpec> = {}): VerbSpec =>
    ({ verb: name, doc, man: `daxctl-${name}(1)`, options, positionals: [DEVICE], ...rest });

export const DAXCTL: ToolSpec = {
    tool: 'daxctl',
    doc: 'Manages dax devices: their regions, sizes, drivers and the memory that they give to the system.',
    verbs: [
        verb('list', 'Lists dax devices, with -R their regions, with -M their ranges.', [
            REGION,
            { long: '--dev', short: '-d', value: 'daxdev', doc: 'Only this device: `daxX.Y`, `X.Y` or `all`.' },
            { long: '--devices', short: '-D', doc: 'Include devices (the default).' },
            { long: '--regions', short: '-R', doc: 'Include regions.' },
            { long: '--mappings', short: '-M', doc: 'Include the ranges of each device.' },
            { long: '--idle', short: '-i', doc: 'Include empty devices.' },
            HUMAN,
        ], { reads: true, positionals: [] }),
        verb('reconfigure-device', 'Changes what a device is used for: device-dax or system memory; or its size or align.',
            [REGION, SIZE, ALIGN, MODE, NO_ONLINE, NO_MOVABLE, FORCE, CHECK_CONFIG, INPUT, HUMAN, VERBOSE]),
        verb('create-device', 'Makes a device out of free space of a dynamic region and binds it to device_dax.',
            [REGION, SIZE, ALIGN, INPUT, HUMAN, VERBOSE, MODE, NO_ONLINE, NO_MOVABLE, FORCE, CHECK_CONFIG], { positionals: [] }),
        verb('destroy-device', 'Gives the memory of a device back to its region and deletes the device.',
            [REGION, { ...FORCE, doc: 'Disable the device first if it is enabled.' }, HUMAN, VERBOSE]),
        verb('enable-device', 'Binds a device to device_dax.', [REGION, HUMAN, VERBOSE]),
        verb('disable-device', 'Unbinds a device from device_dax.', [REGION, HUMAN, VERBOSE]),
        verb('online-memory', 'Onlines the memory blocks of a device in system-ram mode.', [REGION, NO_MOVABLE, HUMAN, VERBOSE]),
        verb('offline-memory', 'Offlines the memory blocks of a device in system-ram mode.', [REGION, HUMAN, VERBOSE]),
        verb('migrate-device-model', 'Switches the system from the dax class of kernels before v5.1 to the dax bus.', [], { positionals: [] }),
        verb('split-acpi', 'Writes copies of the ACPI tables with a memory range split over more proximity domains.', [
            { long: '--directory', short: '-d', value: 'path', doc: 'Where the tables are.' },
            { long: '--pxm', short: '-p', value: 'number', doc: 'Proximity domain to split.' },
            { long: '--nodes', short: '-n', value: 'number', doc: 'Number of nodes to make of it.' },
            VERBOSE,
        ], { reads: true, positionals: [] }),
        verb('version', 'Prints the version.', [], { reads: true, positionals: [] }),
        verb('help', 'Shows the manual page of a command.', [], { reads: true, positionals: [{ name: 'command', kind: 'text', optional: true }] }),
    ],
};
