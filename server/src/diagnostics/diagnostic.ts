// What a diagnostic of the catalogue is: one value from which the editor's message, `memtopo explain`, the documentation, SARIF
// and the tests are made.
import type { RuleId } from '../kernel/outcome.ts';
import type { Range } from '../kernel/range.ts';
import type { Finding, TextSpan } from '../language/model.ts';

export type Severity = 'error' | 'warning' | 'info' | 'hint';

export interface TextEdit {
    readonly at: TextSpan;
    readonly text: string;
}

/** A quick fix: what a person would do, and the edits that do it. */
export interface Fix {
    readonly title: string;
    readonly edits: readonly TextEdit[];
    /** The one that most want; of a kind of finding, the one that "fix all" applies. */
    readonly preferred?: boolean;
    /** Nothing that is described or typed comes to mean something else: it may be applied whenever a file is saved. */
    readonly safe?: boolean;
}

/** What a fix may look at besides its finding. */
export interface FixContext {
    /** Text of the document that a span is in. */
    text(span: TextSpan): string;
    /** The other ranges that are described for the same platform. Bytes, ends inclusive. */
    others(at: TextSpan): readonly Range[];
    /** White space before the line that the offset is in. */
    indent(at: TextSpan): string;
    /** The span from the start of the line that the span starts in to its end, without line breaks. */
    line(at: TextSpan): TextSpan;
    /** The command of the transcript line that the span starts in, without its prompt; the span itself where there is none. */
    step(at: TextSpan): TextSpan;
    /** What to take out so that nothing of the span is left: its prompt too, and its lines where nothing else is on them. */
    cut(at: TextSpan): TextSpan;
    /** Where a boot parameter goes that the platform of this place shall have: the place, and what stands there before and behind it; undefined where that platform is in another file. */
    bootLine(at: TextSpan): { readonly at: TextSpan; readonly before: string; readonly after: string } | undefined;
}

/** Text in the language. `^^^` under the place of a finding in a comment line is what the tests look for; see markup.ts of the tests. */
export interface Examples {
    /** Gives the finding. */
    readonly bad: string;
    /** Does not give it. */
    readonly good: string;
}

export interface Diagnostic {
    /** `family/name`. Never changes and never disappears. */
    readonly code: string;
    /** A few words, for headings. */
    readonly title: string;
    readonly severity: Severity;
    /** One or two sentences: why it is worth telling. */
    readonly why: string;
    /** Rules of the kernel model that it rests on. */
    readonly rules: readonly RuleId[];
    /** What to do about it; Markdown. */
    readonly docs: string;
    readonly examples?: Examples;
    /** Fixes for a finding; none where its data do not suffice. */
    readonly fix?: (finding: Finding, context: FixContext) => readonly Fix[];
}
