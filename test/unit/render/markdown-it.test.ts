import MarkdownIt from 'markdown-it';
import { describe, expect, it } from 'vitest';
import { fenceToHtml, memtopo, remarkMemtopo } from '../../../server/src/markdown/main.ts';

const TEXT = 'platform p {\n    kernel 6.12\n    node 0 { cpus 0-3  memory at 0 size 2G  memory at 4G size 6G }\n}\n';
const fence = (info: string, text = TEXT): string => `before\n\n\`\`\`${info}\n${text}\`\`\`\n\nafter\n`;

describe('markdown-it', () => {
    it('makes a picture, the tree and the outcome of a fence', () => {
        const html = new MarkdownIt().use(memtopo).render(fence('memtopo'));
        expect(html).toContain('<svg ');
        expect(html).toContain('System RAM');
        expect(html).toContain('platform p');
        expect(html).toContain('boot →');
        expect(html).toMatch(/<p>before<\/p>[\s\S]*<p>after<\/p>/);
    });

    it('leaves other fences alone', () => {
        expect(new MarkdownIt().use(memtopo).render(fence('js'))).toBe(new MarkdownIt().render(fence('js')));
    });

    it('takes theme, width and nosource from behind the name', () => {
        const html = new MarkdownIt().use(memtopo).render(fence('memtopo dark width=500 nosource'));
        expect(html).toContain('width="500"');
        expect(html).toContain('memtopo3-0-dark');
        expect(html).not.toContain('language-memtopo');
    });

    it('gives ids of their own to the pictures of a page', () => {
        const html = new MarkdownIt().use(memtopo).render(fence('memtopo') + fence('memtopo'));
        const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map((m) => m[1]);
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids.length).toBeGreaterThan(4);
    });

    it.each(['', '}{', 'platform', 'platform p { node 0 { memory at 0 size 999999T } }', '<script>alert(1)</script>', `platform p { node 0 { memory at 0 size 2G } } scenario "<b>" on q { $ x }`])('tells what is wrong with %j and breaks nothing', (text) => {
        const html = new MarkdownIt().use(memtopo).render(fence('memtopo', `${text}\n`));
        expect(html).toContain('<p>after</p>');
        expect(html).not.toContain('<script>');
        expect(html).not.toContain('<b>');
    });

    it('shows errors with their place', () => {
        expect(fenceToHtml('platform p {\n    node 0 { memory at 0 size }\n}\n', 'a-')).toMatch(/line:2:\d+: error/);
    });
});

describe('remark', () => {
    it('turns fences into HTML wherever they are in the tree', () => {
        const tree = { type: 'root', children: [{ type: 'list', children: [{ type: 'code', lang: 'memtopo', meta: 'dark', value: TEXT.trimEnd() }] }, { type: 'code', lang: 'js', value: '1' }] };
        remarkMemtopo()(tree);
        const [list, js] = tree.children as unknown as [{ children: { type: string; value: string }[] }, { type: string; value: string }];
        expect(list.children[0]).toMatchObject({ type: 'html', value: expect.stringContaining('<svg ') });
        expect(js).toMatchObject({ type: 'code', value: '1' });
    });
});
