// Entry of the suite in the node extension host.
import Mocha from 'mocha';
import { report, type Runner } from './report.ts';

export async function run(): Promise<void> {
    const mocha = new Mocha({ ui: 'tdd', timeout: 60_000 });
    (mocha.suite as { emit(event: string, ...args: unknown[]): void }).emit('pre-require', globalThis, null, mocha);
    await import('./memtopo.ts');
    await import('./preview.ts');
    await import('./tools.ts');
    const only = process.env.MEMTOPO_E2E_GREP;
    if (only) mocha.grep(only);
    await new Promise<void>((resolve, reject) => {
        report(mocha.run(failures => failures ? reject(new Error(`${failures} failed`)) : resolve()) as unknown as Runner);
    });
}
