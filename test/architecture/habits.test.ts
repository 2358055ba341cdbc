// Habits of the house that no linter knows, over all tracked files.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, ROOT } from './imports.ts';

function tracked(): string[] {
    try {
        return execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\0').filter(Boolean);
    } catch {
        return []; // an archive without its history
    }
}

const files = tracked().filter((f) => existsSync(path.join(ROOT, f)) && statSync(path.join(ROOT, f)).isFile());
const text = (file: string): string | undefined => {
    const bytes = readFileSync(path.join(ROOT, file));
    return bytes.includes(0) ? undefined : bytes.toString('utf8');
};

describe('tracked files', () => {
    it.skipIf(files.length === 0)('name no place of the machine they were written on', () => {
        // Paths that exist on any Linux are facts; home directories and build places are not.
        const places = /(?<![\w.])\/(?:home|root|Users|work|workspace|builds|mnt|srv)\/[\w.-]+/g;
        const wrong = files.filter((f) => f !== 'package-lock.json' && f !== 'test/architecture/habits.test.ts').flatMap((f) => {
            const found = text(f)?.match(places) ?? [];
            return found.filter((p) => !/^\/(?:mnt|srv|home)\/(?:pmem|dax|user|you|me)\b/.test(p) && !/^\/mnt\/\w+$/.test(p)).map((p) => `${f}: ${p}`);
        });
        expect(wrong).toEqual([]);
    });

    it.skipIf(files.length === 0)('hold no build products', () => {
        expect(files.filter((f) => /^(?:dist|out)\/|\.vsix$|(?:^|\/)node_modules\//.test(f))).toEqual([]);
    });
});

describe('sources', () => {
    const sources = [...filesBelow('server/src'), ...filesBelow('client/src')].filter((f) => !f.includes('/generated/'));

    it('have one subject each: hand-written files stay below 600 lines', () => {
        const long = sources.map((f) => ({ f, lines: text(f)!.split('\n').length })).filter(({ lines }) => lines > 600).map(({ f, lines }) => `${f}: ${lines}`);
        expect(long).toEqual([]);
    });

    it('export nothing by default and write no `any`', () => {
        const wrong = sources.filter((f) => /^export default\b/m.test(text(f)!) || /(?::|<|as)\s*any\b(?!\w)/.test(text(f)!.replace(/\/\/.*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, '')));
        expect(wrong).toEqual([]);
    });

    it('say at the top what they are for', () => {
        const silent = sources.filter((f) => !/^(?:#!.*\n)?\s*(?:\/\/|\/\*)/.test(text(f)!));
        expect(silent).toEqual([]);
    });

    it('know no kernel release by number: differences are facts of a profile', () => {
        const wrong = filesBelow('server/src/kernel').filter((f) => !f.endsWith('/profile.ts')).flatMap((f) => {
            const code = text(f)!.replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '');
            return [...code.matchAll(/(?:compareVersions|parseVersion|\.version\b\.(?:major|minor))/g)].map((m) => `${f}: ${m[0]}`);
        });
        expect(wrong).toEqual([]);
    });
});
