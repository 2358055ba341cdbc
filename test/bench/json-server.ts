// The yardstick: VS Code's JSON language service behind the same protocol library, bundled the same way.
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { getLanguageService, TextDocument } from 'vscode-json-languageservice';

const connection = createConnection(ProposedFeatures.all);
const service = getLanguageService({});
const documents = new Map<string, TextDocument>();

const validate = async (document: TextDocument): Promise<void> => {
    const diagnostics = await service.doValidation(document, service.parseJSONDocument(document));
    await connection.sendDiagnostics({ uri: document.uri, version: document.version, diagnostics });
};

connection.onInitialize(() => ({ capabilities: { textDocumentSync: 2 } }));
connection.onDidOpenTextDocument(({ textDocument: d }) => {
    const document = TextDocument.create(d.uri, d.languageId, d.version, d.text);
    documents.set(d.uri, document);
    void validate(document);
});
connection.onDidChangeTextDocument(({ textDocument, contentChanges }) => {
    const document = TextDocument.update(documents.get(textDocument.uri)!, contentChanges, textDocument.version);
    documents.set(textDocument.uri, document);
    void validate(document);
});
connection.listen();
