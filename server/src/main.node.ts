// Entry of dist/server.cjs: a language server as a process, for VS Code and for any other client (`node dist/server.cjs --stdio`).
// It only switches on Node's code cache before the server proper is loaded from the file beside it: the cache cannot help the file
// that asks for it, and it halves the time to the first diagnostics.
import * as nodeModule from 'node:module';
import path from 'node:path';

// Node 22 has it; the type declarations are those of Node 20
const cache = nodeModule as { enableCompileCache?: () => unknown; flushCompileCache?: () => void };
try {
    cache.enableCompileCache?.();
} catch {
    // a read-only or odd temporary directory: slower, not broken
}

interface ServerFile {
    nodeServer(idle: () => void): void;
}

const load = nodeModule.createRequire(typeof __filename === 'string' ? __filename : path.resolve(process.argv[1] ?? '.'));
const { nodeServer } = load('./server.node.cjs') as ServerFile;
nodeServer(() => cache.flushCompileCache?.());
