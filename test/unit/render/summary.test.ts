import { describe, expect, test } from 'vitest';
import { describeLosses, formatApproximate, formatHint, formatSummary, summarize, summarizeBoot } from '../../../server/src/render/summary.ts';
import { analyse } from '../../fixture.ts';
import type { Loss } from '../../../server/src/kernel/outcome.ts';

const GiB = 2 ** 30;
const run = (body: string, steps: string): ReturnType<ReturnType<typeof analyse>['analysis']['runs']>[number] => {
    const { analysis } = analyse(`platform a {\n    kernel 6.12\n    hypervisor\n    node 0 { cpus 0-3  memory at 0 size 2G  memory at 4G size 4G }\n    ${body}\n}\nscenario "s" on a {\n${steps}\n}\n`);
    return analysis.runs(analysis.scenarios[0]!.lowered)[0]!;
};
const hints = (body: string, ...steps: string[]): string[] => run(body, steps.map((s) => `    $ ${s}`).join('\n')).steps.map((s) => formatHint(summarize(s.before, s.state, s.outcome)));

describe('an outcome in a few words', () => {
    test('nothing visible changed', () => expect(hints('', 'daxctl list')).toEqual(['→ ok']));
    test('a failure names its errno and its reason', () => expect(hints('', 'echo online > /sys/devices/system/memory/memory33/state')).toEqual([expect.stringMatching(/^✗ EINVAL · memory33 is online already/)]));
    test('a command that is not simulated claims nothing', () => expect(hints('', 'stress-ng')).toEqual(['→ not simulated']));
    test('a dax device that comes, grows and goes', () => {
        const [, , create, size, zero] = hints('soft-reserved at 8G size 4G node 0', 'modprobe dax_hmem', 'daxctl disable-device dax0.0', 'echo 1 > /sys/bus/dax/devices/dax0.0/dax_region/create',
            'echo 0 > /sys/bus/dax/devices/dax0.0/size', 'echo 1073741824 > /sys/bus/dax/devices/dax0.0/size');
        expect([create, size, zero].join('\n')).toMatch(/dax0\.0 (size 0|0 B|1 GiB)/);
    });
    test('the boot', () => {
        const { boot } = run('', '    $ daxctl list');
        expect(formatSummary(summarizeBoot(boot.state, boot.outcome))).toMatch(/^(6|5\.99|6\.00?) GiB RAM · blocks of 128 MiB/);
    });
});

describe('losses', () => {
    const loss = (bytes: number, cause: string): Loss => ({ bytes, cause, range: { start: 0, end: bytes - 1 }, rule: 'KM-02', subject: 'dax0.0' });
    test('add up by kind, the larger first', () => {
        expect(describeLosses([loss(2 * 2 ** 20, 'info block'), loss(100 * 2 ** 20, 'front of the range is below the next memory block'), loss(26 * 2 ** 20, 'data starts on the next 1 GiB')])).toEqual(['126 MiB lost to alignment', '2 MiB lost to metadata']);
    });
});

describe('sizes', () => {
    test.each([[2 * GiB, '2 GiB'], [1920 * 2 ** 20, '1920 MiB'], [0x9fc00, '639 KiB'], [6 * GiB - 4096 * 3, '6 GiB'], [0, '0 B'], [4097, '4097 B'], [2 ** 44, '16 TiB']])('%d is %s', (bytes, text) => expect(formatApproximate(bytes)).toBe(text));
});
