// memtopo verify: prediction against reality, in the words of the tests. Against a record that a real machine left, or against a
// real kernel booted here in QEMU with the same commands typed on it.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { execute } from '../commands/engine.ts';
import type { ParsedLine } from '../commands/line.ts';
import { BOOT_SUBJECTS, linesOf, STEP_SUBJECTS, type Subject } from '../formats/compare.ts';
import { difference } from '../formats/line-diff.ts';
import { qemuMachine } from '../formats/qemu.ts';
import { parseSections, recordedMachine, recordedState, type Sections } from '../formats/record.ts';
import { boot } from '../kernel/boot.ts';
import type { Machine } from '../kernel/machine.ts';
import { type Errno, STRERROR } from '../kernel/outcome.ts';
import { profileFor } from '../kernel/profile.ts';
import { snapshot } from '../kernel/snapshot.ts';
import type { KernelState } from '../kernel/state.ts';
import type { Run, Step } from '../language/model.ts';
import { type Command, type Io, oneOf, parseOptions, UsageError } from './command.ts';
import { Files, OpenFile } from './files.ts';
import { chosenSubjects, runsOf } from './subjects.ts';
import { findKernels, Guest, GuestError, type Kernel, MissingError } from './guest.ts';

/** Subjects as a reader knows them. */
const SUBJECT_NAMES: Readonly<Record<Subject, string>> = {
    iomem: '/proc/iomem', blocks: 'memory blocks', nodes: 'nodes', dax: 'dax devices', nd: 'nvdimm regions and namespaces',
};

const STOPPING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export const verify: Command = {
    name: 'verify',
    usage: 'RECORD | --qemu FILE [--scenario NAME|NUMBER] [--kernel-root DIR] [--release RELEASE] [--accel tcg|kvm]',
    summary: 'compare the prediction with a real kernel',
    help: `verify RECORD compares what memtopo predicts for a recorded machine with what was found on it (see memtopo help record).

verify --qemu FILE boots the platform of a scenario for real, in QEMU on this machine, types the scenario's commands in the guest
and shows, step by step, where prediction and reality part. Works without KVM: a boot takes 5 to 30 seconds.
Needs, on Debian: apt-get install qemu-system-x86 linux-image-amd64 ndctl daxctl busybox-static cpio kmod

  --scenario X      the scenario by name or number; without it the first one, or the first platform where there is none
  --kernel-root DIR where boot/ and lib/modules/, or usr/lib/modules/, are (default /); a linux-image package unpacked with
                    dpkg -x will do
  --release R       the kernel to boot; without it the one closest to the scenario's version
  --accel tcg|kvm   tcg is software emulation (default)

Lines that start with - are the real kernel's, lines with + the prediction's.
Exit status: 0 all as predicted, 1 differences, 2 the command line was not understood, 3 something is missing on this machine.`,
    async run(args, io) {
        const { values, positionals } = parseOptions(args, {
            qemu: { type: 'boolean', default: false }, scenario: { type: 'string' }, 'kernel-root': { type: 'string', default: '/' },
            release: { type: 'string' }, accel: { type: 'string', default: 'tcg' },
        });
        const [file, ...more] = positionals;
        if (file === undefined || more.length > 0) throw new UsageError(values.qemu ? 'verify --qemu takes one file' : 'verify takes one record');
        if (!values.qemu) return verifyRecord(file, io);
        const accel = oneOf(values.accel, ['tcg', 'kvm'], '--accel');
        const abort = new AbortController();
        const onSignal = (): void => abort.abort();
        for (const signal of STOPPING) process.once(signal, onSignal);
        try {
            return await verifyQemu(file, { ...(values.scenario === undefined ? {} : { scenario: values.scenario }), root: values['kernel-root'], release: values.release, accel, signal: abort.signal }, io);
        } catch (error) {
            // A tool that packs for us may have got the signal before we did
            if (abort.signal.aborted || STOPPING.some((s) => s === (error as { signal?: unknown }).signal)) {
                io.err('memtopo verify: stopped; the guest is gone and nothing was left behind\n');
                return 130;
            }
            if (error instanceof MissingError) io.err(`memtopo verify: ${error.message}\n    ${error.hint}\n`);
            else if (error instanceof GuestError) io.err(`memtopo verify: ${error.message}\n`);
            else throw error;
            return 3;
        } finally {
            for (const signal of STOPPING) process.off(signal, onSignal);
        }
    },
};

// --------------------------------------------------------------------------------------------------------------- comparing

/** Differences of two states by subject: `-` the real kernel's lines, `+` the prediction's. Empty where they agree. */
export function differences(real: unknown, predicted: unknown, subjects: readonly Subject[]): { readonly subject: Subject; readonly lines: readonly string[] }[] {
    return subjects.flatMap((subject) => {
        const a = linesOf(subject, real);
        const b = linesOf(subject, predicted);
        return a.join('\n') === b.join('\n') ? [] : [{ subject, lines: difference(a, b) }];
    });
}

function show(found: ReturnType<typeof differences>, io: Io): void {
    for (const { subject, lines } of found) {
        io.out(`    ${SUBJECT_NAMES[subject]}:\n`);
        for (const line of lines) io.out(`      ${line}\n`);
    }
}

function verifyRecord(file: string, io: Io): number {
    let sections: Sections;
    try {
        sections = parseSections(readFileSync(file, 'latin1'));
    } catch (error) {
        io.err(`memtopo verify: ${file}: ${error instanceof Error ? error.message : String(error)}\n`);
        return 2;
    }
    if (!sections.has('memtopo-record 1')) {
        io.err(`memtopo verify: ${file} is no record: it should start with "@@ memtopo-record 1" (see memtopo help record)\n`);
        return 2;
    }
    const { machine, problems } = recordedMachine(sections);
    for (const problem of problems) io.err(`${file}: ${problem}\n`);
    const found = differences(recordedState(sections), snapshot(boot(machine).state), BOOT_SUBJECTS);
    io.out(found.length === 0 ? `✓ as predicted for Linux ${machine.kernel}\n` : `✗ Linux ${machine.kernel}: ${found.length} of ${BOOT_SUBJECTS.length} subjects differ\n`);
    show(found, io);
    return found.length === 0 ? 0 : 1;
}

// ------------------------------------------------------------------------------------------------------------ a real kernel

interface QemuOptions {
    readonly scenario?: string;
    readonly root: string;
    readonly release: string | undefined;
    readonly accel: 'tcg' | 'kvm';
    readonly signal: AbortSignal;
}

async function verifyQemu(file: string, options: QemuOptions, io: Io): Promise<number> {
    const opened = await new Files().open(file);
    if (!(opened instanceof OpenFile)) {
        io.err(`memtopo verify: ${file} ${opened.problem}\n`);
        return 2;
    }
    const kernels = findKernels(options.root);
    const run = chooseRun(opened, options.scenario, kernels);
    const kernel = chooseKernel(kernels, options.release, run.kernel);
    const machine = qemuMachine(run.platform.machine);
    io.out(`${run.scenario ? `${run.scenario.name}, on ` : ''}${run.platform.name}: Linux ${kernel.release}, QEMU with ${options.accel === 'kvm' ? 'KVM' : 'software emulation'}\n`);
    if (profileFor(kernel.release)?.name !== profileFor(run.kernel)?.name) io.out(`  note: the scenario is for Linux ${run.kernel}; what follows is predicted for the kernel that runs\n`);
    for (const text of machine.differences) io.out(`  note: ${text}\n`);
    const progress = progressLine(io);
    try {
        progress.say('packing the guest');
        const guest = await Guest.boot({
            kernel, qemu: machine.args, accel: options.accel, bootTimeout: BOOT_TIMEOUT, signal: options.signal, onBoot: () => progress.say('booting'),
            cmdline: [machine.cmdline, run.platform.machine.cmdline].filter(Boolean).join(' '),
        });
        try {
            return await compareRun(run, guest, progress, io, options.signal);
        } finally {
            guest.close();
        }
    } finally {
        progress.end();
    }
}

/** The first run of what is asked for; of one scenario under several kernels, that of a kernel which is there. */
function chooseRun(file: OpenFile, wanted: string | undefined, kernels: readonly Kernel[]): Run {
    const [subject] = chosenSubjects(file, wanted);
    const runs = subject ? runsOf(file, subject) : [];
    const there = new Set(kernels.map((k) => profileFor(k.release)?.name));
    const run = runs.find((r) => there.has(profileFor(r.kernel)?.name)) ?? runs[0];
    if (!run) throw new UsageError('the file has nothing that could be booted; memtopo check says why');
    return run;
}

/** The kernel asked for, else the one of the same release series, else the newest there is. */
export function chooseKernel(kernels: readonly Kernel[], release: string | undefined, version: string): Kernel {
    if (release !== undefined) {
        const exact = kernels.find((k) => k.release === release);
        if (!exact) throw new MissingError(`there is no kernel ${release}`, `found: ${kernels.map((k) => k.release).join(', ')}`);
        return exact;
    }
    const profile = profileFor(version)?.name;
    return kernels.find((k) => profileFor(k.release)?.name === profile) ?? kernels[0]!;
}

/** Milliseconds until a boot, and until a step, counts as failed. Software emulation on a busy machine is slow. */
const BOOT_TIMEOUT = 240_000;
const STEP_TIMEOUT = 120_000;

async function compareRun(run: Run, guest: Guest, progress: Progress, io: Io, signal: AbortSignal): Promise<number> {
    progress.say('reading the machine');
    const given = await guest.ask('machine', STEP_TIMEOUT);
    if (!given) throw silent(guest);
    const { machine } = run.platform;
    const load = machine.modules.map((m) => `modprobe ${m} 2>/dev/null`).join('; ');
    await guest.ask(`run ${load}`, STEP_TIMEOUT);
    if (machine.nfit.some((n) => n.labelsInitialised)) {
        await guest.ask('run ndctl disable-region all; ndctl init-labels -f all; ndctl enable-region all', STEP_TIMEOUT);
    }
    const booted = (sections: Sections): KernelState => boot(asBooted(machine, given, sections)).state;
    const first = await settled(guest, (sections) => differences(recordedState(sections), snapshot(booted(sections)), BOOT_SUBJECTS).length === 0);
    if (!first) throw silent(guest);
    let state = booted(first);
    let equal = 0;
    let total = 1;
    const report = (good: boolean, text: string, found: ReturnType<typeof differences>): void => {
        progress.say('');
        if (good) equal++;
        io.out(`${good ? '✓' : '✗'} ${text}\n`);
        show(found, io);
    };
    const atBoot = differences(recordedState(first), snapshot(state), BOOT_SUBJECTS);
    report(atBoot.length === 0, 'boot', atBoot);
    for (const { step } of run.steps) {
        total++;
        progress.say(step.line.text);
        const predicted = execute(state, step.line);
        state = predicted.state;
        const expected = snapshot(state);
        const real = await perform(guest, step, load, (sections) => differences(recordedState(sections), expected, STEP_SUBJECTS).length === 0);
        if (signal.aborted) throw new GuestError('stopped');
        if (!real) {
            report(false, `${step.line.prompt} ${step.line.text}: the guest did not answer\n${guest.consoleTail()}`, []);
            break;
        }
        const found = differences(recordedState(real.sections), expected, STEP_SUBJECTS);
        const exit = (real.status === 0) === (predicted.outcome.status === 0);
        const errno = real.errnos.length === 0 || real.errnos.every((e) => predicted.outcome.errnos.includes(e));
        const said = predicted.outcome.notSimulated ? `  (not simulated: ${predicted.outcome.notSimulated})` : '';
        const words = (status: number, errnos: readonly Errno[]): string => (status === 0 ? 'succeeds' : `fails${errnos.length ? ` ${errnos.join(' ')}` : ''}`);
        report(exit && errno && found.length === 0, `${step.line.prompt} ${step.line.text}${said}`, found);
        if (!exit || !errno) {
            io.out(`    - ${words(real.status, real.errnos)}${real.stderr ? `: ${real.stderr.split('\n')[0]}` : ''}\n`);
            io.out(`    + ${words(predicted.outcome.status, predicted.outcome.errnos)}\n`);
        }
    }
    progress.say('');
    io.out(`${equal} of ${total} as predicted\n`);
    return equal === total ? 0 : 1;
}

function silent(guest: Guest): GuestError {
    return new GuestError(`the guest stopped answering\n${guest.consoleTail()}`);
}

/**
 * The state once nothing moves any more: what is plugged arrives a while after the monitor has said yes, and a large device takes its
 * time before anything is seen of it. So a state that is not as expected is given longer than one that is.
 */
async function settled(guest: Guest, asExpected: (sections: Sections) => boolean, patience = 12_000): Promise<Sections | undefined> {
    const begin = Date.now();
    let last: Sections | undefined;
    for (;;) {
        await pause(500);
        const next = await guest.ask('state', STEP_TIMEOUT);
        if (!next) return undefined;
        const still = last !== undefined && MOVING.every((name) => next.get(name) === last!.get(name));
        const waited = Date.now() - begin;
        if (still && (asExpected(next) || waited > patience)) return next;
        if (waited > 5 * patience) return next;
        last = next;
    }
}

/** Sections that change while memory arrives. */
const MOVING = ['iomem', 'memory', 'memory-nodes', 'dax', 'nd'];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The machine as its kernel found it: firmware's tables from the guest, what no table tells from the platform. */
function asBooted(platform: Machine, given: Sections, state: Sections): Machine {
    const { machine } = recordedMachine(given);
    const nfit = machine.nfit.map((range) => {
        const declared = platform.nfit.find((n) => n.start === range.start);
        return declared ? { ...declared, ...range, labelSize: declared.labelSize, ...(declared.labelsInitialised ? { labelsInitialised: true } : {}) } : range;
    });
    const online = recordedState(state).auto_online_blocks;
    return {
        ...machine, nfit, devices: platform.devices, modules: platform.modules, ...(platform.hotplugWindow ? { hotplugWindow: platform.hotplugWindow } : {}),
        config: { ...platform.config, ...(online === 'online' && !/memhp_default_state=/.test(machine.cmdline) ? { MEMORY_HOTPLUG_DEFAULT_ONLINE: 'y' } : {}) },
    };
}

interface Performed {
    readonly status: number;
    readonly errnos: readonly Errno[];
    readonly stderr: string;
    readonly sections: Sections;
}

/** Does in the guest what a step says; undefined when the guest hangs. `load`: what loads the modules after a restart. */
async function perform(guest: Guest, step: Step, load: string, asExpected: (sections: Sections) => boolean): Promise<Performed | undefined> {
    const line: ParsedLine = step.line;
    if (RESTARTS.test(line.text)) {
        if (!await guest.reset(BOOT_TIMEOUT)) return undefined;
        await guest.ask(`run ${load}`, STEP_TIMEOUT);
        const sections = await settled(guest, asExpected);
        return sections && { status: 0, errnos: [], stderr: '', sections };
    }
    if (line.prompt === '(qemu)') {
        const reply = await guest.qmp({ execute: 'human-monitor-command', arguments: { 'command-line': line.text } });
        const said = typeof reply['return'] === 'string' ? reply['return'].trim() : JSON.stringify(reply['error']);
        const sections = await settled(guest, asExpected);
        return sections && { status: /^Error/m.test(said) || reply['error'] ? 1 : 0, errnos: [], stderr: said, sections };
    }
    // The guest has no kexec: loading is left out, starting is a restart, and QEMU keeps RAM either way
    if (/^kexec\b/.test(line.text)) {
        const sections = await guest.ask('state', STEP_TIMEOUT);
        return sections && { status: 0, errnos: [], stderr: '', sections };
    }
    const sections = await guest.ask(`run ${line.text}`, STEP_TIMEOUT);
    if (!sections) return undefined;
    const stderr = (sections.get('stderr') ?? '').trim();
    const status = Number((sections.get('rc') ?? '1').trim());
    return { status, errnos: status === 0 ? [] : namedErrors(stderr), stderr, sections };
}

/** Steps that restart the machine. */
const RESTARTS = /^(?:reboot\b|system_reset\b|systemctl\s+(?:reboot|kexec)\b|kexec\b.*(?:\s-e|\s--exec)\b)/;

/** Error numbers whose strerror(3) text occurs in what a command said. */
export function namedErrors(text: string): Errno[] {
    const found: Errno[] = [];
    let rest = text;
    // Longer texts first: "No such device or address" holds "No such device".
    for (const [errno, said] of (Object.entries(STRERROR) as [Errno, string][]).sort((a, b) => b[1].length - a[1].length)) {
        if (!rest.includes(said) || found.some((f) => STRERROR[f] === said)) continue;
        found.push(errno);
        rest = rest.replaceAll(said, '');
    }
    return found;
}

interface Progress {
    /** What goes on from now on; an empty text clears the line. */
    say(text: string): void;
    end(): void;
}

/** One line on a terminal with the seconds that have passed; silent elsewhere. */
function progressLine(io: Io): Progress {
    if (!process.stderr.isTTY) return { say: () => undefined, end: () => undefined };
    const start = Date.now();
    let current = '';
    const draw = (): void => {
        if (current !== '') io.err(`\r\x1b[K${Math.round((Date.now() - start) / 1000).toString().padStart(3)} s  ${current.slice(0, io.style.width - 10)}`);
    };
    const timer = setInterval(draw, 1000).unref();
    return {
        say(text) {
            if (text === '' && current !== '') io.err('\r\x1b[K');
            current = text;
            draw();
        },
        end() {
            clearInterval(timer);
            if (current !== '') io.err('\r\x1b[K');
            current = '';
        },
    };
}
