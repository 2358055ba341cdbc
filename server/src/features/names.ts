// What the author named: platforms, nodes, devices. Where a name is given, and every place that means it, in this document and in others.
import type { Location } from 'vscode-languageserver-types';
import type { LoweredPlatform, Origin, TextSpan } from '../language/model.ts';
import type { Analysis } from '../server/analysis.ts';
import { namesIn, type WrittenName } from '../server/language.ts';
import type { Unit } from '../server/source.ts';
import { tokens } from '../server/tokens.ts';

/** A name in a text, with what it stands for. */
export interface Name extends WrittenName {
    /** Where it is given; undefined where nothing has it. */
    readonly given?: TextSpan;
}

const DEVICES: ReadonlySet<Origin['kind']> = new Set(['soft-reserved', 'pmem', 'virtio-mem', 'dimm', 'cxl-window']);

/** The author's name that an offset is in. */
export function nameAt(analysis: Analysis, offset: number): Name | undefined {
    return namesOf(analysis, analysis.source.unitsBetween(offset, offset)).find((n) => analysis.touches(n.at, offset)) ?? wordOfDevice(analysis, offset);
}

/** A place that means what a name means. */
export interface NamePlace extends Location {
    /** The name is given there. */
    readonly declares: boolean;
}

/** Every place of a document that means what a name means, itself included. `units`: where to look. */
export function placesOf(analysis: Analysis, name: Name, units: readonly Unit[] = analysis.source.units): NamePlace[] {
    const { given } = name;
    // what nobody has declared is the same only within one declaration
    const likely = units.filter((u) => u.text.includes(name.name) && (given !== undefined || name.kind === 'platform' || u.uri === name.at.uri));
    // a node's number stands in every platform: only those that have this very node are read for it
    const mayMean = (platform: LoweredPlatform | undefined): boolean => name.kind === 'platform' || given === undefined || platform?.origins.some((o) => sameSpan(o.span, given)) === true;
    const places = namesOf(analysis, likely, mayMean).filter((n) => n.kind === name.kind && n.name === name.name && sameSpan(n.given, given))
        .map((n): NamePlace => ({ ...analysis.location(n.at), declares: n.declares }));
    if (name.kind !== 'device' || !given) return places;
    for (const unit of likely) {
        const start = analysis.source.startOf(unit);
        for (const { lowered } of analysis.ownOf(unit).scenarios) {
            if (!mayMean(lowered.platform)) continue;
            places.push(...wordsOf(analysis, name.name, start + lowered.span.start, start + lowered.span.end).map((l) => ({ ...l, declares: false })));
        }
    }
    return places;
}

/** The places between two offsets of a document where a word stands, comments and the names of scenarios left out. */
export function wordsOf(analysis: Analysis, word: string, from: number, to: number): Location[] {
    const found: Location[] = [];
    const pattern = new RegExp(`(?<![\\w.-])${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-]|\\.\\w)`, 'g');
    let before = '';
    for (const token of tokens(analysis.source.text.slice(from, to))) {
        const text = analysis.source.text.slice(from + token.start, from + token.end);
        if (token.kind === 'comment' || token.kind === 'line-comment') continue;
        if (before !== 'scenario') for (const match of text.matchAll(pattern)) found.push({ uri: analysis.uri, range: analysis.lines.rangeOf(from + token.start + match.index, from + token.start + match.index + word.length) });
        before = text;
    }
    return found;
}

function namesOf(analysis: Analysis, units: readonly Unit[], wanted: (platform: LoweredPlatform | undefined) => boolean = () => true): Name[] {
    return units.flatMap((unit) => {
        const { platforms, scenarios } = analysis.ownOf(unit);
        return [...platforms.map((p) => ({ ...p, platform: p.lowered })), ...scenarios.map((s) => ({ ...s, platform: s.lowered.platform }))]
            .filter((x) => wanted(x.platform))
            .flatMap(({ item, platform }) => namesIn(item).map((n): Name => {
                const given = n.kind === 'platform' ? (n.declares ? n.at : analysis.platformNamed(n.name)?.at) : platform && originOf(platform, n)?.span;
                return { ...n, ...(given ? { given } : {}) };
            }));
    });
}

/** The description that a name of a node or a device belongs to. */
function originOf(platform: LoweredPlatform, { kind, name, at, declares }: WrittenName): Origin | undefined {
    const own = (o: Origin): boolean => !declares || (o.span.uri === at.uri && o.span.start <= at.start && at.end <= o.span.end);
    return platform.origins.find((o) => o.name === name && (kind === 'node' ? o.kind === 'node' : DEVICES.has(o.kind)) && own(o));
}

/** A device's name in a transcript: `qom-set vm0 …`, `expect ram dimm0 = …`. */
function wordOfDevice(analysis: Analysis, offset: number): Name | undefined {
    const scenario = analysis.scenarioAt(offset);
    const platform = scenario?.lowered.platform;
    if (!scenario || !platform) return undefined;
    const line = analysis.lines.lineOf(offset);
    for (const origin of platform.origins) {
        if (origin.name === undefined || !DEVICES.has(origin.kind)) continue;
        const range = wordsOf(analysis, origin.name, Math.max(analysis.lines.lineStart(line), analysis.place(scenario.lowered.span).start), analysis.lines.lineEnd(line))
            .map((l) => ({ start: analysis.lines.offsetAt(l.range.start), end: analysis.lines.offsetAt(l.range.end) })).find((w) => w.start <= offset && offset <= w.end);
        if (!range) continue;
        const base = analysis.source.startOf(scenario.unit);
        return { kind: 'device', name: origin.name, at: { uri: scenario.unit.uri, start: range.start - base, end: range.end - base }, declares: false, given: origin.span };
    }
    return undefined;
}

export function sameSpan(a: TextSpan | undefined, b: TextSpan | undefined): boolean {
    return a === b || (a !== undefined && b !== undefined && a.uri === b.uri && a.start === b.start);
}
