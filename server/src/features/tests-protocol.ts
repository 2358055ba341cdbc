// What travels between the server and a test view: the scenarios of a document and their expectations, and what became of them. Plain
// data in LSP terms; nothing here knows Langium or VS Code, so that a client can import it too.
import type { Range } from 'vscode-languageserver-types';

/** Request, client to server: the tests of a document (open, or readable for the server). `null` for one that it does not know. */
export const TESTS_REQUEST = 'memtopo/tests';
/** Request, client to server: runs them. `null` as above. */
export const RUN_TESTS_REQUEST = 'memtopo/runTests';

export interface TestsParams {
    readonly uri: string;
}

export interface TestsModel {
    readonly uri: string;
    /** Version of the document that the model was made from. */
    readonly version: number;
    readonly scenarios: readonly TestScenario[];
    /** Every release that memtopo knows, oldest first. */
    readonly kernels: readonly string[];
}

export interface TestScenario {
    /** Unique in its document and the same while the scenario keeps its name. */
    readonly id: string;
    readonly name: string;
    readonly platform?: string;
    /** Of the name in the text. */
    readonly range: Range;
    /** Releases that it runs under where no other one is asked for. */
    readonly kernels: readonly string[];
    readonly expectations: readonly TestExpectation[];
}

export interface TestExpectation {
    /** Unique in its document: the scenario's id, `#`, and what is written. */
    readonly id: string;
    /** Its first line as written: `expect ram dax0.0 = 1920M`. */
    readonly label: string;
    /** The step that it is about; nothing for the boot. */
    readonly step?: string;
    readonly range: Range;
}

export interface RunTestsParams {
    readonly uri: string;
    /** Ids of scenarios or expectations; all when absent. */
    readonly ids?: readonly string[];
    /** Release to run under; the scenario's own ones when absent. */
    readonly kernel?: string;
}

/** One scenario under one release. */
export interface TestRun {
    readonly scenario: string;
    readonly kernel: string;
    /** Every step as it is expected, and every expectation met. */
    readonly passed: boolean;
    /** It could not run at all: what is in the way. */
    readonly error?: string;
    /** Steps that fail and are not expected to, and what else concerns no single expectation. */
    readonly failures: readonly TestFailure[];
    readonly expectations: readonly TestResult[];
    readonly milliseconds: number;
    /** The steps with their outcomes, for the output of the run. */
    readonly transcript: string;
}

export interface TestResult {
    /** Id of the expectation. */
    readonly id: string;
    readonly passed: boolean;
    readonly failure?: TestFailure;
}

export interface TestFailure {
    /** What holds instead. What was expected is the label of the test. */
    readonly message: string;
    readonly range: Range;
    /** For a diff, where two texts can be told side by side: /proc/iomem as expected and as it is. */
    readonly expected?: string;
    readonly actual?: string;
}

export interface RunTestsResult {
    readonly uri: string;
    readonly version: number;
    readonly runs: readonly TestRun[];
}
