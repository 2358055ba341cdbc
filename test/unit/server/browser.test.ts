// The worker's bundle reaches no node module, and kernel and render know nothing of parser and protocol.
import path from 'node:path';
import * as esbuild from 'esbuild';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');

test('no node module is reachable from the worker', async () => {
    const { metafile } = await esbuild.build({
        entryPoints: [path.join(root, 'server/src/main.browser.ts')], bundle: true, write: false, platform: 'browser', format: 'iife', metafile: true, logLevel: 'silent',
    });
    const external = Object.values(metafile.inputs).flatMap((i) => i.imports).filter((i) => i.external).map((i) => i.path);
    expect(external).toEqual([]);
    expect(Object.keys(metafile.inputs).filter((i) => /\/lib\/node\/|server\/src\/cli\//.test(i))).toEqual([]);
}, 180_000);
