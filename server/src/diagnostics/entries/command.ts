// Lines that no shell or tool would take, and lines that the simulator does not know.
import type { Diagnostic } from '../diagnostic.ts';
import { entry } from '../entry.ts';
import { choices, withoutPrompt } from '../line-fix.ts';

const line = (text: string): string => `platform a {\n    kernel 6.1\n    node 0 { cpus 0-3  memory at 0 size 2G }\n}\nscenario "s" on a {\n    $ ${text}\n}\n`;
const GOOD = line('daxctl list');

export const COMMAND: readonly Diagnostic[] = [
    entry('command/missing-redirect-target', 'error', 'No file to write to', [], 'A redirection names its file.', 'Write the path behind `>`.', { examples: { bad: line('echo 1 >'), good: GOOD } }),
    entry('command/missing-value', 'error', 'An option without its value', [], 'The tool takes the next word for the value, or stops.', 'Write the value.', { examples: { bad: line('daxctl list --dev'), good: GOOD } }),
    entry('command/missing-verb', 'error', 'A tool without its command', [], 'The tool prints its usage and fails.', 'Write what it shall do.', { examples: { bad: line('daxctl'), good: GOOD } }),
    entry('command/second-redirect', 'error', 'A second redirection', [], 'The first file would stay empty; hardly what is meant.', 'Write one command a line.', { examples: { bad: line('echo 1 > /sys/a > /sys/b'), good: GOOD } }),
    entry('command/unknown', 'warning', 'A command that is not simulated', [], 'The state after this line is that before it; nothing is claimed about what the command does.', 'Expect nothing from it, or write what it does to sysfs.', { examples: { bad: line('stress-ng --vm 4'), good: GOOD }, fix: withoutPrompt }),
    entry('command/unknown-option', 'error', 'An option that the tool does not have', [], 'The tool prints its usage and fails.', 'See the manual page.', { examples: { bad: line('daxctl list --devcies'), good: GOOD }, fix: choices('words') }),
    entry('command/unknown-verb', 'error', 'A command that the tool does not have', [], 'The tool prints its usage and fails.', 'See the manual page.', { examples: { bad: line('daxctl online-memroy dax0.0'), good: GOOD }, fix: choices('words') }),
    entry('command/unsupported-shell', 'warning', 'Shell syntax that is not simulated', [], 'Lists, pipes, `for` loops, variables, `$(…)` and patterns are; conditions, functions, arithmetic and jobs are not.', 'Write the commands line by line.', { examples: { bad: line('if true; then daxctl list; fi'), good: GOOD } }),
    entry('command/unset-variable', 'warning', 'A variable that nothing sets', [], 'Each line is a shell of its own here. A real shell puts nothing for a variable that is not set, and for `$1` to `$9` at a prompt: `memmap=2G$6G` in double quotes becomes `memmap=2GG`.', 'Set it in the same line, write its value, or quote the `$`.', { examples: { bad: line('daxctl disable-device $DEV'), good: GOOD } }),
    entry('command/passed-over', 'warning', 'A failure in the middle of a line', [], 'The exit status of a line is that of its last command, so nobody sees the one that failed before it.', 'Join the commands with `&&`, or write them line by line.', { examples: { bad: line('echo 1 > /sys/devices/system/memory/memory999/state; daxctl list'), good: GOOD } }),
    entry('command/unterminated-quote', 'error', 'A quote that is never closed', [], 'A shell would wait for the rest.', 'Close the quote.', { examples: { bad: line("echo 'online > /sys/x"), good: GOOD } }),
    entry('command/failed', 'error', 'A step that fails', [], 'Nobody expects it here: what follows runs on the state that the failure left.', 'Correct the line, or write `expect fails ERRNO` under it.', {
        examples: { bad: line('echo 1 > /sys/devices/system/memory/memory999/state'), good: GOOD },
        fix: choices('words'),
    }),
    entry('command/not-simulated', 'warning', 'A command that is not simulated in this form', [], 'The state after this line is that before it; nothing is claimed about what the command does.', 'Expect nothing from it, or write what it does to sysfs.'),
    entry('expect/unmet', 'error', 'An expectation that does not hold', [], 'The simulated result differs from what is written here.', 'Correct the expectation, or find the step that leads elsewhere; the preview shows the state after each.',
        { examples: { bad: line('daxctl list').replace('list\n', 'list\n    expect fails\n'), good: GOOD } }),
    entry('provision/no-region', 'error', 'Provisioning that nothing can carry', ['HMEM-05', 'ND-16'], 'Linux makes no region of this range, so there is nothing to create the device or namespace in.', 'Correct the range; see the other diagnostics on it.'),
    entry('internal/simulation', 'error', 'A mistake of the simulator', [], 'It stopped where it should have answered; nothing of this declaration is predicted.', 'Please report it with the text that shows it.'),
];
