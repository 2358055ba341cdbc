// All attributes of sysfs and procfs that the simulator knows, and how a path finds its attribute.
import type { KernelState } from '../kernel/state.ts';
import { componentPattern } from './shell-expand.ts';
import { daxAttributes } from './sysfs-dax.ts';
import { memoryAttributes } from './sysfs-memory.ts';
import { ndAttributes } from './sysfs-nd.ts';
import { nodeAttributes } from './sysfs-node.ts';
import { virtioAttributes } from './sysfs-virtio.ts';
import type { Params, SysfsAttribute } from './sysfs.ts';

export const ATTRIBUTES: readonly SysfsAttribute[] = [...memoryAttributes, ...nodeAttributes, ...daxAttributes, ...ndAttributes, ...virtioAttributes];

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

/** A parameter takes more values than are gone through. */
const MANY = 4096;

/**
 * Paths of the state that match a shell pattern, sorted as a shell sorts them. `escaped` has what stands for itself behind `\`.
 * Undefined where they cannot be told: where the simulator knows only some of a directory's files, or there are too many.
 */
export function matchingPaths(state: KernelState, escaped: string): readonly string[] | undefined {
    const wanted = escaped.split('/').map((text) => ({ pattern: componentPattern(text), wild: /(?<!\\)[*?[]/.test(text) }));
    const out = new Set<string>();
    let known = false;
    for (const attribute of ATTRIBUTES) {
        const components = attribute.path.split('/');
        if (components.length < wanted.length) continue;
        let prefixes: readonly string[] = [];
        for (const [i, { pattern, wild }] of wanted.entries()) {
            const component = components[i]!;
            const names = componentNames(state, attribute, component);
            if (names === undefined) return undefined;
            const fitting = names.filter((n) => pattern.test(n));
            if (wild && component.includes(':')) known = true;
            // of plain files the table has those that matter, not all
            else if (wild && fitting.length > 0) return undefined;
            prefixes = i === 0 ? fitting : prefixes.flatMap((p) => fitting.map((n) => `${p}/${n}`));
            if (prefixes.length > MANY) return undefined;
            if (prefixes.length === 0) break;
        }
        const rest = components.slice(wanted.length);
        for (const prefix of prefixes) {
            const found = rest.some((c) => c.includes(':')) ? undefined : findAttribute([prefix, ...rest].join('/'));
            if (!found || attributeExists(state, found)) out.add(prefix);
        }
    }
    return known ? [...out].sort() : undefined;
}

function componentNames(state: KernelState, attribute: SysfsAttribute, component: string): readonly string[] | undefined {
    const name = /:([a-z]+)/i.exec(component)?.[1];
    if (name === undefined) return [component];
    const values = attribute.params?.(state, name) ?? [];
    return values.length >= MANY ? undefined : values.map((v) => component.replace(`:${name}`, v));
}
