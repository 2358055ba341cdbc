// The recorded runs: packed copies in this folder (cases/SET.jsonl.gz, written by pack.ts), one case a line.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { RecordedInput } from '../../server/src/formats/recording.ts';
import type { RunDocument } from '../../server/src/formats/compare.ts';

/** Sets of recordings, one for each kernel. */
export const SETS: readonly string[] = ['6.1', '5.10', '6.12', '6.12-auto-online', '7.2'];

export interface RecordedCase {
    readonly name: string;
    readonly input: RecordedInput;
    readonly truth: RunDocument;
}

const HERE = dirname(fileURLToPath(import.meta.url));

/** Folder with the recordings as they were published; absent on most machines. */
export function sharedRecordings(): string {
    return join(process.env['MEMTOPO_SHARED'] ?? join(HERE, '../../../shared'), 'kernel-truth');
}

const byName = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

/** Reads the published files of a set. */
export function loadPublished(set: string): RecordedCase[] {
    const folder = join(sharedRecordings(), set);
    const names = readdirSync(folder).filter((f) => f.endsWith('.input.json')).map((f) => f.slice(0, -'.input.json'.length)).sort(byName);
    const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));
    return names.map((name) => ({ name, input: read(`${name}.input.json`) as RecordedInput, truth: read(`${name}.truth.json`) as RunDocument }));
}

/** File of a packed set. */
export function packedFile(set: string): string {
    return join(HERE, 'cases', `${set}.jsonl.gz`);
}

/** The cases of a set, in order of their names. */
export function loadSet(set: string): RecordedCase[] {
    const file = packedFile(set);
    return existsSync(file) ? unpack(file) : loadPublished(set);
}

/** Runs that we recorded ourselves; they are in no published set and in no score. */
export function loadOwn(): RecordedCase[] {
    return unpack(packedFile('own'));
}

function unpack(file: string): RecordedCase[] {
    return gunzipSync(readFileSync(file)).toString('utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line) as RecordedCase);
}
