// The pictures of all examples, to the byte. MEMTOPO_UPDATE=1 writes them anew; look at them before they are committed.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sheetOf } from '../../../server/src/markdown/sheets.ts';
import { sheetToSvg } from '../../../server/src/render/svg-sheet.ts';
import type { ThemeName } from '../../../server/src/render/theme.ts';
import { EXAMPLES, runsOfExample } from './pictures.ts';

const FOLDER = fileURLToPath(new URL('../../golden/svg/', import.meta.url));
const update = process.env['MEMTOPO_UPDATE'] === '1';

const PICTURES: readonly (readonly [example: string, theme: ThemeName, width: number])[] = [
    ...EXAMPLES.map((name) => [name, 'light', 1400] as const), ['two-tier.memtopo', 'dark', 400], ['odd-dimm.memtopo', 'high-contrast', 400],
];

describe('golden pictures', () => {
    it.each(PICTURES)('%s %s %i', (name, theme, width) => {
        const golden = `${FOLDER}${name.replace('.memtopo', '')}-${theme}-${width}.svg`;
        const svg = sheetToSvg(sheetOf(runsOfExample(name)[0]!)!, { width }, { theme });
        if (update) {
            mkdirSync(FOLDER, { recursive: true });
            writeFileSync(golden, svg);
        }
        expect(existsSync(golden), `${golden} is missing: MEMTOPO_UPDATE=1 npx vitest run test/unit/render/golden.test.ts`).toBe(true);
        expect(svg).toBe(readFileSync(golden, 'utf8'));
    });
});
