// The field's terms: what each described thing is to firmware and Linux, and the section of the specification that defines it.
import type { Origin } from '../language/model.ts';

export interface Term {
    readonly what: string;
    /** Where it is defined. */
    readonly spec: string;
}

const term = (what: string, spec: string): Term => ({ what, spec });

/** Sections are those of ACPI 6.5, UEFI 2.10 and CXL 3.1. */
export const TERMS: Readonly<Partial<Record<Origin['kind'], Term>>> = {
    node: term('A proximity domain: processors and memory that are near each other. Linux numbers its NUMA nodes in the order in which it meets the domains.', 'ACPI 6.5 §5.2.16 (SRAT)'),
    memory: term('A Memory Affinity entry that is backed by RAM: the firmware’s map calls it usable, the SRAT gives it a domain.', 'ACPI 6.5 §5.2.16.2; UEFI 2.10 §7.2.3 (EfiConventionalMemory)'),
    hotplug: term('A Memory Affinity entry with the hot-pluggable flag: addresses where memory may appear later, and the domain it will belong to.', 'ACPI 6.5 §5.2.16.2 (flags, bit 1)'),
    distance: term('Relative access latency between two domains; 10 is local. Linux uses it to order fallback nodes.', 'ACPI 6.5 §5.2.17 (SLIT)'),
    target: term('A memory proximity domain, and how fast initiators reach it.', 'ACPI 6.5 §5.2.28.3 (HMAT, Memory Proximity Domain Attributes)'),
    initiator: term('Latency and bandwidth from an initiator domain to this memory: 16-bit entries times one base unit for the whole matrix.', 'ACPI 6.5 §5.2.28.4 (HMAT, System Locality)'),
    cache: term('A cache before the memory, as large as a part of it: its contents are kept elsewhere.', 'ACPI 6.5 §5.2.28.5 (HMAT, Memory Side Cache)'),
    'soft-reserved': term('Specific-purpose memory: usable RAM that firmware asks to keep out of the general pool. Linux leaves it to dax drivers.', 'UEFI 2.10 §7.2.3 (EFI_MEMORY_SP)'),
    device: term('A device of a dax region, provisioned after boot: a range that is mapped directly, or given to the kernel as RAM.', 'daxctl-create-device(1), daxctl-reconfigure-device(1)'),
    pmem: term('A persistent memory range that NVDIMMs back: one System Physical Address Range structure, one region of libnvdimm.', 'ACPI 6.5 §5.2.25.2 (NFIT, SPA Range)'),
    namespace: term('A part of a region that is one disk or one dax device, described by labels or by an info block in its first bytes.', 'UEFI 2.10 §13.19 (NVDIMM Label Protocol); ndctl-create-namespace(1)'),
    'virtio-mem': term('A paravirtual memory device: a region out of which the hypervisor asks the guest to take or return blocks.', 'Virtio 1.2 §5.15 (Memory Device)'),
    dimm: term('A memory device of the ACPI namespace (PNP0C80): its resources say where it is.', 'ACPI 6.5 §9.11 (Memory Devices)'),
    'cxl-window': term('A range of host addresses that decodes to CXL memory.', 'CXL 3.1 §9.18.1.3 (CEDT, CXL Fixed Memory Window Structure)'),
    'cxl-memdev': term('A CXL memory device, and how much of it is volatile and persistent. Endpoint decoders map it into a window.', 'CXL 3.1 §8.1.3 (DVSEC for CXL Devices), §8.2.4.20 (HDM Decoder Capability)'),
    reserved: term('A range that firmware keeps: no RAM for Linux.', 'UEFI 2.10 §7.2.3 (EfiReservedMemoryType); ACPI 6.5 §15.1 (type 2)'),
    e820: term('An entry of the firmware’s address map.', 'ACPI 6.5 §15.1 (INT 15h, E820h), §15.4 (types)'),
    resource: term('An entry of /proc/iomem that comes from elsewhere: it takes its place in the tree and nothing else.', 'proc_iomem(5)'),
    cmdline: term('The kernel’s command line, as the boot loader hands it over.', 'Linux: Documentation/admin-guide/kernel-parameters.txt'),
    config: term('A choice made when the kernel was built.', 'Linux: Kconfig'),
    kernel: term('The release whose rules apply.', 'docs/kernel-rules.md'),
    hypervisor: term('The processor says that it is virtual (CPUID 1, ECX bit 31). Large machines choose their memory block size by it.', 'Linux: arch/x86/mm/init_64.c'),
};
