// ndctl: from a parsed command line to kernel steps and what the tool prints (kernel model 05, F5).
import { initLabels, labelArea, zeroLabels } from '../kernel/nd-label.ts';
import { capacity } from '../kernel/nd-namespace.ts';
import { ndRemove, ndProbe } from '../kernel/nvdimm.ts';
import { viewNamespace } from '../kernel/nd-view.ts';
import { STRERROR } from '../kernel/outcome.ts';
import type { NdDimm } from '../kernel/state.ts';
import type { Tx } from '../kernel/tx.ts';
import { createInRegion, prepare, reconfigure } from './ndctl-create.ts';
import { listText } from './ndctl-list.ts';
import { createOptions, flag, valueOf } from './ndctl-options.ts';
import { code, type Code, NdctlSession } from './ndctl-session.ts';
import { NDCTL } from './ndctl-spec.ts';
import type { CommandResult } from './result.ts';
import type { Invocation, ToolSpec } from './spec.ts';

const EAGAIN = code('EAGAIN');
/** Exit status after a wrong command line. */
const USAGE = 129;

/** Every mistake in the arguments, then how the command is used. */
function usage(session: NdctlSession, errors: readonly string[], synopsis: string): CommandResult {
    for (const message of errors) session.error(message);
    session.print(`\n usage: ndctl ${synopsis}\n`);
    return session.exit(USAGE);
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

// --------------------------------------------------------------------------------------------------------- namespace verbs

function create(tx: Tx, invocation: Invocation): CommandResult {
    const { options, errors } = createOptions(invocation);
    const session = new NdctlSession(tx, 'create namespace', options.force);
    if (errors.length > 0) return usage(session, errors, 'create-namespace [<options>]');
    const { reconfig } = options;
    let done = 0;
    let result: Code = code('ENXIO');
    let kept: Code = 0;
    search: for (const { name } of session.regions(options.region, options.bus)) {
        const region = session.state.nvdimm.regions.get(name)!;
        if (options.type === 'blk') continue;
        if (reconfig === undefined) {
            result = createInRegion(session, region, options);
            if (result === EAGAIN) continue;
            if (result === 0) {
                done++;
                if (options.greedy) continue;
            } else if (options.greedy && options.force) {
                kept = result;
                continue;
            }
            break;
        }
        for (const namespace of session.namespaces(region)) {
            if (reconfig === 'all' ? capacity(namespace) === 0 && !namespace.uuid : reconfig !== namespace.name) continue;
            result = reconfigure(session, region, namespace, options);
            if (result === 0) done = 1;
            break search;
        }
    }
    // Every region said no: that is lack of space, unless some namespaces were made on the way.
    if (result === EAGAIN) result = options.greedy && done > 0 ? 0 : code('ENOSPC');
    if (kept !== 0) result = kept;
    // Without any option a blk region is looked for after pmem ones; there is none any more.
    if (result < 0 && done < 1 && options.scan) result = code('ENXIO');
    if (options.greedy) session.print(`created ${plural(done, 'namespace')}`);
    if ((result < 0 || (reconfig === undefined && done < 1)) && session.errors === 0) {
        session.failed(`failed to ${reconfig === undefined ? 'create' : 'reconfigure'} namespace`, result);
        if (reconfig === undefined) result = code('ENODEV');
    }
    return session.exit(result);
}

interface NamespaceVerb {
    readonly command: string;
    /** `disabled`, for the count at the end. */
    readonly past: string;
    /** `disabling`, for a failure. */
    readonly doing: string;
    /** 0: done; positive: skipped, no error; negative: failed. */
    readonly act: (session: NdctlSession, name: string) => Code;
}

const NAMESPACE_VERBS: Readonly<Record<string, NamespaceVerb>> = {
    'disable-namespace': { command: 'disable namespace', past: 'disabled', doing: 'disabling', act: (session, name) => session.disableSafe(name) },
    'enable-namespace': { command: 'enable namespace', past: 'enabled', doing: 'enabling', act: (session, name) => Math.min(0, session.enableNamespace(name)) },
    'destroy-namespace': { command: 'destroy namespace', past: 'destroyed', doing: 'destroying', act: destroy },
};

/** NDC-15. A label-less namespace only loses its info block, and counts only if it had one. */
function destroy(session: NdctlSession, name: string): Code {
    const namespace = session.namespace(name)!;
    const ready = prepare(session, namespace);
    if (ready === 1) {
        session.tx.note({
            code: 'ndctl/nothing-destroyed', rules: ['NDC-15', 'ND-03'], severity: 'info', subject: name,
            message: `${name} is the whole label-less region and had no info block: it is only disabled`,
        });
    }
    return ready === 2 ? session.deleteNamespace(name) : ready;
}

/** check-namespace: reads a btt's info block through a raw disk; what was active is taken down with --force only, and comes back. */
function check(session: NdctlSession, name: string): Code {
    const wasActive = session.active(name);
    if (wasActive && !session.force) {
        session.print(`${name}: namespace_check: ${name}: check aborted, namespace online`);
        return code(session.tx.fail('EBUSY', { code: 'ndctl/active-needs-force', rules: ['NDC-11'], subject: name, message: `${name} is active: --force takes it down first` }));
    }
    const disabled = wasActive ? session.disableSafe(name) : 0;
    if (disabled !== 0) return disabled;
    const { forceRaw, range } = session.namespace(name)!;
    session.setRaw(name, true);
    let result = session.enableNamespace(name);
    if (result === 0 && session.state.nvdimm.media.blocks.get(range?.start ?? -1)?.kind !== 'btt') {
        session.print(`${name}: namespace_check: Unable to recover any BTT info blocks`);
        session.print(`${name}: namespace_check: This may not be a sector mode namespace`);
        result = code('ENXIO');
    }
    session.setRaw(name, forceRaw);
    session.disableInvalidate(name);
    if (wasActive) session.enableNamespace(name);
    return result;
}

/** clear-errors passes over a btt, and asks the bus for its scrub first: legacy memory has none, nor has QEMU's NFIT. */
function clearErrors(session: NdctlSession, name: string): Code {
    if (viewNamespace(session.state, session.namespace(name)!).mode === 'sector') return 1;
    session.error(`${name}: Unable to determine scrub state: ${STRERROR.EOPNOTSUPP}`);
    return code('EOPNOTSUPP');
}

/** read-infoblock and write-infoblock want a disabled namespace; what they print and write is not simulated. */
const infoblock = (verb: string) => (session: NdctlSession, name: string): Code => {
    if (session.active(name)) return code('EBUSY');
    session.tx.notSimulated = `ndctl ${verb}`;
    return 0;
};

interface Inspection {
    readonly command: string;
    /** `checking namespaces`, for a failure. */
    readonly doing: string;
    readonly count: (n: number) => string;
    readonly act: (session: NdctlSession, name: string) => Code;
}

const INSPECTIONS: Readonly<Record<string, Inspection>> = {
    'check-namespace': { command: 'check namespace', doing: 'checking namespaces', count: (n) => `checked ${plural(n, 'namespace')}`, act: check },
    'clear-errors': { command: 'clear errors namespace', doing: 'clearing namespaces', count: (n) => `cleared ${plural(n, 'namespace')}`, act: clearErrors },
    'write-infoblock': { command: 'write-infoblock', doing: 'checking infoblocks', count: (n) => `wrote ${plural(n, 'infoblock')}`, act: infoblock('write-infoblock') },
    'read-infoblock': { command: 'read-infoblock', doing: 'reading infoblock data', count: (n) => `read ${plural(n, 'infoblock')}`, act: infoblock('read-infoblock') },
};

/** Namespaces that a verb is for, in ndctl's order: one by its name, or all that are not idle. Each is looked at when its turn comes. */
function* wantedNamespaces(session: NdctlSession, invocation: Invocation, wanted: string): Generator<string> {
    for (const region of session.regions(valueOf(invocation, '--region'), valueOf(invocation, '--bus'))) {
        for (const { name } of session.namespaces(region)) {
            const namespace = session.namespace(name);
            if (namespace && (wanted === 'all' ? capacity(namespace) > 0 || namespace.uuid : wanted === name)) yield name;
        }
    }
}

/** Verbs whose status is that of the last namespace as it is, "passed over" included. */
function inspectEach(tx: Tx, invocation: Invocation, wanted: string, verb: Inspection): CommandResult {
    const session = new NdctlSession(tx, verb.command, flag(invocation, '--force'));
    let result: Code = wanted === 'all' ? 0 : code('ENXIO');
    let count = 0;
    for (const name of wantedNamespaces(session, invocation, wanted)) {
        result = verb.act(session, name);
        if (result === 0) count++;
    }
    if (result < 0) session.failed(`error ${verb.doing}`, result);
    session.print(verb.count(count));
    return session.exit(result);
}

function eachNamespace(tx: Tx, invocation: Invocation, verb: NamespaceVerb): CommandResult {
    const session = new NdctlSession(tx, verb.command, flag(invocation, '--force'));
    const wanted = invocation.positionals[0]?.text;
    const synopsis = `${verb.command.replace(' ', '-')} <namespace> [<options>]`;
    if (wanted === undefined) return usage(session, [`specify a namespace to ${verb.command.split(' ')[0]}, or "all"`], synopsis);
    const extra = invocation.positionals.slice(1).map((p) => `unknown extra parameter "${p.text}"`);
    if (extra.length > 0) return usage(session, extra, synopsis);
    let result: Code = wanted === 'all' ? 0 : code('ENXIO');
    let count = 0;
    for (const name of wantedNamespaces(session, invocation, wanted)) {
        result = verb.act(session, name);
        if (result === 0) count++;
        result = Math.min(0, result);
    }
    if (result < 0 && session.errors === 0) session.failed(`error ${verb.doing} namespaces`, result);
    session.print(`${verb.past} ${plural(count, 'namespace')}`);
    return session.exit(result);
}

// ---------------------------------------------------------------------------------------------------- region and DIMM verbs

function eachRegion(tx: Tx, invocation: Invocation, enable: boolean): CommandResult {
    const verb = enable ? 'enable' : 'disable';
    const session = new NdctlSession(tx, `${verb} region`, false);
    const wanted = invocation.positionals[0]?.text;
    const errors = wanted === undefined ? ['specify a specific region id to act on, or "all"']
        : invocation.positionals.slice(1).map((p) => `unknown extra parameter "${p.text}"`);
    if (errors.length > 0) return usage(session, errors, `${verb}-region <region> [<options>]`);
    let count = 0;
    for (const { name } of session.regions(wanted, valueOf(invocation, '--bus'))) {
        if ((enable ? session.enableRegion(name) : disableRegion(session, name)) === 0) count++;
    }
    session.print(`${verb}d ${count === 1 ? '1 region' : `${count} regions`}`);
    // Nothing done is no failure to ndctl.
    return session.exit(0);
}

/** Every namespace is taken down first; one in use stops it, with those before it down already. */
function disableRegion(session: NdctlSession, name: string): Code {
    const region = session.state.nvdimm.regions.get(name)!;
    for (const namespace of session.namespaces(region)) {
        if (!session.namespace(namespace.name)) continue;
        const disabled = session.disableSafe(namespace.name);
        if (disabled !== 0) return disabled;
    }
    return session.disableRegion(name);
}

/** Does an enabled region use the DIMM? */
function dimmActive(session: NdctlSession, dimm: NdDimm): boolean {
    return [...session.state.nvdimm.regions.values()].some((r) => r.enabled && r.mappings.some((m) => m.dimm === dimm.name));
}

interface DimmVerb {
    /** `initialized`, or the words of the count. */
    readonly count: (n: number) => string;
    readonly act: (session: NdctlSession, dimm: NdDimm, invocation: Invocation) => Code;
}

const nmems = (past: string) => (n: number): string => `${past} ${n} nmem${n > 1 ? 's' : ''}`;

/** Label writes are refused while a region is enabled over the DIMM. */
function labelsInUse(session: NdctlSession, dimm: NdDimm): Code {
    session.print(`${dimm.name}: regions active, abort label write`);
    const regions = [...session.state.nvdimm.regions.values()].filter((r) => r.enabled && r.mappings.some((m) => m.dimm === dimm.name));
    return code(session.tx.fail('EBUSY', {
        code: 'ndctl/labels-in-use', rules: ['ND-03', 'ND-08'], subject: dimm.name, others: regions.map((r) => r.name), message: `the labels of ${dimm.name} are in use: disable its region first`,
    }));
}

/** The kernel holds a copy of the labels, so the DIMM is disabled and enabled to read them again. */
function reload(session: NdctlSession, dimm: NdDimm): void {
    if (!session.state.nvdimm.dimms.get(dimm.name)!.enabled) return;
    ndRemove(session.tx, dimm.name);
    ndProbe(session.tx, dimm.name);
}

const DIMM_VERBS: Readonly<Record<string, DimmVerb>> = {
    'init-labels': {
        count: nmems('initialized'),
        act: (session, dimm, invocation) => {
            if (dimm.labelSize === 0) return code('ENXIO');
            if (dimmActive(session, dimm)) return labelsInUse(session, dimm);
            if (labelArea(session.state, dimm.name) && !flag(invocation, '--force')) {
                session.print(`${dimm.name}: error: labels already initialized`);
                return code(session.tx.fail('EBUSY', {
                    code: 'ndctl/labels-initialized', rules: ['ND-08'], subject: dimm.name, message: `${dimm.name} already has labels: --force wipes them and every allocation`,
                }));
            }
            initLabels(session.tx, dimm.name, valueOf(invocation, '--label-version')?.endsWith('1.2') ? '1.2' : '1.1');
            reload(session, dimm);
            return 0;
        },
    },
    'zero-labels': {
        count: nmems('zeroed'),
        act: (session, dimm) => {
            if (dimm.labelSize === 0) return code('ENXIO');
            if (dimmActive(session, dimm)) return labelsInUse(session, dimm);
            zeroLabels(session.tx, dimm.name);
            reload(session, dimm);
            return 0;
        },
    },
    'check-labels': {
        count: (n) => `successfully verified ${n} nmem label${n > 1 ? 's' : ''}`,
        act: (session, dimm) => (labelArea(session.state, dimm.name) ? 0 : code('EINVAL')),
    },
    'enable-dimm': {
        count: nmems('enabled'),
        act: (session, dimm) => {
            if (!dimm.enabled) ndProbe(session.tx, dimm.name);
            return 0;
        },
    },
    'disable-dimm': {
        count: nmems('disabled'),
        act: (session, dimm) => {
            if (dimmActive(session, dimm)) {
                session.print(`${dimm.name} is active, skipping...`);
                return code(session.tx.fail('EBUSY', { code: 'ndctl/dimm-active', rules: ['ND-04'], subject: dimm.name, message: `an enabled region uses ${dimm.name}` }));
            }
            if (dimm.enabled) ndRemove(session.tx, dimm.name);
            return 0;
        },
    },
};

function eachDimm(tx: Tx, invocation: Invocation, name: string, verb: DimmVerb): CommandResult {
    const session = new NdctlSession(tx, name, flag(invocation, '--force'));
    const version = valueOf(invocation, '--label-version');
    const words = invocation.positionals.map((p) => p.text);
    const valid = words.filter((w) => w === 'all' || /^nmem\d+$/.test(w));
    for (const word of words) if (!valid.includes(word)) session.print(`'${word}' is not a valid dimm name`);
    if (valid.length === 0) return usage(session, [], `${name} <nmem0> [<nmem1>..<nmemN>] [<options>]`);
    let count = 0;
    let failed: Code = 0;
    if (version !== undefined && !/^v?1\.[12]$/.test(version)) {
        session.print(`'${version}' is not a valid label version`);
        failed = code('EINVAL');
    } else {
        for (const word of valid.includes('all') ? ['all'] : valid) {
            for (const { name: dimm } of session.dimms(valueOf(invocation, '--bus'))) {
                if (word !== 'all' && word !== dimm) continue;
                const result = verb.act(session, session.state.nvdimm.dimms.get(dimm)!, invocation);
                if (result === 0) count++;
                else if (failed === 0) failed = result;
            }
        }
    }
    session.print(verb.count(count));
    // Anything done makes it a success.
    return session.exit(count > 0 || failed === 0 ? 0 : 1);
}

function run(tx: Tx, invocation: Invocation): CommandResult {
    const verb = invocation.verb?.text ?? '';
    if (verb === 'create-namespace') return create(tx, invocation);
    if (Object.hasOwn(NAMESPACE_VERBS, verb)) return eachNamespace(tx, invocation, NAMESPACE_VERBS[verb]!);
    if (verb === 'enable-region' || verb === 'disable-region') return eachRegion(tx, invocation, verb === 'enable-region');
    if (Object.hasOwn(DIMM_VERBS, verb)) return eachDimm(tx, invocation, verb, DIMM_VERBS[verb]!);
    const wanted = invocation.positionals[0]?.text;
    if (wanted !== undefined && Object.hasOwn(INSPECTIONS, verb)) return inspectEach(tx, invocation, wanted, INSPECTIONS[verb]!);
    const session = new NdctlSession(tx, verb, false);
    if (verb === 'list') {
        session.stdout(listText(session, invocation));
        return session.exit(0);
    }
    // What only reads cannot change anything; its output is not predicted.
    if (!invocation.spec?.reads) tx.notSimulated = `ndctl ${verb}`;
    return session.exit(0);
}

/** ndctl for the command engine. */
export const ndctlTool: { readonly spec: ToolSpec; readonly run: (tx: Tx, invocation: Invocation) => CommandResult } = { spec: NDCTL, run };
