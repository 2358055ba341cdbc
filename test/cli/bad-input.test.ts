// Whatever a file holds, the answer is a message at a place, an exit status of 0 or 1, and soon.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { built, inScratch, memtopo } from './run.ts';

beforeAll(built, 60_000);

const SOUND = 'platform sound {\n    node 0 { cpus 0  memory at 0 size 2G }\n}\n';
const junk = (length: number): Buffer => {
    // Reproducible noise: the same bytes in every run
    let x = 0x2545f491;
    return Buffer.from(Array.from({ length }, () => {
        x ^= x << 13;
        x ^= x >>> 17;
        x ^= x << 5;
        return x & 0xff;
    }));
};

/** name → content, and whether there must be an error. */
const FILES: readonly (readonly [string, string | Buffer, 'error' | 'any'])[] = [
    ['binary junk', junk(65_536), 'error'],
    ['null bytes', Buffer.alloc(4096), 'error'],
    ['half a surrogate pair and a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(SOUND), Buffer.from([0xed, 0xa0, 0x80])]), 'any'],
    ['an unterminated string', `${SOUND}platform b {\n    cmdline "memmap=2G!6G\n}\n`, 'error'],
    ['an unterminated comment', `${SOUND}/* no end\nplatform b {`, 'error'],
    ['a missing brace', `platform b {\n    node 0 { cpus 0\n${SOUND}`, 'error'],
    ['an end below its start', 'platform b {\n    node 0 { cpus 0  memory 0x2000-0x1000 }\n}\n', 'error'],
    ['a number past 2^64', 'platform b {\n    node 0 { cpus 0  memory at 0x1ffffffffffffffffffff size 99999999999999999999P }\n}\n', 'error'],
    ['an unknown command', `${SOUND}scenario "s" on sound {\n    $ frobnicate --all /dev/null | grep x > $(y)\n}\n`, 'any'],
    ['an unknown platform', 'scenario "s" on nowhere {\n    $ reboot\n}\n', 'error'],
    ['a platform that extends itself', 'platform a extends a {\n}\n', 'error'],
    ['platforms that extend each other', 'platform a extends b {\n}\nplatform b extends a {\n}\n', 'error'],
    ['a missing import', `import "not-there.memtopo"\n${SOUND}`, 'error'],
    ['an import of a folder', `import "folder"\n${SOUND}`, 'error'],
    ['an import of the file itself', `import "input.memtopo"\n${SOUND}`, 'any'],
    ['10 000 nested braces', `platform d ${'{'.repeat(10_000)}`, 'error'],
    ['10 000 nodes', `platform n {\n${Array.from({ length: 10_000 }, (_, i) => `    node ${i} { cpus ${i} }`).join('\n')}\n}\n`, 'any'],
    ['one line of 200 000 characters', `platform l { cmdline "${'x'.repeat(200_000)}" }`, 'any'],
];

describe('check and simulate of', () => {
    it.each(FILES)('%s', (_, content, expected) => inScratch((cwd) => {
        mkdirSync(path.join(cwd, 'folder'));
        writeFileSync(path.join(cwd, 'input.memtopo'), content);
        const check = memtopo(['check', 'input.memtopo'], { cwd });
        expect(check.stderr).toBe('');
        if (expected === 'error') expect(check.stdout).toMatch(/^input\.memtopo:\d+:\d+: error\[[\w-]+\/[\w-]+\]: \S/m);
        expect(check.status).toBe(expected === 'error' ? 1 : check.stdout.includes(': error[') ? 1 : 0);
        const simulate = memtopo(['simulate', 'input.memtopo'], { cwd });
        expect(simulate.stderr).toBe('');
        expect(simulate.status).toBeLessThanOrEqual(1);
    }), 45_000);

    it('an empty file: nothing to tell, nothing to simulate', () => inScratch((cwd) => {
        writeFileSync(path.join(cwd, 'input.memtopo'), '');
        expect(memtopo(['check', 'input.memtopo'], { cwd })).toMatchObject({ status: 0, stderr: '' });
        expect(memtopo(['simulate', 'input.memtopo'], { cwd })).toMatchObject({ status: 0, stdout: expect.stringContaining('nothing to simulate') });
    }));

    it('imports in a circle', () => inScratch((cwd) => {
        writeFileSync(path.join(cwd, 'a.memtopo'), `import "b.memtopo"\n${SOUND}`);
        writeFileSync(path.join(cwd, 'b.memtopo'), 'import "a.memtopo"\nplatform other extends sound {\n}\n');
        const { status, stderr, stdout } = memtopo(['check', 'a.memtopo', 'b.memtopo'], { cwd });
        expect(stderr).toBe('');
        expect(status).toBe(1);
        expect(stdout).toMatch(/^a\.memtopo:1:8: error\[language\/import-cycle\]/m);
        expect(stdout).toMatch(/^b\.memtopo:1:8: error\[language\/import-cycle\]/m);
    }));

    it('5 MB of text', () => inScratch((cwd) => {
        const one = (i: number): string => SOUND.replace('sound', `sound-${i}`);
        let text = '';
        for (let i = 0; text.length < 5e6; i++) text += one(i);
        writeFileSync(path.join(cwd, 'large.memtopo'), `${text}platform broken {\n`);
        const { status, stdout, stderr } = memtopo(['check', 'large.memtopo'], { cwd, timeout: 110_000 });
        expect(stderr).toBe('');
        expect(status).toBe(1);
        expect(stdout).toMatch(/^large\.memtopo:\d+:\d+: error\[/m);
    }), 120_000);

    it('the sound parts of a broken file are simulated all the same', () => inScratch((cwd) => {
        writeFileSync(path.join(cwd, 'half.memtopo'), `platform broken {\n    node 0 { cpus\n}\n\n${SOUND}`);
        const { status, stdout } = memtopo(['simulate', 'half.memtopo'], { cwd });
        expect(status).toBe(1);
        expect(stdout).toContain('platform sound');
        expect(stdout).toMatch(/00100000-7fffffff : System RAM/);
    }));

    it('a recording that is none', () => inScratch((cwd) => {
        writeFileSync(path.join(cwd, 'x.json'), junk(1000));
        expect(memtopo(['replay', 'x.json'], { cwd })).toMatchObject({ status: 2, stderr: expect.stringContaining('x.json') });
        writeFileSync(path.join(cwd, 'y.json'), '{"schema":1}');
        expect(memtopo(['replay', 'y.json'], { cwd }).status).toBe(2);
    }));
});
