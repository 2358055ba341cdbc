// A disk goes away under a mounted file system: who is told, and what becomes of it (mm/memory-failure.c, fs/xfs/xfs_notify_failure.c;
// kernel model 08, K).
import type { RuleId } from './outcome.ts';
import type { Mount } from './state.ts';
import type { Tx } from './tx.ts';

/** nd_pmem or dax removes a disk (`pmem0`). Nothing refuses that: a mounted file system loses its device (NF-01, NF-05). */
export function diskRemoved(tx: Tx, disk: string): void {
    const { mounts } = tx.state;
    if (!mounts.some((m) => m.device === disk)) return;
    tx.set({ mounts: mounts.map((m) => (m.device === disk && !m.shutdown ? tell(tx, m) : m)) });
}

function tell(tx: Tx, mount: Mount): Mount {
    const who = `${mount.fs === 'xfs' ? 'XFS' : 'EXT4-fs'} (${mount.device}): `;
    const note = (rule: RuleId, message: string): void => tx.note({
        code: 'notify-failure/mounted', rules: ['NF-01', rule], severity: 'warning', subject: mount.device, message, data: { path: mount.path },
    });
    const { xfsRemoval } = tx.state.profile;
    const told = mount.fs === 'xfs' && mount.rmapbt && mount.dax ? xfsRemoval : 'none';
    switch (told) {
        case 'pre-remove':
            tx.info(`${who}Device is about to be removed!`, 'NF-03');
            tx.err(`${who}User initiated shutdown received.`, 'NF-03');
            note('NF-03', `${mount.path} is shut down before its device goes: processes that map its files are killed with SIGBUS, no page is poisoned`);
            return { ...mount, shutdown: 'device removed' };
        case 'failure':
            tx.err(`${who}Please unmount the filesystem and rectify the problem(s)`, 'NF-02');
            note('NF-02', `${mount.path} takes the removal for a media failure: processes that map its files are killed, their pages poisoned, and the file system is shut down as corrupt`);
            return { ...mount, shutdown: 'taken for corruption' };
        case 'none':
            note('NF-05', mount.fs === 'xfs' && !mount.rmapbt && xfsRemoval !== 'none'
                ? `${mount.path} is not told that its device is gone, since XFS needs a reverse map (mkfs.xfs -m rmapbt=1) for that: its next access fails`
                : `${mount.path} is not told that its device is gone: its next access fails`);
            return { ...mount, shutdown: 'device gone' };
    }
}
