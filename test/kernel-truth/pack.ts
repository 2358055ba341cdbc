// Packs the published recordings into cases/SET.jsonl.gz: `node test/kernel-truth/pack.ts`. Same input, same bytes.
// Set MEMTOPO_SHARED to the folder that holds kernel-truth/ when it is not beside the repository.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { constants, gzipSync } from 'node:zlib';
import { loadPublished, packedFile, SETS } from './cases.ts';

for (const set of SETS) {
    const cases = loadPublished(set);
    const text = `${cases.map((c) => JSON.stringify(c)).join('\n')}\n`;
    const bytes = gzipSync(text, { level: constants.Z_BEST_COMPRESSION });
    // Byte 9 of the header names the operating system; fixed, so that every system packs the same bytes.
    bytes[9] = 255;
    mkdirSync(dirname(packedFile(set)), { recursive: true });
    writeFileSync(packedFile(set), bytes);
    process.stdout.write(`${set}: ${cases.length} cases, ${text.length} bytes, packed ${bytes.length}\n`);
}
