import { describe, expect, test } from 'vitest';
import { asText, plainText } from '../../../client/src/preview/page/format.ts';
import { preview, PreviewMemory } from '../../../server/src/features/preview.ts';
import { analyse, URI } from '../../fixture.ts';

const TEXT = `platform fast {
    kernel 6.1
    hypervisor
    cmdline "memmap=2G!6G"
    node 0 { cpus 0-3  memory 0x0-0x9fbff  memory at 1M size 2047M  memory at 4G size 6G }
}
scenario "take it" on fast {
    kernel 6.1, 6.12
    $ ndctl create-namespace --mode=devdax --map=mem -e namespace0.0 -f
    $ modprobe kmem
    $ echo dax0.0 > /sys/bus/dax/drivers/device_dax/unbind
    $ echo dax0.0 > /sys/bus/dax/drivers/kmem/new_id
    expect blocks 49-63 offline
}
`;
const at = (part: string): number => TEXT.indexOf(part) + 2;
const ask = (text: string, offset: number, memory = new PreviewMemory(), more: object = {}): ReturnType<typeof preview> =>
    preview(analyse(text).analysis, { uri: URI, offset, ...more }, memory);

describe('preview', () => {
    test('the step under the cursor, with what it changed', () => {
        const { run, subjects, subject, stale } = ask(TEXT, at('kmem/new_id'));
        expect(stale).toBe(false);
        expect(subjects[subject]).toMatchObject({ kind: 'scenario', name: 'take it' });
        expect(run!.steps.map((s) => s.kind)).toEqual(['boot', 'typed', 'typed', 'typed', 'typed']);
        expect(run!.steps[run!.current]).toMatchObject({ text: 'echo dax0.0 > /sys/bus/dax/drivers/kmem/new_id', verdict: 'ok', status: 0 });
        expect(run!.iomem.filter((l) => l.mark === 'added').map((l) => l.name)).toEqual(['dax0.0', 'System RAM (kmem)']);
        expect(run!.losses.map((l) => l.bytes)).toEqual(expect.arrayContaining([126 * 2 ** 20]));
        expect(run!.steps[run!.current]!.checks).toMatchObject([{ met: true }]);
    });
    test('a line further up shows the state there', () => {
        const { run } = ask(TEXT, at('modprobe'));
        expect(run!.current).toBe(2);
        expect(run!.iomem.some((l) => l.name === 'System RAM (kmem)')).toBe(false);
        expect(run!.iomem.every((l) => l.mark === 'same')).toBe(true);
    });
    test('compared with the boot', () => {
        const { run } = ask(TEXT, at('modprobe'), undefined, { compareWith: 'boot' });
        expect(run!.iomem.filter((l) => l.mark === 'added').map((l) => l.name)).toContain('dax0.0');
    });
    test('any state that is compared with has a map of its own; the step before has none', () => {
        const other = (compareWith: object | string | undefined): string | undefined => ask(TEXT, at('kmem/new_id'), undefined, compareWith === undefined ? {} : { compareWith }).run!.other?.name;
        expect(other(undefined)).toBeUndefined();
        expect(other('boot')).toBe('after boot');
        expect(other({ step: 2 })).toBe('after step 2');
        expect(other({ kernel: '5.10' })).toBe('under Linux 5.10');
        const { run } = ask(TEXT, at('kmem/new_id'), undefined, { compareWith: 'boot' });
        expect(run!.map!.items.some((i) => i.sourceKey === 'dax0.0')).toBe(true);
        expect(run!.other!.map.items.some((i) => i.sourceKey === 'dax0.0')).toBe(false);
    });
    test('the tree is copied as the release prints it: what lies deep is indented no further', () => {
        const { run } = ask(TEXT, at('kmem/new_id'));
        expect(asText(run!.iomem, run!.iomemDepth)).toContain('\n180000000-1ffffffff : Persistent Memory (legacy)\n  180000000-1801fffff : namespace0.0\n');
        const nested = [0, 1, 2].map((depth) => ({ ...run!.iomem[0]!, depth, start: 0, end: 4095, name: `level ${depth}` }));
        expect(asText(nested, 1)).toBe('00000000-00000fff : level 0\n  00000000-00000fff : level 1\n  00000000-00000fff : level 2\n');
    });
    test('Markdown of a hover as plain text', () => {
        expect(plainText('**dax0.0** is `device_dax`\n\n---\n```memtopo\nnode 0\n```\n- see [KM-02](https://a/b)')).toBe('dax0.0 is device_dax\nnode 0\n• see KM-02');
    });
    test('another kernel of the scenario', () => {
        expect(ask(TEXT, at('modprobe')).run).toMatchObject({ kernel: '6.1', kernels: ['6.1', '6.12'] });
        expect(ask(TEXT, at('modprobe'), undefined, { kernel: '6.12' }).run!.kernel).toBe('6.12');
    });
    test('a platform, booted', () => {
        const { run, subjects, subject } = ask(TEXT, at('hypervisor'));
        expect(subjects[subject]!.kind).toBe('platform');
        expect(run!.steps).toHaveLength(1);
        expect(run!.totals.blockSize).toBe(128 * 2 ** 20);
    });
    test('broken text keeps the last sound answer and says so', () => {
        const memory = new PreviewMemory();
        const offset = at('kmem/new_id');
        const sound = ask(TEXT, offset, memory);
        const broken = ask(TEXT.replace('expect blocks 49-63', 'expect blocks 49-'), offset, memory);
        expect(broken.stale).toBe(true);
        expect(broken.run).toEqual(sound.run);
        expect(ask(TEXT, offset, memory).stale).toBe(false);
    });
    test('a broken declaration leaves the others alone', () => {
        const { stale, run } = ask(`${TEXT}platform b { node `, at('kmem/new_id'));
        expect(stale).toBe(false);
        expect(run).toBeDefined();
    });
    test.each(['', '// nothing', 'scenario "x" on nowhere {\n}'])('nothing to show: %j', (text) => {
        const model = ask(text, 0);
        expect(model.run).toBeUndefined();
        expect(model.message).toBeTruthy();
    });
});
