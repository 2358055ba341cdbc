// modprobe and rmmod (kmod): loading and unloading the modules that decide about memory.
import { findModule, loadModule, moduleUsers, unloadModule } from '../kernel/modules.ts';
import type { Tx } from '../kernel/tx.ts';
import { type CommandResult, OK } from './result.ts';
import type { Invocation, OptionSpec, ToolSpec } from './spec.ts';

export interface Tool {
    readonly spec: ToolSpec;
    readonly run: (tx: Tx, invocation: Invocation) => CommandResult;
}

const VERBOSE: OptionSpec = { long: '--verbose', short: '-v', doc: 'Say what is done.' };
const FORCE: OptionSpec = { long: '--force', short: '-f', doc: 'Go on where version checks would stop.' };

const MODPROBE: ToolSpec = {
    tool: 'modprobe',
    doc: 'Loads a kernel module with those it depends on, or unloads it.',
    verbs: [{
        verb: '', doc: 'Loads a kernel module with those it depends on, or unloads it.', man: 'modprobe(8)',
        options: [
            { long: '--remove', short: '-r', doc: 'Unload instead: its devices lose their driver first, and memory that is online stays behind.' },
            { long: '--all', short: '-a', doc: 'All words are modules, none is a parameter.' },
            { long: '--quiet', short: '-q', doc: 'No message for a module that does not exist.' },
            { long: '--dry-run', short: '-n', doc: 'Do everything but load or unload.' },
            { long: '--first-time', doc: 'Fail when the module is loaded already, or not loaded for --remove.' },
            { long: '--use-blacklist', short: '-b', doc: 'Apply the blacklist to names too.' },
            VERBOSE, FORCE,
        ],
        positionals: [{ name: 'module', kind: 'module' }, { name: 'parameter=value', kind: 'text', optional: true, many: true }],
    }],
};

const RMMOD: ToolSpec = {
    tool: 'rmmod',
    doc: 'Unloads a kernel module.',
    verbs: [{
        verb: '', doc: 'Unloads a kernel module: devices lose their driver first, and memory that is online stays behind.', man: 'rmmod(8)',
        options: [VERBOSE, FORCE, { long: '--syslog', short: '-s', doc: 'Send errors to the system log.' }],
        positionals: [{ name: 'module', kind: 'module', many: true }],
    }],
};

function failure(text: string): CommandResult {
    return { status: 1, errnos: [], stdout: '', stderr: `${text}\n` };
}

function modprobe(tx: Tx, invocation: Invocation): CommandResult {
    const given = (long: string): boolean => invocation.options.has(long);
    const words = invocation.positionals.map((w) => w.text);
    if (words.length === 0) return failure('modprobe: ERROR: missing parameters. See -h.');
    const many = given('--all') || given('--remove');
    const names = many ? words : words.slice(0, 1);
    const parameters = many ? {} : Object.fromEntries(words.slice(1).map((word) => {
        const eq = word.indexOf('=');
        return eq < 0 ? [word, ''] : [word.slice(0, eq), word.slice(eq + 1)];
    }));
    for (const name of names) {
        const module = findModule(tx.state.profile, name);
        if (!module) {
            if (given('--quiet')) return { status: 1, errnos: [], stdout: '', stderr: '' };
            tx.note({ code: 'module/unknown', rules: ['DAX-18'], severity: 'error', subject: name, message: `the model has no module ${name} in this release` });
            return failure(`modprobe: FATAL: Module ${name} not found in directory /lib/modules/${tx.state.machine.kernel}`);
        }
        const loaded = tx.state.modules.has(module.name);
        if (given('--first-time') && loaded !== given('--remove')) {
            return failure(given('--remove') ? `modprobe: FATAL: Module ${name} is not in kernel.` : `modprobe: ERROR: could not insert '${name}': Module already in kernel`);
        }
        if (given('--dry-run')) continue;
        if (!given('--remove')) {
            loadModule(tx, name, parameters);
        } else if (loaded) {
            if (moduleUsers(tx, module.name).length > 0) return failure(`modprobe: FATAL: Module ${name} is in use.`);
            unloadModule(tx, name);
        }
    }
    return OK;
}

function rmmod(tx: Tx, invocation: Invocation): CommandResult {
    if (invocation.positionals.length === 0) return failure('rmmod: ERROR: missing module name.');
    for (const { text: name } of invocation.positionals) {
        const module = findModule(tx.state.profile, name);
        if (!module || !tx.state.modules.has(module.name)) return failure(`rmmod: ERROR: Module ${name} is not currently loaded`);
        const users = moduleUsers(tx, module.name);
        if (users.length > 0) return failure(`rmmod: ERROR: Module ${name} is in use by: ${users.join(' ')}`);
        unloadModule(tx, name);
    }
    return OK;
}

export const modprobeTools: readonly Tool[] = [{ spec: MODPROBE, run: modprobe }, { spec: RMMOD, run: rmmod }];
