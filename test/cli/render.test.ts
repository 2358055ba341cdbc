import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { built, inScratch, memtopo } from './run.ts';

beforeAll(built, 60_000);

const EXAMPLE = 'examples/odd-dimm.memtopo';

describe('memtopo render', () => {
    it('draws the golden picture, twice the same', () => {
        const args = ['render', EXAMPLE];
        const { status, stdout } = memtopo(args);
        expect(status).toBe(0);
        expect(stdout).toBe(readFileSync(new URL('../golden/svg/odd-dimm-light-1400.svg', import.meta.url), 'utf8'));
        expect(memtopo(args, { env: { TZ: 'Asia/Tokyo', LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8' } }).stdout).toBe(stdout);
    });

    it.each([['svg', '<svg '], ['html', '<!DOCTYPE html>'], ['md', '## '], ['txt', 'scenario “refused”']])('writes %s', (format, start) => {
        const { status, stdout } = memtopo(['render', EXAMPLE, '--format', format]);
        expect(status).toBe(0);
        expect(stdout.startsWith(start)).toBe(true);
    });

    it('draws the step that is asked for', () => {
        const boot = memtopo(['render', EXAMPLE, '--scenario', '2', '--step', '0', '--format', 'txt']).stdout;
        const step = memtopo(['render', EXAMPLE, '--scenario', '2', '--step', '1', '--format', 'txt']).stdout;
        expect(boot).toContain('after the boot');
        expect(step).toContain('after step 1: echo online');
        expect(step).toContain('memory33 online');
    });

    it('writes the picture of a Markdown file beside it', () => inScratch((folder) => {
        const out = path.join(folder, 'a b.md');
        expect(memtopo(['render', EXAMPLE, '--format', 'md', '--scenario', '1', '-o', out]).status).toBe(0);
        expect(readFileSync(out, 'utf8')).toContain('](a%20b.svg)');
        expect(existsSync(path.join(folder, 'a b.svg'))).toBe(true);
    }));

    it.each([
        [['render'], 'no file given'],
        [['render', EXAMPLE, '--format', 'png'], '--format is one of svg, html, md, txt'],
        [['render', EXAMPLE, '--theme', 'solarized'], '--theme is one of light, dark, high-contrast'],
        [['render', EXAMPLE, '--width', '10'], '--width takes 320 to 8000 pixels'],
        [['render', EXAMPLE, '--step', '99'], 'there is no step 99'],
        [['render', 'no-such.memtopo'], 'there is no such file'],
        [['render', EXAMPLE, '-o', '/no/such/folder/a.svg'], 'cannot be written'],
    ])('%j is refused with status 2 and a reason', (args, reason) => {
        const { status, stderr } = memtopo(args);
        expect(stderr).toContain(reason);
        expect(status).toBe(2);
    });
});
