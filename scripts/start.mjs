// npm start [-- FILE …]: builds the command line and previews a file in the terminal, the example by default.
import './node.mjs';
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const args = process.argv.slice(2);
const build = spawnSync(process.execPath, [path.join(root, 'scripts/build.mjs'), '--only', 'memtopo.cjs'], { cwd: root, encoding: 'utf8' });
if (build.status !== 0) {
    process.stderr.write(`${build.stdout}${build.stderr}`);
    process.exit(1);
}
const file = args.length > 0 ? args : ['examples/fast-reboot.memtopo'];
const run = spawnSync(process.execPath, [path.join(root, 'dist/memtopo.cjs'), 'simulate', ...file], { cwd: root, stdio: 'inherit' });
process.exitCode = run.status ?? 1;
