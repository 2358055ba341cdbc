import { describe, expect, it } from 'vitest';
import { formatHint, summarize } from '../../../server/src/render/summary.ts';
import { analyse } from '../../fixture.ts';

const NODE = '/sys/devices/system/node';

/** What each line comes to on a machine whose node 1 is soft-reserved memory that HMAT describes. */
function hints(...lines: readonly string[]): readonly string[] {
    const { analysis } = analyse(`platform p {
    kernel 6.1
    hypervisor
    node 0 { cpus 0-1  memory at 1M size 2047M  memory at 4G size 2G }
    node 1 { memory at 6G size 2G }
    distance 0 to 1 = 17
    target 0 { initiator 0 { latency 10ns  bandwidth 20000MB/s } }
    target 1 {
        attached 0
        initiator 0 { latency 40ns  bandwidth 5000MB/s }
        memory-side-cache { level 1  size 64M  associativity direct  write-policy write-back  line 64 }
    }
    soft-reserved far at 6G size 2G node 1
}
scenario "s" on p {
${lines.map((l) => `    $ ${l}`).join('\n')}
}
`);
    return analysis.runs(analysis.scenarios[0]!.lowered)[0]!.steps.map((s) => formatHint(summarize(s.before, s.state, s.outcome)));
}

describe('a node in sysfs', () => {
    it('is there when it has memory, with what HMAT says of it', () => {
        const files = ['access0/initiators/read_latency', 'access1/initiators/write_bandwidth', 'memory_side_cache/index1/size', 'distance', 'cpulist', 'memory48/state'];
        const cats = files.map((f) => `cat ${NODE}/node1/${f}`);
        const all = hints(...cats, 'daxctl reconfigure-device -m system-ram dax0.0', ...cats);
        expect(all.slice(0, files.length).every((h) => h.startsWith('✗ ENOENT'))).toBe(true);
        expect(all.slice(files.length + 1)).toEqual(['→ ok · 40', '→ ok · 5000', '→ ok · 67108864', '→ ok · 17 10', '→ ok', '→ ok · online']);
    });
    it('holds its own blocks only', () => {
        expect(hints(`cat ${NODE}/node0/memory32/state`, 'daxctl reconfigure-device -m system-ram dax0.0', `cat ${NODE}/node0/memory48/state`))
            .toEqual(['→ ok · online', expect.stringContaining('→ ok'), expect.stringMatching(/^✗ ENOENT/)]);
    });
    it('is in a memory tier', () => {
        expect(hints('cat /sys/devices/virtual/memory_tiering/memory_tier4/nodelist', 'cat /sys/devices/virtual/memory_tiering/memory_tier9/nodelist')).toEqual(['→ ok · 0', expect.stringMatching(/^✗ ENOENT/)]);
    });
});
