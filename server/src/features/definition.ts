// Go to definition and references: names of the author by their declarations; names of the kernel by the step that made them.
import type { Location } from 'vscode-languageserver-types';
import type { LoweredPlatform, Run, TextSpan } from '../language/model.ts';
import { resolveObject } from '../language/resolve.ts';
import { OBJECT_NAME } from '../render/objects.ts';
import type { Analysis } from '../server/analysis.ts';
import type { FeatureContext } from './context.ts';
import { objectAt, wordAt } from './hover.ts';

export function definition({ analysis }: FeatureContext, offset: number): Location[] {
    const span = definitionSpan(analysis, offset);
    return span.map((s) => analysis.location(s));
}

function definitionSpan(analysis: Analysis, offset: number): TextSpan[] {
    const step = analysis.stepAt(offset);
    if (step) {
        const local = offset - analysis.place(step.step.step.span).start;
        const named = objectAt(step.step.step.line.text, local);
        const index = step.run.steps.indexOf(step.step);
        if (named) return createdBy(step.run, named.text, index);
        const word = wordAt(analysis, offset);
        return word ? namedOrigin(step.run.platform, word.text) : [];
    }
    const word = wordAt(analysis, offset);
    if (!word) return [];
    const scenario = analysis.scenarioAt(offset)?.lowered;
    if (scenario) {
        const run = analysis.runs(scenario)[0];
        if (run && new RegExp(`^(?:${OBJECT_NAME.source})$`).test(word.text)) {
            const before = run.steps.filter((s) => analysis.place(s.step.span).end <= offset).length;
            const made = createdBy(run, word.text, before);
            if (made.length > 0) return made;
        }
    }
    const platform = analysis.platformNamed(word.text);
    if (platform) return [platform.at];
    return scenario?.platform ? namedOrigin(scenario.platform, word.text) : [];
}

/** What kind of thing the offset speaks of: the platform of a scenario; of a device, the description that its memory comes from. */
export function typeDefinition({ analysis }: FeatureContext, offset: number): Location[] {
    const step = analysis.stepAt(offset);
    if (step) {
        const named = objectAt(step.step.step.line.text, offset - analysis.place(step.step.step.span).start);
        const origin = named && resolveObject(step.run, step.run.steps.indexOf(step.step), named.text).origin;
        return [analysis.location(origin ? origin.focus : step.run.platform.at)];
    }
    const scenario = analysis.scenarioAt(offset)?.lowered;
    if (scenario) return scenario.platform ? [analysis.location(scenario.platform.at)] : [];
    const platform = analysis.platformAt(offset)?.lowered;
    const base = platform && analysis.touches(platform.at, offset) ? /\bextends\s+([\w.-]+)/.exec(analysis.textOf({ ...platform.span, end: platform.span.start + 400 }).split('{')[0]!)?.[1] : undefined;
    const found = base === undefined ? undefined : analysis.platformNamed(base);
    return found ? [analysis.location(found.at)] : platform ? [analysis.location(platform.at)] : [];
}

/** The line that made the object as it is before step `before`; what describes its memory when boot did. */
function createdBy(run: Run, name: string, before: number): TextSpan[] {
    const about = resolveObject(run, before, name);
    if (about.kind === undefined) return about.gone ? [about.gone.at] : [];
    return about.madeAt ? [about.madeAt] : [];
}

function namedOrigin(platform: LoweredPlatform, name: string): TextSpan[] {
    return platform.origins.filter((o) => o.name === name && o.kind !== 'node').map((o) => o.span).slice(0, 1);
}

// -------------------------------------------------------------------------------------------------------------- references

/** All places that speak of what the offset speaks of: in the scenario for the kernel's names, in the file for the author's. */
export function references({ analysis }: FeatureContext, offset: number, withDeclaration: boolean): Location[] {
    const text = analysis.source.text;
    const word = wordAt(analysis, offset);
    const scenario = analysis.scenarioAt(offset)?.lowered;
    const span = scenario && analysis.place(scenario.span);
    const named = span && objectAt(text.slice(span.start, span.end), offset - span.start);
    if (span && named) return occurrences(analysis, named.text, span.start, span.end);
    if (!word) return [];
    const platform = analysis.platformNamed(word.text);
    if (!platform) return [];
    const found: Location[] = [];
    for (const { lowered } of analysis.scenarios) if (lowered.platform?.name === platform.name) found.push(...occurrences(analysis, platform.name, header(analysis, lowered.span).start, header(analysis, lowered.span).end));
    for (const { lowered } of analysis.platforms) {
        const head = header(analysis, lowered.span);
        for (const location of occurrences(analysis, platform.name, head.start, head.end)) {
            const own = analysis.lines.offsetAt(location.range.start) === analysis.place(lowered.at).start;
            if (!own || withDeclaration) found.push(location);
        }
    }
    return found;
}

/** A declaration up to its brace. */
function header(analysis: Analysis, span: TextSpan): { start: number; end: number } {
    const place = analysis.place(span);
    const brace = analysis.source.text.indexOf('{', place.start);
    return { start: place.start, end: brace < 0 || brace > place.end ? place.end : brace };
}

function occurrences(analysis: Analysis, name: string, from: number, to: number): Location[] {
    const found: Location[] = [];
    const pattern = new RegExp(`(?<![\\w.-])${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-]|\\.\\w)`, 'g');
    for (const match of analysis.source.text.slice(from, to).matchAll(pattern)) {
        const start = from + match.index;
        found.push({ uri: analysis.uri, range: analysis.lines.rangeOf(start, start + match[0].length) });
    }
    return found;
}
