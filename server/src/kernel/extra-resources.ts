// Entries of /proc/iomem that firmware tables do not tell: PCI windows, device registers, ROMs. The machine lists them, the boot
// inserts them where the kernel does: windows before the late e820 entries, PCI configuration space behind them.
import type { ExtraResource } from './machine.ts';
import { formatRange } from './range.ts';
import { insertResource } from './resource.ts';
import type { Tx } from './tx.ts';

/** PCI configuration space is inserted at the end of the boot, so it becomes the parent of an equal Reserved entry (RES-03). */
const LATE = /^PCI (?:MMCONFIG|ECAM)/;

/** Inserts the machine's own entries of one phase with their children. One that does not fit is told and left out. */
export function insertExtras(tx: Tx, phase: 'early' | 'late'): void {
    for (const resource of tx.state.machine.resources) {
        if (LATE.test(resource.name) === (phase === 'late')) insert(tx, resource);
    }
}

function insert(tx: Tx, resource: ExtraResource): void {
    const placed = insertResource(tx.state.iomem, { start: resource.start, end: resource.end, name: resource.name });
    if (!placed.ok) {
        tx.note({
            code: 'boot/resource-conflict', rules: ['RES-03'], severity: 'warning', subject: resource.name, range: { start: resource.start, end: resource.end },
            others: [placed.conflict.name],
            message: `${resource.name} at ${formatRange(resource)} does not fit beside ${placed.conflict.name} at ${formatRange(placed.conflict)}`,
        });
        return;
    }
    tx.set({ iomem: placed.tree });
    for (const child of resource.children) insert(tx, child);
}
