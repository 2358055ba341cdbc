// The server in a node process: files are read from disk, documentation lies beside the bundle.
import { existsSync, readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { serve } from './connection.ts';

/** Larger imports than this are a mistake, not a topology. */
const LARGEST_FILE = 16 * 1024 * 1024;

/** Starts the server. `idle` is called once, after the first diagnostics are out. */
export function nodeServer(idle: () => void = () => undefined): void {
    // without one of the transports' arguments: stdio, which is what a person who types the command means
    const chosen = process.argv.some((a) => /^--(?:stdio|node-ipc|socket|pipe)\b/.test(a));
    if (!chosen) process.argv.push('--stdio');
    const connection = createConnection(ProposedFeatures.all);
    const root = path.dirname(typeof __dirname === 'string' ? __dirname : path.dirname(process.argv[1] ?? '.'));
    const docs = path.join(root, 'docs', 'diagnostics.md');
    serve(connection, {
        idle,
        version: ownVersion(root),
        ...(existsSync(docs) ? { docs: pathToFileURL(docs).toString() } : {}),
        read: async (uri) => {
            if (!uri.startsWith('file:')) return undefined;
            const file = fileURLToPath(uri);
            const found = await stat(file);
            return found.isFile() && found.size <= LARGEST_FILE ? readFile(file, 'utf8') : undefined;
        },
    });
}

function ownVersion(root: string): string {
    try {
        const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version?: unknown };
        return typeof manifest.version === 'string' ? manifest.version : 'unknown';
    } catch {
        return 'unknown';
    }
}
