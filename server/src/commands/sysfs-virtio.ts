// Binding and unbinding of virtio-mem devices (kernel model 08, VM-03, VM-08).
import type { Result } from '../kernel/outcome.ts';
import type { KernelState } from '../kernel/state.ts';
import type { Tx } from '../kernel/tx.ts';
import { virtioMemBind, virtioMemUnbind } from '../kernel/virtio-mem.ts';
import type { Params, SysfsAttribute } from './sysfs.ts';

const loaded = (state: KernelState): boolean => state.modules.has('virtio_mem');
const line = (value: number | string): { readonly text: string } => ({ text: `${value}\n` });
const device = (state: KernelState, params: Params) => state.virtioMem.get(params['virtio']!);

/** Before v5.15 every failed bind reads as ENODEV (DAX-20). */
function bind(tx: Tx, name: string): Result {
    const result = virtioMemBind(tx, name);
    return result !== 0 && !tx.state.profile.bindReturnsProbeErrno ? 'ENODEV' : result;
}

export const virtioAttributes: readonly SysfsAttribute[] = [
    {
        path: '/sys/bus/virtio/drivers/virtio_mem/bind', doc: 'Gives a virtio-mem device to its driver, which plugs what the hypervisor asks for.', rules: ['VM-03', 'VM-08'],
        exists: loaded, write: (tx: Tx, _params, value) => bind(tx, value),
        values: (state) => [...state.virtioMem.values()].filter((d) => !d.bound).map((d) => d.name),
    },
    {
        path: '/sys/bus/virtio/drivers/virtio_mem/unbind', doc: 'Takes a virtio-mem device from its driver; memory that is added stays until reboot.', rules: ['VM-08'],
        exists: loaded, write: (tx: Tx, _params, value) => virtioMemUnbind(tx, value),
        values: (state) => [...state.virtioMem.values()].filter((d) => d.bound).map((d) => d.name),
    },
    {
        path: '/sys/bus/virtio/devices/:virtio/driver', doc: 'Link to the driver that the device is bound to.', rules: ['VM-03'],
        exists: (state, params) => device(state, params)?.bound === true, read: () => line('../../../../bus/virtio/drivers/virtio_mem'),
        params: (state) => [...state.virtioMem.keys()],
    },
];
