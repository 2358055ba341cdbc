// What an operation on the simulated kernel came to, told so that a reader can check it: exit, errno, the kernel's own
// log lines, and notes that carry the rule of the kernel model each of them rests on.
import type { Range } from './range.ts';

/** Error numbers that the modelled paths return. `0` is success, as in the kernel. */
export type Errno =
    | 'E2BIG' | 'EACCES' | 'EBUSY' | 'EEXIST' | 'EHWPOISON' | 'EINTR' | 'EINVAL' | 'EIO' | 'ENODEV' | 'ENOENT' | 'ENOMEM'
    | 'ENOSPC' | 'ENOTTY' | 'ENXIO' | 'EOPNOTSUPP' | 'EPERM' | 'ERANGE' | 'EROFS' | 'ESRCH' | 'EFAULT' | 'EAGAIN' | 'ENOTCONN' | 'ENOTSUP';
export type Result = 0 | Errno;

/** Positive errno values of x86-64 Linux; tools exit with 256 minus these (NDC). */
export const ERRNO: Readonly<Record<Errno, number>> = {
    EPERM: 1, ENOENT: 2, ESRCH: 3, EINTR: 4, EIO: 5, ENXIO: 6, E2BIG: 7, EAGAIN: 11, ENOMEM: 12, EACCES: 13, EFAULT: 14,
    EBUSY: 16, EEXIST: 17, ENODEV: 19, EINVAL: 22, ENOTTY: 25, ENOSPC: 28, EROFS: 30, ERANGE: 34, EOPNOTSUPP: 95, ENOTSUP: 95,
    ENOTCONN: 107, EHWPOISON: 133,
};

/** strerror(3) of glibc, as shells and ndctl print it. */
export const STRERROR: Readonly<Record<Errno, string>> = {
    EPERM: 'Operation not permitted', ENOENT: 'No such file or directory', ESRCH: 'No such process', EINTR: 'Interrupted system call',
    EIO: 'Input/output error', ENXIO: 'No such device or address', E2BIG: 'Argument list too long',
    EAGAIN: 'Resource temporarily unavailable', ENOMEM: 'Cannot allocate memory', EACCES: 'Permission denied', EFAULT: 'Bad address',
    EBUSY: 'Device or resource busy', EEXIST: 'File exists', ENODEV: 'No such device', EINVAL: 'Invalid argument',
    ENOTTY: 'Inappropriate ioctl for device', ENOSPC: 'No space left on device', EROFS: 'Read-only file system',
    ERANGE: 'Numerical result out of range', EOPNOTSUPP: 'Operation not supported', ENOTSUP: 'Operation not supported',
    ENOTCONN: 'Transport endpoint is not connected', EHWPOISON: 'Memory page has hardware error',
};

/** Rule id of the kernel model, e.g. `KM-03`; docs/kernel-rules.md has one entry for each. */
export type RuleId = `${string}-${string}`;

/** A line of the kernel log, worded as the kernel words it, without the priority and time stamp. */
export interface LogLine {
    readonly level: 'err' | 'warn' | 'info' | 'debug';
    readonly text: string;
    readonly rule?: RuleId;
}

/** Bytes that a step or the boot made unusable. */
export interface Loss {
    readonly bytes: number;
    readonly range: Range;
    /** Why, in a few words: "front of the range is below the next memory block". */
    readonly cause: string;
    readonly rule: RuleId;
    /** Kernel object that loses them, e.g. `dax0.0`. */
    readonly subject: string;
}

/**
 * Something worth telling that the log and the exit status do not tell by themselves. `code` is the code of the diagnostic
 * catalogue (`kmem/left-online`), so one note becomes one diagnostic; `message` is one plain sentence without a full stop.
 */
export interface Note {
    readonly code: string;
    readonly rules: readonly RuleId[];
    readonly severity: 'error' | 'warning' | 'info' | 'hint';
    readonly message: string;
    /** Kernel object concerned: `dax0.0`, `memory49`, `namespace0.0`, `region0`, `node1`. */
    readonly subject?: string;
    readonly range?: Range;
    /** Other kernel objects that take part: what it collides with, what keeps it. */
    readonly others?: readonly string[];
    readonly losses?: readonly Loss[];
    /** Values a quick fix needs, e.g. the nearest legal starts. */
    readonly data?: Readonly<Record<string, number | string | readonly number[] | readonly string[]>>;
}

/** What one operation (or the boot) came to. */
export interface Outcome {
    /** Exit status of the command; 0 is success. */
    readonly status: number;
    /** Error numbers that the kernel returned or the tool named, first first. */
    readonly errnos: readonly Errno[];
    readonly stdout: string;
    readonly stderr: string;
    readonly log: readonly LogLine[];
    readonly notes: readonly Note[];
    /** Set where the simulator does not model the command: the state is as before and nothing is claimed about it. */
    readonly notSimulated?: string;
}
