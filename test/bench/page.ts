// What an update costs the preview's page, layout included, in a real browser: the page's own script and style sheet outside VS Code,
// fed with the models that the server makes of a platform of 3 000 reserved ranges while one of them grows and shrinks.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { PreviewAnswer } from '../../server/src/features/preview-delta-protocol.ts';
import { preview, PreviewMemory } from '../../server/src/features/preview.ts';
import { Previews } from '../../server/src/server/previews.ts';
import { Project } from '../../server/src/server/project.ts';
import { launch, noBrowser } from '../page/browser.ts';

const root = path.resolve(import.meta.dirname, '../..');
const out = path.join(root, 'dist/bench');
const URI = 'file:///wide.memtopo';

const wide = (size: string): string => {
    const ranges = Array.from({ length: 3000 }, (_, i) => `    reserved at 0x${(0x100000000 + i * 0x400000).toString(16)} size ${i === 1500 ? size : '1M'} "R${i}"`);
    return `platform wide {\n    kernel 6.12\n    node 0 { cpus 0-3  memory 0x0-0x9fbff  memory at 1M size 2047M  memory at 4G size 16G }\n${ranges.join('\n')}\n}\n`;
};

/** What the server answers after each of so many texts, which it gets by turns, with the views that the page shows. */
function answers(texts: readonly string[], count: number): PreviewAnswer[] {
    const project = new Project(async () => undefined);
    const memory = new PreviewMemory();
    const models = texts.map((text, i) => {
        project.setText(URI, i + 1, text);
        return preview(project.analysis(URI)!, { uri: URI, offset: text.indexOf('wide'), views: ['map'] }, memory);
    });
    const previews = new Previews();
    return Array.from({ length: count }, (_, i) => previews.answer(models[i % models.length]!, i === 0 ? undefined : i));
}

/** Milliseconds of page work: of drawing the model for the first time, and of each update. */
export interface PageWork {
    readonly first: number;
    readonly updates: readonly number[];
}

/** A text that says why where there is no browser. */
export async function pageUpdates(count: number): Promise<PageWork | string> {
    if (noBrowser !== undefined) return noBrowser;
    const built = spawnSync(process.execPath, [path.join(root, 'scripts/build.mjs'), '--release', '--only', 'preview.js', '--out', out], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(built.stderr);
    const browser = await launch();
    try {
        const page = await browser.newPage();
        await page.setViewportSize({ width: 900, height: 1000 });
        const style = readFileSync(path.join(root, 'client/media/preview.css'), 'utf8');
        await page.setContent(`<!DOCTYPE html><html lang="en"><head><style>${style}</style></head><body class="memtopo-preview vscode-dark"><main id="page"></main></body></html>`);
        await page.evaluate(`window.acquireVsCodeApi = () => ({ postMessage() {}, getState() { return undefined; }, setState() {} })`);
        await page.addScriptTag({ path: path.join(out, 'preview.js') });
        const saved = { uri: URI, offset: 0, view: { compareWith: 'step', tab: 'iomem' } };
        await page.evaluate(`window.answers = ${JSON.stringify(answers([wide('1M'), wide('2048K')], count + 10))}; window.saved = ${JSON.stringify(saved)}`);
        // Each answer as its message brings it: a copy. The next one when the page has come to rest. All that is behind the edit moves in the text.
        return await page.evaluate<PageWork>(`(async () => {
            const updates = [];
            let first = 0;
            const took = () => performance.getEntriesByName('memtopo:update').at(-1).duration;
            const lines = () => [...document.querySelectorAll('.iomem .line')];
            for (let i = 0; i < ${count + 10}; i++) {
                window.dispatchEvent(new MessageEvent('message', { data: structuredClone(i === 0 ? { kind: 'model', model: answers[0].model, saved } : { kind: 'change', change: answers[i].change, saved }) }));
                const drawn = i === 0 ? 0 : lines().filter((line) => !line.seen).length;
                if (drawn > 4) throw new Error(drawn + ' lines were drawn anew');
                for (const line of lines()) line.seen = true;
                if (i === 0) first = took();
                if (i >= 10) updates.push(took());
                await new Promise((rest) => setTimeout(rest, 60));
            }
            if (lines().length < 3000) throw new Error('the page does not show the tree');
            return { first, updates };
        })()`);
    } finally {
        await browser.close();
    }
}
