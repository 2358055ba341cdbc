// A whole file in one go, as the command line and the tests want it: parsed, imports followed, platforms and scenarios lowered.
// The server goes part by part instead (server/src/server).
import type { Import, Platform } from './generated/ast.ts';
import { lowerPlatform, lowerScenario, type PlatformLookup } from './lower.ts';
import type { Finding, LoweredFile, LoweredPlatform, LoweredScenario, TextSpan } from './model.ts';
import { type ParsedText, parseText } from './parser.ts';
import { Reader } from './reader.ts';

/** Reads the text of an import; undefined where there is none. */
export type ReadImport = (uri: string) => string | undefined;

export interface AnalysedFile extends LoweredFile {
    /** Errors of the lexer and the parser, in this file only. */
    readonly syntax: readonly Finding[];
}

/** Where an import leads: its path from the importing file's folder. Undefined: nowhere. */
export function resolveImport(from: string, path: string): string | undefined {
    if (path === '' || path.includes('\0')) return undefined;
    try {
        return new URL(path.split('/').map(encodeURIComponent).join('/'), from).toString();
    } catch {
        return undefined;
    }
}

/** Parses and lowers a file with everything it imports; `kernel` is for platforms that name none. Never throws. Spans of imported platforms carry the imported file's uri. */
export function lowerFile(uri: string, text: string, read: ReadImport = () => undefined, kernel?: string): AnalysedFile {
    const findings: Finding[] = [];
    const own = parseText(uri, text);
    const files = new Map<string, ParsedText>([[uri, own]]);
    followImports(own, [uri], files, read, findings, uri);
    const platforms = new Map<string, { readonly node: Platform; readonly uri: string }>();
    const scenarios = new Map<string, TextSpan>();
    for (const [from, parsed] of files) {
        const r = new Reader(from);
        for (const item of parsed.file.items) {
            if (item.$type === 'Platform' && item.name) {
                const first = platforms.get(item.name);
                if (!first) platforms.set(item.name, { node: item, uri: from });
                else if (from === uri) duplicate(findings, 'platform', item.name, r.spanOf(item, 'name'), new Reader(first.uri).spanOf(first.node, 'name'));
            } else if (item.$type === 'Scenario' && item.name && from === uri) {
                const first = scenarios.get(item.name);
                if (first) duplicate(findings, 'scenario', item.name, r.spanOf(item, 'name'), first);
                else scenarios.set(item.name, r.spanOf(item, 'name'));
            }
        }
    }
    const lowered = new Map<Platform, LoweredPlatform | 'cycle'>();
    const lower = (node: Platform, from: string): LoweredPlatform | 'cycle' => {
        const known = lowered.get(node);
        if (known) return known;
        lowered.set(node, 'cycle');
        const result = lowerPlatform(node, from, look, kernel);
        lowered.set(node, result);
        return result;
    };
    const look: PlatformLookup = (name) => {
        const found = platforms.get(name);
        return found && lower(found.node, found.uri);
    };
    const ownPlatforms: LoweredPlatform[] = [];
    const ownScenarios: LoweredScenario[] = [];
    for (const item of own.file.items) {
        if (item.$type === 'Platform') {
            const result = lower(item, uri);
            if (result !== 'cycle') ownPlatforms.push(result);
        } else if (item.$type === 'Scenario') ownScenarios.push(lowerScenario(item, uri, look));
    }
    return { uri, platforms: ownPlatforms, scenarios: ownScenarios, findings, syntax: own.errors };
}

function duplicate(findings: Finding[], kind: string, name: string, at: TextSpan, first: TextSpan): void {
    findings.push({
        code: 'language/duplicate-name', severity: 'error', message: `there is already a ${kind} \`${name}\``, at, rules: [], related: [{ at: first, message: 'the first one' }],
    });
}

/** Follows imports depth first. Missing and circular ones are told at the import, in the file `tell` only. */
function followImports(parsed: ParsedText, path: readonly string[], files: Map<string, ParsedText>, read: ReadImport, findings: Finding[], tell: string): void {
    const r = new Reader(parsed.uri);
    for (const item of parsed.file.items) {
        if (item.$type !== 'Import' || item.path === undefined) continue;
        const at = importSpan(r, item);
        const target = resolveImport(parsed.uri, item.path);
        const add = (code: string, message: string): void => {
            if (parsed.uri === tell) findings.push({ code, severity: 'error', message, at, rules: [], related: [] });
        };
        if (target !== undefined && path.includes(target)) {
            add('language/import-cycle', target === parsed.uri ? 'this file imports itself' : 'this import comes back to this file');
            continue;
        }
        if (target !== undefined && files.has(target)) {
            if (reaches(target, path, files)) add('language/import-cycle', 'this import comes back to this file');
            continue;
        }
        const text = target === undefined ? undefined : read(target);
        if (target === undefined || text === undefined) {
            add('language/missing-import', `there is no file \`${item.path}\``);
            continue;
        }
        const imported = parseText(target, text);
        files.set(target, imported);
        followImports(imported, [...path, target], files, read, findings, tell);
        if (reaches(target, path, files)) add('language/import-cycle', 'this import comes back to this file');
    }
}

/** Does one of the files on the path lie behind `from`? */
function reaches(from: string, path: readonly string[], files: ReadonlyMap<string, ParsedText>): boolean {
    const seen = new Set<string>();
    const todo = [from];
    while (todo.length > 0) {
        const uri = todo.pop()!;
        if (seen.has(uri)) continue;
        seen.add(uri);
        for (const item of files.get(uri)?.file.items ?? []) {
            if (item.$type !== 'Import' || item.path === undefined) continue;
            const target = resolveImport(uri, item.path);
            if (target !== undefined && path.includes(target)) return true;
            if (target !== undefined) todo.push(target);
        }
    }
    return false;
}

function importSpan(r: Reader, item: Import): TextSpan {
    return r.spanOf(item, 'path');
}

