// Entry of dist/server.browser.js: the language server as a worker. No node module may be reachable from here.
import { BrowserMessageReader, BrowserMessageWriter, createConnection } from 'vscode-languageserver/browser';
import { READ_FILE_REQUEST } from './server/files-protocol.ts';
import { serve } from './server/connection.ts';

const worker = self as unknown as Worker;
const connection = createConnection(new BrowserMessageReader(worker as never), new BrowserMessageWriter(worker as never));

serve(connection, {
    version: 'web',
    read: async (uri) => {
        try {
            const text: unknown = await connection.sendRequest(READ_FILE_REQUEST, { uri });
            return typeof text === 'string' ? text : undefined;
        } catch {
            return undefined; // a client that cannot read files for us
        }
    },
});
