// How pictures look: what is told apart, in which colours and patterns, in three themes. Colours are CSS custom properties with the
// theme's colour as their fallback, so that a page (VS Code's webview) can put its own in their place.

export type ThemeName = 'light' | 'dark' | 'high-contrast';

export const THEMES: readonly ThemeName[] = ['light', 'dark', 'high-contrast'];

/** What a box stands for. Each has a colour, a pattern and a word: none of them is told by its colour alone. */
export type Kind =
    | 'ram' | 'movable' | 'offline' | 'pmem' | 'dax' | 'soft' | 'reserved' | 'acpi' | 'device' | 'hotplug' | 'node' | 'lost' | 'idle' | 'fault' | 'mixed';

/** Words of the legend. */
export const KIND_LABEL: Readonly<Record<Kind, string>> = {
    ram: 'RAM', movable: 'RAM in zone Movable', offline: 'memory blocks offline', pmem: 'persistent memory', dax: 'dax device', soft: 'specific-purpose (soft reserved)',
    reserved: 'reserved', acpi: 'ACPI tables', device: 'device or region', hotplug: 'window for hot-plug', node: 'node', lost: 'lost: nobody can use it', idle: 'idle: available, not used',
    fault: 'overlap or collision', mixed: 'several ranges, too small to draw apart',
};

/** Drawn over the fill. `solid` has none. */
export type Pattern = 'solid' | 'rise' | 'fall' | 'cross' | 'dots' | 'rows' | 'columns' | 'hatch' | 'sparse';

export const KIND_PATTERN: Readonly<Record<Kind, Pattern>> = {
    ram: 'solid', movable: 'rise', offline: 'sparse', pmem: 'rows', dax: 'columns', soft: 'dots', reserved: 'cross', acpi: 'cross', device: 'solid', hotplug: 'sparse', node: 'solid',
    lost: 'hatch', idle: 'sparse', fault: 'hatch', mixed: 'fall',
};

type Names = 'bg' | 'fg' | 'muted' | 'line' | 'accent' | 'focus' | Kind;

/** Text on every fill has a contrast of 4.5 : 1 or more (test/unit/render/theme.test.ts). */
export const COLORS: Readonly<Record<ThemeName, Readonly<Record<Names, string>>>> = {
    light: {
        bg: '#ffffff', fg: '#1b1f24', muted: '#57606a', line: '#8c959f', accent: '#b02a0c', focus: '#0550ae',
        ram: '#8fd6a3', movable: '#bfe8c9', offline: '#ffffff', pmem: '#a5cdfa', dax: '#d9c2f5', soft: '#f3d47c', reserved: '#d8dee4', acpi: '#c9d1d9', device: '#e6edf3', hotplug: '#ffffff',
        node: '#eef1f4', lost: '#ffd8c7', idle: '#f6f8fa', fault: '#ffcfcf', mixed: '#e1e4e8',
    },
    dark: {
        bg: '#1f1f1f', fg: '#e6edf3', muted: '#a8b1bb', line: '#7d8590', accent: '#ff9c7a', focus: '#79c0ff',
        ram: '#1d6b38', movable: '#14492a', offline: '#1f1f1f', pmem: '#1b4f8f', dax: '#5a3591', soft: '#6b5210', reserved: '#41464d', acpi: '#4d535b', device: '#2d333b', hotplug: '#1f1f1f',
        node: '#2b3036', lost: '#6e2a14', idle: '#262b31', fault: '#7d1a1f', mixed: '#3a3f46',
    },
    'high-contrast': {
        bg: '#000000', fg: '#ffffff', muted: '#ffffff', line: '#ffffff', accent: '#ffb000', focus: '#ffff00',
        ram: '#00451a', movable: '#002a10', offline: '#000000', pmem: '#00367a', dax: '#3f0080', soft: '#4d3a00', reserved: '#333333', acpi: '#333333', device: '#000000', hotplug: '#000000',
        node: '#000000', lost: '#5c1a00', idle: '#000000', fault: '#7a0000', mixed: '#222222',
    },
};

export const KINDS = Object.keys(KIND_LABEL) as Kind[];

/** A colour as CSS: the page's custom property where it sets one, else the theme's. */
export function color(theme: ThemeName, name: Names): string {
    return `var(--memtopo-${name},${COLORS[theme][name]})`;
}

/**
 * The style of a picture. Each colour stands twice: programs that do not know custom properties read the first and skip the second.
 * `scope` is a class that every rule is under, so that pictures of different themes can stand on one page.
 */
export function pictureStyle(theme: ThemeName, scope: string): string {
    const rule = (selector: string, properties: readonly [string, Names][], more = ''): string =>
        `.${scope} ${selector}{${properties.map(([p, n]) => `${p}:${COLORS[theme][n]};${p}:${color(theme, n)}`).join(';')}${more}}`;
    return [
        `.${scope}{font-family:system-ui,"Segoe UI","DejaVu Sans",sans-serif;font-size:12px}`,
        rule('.bg', [['fill', 'bg']]), rule('text', [['fill', 'fg']]), rule('.muted', [['fill', 'muted']]), rule('.title', [['fill', 'fg']], ';font-weight:600'),
        rule('.bad', [['fill', 'accent']], ';font-weight:600'), rule('.small', [], 'font-size:10.5px'), rule('.num', [], 'font-variant-numeric:tabular-nums'),
        rule('.rule', [['stroke', 'line']], ';stroke-width:1;fill:none'), rule('.lead', [['stroke', 'accent']], ';stroke-width:1;fill:none'),
        rule('.cut', [['stroke', 'line']], ';stroke-width:1;stroke-dasharray:2 3;fill:none'),
        rule('.ink', [['stroke', 'fg']], ';stroke-width:1;fill:none'), rule('.inkfill', [['fill', 'fg']]), rule('.hot', [['fill', 'fg']]), rule('.on', [['fill', 'bg']], ''),
        rule('.loss', [['stroke', 'accent']], ';stroke-width:2;fill:none'),
        rule('.box', [['stroke', 'line']], ';stroke-width:1'), rule('.halo', [['stroke', 'bg']], ';paint-order:stroke;stroke-width:3px;stroke-linejoin:round'),
        ...KINDS.map((k) => rule(`.k-${k}`, [['fill', k]])),
        ...KINDS.map((k) => rule(`.on-${k}`, [['stroke', k]], ';paint-order:stroke;stroke-width:3px;stroke-linejoin:round')),
        ...KINDS.map((k) => rule(`.plate-${k}`, [['fill', k]])),
        rule('.k-lost', [['stroke', 'accent']]), rule('.k-fault', [['stroke', 'accent']], ';stroke-width:2'),
        `.${scope} .k-offline,.${scope} .k-hotplug,.${scope} .k-idle{stroke-dasharray:4 2}`,
        `.${scope} .removed{opacity:.55;stroke-dasharray:2 2}`,
        rule('.added', [['stroke', 'fg']], ';stroke-width:2'), rule('.changed', [['stroke', 'fg']], ';stroke-width:2;stroke-dasharray:6 2'),
        rule('.k-lost.added,.SCOPE .k-lost.changed', [['stroke', 'accent']]).replace('SCOPE', scope),
        rule('.selected', [['stroke', 'focus']], ';stroke-width:3;stroke-dasharray:none'),
        `.${scope} [tabindex]:focus{outline:none}`, rule('[tabindex]:focus-visible .box', [['stroke', 'focus']], ';stroke-width:3'),
    ].join('\n');
}

/** The colours of a theme as custom properties, for a page that puts them in place of a picture's own. */
export function themeVariables(theme: ThemeName): string {
    return Object.entries(COLORS[theme]).map(([name, value]) => `--memtopo-${name}:${value}`).join(';');
}

/** Style sheet of VS Code's Markdown preview: pictures follow the editor's theme, whatever theme they were made in. */
export function markdownStyle(): string {
    const themes: readonly [string, ThemeName][] = [
        ['.vscode-light', 'light'], ['.vscode-dark', 'dark'], ['.vscode-high-contrast:not(.vscode-high-contrast-light)', 'high-contrast'], ['.vscode-high-contrast-light', 'light'],
    ];
    return `/* Made from server/src/render/theme.ts: MEMTOPO_UPDATE=1 npx vitest run test/unit/render/theme.test.ts */
${themes.map(([selector, theme]) => `${selector} .memtopo{${themeVariables(theme)};--memtopo-bg:var(--vscode-editor-background,${COLORS[theme].bg});--memtopo-fg:var(--vscode-editor-foreground,${COLORS[theme].fg})}`).join('\n')}
.memtopo figure{margin:0 0 1em}
.memtopo svg{display:block;max-width:100%;height:auto}
.memtopo figcaption{margin:.4em 0}
.memtopo pre{overflow:auto}
.memtopo-errors{border-left:3px solid var(--vscode-editorError-foreground,#b02a0c);padding-left:.6em}
`;
}
