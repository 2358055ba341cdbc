// What an URI names, however its characters are escaped: editors do not agree on that, and an import is resolved in a third way.

export function fileOf(uri: string): string {
    try {
        return decodeURIComponent(uri).replace(/^file:\/\/\/[A-Z]:/, (drive) => drive.toLowerCase());
    } catch {
        return uri;
    }
}

/** A map by what URIs name. */
export class UriMap<T> {
    private readonly entries = new Map<string, T>();

    get(uri: string): T | undefined {
        return this.entries.get(fileOf(uri));
    }

    has(uri: string): boolean {
        return this.entries.has(fileOf(uri));
    }

    set(uri: string, value: T): void {
        this.entries.set(fileOf(uri), value);
    }

    delete(uri: string): void {
        this.entries.delete(fileOf(uri));
    }

    clear(): void {
        this.entries.clear();
    }

    values(): IterableIterator<T> {
        return this.entries.values();
    }
}
