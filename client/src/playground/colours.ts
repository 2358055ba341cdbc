// Colours of the server's semantic tokens in CodeMirror, whose language-server client has none of its own.
import { RangeSetBuilder, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView } from '@codemirror/view';

const replace = StateEffect.define<DecorationSet>();

/** Keeps the marks in place while the text around them changes, until the next answer. */
export const colours = StateField.define<DecorationSet>({
    create: () => Decoration.none,
    update(marks, transaction) {
        for (const effect of transaction.effects) if (effect.is(replace)) return effect.value;
        return marks.map(transaction.changes);
    },
    provide: (field) => EditorView.decorations.from(field),
});

/** Draws an answer to textDocument/semanticTokens/full: five numbers a token, each place relative to the one before. */
export function colour(view: EditorView, data: readonly number[], types: readonly string[]): void {
    const { doc } = view.state;
    const marks = new RangeSetBuilder<Decoration>();
    let line = 1;
    let character = 0;
    for (let i = 0; i + 4 < data.length; i += 5) {
        line += data[i]!;
        character = data[i] === 0 ? character + data[i + 1]! : data[i + 1]!;
        if (line > doc.lines) break; // the text has become shorter since
        const { from, to } = doc.line(line);
        const start = from + character;
        const end = Math.min(start + data[i + 2]!, to);
        if (start < end) marks.add(start, end, Decoration.mark({ class: `token-${types[data[i + 3]!] ?? 'other'}` }));
    }
    view.dispatch({ effects: replace.of(marks.finish()) });
}
