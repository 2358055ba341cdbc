import { describe, expect, it } from 'vitest';
import { replay } from '../../../server/src/cli/replay.ts';
import { machineOf } from '../../../server/src/formats/recording.ts';
import { boot } from '../../../server/src/kernel/boot.ts';
import { GiB, MiB } from '../../../server/src/kernel/range.ts';
import type { DaxDevice, KernelState } from '../../../server/src/kernel/state.ts';
import { accountLines, accountOf, bottom, ledger, type LedgerAccount } from '../../../server/src/render/ledger.ts';
import { loadSet } from '../../kernel-truth/cases.ts';
import { runsOfText } from './pictures.ts';

const cases = loadSet('6.1');
const bootOf = (name: string): KernelState => boot(machineOf(cases.find((c) => c.name === name)!.input)).state;

/** A booted machine with a devdax namespace's dax device, bound to kmem or not. */
function withDax(state: KernelState, device: Partial<DaxDevice> & Pick<DaxDevice, 'mappings'>): KernelState {
    const dax: DaxDevice = { name: 'dax5.0', region: 'hmem.5', id: 0, align: 2 * MiB, driver: 'kmem', claims: [], ...device };
    const range = { start: device.mappings[0]!.start, end: device.mappings.at(-1)!.end };
    return {
        ...state,
        dax: {
            ...state.dax,
            regions: new Map([['hmem.5', {
                key: 'hmem.5', id: 5, range, align: 2 * MiB, targetNode: 0, numaNode: 0, kind: 'dynamic', type: 'device_dax', origin: 'hmem', seed: null, youngest: null,
            }]]),
            devices: new Map([['dax5.0', dax]]),
        },
    };
}

describe('the byte ledger', () => {
    it('accounts for boot memory: what memmap= set apart counts elsewhere', () => {
        const state = bootOf('seed-fast-reboot');
        const memory = accountOf(state, 'boot memory')!;
        expect(memory.stages.map((s) => s.name)).toEqual(['firmware', 'usable', 'ram']);
        expect(memory.stages[1]!.less).toEqual([
            expect.objectContaining({ kind: 'moved', bytes: 2 * GiB, rule: 'E820-03' }), expect.objectContaining({ kind: 'lost', bytes: 4096 }),
        ]);
        // Present pages as /proc/zoneinfo of the recorded boot has them.
        expect(bottom(memory).bytes).toBe((3998 + 520160 + 1048576) * 4096);
        expect(accountOf(state, 'region0')!.stages[0]!.bytes).toBe(2 * GiB);
        expect(ledger(state).total.described).toBe(ledger(state).accounts.reduce((n, a) => n + a.stages[0]!.bytes, 0) - 2 * GiB);
    });

    it('names what memory blocks cannot hold at both ends of a dax device', () => {
        const start = 64 * GiB + 6 * MiB;
        const state = withDax(bootOf('seed-fast-reboot'), { mappings: [{ id: 0, pageOffset: 0, start, end: start + GiB - 1 }] });
        const lines = accountLines(accountOf(state, 'dax5.0')!);
        expect(lines).toEqual([
            'dax5.0: 1 GiB usable',
            '− 122 MiB before the next memory block (128 MiB) (KM-02)',
            '− 6 MiB behind the last memory block (128 MiB) (KM-02)',
            '− 896 MiB range not added: it could not be reserved or added (KM-05)',
            '= 0 B RAM',
        ]);
    });

    it('tells RAM from memory blocks that nobody brought online', () => {
        const start = 64 * GiB;
        const mappings = [{ id: 0, pageOffset: 0, start, end: start + GiB - 1 }];
        const base = bootOf('seed-fast-reboot');
        const run = { zone: 'Movable', nodes: [0], early: false } as const;
        const state = withDax({
            ...base,
            memory: { ...base.memory, blocks: [...base.memory.blocks, { first: 512, last: 513, state: 'online', ...run }, { first: 514, last: 519, state: 'offline', ...run, zone: null }] },
        }, { mappings });
        const account = accountOf(state, 'dax5.0')!;
        expect(bottom(account)).toEqual({ name: 'ram', bytes: 256 * MiB, less: [expect.objectContaining({ kind: 'idle', bytes: 768 * MiB, rule: 'ONL-01' })] });
        // The same holds when the driver is gone and the memory stayed (KM-11): blocks decide, not the driver.
        const left = withDax(state, { mappings, driver: null });
        expect(bottom(accountOf(left, 'dax5.0')!).bytes).toBe(256 * MiB);
    });

    it('counts specific-purpose memory that is left to the CXL drivers', () => {
        const [run] = runsOfText('platform p {\n kernel 6.12\n node 0 { cpus 0-3 memory at 0 size 2G memory at 4G size 62G }\n node 1\n cxl window 0 at 4T size 1T { targets hb0 volatile }\n soft-reserved s at 4T size 1T node 1\n}\n');
        const book = ledger(run!.boot.state);
        expect(book.total.described).toBe(1024 * GiB + 64 * GiB);
        expect(book.total.idle).toBe(1024 * GiB);
        expect(book.accounts.flatMap((a) => a.stages.flatMap((s) => s.less)).find((i) => i.rule === 'HMEM-04')?.bytes).toBe(1024 * GiB);
    });

    it('has no account for what does not exist', () => {
        expect(accountOf(bootOf('seed-fast-reboot'), 'dax9.9')).toBeUndefined();
    });

    it('balances in every state of every recorded machine', () => {
        const wrong: string[] = [];
        const check = (account: LedgerAccount, where: string): void => {
            account.stages.forEach((stage, i) => {
                const before = i === 0 ? stage.bytes : account.stages[i - 1]!.bytes;
                const less = stage.less.reduce((n, item) => n + item.bytes, 0);
                if (stage.bytes !== before - less || stage.bytes < 0) wrong.push(`${where} ${account.subject} ${stage.name}: ${before} - ${less} = ${stage.bytes}`);
            });
            for (const part of account.parts) check(part, where);
        };
        for (const c of cases) {
            replay(c.input, {
                visit: (state, step) => {
                    const { accounts, total } = ledger(state);
                    for (const account of accounts) check(account, `${c.name} ${step?.id ?? 'boot'}`);
                    if (total.other < 0) wrong.push(`${c.name} ${step?.id ?? 'boot'}: other ${total.other}`);
                },
            });
        }
        expect(wrong).toEqual([]);
    });
});
