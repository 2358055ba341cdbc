// Commands for clients that have none of their own: each answers with a value that a client can show or save as it likes.
import { document } from '../features/documents.ts';
import { runTests } from '../features/tests.ts';
import { PROFILES } from '../kernel/profile.ts';
import type { Analysis } from './analysis.ts';

/** Arguments are `[uri, offset]`, then what the command takes; see docs/editor.md. */
export const COMMANDS = ['memtopo.compareKernels', 'memtopo.copyAsScript', 'memtopo.runTests'] as const;

/** Null for a document that is not open, a place where there is nothing, or a command that is none. */
export function executeCommand(command: string, args: readonly unknown[], analysisOf: (uri: string) => Analysis | null): unknown {
    const [uri, second, third] = args;
    const analysis = typeof uri === 'string' ? analysisOf(uri) : null;
    if (!analysis) return null;
    const offset = typeof second === 'number' ? second : 0;
    switch (command) {
        case 'memtopo.compareKernels':
            return document(analysis, { uri: analysis.uri, offset, kind: 'comparison', kernels: kernelsFrom(third) })?.text ?? null;
        case 'memtopo.copyAsScript': {
            const kernels = typeof third === 'string' ? [third] : undefined;
            return document(analysis, { uri: analysis.uri, offset, kind: 'script', ...(kernels ? { kernels } : {}) })?.text ?? null;
        }
        case 'memtopo.runTests':
            return runTests(analysis, { uri: analysis.uri, ...(isTexts(second) ? { ids: second } : {}), ...(typeof third === 'string' ? { kernel: third } : {}) });
        default:
            return null;
    }
}

/** The releases asked for; else every one that memtopo knows. */
function kernelsFrom(given: unknown): readonly string[] {
    return isTexts(given) && given.length > 0 ? given : PROFILES.map((p) => p.name);
}

function isTexts(value: unknown): value is readonly string[] {
    return Array.isArray(value) && value.every((v) => typeof v === 'string');
}
