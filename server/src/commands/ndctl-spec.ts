// ndctl's command lines as data: verbs, options and what they mean (ndctl 76 manual pages).
import type { OptionSpec, ToolSpec, VerbSpec } from './spec.ts';

const BUS: OptionSpec = { long: '--bus', short: '-b', value: 'bus', doc: 'Only devices on the bus with this id or provider.' };
const REGION: OptionSpec = { long: '--region', short: '-r', value: 'region', doc: 'Only this region, by name or number; `all` for every region.' };
const VERBOSE: OptionSpec = { long: '--verbose', short: '-v', doc: 'Tell more about what is done.' };
const HUMAN: OptionSpec = { long: '--human', short: '-u', doc: 'Print numbers with units.' };
const TYPE: OptionSpec = { long: '--type', short: '-t', value: 'text', values: ['pmem', 'blk'], doc: 'Kind of region; blk exists no more since v5.18.' };
const NAMESPACE_BASE: readonly OptionSpec[] = [BUS, REGION, VERBOSE];
const DIMM_BASE: readonly OptionSpec[] = [BUS, VERBOSE];

const MODES = ['fsdax', 'devdax', 'sector', 'raw'];
const MAP: OptionSpec = {
    long: '--map', short: '-M', value: 'map', values: ['mem', 'dev'],
    doc: 'Where the page map goes: `mem` takes 1/64 of the size from RAM, `dev` takes it from the namespace itself.',
};
const ALIGN: OptionSpec = {
    long: '--align', short: '-a', value: 'align', values: ['4K', '2M', '1G'], doc: 'Alignment of the data and size of its page mappings (default 2M).',
};

const create: VerbSpec = {
    verb: 'create-namespace', man: 'ndctl-create-namespace(1)', doc: 'Provisions or reconfigures a namespace.', positionals: [],
    options: [
        { long: '--reconfig', short: '-e', value: 'namespace', doc: 'Reconfigure this namespace instead of allocating a new one. What it holds is lost.' },
        { long: '--mode', short: '-m', value: 'mode', values: MODES, doc: 'fsdax: a disk for DAX file systems. devdax: a character device, also the way to System RAM. sector: a disk with atomic sectors. raw: a plain disk.' },
        MAP,
        { long: '--size', short: '-s', value: 'size', doc: 'Capacity taken from the region, with K, M, G or T (default: the largest free extent). A multiple of the region align.' },
        ALIGN,
        { long: '--region', short: '-r', value: 'region', doc: 'Create it in this region (default: the first with enough capacity).' },
        { long: '--force', short: '-f', doc: 'Take the namespace down if it is active; accept a start that is no multiple of 16 MiB.' },
        { long: '--uuid', short: '-u', value: 'uuid', doc: 'uuid of the namespace (default: a random one).' },
        { long: '--name', short: '-n', value: 'text', doc: 'Free-form name of at most 63 characters, kept in the label.' },
        { long: '--sector-size', short: '-l', value: 'size', values: ['512', '4096'], doc: 'Logical sector size in bytes (sector mode: 512 … 4224).' },
        TYPE, BUS, VERBOSE,
        { long: '--autolabel', short: '-L', doc: 'Initialise the labels of a label-less region when its namespace is reconfigured (default).' },
        { long: '--no-autolabel', doc: 'Leave a label-less region label-less.' },
        { long: '--continue', short: '-c', doc: 'Go on creating namespaces in every region as long as the options can be met.' },
        { long: '--autorecover', short: '-R', doc: 'Delete a namespace again that could not be enabled (default).' },
        { long: '--no-autorecover', doc: 'Leave a namespace that could not be enabled as it is.' },
    ],
};

const onNamespace = (verb: string, doc: string, options: readonly OptionSpec[] = [], reads = false): VerbSpec => ({
    verb, doc, man: `ndctl-${verb}(1)`, options: [...options, ...NAMESPACE_BASE], positionals: [{ name: 'namespace', kind: 'namespace' }], ...(reads ? { reads } : {}),
});
const onRegion = (verb: string, doc: string): VerbSpec => ({
    verb, doc, man: `ndctl-${verb}(1)`, positionals: [{ name: 'region', kind: 'region' }],
    options: [BUS, TYPE],
});
const onDimms = (verb: string, doc: string, options: readonly OptionSpec[] = [], reads = false): VerbSpec => ({
    verb, doc, man: `ndctl-${verb}(1)`, options: [...options, ...DIMM_BASE], positionals: [{ name: 'nmem', kind: 'dimm', many: true }], ...(reads ? { reads } : {}),
});

const LABEL_RANGE: readonly OptionSpec[] = [
    { long: '--size', short: '-s', value: 'number', doc: 'Bytes of the label area to work on (default: all).' },
    { long: '--offset', short: '-O', value: 'number', doc: 'Byte of the label area to start at.' },
];
const OUTPUT: OptionSpec = { long: '--output', short: '-o', value: 'path', doc: 'File to write to.' };
const JSON_OUT: OptionSpec = { long: '--json', short: '-j', doc: 'Print the contents as JSON.' };

const list: VerbSpec = {
    verb: 'list', man: 'ndctl-list(1)', doc: 'Prints buses, DIMMs, regions and namespaces as JSON.', reads: true, positionals: [],
    options: [
        { long: '--namespaces', short: '-N', doc: 'List namespaces (default).' },
        { long: '--regions', short: '-R', doc: 'List regions.' },
        { long: '--dimms', short: '-D', doc: 'List DIMMs.' },
        { long: '--buses', short: '-B', doc: 'List buses.' },
        { long: '--idle', short: '-i', doc: 'List disabled devices and those without capacity too.' },
        { long: '--configured', short: '-c', doc: 'List configured devices, enabled or not.' },
        { long: '--device-dax', short: '-X', doc: 'Show the dax devices of devdax namespaces.' },
        { long: '--health', short: '-H', doc: 'Show the health of DIMMs.' },
        { long: '--firmware', short: '-F', doc: 'Show the firmware of DIMMs.' },
        { long: '--media-errors', short: '-M', doc: 'Show known bad blocks.' },
        { long: '--capabilities', short: '-C', doc: 'Show what regions can do.' },
        { long: '--verbose', short: '-v', doc: 'Show more fields.' },
        HUMAN,
        BUS, REGION,
        { long: '--dimm', short: '-d', value: 'dimm', doc: 'Only devices with this DIMM.' },
        { long: '--namespace', short: '-n', value: 'namespace', doc: 'Only this namespace.' },
        { long: '--mode', short: '-m', value: 'mode', values: MODES, doc: 'Only namespaces in this mode.' },
        { long: '--numa-node', short: '-U', value: 'number', doc: 'Only devices of this NUMA node.' },
        TYPE,
    ],
};

/** The tool and all of its verbs that have to do with capacity and labels. */
export const NDCTL: ToolSpec = {
    tool: 'ndctl', doc: 'Manages persistent memory: regions, namespaces, labels.',
    verbs: [
        create,
        onNamespace('destroy-namespace', 'Deletes a namespace (or `all`); in a label-less region it only wipes the info block.', [
            { long: '--force', short: '-f', doc: 'Take the namespace down if it is active.' },
        ]),
        onNamespace('enable-namespace', 'Brings a namespace (or `all`) up in the mode its info block tells.'),
        onNamespace('disable-namespace', 'Takes a namespace (or `all`) down unless it is in use.'),
        onNamespace('check-namespace', 'Checks the metadata of a disabled sector namespace.', [
            { long: '--repair', short: '-R', doc: 'Repair what is wrong.' },
            { long: '--rewrite-log', short: '-L', doc: 'Write the log anew.' },
            { long: '--force', short: '-f', doc: 'Check even if it is active.' },
        ], true),
        onNamespace('clear-errors', 'Clears known bad blocks.', [{ long: '--scrub', short: '-s', doc: 'Look for latent errors first.' }], true),
        onRegion('enable-region', 'Enables a region (or `all`) and what its labels and info blocks describe.'),
        onRegion('disable-region', 'Disables a region (or `all`) and all its namespaces unless one is in use.'),
        onDimms('enable-dimm', 'Enables DIMMs.'),
        onDimms('disable-dimm', 'Disables DIMMs that no enabled region uses.'),
        onDimms('init-labels', 'Writes empty label indexes: every allocation of the DIMMs is lost.', [
            { long: '--force', short: '-f', doc: 'Do so even if there are labels.' },
            { long: '--label-version', short: '-V', value: 'text', values: ['1.1', '1.2'], doc: 'Version of the label specification (default 1.1).' },
        ]),
        onDimms('check-labels', 'Checks that DIMMs have a valid label index.', [], true),
        onDimms('zero-labels', 'Wipes the label area: regions become label-less.', LABEL_RANGE),
        onDimms('read-labels', 'Prints label areas.', [...LABEL_RANGE, OUTPUT, JSON_OUT, HUMAN, { long: '--index', short: '-I', doc: 'Only the index blocks.' }], true),
        onDimms('write-labels', 'Writes a label area from a file.', [...LABEL_RANGE, { long: '--input', short: '-i', value: 'path', doc: 'File to read.' }]),
        list,
        onNamespace('read-infoblock', 'Prints the info block of a namespace.', [
            OUTPUT, { long: '--input', short: '-i', value: 'path', doc: 'File to read instead.' }, { long: '--verify', short: '-V', doc: 'Check parent uuid and checksum.' }, JSON_OUT, HUMAN,
        ], true),
        onNamespace('write-infoblock', 'Writes an info block to a disabled namespace or a file.', [
            OUTPUT, { long: '--stdout', short: '-c', doc: 'Write to standard output.' }, { long: '--mode', short: '-m', value: 'mode', values: ['fsdax', 'devdax'], doc: 'Mode (default fsdax).' },
            { long: '--size', short: '-s', value: 'size', doc: 'Size that it is for.' }, ALIGN, MAP, { long: '--uuid', short: '-u', value: 'uuid', doc: 'uuid of the info block.' },
            { long: '--parent-uuid', short: '-p', value: 'uuid', doc: 'uuid of the namespace.' }, { long: '--offset', short: '-O', value: 'size', doc: 'Padding in front (experts).' },
        ]),
    ],
};
