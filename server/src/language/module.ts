// The language's services, wired in one place. Servers, the command line and tests all start here.
import { EmptyFileSystem, inject, type Module } from 'langium';
import {
    createDefaultModule, createDefaultSharedModule, type DefaultSharedModuleContext, type LangiumServices, type LangiumSharedServices,
    type PartialLangiumServices, type PartialLangiumSharedServices,
} from 'langium/lsp';
import { MemtopoGeneratedModule, MemtopoGeneratedSharedModule } from './generated/module.ts';
import { MemtopoValueConverter } from './value-converter.ts';

export type MemtopoServices = LangiumServices;

const MemtopoModule: Module<MemtopoServices, PartialLangiumServices> = {
    parser: {
        ValueConverter: () => new MemtopoValueConverter(),
    },
};

/** What a host may add or replace: LSP features, a document validator that words findings as diagnostics, … */
export interface Extensions {
    readonly shared?: Module<LangiumSharedServices, PartialLangiumSharedServices>;
    readonly language?: Module<MemtopoServices, PartialLangiumServices>;
}

/**
 * Creates the services. `context` brings the file system and, in a server, the connection; without one, nothing is read from
 * disk and imports resolve among the documents already known.
 */
export function createMemtopoServices(context: DefaultSharedModuleContext = EmptyFileSystem, extensions: Extensions = {}): {
    shared: LangiumSharedServices;
    memtopo: MemtopoServices;
} {
    const shared = inject(createDefaultSharedModule(context), MemtopoGeneratedSharedModule, extensions.shared ?? {});
    const memtopo = inject(createDefaultModule({ shared }), MemtopoGeneratedModule, MemtopoModule, extensions.language ?? {});
    shared.ServiceRegistry.register(memtopo);
    return { shared, memtopo };
}
