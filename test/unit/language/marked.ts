// Fixtures with their findings drawn in: `//  ^^^^ error[code]: part of the message` under the place, in a comment line.
import { bootFindings, scenarioFindings } from '../../../server/src/language/findings.ts';
import { lowerFile, type ReadImport } from '../../../server/src/language/file.ts';
import type { Finding } from '../../../server/src/language/model.ts';
import { RunMemory, runPlatform, runScenarioKernels } from '../../../server/src/language/run.ts';

export const URI = 'file:///t/main.memtopo';

/** Everything there is to tell about a file itself. `run`: boot and carry out as well. */
export function allFindings(text: string, read?: ReadImport, run = true): Finding[] {
    const file = lowerFile(URI, text, read);
    const out = [...file.syntax, ...file.findings, ...file.platforms.flatMap((p) => p.findings), ...file.scenarios.flatMap((s) => s.findings)];
    if (run) {
        const memory = new RunMemory();
        for (const p of file.platforms) out.push(...bootFindings(runPlatform(p, undefined, memory)));
        for (const s of file.scenarios) out.push(...scenarioFindings(runScenarioKernels(s, memory)));
    }
    return out.filter((f) => f.at.uri === URI).sort((a, b) => a.at.start - b.at.start || a.code.localeCompare(b.code));
}

/** The findings of a marked text, and what its marks say, in the same words. */
export function marked(source: string): { readonly found: string[]; readonly drawn: string[]; readonly text: string } {
    const drawn: string[] = [];
    /** Words that a message must hold, by place and code. */
    const words = new Map<string, string>();
    const lines = source.split('\n');
    let above = 0;
    lines.forEach((line, i) => {
        const mark = /^(\s*\/\/\s*)(\^+) (error|warning|info|hint)\[([\w/-]+)\](?:: (.*))?$/.exec(line);
        if (!mark) {
            above = i;
            return;
        }
        const start = mark[1]!.length;
        const key = `${above + 1}:${start + 1}-${start + mark[2]!.length + 1} ${mark[3]}[${mark[4]}]`;
        if (mark[5] !== undefined) words.set(key, mark[5]);
        drawn.push(mark[5] === undefined ? key : `${key}: ${mark[5]}`);
    });
    const found = allFindings(source).map((f) => {
        const before = source.slice(0, f.at.start).split('\n');
        const column = before.at(-1)!.length + 1;
        const key = `${before.length}:${column}-${column + f.at.end - f.at.start} ${f.severity}[${f.code}]`;
        const wanted = words.get(key);
        return wanted === undefined ? key : `${key}: ${f.message.includes(wanted) ? wanted : f.message}`;
    });
    return { found, drawn, text: source };
}
