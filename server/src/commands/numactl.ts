// numactl(8): runs a command with a memory policy. What matters here is where kernel data goes that the command makes.
import { allocateKernelData } from '../kernel/block-contents.ts';
import type { Tx } from '../kernel/tx.ts';
import { type CommandResult, OK } from './result.ts';
import type { Invocation, ToolSpec } from './spec.ts';

const NUMACTL: ToolSpec = {
    tool: 'numactl', doc: 'Runs a command with a NUMA memory policy.',
    verbs: [{
        verb: '', doc: 'Runs a command with a NUMA memory policy.', man: 'numactl(8)',
        options: [
            { long: '--preferred', short: '-p', value: 'number', doc: 'Allocate on this node where it has memory.' },
            { long: '--membind', short: '-m', value: 'text', doc: 'Allocate on these nodes only.' },
            { long: '--cpunodebind', short: '-N', value: 'text', doc: 'Run on the CPUs of these nodes.' },
            { long: '--interleave', short: '-i', value: 'text', doc: 'Allocate on these nodes in turn.' },
            { long: '--hardware', short: '-H', doc: 'Print the nodes.' },
            { long: '--show', short: '-s', doc: 'Print the policy.' },
        ],
        positionals: [{ name: 'command', kind: 'text', optional: true, many: true }],
    }],
};

/** Commands that make inodes and directory entries: kernel data, which cannot be moved. */
const MAKES_KERNEL_DATA = /\b(?:mkdir|touch|mknod|ln)\b/;

function run(tx: Tx, invocation: Invocation): CommandResult {
    const policy = invocation.options.get('--preferred') ?? invocation.options.get('--membind');
    const node = /^\d+/.exec(policy?.value?.text ?? '')?.[0];
    if (node !== undefined && invocation.positionals.some((word) => MAKES_KERNEL_DATA.test(word.text))) allocateKernelData(tx, Number(node));
    return OK;
}

export const numactlTool: { readonly spec: ToolSpec; readonly run: (tx: Tx, invocation: Invocation) => CommandResult } = { spec: NUMACTL, run };
