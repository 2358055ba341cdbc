// Every fixture of test/fixtures/language draws its findings under the places; nothing else may be found.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allFindings, marked, URI } from './marked.ts';

const FOLDER = new URL('../../fixtures/language/', import.meta.url);

describe('fixtures', () => {
    it.each(readdirSync(FOLDER).filter((f) => f.endsWith('.memtopo')))('%s', (name) => {
        const { found, drawn } = marked(readFileSync(new URL(name, FOLDER), 'utf8'));
        expect(found.sort()).toEqual(drawn.sort());
    });
});

const codes = (text: string, files: Record<string, string> = {}): string[] => allFindings(text, (uri) => files[uri.slice('file:///t/'.length)], false).map((f) => f.code);

describe('between files', () => {
    const lib = 'platform lib { node 0 { cpus 0-1 memory at 0 size 4G } }';

    it('finds platforms of imported files', () => {
        expect(codes('import "lib.memtopo"\nplatform x extends lib { kernel 6.6 }\nscenario "s" on lib { }', { 'lib.memtopo': lib })).toEqual([]);
    });

    it('tells a missing import at its path', () => {
        const [finding] = allFindings('import "nowhere.memtopo"\n');
        expect(finding).toMatchObject({ code: 'language/missing-import', at: { uri: URI, start: 7, end: 24 } });
    });

    it('tells circles of imports: of a file with itself, of two, of three', () => {
        expect(codes('import "main.memtopo"')).toEqual(['language/import-cycle']);
        expect(codes('import "a.memtopo"', { 'a.memtopo': 'import "main.memtopo"' })).toEqual(['language/import-cycle']);
        expect(codes('import "a.memtopo"', { 'a.memtopo': 'import "b.memtopo"', 'b.memtopo': 'import "main.memtopo"' })).toEqual(['language/import-cycle']);
        expect(codes('import "a.memtopo"', { 'a.memtopo': 'import "b.memtopo"', 'b.memtopo': '' })).toEqual([]);
    });

    it('says of bytes that are lost who made the device, not what was done to it since', () => {
        const found = allFindings(`platform p { kernel 6.1 hypervisor cmdline "memmap=2G!6G" node 0 { memory at 0 size 2G memory at 4G size 6G } }
scenario "s" on p {
    $ ndctl create-namespace -m devdax -M mem -e namespace0.0 -f
    $ modprobe kmem
    $ echo dax0.0 > /sys/bus/dax/drivers/device_dax/unbind
    $ echo dax0.0 > /sys/bus/dax/drivers/kmem/new_id
}`).find((f) => f.code === 'kmem/block-trim')!;
        expect(found.related.map((r) => r.message)).toEqual(['dax0.0 was made here']);
    });

    it('tells circles of extends and unknown bases', () => {
        expect(codes('platform a extends a { }')).toEqual(['language/extends-cycle']);
        expect(codes('platform a extends b { }\nplatform b extends c { }\nplatform c extends a { }')).toEqual(['language/extends-cycle']);
        expect(codes('platform a extends nothing { }')).toEqual(['language/unknown-platform']);
    });
});

describe('one mistake', () => {
    it('is told once: two NFIT ranges over each other are no second mistake where Linux refuses one of them', () => {
        const text = 'platform p {\n    node 0 { cpus 0  memory at 0 size 4G }\n    pmem at 8G size 4G\n    pmem at 10G size 4G\n}\n';
        expect(allFindings(text).filter((f) => f.severity === 'error').map((f) => f.code)).toEqual(['platform/overlap']);
    });
    it('behind a range, `node N { member` is a declaration of its own', () => {
        const text = 'platform p {\n    node 0 { cpus 0  memory at 0 size 4G }\n    pmem at 8G size 4G node 0\n    node 1 { memory at 16G size 2G }\n    nonsense\n}\n';
        // with a mistake elsewhere as well, which the library reads
        expect(codes(text)).toEqual(['language/unexpected-token']);
        expect(codes(text.replace('    nonsense\n', ''))).toEqual([]);
    });
});
