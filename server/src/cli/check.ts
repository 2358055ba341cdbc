// memtopo check: the findings of the editor, for a terminal, a script or a code host.
import { toSarif } from '../diagnostics/sarif.ts';
import { toTerminal } from '../diagnostics/terminal.ts';
import type { Finding } from '../language/model.ts';
import { type Command, type Io, oneOf, parseOptions, UsageError } from './command.ts';
import { Files, OpenFile } from './files.ts';
import { VERSION } from './version.ts';

export const check: Command = {
    name: 'check',
    usage: 'FILES… [--format text|json|sarif] [--kernel VERSION] [--quiet]',
    summary: 'say what is wrong in files',
    help: `Reads each file with what it imports, simulates every scenario, and prints what there is to tell, each at its place.

  --format text    for people (default)
  --format json    one object: { findings: [{ file, line, column, endLine, endColumn, severity, code, message, rules }] }
  --format sarif   SARIF 2.1.0, for code hosts
  --kernel VERSION simulate under this release instead of the ones that the files name
  --quiet          only errors

Exit status: 0 no errors, 1 errors, 2 the command line was not understood or a file could not be read.`,
    async run(args, io) {
        const { values, positionals } = parseOptions(args, {
            format: { type: 'string', default: 'text' }, kernel: { type: 'string' }, quiet: { type: 'boolean', short: 'q', default: false },
        });
        const format = oneOf(values.format, ['text', 'json', 'sarif'], '--format');
        if (positionals.length === 0) throw new UsageError('no files given');
        const files = new Files(values.kernel);
        const opened: OpenFile[] = [];
        let unreadable = 0;
        for (const name of positionals) {
            const file = await files.open(name);
            if (file instanceof OpenFile) opened.push(file);
            else {
                io.err(`memtopo check: ${file.file}: ${file.problem}\n`);
                unreadable++;
            }
        }
        const told = opened.map((file) => ({ file, findings: file.findings().filter((f) => !values.quiet || f.severity === 'error') }));
        const errors = told.reduce((n, t) => n + t.findings.filter((f) => f.severity === 'error').length, 0);
        if (format === 'text') text(told, io);
        else if (format === 'json') io.out(`${JSON.stringify({ findings: told.flatMap(({ file, findings }) => findings.map((f) => jsonFinding(file, f))) }, undefined, 2)}\n`);
        else {
            const all = told.flatMap(({ file, findings }) => findings.map((finding) => ({ file, finding })));
            const owner = new Map(all.flatMap(({ file, finding }) => [finding.at, ...finding.related.map((r) => r.at)].map((span) => [span, file] as const)));
            io.out(`${JSON.stringify(toSarif(all.map((a) => a.finding), (span) => owner.get(span)!.sarifPlace(span), VERSION), undefined, 2)}\n`);
        }
        return unreadable > 0 ? 2 : errors > 0 ? 1 : 0;
    },
};

function text(told: readonly { readonly file: OpenFile; readonly findings: readonly Finding[] }[], io: Io): void {
    let shown = 0;
    for (const { file, findings } of told) {
        for (const finding of findings) {
            io.out(`${toTerminal(finding, finding.severity, (span) => file.shown(span), { color: io.style.color })}\n`);
            shown++;
        }
    }
    const count = (severity: string): number => told.reduce((n, t) => n + t.findings.filter((f) => f.severity === severity).length, 0);
    const files = `${told.length} file${told.length === 1 ? '' : 's'}`;
    const parts = (['error', 'warning', 'info', 'hint'] as const).filter((s) => count(s) > 0).map((s) => `${count(s)} ${s}${count(s) === 1 || s === 'info' ? '' : 's'}`);
    io.out(shown === 0 ? `${files}: nothing to tell\n` : `${files}: ${parts.join(', ')}\n`);
}

function jsonFinding(file: OpenFile, f: Finding): object {
    const place = (span: Finding['at']): object => {
        const { uri, region } = file.sarifPlace(span);
        return { file: decodeURIComponent(uri), line: region.startLine, column: region.startColumn, endLine: region.endLine, endColumn: region.endColumn };
    };
    return {
        ...place(f.at), severity: f.severity, code: f.code, message: f.message, rules: f.rules,
        ...(f.related.length > 0 ? { related: f.related.map((r) => ({ ...place(r.at), message: r.message })) } : {}),
    };
}
