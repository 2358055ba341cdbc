import { describe, expect, it } from 'vitest';
import { modprobeTools } from '../../../server/src/commands/modprobe.ts';
import { parseWords } from '../../../server/src/commands/shell.ts';
import { parseInvocation } from '../../../server/src/commands/spec.ts';
import { MODULES } from '../../../server/src/kernel/modules.ts';
import type { Tx } from '../../../server/src/kernel/tx.ts';
import { started } from '../kernel/dax-machine.ts';

function run(tx: Tx, line: string) {
    const { words } = parseWords(line).shell;
    const tool = modprobeTools.find((t) => t.spec.tool === words[0]!.text)!;
    return tool.run(tx, parseInvocation(tool.spec, words));
}

describe('modprobe', () => {
    it('loads a module after those it requires, with its parameters', () => {
        const tx = started({ kernel: '6.12', modules: [] });
        expect(run(tx, 'modprobe dax_hmem region_idle=1').status).toBe(0);
        expect([...tx.state.modules]).toEqual([['cxl_core', {}], ['cxl_acpi', {}], ['dax_hmem', { region_idle: '1' }]]);
        expect(tx.state.dax.devices.get('dax0.0')!.mappings).toEqual([]);
    });
    it('does nothing twice, unless asked to say so', () => {
        const tx = started({ modules: ['kmem'] });
        const before = tx.state;
        expect(run(tx, 'modprobe kmem').status).toBe(0);
        expect(run(tx, 'modprobe --first-time kmem').stderr).toBe("modprobe: ERROR: could not insert 'kmem': Module already in kernel\n");
        expect(tx.state).toBe(before);
    });
    it('names a module that does not exist', () => {
        expect(run(started(), 'modprobe frob')).toMatchObject({ status: 1, stderr: 'modprobe: FATAL: Module frob not found in directory /lib/modules/6.1\n' });
        expect(run(started(), 'modprobe -q frob').stderr).toBe('');
        expect(run(started({ kernel: '6.1' }), 'modprobe fsdev').status).toBe(1);
    });
    it('-r unbinds, and does not mind a module that is not loaded', () => {
        const tx = started();
        expect(run(tx, 'modprobe -r device_dax').status).toBe(0);
        expect(tx.state.dax.devices.get('dax0.0')!.driver).toBeNull();
        expect(run(tx, 'modprobe -r device-dax').status).toBe(0);
    });
    it('needs a name', () => expect(run(started(), 'modprobe').status).toBe(1));
});

describe('rmmod', () => {
    it('minds a module that is not loaded, or in use', () => {
        const tx = started({ modules: ['nd_pmem'] });
        expect(run(tx, 'rmmod kmem')).toMatchObject({ status: 1, stderr: 'rmmod: ERROR: Module kmem is not currently loaded\n' });
        expect(run(tx, 'rmmod nd_btt')).toMatchObject({ status: 1, stderr: 'rmmod: ERROR: Module nd_btt is in use by: nd_pmem\n' });
        expect(run(tx, 'rmmod nd_pmem nd_btt').status).toBe(0);
    });
});

it('has a sentence for every module, and knows those it requires', () => {
    const { profile } = started().state;
    for (const module of MODULES) {
        expect(module.doc.endsWith('.')).toBe(true);
        for (const name of module.requires?.(profile) ?? []) expect(MODULES.some((m) => m.name === name)).toBe(true);
    }
});
