import { describe, expect, test } from 'vitest';
import { document } from '../../../server/src/features/documents.ts';
import { runTests, tests } from '../../../server/src/features/tests.ts';
import { analyse, URI } from '../../fixture.ts';

const TEXT = `platform fast {
    kernel 6.1
    hypervisor
    cmdline "memmap=2G!6G"
    node 0 { cpus 0-3  memory 0x0-0x9fbff  memory at 1M size 2047M  memory at 4G size 6G }
}
scenario "take it" on fast {
    kernel 6.1, 6.12
    expect iomem
        | 180000000-1ffffffff : Persistent Memory (legacy)
    $ ndctl create-namespace --mode=devdax --map=mem -e namespace0.0 -f
    $ modprobe kmem
    $ echo dax0.0 > /sys/bus/dax/drivers/device_dax/unbind
    $ echo dax0.0 > /sys/bus/dax/drivers/kmem/new_id
    expect ram dax0.0 = 1G
    expect blocks 49-63 offline
    expect iomem
        | 190000000-1ffffffff : dax0.0
}
scenario "take it" on fast {
    $ echo dax0.0 > /sys/bus/dax/drivers/kmem/unbind
}
scenario "nowhere" on missing {
    expect ok
}
`;
const { analysis } = analyse(TEXT);

describe('tests of a document', () => {
    test('scenarios and their expectations, in the order of the text', () => {
        const { scenarios, kernels } = tests(analysis);
        expect(scenarios.map((s) => [s.id, s.kernels])).toEqual([['take it', ['6.1', '6.12']], ['take it (2)', ['6.1']], ['nowhere', expect.any(Array)]]);
        expect(scenarios[0]!.expectations.map((e) => [e.id, e.label, e.step])).toEqual([
            ['take it#expect iomem', 'expect iomem', undefined],
            ['take it#expect ram dax0.0 = 1G', 'expect ram dax0.0 = 1G', '$ echo dax0.0 > /sys/bus/dax/drivers/kmem/new_id'],
            ['take it#expect blocks 49-63 offline', 'expect blocks 49-63 offline', '$ echo dax0.0 > /sys/bus/dax/drivers/kmem/new_id'],
            ['take it#expect iomem (2)', 'expect iomem', '$ echo dax0.0 > /sys/bus/dax/drivers/kmem/new_id'],
        ]);
        expect(scenarios[0]!.range.start).toEqual({ line: 6, character: 'scenario '.length });
        expect(kernels).toContain('6.12');
    });
    test('each runs under each of its releases; an expectation of iomem brings both texts', () => {
        const { runs } = runTests(analysis, { uri: URI, ids: ['take it'] });
        expect(runs.map((r) => [r.scenario, r.kernel, r.passed])).toEqual([['take it', '6.1', false], ['take it', '6.12', false]]);
        expect(runs[0]!.expectations.map((e) => e.passed)).toEqual([true, false, true, false]);
        expect(runs[0]!.expectations[1]!.failure!.message).toMatch(/^it is /);
        expect(runs[0]!.expectations[3]!.failure).toMatchObject({
            expected: '190000000-1ffffffff : dax0.0\n', actual: '188000000-1ffffffff : dax0.0\n  188000000-1ffffffff : System RAM (kmem)\n',
            range: { start: { line: 16 } },
        });
    });
    test('an expectation brings its scenario along; another release on demand', () => {
        expect(runTests(analysis, { uri: URI, ids: ['take it#expect blocks 49-63 offline'], kernel: '5.15' }).runs.map((r) => [r.scenario, r.kernel])).toEqual([['take it', '5.15']]);
        expect(runTests(analysis, { uri: URI, ids: ['gone'] }).runs).toEqual([]);
    });
    test('a step that fails unexpectedly, and a platform that nobody knows', () => {
        const [second, third] = runTests(analysis, { uri: URI, ids: ['take it (2)', 'nowhere'] }).runs;
        expect(second!).toMatchObject({ passed: false, failures: [{ range: { start: { line: 20 } } }] });
        expect(second!.failures[0]!.message).toContain('fails with');
        expect(third!).toMatchObject({ passed: false, error: 'the platform of this scenario is not known' });
    });
});

describe('a scenario as a text of its own', () => {
    test('as a script that stops where the simulation is left', () => {
        const made = document(analysis, { uri: URI, offset: TEXT.indexOf('modprobe'), kind: 'script' })!;
        expect(made.text).toMatch(/^#!\/bin\/sh\n# take it\n# for fast, Linux 6\.1, booted with: memmap=2G!6G\n/);
        expect(made.text).toContain('\nmodprobe kmem    # → ok');
        const failing = document(analysis, { uri: URI, offset: TEXT.lastIndexOf('kmem/unbind'), kind: 'script' })!;
        expect(failing.text).toContain('if { echo dax0.0 > /sys/bus/dax/drivers/kmem/unbind; }; then');
    });
    test('under several releases side by side', () => {
        const made = document(analysis, { uri: URI, offset: TEXT.indexOf('modprobe'), kind: 'comparison', kernels: ['5.4', '6.12'] })!;
        expect(made.text).toMatch(/! \$ echo dax0\.0 > .*new_id\n.*\n      \/proc\/iomem differs: 5\.4 \| 6\.12\n\nThey part at 1 of 5 steps\./);
        const same = document(analysis, { uri: URI, offset: TEXT.indexOf('modprobe'), kind: 'comparison', kernels: ['6.12', '6.12'] })!;
        expect(same.text).toContain('They come to the same at every step.');
    });
    test('the tree at the cursor', () => {
        const tree = (part: string): string => document(analysis, { uri: URI, offset: TEXT.indexOf(part) + 2, kind: 'iomem' })!.text;
        expect(tree('kmem/new_id')).toContain('System RAM (kmem)');
        expect(tree('modprobe')).not.toContain('System RAM (kmem)');
    });
});
