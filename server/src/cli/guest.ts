// A real kernel in a virtual machine: finds QEMU, a kernel image and the tools, packs an initramfs around a small agent, boots it
// and types steps on it. Everything runs on this machine; nothing is fetched. Needs: qemu-system-x86_64, a kernel with modules,
// busybox (static), cpio; ndctl, daxctl, cxl, bash and kmod where the steps use them.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, chmodSync, constants, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { MACHINE_FUNCTIONS, STATE_FUNCTIONS } from '../formats/record-script.ts';
import { parseSections, type Sections } from '../formats/record.ts';

/** Something this machine lacks; `hint` says what to install. */
export class MissingError extends Error {
    readonly hint: string;
    constructor(message: string, hint: string) {
        super(message);
        this.hint = hint;
    }
}

/** QEMU or the guest did not do what was asked; the message is for the user. */
export class GuestError extends Error {}

export interface Kernel {
    readonly image: string;
    /** `/lib/modules/6.1.0-56-amd64` or the same below an unpacked package. */
    readonly modules: string;
    /** `6.1.0-56-amd64` */
    readonly release: string;
}

/**
 * Kernels under a root (`/` or where a linux-image package was unpacked), newest first: `boot/vmlinuz-RELEASE` with its modules, or
 * `usr/lib/modules/RELEASE/vmlinuz`.
 * @throws MissingError when there is none.
 */
export function findKernels(root = '/'): Kernel[] {
    const boot = join(root, 'boot');
    const trees = [join(root, 'lib/modules'), join(root, 'usr/lib/modules')];
    const kernels = new Map<string, Kernel>();
    for (const f of existsSync(boot) ? readdirSync(boot).filter((name) => name.startsWith('vmlinuz-')) : []) {
        const release = f.slice('vmlinuz-'.length);
        const modules = trees.map((tree) => join(tree, release)).find((d) => existsSync(d));
        if (modules) kernels.set(release, { image: join(boot, f), modules, release });
    }
    // Newer packages ship the image beside the modules; a copy in boot/ is made only where the package gets installed
    for (const tree of trees) {
        for (const release of existsSync(tree) ? readdirSync(tree) : []) {
            const modules = join(tree, release);
            const image = join(modules, 'vmlinuz');
            if (!kernels.has(release) && existsSync(image)) kernels.set(release, { image, modules, release });
        }
    }
    if (kernels.size === 0) throw new MissingError(`no kernel image with modules under ${boot} or ${trees.join(' or ')}`, 'apt-get install linux-image-amd64, or name one with --kernel-root');
    return [...kernels.values()].sort((a, b) => b.release.localeCompare(a.release, 'en', { numeric: true }));
}

function which(name: string): string | undefined {
    for (const dir of [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin', '/usr/bin', '/bin']) {
        const path = join(dir, name);
        try {
            accessSync(path, constants.X_OK);
            return path;
        } catch {
            // the next folder
        }
    }
    return undefined;
}

function need(name: string, pkg: string): string {
    const path = which(name);
    if (!path) throw new MissingError(`${name} is not installed`, `apt-get install ${pkg}`);
    return path;
}

/** Modules the modelled subjects live in, by folder or name below the kernel's module tree. */
const WANTED = [
    /\/drivers\/(?:nvdimm|dax|cxl|acpi\/nfit)\//, /\/drivers\/dax\//, /\/drivers\/virtio\/virtio(?:_mem|_pci\w*|_ring)?\.ko/, /\/fs\/(?:xfs\/xfs|ext4\/ext4)\.ko/, /\/crc32c/,
];

/** The dax class model of 5.1 … 5.15, which `daxctl migrate-device-model` turns off; only the bus model is simulated. */
const OLD_MODEL = 'dax_pmem_compat';

/** What unpacks a compressed module on this machine; the guest has nothing for it. */
const UNPACKERS: Readonly<Record<string, readonly [tool: string, pkg: string]>> = { xz: ['xz', 'xz-utils'], zst: ['zstd', 'zstd'], gz: ['gzip', 'gzip'] };

/** Copies a module uncompressed; returns its path below the module tree. */
function copyModule(kernel: Kernel, file: string, target: string): string {
    const compressed = /^(.*\.ko)\.(\w+)$/.exec(file);
    const unpacker = compressed ? UNPACKERS[compressed[2]!] : undefined;
    const name = unpacker ? compressed![1]! : file;
    mkdirSync(dirname(join(target, name)), { recursive: true });
    if (unpacker) writeFileSync(join(target, name), execFileSync(need(...unpacker), ['-dc', join(kernel.modules, file)], { maxBuffer: 256 * 2 ** 20 }));
    else cpSync(join(kernel.modules, file), join(target, name));
    return name;
}

/** Copies the wanted modules and all they depend on below `root`, and indexes them there. */
function copyModules(kernel: Kernel, root: string): void {
    const modinfo = need('modinfo', 'kmod');
    const depmod = need('depmod', 'kmod');
    const byName = new Map<string, string>();
    for (const file of readdirSync(kernel.modules, { recursive: true, encoding: 'utf8' })) {
        const m = /([^/]+)\.ko(?:\.\w+)?$/.exec(file);
        if (m) byName.set(m[1]!.replaceAll('-', '_'), file);
    }
    const queue = [...byName].filter(([name, file]) => name !== OLD_MODEL && WANTED.some((w) => w.test(`/${file}`))).map(([name]) => name);
    const done = new Set<string>();
    const target = join(root, 'lib/modules', kernel.release);
    while (queue.length > 0) {
        const batch = queue.splice(0).filter((n) => byName.has(n) && !done.has(n));
        if (batch.length === 0) break;
        for (const name of batch) {
            done.add(name);
            byName.set(name, copyModule(kernel, byName.get(name)!, target));
        }
        const depends = execFileSync(modinfo, ['-F', 'depends', ...batch.map((n) => join(target, byName.get(n)!))], { encoding: 'utf8' });
        queue.push(...depends.split(/[\s,]+/).filter(Boolean).map((n) => n.replaceAll('-', '_')));
    }
    for (const f of ['modules.builtin', 'modules.order', 'modules.builtin.modinfo']) {
        if (existsSync(join(kernel.modules, f))) cpSync(join(kernel.modules, f), join(target, f));
    }
    // depmod looks for names with their compression otherwise
    const order = join(target, 'modules.order');
    if (existsSync(order)) writeFileSync(order, readFileSync(order, 'utf8').replace(/\.ko\.\w+$/gm, '.ko'));
    execFileSync(depmod, ['-b', root, kernel.release], { stdio: 'ignore' });
}

/** Copies a program with the shared libraries that ldd names, keeping their places. */
function copyProgram(path: string, root: string): void {
    const put = (file: string): void => {
        const to = join(root, file);
        if (existsSync(to)) return;
        mkdirSync(dirname(to), { recursive: true });
        cpSync(realpathSync(file), to);
        chmodSync(to, 0o755);
    };
    put(path);
    let listed = '';
    try {
        listed = execFileSync('ldd', [path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    } catch {
        return; // a static program
    }
    for (const m of listed.matchAll(/(\/\S+\.so\S*)/g)) put(m[1]!);
}

/** Words the agent on the second serial line; the host sends one shell line at a time and gets status, output, log and state. */
const AGENT = `#!/bin/busybox sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /tmp /run /mnt
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
[ -e /sbin/modprobe ] || for m in /usr/sbin/modprobe /usr/bin/modprobe /bin/modprobe; do [ -x $m ] && ln -s $m /sbin/modprobe && break; done
# root already: sudo only runs what is behind it
printf '#!/bin/sh\\nwhile :; do case "$1" in -u|-g) shift 2 ;; -*|*=*) shift ;; *) break ;; esac; done\\nexec "$@"\\n' > /bin/sudo; chmod +x /bin/sudo
SH=$(command -v bash || echo /bin/sh)
${STATE_FUNCTIONS}
${MACHINE_FUNCTIONS}
stty -F /dev/ttyS1 raw -echo 2>/dev/null
exec 3<>/dev/ttyS1
answer() { echo "@@ done"; }
while :; do
    if [ -n "$ready" ]; then
        IFS= read -r verb <&3 || break
    else
        verb=ready; ready=1
    fi
    case "$verb" in
        ready) echo '@@ ready' >&3 ;;
        machine) memtopo_machine >&3 2>/dev/null; answer >&3 ;;
        state) memtopo_state >&3 2>/dev/null; answer >&3 ;;
        run\\ *)
            dmesg -c > /dev/null
            $SH -c "\${verb#run }" > /tmp/out 2> /tmp/err < /dev/null; rc=$?
            sleep 0.2
            { section rc; echo $rc; section stdout; cat /tmp/out; echo; section stderr; cat /tmp/err; echo; section dmesg; dmesg -r 2>/dev/null || dmesg; memtopo_state 2>/dev/null; answer; } >&3 ;;
        off) poweroff -f ;;
    esac
done
`;

/** Packs the initramfs for a kernel: busybox, the agent, modules, and each of `programs` that this machine has. */
export function packInitramfs(kernel: Kernel, programs: readonly string[], into: string): string {
    const busybox = need('busybox', 'busybox-static');
    need('cpio', 'cpio');
    const root = join(into, 'root');
    for (const d of ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'etc', 'dev', 'lib/modules']) mkdirSync(join(root, d), { recursive: true });
    cpSync(realpathSync(busybox), join(root, 'bin/busybox'));
    symlinkSync('busybox', join(root, 'bin/sh'));
    copyModules(kernel, root);
    for (const program of programs) {
        const path = which(program);
        if (!path) continue;
        copyProgram(path, root);
        if (basename(realpathSync(path)) === 'kmod') copyProgram(realpathSync(path), root);
    }
    writeFileSync(join(root, 'init'), AGENT, { mode: 0o755 });
    const archive = join(into, 'initramfs.cpio');
    execFileSync('sh', ['-c', `cd "$1" && find . | cpio -o -H newc --quiet > "$2"`, 'sh', root, archive]);
    return archive;
}

export interface GuestOptions {
    readonly kernel: Kernel;
    /** QEMU arguments of the machine: memory, nodes, devices. */
    readonly qemu: readonly string[];
    /** What the kernel gets behind the console parameters. */
    readonly cmdline: string;
    readonly accel: 'tcg' | 'kvm';
    /** Milliseconds until a boot counts as failed. */
    readonly bootTimeout: number;
    readonly signal?: AbortSignal;
    /** Called when everything is packed and QEMU is about to start. */
    readonly onBoot?: () => void;
}

const PROGRAMS = ['ndctl', 'daxctl', 'cxl', 'bash', 'modprobe', 'rmmod', 'mkfs.xfs', 'mkfs.ext4', 'base64', 'chmem'];

/** A booted guest. Closing it ends QEMU and removes what was packed. */
export class Guest {
    private readonly process: ChildProcess;
    private readonly dir: string;
    private agent: Socket | undefined;
    private monitor: Socket | undefined;
    private buffer = '';
    private console = '';
    private waiting: (() => void) | undefined;

    private constructor(process: ChildProcess, dir: string) {
        this.process = process;
        this.dir = dir;
    }

    /**
     * Boots a guest and waits until its agent answers.
     * @throws MissingError for programs that are not there; Error when the guest does not come up, with the end of its console.
     */
    static async boot(options: GuestOptions): Promise<Guest> {
        const qemu = need('qemu-system-x86_64', 'qemu-system-x86');
        const dir = mkdtempSync(join(tmpdir(), 'memtopo-guest-'));
        let guest: Guest | undefined;
        try {
            const initramfs = packInitramfs(options.kernel, PROGRAMS, dir);
            options.signal?.throwIfAborted();
            options.onBoot?.();
            const args = [
                ...(options.qemu.includes('-machine') ? [] : ['-machine', 'q35']), ...(options.qemu.includes('-cpu') ? [] : ['-cpu', 'max']), ...options.qemu,
                '-accel', options.accel, '-display', 'none', '-nodefaults', '-kernel', options.kernel.image, '-initrd', initramfs,
                '-append', `console=ttyS0,115200 nokaslr mitigations=off printk.time=0 panic=0 ${options.cmdline}`.trim(),
                '-chardev', `socket,id=con,path=${dir}/console,server=on,wait=off`, '-serial', 'chardev:con',
                '-chardev', `socket,id=agent,path=${dir}/agent,server=on,wait=off`, '-serial', 'chardev:agent',
                '-qmp', `unix:${dir}/qmp,server=on,wait=off`,
            ];
            // A group of its own: Ctrl-C is for us, and we end the guest
            // Should we be killed outright, the kernel ends the guest
            const setpriv = which('setpriv');
            const [program, words] = setpriv ? [setpriv, ['--pdeathsig', 'KILL', qemu, ...args]] : [qemu, args];
            const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
            guest = new Guest(child, dir);
            const running = guest;
            options.signal?.addEventListener('abort', () => running.close(), { once: true });
            process.once('exit', running.onExit);
            let errors = '';
            child.stderr?.on('data', (d: Buffer) => (errors += d.toString()));
            child.once('exit', () => guest?.waiting?.());
            await guest.connect();
            const came = await guest.until('@@ ready', options.bootTimeout);
            if (came === undefined) throw new GuestError(await guest.whyNot(options, () => errors));
            return guest;
        } catch (error) {
            if (guest) guest.close();
            else rmSync(dir, { recursive: true, force: true });
            throw error;
        }
    }

    /** Why the guest did not come up: what QEMU said before it ended, be it by itself or by a signal, else the end of the console. */
    private async whyNot(options: GuestOptions, said: () => string): Promise<string> {
        const { exitCode, signalCode } = this.process;
        const hint = options.accel === 'kvm' ? '\n    KVM may not work on this machine; --accel tcg does without' : '';
        if (this.gone()) {
            // Its last words may still be in the pipe
            const { stderr } = this.process;
            if (stderr && !stderr.readableEnded) await Promise.race([new Promise((resolve) => stderr.once('end', resolve)), new Promise((resolve) => setTimeout(resolve, 1000))]);
            const words = said().trim().replace(/^qemu-system-x86_64: /gm, '');
            return `QEMU ${signalCode === null ? `ended with status ${exitCode}` : `was ended by ${signalCode}`}${words ? `: ${words}` : ''}${hint}`;
        }
        const console_ = this.consoleTail(5);
        const seconds = Math.round(options.bootTimeout / 1000);
        return `the guest did not come up${this.dead() ? '' : ` within ${seconds} s`}${console_ ? `; the end of its console:\n${console_}` : '; it wrote nothing to its console'}${console_ ? '' : hint}`;
    }

    private async connect(): Promise<void> {
        const open = async (name: string): Promise<Socket> => {
            for (let i = 0; ; i++) {
                try {
                    return await new Promise<Socket>((resolve, reject) => {
                        const socket = createConnection(join(this.dir, name), () => resolve(socket));
                        socket.once('error', reject);
                    });
                } catch (error) {
                    if (i > 200 || this.gone()) throw error;
                    await new Promise((r) => setTimeout(r, 50));
                }
            }
        };
        this.agent = await open('agent').catch(() => undefined);
        const console_ = await open('console').catch(() => undefined);
        this.monitor = await open('qmp').catch(() => undefined);
        for (const socket of [this.agent, console_, this.monitor]) socket?.on('error', () => undefined);
        this.agent?.on('data', (d: Buffer) => {
            this.buffer += d.toString('latin1');
            this.waiting?.();
        });
        console_?.on('data', (d: Buffer) => {
            this.console = (this.console + d.toString('latin1')).slice(-20_000);
            if (this.dead()) this.waiting?.();
        });
        if (this.monitor) await this.qmp({ execute: 'qmp_capabilities' });
    }

    /** QEMU has ended, by itself or by a signal. */
    private gone(): boolean {
        return this.process.exitCode !== null || this.process.signalCode !== null;
    }

    /** Nothing more will come: QEMU is gone, or the kernel has stopped for good. */
    private dead(): boolean {
        return this.gone() || this.console.includes('Kernel panic - not syncing');
    }

    /** Waits for a marker line; undefined on time-out or when the guest is gone. */
    private async until(marker: string, timeout: number): Promise<string | undefined> {
        const deadline = Date.now() + timeout;
        for (;;) {
            const at = this.buffer.indexOf(`${marker}\n`);
            if (at >= 0) {
                const text = this.buffer.slice(0, at);
                this.buffer = this.buffer.slice(at + marker.length + 1);
                return text;
            }
            const left = deadline - Date.now();
            if (left <= 0 || this.dead()) return undefined;
            await new Promise<void>((resolve) => {
                const timer = setTimeout(resolve, Math.min(left, 1000));
                this.waiting = () => {
                    clearTimeout(timer);
                    resolve();
                };
            });
            this.waiting = undefined;
        }
    }

    /** Sends one agent line and returns the sections it answers with; undefined when the guest hangs or is gone. */
    async ask(line: string, timeout: number): Promise<Sections | undefined> {
        this.buffer = '';
        this.agent?.write(`${line}\n`);
        const text = await this.until('@@ done', timeout);
        return text === undefined ? undefined : parseSections(text);
    }

    /** One monitor command; resolves with its reply object. */
    async qmp(command: object): Promise<Record<string, unknown>> {
        const { monitor } = this;
        if (!monitor) return { error: { desc: 'no monitor' } };
        return new Promise((resolve) => {
            let text = '';
            const onData = (d: Buffer): void => {
                text += d.toString();
                for (const line of text.split('\n')) {
                    if (!/"(?:return|error)"/.test(line)) continue;
                    monitor.off('data', onData);
                    resolve(JSON.parse(line) as Record<string, unknown>);
                    return;
                }
            };
            monitor.on('data', onData);
            monitor.write(`${JSON.stringify(command)}\n`);
            setTimeout(() => {
                monitor.off('data', onData);
                resolve({ error: { desc: 'no answer' } });
            }, 10_000).unref();
        });
    }

    /** Restarts the machine: RAM and NVDIMMs keep their content. False when it does not come up again. */
    async reset(timeout: number): Promise<boolean> {
        this.buffer = '';
        this.console = '';
        await this.qmp({ execute: 'system_reset' });
        return (await this.until('@@ ready', timeout)) !== undefined;
    }

    /** Last lines of the guest's console. */
    consoleTail(lines = 10): string {
        return this.console.trim().split('\n').slice(-lines).join('\n');
    }

    private readonly onExit = (): void => this.close();

    /** Ends QEMU and removes what was packed. May be called again. */
    close(): void {
        process.off('exit', this.onExit);
        this.process.kill('SIGKILL');
        for (const s of [this.agent, this.monitor]) s?.destroy();
        rmSync(this.dir, { recursive: true, force: true });
    }
}
