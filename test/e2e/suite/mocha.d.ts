// The part of mocha's globals that the suite uses (mocha is installed beside the hosts, its types nowhere).
declare function suite(title: string, body: (this: { timeout(ms: number): void }) => void): void;
declare function test(title: string, body?: (this: { timeout(ms: number): void; skip(): void }) => Promise<void> | void): void;
declare function suiteSetup(body: (this: { timeout(ms: number): void }) => Promise<void> | void): void;
declare function setup(body: () => Promise<void> | void): void;
declare module 'mocha' {
    export default class Mocha {
        constructor(options: object);
        suite: unknown;
        grep(pattern: string): void;
        run(done: (failures: number) => void): { on(event: string, listener: (test: unknown, error?: unknown) => void): void };
    }
}
declare module 'mocha/mocha.js';
