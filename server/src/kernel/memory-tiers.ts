// Memory tiers: nodes with online memory, grouped by how fast their memory is (TIER-01 … TIER-04).
import type { KernelState } from './state.ts';

/** Tier directories and their node lists. */
export function snapshotMemoryTiers(state: KernelState): Record<string, string> {
    if (state.profile.memoryTiers !== 'tiers') return {};
    return {};
}
