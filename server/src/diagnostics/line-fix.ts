// Edits on the line that a finding is on: lines above and below it, words in it, a parameter on the boot line.
import type { Finding } from '../language/model.ts';
import type { Diagnostic, Fix, FixContext, TextEdit } from './diagnostic.ts';

type MakeFix = NonNullable<Diagnostic['fix']>;

/** New lines, indented alike, before the line of the finding. */
export function above(finding: Finding, context: FixContext, lines: readonly string[]): readonly TextEdit[] {
    const line = context.line(finding.at);
    return [{ at: { ...line, end: line.start }, text: lines.map((l) => `${context.indent(finding.at)}${l}\n`).join('') }];
}

/** New lines, indented alike, behind the line of the finding. */
export function below(finding: Finding, context: FixContext, lines: readonly string[]): readonly TextEdit[] {
    const line = context.line(finding.at);
    return [{ at: { ...line, start: line.end }, text: lines.map((l) => `\n${context.indent(finding.at)}${l}`).join('') }];
}

/** The line with its text changed; no fix where the change changes nothing. */
export function rewritten(finding: Finding, context: FixContext, title: string, change: (line: string) => string, preferred = false): readonly Fix[] {
    const at = context.line(finding.at);
    const text = context.text(at);
    const changed = change(text);
    return changed === text ? [] : [{ title, ...(preferred ? { preferred } : {}), edits: [{ at, text: changed }] }];
}

/** Puts a parameter on the boot line of the platform. */
export function bootParameter(parameter: string): MakeFix {
    return (finding, context) => {
        const place = context.bootLine(finding.at);
        if (!place) return [];
        // The last one of a name counts, and two of them only confuse.
        const name = parameter.slice(0, parameter.indexOf('=') + 1);
        const before = place.before.replace(new RegExp(`(^|[\\s"])${name.replace('.', '\\.')}[^\\s"]*\\s`), '$1');
        return [{ title: `Boot with ${parameter}`, edits: [{ at: place.at, text: `${before}${parameter}${place.after}` }] }];
    };
}

/** Replaces the place of the finding by each of the values that its data name. */
export function choices(key: string, write: (value: string | number) => string = String, title: (text: string) => string = (t) => `Change to ${t}`): MakeFix {
    return (finding) => {
        const values = finding.data?.[key];
        const list: readonly (string | number)[] = Array.isArray(values) ? values : values === undefined || typeof values === 'object' ? [] : [values];
        return list.slice(0, 4).map((v) => ({ title: title(write(v)), ...(list.length === 1 ? { preferred: true } : {}), edits: [{ at: finding.at, text: write(v) }] }));
    };
}

/** `--force` behind the command. */
export const force: MakeFix = (finding, context) => rewritten(finding, context, 'Add --force', (line) => (/\s(?:-f|--force)\b/.test(line) ? line : `${line.trimEnd()} --force`));

/** Lets a size of the command be the nearest legal one. */
export const legalSize: MakeFix = (finding, context) => (['below', 'above'] as const).flatMap((key) => {
    const value = finding.data?.[key];
    if (typeof value !== 'number' || value <= 0) return [];
    const text = value % 2 ** 30 === 0 ? `${value / 2 ** 30}G` : value % 2 ** 20 === 0 ? `${value / 2 ** 20}M` : String(value);
    return rewritten(finding, context, `Use ${text}`, (line) => line.replace(/(\s(?:--size[= ]|-s ?))\S+/, `$1${text}`), key === 'below');
});

/** Runs a command before. */
export function first(title: (name: string) => string, lines: (name: string) => readonly string[], pattern: RegExp, preferred = true): MakeFix {
    return (finding, context) => {
        const name = pattern.exec(context.text(context.line(finding.at)))?.[0];
        return name === undefined ? [] : [{ title: title(name), preferred, edits: above(finding, context, lines(name)) }];
    };
}

/** Takes a comment out, with its line where it stands alone. */
export const removeComment: MakeFix = (finding, context) => [{ title: 'Remove the comment', preferred: true, safe: true, edits: [{ at: context.cut(finding.at), text: '' }] }];

/** Takes the prompt away from what is no command. */
export const withoutPrompt: MakeFix = (finding, context) => rewritten(finding, context, 'Remove the prompt', (text) => text.replace(/^(\s*)\$\s+(?=(?:expect|kernel|\(qemu\))\s)/, '$1'), true);

/** Takes the command of a transcript line out. */
export const removeStep: MakeFix = (finding, context) => [{ title: 'Remove the line', edits: [{ at: context.cut(context.step(finding.at)), text: '' }] }];
