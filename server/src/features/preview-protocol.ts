// What travels between the server and the preview panel: plain data, typed once for both ends. The server words and counts;
// the page only lays out. Nothing here knows LSP, Langium or VS Code, so that the page can import it too.
import type { Loss, LogLine, RuleId } from '../kernel/outcome.ts';
import type { Range } from '../kernel/range.ts';
import type { MapModel } from '../render/address-map-model.ts';
import type { Topology } from '../render/topology.ts';
import type { Waterfall } from '../render/waterfall.ts';

/** Request, client to server: the preview for a place in a document. `null` for a document that the server does not know. */
export const PREVIEW_REQUEST = 'memtopo/preview';
/** Notification, server to client: the preview of a document may look different now (a build is done). */
export const PREVIEW_CHANGED = 'memtopo/previewChanged';

export interface PreviewParams {
    readonly uri: string;
    /** UTF-16 offset of the cursor: it selects scenario (or platform) and step. */
    readonly offset: number;
    /** Kernel release to show where the scenario runs under several; its first one when absent or not among them. */
    readonly kernel?: string;
    /** Subject to show instead of the one that the cursor is in; passed over where there is none of that name. */
    readonly subject?: { readonly kind: 'platform' | 'scenario'; readonly name: string };
    /** Step to show (index in `PreviewRun.steps`) instead of the one that the cursor selects. */
    readonly step?: number;
    /** What marks compare with: the step before (default), the booted machine, any step, or this step under another release. */
    readonly compareWith?: Comparison;
    /** Views that the page shows besides the tree; others are not worked out. All when absent. */
    readonly views?: readonly PreviewView[];
}

export type Comparison = 'step' | 'boot' | { readonly step: number } | { readonly kernel: string };

export type PreviewView = 'map' | 'ledger' | 'nodes';

export interface PreviewChangedParams {
    readonly uri: string;
    readonly version: number;
}

/** UTF-16 offsets in the document `uri` of the model unless another one is given; end exclusive. */
export interface PreviewSpan {
    readonly start: number;
    readonly end: number;
    readonly uri?: string;
}

export interface PreviewModel {
    readonly uri: string;
    /** Version of the document that the model was made from. */
    readonly version: number;
    /** The text is broken at present: the model is that of the last version that was sound. */
    readonly stale: boolean;
    /** Everything in the file that can be shown, in the order of the text. */
    readonly subjects: readonly PreviewSubject[];
    /** Index in `subjects` of what the cursor is in; the first scenario (or platform) where it is in none. -1 when there is none. */
    readonly subject: number;
    /** The run of that subject; absent when there is no subject, or its platform does not resolve. */
    readonly run?: PreviewRun;
    /** One sentence for the reader where `run` is absent. */
    readonly message?: string;
}

export interface PreviewSubject {
    readonly kind: 'platform' | 'scenario';
    readonly name: string;
    /** The name in the text. */
    readonly at: PreviewSpan;
}

export interface PreviewRun {
    readonly platform: { readonly name: string; readonly at: PreviewSpan };
    readonly scenario?: { readonly name: string; readonly at: PreviewSpan };
    readonly kernel: string;
    /** All releases that it runs under. */
    readonly kernels: readonly string[];
    /** Boot first, then provisioning, then the scenario's lines. Never empty. */
    readonly steps: readonly PreviewStep[];
    /** Index in `steps` of the step that everything below is about: the last one at or above the cursor. */
    readonly current: number;
    /** Memory in use as RAM, bytes that nobody can use (by the ledger), and the size of a memory block. */
    readonly totals: {
        readonly ram: number;
        readonly ramBefore: number;
        readonly lost: number;
        readonly blockSize: number;
    };
    /** The tree after the current step, with what it removed still in place. */
    readonly iomem: readonly PreviewResource[];
    /** Every loss up to the current step that still holds. */
    readonly losses: readonly PreviewLoss[];
    /** Releases that the state can be compared with. */
    readonly releases: readonly string[];
    /** What the cursor is on, for every view to select. */
    readonly selection?: PreviewSelection;
    readonly map?: MapModel;
    /** The state that is compared with, where it is not just the step before: for a map beside the other. */
    readonly other?: { readonly name: string; readonly map: MapModel };
    /** Deepest indentation of /proc/iomem in this release: what lies deeper is printed no further in. */
    readonly iomemDepth: number;
    /** Where the text describes or makes what a view shows, by the `sourceKey` of a map's item. */
    readonly places: Readonly<Record<string, PreviewSpan>>;
    readonly ledger?: { readonly text: string; readonly waterfalls: readonly Waterfall[] };
    readonly nodes?: { readonly topology: Topology; readonly numactl: string; readonly lsmem: string };
}

export interface PreviewSelection {
    /** A `sourceKey`, where it is one thing. */
    readonly key?: string;
    /** Physical addresses, end inclusive. */
    readonly range?: Range;
}

/** `boot` for the boot, `declared` for what a `device` or `namespace` block stands for, `typed` for a line of the transcript. */
export type PreviewStepKind = 'boot' | 'declared' | 'typed';

/** `ok`; `failed` as the text expects it; `unexpected` failure or unmet expectation; `not-simulated`. */
export type PreviewVerdict = 'ok' | 'failed' | 'unexpected' | 'not-simulated';

export interface PreviewStep {
    readonly kind: PreviewStepKind;
    readonly prompt?: '$' | '(qemu)';
    /** The line as written; `boot` for the boot. */
    readonly text: string;
    readonly at: PreviewSpan;
    readonly verdict: PreviewVerdict;
    /** The outcome in a few words, as the inlay hint has it, without the leading arrow: `15 blocks on node 0 (Movable)`. */
    readonly summary: string;
    readonly status: number;
    readonly errnos: readonly string[];
    /** The rest only for the current step; empty for the others. */
    readonly stdout: string;
    readonly stderr: string;
    readonly log: readonly LogLine[];
    readonly notes: readonly PreviewNote[];
    readonly checks: readonly PreviewCheck[];
}

export interface PreviewNote {
    readonly severity: 'error' | 'warning' | 'info' | 'hint';
    readonly code: string;
    readonly message: string;
    readonly rules: readonly RuleId[];
}

export interface PreviewCheck {
    /** The expectation as written. */
    readonly text: string;
    readonly met: boolean;
    readonly actual?: string;
    readonly at: PreviewSpan;
}

export type PreviewMark = 'same' | 'added' | 'removed' | 'changed';

/** One line of the resource tree, as /proc/iomem has it. */
export interface PreviewResource {
    /** Stays the same for the same resource from step to step: the page moves lines instead of redrawing them. */
    readonly key: string;
    readonly depth: number;
    /** Inclusive, as the kernel prints it. */
    readonly start: number;
    readonly end: number;
    readonly name: string;
    readonly mark: PreviewMark;
    /** What changed, for `changed`: `was 180000000-1ffffffff`, `was busy`. */
    readonly was?: string;
    /** Short facts beside the line: `node 0`, `15 blocks online, Movable`, `unusable until reboot`. */
    readonly facts: readonly string[];
    /** Where in the text the range was described. */
    readonly at?: PreviewSpan;
    /** Index of the step that put it there or changed it last. */
    readonly step?: number;
}

export interface PreviewLoss extends Loss {
    /** Index of the step that lost them. */
    readonly step: number;
}
