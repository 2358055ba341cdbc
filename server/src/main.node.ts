// Entry of dist/server.cjs: a language server as a process, for VS Code and for any other client (`node dist/server.cjs --stdio`).
// It only switches on a code cache before the server proper is loaded from the file beside it: the cache cannot help the file
// that asks for it, and it halves the time to the first diagnostics.
import * as nodeModule from 'node:module';
import path from 'node:path';
import { loadCached } from './code-cache.ts';

interface ServerFile {
    nodeServer(idle: () => void): void;
}

// Node 22 has a cache of its own; the type declarations are those of Node 20
const own = nodeModule as { enableCompileCache?: () => unknown; flushCompileCache?: () => void };
const file = path.join(path.dirname(typeof __filename === 'string' ? __filename : path.resolve(process.argv[1] ?? '.')), 'server.node.cjs');
if (own.enableCompileCache) {
    try {
        own.enableCompileCache();
    } catch {
        // a read-only or odd temporary directory: slower, not broken
    }
    (nodeModule.createRequire(file)(file) as ServerFile).nodeServer(() => own.flushCompileCache?.());
} else {
    const { exports, keep } = loadCached(file);
    (exports as ServerFile).nodeServer(keep);
}
