// Go to definition and references: names of the author by their declarations; names of the kernel by the step that made them.
import type { Location } from 'vscode-languageserver-types';
import type { Run, TextSpan } from '../language/model.ts';
import { resolveObject } from '../language/resolve.ts';
import { OBJECT_NAME } from '../render/objects.ts';
import type { Analysis } from '../server/analysis.ts';
import { namesIn, resolveImport } from '../server/language.ts';
import type { FeatureContext } from './context.ts';
import { objectAt, wordAt } from './hover.ts';
import { nameAt, placesOf, wordsOf } from './names.ts';

export function definition({ analysis }: FeatureContext, offset: number): Location[] {
    const file = importAt(analysis, offset);
    if (file !== undefined) return [{ uri: file, range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } } }];
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
        const device = nameAt(analysis, offset);
        return device?.given ? [device.given] : [];
    }
    const name = nameAt(analysis, offset);
    if (name) return name.given ? [name.given] : [];
    const word = wordAt(analysis, offset);
    const scenario = word && analysis.scenarioAt(offset)?.lowered;
    const run = scenario && analysis.runs(scenario)[0];
    if (!run || !new RegExp(`^(?:${OBJECT_NAME.source})$`).test(word.text)) return [];
    return createdBy(run, word.text, run.steps.filter((s) => analysis.place(s.step.span).end <= offset).length);
}

/** URI of the file that an import at the offset leads to. */
function importAt(analysis: Analysis, offset: number): string | undefined {
    for (const unit of analysis.source.unitsBetween(offset, offset)) {
        for (const item of unit.parsed.items) if (item.kind === 'import' && analysis.touches(item.span, offset)) return resolveImport(analysis.uri, item.path);
    }
    return undefined;
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
    const platform = analysis.platformAt(offset);
    if (!platform) return [];
    const base = analysis.touches(platform.lowered.at, offset) ? namesIn(platform.item).find((n) => n.kind === 'platform' && !n.declares) : undefined;
    return [analysis.location((base && analysis.platformNamed(base.name)?.at) ?? platform.lowered.at)];
}

/** The line that made the object as it is before step `before`; what describes its memory when boot did. */
function createdBy(run: Run, name: string, before: number): TextSpan[] {
    const about = resolveObject(run, before, name);
    if (about.kind === undefined) return about.gone ? [about.gone.at] : [];
    return about.madeAt ? [about.madeAt] : [];
}

// -------------------------------------------------------------------------------------------------------------- references

/** All places that speak of what the offset speaks of: of the author's names in the document and in `others`, of the kernel's in the scenario. */
export function references({ analysis }: FeatureContext, offset: number, withDeclaration: boolean, others?: readonly Analysis[]): Location[] {
    const name = nameAt(analysis, offset);
    if (!name) return kernelsReferences(analysis, offset);
    // without others somebody looks at this document only, and does not want to wait
    const places = [...placesOf(analysis, name, others ? analysis.source.units : analysis.source.ready), ...(others ?? []).filter((o) => o.uri !== analysis.uri).flatMap((o) => placesOf(o, name))];
    return places.filter((p) => withDeclaration || !p.declares).map(({ uri, range }) => ({ uri, range }));
}

function kernelsReferences(analysis: Analysis, offset: number): Location[] {
    const scenario = analysis.scenarioAt(offset)?.lowered;
    if (!scenario) return [];
    const { start, end } = analysis.place(scenario.span);
    const named = objectAt(analysis.source.text.slice(start, end), offset - start);
    const found = named ? wordsOf(analysis, named.text, start, end) : [];
    const here = (l: Location): boolean => analysis.lines.offsetAt(l.range.start) <= offset && offset <= analysis.lines.offsetAt(l.range.end);
    return found.some(here) ? found : [];
}
