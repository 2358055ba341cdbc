// The model that a panel holds for its page: kept up with what the server says has changed, and handed on in the same way.
import type { PreviewModel } from '../../../server/src/features/preview-protocol.ts';
import { changed, type PreviewAnswer } from '../../../server/src/features/preview-delta-protocol.ts';
import type { SavedState, ToPage } from './messages.ts';

export class HeldModel {
    private held: { readonly stamp: number; readonly model: PreviewModel } | undefined;
    /** What the page holds; undefined for a page that is empty. */
    private shown: number | undefined;

    /** For the next question to the server. */
    get stamp(): number | undefined {
        return this.held?.stamp;
    }

    /** Takes an answer of the server; false when it changes a model that is not held here. */
    take(answer: PreviewAnswer): boolean {
        if ('model' in answer) this.held = answer;
        else if (this.held?.stamp === answer.base) this.held = { stamp: answer.stamp, model: changed(this.held.model, answer.change) };
        else this.held = undefined;
        return this.held !== undefined;
    }

    /** What brings the page to the model that is held: the answer itself where it changes just what the page shows. */
    message(saved: SavedState, answer?: PreviewAnswer): ToPage | undefined {
        if (!this.held) return undefined;
        const { stamp, model } = this.held;
        const change = answer && !('model' in answer) && answer.base === this.shown ? answer.change : undefined;
        this.shown = stamp;
        return change ? { kind: 'change', change, saved } : { kind: 'model', model, saved };
    }

    /** The page is empty, or begins anew. */
    forgetPage(): void {
        this.shown = undefined;
    }
}
