// Restarting: the firmware's map is read anew, and only what lies on media or in the hypervisor is as before (kernel model 03, D5).
import { boot } from '../kernel/boot.ts';
import { E820, type Machine, type MemoryDevice } from '../kernel/machine.ts';
import type { KernelState } from '../kernel/state.ts';
import type { Tx } from '../kernel/tx.ts';
import { type CommandResult, OK } from './result.ts';
import type { Invocation, OptionSpec, ToolSpec } from './spec.ts';

interface PowerTool {
    readonly spec: ToolSpec;
    readonly run: (tx: Tx, invocation: Invocation) => CommandResult;
}

/** The machine as the next kernel finds it: what the hypervisor plugged is there, at the sizes it asks for now. */
function machineAfter(state: KernelState): Machine {
    const { machine } = state;
    const known = new Set(machine.devices.map((d) => d.id));
    const kept = machine.devices.flatMap((d): MemoryDevice[] => {
        if (d.kind === 'dimm') return state.dimms.has(d.id) ? [d] : [];
        const device = d.kind === 'virtio-mem' ? [...state.virtioMem.values()].find((v) => v.device === d.id) : undefined;
        return [d.kind === 'virtio-mem' && device ? { ...d, requestedSize: device.requestedSize } : d];
    });
    const dimms = [...state.dimms].filter(([id]) => !known.has(id)).map(([id, d]): MemoryDevice => ({ kind: 'dimm', id, pxm: d.pxm, start: d.start, end: d.end }));
    const virtio = [...state.virtioMem.values()].filter((v) => !known.has(v.device)).map((v): MemoryDevice => ({
        kind: 'virtio-mem', id: v.device, pxm: v.node, ...v.region, blockSize: v.deviceBlockSize, requestedSize: v.requestedSize, virtio: v.name,
    }));
    return {
        ...machine, devices: [...kept, ...dimms, ...virtio].sort((a, b) => a.start - b.start), nfit: [...machine.nfit, ...state.nvdimm.plugged],
    };
}

/** The state after a restart: sub-division, kmem and block states are lost, info blocks, labels and file systems stay (KEX-01). */
export function rebooted(state: KernelState): ReturnType<typeof boot> {
    return boot(machineAfter(state), { media: state.nvdimm.media, filesystems: state.filesystems, backends: state.backends });
}

/** Replaces the state by that of the next kernel. */
export function restart(tx: Tx, how: 'reboot' | 'kexec'): CommandResult {
    const legacy = tx.state.e820.some((e) => e.type === E820.PRAM) && tx.state.nvdimm.media.blocks.size > 0;
    const { state, outcome } = rebooted(tx.state);
    tx.state = state;
    tx.log.push(...outcome.log);
    for (const note of outcome.notes) tx.note(note);
    if (legacy) {
        tx.note({
            code: 'reboot/legacy-pmem', rules: ['KEX-02'], severity: 'info',
            message: how === 'kexec' ? 'legacy persistent memory keeps its content through kexec; memmap= must be on the next command line as well'
                : 'legacy persistent memory keeps its content only where the firmware does not clear RAM',
        });
    }
    return OK;
}

const flag = (long: string, short: string, doc: string): OptionSpec => ({ long, short, doc });

function spec(tool: string, doc: string, man: string, options: readonly OptionSpec[], positional?: string): ToolSpec {
    return { tool, doc, verbs: [{ verb: '', doc, man, options, positionals: positional ? [{ name: positional, kind: 'text', optional: true, many: true }] : [] }] };
}

/** reboot, kexec and the ways of systemd to ask for them. */
export const powerTools: readonly PowerTool[] = [
    {
        spec: spec('reboot', 'Restarts the machine.', 'reboot(8)', [flag('--force', '-f', 'At once.'), flag('--no-sync', '-n', 'Without writing caches back.')]),
        run: (tx) => restart(tx, 'reboot'),
    },
    {
        spec: spec('kexec', 'Loads a kernel (-l) or starts the loaded one (-e).', 'kexec(8)', [
            flag('--load', '-l', 'Load a kernel.'), flag('--exec', '-e', 'Start the loaded kernel.'), flag('--kexec-file-syscall', '-s', 'Let the kernel place the segments.'),
            flag('--unload', '-u', 'Forget the loaded kernel.'), flag('--reuse-cmdline', '-R', 'Use the running command line.'),
            { long: '--initrd', value: 'path', doc: 'Initial file system.' }, { long: '--append', value: 'text', doc: 'Words for the command line.' },
            { long: '--command-line', value: 'text', doc: 'The command line.' },
        ], 'kernel'),
        run: (tx, invocation) => (invocation.options.has('--exec') ? restart(tx, 'kexec') : OK),
    },
    {
        spec: spec('systemctl', 'Asks systemd; only reboot and kexec have to do with memory.', 'systemctl(1)', [flag('--force', '-f', 'At once.')], 'command'),
        run: (tx, invocation) => {
            const verb = invocation.positionals[0]?.text;
            if (verb === 'reboot' || verb === 'kexec') return restart(tx, verb);
            tx.notSimulated = `systemctl ${verb ?? ''}`.trim();
            return OK;
        },
    },
];
