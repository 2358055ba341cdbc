// SVG as text: deterministic to the byte, with a name for everything that is drawn. The address map is drawn here from its layout;
// other pictures use the same elements.
import type { MapBox, MapLayout, MapOverlay } from './address-map.ts';
import { cutTo, fitting, textWidth } from './svg-text.ts';
import { type Kind, KIND_LABEL, KIND_PATTERN, type Pattern, pictureStyle, type ThemeName } from './theme.ts';

export interface SvgOptions {
    readonly theme: ThemeName;
    /** Put before every id, so that several pictures can stand in one document. */
    readonly prefix?: string;
    /** Boxes can be reached and chosen: for a page that listens. */
    readonly interactive?: boolean;
}

/** A piece of a picture: elements, and how high they are. */
export interface Drawing {
    readonly height: number;
    readonly elements: readonly string[];
    readonly kinds: readonly Kind[];
}

export function escapeText(text: string): string {
    // control characters are no part of XML, whatever they are written as
    // oxlint-disable-next-line no-control-regex
    return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
}

type Value = string | number | undefined;

/** An element. Attributes that are undefined are left out. */
export function element(name: string, attributes: Readonly<Record<string, Value>>, ...content: string[]): string {
    const pairs = Object.entries(attributes).filter(([, v]) => v !== undefined && v !== '').map(([k, v]) => ` ${k}="${typeof v === 'number' ? number(v) : escapeText(v!)}"`).join('');
    return content.length === 0 ? `<${name}${pairs}/>` : `<${name}${pairs}>${content.join('')}</${name}>`;
}

function number(v: number): string {
    return `${Math.round(v * 100) / 100}`;
}

export function text(x: number, y: number, content: string, kind = '', attributes: Readonly<Record<string, Value>> = {}): string {
    return element('text', { x, y, class: kind, ...attributes }, escapeText(content));
}

export function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
    return element('path', { d: `M${number(x1)} ${number(y1)}L${number(x2)} ${number(y2)}`, class: kind });
}

// -------------------------------------------------------------------------------------------------------------- patterns

const INK: Readonly<Record<Exclude<Pattern, 'solid'>, { readonly size: number; readonly draw: string; readonly opacity: number; readonly loud?: boolean }>> = {
    rise: { size: 7, draw: 'M-1 8L8 -1M-1 1L1 -1M6 8L8 6', opacity: 0.3 },
    fall: { size: 5, draw: 'M-1 -1L6 6M4 -1L6 1M-1 4L1 6', opacity: 0.35 },
    cross: { size: 6, draw: 'M0 0L6 6M6 0L0 6', opacity: 0.18 },
    dots: { size: 6, draw: 'M1.5 1.5h1M4.5 4.5h1', opacity: 0.5 },
    rows: { size: 5, draw: 'M0 2.5H5', opacity: 0.22 },
    columns: { size: 6, draw: 'M3 0V6', opacity: 0.25 },
    hatch: { size: 8, draw: 'M-2 10L10 -2M-2 2L2 -2M6 10L10 6', opacity: 0.9, loud: true },
    sparse: { size: 9, draw: 'M4 4.5h1', opacity: 0.6 },
};

function patterns(kinds: readonly Kind[], prefix: string): string {
    const wanted = [...new Set(kinds.map((k) => KIND_PATTERN[k]))].filter((p) => p !== 'solid').sort();
    return wanted.map((p) => {
        const { size, draw, opacity, loud } = INK[p as Exclude<Pattern, 'solid'>];
        return element('pattern', { id: `${prefix}${p}`, width: size, height: size, patternUnits: 'userSpaceOnUse' }, element('path', { d: draw, class: loud ? 'loss' : 'ink', opacity }));
    }).join('');
}

/** A filled and patterned rectangle. */
export function filled(x: number, y: number, width: number, height: number, kind: Kind, prefix: string, more = ''): string {
    const pattern = KIND_PATTERN[kind];
    const base = element('rect', { x, y, width, height, class: `box k-${kind}${more}` });
    return pattern === 'solid' ? base : base + element('rect', { x, y, width, height, fill: `url(#${prefix}${pattern})` });
}

// ---------------------------------------------------------------------------------------------------------- the document

export interface PictureText {
    readonly title: string;
    /** What the picture says, in words. */
    readonly description: string;
}

/** A whole SVG document around elements. */
export function picture(width: number, height: number, words: PictureText, kinds: readonly Kind[], elements: readonly string[], options: SvgOptions): string {
    const prefix = options.prefix ?? 'mt-';
    const scope = `${prefix}${options.theme}`;
    const high = Math.ceil(height);
    return `${element('svg', {
        xmlns: 'http://www.w3.org/2000/svg', class: scope, width, height: high, viewBox: `0 0 ${width} ${high}`, role: options.interactive ? 'group' : 'img', 'aria-labelledby': `${prefix}title`, 'aria-describedby': `${prefix}desc`,
    },
    `\n<title id="${prefix}title">${escapeText(words.title)}</title>\n<desc id="${prefix}desc">${escapeText(words.description)}</desc>\n`,
    `<style>${pictureStyle(options.theme, scope)}</style>\n<defs>${patterns(kinds, prefix)}</defs>\n`,
    `${element('rect', { class: 'bg', x: 0, y: 0, width, height: high })}\n`, ...elements.map((e) => `${e}\n`))}\n`;
}

/** Elements moved down by `y`. */
export function at(y: number, drawing: Drawing): string {
    return element('g', { transform: `translate(0 ${number(y)})` }, `\n${drawing.elements.join('\n')}\n`);
}

// --------------------------------------------------------------------------------------------------------------- the map

/** The address map as a document of its own. */
export function mapToSvg(layout: MapLayout, words: PictureText, options: SvgOptions): string {
    const map = drawMap(layout, options);
    const legend = drawLegend(map.kinds, layout.width, options);
    return picture(layout.width, map.height + legend.height, words, map.kinds, [...map.elements, at(map.height, legend)], options);
}

/** The address map, from its top left corner. */
export function drawMap(layout: MapLayout, options: SvgOptions): Drawing {
    const prefix = options.prefix ?? 'mt-';
    const out: string[] = [];
    const bottom = layout.height;
    // Texts with leading lines stand below the row of losses: names of breaks stay above it
    const ground = Math.min(bottom, ...layout.rows.filter((r) => r.name === 'lost' || r.name === 'faults').map((r) => r.y));
    for (const s of layout.segments) {
        const middle = s.x + s.width / 2;
        if (s.label) out.push(text(middle, 10, s.label, 'small title', { 'text-anchor': 'middle' }));
        out.push(element('path', { d: `M${number(s.x)} 17V13H${number(s.x + s.width)}V17`, class: 'rule' }, element('title', {}, escapeText(s.title))));
        for (const t of s.ticks) {
            out.push(text(t.x, 28, t.label, 'small muted num', { 'text-anchor': t.anchor === 'start' ? undefined : t.anchor }));
            if (t.anchor === 'middle') out.push(line(t.x, 13, t.x, 17, 'rule'));
        }
    }
    for (const b of layout.breaks) {
        const x = b.x + b.width / 2;
        const label = fitting([b.label, b.label.replace(' left out', '')], ground - 40, 10.5);
        const half = label === undefined ? 0 : textWidth(label, 10.5) / 2 + 4;
        const middle = (ground + 28) / 2;
        const cut = label === undefined ? line(x, 8, x, bottom - 6, 'cut') : line(x, 8, x, Math.max(8, middle - half), 'cut') + line(x, Math.min(bottom - 6, middle + half), x, bottom - 6, 'cut');
        out.push(element('g', {}, element('title', {}, escapeText(b.title)), cut, label === undefined ? '' : text(0, 0, label, 'small muted', { transform: `translate(${number(x + 3.5)} ${number(middle)}) rotate(-90)`, 'text-anchor': 'middle' })));
    }
    const sections = layout.rows.find((r) => r.name === 'sections');
    for (const r of layout.rows) out.push(element('g', {}, element('title', {}, escapeText(r.long)), text(r.labelX, r.labelY, layout.width >= 640 ? r.label : cutTo(r.label, (layout.segments[0]?.width ?? 52) - 2, 10.5), layout.width >= 640 ? 'muted' : 'small muted')));
    const lossesOn = new Map<string, MapOverlay[]>();
    for (const o of layout.overlays) lossesOn.set(o.id, [...(lossesOn.get(o.id) ?? []), o]);
    layout.boxes.forEach((b, i) => out.push(drawBox(b, lossesOn.get(b.id) ?? [], prefix, options.interactive === true, i === 0)));
    if (sections) for (const g of layout.grid) out.push(line(g.x, sections.y + (g.strong ? 12 : 16), g.x, sections.y + 20, 'rule'));
    for (const c of layout.callouts) {
        if (c.id !== 'more') out.push(element('path', { d: `M${number(c.fromX)} ${number(c.fromY)}V${number(c.y - 4)}H${number(c.x + c.width < c.fromX ? c.x + c.width + 2 : Math.max(c.fromX, c.x - 2))}`, class: 'lead' }));
    }
    for (const c of layout.callouts) out.push(text(c.x, c.y, c.text, 'halo', { 'font-size': 11 }));
    const kinds: Kind[] = layout.overlays.length > 0 && !layout.kinds.includes('lost') ? [...layout.kinds, 'lost'] : [...layout.kinds];
    return { height: layout.height, elements: out, kinds };
}

/** A label in a box. On hatching it stands on a plate: no letter is struck through. */
export function labelOn(x: number, y: number, label: string, kind: Kind, size = 12, bold = false, hatched = KIND_PATTERN[kind] === 'hatch'): string {
    const half = textWidth(label, size) / 2 + 3;
    const plate = hatched ? element('rect', { x: x - half, y: y - size, width: half * 2, height: size + 4, rx: 2, class: `plate-${kind}`, 'pointer-events': 'none' }) : '';
    return plate + text(x, y, label, `on-${kind}${bold ? ' title' : ''}`, { 'text-anchor': 'middle', 'pointer-events': 'none' });
}

function drawBox(b: MapBox, losses: readonly MapOverlay[], prefix: string, interactive: boolean, first: boolean): string {
    const mark = b.mark === 'same' ? '' : ` ${b.mark}`;
    const shape = filled(b.x, b.y, b.width, b.height, b.fault ? 'fault' : b.kind, prefix, `${mark}${b.selected ? ' selected' : ''}`);
    const kind = b.fault ? 'fault' : b.kind;
    const half = textWidth(b.label) / 2 + 3;
    const middle = b.x + b.width / 2;
    const struck = losses.some((o) => o.x < middle + half && o.x + o.width > middle - half);
    const hatching = losses.map((o) => element('rect', { x: o.x, y: o.y, width: o.width, height: o.height, fill: `url(#${prefix}hatch)`, 'pointer-events': 'none' })).join('');
    const label = b.label === '' ? '' : labelOn(middle, b.y + 14, b.label, kind, 12, false, struck || KIND_PATTERN[kind] === 'hatch');
    const attributes = interactive
        ? { tabindex: first ? 0 : -1, role: 'button', 'aria-label': b.label === '' || b.title.startsWith(b.label) ? b.title : `${b.label}, ${b.title}`, 'aria-pressed': b.selected ? 'true' : 'false', 'data-tip': b.label === '' || b.title.startsWith(b.label) ? undefined : b.title, 'data-id': b.id, 'data-source': b.sourceKey, 'data-start': b.range.start, 'data-end': b.range.end }
        : {};
    // a page that listens explains its boxes itself
    return element('g', attributes, ...(interactive ? [] : [element('title', {}, escapeText(b.title))]), shape, hatching, label);
}

/** Words for the kinds, in as many lines as it takes. */
export function drawLegend(kinds: readonly Kind[], width: number, options: SvgOptions): Drawing {
    const prefix = options.prefix ?? 'mt-';
    const out: string[] = [];
    let x = 8;
    let y = 6;
    for (const kind of kinds) {
        if (kind === 'node') continue;
        const label = cutTo(KIND_LABEL[kind], width - 48, 10.5);
        const wide = 22 + textWidth(label, 10.5) + 14;
        if (x > 8 && x + wide > width - 4) {
            x = 8;
            y += 18;
        }
        out.push(filled(x, y, 18, 11, kind, prefix), text(x + 23, y + 9.5, label, 'small muted'));
        x += wide;
    }
    return { height: out.length === 0 ? 0 : y + 20, elements: out, kinds };
}
