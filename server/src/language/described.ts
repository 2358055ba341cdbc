// A platform as its author described it: numbers read, ranges checked, every part with its place. `extends` merges two of these;
// machine.ts makes the firmware's tables of one. Nothing here depends on another declaration of the file.
import type { HmatCache } from '../kernel/machine.ts';
import type { Range } from '../kernel/range.ts';
import type { Finding, Origin, TextSpan } from './model.ts';

export interface Placed {
    readonly origin: Origin;
}

export interface Scalar<T> extends Placed {
    readonly value: T;
    /** The value's own place. */
    readonly at: TextSpan;
}

export interface RangeAt {
    readonly range: Range;
    /** `at … size …` or `first-last`. */
    readonly at: TextSpan;
    /** Written with its size; else with its end. */
    readonly bySize: boolean;
}

/** A node's number where something refers to it. */
export interface NodeRef {
    readonly node: number;
    readonly at: TextSpan;
}

export interface NodeMemory extends Placed, RangeAt {
    readonly nonVolatile: boolean;
}

export interface DescribedNode extends Placed {
    readonly id: number;
    readonly at: TextSpan;
    /** CPU numbers, ascending as written. */
    readonly cpus: readonly { readonly first: number; readonly last: number; readonly at: TextSpan }[];
    readonly memory: readonly NodeMemory[];
    readonly hotplug: readonly (Placed & RangeAt)[];
    readonly genericInitiator: boolean;
}

/** Provisioning by declaration: a `device` or a `namespace` block. */
export interface Provision extends Placed {
    readonly kind: 'device' | 'namespace';
    /** Bytes; absent = all that is left. */
    readonly size?: number;
    readonly mode?: string;
    readonly map?: string;
    /** Bytes. */
    readonly align?: number;
    /** Bytes. */
    readonly sectorSize?: number;
    /** Given to Linux as RAM. */
    readonly systemRam: boolean;
    readonly movable: boolean;
    readonly noOnline: boolean;
}

export interface DescribedSoftReserved extends Placed, RangeAt {
    readonly name?: string;
    readonly node?: NodeRef;
    readonly devices: readonly Provision[];
}

export interface DescribedPmem extends Placed, RangeAt {
    readonly name?: string;
    readonly node?: NodeRef;
    readonly legacy: boolean;
    readonly dimms: number;
    readonly labelSize: number;
    readonly labelsInitialised: boolean;
    readonly unarmed: boolean;
    readonly namespaces: readonly Provision[];
}

export interface DescribedVirtioMem extends Placed, RangeAt {
    readonly name: string;
    readonly node?: NodeRef;
    readonly blockSize: number;
    readonly requested: number;
    readonly bus?: string;
}

export interface DescribedDimm extends Placed, RangeAt {
    readonly name: string;
    readonly node?: NodeRef;
}

export interface DescribedWindow extends Placed, RangeAt {
    readonly index: number;
    readonly ways?: number;
    readonly granularity?: number;
    readonly targets: readonly string[];
    readonly volatile: boolean;
    readonly pmem: boolean;
}

export interface DescribedMemdev extends Placed {
    readonly name: string;
    readonly window: number;
    readonly volatileSize: number;
    readonly pmemSize: number;
    readonly region?: RangeAt;
}

export interface DescribedInitiator extends NodeRef {
    readonly origin: Origin;
    /** ns, MB/s. */
    readonly read_latency?: number;
    readonly write_latency?: number;
    readonly read_bandwidth?: number;
    readonly write_bandwidth?: number;
}

export interface DescribedTarget extends Placed {
    readonly node: number;
    readonly at: TextSpan;
    readonly attached?: NodeRef;
    readonly initiators: readonly DescribedInitiator[];
    readonly caches: readonly (Placed & Omit<HmatCache, 'target'>)[];
}

export interface DescribedDistance extends Placed {
    readonly from: NodeRef;
    readonly to: NodeRef;
    readonly value: number;
    readonly at: TextSpan;
}

export interface DescribedResource extends Placed, RangeAt {
    readonly name: string;
    readonly children: readonly DescribedResource[];
}

export interface Described {
    readonly kernel?: Scalar<string>;
    readonly arch?: Scalar<string>;
    readonly firmware?: Scalar<'bios' | 'efi'>;
    readonly hypervisor?: Scalar<boolean>;
    readonly cmdline?: Scalar<string>;
    readonly modules?: Scalar<readonly string[]>;
    readonly config: readonly (Scalar<string> & { readonly name: string })[];
    readonly nodes: readonly DescribedNode[];
    readonly reserved: readonly (Placed & RangeAt & { readonly label?: string })[];
    readonly e820: readonly (Placed & RangeAt & { readonly type: number })[];
    readonly resources: readonly DescribedResource[];
    readonly distances: readonly DescribedDistance[];
    readonly targets: readonly DescribedTarget[];
    readonly softReserved: readonly DescribedSoftReserved[];
    readonly pmem: readonly DescribedPmem[];
    readonly virtioMem: readonly DescribedVirtioMem[];
    readonly dimms: readonly DescribedDimm[];
    readonly hotplugWindow?: Placed & RangeAt & { readonly slots: number };
    readonly windows: readonly DescribedWindow[];
    readonly memdevs: readonly DescribedMemdev[];
    /** What is wrong with parts of it by themselves. */
    readonly findings: readonly Finding[];
}
