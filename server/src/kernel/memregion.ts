// Region ids. One kernel-wide counter serves hmem devices, nvdimm regions and CXL regions alike, so they number each other (ND-01).
import type { Tx } from './tx.ts';

/** Takes the lowest free memregion id (ND-01). */
export function memregionAlloc(tx: Tx): number {
    const used = tx.state.memregions;
    let id = 0;
    while (id < used.length && used[id] === id) id++;
    tx.set({ memregions: [...used.slice(0, id), id, ...used.slice(id)] });
    return id;
}

/** Gives an id back. No effect when it is not in use. */
export function memregionFree(tx: Tx, id: number): void {
    if (tx.state.memregions.includes(id)) tx.set({ memregions: tx.state.memregions.filter((used) => used !== id) });
}
