// How a server that cannot read files asks its client to. Optional for clients: without it, imports resolve among open documents.

/** Request, server to client: `{ uri }` → the file's text, or null where there is none. */
export const READ_FILE_REQUEST = 'memtopo/readFile';

export interface ReadFileParams {
    readonly uri: string;
}
