// Bundles everything that runs outside the sources:  node scripts/build.mjs [--release] [--watch] [--only NAME,…] [--out DIRECTORY]
//   dist/extension.cjs, dist/extension.browser.cjs   the extension, for VS Code's node host and its web-worker host
//   dist/server.cjs, dist/server.browser.js          the language server, as a process (with server.node.cjs) and as a worker
//   dist/memtopo.cjs                                 the command line
//   dist/preview.js                                  the script of the preview page
//   dist/markdown.mjs, dist/markdown.cjs             `memtopo/markdown`, for sites and for VS Code's Markdown preview
// --release minifies and leaves the source maps out.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';

const root = path.dirname(import.meta.dirname);
const { values } = parseArgs({ options: { release: { type: 'boolean', default: false }, watch: { type: 'boolean', default: false }, only: { type: 'string' }, out: { type: 'string', default: 'dist' } } });
const out = path.resolve(root, values.out);

// The parser library calls Object.groupBy, which Node 20 lacks; older VS Code extension hosts are Node 20 too.
const GROUP_BY = 'Object.groupBy??=(items,key)=>{const groups=Object.create(null);let i=0;for(const item of items)(groups[key(item,i++)]??=[]).push(item);return groups};';

const node = { platform: 'node', format: 'cjs', target: 'node20', banner: { js: GROUP_BY } };
const browser = { platform: 'browser', target: 'es2022' };
// The parser library wants four classes of the protocol library, and would bring a second copy of all of it along for them.
const jsonrpc = path.join(root, 'node_modules/vscode-jsonrpc/lib/common');
const oneProtocol = {
    name: 'one-protocol',
    setup(build) {
        build.onResolve({ filter: /^vscode-languageserver-protocol$/ }, ({ importer }) =>
            importer.includes(`${path.sep}langium${path.sep}`) && existsSync(jsonrpc) ? { path: 'classes', namespace: 'one-protocol' } : undefined);
        build.onLoad({ filter: /.*/, namespace: 'one-protocol' }, () => ({
            contents: `export { CancellationToken, CancellationTokenSource } from './cancellation.js'; export { Emitter } from './events.js';
                export { ResponseError } from './messages.js'; export const LSPErrorCodes = { RequestFailed: -32803, ServerCancelled: -32802, ContentModified: -32801, RequestCancelled: -32800 };`,
            resolveDir: jsonrpc,
        }));
    },
};
// The JSON-RPC library asks for node:crypto, which takes 3 ms to load, for the names of pipes that nobody here asks it for.
const noPipeNames = {
    name: 'no-pipe-names',
    setup(build) {
        build.onResolve({ filter: /^crypto$/ }, ({ importer }) => (importer.includes(`${path.sep}vscode-jsonrpc${path.sep}`) ? { path: 'crypto', namespace: 'when-asked' } : undefined));
        build.onLoad({ filter: /.*/, namespace: 'when-asked' }, () => ({ contents: `exports.randomBytes = (...given) => require('node:crypto').randomBytes(...given);` }));
    },
};
// The protocol's types are some eighty namespaces that a bundler cannot see to be without effect: each becomes a value that can be left out.
const typesInUse = {
    name: 'types-in-use',
    setup(build) {
        build.onLoad({ filter: /vscode-languageserver-types[/\\]lib[/\\]esm[/\\]main\.js$/ }, ({ path: file }) => ({
            contents: readFileSync(file, 'utf8').replaceAll(/export var (\w+);\r?\n\(function \(\1\) \{([\s\S]*?\n)\}\)\(\1 \|\| \(\1 = \{\}\)\);/g,
                'export var $1 = /* @__PURE__ */ (function ($1) {$2return $1;})({});'),
        }));
    },
};
// The library's loader of grammars brings all services of a language workbench along; ours is held against it by a test.
const grammarLoader = {
    name: 'grammar-loader',
    setup(build) {
        build.onResolve({ filter: /^langium$/ }, ({ importer }) => (importer.endsWith(path.join('generated', 'grammar.ts')) ? { path: path.join(root, 'server/src/language/grammar-loader.ts') } : undefined));
    },
};
// What `New topology…` offers: the examples with the first sentence of their story. A web host can read a file, but no folder.
const stories = readdirSync(path.join(root, 'examples')).filter(name => name.endsWith('.memtopo')).sort().map(name => {
    const header = /^(?:\/\/.*\n)+/.exec(readFileSync(path.join(root, 'examples', name), 'utf8'))?.[0] ?? '';
    const story = header.replaceAll(/^\/\/ ?/gm, '').replaceAll(/\s+/g, ' ').trim();
    return { name: name.slice(0, -'.memtopo'.length), story: /^.*?[.!?](?= [A-Z0-9`]|$)/.exec(story)?.[0] ?? story };
});
const examples = { define: { MEMTOPO_EXAMPLES: JSON.stringify(stories) } };
const jobs = {
    'extension.cjs': { entry: 'client/src/extension.ts', ...node, ...examples, external: ['vscode'] },
    'extension.browser.cjs': { entry: 'client/src/extension.browser.ts', ...browser, ...examples, format: 'cjs', external: ['vscode'] },
    'server.cjs': { entry: 'server/src/main.node.ts', ...node, external: ['./server.node.cjs'] },
    'server.node.cjs': { entry: 'server/src/server/node.ts', ...node },
    'server.browser.js': { entry: 'server/src/main.browser.ts', ...browser, format: 'iife', banner: { js: GROUP_BY } },
    'memtopo.cjs': { entry: 'server/src/cli/main.ts', ...node, executable: true },
    'markdown.mjs': { entry: 'server/src/markdown/main.ts', ...browser, format: 'esm', banner: { js: GROUP_BY } },
    'markdown.cjs': { entry: 'server/src/markdown/main.ts', ...node },
    'preview.js': { entry: 'client/src/preview/page/main.tsx', ...browser, format: 'iife', jsx: 'automatic', jsxImportSource: 'preact' },
};

const chosen = values.only ? values.only.split(',') : Object.keys(jobs);
mkdirSync(out, { recursive: true });
if (values.release && !values.only) {
    for (const name of Object.keys(jobs)) rmSync(path.join(out, `${name}.map`), { force: true });
}

let failed = false;
await Promise.all(chosen.map(async name => {
    const { entry, executable, banner, define, ...options } = jobs[name];
    const source = path.join(root, entry);
    if (!existsSync(source)) { console.error(`${entry} does not exist`); failed = true; return; }
    const outfile = path.join(out, name);
    const hashbang = executable && !readFileSync(source, 'utf8').startsWith('#!') ? '#!/usr/bin/env node\n' : '';
    const config = {
        ...options, entryPoints: [source], outfile, bundle: true, plugins: [oneProtocol, noPipeNames, typesInUse, grammarLoader], minify: values.release, sourcemap: values.release ? false : 'linked',
        legalComments: 'none', logLevel: 'warning', define: { ...define, 'process.env.NODE_ENV': '"production"', ...(options.format === 'esm' ? {} : { 'import.meta.url': '"bundle:"' }) },
        banner: banner || hashbang ? { js: hashbang + (banner?.js ?? '') } : undefined,
        tsconfigRaw: { compilerOptions: { jsx: 'react-jsx', jsxImportSource: 'preact', useDefineForClassFields: true, target: 'es2022' } },
    };
    try {
        if (values.watch) {
            const context = await esbuild.context(config);
            await context.watch();
        } else {
            await esbuild.build(config);
            if (executable) chmodSync(outfile, 0o755);
            console.log(`${values.out}/${name}`.padEnd(30), `${(statSync(outfile).size / 1024).toFixed(0).padStart(6)} KB`);
        }
    } catch {
        failed = true;                  // esbuild has said what and where
    }
}));
if (failed) process.exitCode = 1;
