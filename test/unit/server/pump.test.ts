import { expect, test } from 'vitest';
import { createPump } from '../../../server/src/server/pump.ts';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('the last state is always built, builds never overlap, and a burst is not a queue', async () => {
    let text = 0;
    const built: number[] = [];
    let running = 0;
    const pump = createPump(async () => {
        expect(++running).toBe(1);
        const now = text;
        await sleep(15);
        built.push(now);
        running--;
    }, (error) => { throw error; });
    for (let i = 1; i <= 30; i++) {
        text = i;
        pump.poke();
        await sleep(2);
    }
    await sleep(120);
    expect(built.at(-1)).toBe(30);
    expect(built.length).toBeLessThan(15);
    expect(built).toEqual([...built].sort((a, b) => a - b));
});

test('a build that fails is told, and the next one still runs', async () => {
    const errors: unknown[] = [];
    let runs = 0;
    const pump = createPump(() => {
        if (++runs === 1) throw new Error('first');
    }, (error) => errors.push(error));
    pump.poke();
    await sleep(20);
    pump.poke();
    await sleep(20);
    expect(runs).toBe(2);
    expect(errors).toHaveLength(1);
});
