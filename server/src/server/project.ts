// The texts the server knows: open in an editor, or read because something imports them. Each has one newest version.
import { Analysis } from './analysis.ts';
import { createAnalysisCaches } from './caches.ts';
import { resolveImport } from './language.ts';
import type { Same } from './parts.ts';
import { Source } from './source.ts';
import { UriMap } from './uri-map.ts';

/** How the world outside is read. Undefined: there is no such file. */
export type ReadText = (uri: string) => Promise<string | undefined>;

export class Project {
    private readonly read: ReadText;
    private readonly open = new UriMap<Source>();
    /** Imported files: undefined while reading, null where there is none. */
    private readonly imported = new UriMap<Source | null | undefined>();
    private readonly analyses = new UriMap<Analysis>();
    /** More of their documents is ready than they tell. */
    private readonly outgrown = new WeakSet<Analysis>();
    private readonly caches = createAnalysisCaches();
    private readonly pending = new Set<Promise<void>>();
    /** Rises when files come, go or are read: an import may lead elsewhere then, and analyses are made anew. */
    private generation = 0;
    /** Called before any answer is made: the moment to hand in texts that have changed. */
    beforeAnalysis: () => void = () => undefined;
    /** Kernel release for platforms that name none; empty = the newest. */
    private kernel = '';

    /** Texts of more characters than this are worked out with pauses (`Analysis.waiting`); by default none is. */
    private readonly largeAbove: number;

    constructor(read: ReadText, largeAbove = Infinity) {
        this.read = read;
        this.largeAbove = largeAbove;
    }

    setKernel(kernel: string): void {
        if (kernel === this.kernel) return;
        this.kernel = kernel;
        this.generation++;
    }

    /** `same`: what is known of both ends of the text to be as it was in the version before. */
    setText(uri: string, version: number, text: string, same?: Same): void {
        const previous = this.open.get(uri);
        this.open.set(uri, new Source(uri, version, text, previous ?? this.imported.get(uri) ?? undefined, text.length > this.largeAbove, previous && same));
        if (!previous) this.generation++;
    }

    close(uri: string): void {
        const last = this.open.get(uri);
        this.open.delete(uri);
        this.analyses.delete(uri);
        if (last) this.imported.delete(uri);
        this.generation++;
    }

    /** A file changed on disk, or came or went. */
    changedOnDisk(uri: string): void {
        if (!this.imported.has(uri)) return;
        this.imported.delete(uri);
        this.generation++;
    }

    /** Forgets what was read from disk: for clients that do not watch files. */
    forgetFiles(): void {
        this.imported.clear();
        this.generation++;
    }

    /** The next analysis of a document is made anew: more of it is ready than before. */
    renew(uri: string): void {
        const known = this.analyses.get(uri);
        if (known) this.outgrown.add(known);
    }

    isOpen(uri: string): boolean {
        return this.open.has(uri);
    }

    openUris(): string[] {
        return [...this.open.values()].map((s) => s.uri);
    }

    /** What is known of an open document now, made for its newest text. Undefined: not open. */
    analysis(uri: string): Analysis | undefined {
        this.beforeAnalysis();
        const source = this.open.get(uri);
        if (!source) return undefined;
        const known = this.analyses.get(uri);
        if (known && !this.outgrown.has(known) && known.generation === this.generation && known.sources.every((s) => this.source(s.uri) === s)) return known;
        const made = new Analysis(source, this.generation, (from, path) => this.importedSource(from, path), this.caches, this.kernel, known);
        this.analyses.set(uri, made);
        return made;
    }

    /** The same for a document that need not be open: read, with everything it imports. Undefined: it cannot be read. */
    async analysisOf(uri: string): Promise<Analysis | undefined> {
        const make = (): Analysis | undefined => {
            if (this.open.has(uri)) return this.analysis(uri);
            const source = this.imported.get(uri);
            return source ? new Analysis(source, this.generation, (from, path) => this.importedSource(from, path), this.caches, this.kernel) : undefined;
        };
        if (!this.open.has(uri)) this.load(uri);
        await this.settled();
        for (let i = 0; i < 5 && make()?.incomplete; i++) await this.settled();
        return make();
    }

    /** Text of any document that spans may point to. */
    source(uri: string): Source | undefined {
        return this.open.get(uri) ?? this.imported.get(uri) ?? undefined;
    }

    /** Done when all files asked for so far have been read. */
    async settled(): Promise<void> {
        while (this.pending.size > 0) await Promise.all(this.pending);
    }

    get reading(): boolean {
        return this.pending.size > 0;
    }

    private importedSource(from: string, path: string): Source | null | undefined {
        const uri = resolveImport(from, path);
        if (uri === undefined) return null;
        return this.open.get(uri) ?? this.load(uri);
    }

    private load(uri: string): Source | null | undefined {
        if (this.imported.has(uri)) return this.imported.get(uri);
        this.imported.set(uri, undefined);
        const reading = this.read(uri)
            .catch(() => undefined)
            .then((text) => {
                this.imported.set(uri, text === undefined ? null : new Source(uri, 0, text, undefined, text.length > this.largeAbove));
                this.generation++;
                this.pending.delete(reading);
            });
        this.pending.add(reading);
        return undefined;
    }
}
