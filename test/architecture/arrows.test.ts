// The sentences of docs/contributing.md about what each part does not know. Each is a test; a new import that breaks one has to
// argue with the sentence, not with a linter.
import { describe, expect, it } from 'vitest';
import { filesBelow, type Import, importsOf } from './imports.ts';

const SERVER = 'server/src';

/** Imports of a folder that it should not have. */
function offences(folder: string, allowed: (i: Import) => boolean): string[] {
    return filesBelow(folder).filter((f) => !f.includes('/generated/')).flatMap(importsOf).filter((i) => !allowed(i)).map((i) => `${i.from} imports ${i.to}`);
}

const inside = (...folders: string[]) => (i: Import): boolean => folders.some((f) => i.to.startsWith(`${SERVER}/${f}/`));
const isPackage = (i: Import): boolean => !i.to.startsWith(`${SERVER}/`) && !i.to.startsWith('client/');

describe('the arrows', () => {
    it('sees the imports at all', () => {
        const kernel = filesBelow(`${SERVER}/kernel`).flatMap(importsOf);
        expect(kernel.length).toBeGreaterThan(20);
        expect(kernel).toContainEqual({ from: `${SERVER}/kernel/tx.ts`, to: `${SERVER}/kernel/state.ts`, typeOnly: true });
    });

    it('the kernel knows nothing of anything else', () => {
        expect(offences(`${SERVER}/kernel`, inside('kernel'))).toEqual([]);
    });

    it('commands know the kernel and nothing else', () => {
        expect(offences(`${SERVER}/commands`, inside('commands', 'kernel'))).toEqual([]);
    });

    it('render knows nothing of language, editor and node: it runs in a webview too', () => {
        expect(offences(`${SERVER}/render`, inside('render', 'commands', 'kernel'))).toEqual([]);
    });

    it('the language knows nothing of editor, node and command line', () => {
        expect(offences(`${SERVER}/language`, (i) => inside('language', 'render', 'commands', 'kernel', 'diagnostics')(i) || i.to === 'langium' || i.to === 'chevrotain' || i.to.startsWith('langium/') || i.to === 'vscode-uri')).toEqual([]);
    });

    it('the model of a lowered file knows nothing of Langium', () => {
        expect(importsOf(`${SERVER}/language/model.ts`).filter(isPackage)).toEqual([]);
    });

    it('diagnostics know the model and nothing of editor and node', () => {
        expect(offences(`${SERVER}/diagnostics`, (i) => inside('diagnostics', 'language', 'render', 'commands', 'kernel')(i) || i.to.startsWith('vscode-languageserver'))).toEqual([]);
    });

    it('features know nothing of node, client and command line: they run in a browser worker', () => {
        expect(offences(`${SERVER}/features`, (i) => !i.to.startsWith('node:') && !i.to.startsWith('client/') && !inside('cli')(i) && i.to !== 'vscode')).toEqual([]);
    });

    it('the server apart from its node entry knows nothing of node and command line', () => {
        expect(offences(`${SERVER}/server`, (i) => i.from.endsWith('/server/node.ts') || (!i.to.startsWith('node:') && !inside('cli')(i) && !i.to.startsWith('client/')))).toEqual([]);
    });

    it('formats know nothing of editor, server and command line', () => {
        expect(offences(`${SERVER}/formats`, (i) => !inside('features', 'server', 'cli')(i) && !i.to.startsWith('client/') && i.to !== 'vscode')).toEqual([]);
    });

    it('the command line knows nothing of the editor features and the client', () => {
        expect(offences(`${SERVER}/cli`, (i) => !inside('features')(i) && !i.to.startsWith('client/') && i.to !== 'vscode')).toEqual([]);
    });

    it('the client knows of the server only what travels between them, and the preview page the pictures', () => {
        const travels = (i: Import): boolean => new RegExp(`^${SERVER}/(?:features|server)/[\\w-]+-protocol\\.ts$`).test(i.to);
        const pictures = (i: Import): boolean => i.from.startsWith('client/src/preview/page/') && inside('render', 'kernel')(i);
        expect(offences('client/src', (i) => !i.to.startsWith(`${SERVER}/`) || travels(i) || pictures(i) || (i.typeOnly && inside('render')(i)))).toEqual([]);
    });

    it('only the client knows VS Code', () => {
        expect(offences(SERVER, (i) => i.to !== 'vscode')).toEqual([]);
    });
});
