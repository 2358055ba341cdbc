// V8's code cache for one file, where Node has none of its own (before 22): the functions that a start needed are kept compiled in the
// user's cache folder. V8 itself refuses what another version of it has written; the stamp refuses what belongs to another file.
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import vm from 'node:vm';

/** Bytes before the cached data: time of change and size of the source, two doubles. */
const STAMP = 16;

export interface Loaded {
    readonly exports: unknown;
    /** Keeps what has been compiled until now for the next start. Without effect where that is known already or nothing can be written. */
    keep(): void;
}

/** Loads a CommonJS file as `require` does. */
export function loadCached(file: string): Loaded {
    const { mtimeMs, size } = statSync(file);
    const stamp = Buffer.alloc(STAMP);
    stamp.writeDoubleLE(mtimeMs, 0);
    stamp.writeDoubleLE(size, 8);
    const kept = cacheFile(file);
    const cachedData = read(kept, stamp);
    const script = new vm.Script(`(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'utf8')}\n})`, { filename: file, ...(cachedData ? { cachedData } : {}) });
    const module = { exports: {} as unknown };
    (script.runInThisContext() as (...given: unknown[]) => void)(module.exports, createRequire(file), module, file, path.dirname(file));
    const known = cachedData !== undefined && script.cachedDataRejected !== true;
    return { exports: module.exports, keep: () => (known ? undefined : write(kept, Buffer.concat([stamp, script.createCachedData()]))) };
}

/** One file for each Node and each place that a server is installed in: a newer server there takes the older one's. */
function cacheFile(file: string): string {
    const base = process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache');
    return path.join(base, 'memtopo', `${process.version}-${process.arch}-${file.replace(/\W+/g, '-').slice(-100)}`);
}

function read(kept: string, stamp: Buffer): Buffer | undefined {
    try {
        const data = readFileSync(kept);
        return data.subarray(0, STAMP).equals(stamp) ? data.subarray(STAMP) : undefined;
    } catch {
        return undefined;
    }
}

function write(kept: string, data: Buffer): void {
    try {
        mkdirSync(path.dirname(kept), { recursive: true });
        const beside = `${kept}.${process.pid}`;
        writeFileSync(beside, data, { mode: 0o600 });
        renameSync(beside, kept); // a server that starts meanwhile reads the old one or the new one
    } catch {
        // a folder that cannot be written: slower, not broken
    }
}
