// `memtopo/markdown`: fences named memtopo become pictures, for markdown-it (and VitePress, which is built on it) and for remark.
//
//     md.use(memtopo, { theme: 'dark' })                       markdown-it; VitePress: markdown: { config: (md) => md.use(memtopo) }
//     unified().use(remarkParse).use(remarkMemtopo) …          remark; the HTML must be let through (allowDangerousHtml)
import { fenceToHtml, type FenceOptions } from './fence.ts';
import { THEMES, type ThemeName } from '../render/theme.ts';

export type { FenceOptions } from './fence.ts';
export { fenceToHtml } from './fence.ts';

/** What this module needs of markdown-it. */
interface Token {
    readonly info: string;
    readonly content: string;
    readonly map?: readonly [number, number] | null;
}
type Rule = (tokens: Token[], index: number, options: unknown, env: unknown, self: { renderToken(tokens: Token[], index: number, options: unknown): string }) => string;
interface MarkdownIt {
    readonly renderer: { readonly rules: Record<string, unknown> };
}

/**
 * Plugin of markdown-it. Words behind the fence's name choose: ```memtopo dark width=600 nosource
 */
export function memtopo(md: MarkdownIt, options: FenceOptions = {}): void {
    const before = md.renderer.rules['fence'] as Rule | undefined;
    md.renderer.rules['fence'] = ((tokens, index, settings, env, self) => {
        const token = tokens[index]!;
        const words = token.info.trim().split(/\s+/);
        if (words[0] !== 'memtopo') return before ? before(tokens, index, settings, env, self) : self.renderToken(tokens, index, settings);
        return fenceToHtml(token.content, `memtopo${index}-`, chosen(words.slice(1), options));
    }) satisfies Rule;
}

/** What this module needs of a Markdown syntax tree (mdast). */
interface Node {
    type: string;
    lang?: string | null;
    meta?: string | null;
    value?: string;
    children?: Node[];
}

/** Plugin of remark: fences become nodes of HTML. */
export function remarkMemtopo(options: FenceOptions = {}): (tree: Node) => void {
    return (tree) => {
        let count = 0;
        const visit = (node: Node): void => {
            if (node.type === 'code' && node.lang === 'memtopo') {
                const html = fenceToHtml(`${node.value ?? ''}\n`, `memtopo${count++}-`, chosen((node.meta ?? '').split(/\s+/), options));
                node.type = 'html';
                node.value = html;
                delete node.lang;
                delete node.meta;
            }
            node.children?.forEach(visit);
        };
        visit(tree);
    };
}

function chosen(words: readonly string[], options: FenceOptions): FenceOptions {
    const theme = words.find((w): w is ThemeName => (THEMES as readonly string[]).includes(w));
    const width = Number(words.map((w) => /^width=(\d+)$/.exec(w)?.[1]).find((w) => w !== undefined));
    return {
        ...options, ...(theme ? { theme } : {}), ...(width >= 320 && width <= 8000 ? { width } : {}), ...(words.includes('nosource') ? { source: false } : {}),
    };
}
