// The server in a node process: files are read from disk, documentation lies beside the bundle.
import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
    IPCMessageReader, IPCMessageWriter, type MessageReader, type MessageWriter, SocketMessageReader, SocketMessageWriter, StreamMessageReader, StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import { serve } from './connection.ts';
import { createWire } from './wire.ts';

/** Larger imports than this are a mistake, not a topology. */
const LARGEST_FILE = 16 * 1024 * 1024;

/** Starts the server. `idle` is called once, after the first diagnostics are out. */
export function nodeServer(idle: () => void = () => undefined): void {
    const connection = createWire(...transport(process.argv.slice(2)), { exit: (code) => process.exit(code), watch: watchClient });
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
        list: async (folder) => (folder.startsWith('file:') ? (await filesBelow(fileURLToPath(folder))).map((f) => pathToFileURL(f).toString()) : []),
    });
}

/** The way to the client that the arguments name. Without any: stdio, which is what a person who types the command means. */
function transport(args: readonly string[]): readonly [MessageReader, MessageWriter] {
    if (args.includes('--node-ipc')) return [new IPCMessageReader(process), new IPCMessageWriter(process)];
    const value = (name: string): string | undefined => {
        const at = args.findIndex((a) => a === name || a.startsWith(`${name}=`));
        return at < 0 ? undefined : args[at] === name ? args[at + 1] : args[at]!.slice(name.length + 1);
    };
    const socket = value('--socket');
    const pipe = value('--pipe');
    if (socket !== undefined || pipe !== undefined) {
        const stream = socket !== undefined ? connect(Number(socket), '127.0.0.1') : connect(pipe!);
        return [new SocketMessageReader(stream), new SocketMessageWriter(stream)];
    }
    // standard output belongs to the protocol
    console.log = console.info = console.debug = console.error;
    return [new StreamMessageReader(process.stdin), new StreamMessageWriter(process.stdout)];
}

/** Ends this process when the client's is gone without a word. */
function watchClient(id: number): void {
    setInterval(() => {
        try {
            process.kill(id, 0);
        } catch {
            process.exit(1);
        }
    }, 3000).unref();
}

/** Folders entered at most, so that a home directory as the workspace keeps nobody waiting. */
const MOST_FOLDERS = 2000;

/** The memtopo files below a folder; not those of hidden folders and installed packages. */
async function filesBelow(root: string): Promise<string[]> {
    const found: string[] = [];
    const folders = [root];
    for (let i = 0; i < folders.length && i < MOST_FOLDERS; i++) {
        const entries = await readdir(folders[i]!, { withFileTypes: true }).catch(() => []);
        for (const entry of entries) {
            if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
            if (entry.isDirectory()) folders.push(path.join(folders[i]!, entry.name));
            else if (entry.isFile() && entry.name.endsWith('.memtopo')) found.push(path.join(folders[i]!, entry.name));
        }
    }
    return found;
}

function ownVersion(root: string): string {
    try {
        const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version?: unknown };
        return typeof manifest.version === 'string' ? manifest.version : 'unknown';
    } catch {
        return 'unknown';
    }
}
