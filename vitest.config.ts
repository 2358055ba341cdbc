import { defineConfig } from 'vitest/config';

export default defineConfig({
    test: {
        include: ['test/**/*.test.ts'],
        exclude: ['test/e2e/**', 'node_modules/**', 'dist/**'],
        // A hang must end a run some day; nothing else is measured here, so a slow machine fails no test
        testTimeout: 180_000,
        hookTimeout: 180_000,
    },
});
