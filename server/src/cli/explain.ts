// memtopo explain: one diagnostic of the catalogue, or one rule of the kernel model, in the terminal.
import { CATALOGUE, catalogued, restingOn } from '../diagnostics/catalogue.ts';
import { RULES, ruleTitle } from '../kernel/rules.ts';
import { paint, wrap } from '../render/style.ts';
import { type Command, parseOptions, UsageError } from './command.ts';

export const explain: Command = {
    name: 'explain',
    usage: 'CODE | RULE | --list | --rules',
    summary: 'say what a diagnostic means and what to do, or what a rule says',
    help: `CODE is the code in brackets behind a finding, such as kmem/left-online, or a family, such as kmem.
RULE is an id such as KM-02, as every finding and every loss names one.

  --list           all codes
  --rules          all rules

Exit status: 0 found, 2 there is no such code.`,
    run(args, io) {
        const { values, positionals } = parseOptions(args, { list: { type: 'boolean', default: false }, rules: { type: 'boolean', default: false } });
        if (values.list) {
            for (const d of CATALOGUE) io.out(`${d.code.padEnd(34)} ${d.severity.padEnd(8)} ${d.title}\n`);
            return 0;
        }
        if (values.rules) {
            for (const [id, title] of RULES) io.out(`${id.padEnd(8)} ${title}\n`);
            return 0;
        }
        if (positionals.length !== 1) throw new UsageError(positionals.length === 0 ? 'no code given' : 'one code at a time');
        const code = positionals[0]!;
        const title = ruleTitle(code.toUpperCase());
        if (title !== undefined) {
            const id = code.toUpperCase();
            const resting = restingOn(id).map((d) => `${d.code.padEnd(34)} ${d.title}`);
            io.out(`${[`${paint(io.style, 'bold', id)}`, '', ...wrap(io.style, `${title}.`, 0), ...(resting.length > 0 ? ['', 'What rests on it:', '', ...resting] : [])].join('\n')}\n`);
            return 0;
        }
        const one = catalogued(code);
        const found = one ? [one] : CATALOGUE.filter((d) => d.code.startsWith(`${code}/`));
        if (found.length === 0) {
            const near = CATALOGUE.filter((d) => d.code.includes(code.split('/').at(-1)!)).slice(0, 5).map((d) => d.code);
            throw new UsageError(`there is no diagnostic '${code}'${near.length > 0 ? `; did you mean ${near.join(', ')}?` : '; memtopo explain --list names them all'}`);
        }
        found.forEach((d, i) => {
            const lines = [
                `${paint(io.style, 'bold', d.code)} · ${d.severity} · ${d.title}${d.rules.length > 0 ? ` (${d.rules.join(', ')})` : ''}`,
                '', ...wrap(io.style, d.why, 0), '', ...d.docs.split('\n').flatMap((l) => wrap(io.style, l, 0)),
            ];
            if (d.examples) lines.push('', 'Bad:', '', ...indented(d.examples.bad), '', 'Good:', '', ...indented(d.examples.good));
            io.out(`${i > 0 ? '\n' : ''}${lines.join('\n')}\n`);
        });
        return 0;
    },
};

function indented(text: string): string[] {
    return text.trimEnd().split('\n').map((l) => `    ${l}`);
}
