// The code cache for a Node without its own: the same exports with it, without it, with another file's and where nothing can be written.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadCached } from '../../../server/src/code-cache.ts';

let folder: string;
let file: string;
const kept = (): string[] => (existsSync(path.join(folder, 'cache/memtopo')) ? readdirSync(path.join(folder, 'cache/memtopo')) : []);
const source = (name: string): void => writeFileSync(file, `const path = require('node:path'); exports.say = () => path.basename(__filename) + ' → ${name}';`);
const say = (): string => (loadCached(file).exports as { say(): string }).say();

beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'memtopo-cache-'));
    file = path.join(folder, 'server.cjs');
    vi.stubEnv('XDG_CACHE_HOME', path.join(folder, 'cache'));
    source('one');
});
afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
});

describe('the code cache', () => {
    it('is written once and changes nothing', () => {
        const first = loadCached(file);
        expect((first.exports as { say(): string }).say()).toBe('server.cjs → one');
        first.keep();
        expect(kept()).toHaveLength(1);
        expect(say()).toBe('server.cjs → one');
    });

    it('of another file of that name and size is not used, but replaced', () => {
        loadCached(file).keep();
        source('two');
        utimesSync(file, new Date(), new Date(Date.now() + 5000));
        const second = loadCached(file);
        expect((second.exports as { say(): string }).say()).toBe('server.cjs → two');
        second.keep();
        expect(kept()).toHaveLength(1);
        expect(say()).toBe('server.cjs → two');
    });

    it('that is no code is refused', () => {
        loadCached(file).keep();
        const cache = path.join(folder, 'cache/memtopo', kept()[0]!);
        for (const junk of ['', 'junk', 'x'.repeat(5000)]) {
            writeFileSync(cache, junk);
            expect(say()).toBe('server.cjs → one');
        }
    });

    it('may be impossible', () => {
        writeFileSync(path.join(folder, 'cache'), 'a file where the folder should be');
        const { exports, keep } = loadCached(file);
        keep();
        expect((exports as { say(): string }).say()).toBe('server.cjs → one');
        rmSync(path.join(folder, 'cache'));
        mkdirSync(path.join(folder, 'cache'));
        chmodSync(path.join(folder, 'cache'), 0o500);
        loadCached(file).keep();
        expect(say()).toBe('server.cjs → one');
        chmodSync(path.join(folder, 'cache'), 0o700);
    });
});
