import type { Diagnostic } from './diagnostic.ts'; export const LANGUAGE: readonly Diagnostic[] = [];
