import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { lowerFile } from '../../../server/src/language/file.ts';
import { scenarioFindings } from '../../../server/src/language/findings.ts';
import { lastEvent } from '../../../server/src/language/history.ts';
import type { LoweredFile, Run } from '../../../server/src/language/model.ts';
import { resolveName } from '../../../server/src/language/resolve.ts';
import { RunMemory, runPlatform, runScenario, runScenarioKernels } from '../../../server/src/language/run.ts';

const EXAMPLE = readFileSync(new URL('../../../examples/fast-reboot.memtopo', import.meta.url), 'utf8');

const lower = (text: string): LoweredFile => lowerFile('file:///t.memtopo', text);
const run = (text: string, scenario = 0, memory?: RunMemory): Run => runScenario(lower(text).scenarios[scenario]!, undefined, memory)!;

describe('runs', () => {
    it('meet every expectation of the example', () => {
        for (const s of lower(EXAMPLE).scenarios) {
            const checks = runScenario(s)!.steps.flatMap((x) => x.checks);
            expect(checks.length).toBeGreaterThan(0);
            expect(checks.filter((c) => !c.met)).toEqual([]);
        }
    });

    it('take the states of the steps before an edit from memory, and all states after a comment', () => {
        const memory = new RunMemory();
        const first = run(EXAMPLE, 0, memory);
        const commented = run(`// why\n${EXAMPLE}`, 0, memory);
        expect(commented.steps.map((s) => s.state)).toEqual(first.steps.map((s) => s.state));
        commented.steps.forEach((s, i) => expect(s.state).toBe(first.steps[i]!.state));
        const edited = run(EXAMPLE.replace('$ daxctl offline-memory dax0.0', '$ daxctl list'), 0, memory);
        expect(edited.boot.state).toBe(first.boot.state);
        for (let i = 0; i < 5; i++) expect(edited.steps[i]!.state).toBe(first.steps[i]!.state);
        expect(edited.steps.at(-1)!.state).not.toBe(first.steps.at(-1)!.state);
    });

    it('forget what was typed long ago, never what is asked for', () => {
        const memory = new RunMemory();
        for (let i = 0; i < 100; i++) run(EXAMPLE.replace('$ modprobe kmem', `$ modprobe kmem${i}`), 0, memory);
        expect(run(EXAMPLE, 0, memory).steps.at(-1)!.state.dax.devices.size).toBe(0);
    });

    it('go under each kernel', () => {
        const file = lower(EXAMPLE.replace('on fast-reboot {', 'on fast-reboot {\n    kernel 5.10, 6.1, 7.2'));
        expect(runScenarioKernels(file.scenarios[0]!).map((r) => [r.kernel, r.profile.name])).toEqual([['5.10', '5.10'], ['6.1', '6.1'], ['7.2', '7.2']]);
    });

    it('carry out what blocks declare, by commands on the names that Linux gave', () => {
        const text = `platform p {
            node 0 { cpus 0  memory at 0 size 4G }
            soft-reserved at 8G size 2G node 0 { device size 1G  device size 1G mode system-ram }
            pmem at 16G size 4G { label-size 128K  namespace { size 1G  mode fsdax  map mem } }
        }`;
        const r = runPlatform(lower(text).platforms[0]!);
        expect(r.steps.filter((s) => s.outcome.status !== 0)).toEqual([]);
        expect(r.steps.map((s) => s.step.line.text)).toContain('daxctl create-device -r 0 -s 1G');
        const last = r.steps.at(-1)!.state;
        expect([...last.dax.devices.values()].map((d) => [d.name, d.driver])).toEqual([['dax0.0', 'device_dax'], ['dax0.1', 'kmem']]);
        expect(last.nvdimm.namespaces.get('namespace1.0')!.range).toEqual({ start: 16 * 2 ** 30, end: 17 * 2 ** 30 - 1 });
    });
});

describe('findings of runs', () => {
    const machine = EXAMPLE.slice(0, EXAMPLE.indexOf('\nscenario') + 1);
    const told = (steps: string): { code: string; word: string; related: string[] }[] => {
        const text = `${machine}scenario "s" on fast-reboot {\n${steps}\n}`;
        return scenarioFindings(runScenarioKernels(lower(text).scenarios[0]!)).filter((f) => f.severity === 'error')
            .map((f) => ({ code: f.code, word: text.slice(f.at.start, f.at.end), related: f.related.map((r) => text.slice(r.at.start, r.at.end)) }));
    };

    it('stand at the word at fault and lead to the line behind it', () => {
        const [finding] = told(`$ ndctl create-namespace --mode=devdax --map=mem -e namespace0.0 -f
$ daxctl reconfigure-device --mode=system-ram dax0.0
$ echo dax0.0 > /sys/bus/dax/drivers/kmem/unbind`);
        expect(finding).toMatchObject({ code: 'kmem/left-online', word: 'dax0.0' });
        expect(finding!.related).toContain('daxctl reconfigure-device --mode=system-ram dax0.0');
    });

    it('are gone where the failure is expected, and come back where another errno was', () => {
        const line = '$ echo online > /sys/devices/system/memory/memory40/state\n';
        expect(told(line).length).toBe(1);
        expect(told(`${line}expect fails EINVAL`)).toEqual([]);
        expect(told(`${line}expect fails EBUSY`).map((f) => f.code)).toContain('expect/unmet');
    });

    it('point at the first line that /proc/iomem does not have', () => {
        expect(told('expect iomem\n| 100000000-17fffffff : System RAM\n| 180000000-1ffffffff : something else')).toEqual([
            { code: 'expect/unmet', word: '| 180000000-1ffffffff : something else', related: [] },
        ]);
    });

    it('name the kernels where only some say it', () => {
        const text = `${machine}scenario "s" on fast-reboot {\nkernel 5.1, 6.1\n$ echo 0 > /sys/bus/dax/devices/dax0.0/size\n}`;
        const found = scenarioFindings(runScenarioKernels(lower(text).scenarios[0]!));
        expect(found.length).toBeGreaterThan(0);
    });
});

describe('names in lines', () => {
    it('lead to the line that made the thing, or took it away', () => {
        const r = run(EXAMPLE);
        const online = r.steps.findIndex((s) => s.step.line.text.startsWith('daxctl online'));
        const word = resolveName(r, online, r.steps[online]!.step.line.text.indexOf('dax0.0') + 2)!;
        expect(word).toMatchObject({ name: 'dax0.0', kind: 'dax device', step: 0 });
        expect(word.madeAt).toBe(r.steps[0]!.step.span);
        const raw = r.steps.length - 1;
        expect(resolveName(r, raw, r.steps[raw]!.step.line.text.indexOf('namespace0.0') + 1)).toMatchObject({ kind: 'namespace', step: -1 });
        expect(lastEvent(r, 'memory49', online + 1)).toMatchObject({ what: 'changed', step: online });
        expect(lastEvent(r, 'dax0.0', r.steps.length)).toMatchObject({ what: 'gone', step: raw });
    });
});
