// Entry of dist/server.cjs: a language server as a process, for VS Code and for any other client (`node dist/server.cjs --stdio`).
import { nodeServer } from './server/node.ts';

nodeServer();
