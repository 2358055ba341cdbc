// All attributes of sysfs and procfs that the simulator knows, and how a path finds its attribute.
import type { KernelState } from '../kernel/state.ts';
import { daxAttributes } from './sysfs-dax.ts';
import { memoryAttributes } from './sysfs-memory.ts';
import { ndAttributes } from './sysfs-nd.ts';
import { virtioAttributes } from './sysfs-virtio.ts';
import type { Params, SysfsAttribute } from './sysfs.ts';

export const ATTRIBUTES: readonly SysfsAttribute[] = [...memoryAttributes, ...daxAttributes, ...ndAttributes, ...virtioAttributes];

export interface Found {
    readonly attribute: SysfsAttribute;
    readonly params: Params;
}

interface Compiled {
    readonly attribute: SysfsAttribute;
    readonly pattern: RegExp;
    readonly names: readonly string[];
}

function compile(attribute: SysfsAttribute): Compiled {
    const names: string[] = [];
    const pattern = attribute.path.split('/').map((part) => part.replace(/:([a-z]+)|[.*+?^${}()|[\]\\]/gi, (all: string, name: string | undefined) => {
        if (name === undefined) return `\\${all}`;
        names.push(name);
        return '([^/]+?)';
    })).join('/');
    return { attribute, pattern: new RegExp(`^${pattern}$`), names };
}

let compiled: readonly Compiled[] | undefined;

/** A path as sysfs resolves it: `.` and doubled slashes vanish; `..` stays, since `/sys/bus/…/devices/X` are links into the device tree. */
export function normalizePath(path: string): string {
    return path.replace(/\/(?:\.?\/)+/g, '/').replace(/(.)\/$/, '$1');
}

/** The attribute a path names, whether or not the state has it; undefined where the simulator knows none. */
export function findAttribute(path: string): Found | undefined {
    compiled ??= ATTRIBUTES.map(compile);
    const normal = normalizePath(path);
    for (const { attribute, pattern, names } of compiled) {
        const m = pattern.exec(normal);
        if (m) return { attribute, params: Object.fromEntries(names.map((name, i) => [name, m[i + 1]!])) };
    }
    return undefined;
}

/** Does the state have the file? */
export function attributeExists(state: KernelState, { attribute, params }: Found): boolean {
    return attribute.exists?.(state, params) ?? true;
}

/** Is there another file in the directory of this path? */
export function directoryExists(state: KernelState, path: string): boolean {
    const normal = normalizePath(path);
    const directory = normal.slice(0, normal.lastIndexOf('/'));
    compiled ??= ATTRIBUTES.map(compile);
    return compiled.some(({ attribute }) => {
        const found = findAttribute(`${directory}/${attribute.path.slice(attribute.path.lastIndexOf('/') + 1)}`);
        return found !== undefined && attributeExists(state, found);
    });
}
