// Runs the built command line as a user does: another process, its own working folder, no terminal.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

export const ROOT = path.resolve(import.meta.dirname, '../..');
const BUNDLE = path.join(ROOT, 'dist/memtopo.cjs');

export interface Ran {
    readonly status: number | null;
    readonly stdout: string;
    readonly stderr: string;
}

export interface RunOptions {
    readonly cwd?: string;
    readonly input?: string;
    readonly env?: Readonly<Record<string, string>>;
    /** Milliseconds after which it counts as hung. */
    readonly timeout?: number;
}

/** `memtopo ARGS`. Without a terminal, so without colour unless `env` forces it. */
export function memtopo(args: readonly string[], options: RunOptions = {}): Ran {
    const env = { ...process.env, NO_COLOR: '', FORCE_COLOR: '', COLUMNS: '100', ...options.env };
    const { status, stdout, stderr, error } = spawnSync(process.execPath, [BUNDLE, ...args], {
        cwd: options.cwd ?? ROOT, encoding: 'utf8', env, input: options.input ?? '', timeout: options.timeout ?? 90_000, maxBuffer: 256 << 20,
    });
    if (error) throw error;
    return { status, stdout, stderr };
}

/** Builds the bundle unless it is newer than every source. Call before the tests of a file. */
export function built(): void {
    const newest = Math.max(...readdirSync(path.join(ROOT, 'server/src'), { recursive: true, encoding: 'utf8' }).map((f) => statSync(path.join(ROOT, 'server/src', f)).mtimeMs));
    if (existsSync(BUNDLE) && statSync(BUNDLE).mtimeMs > newest) return;
    const { status, stderr } = spawnSync(process.execPath, [path.join(ROOT, 'scripts/build.mjs'), '--only', 'memtopo.cjs'], { cwd: ROOT, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
}

/** A folder that is gone after `use`. */
export function inScratch<T>(use: (folder: string) => T): T {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'memtopo-cli-'));
    try {
        return use(folder);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}
