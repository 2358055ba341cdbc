// What a command leaves behind besides the state: its exit status and what it printed.
import { type Errno, ERRNO, STRERROR, type Result } from '../kernel/outcome.ts';

export interface CommandResult {
    readonly status: number;
    readonly errnos: readonly Errno[];
    readonly stdout: string;
    readonly stderr: string;
}

export const OK: CommandResult = { status: 0, errnos: [], stdout: '', stderr: '' };

/** A shell builtin's write(2) failed: `bash: line 1: echo: write error: Device or resource busy`, status 1. */
export function writeError(errno: Errno): CommandResult {
    return { status: 1, errnos: [errno], stdout: '', stderr: `bash: line 1: echo: write error: ${STRERROR[errno]}\n` };
}

/** open(2) of the file failed before anything was written. */
export function openError(path: string, errno: Errno): CommandResult {
    return { status: 1, errnos: [errno], stdout: '', stderr: `bash: line 1: ${path}: ${STRERROR[errno]}\n` };
}

/** A program's own write(2) failed: `tee: /sys/…: Device or resource busy`, status 1. */
export function programError(program: string, path: string, errno: Errno): CommandResult {
    return { status: 1, errnos: [errno], stdout: '', stderr: `${program}: ${path}: ${STRERROR[errno]}\n` };
}

/** Exit status of ndctl, daxctl and cxl for an error number: its negative modulo 256 (kernel model 05, F5). */
export function toolStatus(errno: Result): number {
    return errno === 0 ? 0 : 256 - ERRNO[errno];
}
