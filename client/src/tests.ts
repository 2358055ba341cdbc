// The testing view: files, their scenarios, and what each expects. Files are read when they are unfolded or opened; the server finds
// the tests and runs them. One profile runs the releases that the text names, the other one a release of the reader's choice.
import * as vscode from 'vscode';
import type { BaseLanguageClient } from 'vscode-languageclient';
import { State } from 'vscode-languageclient';
import {
    RUN_TESTS_REQUEST, type RunTestsParams, type RunTestsResult, type TestFailure, type TestRun, TESTS_REQUEST, type TestsModel, type TestsParams,
} from '../../server/src/features/tests-protocol.ts';

const PATTERN = '**/*.memtopo';
const NONE = '**/node_modules/**';

export function registerTests(client: BaseLanguageClient, changes: vscode.Event<string>): vscode.Disposable {
    const controller = vscode.tests.createTestController('memtopo', 'memtopo');
    let releases: readonly string[] = [];
    let chosen: string | undefined;
    /** Version of each document that was run last, by the server's uri: the server also tells of texts that are only read anew. */
    const tested = new Map<string, number>();

    const fileItem = (uri: vscode.Uri): vscode.TestItem => {
        const id = uri.toString();
        const known = controller.items.get(id);
        if (known) return known;
        const item = controller.createTestItem(id, uri.path.split('/').pop() ?? id, uri);
        item.description = folderOf(uri);
        item.canResolveChildren = true;
        controller.items.add(item);
        return item;
    };

    /** Asks the server for the tests of a file; a file that is open in no editor is opened for it, unseen. */
    const resolve = async (item: vscode.TestItem): Promise<void> => {
        if (!item.uri || !client.isRunning()) return;
        try {
            await vscode.workspace.openTextDocument(item.uri);
            const params: TestsParams = { uri: client.code2ProtocolConverter.asUri(item.uri) };
            const model = await client.sendRequest<TestsModel | null>(TESTS_REQUEST, params);
            if (!model) return;
            releases = model.kernels;
            show(item, model);
        } catch (error) {
            item.error = String(error);
        }
    };
    const show = (file: vscode.TestItem, model: TestsModel): void => {
        file.error = undefined;
        file.children.replace(model.scenarios.map((scenario, i) => {
            const item = controller.createTestItem(`${file.id}\n${scenario.id}`, scenario.name, file.uri);
            item.range = client.protocol2CodeConverter.asRange(scenario.range);
            item.description = `${scenario.platform ?? ''} · Linux ${scenario.kernels.join(', ')}`;
            item.sortText = String(i).padStart(5, '0');
            item.children.replace(scenario.expectations.map((expectation, k) => {
                const child = controller.createTestItem(`${file.id}\n${expectation.id}`, expectation.label, file.uri);
                child.range = client.protocol2CodeConverter.asRange(expectation.range);
                child.description = expectation.step ?? 'after boot';
                child.sortText = String(k).padStart(5, '0');
                return child;
            }));
            return item;
        }));
        // a file without scenarios is no test
        if (model.scenarios.length === 0) controller.items.delete(file.id);
    };

    const run = async (request: vscode.TestRunRequest, kernel: string | undefined, token: vscode.CancellationToken): Promise<void> => {
        const testRun = controller.createTestRun(request, kernel === undefined ? undefined : `Linux ${kernel}`);
        const wanted = request.include ?? [...controller.items].map(([, item]) => item);
        const excluded = new Set(request.exclude?.map(item => item.id));
        const byFile = new Map<string, { readonly file: vscode.TestItem; readonly ids: string[]; whole: boolean }>();
        for (const item of wanted) {
            const file = top(item);
            const entry = byFile.get(file.id) ?? { file, ids: [], whole: false };
            byFile.set(file.id, entry);
            if (file === item) entry.whole = true; else entry.ids.push(ownId(item));
        }
        try {
            for (const { file, ids, whole } of byFile.values()) {
                if (token.isCancellationRequested) break;
                await resolve(file);
                const params: RunTestsParams = { uri: client.code2ProtocolConverter.asUri(file.uri as vscode.Uri), ids: whole ? undefined : ids, kernel };
                for (const [, item] of file.children) if (whole || ids.some(id => id.split('#', 1)[0] === ownId(item))) for (const one of [item, ...children(item)]) testRun.started(one);
                const result = await client.sendRequest<RunTestsResult | null>(RUN_TESTS_REQUEST, params, token);
                if (!result) continue;
                tested.set(result.uri, result.version);
                tell(testRun, file, result, excluded);
            }
        } catch (error) {
            testRun.appendOutput(`${String(error)}\r\n`);
        } finally {
            testRun.end();
        }
    };

    /** Results of a scenario under several releases are one result of the test: failed where one failed, with the release in the message. */
    const tell = (testRun: vscode.TestRun, file: vscode.TestItem, { runs }: RunTestsResult, excluded: ReadonlySet<string>): void => {
        const byScenario = new Map<string, TestRun[]>();
        for (const one of runs) byScenario.set(one.scenario, [...byScenario.get(one.scenario) ?? [], one]);
        for (const [id, all] of byScenario) {
            const item = file.children.get(`${file.id}\n${id}`);
            if (!item || excluded.has(item.id)) continue;
            const time = all.reduce((sum, one) => sum + one.milliseconds, 0);
            for (const one of all) {
                testRun.appendOutput(`${item.label}, Linux ${one.kernel}: ${one.error ?? (one.passed ? 'passed' : 'failed')}\r\n${one.transcript.replaceAll('\n', '\r\n')}\r\n\r\n`, undefined, item);
            }
            const ownFailures = [
                ...[...new Set(all.flatMap(one => one.error ?? []))].map(error => plain(error, item)),
                ...messages(all.flatMap(one => one.failures.map(failure => ({ failure, kernel: one.kernel }))), item, all.length),
            ];
            const failedChild = all.some(one => one.expectations.some(expectation => !expectation.passed));
            for (const child of children(item)) {
                const results = all.flatMap(one => one.expectations.filter(expectation => expectation.id === ownId(child)).map(result => ({ result, kernel: one.kernel })));
                if (results.length === 0) testRun.skipped(child);
                else if (results.every(({ result }) => result.passed)) testRun.passed(child);
                else testRun.failed(child, messages(results.flatMap(({ result, kernel }) => result.failure ? [{ failure: result.failure, kernel }] : []), child, all.length));
            }
            if (ownFailures.length > 0) testRun[all.some(one => one.error !== undefined) ? 'errored' : 'failed'](item, ownFailures, time);
            else if (failedChild) testRun.failed(item, [], time);
            else testRun.passed(item, time);
        }
    };
    const plain = (text: string, item: vscode.TestItem): vscode.TestMessage => {
        const said = new vscode.TestMessage(text);
        if (item.uri && item.range) said.location = new vscode.Location(item.uri, item.range);
        return said;
    };
    /** What several releases say alike is told once, with the releases unless all of them say it. */
    const messages = (failures: readonly { readonly failure: TestFailure; readonly kernel: string }[], item: vscode.TestItem, releases: number): vscode.TestMessage[] => {
        const alike = new Map<string, { readonly failure: TestFailure; readonly kernels: string[] }>();
        for (const { failure, kernel } of failures) {
            const key = JSON.stringify(failure);
            const known = alike.get(key);
            if (known) known.kernels.push(kernel);
            else alike.set(key, { failure, kernels: [kernel] });
        }
        return [...alike.values()].map(({ failure, kernels }) => message(failure, item, kernels.length < releases ? `Linux ${kernels.join(', ')}: ` : ''));
    };
    const message = (failure: TestFailure, item: vscode.TestItem, releases: string): vscode.TestMessage => {
        const text = `${releases}${failure.message}`;
        const said = failure.expected !== undefined && failure.actual !== undefined ? vscode.TestMessage.diff(text, failure.expected, failure.actual) : new vscode.TestMessage(text);
        if (item.uri) said.location = new vscode.Location(item.uri, client.protocol2CodeConverter.asRange(failure.range));
        return said;
    };

    /** Until it is switched off: a file that has changed runs again, if it is among those that are asked for. */
    const watch = (request: vscode.TestRunRequest, token: vscode.CancellationToken): void => {
        const again = changes(uri => {
            const file = staleFile(uri);
            const include = file && (request.include?.filter(item => top(item) === file) ?? [file]);
            if (include?.length) void run(new vscode.TestRunRequest(include, request.exclude, request.profile, true), undefined, token);
        });
        token.onCancellationRequested(() => again.dispose());
    };
    controller.createRunProfile('Run', vscode.TestRunProfileKind.Run, (request, token) => {
        if (request.continuous) watch(request, token);
        else return run(request, undefined, token);
    }, true, undefined, true);
    const other = controller.createRunProfile('Run under another kernel', vscode.TestRunProfileKind.Run, async (request, token) => {
        chosen ??= await pick(releases);
        if (chosen !== undefined) { other.label = `Run under Linux ${chosen}`; await run(request, chosen, token); }
    });
    other.configureHandler = async () => {
        const kernel = await pick(releases);
        if (kernel !== undefined) { chosen = kernel; other.label = `Run under Linux ${kernel}`; }
    };

    const documentOf = (uri: string): vscode.TextDocument | undefined => vscode.workspace.textDocuments.find(one => client.code2ProtocolConverter.asUri(one.uri) === uri);
    /** The file whose text is another one than that which was run. */
    const staleFile = (uri: string): vscode.TestItem | undefined => {
        const document = documentOf(uri);
        return document && tested.get(uri) !== document.version ? controller.items.get(document.uri.toString()) : undefined;
    };
    const find = async (): Promise<void> => {
        for (const uri of await vscode.workspace.findFiles(PATTERN, NONE)) fileItem(uri);
    };
    const opened = (document: vscode.TextDocument): void => {
        if (document.languageId === 'memtopo' && document.uri.scheme !== 'git') void resolve(fileItem(document.uri));
    };
    controller.resolveHandler = item => (item ? resolve(item) : find());
    controller.refreshHandler = find;
    const watcher = vscode.workspace.createFileSystemWatcher(PATTERN, false, true, false);
    for (const document of vscode.workspace.textDocuments) opened(document);
    return vscode.Disposable.from(
        controller, watcher,
        watcher.onDidCreate(uri => fileItem(uri)),
        watcher.onDidDelete(uri => controller.items.delete(uri.toString())),
        vscode.workspace.onDidOpenTextDocument(opened),
        vscode.workspace.onDidCloseTextDocument(document => { if (document.isUntitled) controller.items.delete(document.uri.toString()); }),
        changes(uri => {
            const document = documentOf(uri);
            const file = staleFile(uri);
            if (file) controller.invalidateTestResults(file);
            if (document) opened(document);
        }),
        client.onDidChangeState(({ newState }) => { if (newState === State.Running) for (const document of vscode.workspace.textDocuments) opened(document); }),
    );
}

async function pick(releases: readonly string[]): Promise<string | undefined> {
    return vscode.window.showQuickPick([...releases].reverse(), { title: 'Run under', placeHolder: 'Linux release' });
}

function children(item: vscode.TestItem): vscode.TestItem[] {
    return [...item.children].map(([, child]) => child);
}

function top(item: vscode.TestItem): vscode.TestItem {
    return item.parent ? top(item.parent) : item;
}

/** The server's id in the view's, which begins with the file's. */
function ownId(item: vscode.TestItem): string {
    return item.id.slice(item.id.indexOf('\n') + 1);
}

function folderOf(uri: vscode.Uri): string {
    const relative = vscode.workspace.asRelativePath(uri);
    return relative.includes('/') ? relative.slice(0, relative.lastIndexOf('/')) : '';
}
