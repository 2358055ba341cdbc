// Persistent memory that becomes RAM: whatever lay on it is gone, without a question (KEX-03).
import type { Run } from '../model.ts';
import type { Report } from './check.ts';

export function destroyedData(run: Run, report: Report): void {
    for (const { step, before, state } of run.steps) {
        if (step.provisioned || state.dax === before.dax) continue;
        for (const device of state.dax.devices.values()) {
            const region = state.dax.regions.get(device.region);
            if (device.driver !== 'kmem' || region?.origin !== 'nvdimm' || before.dax.devices.get(device.name)?.driver === 'kmem') continue;
            report('kmem/destroys-data', 'hint', `what lies in ${device.name} is overwritten from here on: RAM keeps nothing`, step.span, { rules: ['KEX-03'] });
        }
    }
}
