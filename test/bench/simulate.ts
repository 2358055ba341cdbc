// Simulations of a text in this process: boot, provisioning and all steps of all scenarios, without the parse.
import { Project } from '../../server/src/server/project.ts';

/** Milliseconds of simulating everything that the text says, `times` times with nothing kept from the time before. */
export function simulateText(text: string, times: number): number[] {
    const taken: number[] = [];
    for (let i = 0; i < times; i++) {
        const project = new Project(async () => undefined);
        project.setText('file:///bench.memtopo', 1, text);
        const analysis = project.analysis('file:///bench.memtopo')!;
        for (const { lowered } of [...analysis.platforms, ...analysis.scenarios]) void lowered.name;
        const begin = performance.now();
        for (const { lowered } of analysis.platforms) analysis.bootRun(lowered);
        for (const { lowered } of analysis.scenarios) analysis.runs(lowered);
        taken.push(performance.now() - begin);
    }
    return taken;
}
