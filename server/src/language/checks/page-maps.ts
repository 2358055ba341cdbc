// Device memory whose struct pages are more than the RAM there is: 64 bytes for each 4 KiB (GEO-08, MHP-08).
import { E820 } from '../../kernel/machine.ts';
import { memmapBytes } from '../../kernel/memory-hotplug.ts';
import { formatSize, sizeOf } from '../../kernel/range.ts';
import type { Checked, Report } from './check.ts';

export function pageMaps({ described, machine }: Checked, report: Report): void {
    const ram = machine.e820.reduce((n, e) => n + (e.type === E820.RAM ? sizeOf(e) : 0), 0);
    for (const x of [...described.softReserved, ...described.pmem]) {
        const need = memmapBytes(sizeOf(x.range));
        if (ram === 0 || need < ram) continue;
        report('memory/page-map', 'warning', `its struct pages take ${formatSize(need)}, and the machine has ${formatSize(ram)} of RAM: only namespaces with \`map=dev\` can be mapped`, x.origin.focus,
            { rules: ['MHP-08', 'GEO-08'] });
    }
}
