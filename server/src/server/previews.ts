// The models that previews hold, so that only what changed is sent to them.
import type { PreviewModel } from '../features/preview-protocol.ts';
import { changeOf, detached, type PreviewAnswer } from '../features/preview-delta-protocol.ts';

/** Panels that are kept up with changes; one more begins anew. */
const MOST = 4;

export class Previews {
    private readonly held = new Map<number, PreviewModel>();
    private stamp = 0;

    /** The answer to somebody who holds the model of stamp `have`. */
    answer(model: PreviewModel, have: number | undefined): PreviewAnswer {
        const before = have === undefined ? undefined : this.held.get(have);
        const stamp = ++this.stamp;
        if (have !== undefined) this.held.delete(have);
        this.held.set(stamp, detached(model));
        if (this.held.size > MOST) this.held.delete(this.held.keys().next().value!);
        return have !== undefined && before ? { stamp, base: have, change: changeOf(before, model) } : { stamp, model };
    }
}
