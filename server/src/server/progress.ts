// Work-done progress for what takes longer than a moment. A client that has no place for it is told nothing.
import type { ServerConnection } from './wire.ts';

export interface Work {
    report(done: number, of: number): void;
    end(): void;
}

/** Nobody looks. */
export const SILENT: Work = { report: () => undefined, end: () => undefined };

export class Progress {
    private readonly connection: Pick<ServerConnection, 'sendNotification' | 'sendRequest'>;
    private readonly wanted: () => boolean;
    private next = 1;

    constructor(connection: Pick<ServerConnection, 'sendNotification' | 'sendRequest'>, wanted: () => boolean) {
        this.connection = connection;
        this.wanted = wanted;
    }

    /** Begins one; it must be ended. */
    async begin(title: string, message: string): Promise<Work> {
        if (!this.wanted()) return SILENT;
        const token = `memtopo-${this.next++}`;
        const send = (value: object): void => void this.connection.sendNotification('$/progress', { token, value });
        try {
            await this.connection.sendRequest('window/workDoneProgress/create', { token });
        } catch {
            return SILENT;
        }
        send({ kind: 'begin', title, message, percentage: 0, cancellable: false });
        return {
            report: (done, of) => send({ kind: 'report', percentage: Math.floor((done * 100) / Math.max(1, of)), message: `${done} of ${of} declarations` }),
            end: () => send({ kind: 'end' }),
        };
    }
}
