// The kmem driver (drivers/dax/kmem.c): a dax device becomes System RAM. Kernel model 07, KM-01…KM-15.
import type { Result } from './outcome.ts';
import type { DaxDevice, DaxRegion } from './state.ts';
import type { Tx } from './tx.ts';

export function kmemProbe(tx: Tx, device: DaxDevice, region: DaxRegion): Result {
    void tx, device, region;
    return 'ENODEV'; // grows with memory-hotplug.ts
}

export function kmemRemove(tx: Tx, device: DaxDevice): void {
    void tx, device;
}
