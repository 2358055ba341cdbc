import { beforeAll, describe, expect, it } from 'vitest';
import { built, memtopo } from './run.ts';

beforeAll(built, 60_000);

describe('memtopo', () => {
    it('explains itself without arguments, as an error, and on request, as an answer', () => {
        const bare = memtopo([]);
        const asked = memtopo(['help']);
        expect(bare).toMatchObject({ status: 2, stdout: '' });
        expect(asked).toMatchObject({ status: 0, stderr: '' });
        expect(bare.stderr).toBe(asked.stdout);
        for (const name of ['check', 'simulate', 'test', 'compare', 'fmt', 'explain', 'replay']) expect(asked.stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    });

    it('has a page for each command, by either spelling', () => {
        for (const name of ['check', 'simulate', 'test', 'compare', 'fmt', 'explain', 'replay']) {
            const page = memtopo(['help', name]);
            expect(page.status).toBe(0);
            expect(page.stdout).toContain(`usage: memtopo ${name}`);
            expect(page.stdout).toContain('Exit status');
            expect(memtopo([name, '--help']).stdout).toBe(page.stdout);
        }
    });

    it('prints its version', () => {
        expect(memtopo(['--version'])).toMatchObject({ status: 0, stdout: expect.stringMatching(/^memtopo \d+\.\d+\.\d+\n$/) });
    });

    it.each([
        [['chekc'], "no command 'chekc'; did you mean check?"],
        [['frobnicate-everything'], 'memtopo help names them all'],
        [['check'], 'no files given'],
        [['check', '--formt', 'json', 'x'], "unknown option '--formt'"],
        [['check', '--format', 'yaml', 'x'], "--format is one of text, json, sarif, not 'yaml'"],
        [['check', '--kernel', 'six', 'x'], "'six' is no kernel version"],
        [['check', '--kernel', '4.19', 'x'], "'4.19' is no kernel version"],
        [['simulate'], 'no file given'],
        [['simulate', 'a', 'b'], 'one file at a time'],
        [['simulate', 'examples/fast-reboot.memtopo', '--step', '-1'], 'step'],
        [['simulate', 'examples/fast-reboot.memtopo', '--step', '99', '--scenario', '1'], 'there is no step 99'],
        [['simulate', 'examples/fast-reboot.memtopo', '--scenario', '7'], 'there is no number 7'],
        [['simulate', 'examples/fast-reboot.memtopo', '--scenario', 'nothing like it'], "no scenario 'nothing like it'"],
        [['compare', 'examples/fast-reboot.memtopo'], '--kernels takes two releases'],
        [['explain', 'no/such-code'], "no diagnostic 'no/such-code'"],
        [['check', 'no-such-file.memtopo'], 'there is no such file'],
        [['check', 'examples'], 'is a folder'],
        [['replay', 'no-such.json'], 'no-such.json'],
    ])('%j is refused with status 2 and a reason', (args, reason) => {
        const { status, stderr } = memtopo(args);
        expect(stderr).toContain(reason);
        expect(stderr).not.toMatch(/\bat .*\.(?:ts|cjs):\d+/);
        expect(status).toBe(2);
    });

    it('colours for a terminal that asks for it, and never under NO_COLOR', () => {
        const args = ['simulate', 'examples/fast-reboot.memtopo', '--scenario', '1', '--step', '1'];
        const forced = memtopo(args, { env: { FORCE_COLOR: '1' } }).stdout;
        const plain = memtopo(args).stdout;
        expect(forced).toContain('\x1b[');
        expect(plain).not.toContain('\x1b[');
        expect(forced.replace(/\x1b\[[\d;]*m/g, '')).toBe(plain);
        expect(memtopo(args, { env: { FORCE_COLOR: '1', NO_COLOR: '1' } }).stdout).toBe(plain);
    });
});
