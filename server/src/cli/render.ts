// memtopo render: the pictures of the preview as files.
import { writeFileSync } from 'node:fs';
import type { Run } from '../language/model.ts';
import { sheetOf } from '../markdown/sheets.ts';
import { sheetsToHtml } from '../render/html.ts';
import { sheetToMarkdown, sheetToText } from '../render/markdown.ts';
import { type Sheet, sheetToSvg } from '../render/svg-sheet.ts';
import { THEMES, type ThemeName } from '../render/theme.ts';
import { type Command, oneOf, parseOptions, UsageError } from './command.ts';
import { Files, OpenFile } from './files.ts';
import { chosenSubjects, runsOf } from './subjects.ts';

const FORMATS = ['svg', 'html', 'md', 'txt'] as const;
const NARROWEST = 320;
const WIDEST = 8000;

export const render: Command = {
    name: 'render',
    usage: 'FILE [--format svg|html|md|txt] [--scenario N|NAME] [--step N] [--kernel VERSION] [--theme NAME] [--width PX] [-o FILE]',
    summary: 'draw where the bytes are and where they went',
    help: `Draws what the preview shows: the address map, the way from firmware bytes to usable RAM, the nodes. The same input gives the same
bytes on every machine.

  --format svg     one picture (default; of the first scenario, or the one that --scenario names)
           html    a page that needs nothing else; all scenarios unless --scenario names one
           md      Markdown; with -o the picture is written beside it and linked
           txt     plain text
  --scenario N     the Nth scenario, or the one with this name (or a part of it)
  --step N         after step N; 0 is the boot; without it the last one
  --kernel VERSION under this release instead of the one that the file names
  --theme NAME     light (default), dark or high-contrast
  --width PX       width of the pictures, ${NARROWEST} to ${WIDEST}; default 1400
  -o FILE          write there instead of to the terminal

Exit status: 0 drawn, 1 there is nothing to draw, 2 the command line was not understood or a file could not be read or written.`,
    async run(args, io) {
        const { values, positionals } = parseOptions(args, {
            format: { type: 'string', short: 'f', default: 'svg' }, scenario: { type: 'string', short: 's' }, step: { type: 'string' }, kernel: { type: 'string', short: 'k' },
            theme: { type: 'string', default: 'light' }, width: { type: 'string', default: '1400' }, output: { type: 'string', short: 'o' },
        });
        if (positionals.length !== 1) throw new UsageError(positionals.length === 0 ? 'no file given' : 'one file at a time');
        const format = oneOf(values.format, FORMATS, '--format');
        const theme: ThemeName = oneOf(values.theme, THEMES, '--theme');
        const width = Number(values.width);
        if (!/^\d+$/.test(values.width) || width < NARROWEST || width > WIDEST) throw new UsageError(`--width takes ${NARROWEST} to ${WIDEST} pixels, not '${values.width}'`);
        if (values.step !== undefined && !/^\d+$/.test(values.step)) throw new UsageError(`--step takes a number from 0, not '${values.step}'`);
        const file = await new Files(values.kernel).open(positionals[0]!);
        if (!(file instanceof OpenFile)) {
            io.err(`memtopo render: ${file.file}: ${file.problem}\n`);
            return 2;
        }
        const runs = chosenSubjects(file, values.scenario).flatMap((s) => runsOf(file, s));
        const wanted = format === 'svg' ? runs.slice(0, 1) : runs;
        if (wanted.length === 0) {
            io.err(`memtopo render: ${file.file}: there is nothing to draw: no platform that is understood\n`);
            return 1;
        }
        const sheets = wanted.map((run) => sheetAt(run, values.step === undefined ? undefined : Number(values.step)));
        const picture = (sheet: Sheet): string => sheetToSvg(sheet, { width }, { theme });
        let text: string;
        if (format === 'svg') text = picture(sheets[0]!);
        else if (format === 'html') text = sheetsToHtml(sheets, { theme, width });
        else if (format === 'txt') text = sheets.map(sheetToText).join('\n');
        else {
            const names = sheets.map((_, i) => values.output && `${values.output.replace(/\.md$/, '')}${sheets.length === 1 ? '' : `-${i + 1}`}.svg`);
            if (values.output) for (const [i, sheet] of sheets.entries()) if (!write(names[i]!, picture(sheet))) return unwritten(names[i]!);
            text = sheets.map((sheet, i) => sheetToMarkdown(sheet, names[i] ? { image: encodeURI(names[i].split('/').at(-1)!) } : {})).join('\n');
        }
        if (values.output === undefined) io.out(text);
        else if (!write(values.output, text)) return unwritten(values.output);
        return 0;

        function unwritten(name: string): number {
            io.err(`memtopo render: ${name} cannot be written\n`);
            return 2;
        }
    },
};

function sheetAt(run: Run, step: number | undefined): Sheet {
    const sheet = sheetOf(run, step);
    if (!sheet) throw new UsageError(`there are ${run.steps.length} steps, there is no step ${step}`);
    return sheet;
}

function write(name: string, text: string): boolean {
    try {
        writeFileSync(name, text);
        return true;
    } catch {
        return false;
    }
}
