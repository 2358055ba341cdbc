// memtopo fmt: files in the one canonical form.
import { readFileSync, writeFileSync } from 'node:fs';
import { formatText } from '../language/formatter.ts';
import { type Command, parseOptions, UsageError } from './command.ts';

export const fmt: Command = {
    name: 'fmt',
    usage: '[--check] FILES… | -',
    summary: 'write files in their canonical form',
    help: `Rewrites each file as the editor's formatter would. \`-\` reads standard input and writes standard output.
A file that cannot be parsed is left as it is.

  --check          change nothing; name the files that are not in canonical form

Exit status: 0 fine, 1 --check found some or a file cannot be parsed, 2 the command line was not understood or a file could not be read.`,
    run(args, io) {
        const { values, positionals } = parseOptions(args, { check: { type: 'boolean', default: false } });
        if (positionals.length === 0) throw new UsageError('no files given');
        let status = 0;
        const worse = (to: number): void => {
            status = Math.max(status, to);
        };
        for (const name of positionals) {
            let before: string;
            try {
                before = readFileSync(name === '-' ? 0 : name, 'utf8');
            } catch (error) {
                io.err(`memtopo fmt: ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
                worse(2);
                continue;
            }
            const after = formatText(before);
            if (after === undefined) {
                io.err(`memtopo fmt: ${name}: cannot be parsed, left as it is (memtopo check says why)\n`);
                worse(1);
                if (name === '-' && !values.check) io.out(before);
            } else if (values.check) {
                if (after !== before) {
                    io.out(`${name}\n`);
                    worse(1);
                }
            } else if (name === '-') io.out(after);
            else if (after !== before) {
                writeFileSync(name, after);
                io.out(`${name}\n`);
            }
        }
        return status;
    },
};
