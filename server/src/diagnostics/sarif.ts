// Findings as SARIF 2.1.0: rules from the catalogue, one result per finding, related locations kept.
import type { Finding, TextSpan } from '../language/model.ts';
import { CATALOGUE, catalogued } from './catalogue.ts';
import type { Severity } from './diagnostic.ts';

const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = { error: 'error', warning: 'warning', info: 'note', hint: 'note' };

/** 1-based lines and columns (UTF-16 units, as SARIF's default has it); ends exclusive. */
export interface SarifRegion {
    readonly startLine: number;
    readonly startColumn: number;
    readonly endLine: number;
    readonly endColumn: number;
}

export interface SarifPlace {
    readonly uri: string;
    readonly region: SarifRegion;
}

/** One log with one run. `severity` answers with what the user's settings make of a finding. */
export function toSarif(findings: readonly Finding[], place: (span: TextSpan) => SarifPlace, version: string, severity: (finding: Finding) => Severity = (f) => f.severity): object {
    const used = CATALOGUE.filter((d) => findings.some((f) => f.code === d.code));
    const location = (span: TextSpan, message?: string): object => {
        const { uri, region } = place(span);
        return { physicalLocation: { artifactLocation: { uri }, region }, ...(message === undefined ? {} : { message: { text: message } }) };
    };
    return {
        $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
        version: '2.1.0',
        runs: [{
            tool: {
                driver: {
                    name: 'memtopo', version,
                    rules: used.map((d) => ({
                        id: d.code, name: d.title, shortDescription: { text: d.title }, fullDescription: { text: d.why }, help: { text: d.docs, markdown: d.docs },
                        defaultConfiguration: { level: LEVELS[d.severity] }, properties: { tags: [...d.rules] },
                    })),
                },
            },
            columnKind: 'utf16CodeUnits',
            results: findings.map((f) => ({
                ruleId: f.code, ...(catalogued(f.code) ? { ruleIndex: used.findIndex((d) => d.code === f.code) } : {}), level: LEVELS[severity(f)],
                message: { text: f.message }, locations: [location(f.at)],
                ...(f.related.length > 0 ? { relatedLocations: f.related.map((r, id) => ({ id: id + 1, ...location(r.at, r.message) })) } : {}),
            })),
        }],
    };
}
