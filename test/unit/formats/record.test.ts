import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSet } from '../../kernel-truth/cases.ts';
import { BOOT_SUBJECTS, expand, linesOf, type Json } from '../../../server/src/formats/compare.ts';
import { machineOf } from '../../../server/src/formats/recording.ts';
import { parseSections, recordedMachine, recordedState, type Sections } from '../../../server/src/formats/record.ts';
import { recordScript } from '../../../server/src/formats/record-script.ts';

// The same machines, collected by the record script's functions, as those of the recorded runs: both must read alike.
const folder = join(import.meta.dirname, '../../fixtures/records');
const record = (name: string): Sections => parseSections(readFileSync(join(folder, `${name}.record`), 'latin1'));
const runs = new Map(loadSet('6.1').map((c) => [c.name, c]));

describe.each([['seed-left-online', 4], ['boot-hmat-cache', 0], ['nvdimm-sizes', 6]] as const)('the record of %s after %i steps', (name, steps) => {
    const truth = runs.get(name)!.truth;
    const state: Json = steps === 0 ? truth.initial : expand(truth)[steps - 1]!.state;

    it.each(BOOT_SUBJECTS)('has the same %s as the recorded run', (subject) => {
        expect(linesOf(subject, recordedState(record(name)))).toEqual(linesOf(subject, state));
    });

    it('describes the same machine', () => {
        const { machine, problems } = recordedMachine(record(name));
        const expected = machineOf(runs.get(name)!.input);
        expect(problems).toEqual([]);
        expect(machine.e820).toEqual(expected.e820);
        expect(machine.srat).toEqual(expected.srat);
        expect(machine.kernel).toBe(expected.kernel);
        expect(machine.hypervisor).toBe(true);
        expect(machine.nfit.map((n) => [n.start, n.end])).toEqual(expected.nfit.map((n) => [n.start, n.end]));
        expect(machine.hmat?.caches).toEqual(expected.hmat?.caches);
        expect(machine.hmat?.values.filter((v) => v.value > 0)).toEqual(expected.hmat?.values.filter((v) => v.value > 0));
    });
});

describe('damaged records', () => {
    it('drops what stands before the first section and keeps the rest', () => {
        const sections = parseSections('boot noise\r\n@@ kernel\r\n6.1.0-56-amd64\r\n@@ end\r\n');
        expect([...sections.keys()]).toEqual(['kernel', 'end']);
        expect(sections.get('kernel')).toBe('6.1.0-56-amd64');
    });

    it('says what is missing', () => {
        expect(recordedMachine(parseSections('@@ cmdline\nquiet\n')).problems).toEqual([
            'no firmware memory map: neither the kernel log nor /sys/firmware/memmap has it', 'the record does not say which kernel ran',
        ]);
    });

    it('places a broken ACPI table', () => {
        const { problems } = recordedMachine(parseSections('@@ kernel\n6.1.0-9-amd64\n@@ acpi SRAT\nAAAA\n@@ end\n'));
        expect(problems.join('\n')).toContain('SRAT at byte 0');
    });
});

describe('the script', () => {
    it('is POSIX shell that dash and busybox accept, and writes nothing', () => {
        execFileSync('sh', ['-n'], { input: recordScript() });
        expect(recordScript()).not.toMatch(/(?:^|\s)(?:rm|mv|cp|tee|modprobe|insmod|dd)\s/m);
        const code = recordScript().split('\n').filter((l) => !l.startsWith('#')).join('\n').replaceAll(/\d?>(?:&\d|\s*\/dev\/null)/g, '');
        expect(code).not.toContain('>');
    });

    it('runs here and prints sections, whoever runs it', () => {
        const out = execFileSync('sh', { input: recordScript(), encoding: 'latin1', stdio: ['pipe', 'pipe', 'ignore'] });
        const sections = parseSections(out);
        expect(sections.has('memtopo-record 1')).toBe(true);
        expect(sections.get('iomem')).toMatch(/ : /);
        expect(sections.get('kernel')?.split('\n').length).toBeGreaterThan(2);
    });
});
