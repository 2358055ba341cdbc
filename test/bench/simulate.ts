// One simulation of a text in this process: boot, provisioning and all steps of all scenarios, without the parse.
import { Project } from '../../server/src/server/project.ts';

/** p50 in milliseconds of simulating everything that the text says, once the code is warm. */
export function simulateText(text: string): number {
    const times: number[] = [];
    for (let i = 0; i < 60; i++) {
        const project = new Project(async () => undefined);
        project.setText('file:///bench.memtopo', 1, text);
        const analysis = project.analysis('file:///bench.memtopo')!;
        const begin = performance.now();
        for (const { lowered } of analysis.scenarios) analysis.runs(lowered);
        if (i >= 30) times.push(performance.now() - begin);
    }
    return times.sort((a, b) => a - b)[times.length >> 1]!;
}
