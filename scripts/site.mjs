// Builds the static page:  node scripts/site.mjs [--out DIRECTORY]     (default dist/site; any web server can show it)
// Editor, language server and preview run in the reader's browser; the folder needs nothing but files.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';

const root = path.dirname(import.meta.dirname);
const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist/site' } } });
const out = path.resolve(root, values.out);
mkdirSync(path.join(out, 'examples'), { recursive: true });

const built = spawnSync(process.execPath, [path.join(root, 'scripts/build.mjs'), '--release', '--only', 'server.browser.js,preview.js', '--out', out], { cwd: root, stdio: 'inherit' });
if (built.status !== 0) process.exit(1);
const page = path.join(root, 'client/src/playground');
for (const [entry, name] of [['main.ts', 'playground.js'], ['frame.ts', 'frame.js']]) {
    await esbuild.build({ entryPoints: [path.join(page, entry)], outfile: path.join(out, name), bundle: true, minify: true, format: 'iife', platform: 'browser', target: 'es2022', legalComments: 'none' });
}
for (const name of ['index.html', 'preview.html', 'playground.css', 'theme.css']) copyFileSync(path.join(page, name), path.join(out, name));
copyFileSync(path.join(root, 'client/media/preview.css'), path.join(out, 'preview.css'));

const examples = readdirSync(path.join(root, 'examples')).filter(f => f.endsWith('.memtopo')).sort();
for (const file of examples) copyFileSync(path.join(root, 'examples', file), path.join(out, 'examples', file));
// the first sentence of the story in the header comment says what an example is about
const title = file => {
    const story = /^(?:\/\/ ?.*\n)+/.exec(readFileSync(path.join(root, 'examples', file), 'utf8'))?.[0] ?? '';
    const sentence = story.replaceAll(/^\/\/ ?/gm, '').replaceAll('\n', ' ').split(/[.:;](?:\s|$)/)[0].trim();
    return `${path.basename(file, '.memtopo')}${sentence ? `: ${sentence.length > 70 ? `${sentence.slice(0, 69)}…` : sentence}` : ''}`;
};
writeFileSync(path.join(out, 'examples/index.json'), `${JSON.stringify(examples.map(file => ({ file, title: title(file) })), null, 1)}\n`);
console.log(`${path.relative(process.cwd(), out)}: ${examples.length} examples; show it with any web server, e.g. python3 -m http.server -d ${path.relative(process.cwd(), out)}`);
