// Unpacks a VSIX (a ZIP archive) with nothing but Node: the machine may have no unzip.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';

/** Throws where `archive` is no ZIP, or a name in it leads outside `folder`. */
export function unzip(archive, folder) {
    const bytes = readFileSync(archive);
    let end = bytes.length - 22;                                    // end of central directory: its comment is usually empty
    while (end >= 0 && bytes.readUInt32LE(end) !== 0x06054b50) end--;
    if (end < 0) throw new Error(`${archive} is no ZIP archive`);
    let entry = bytes.readUInt32LE(end + 16);
    for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
        const method = bytes.readUInt16LE(entry + 10), packed = bytes.readUInt32LE(entry + 20);
        const nameLength = bytes.readUInt16LE(entry + 28), extraLength = bytes.readUInt16LE(entry + 30), commentLength = bytes.readUInt16LE(entry + 32);
        const local = bytes.readUInt32LE(entry + 42);
        const name = bytes.toString('utf8', entry + 46, entry + 46 + nameLength);
        const target = path.resolve(folder, name);
        if (!target.startsWith(path.resolve(folder) + path.sep)) throw new Error(`${name} leads outside`);
        if (!name.endsWith('/')) {
            const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
            const data = bytes.subarray(start, start + packed);
            mkdirSync(path.dirname(target), { recursive: true });
            writeFileSync(target, method === 8 ? inflateRawSync(data) : data);
        }
        entry += 46 + nameLength + extraLength + commentLength;
    }
}
