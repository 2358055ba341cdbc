// Personalities (btt, pfn, dax on the nd bus) and how they claim a namespace (drivers/nvdimm/claim.c, kernel model ND-12, ND-13).
import type { Result } from './outcome.ts';
import { MiB, sizeOf, SUBSECTION } from './range.ts';
import { setNd, updateNamespace, updatePersonality } from './nvdimm.ts';
import { withEntry } from './shared-map.ts';
import type { NdPersonality } from './state.ts';
import type { Tx } from './tx.ts';

/** Makes an idle personality device with the lowest free number of its kind in the region. */
export function newPersonality(tx: Tx, region: string, kind: NdPersonality['kind']): string {
    const { regions, personalities } = tx.state.nvdimm;
    const prefix = `${kind}${regions.get(region)!.id}.`;
    let id = 0;
    while (personalities.has(`${prefix}${id}`)) id++;
    const name = `${prefix}${id}`;
    const made: NdPersonality = {
        name, region, id, kind, namespace: null, align: SUBSECTION, mode: 'none', sectorSize: 0, uuid: null, enabled: false, claims: [],
    };
    setNd(tx, { personalities: withEntry(tx.state.nvdimm.personalities, name, made) });
    return name;
}

/** Removes a personality device; its namespace is free again. It must not be bound. */
export function dropPersonality(tx: Tx, name: string): void {
    const { personalities } = tx.state.nvdimm;
    const namespace = personalities.get(name)?.namespace;
    if (namespace && tx.state.nvdimm.namespaces.has(namespace)) updateNamespace(tx, namespace, { holder: null });
    const left = new Map(tx.state.nvdimm.personalities);
    left.delete(name);
    setNd(tx, { personalities: left });
}

/** Ties a personality and a namespace together. */
export function attachNamespace(tx: Tx, personality: string, namespace: string): void {
    updatePersonality(tx, personality, { namespace });
    updateNamespace(tx, namespace, { holder: personality });
}

/**
 * Write to the `namespace` attribute of a personality (ND-13). The empty word detaches: the seed is reset, any other personality
 * goes away.
 *
 * @returns EBUSY when the personality is bound or already has a namespace, or the namespace is claimed or reserved for another
 * kind; EINVAL for a word that is no namespace name, ENODEV for an unknown one, ENXIO below 16 MiB.
 */
export function claimNamespace(tx: Tx, name: string, word: string): Result {
    const personality = tx.state.nvdimm.personalities.get(name)!;
    const busy = (message: string, others: readonly string[] = []): Result =>
        tx.fail('EBUSY', { code: 'nvdimm/claim-busy', rules: ['ND-13'], subject: name, message, ...(others.length > 0 ? { others } : {}) });
    if (personality.enabled) return busy(`${name} is active`);
    const wanted = word.trim();
    if (wanted !== '' && !wanted.startsWith('namespace')) {
        return tx.fail('EINVAL', { code: 'nvdimm/claim-name', rules: ['ND-13'], subject: name, message: `${wanted} is not the name of a namespace` });
    }
    if (wanted === '') {
        detach(tx, personality);
        return 0;
    }
    if (personality.namespace) return busy(`${name} already has ${personality.namespace}`, [personality.namespace]);
    const namespace = tx.state.nvdimm.namespaces.get(wanted);
    if (!namespace || namespace.region !== personality.region) {
        return tx.fail('ENODEV', { code: 'nvdimm/claim-unknown', rules: ['ND-13'], subject: name, message: `there is no ${wanted} in ${personality.region}` });
    }
    if (namespace.holderClass !== '' && namespace.holderClass !== personality.kind) {
        return busy(`${wanted} is reserved for a ${namespace.holderClass} personality by its holder_class`, [wanted]);
    }
    if (!namespace.range || sizeOf(namespace.range) < 16 * MiB) {
        return tx.fail('ENXIO', { code: 'nvdimm/claim-too-small', rules: ['ND-13'], subject: name, message: `${wanted} is smaller than 16 MiB`, others: [wanted] });
    }
    if (namespace.holder) return busy(`${wanted} is claimed by ${namespace.holder}`, [namespace.holder]);
    attachNamespace(tx, name, wanted);
    return 0;
}

function detach(tx: Tx, personality: NdPersonality): void {
    const region = tx.state.nvdimm.regions.get(personality.region)!;
    if (personality.name !== region.bttSeed && personality.name !== region.pfnSeed && personality.name !== region.daxSeed) {
        dropPersonality(tx, personality.name);
        return;
    }
    if (personality.namespace && tx.state.nvdimm.namespaces.has(personality.namespace)) updateNamespace(tx, personality.namespace, { holder: null });
    updatePersonality(tx, personality.name, { namespace: null, uuid: null, mode: 'none', sectorSize: 0 });
}
