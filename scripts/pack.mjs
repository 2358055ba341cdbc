// Packs the extension:  node scripts/pack.mjs [--out FILE]     (default: memtopo-VERSION.vsix)
// Everything it needs at run time is bundled, so no dependency is packed along.
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createVSIX } from '@vscode/vsce';

const root = path.dirname(import.meta.dirname);
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const { values } = parseArgs({ options: { out: { type: 'string', default: path.join(root, `memtopo-${version}.vsix`) } } });

const build = spawnSync(process.execPath, [path.join(root, 'scripts/build.mjs'), '--release'], { cwd: root, stdio: 'inherit' });
if (build.status !== 0) process.exit(build.status ?? 1);
await createVSIX({ cwd: root, packagePath: values.out, dependencies: false, allowMissingRepository: true, skipLicense: true, rewriteRelativeLinks: false });
console.log(`${path.basename(values.out)} ${(statSync(values.out).size / 1024).toFixed(0)} KB`);
process.exit(0);
