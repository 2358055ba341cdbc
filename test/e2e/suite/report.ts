// One line per test on the console, which run.mjs reads: `@@TEST {"state":"passed","title":"…","ms":12}`.
import { waitingFor } from './support.ts';

export interface Runner { on(event: string, listener: (test: MochaTest, error?: Error) => void): void }
interface MochaTest { fullTitle(): string; duration?: number }

export function report(runner: Runner): void {
    const say = (state: string, test: MochaTest, error?: Error): void => {
        console.log(`@@TEST ${JSON.stringify({ state, title: test.fullTitle(), ms: test.duration ?? 0, error: error && (error.message.startsWith('Timeout') ? `timed out, waiting for ${waitingFor || 'VS Code'}` : error.message), stack: error?.stack?.split('\n').slice(0, 6).join('\n') })}`);
    };
    runner.on('pass', test => say('passed', test));
    runner.on('fail', (test, error) => say('failed', test, error));
    runner.on('pending', test => say('skipped', test));
}
