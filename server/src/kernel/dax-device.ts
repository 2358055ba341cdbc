// The device_dax driver (drivers/dax/device.c): a device becomes /dev/daxX.Y. Kernel model 06, DAX-22 and DAX-23.
import { memremapPages, memunmapPages } from './memremap.ts';
import type { Result } from './outcome.ts';
import { hex } from './range.ts';
import { releaseResource, requestRegion } from './resource.ts';
import { withEntry } from './shared-map.ts';
import type { DaxClaim, DaxDevice, DaxRegion } from './state.ts';
import type { Tx } from './tx.ts';

/**
 * Claims every mapping in iomem, then gives each struct pages (DAX-22). A failure leaves nothing behind in iomem, but since v5.17 the page
 * map of a device of a dynamic region: only unbinding clears it, and the device never got bound, so it takes no further attempt.
 *
 * @returns EBUSY when a mapping cannot be claimed, the error of memremap (ZD-01…06), or EINVAL after an earlier failure.
 */
export function deviceDaxProbe(tx: Tx, device: DaxDevice, region: DaxRegion): Result {
    if (device.stalePageMap) {
        tx.warn(`device_dax ${device.name}: dynamic-dax with pre-populated page map`, 'DAX-22');
        return tx.fail('EINVAL', {
            code: 'dax/stale-page-map', rules: ['DAX-22'], subject: device.name,
            message: `device_dax failed to bind ${device.name} before and kept its page map: only a device made anew can be bound`,
        });
    }
    const result = mapDevice(tx, device, region);
    if (result !== 0 && region.kind === 'dynamic' && tx.state.profile.stalePageMap) {
        const { devices } = tx.state.dax;
        tx.set({ dax: { ...tx.state.dax, devices: withEntry(devices, device.name, { ...device, stalePageMap: true }) } });
    }
    return result;
}

function mapDevice(tx: Tx, device: DaxDevice, region: DaxRegion): Result {
    const before = tx.state;
    const claims: DaxClaim[] = [];
    for (const [i, mapping] of device.mappings.entries()) {
        const placed = requestRegion(tx.state.iomem, { start: mapping.start, end: mapping.end, name: device.name });
        if (!placed.ok) {
            tx.set({ iomem: before.iomem });
            const text = tx.state.profile.dynamicDax
                ? `mapping${i}: 0x${hex(mapping.start)}-0x${hex(mapping.end)} could not reserve range`
                : `could not reserve region [mem 0x${hex(mapping.start)}-0x${hex(mapping.end)}]`;
            tx.warn(`device_dax ${device.name}: ${text}`, 'DAX-22');
            return tx.fail('EBUSY', {
                code: 'dax/range-busy', rules: ['DAX-22', 'KM-12'], subject: device.name, range: mapping, others: [placed.conflict.name],
                message: `device_dax cannot claim all of ${device.name}: ${placed.conflict.name} holds part of it`,
            });
        }
        tx.set({ iomem: placed.tree });
        claims.push({ start: mapping.start, end: mapping.end, resource: placed.id });
    }
    const mapped = region.pgmap ? [region.pgmap] : device.mappings;
    for (const range of mapped) {
        const result = memremapPages(tx, device.name, range);
        if (result !== 0) {
            tx.set({ iomem: before.iomem, memory: before.memory });
            return result;
        }
    }
    const { devices } = tx.state.dax;
    tx.set({ dax: { ...tx.state.dax, devices: withEntry(devices, device.name, { ...device, claims }) } });
    return 0;
}

/** Gives the claims and the page map back; the device keeps its ranges (DAX-23). */
export function deviceDaxRemove(tx: Tx, device: DaxDevice): void {
    memunmapPages(tx, device.name);
    tx.set({ iomem: device.claims.reduce((tree, c) => releaseResource(tree, c.resource), tx.state.iomem) });
}
