// Files named on a command line, analysed exactly as the editor's server analyses them, so that both tell the same findings.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { SarifPlace } from '../diagnostics/sarif.ts';
import type { Shown } from '../diagnostics/terminal.ts';
import type { Finding, TextSpan } from '../language/model.ts';
import { profileFor } from '../kernel/profile.ts';
import type { LoweredPlatform, LoweredScenario } from '../language/model.ts';
import { Analysis } from '../server/analysis.ts';
import { type AnalysisCaches, createAnalysisCaches } from '../server/caches.ts';
import { resolveImport } from '../server/language.ts';
import { Project } from '../server/project.ts';
import { UsageError } from './command.ts';

/** Larger files are a mistake, not a topology. */
const LARGEST = 64 * 1024 * 1024;

/** A file that could not be read at all. */
export interface Unreadable {
    readonly file: string;
    readonly problem: string;
}

export class Files {
    private readonly kernel: string | undefined;

    /** `kernel`: simulate everything under this release, whatever the texts say. */
    constructor(kernel?: string) {
        if (kernel !== undefined && !profileFor(kernel)) throw new UsageError(`'${kernel}' is no kernel version from 5.1 on`);
        this.kernel = kernel;
    }

    private readonly project = new Project(async (uri) => {
        if (!uri.startsWith('file:')) return undefined;
        const file = fileURLToPath(uri);
        if (!existsSync(file) || statSync(file).size > LARGEST || !statSync(file).isFile()) return undefined;
        return readFile(file, 'utf8');
    });

    /** Reads a file and everything it imports. */
    async open(file: string): Promise<OpenFile | Unreadable> {
        let text: string;
        try {
            const stat = statSync(file);
            if (stat.isDirectory()) return { file, problem: 'is a folder' };
            if (stat.size > LARGEST) return { file, problem: `is larger than ${LARGEST / 2 ** 20} MiB` };
            text = readFileSync(file, 'utf8');
        } catch (error) {
            return { file, problem: reason(error) };
        }
        const uri = pathToFileURL(path.resolve(file)).toString();
        this.project.setText(uri, 1, text);
        // Each import may lead to further ones
        while (this.project.analysis(uri)!.incomplete && this.project.reading) await this.project.settled();
        const analysis = this.project.analysis(uri)!;
        return new OpenFile(file, text, this.kernel === undefined ? analysis : underKernel(analysis, this.kernel));
    }
}

/** One analysed file, with its places as a reader wants them. */
export class OpenFile {
    readonly file: string;
    readonly text: string;
    readonly analysis: Analysis;

    constructor(file: string, text: string, analysis: Analysis) {
        this.file = file;
        this.text = text;
        this.analysis = analysis;
    }

    /** All findings in the order of the text. */
    findings(): Finding[] {
        const place = (f: Finding): number => this.analysis.place(f.at).start;
        return [...this.analysis.findings()].sort((a, b) => place(a) - place(b));
    }

    shown(span: TextSpan): Shown {
        const { uri, range } = this.analysis.location(span);
        const source = this.analysis.sources.find((s) => s.uri === uri) ?? this.analysis.source;
        const text = source.text.slice(source.lines.lineStart(range.start.line), source.lines.lineEnd(range.start.line));
        return {
            file: relative(uri), line: range.start.line + 1, column: range.start.character + 1,
            endColumn: (range.end.line === range.start.line ? range.end.character : text.length) + 1, text: printable(text),
        };
    }

    sarifPlace(span: TextSpan): SarifPlace {
        const { uri, range } = this.analysis.location(span);
        return {
            uri: relative(uri).split(path.sep).map(encodeURIComponent).join('/'),
            region: { startLine: range.start.line + 1, startColumn: range.start.character + 1, endLine: range.end.line + 1, endColumn: range.end.character + 1 },
        };
    }
}

/** Lines that fit a terminal: control characters as the replacement sign, very long lines cut. */
function printable(text: string): string {
    const cut = text.length > 240 ? `${text.slice(0, 240)}…` : text;
    return cut.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '\ufffd');
}

/** The same texts, everything simulated under one release. */
function underKernel(analysis: Analysis, kernel: string): Analysis {
    const importSource = (from: string, target: string): Analysis['source'] | null => {
        const uri = resolveImport(from, target);
        return analysis.sources.find((s) => s.uri === uri) ?? null;
    };
    return new Analysis(analysis.source, 0, importSource, cachesUnder(kernel));
}

function cachesUnder(kernel: string): AnalysisCaches {
    const caches = createAnalysisCaches();
    const platforms = new Map<LoweredPlatform, LoweredPlatform>();
    const scenarios = new Map<LoweredScenario, LoweredScenario>();
    // One changed value for each original: the caches below go by identity
    const platform = (p: LoweredPlatform): LoweredPlatform => {
        const made = platforms.get(p) ?? { ...p, machine: { ...p.machine, kernel }, key: `${p.key} under ${kernel}` };
        platforms.set(p, made);
        return made;
    };
    const scenario = (s: LoweredScenario): LoweredScenario => {
        const made = scenarios.get(s) ?? { ...s, kernels: [kernel], ...(s.platform ? { platform: platform(s.platform) } : {}) };
        scenarios.set(s, made);
        return made;
    };
    return {
        runs: (s) => caches.runs(scenario(s)), boot: (p) => caches.boot(platform(p)),
        platformFindings: (p) => caches.platformFindings(platform(p)), scenarioFindings: (s) => caches.scenarioFindings(scenario(s)),
    };
}

function relative(uri: string): string {
    if (!uri.startsWith('file:')) return uri;
    const file = fileURLToPath(uri);
    const short = path.relative(process.cwd(), file);
    return short.startsWith('..') ? file : short;
}

function reason(error: unknown): string {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT') return 'there is no such file';
    if (code === 'EACCES') return 'may not be read';
    return error instanceof Error ? error.message : String(error);
}
