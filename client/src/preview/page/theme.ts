// Which of the pictures' themes goes with VS Code's, and the rules that the pictures need: as a style sheet of the page, because its
// policy lets no style into the text.
import { useEffect, useState } from 'preact/hooks';
import { COLORS, pictureStyle, type ThemeName } from '../../../../server/src/render/theme.ts';

const PREFIXES = ['map-', 'other-', 'nodes-'];

function themeOf(classes: DOMTokenList): ThemeName {
    if (classes.contains('vscode-high-contrast')) return 'high-contrast';
    return classes.contains('vscode-light') || classes.contains('vscode-high-contrast-light') ? 'light' : 'dark';
}

/** The theme now; draws again when the reader takes another one. */
export function useTheme(): ThemeName {
    const [theme, setTheme] = useState(() => themeOf(document.body.classList));
    useEffect(() => {
        const look = (): void => setTheme(themeOf(document.body.classList));
        const watch = new MutationObserver(look);
        watch.observe(document.body, { attributes: true, attributeFilter: ['class'] });
        look();
        return () => watch.disconnect();
    }, []);
    return theme;
}

/** Adds the rules of all themes; each is under a class of its own. */
export function adoptPictureStyles(): void {
    const sheet = new CSSStyleSheet();
    const names = Object.keys(COLORS) as ThemeName[];
    sheet.replaceSync(names.flatMap(name => PREFIXES.map(prefix => pictureStyle(name, `${prefix}${name}`))).join('\n'));
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
