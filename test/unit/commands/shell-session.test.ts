// Lines that are more than one command: what a shell makes of them before a command sees its words.
import { describe, expect, it } from 'vitest';
import { execute } from '../../../server/src/commands/engine.ts';
import { parseLine } from '../../../server/src/commands/line.ts';
import { addMemory } from '../../../server/src/kernel/memory-hotplug.ts';
import type { Outcome } from '../../../server/src/kernel/outcome.ts';
import { GiB, rangeOf } from '../../../server/src/kernel/range.ts';
import type { KernelState } from '../../../server/src/kernel/state.ts';
import { blocks, ready, WINDOW } from '../kernel/memory-machine.ts';

const MEMORY = '/sys/devices/system/memory';

/** 1 GiB added at blocks 48 to 55, offline. */
function added(): KernelState {
    const tx = ready();
    addMemory(tx, { node: 0, range: rangeOf(WINDOW, GiB), resourceName: 'System RAM' });
    return tx.state;
}

function type(line: string, state = added()): { readonly state: KernelState; readonly outcome: Outcome } {
    return execute(state, parseLine('$', line));
}

/** The added blocks that a line brings online. */
function online(line: string): readonly number[] {
    const { state, outcome } = type(line);
    expect(outcome.notSimulated).toBeUndefined();
    return state.memory.blocks.filter((r) => r.first >= 48 && r.state === 'online').flatMap((r) => Array.from({ length: r.last - r.first + 1 }, (_, i) => r.first + i));
}

describe('loops', () => {
    it.each([
        [`for i in 48 50; do echo online_movable > ${MEMORY}/memory$i/state; done`, [48, 50]],
        [`for i in $(seq 49 51); do echo online_movable > ${MEMORY}/memory$i/state; done`, [49, 50, 51]],
        [`for i in $(seq 48 2 52); do echo online_movable > ${MEMORY}/memory\${i}/state; done`, [48, 50, 52]],
        [`for i in {48..49} 53; do echo online_movable > "${MEMORY}/memory$i/state"; done`, [48, 49, 53]],
        [`for b in ${MEMORY}/memory5[0-2]/state; do echo online_movable > $b; done`, [50, 51, 52]],
        [`for b in ${MEMORY}/memory5?; do echo online_movable > $b/state; done`, [50, 51, 52, 53, 54, 55]],
        [`B=${MEMORY}; for i in {48..48}; do echo online > $B/memory$i/state; done`, [48]],
        [`for i in 48 49; do for v in online_movable; do echo $v > ${MEMORY}/memory$i/state; done; done`, [48, 49]],
    ])('%s', (line, expected) => expect(online(line)).toEqual(expected));
});

describe('lists', () => {
    it('go on behind `;` and behind success, or failure', () => {
        const good = `echo online > ${MEMORY}/memory48/state`;
        const bad = `echo online > ${MEMORY}/memory999/state`;
        const more = `echo online > ${MEMORY}/memory49/state`;
        expect(online(`${good}; ${more}`)).toEqual([48, 49]);
        expect(online(`${good} && ${more}`)).toEqual([48, 49]);
        expect(online(`${good} || ${more}`)).toEqual([48]);
        expect(online(`${bad} && ${more}`)).toEqual([]);
        expect(online(`${bad} || ${more}`)).toEqual([49]);
        expect(online(`${bad}; ${more}`)).toEqual([49]);
    });
    it('end with the status of the last command, and tell all errors', () => {
        expect(type(`echo online > ${MEMORY}/memory999/state; echo x > ${MEMORY}/memory48/state`).outcome).toMatchObject({ status: 1, errnos: ['ENOENT', 'EINVAL'] });
        expect(type(`echo x > ${MEMORY}/memory48/state || true`).outcome).toMatchObject({ status: 0, errnos: ['EINVAL'], notes: [{ code: 'memory/bad-state' }] });
    });
    it('tell of a failure that they go over, once', () => {
        const codes = (line: string): string[] => type(line).outcome.notes.map((n) => n.code);
        expect(codes(`echo online > ${MEMORY}/memory999/state; true`)).toEqual(['command/passed-over']);
        expect(codes(`echo online > ${MEMORY}/memory999/state && true; true`)).toEqual(['command/passed-over']);
        expect(codes(`echo online > ${MEMORY}/memory999/state || true; true`)).toEqual([]);
        expect(codes(`for i in 998 999 48; do echo online_movable > ${MEMORY}/memory$i/state; done`)).toEqual(['command/passed-over']);
        expect(codes(`echo online > ${MEMORY}/memory999/state || true`)).toEqual([]);
        expect(codes(`true; echo online > ${MEMORY}/memory999/state`)).toEqual([]);
    });
});

describe('who writes', () => {
    it.each([
        `echo online_movable | tee ${MEMORY}/memory48/state`,
        `echo online_movable | sudo tee ${MEMORY}/memory48/state > /dev/null`,
        `sudo sh -c 'echo online_movable > ${MEMORY}/memory48/state'`,
        `bash -c "echo online_movable > ${MEMORY}/memory48/state"`,
        `printf '%s\\n' online_movable > ${MEMORY}/memory48/state`,
        `printf online_movable | tee -a ${MEMORY}/memory48/state`,
        `LANG=C timeout -k 5 20 echo online_movable > ${MEMORY}/memory48/state`,
    ])('%s', (line) => expect(online(line)).toEqual([48]));
    it('tee says what the kernel refused', () => {
        expect(type(`echo x | tee ${MEMORY}/memory48/state`).outcome).toMatchObject({ status: 1, errnos: ['EINVAL'], stdout: 'x\n', stderr: `tee: ${MEMORY}/memory48/state: Invalid argument\n` });
        expect(blocks(type(`ndctl list | tee ${MEMORY}/memory48/state`).state)[0]).toBe('48-55 offline Normal Movable');
        expect(type(`ndctl list | tee ${MEMORY}/memory48/state`).outcome.notSimulated).toBe(`writing what was printed to ${MEMORY}/memory48/state`);
    });
});

describe('what cannot be known claims nothing', () => {
    it.each([
        [`echo online > ${MEMORY}/memory$i/state`, '$i, which this line does not set'],
        [`for i in $(ls ${MEMORY}); do echo online > ${MEMORY}/$i/state; done`, 'what this command prints'],
        ['for f in /proc/*; do cat $f; done', 'the pattern /proc/*'],
        ['for i in {1..9999}; do true; done', 'more than 4096 words'],
    ])('%s', (line, why) => {
        const before = added();
        const { state, outcome } = type(line, before);
        expect(outcome.notSimulated).toBe(why);
        expect(state).toBe(before);
    });
    it('and a variable that nothing sets is told at its place', () => {
        expect(parseLine('$', 'daxctl list $DEV').problems).toMatchObject([{ code: 'command/unset-variable', span: { start: 12, end: 16 } }]);
        expect(parseLine('$', 'kexec -l k --append="memmap=2G$6G"').problems.map((p) => p.code)).toEqual(['command/unset-variable']);
        expect(parseLine('$', 'for i in 1; do daxctl list $i; done; daxctl list $i').problems).toEqual([]);
        expect(parseLine('$', 'echo $(echo $i)').problems).toHaveLength(1);
    });
    it('a line that never comes to an end does', () => {
        const many = 'for a in {1..4096}; do for b in {1..4096}; do true; done; done';
        expect(type(many).outcome.notSimulated).toBe('more than 8192 commands in one line');
    });
});
