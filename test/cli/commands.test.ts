import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { built, inScratch, memtopo, ROOT } from './run.ts';

beforeAll(built, 60_000);

const EXAMPLE = 'examples/fast-reboot.memtopo';

const PARTING = `platform shelf {
    hypervisor
    node 0 { cpus 0-1  memory at 0 size 2G  memory at 4G size 2G }
    soft-reserved hbm at 8G size 4G node 0
}

scenario "what becomes of the range" on shelf {
    $ modprobe kmem
}
`;

describe('golden outputs (vitest -u writes them; review the diff)', () => {
    it.each([
        ['simulate.txt', ['simulate', EXAMPLE]],
        ['simulate-step.txt', ['simulate', EXAMPLE, '--scenario', '1', '--step', '4', '--changes']],
        ['help.txt', ['help']],
    ])('%s', async (golden, args) => {
        const { stdout, status } = memtopo(args);
        expect(status).toBe(0);
        await expect(stdout).toMatchFileSnapshot(`golden/${golden}`);
    });
});

describe('simulate', () => {
    it('says of the example what the issue of the patch series says', () => {
        const { stdout } = memtopo(['simulate', EXAMPLE, '--scenario', 'one block']);
        expect(stdout).toContain('cannot be hotremoved until the next reboot');
        expect(stdout).toMatch(/^ {2}\+ {3}188000000-1ffffffff : dax0\.0$/m);
        expect(stdout).toMatch(/126 MiB .*KM-02/);
    });

    it('--json has the states of the recorded runs', () => {
        const document = JSON.parse(memtopo(['simulate', EXAMPLE, '--scenario', '1', '--json']).stdout);
        expect(document).toMatchObject({ schema: 1, kernel: '6.1', initial: { block_size: 128 * 2 ** 20 } });
        expect(document.steps).toHaveLength(8);
        expect(document.steps[3]).toMatchObject({ rc: 0, errno: [], changed: { memory_blocks: expect.arrayContaining([expect.objectContaining({ first: 49, last: 63, state: 'offline' })]) } });
        expect(document.steps[1]).toMatchObject({ run: 'modprobe kmem', rc: 0 });
        const one = JSON.parse(memtopo(['simulate', EXAMPLE, '--scenario', '1', '--step', '4', '--json']).stdout);
        expect(one.iomem).toContain('188000000-1ffffffff : dax0.0\n');
        expect(one.iomem).toBe(document.steps[3].changed.iomem);
    });

    it('runs under another release', () => {
        const { stdout } = memtopo(['simulate', EXAMPLE, '--scenario', '1', '--kernel', '5.7']);
        expect(stdout).toContain('Linux 5.7');
        expect(stdout).toMatch(/188000000-1ffffffff : System RAM$/m);
    });

    it('boots the platforms of a file without scenarios', () => inScratch((folder) => {
        writeFileSync(path.join(folder, 'alone.memtopo'), 'platform alone {\n    node 0 { cpus 0  memory at 0 size 2G }\n}\n');
        const { stdout, status } = memtopo(['simulate', 'alone.memtopo'], { cwd: folder });
        expect(status).toBe(0);
        expect(stdout).toContain('platform alone');
        expect(stdout).toMatch(/00100000-7fffffff : System RAM/);
    }));

    it('is quick with a machine of 64 TiB and 1 024 nodes', () => inScratch((folder) => {
        const nodes = Array.from({ length: 1024 }, (_, n) => `    node ${n} { cpus ${n}  memory at ${n === 0 ? '0' : `${n * 64}G`} size ${n === 0 ? '3G' : '64G'} }`).join('\n');
        writeFileSync(path.join(folder, 'huge.memtopo'), `platform huge {\n    kernel 6.1\n${nodes}\n}\n`);
        const begin = performance.now();
        const { status, stdout } = memtopo(['simulate', 'huge.memtopo'], { cwd: folder });
        expect(stdout).toContain('1024 nodes');
        expect(status).toBe(0);
        expect(performance.now() - begin).toBeLessThan(8000);
    }));
});

describe('check', () => {
    const bad = 'platform p {\n    node 0 { cpus 0  memory 0x2000-0x1000 }\n}\n';

    it('finds no error in the example, but tells what it loses', () => {
        const { status, stdout, stderr } = memtopo(['check', EXAMPLE]);
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
        expect(stdout).toMatch(/: warning\[kmem\/block-trim\]: 126 MiB of dax0\.0 .*\(KM-02\)$/m);
        expect(memtopo(['check', '--quiet', EXAMPLE]).stdout).toBe('1 file: nothing to tell\n');
    });

    it('shows the place, the code and the line', () => inScratch((cwd) => {
        writeFileSync(path.join(cwd, 'bad.memtopo'), bad);
        const { status, stdout } = memtopo(['check', 'bad.memtopo'], { cwd });
        expect(status).toBe(1);
        expect(stdout).toMatch(/^bad\.memtopo:2:\d+: error\[[\w/-]+\]: /m);
        expect(stdout).toMatch(/^2 \| {5}node 0 .*\n {2}\| +\^+$/m);
        expect(stdout).toMatch(/1 error/);
    }));

    it('--format json tells the same in fields', () => inScratch((cwd) => {
        writeFileSync(path.join(cwd, 'bad.memtopo'), bad);
        const { status, stdout } = memtopo(['check', '--format', 'json', 'bad.memtopo'], { cwd });
        expect(status).toBe(1);
        const { findings } = JSON.parse(stdout);
        expect(findings).toContainEqual(expect.objectContaining({ file: 'bad.memtopo', line: 2, severity: 'error', code: expect.stringMatching(/^[\w-]+\/[\w-]+$/) }));
    }));

    it('--format sarif is SARIF 2.1.0 with the same results', () => inScratch((cwd) => {
        writeFileSync(path.join(cwd, 'bad file.memtopo'), bad);
        const { stdout } = memtopo(['check', '--format', 'sarif', 'bad file.memtopo'], { cwd });
        const { version, $schema, runs } = JSON.parse(stdout);
        expect(version).toBe('2.1.0');
        expect($schema).toMatch(/sarif.*2\.1\.0/);
        expect(runs).toHaveLength(1);
        const [run] = runs;
        expect(run.tool.driver).toMatchObject({ name: 'memtopo', version: expect.stringMatching(/^\d/) });
        expect(run.results.length).toBeGreaterThan(0);
        for (const result of run.results) {
            expect(['error', 'warning', 'note', 'none']).toContain(result.level);
            expect(result.message.text.length).toBeGreaterThan(0);
            if (result.ruleIndex !== undefined) expect(run.tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
            const { artifactLocation, region } = result.locations[0].physicalLocation;
            expect(artifactLocation.uri).toBe('bad%20file.memtopo');
            for (const field of ['startLine', 'startColumn', 'endLine', 'endColumn']) expect(region[field]).toBeGreaterThanOrEqual(1);
            expect([region.endLine, region.endColumn] > [region.startLine, region.startColumn] || region.endLine > region.startLine || region.endColumn >= region.startColumn).toBe(true);
        }
    }));
});

describe('test', () => {
    it('passes the example and writes JUnit', () => inScratch((folder) => {
        const out = path.join(folder, 'junit.xml');
        const { status, stdout } = memtopo(['test', EXAMPLE, '--junit', out]);
        expect(status).toBe(0);
        expect(stdout).toMatch(/2 passed, 0 failed\n$/);
        expect(readFileSync(out, 'utf8')).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="memtopo" tests="2" failures="0">/);
    }));

    it('fails an expectation that is not met, with what was found', () => inScratch((cwd) => {
        writeFileSync(path.join(cwd, 'a<b.memtopo'), readFileSync(path.join(ROOT, EXAMPLE), 'utf8').replace('expect ram dax0.0 = 1920M', 'expect ram dax0.0 = 2G'));
        const { status, stdout } = memtopo(['test', 'a<b.memtopo'], { cwd });
        expect(status).toBe(1);
        expect(stdout).toContain('    a<b.memtopo:29:5: expect ram dax0.0 = 2G: it is 1920 MiB\n');
        expect(stdout).toMatch(/1 passed, 1 failed\n$/);
        const xml = memtopo(['test', 'a<b.memtopo', '--junit', '-'], { cwd }).stdout;
        expect(xml).toMatch(/<failure message="[^"<]+">[^<]+<\/failure>/);
        expect(xml).toContain('a&#60;b.memtopo');
    }));

    it('fails what is expected of the boot, and shows of /proc/iomem what differs', () => inScratch((cwd) => {
        const text = readFileSync(path.join(ROOT, EXAMPLE), 'utf8').replace('| 188000000-1ffffffff : dax0.0', '| 190000000-1ffffffff : dax0.0')
            .replace('scenario "one block stays online" on fast-reboot {\n', '$&    expect node 0 memory = 1G\n');
        writeFileSync(path.join(cwd, 'boot.memtopo'), text);
        const { status, stdout } = memtopo(['test', 'boot.memtopo'], { cwd });
        expect(status).toBe(1);
        expect(stdout).toMatch(/^ {4}boot\.memtopo:39:5: expect node 0 memory = 1G: it is \d+ KiB$/m);
        expect(memtopo(['simulate', 'boot.memtopo', '--scenario', '2'], { cwd }).stdout).toMatch(/^ {2}boot .*\n(?: {8}kernel: .*\n)* {8}✗ expect node 0 memory = 1G\n {10}found: it is /m);
        expect(stdout).toContain('expect iomem: /proc/iomem has\n      - 190000000-1ffffffff : dax0.0\n      + 188000000-1ffffffff : dax0.0\n          188000000-1ffffffff : System RAM (kmem)\n');
    }));
});

describe('compare', () => {
    it('finds agreement', () => {
        expect(memtopo(['compare', EXAMPLE, '--kernels', '6.1,6.2', '--scenario', '1'])).toMatchObject({ status: 0, stdout: expect.stringContaining('they agree') });
    });

    it('names the step, who stands where, and the rules that part them', () => inScratch((cwd) => {
        writeFileSync(path.join(cwd, 'shelf.memtopo'), PARTING);
        const { status, stdout } = memtopo(['compare', 'shelf.memtopo', '--kernels', '5.3,6.1', '--json'], { cwd });
        expect(status).toBe(1);
        const [document] = JSON.parse(stdout);
        expect(document.steps[0]).toMatchObject({ step: 0, run: 'boot', groups: [{ kernels: ['5.3'] }, { kernels: ['6.1'] }], subjects: expect.arrayContaining(['iomem']) });
        expect(memtopo(['compare', 'shelf.memtopo', '--kernels', '5.3,6.1'], { cwd }).stdout).toMatch(/^ {6}\+ .* : Soft Reserved$/m);
    }));
});

describe('fmt', () => {
    it('writes canonical form once and for all', () => inScratch((cwd) => {
        const file = path.join(cwd, 'x.memtopo');
        writeFileSync(file, 'platform x{\nnode 0 {cpus 0 memory at 0 size 2G}\n}');
        expect(memtopo(['fmt', '--check', 'x.memtopo'], { cwd })).toMatchObject({ status: 1, stdout: 'x.memtopo\n' });
        expect(memtopo(['fmt', 'x.memtopo'], { cwd })).toMatchObject({ status: 0, stdout: 'x.memtopo\n' });
        const once = readFileSync(file, 'utf8');
        expect(memtopo(['fmt', 'x.memtopo'], { cwd })).toMatchObject({ status: 0, stdout: '' });
        expect(memtopo(['fmt', '--check', 'x.memtopo'], { cwd }).status).toBe(0);
        expect(memtopo(['fmt', '-'], { input: once }).stdout).toBe(once);
    }));

    it('finds the example in canonical form', () => {
        expect(memtopo(['fmt', '--check', EXAMPLE])).toMatchObject({ status: 0, stdout: '' });
    });
});

describe('explain', () => {
    it('explains every rule, and what rests on it', () => {
        const rules = memtopo(['explain', '--rules']).stdout.trimEnd().split('\n');
        expect(rules.length).toBeGreaterThan(200);
        const [id, ...words] = rules.find((l) => l.startsWith('KM-02'))!.split(/\s+/);
        const { status, stdout } = memtopo(['explain', 'km-02'], { env: { COLUMNS: '400' } });
        expect(status).toBe(0);
        expect(stdout).toContain(`${id}\n\n${words.join(' ')}.`);
        expect(stdout).toContain('kmem/off-block');
    });
    it('explains every code there is', () => {
        const codes = memtopo(['explain', '--list']).stdout.trimEnd().split('\n').map((l) => l.split(' ')[0]!);
        expect(codes.length).toBeGreaterThan(5);
        const { status, stdout } = memtopo(['explain', codes[0]!]);
        expect(status).toBe(0);
        expect(stdout.startsWith(`${codes[0]} · `)).toBe(true);
    });
});

describe('replay', () => {
    it('prints a prediction for a recorded input', () => inScratch((cwd) => {
        const input = {
            schema: 1, name: 'one', title: '', kernel: { release: '6.1.0', version: '6.1', arch: 'x86_64' }, cmdline: '', firmware: 'seabios', hypervisor: true, cpus: 1, qemu: [],
            modules: [], e820: ['BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable', 'BIOS-e820: [mem 0x0000000000100000-0x000000003fffffff] usable'], srat: [],
            steps: [{ id: 'a', kind: 'provision', run: 'echo offline > /sys/devices/system/memory/memory0/state' }],
        };
        writeFileSync(path.join(cwd, 'one.input.json'), JSON.stringify(input));
        const { status, stdout } = memtopo(['replay', 'one.input.json', '--json'], { cwd });
        expect(status).toBe(0);
        const prediction = JSON.parse(stdout);
        expect(prediction.initial.iomem).toContain('00100000-3fffffff : System RAM\n');
        // Block 0 holds two zones: it can never go offline (OFF-01)
        expect(prediction.steps[0]).toMatchObject({ id: 'a', rc: 1, errno: ['EINVAL'] });
    }));
});
