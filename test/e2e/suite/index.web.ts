// Entry of the suite in the web-worker extension host: mocha's browser build, which leaves its functions on the global object.
import 'mocha/mocha.js';
import { report, type Runner } from './report.ts';
import { settings } from './support.ts';

interface BrowserMocha { grep(pattern: string): void; setup(options: object): void; run(done: (failures: number) => void): Runner }
const mocha = (globalThis as unknown as { mocha: BrowserMocha }).mocha;

export async function run(): Promise<void> {
    mocha.setup({ ui: 'tdd', timeout: 60_000, reporter: class { constructor(runner: Runner) { report(runner); } } });
    await import('./memtopo.ts');
    await import('./preview.ts');
    await import('./tools.ts');
    const only = await settings().then(found => found.grep, () => undefined);
    if (only) mocha.grep(only);
    await new Promise<void>((resolve, reject) => { mocha.run(failures => failures ? reject(new Error(`${failures} failed`)) : resolve()); });
}
