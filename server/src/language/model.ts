// What a file says once its text no longer matters, and where in the text each part came from. Lowering (lower.ts) makes it from
// the AST; running (run.ts) turns it into states. Nothing here knows Langium or LSP.
import type { Problem } from '../commands/shell.ts';
import type { ParsedLine } from '../commands/line.ts';
import type { Machine } from '../kernel/machine.ts';
import type { Note, Outcome } from '../kernel/outcome.ts';
import type { Profile } from '../kernel/profile.ts';
import type { Range } from '../kernel/range.ts';
import type { KernelState } from '../kernel/state.ts';
import type { Described, Provision } from './described.ts';

// How the server calls lowering, and why: it parses each top-level declaration as a text of its own (server/src/server/parts.ts)
// and keeps the result while that text stays the same, so that a keystroke costs one declaration and not the file. Lowering of one
// item must therefore need no more than its AST node, the uri to write into its spans, and lookups by name:
//     lowerPlatform(node, uri, platform: (name: string) => LoweredPlatform | undefined): LoweredPlatform
//     lowerScenario(node, uri, platform: (name: string) => LoweredPlatform | undefined): LoweredScenario
// Names are taken from `$refText` and looked up, never through Langium's linker or a scan of the whole file; only findings about
// several items (duplicate names, cycles of `extends` or `import`) see the file. Offsets are the CST's, relative to the item's text.
// The LSP layer is the server's own, so 'langium/lsp' is not needed: `createDefaultCoreModule` keeps the bundle and the start small.

/** A stretch of a document: UTF-16 offsets, end exclusive. `uri` is the one that lowering was called with. */
export interface TextSpan {
    readonly uri: string;
    readonly start: number;
    readonly end: number;
}

/** Something to tell about a place in a text. `code` is a code of the diagnostics catalogue. */
export interface Finding {
    readonly code: string;
    readonly severity: 'error' | 'warning' | 'info' | 'hint';
    readonly message: string;
    readonly at: TextSpan;
    readonly rules: readonly string[];
    readonly related: readonly { readonly at: TextSpan; readonly message: string }[];
    /** Values for quick fixes. */
    readonly data?: Note['data'];
    readonly tags?: readonly ('unnecessary' | 'deprecated')[];
}

/** Where a described thing stands in the text. */
export interface Origin {
    readonly kind: 'platform' | 'node' | 'memory' | 'hotplug' | 'distance' | 'target' | 'initiator' | 'cache' | 'soft-reserved' | 'device' | 'pmem'
        | 'namespace' | 'virtio-mem' | 'dimm' | 'cxl-window' | 'cxl-memdev' | 'reserved' | 'resource' | 'e820' | 'cmdline' | 'config' | 'kernel' | 'hypervisor';
    /** The author's name or number for it, where it has one. */
    readonly name?: string;
    /** Physical addresses it describes. */
    readonly range?: Range;
    /** The whole declaration. */
    readonly span: TextSpan;
    /** The part to underline when the range itself is at fault; the declaration's first line otherwise. */
    readonly focus: TextSpan;
}

export interface LoweredPlatform {
    readonly name: string;
    /** The name in the text. */
    readonly at: TextSpan;
    readonly span: TextSpan;
    readonly machine: Machine;
    /** Things described, those of base platforms included. */
    readonly origins: readonly Origin[];
    /** Everything it describes, base platforms included. */
    readonly described: Described;
    /** Its `device` and `namespace` blocks, in the order they are carried out; the commands depend on the booted state (provision.ts) and are in the Run. */
    readonly provisions: readonly Provision[];
    readonly findings: readonly Finding[];
    /** Changes exactly when machine or provisioning change: states may be reused while it stays the same. */
    readonly key: string;
}

export type Expectation = { readonly span: TextSpan } & (
    | { readonly kind: 'ok' }
    | { readonly kind: 'fails'; readonly errno?: string }
    | { readonly kind: 'log'; readonly text: string }
    | { readonly kind: 'iomem'; readonly exactly: boolean; readonly lines: readonly { readonly text: string; readonly span: TextSpan }[] }
    | { readonly kind: 'blocks'; readonly first: number; readonly last: number; readonly state: 'online' | 'offline'; readonly zone?: string }
    | { readonly kind: 'ram' | 'lost'; readonly subject: string; readonly bytes: number }
    | { readonly kind: 'node-memory'; readonly node: number; readonly bytes: number });

export interface Step {
    readonly line: ParsedLine;
    /** The command text behind the prompt: offset 0 of `line` is `span.start`. For provisioning: the block. */
    readonly span: TextSpan;
    /** Declared, not typed: produced from a `device` or `namespace` block. */
    readonly provisioned: boolean;
    readonly expectations: readonly Expectation[];
}

export interface LoweredScenario {
    readonly name: string;
    readonly at: TextSpan;
    readonly span: TextSpan;
    /** Undefined where the reference does not resolve. */
    readonly platform?: LoweredPlatform;
    /** Kernel versions to run it under; the platform's when the scenario names none. Never empty. */
    readonly kernels: readonly string[];
    readonly steps: readonly Step[];
    /** Expectations above the first step: about the state after boot and provisioning. */
    readonly bootExpectations: readonly Expectation[];
    readonly findings: readonly Finding[];
}

export interface LoweredFile {
    readonly uri: string;
    readonly platforms: readonly LoweredPlatform[];
    readonly scenarios: readonly LoweredScenario[];
    /** Findings that belong to no platform or scenario: imports, duplicate names. Parser errors are not among them. */
    readonly findings: readonly Finding[];
}

// ------------------------------------------------------------------------------------------------------------------ runs

export interface Check {
    readonly expectation: Expectation;
    readonly met: boolean;
    /** What was found instead, for the message and for a diff. */
    readonly actual?: string;
}

export interface StepRun {
    readonly step: Step;
    readonly before: KernelState;
    readonly state: KernelState;
    readonly outcome: Outcome;
    readonly checks: readonly Check[];
    /** Failed without an `expect fails` that covers it. */
    readonly unexpectedFailure: boolean;
}

export interface Run {
    readonly platform: LoweredPlatform;
    readonly scenario?: LoweredScenario;
    readonly kernel: string;
    readonly profile: Profile;
    readonly boot: { readonly state: KernelState; readonly outcome: Outcome };
    /** Of the scenario's `bootExpectations`. */
    readonly bootChecks: readonly Check[];
    /** `device` and `namespace` blocks that could not be carried out because what they stand on did not appear. */
    readonly unprovisioned: readonly { readonly provision: Provision; readonly why: string }[];
    /** Provisioning first, then the scenario's steps. */
    readonly steps: readonly StepRun[];
}

export type { Problem };
