// What a client's status line says of the place of the cursor.

/** Request, client to server; null where there is neither scenario nor platform. */
export const STATUS_REQUEST = 'memtopo/status';

export interface StatusParams {
    readonly uri: string;
    /** UTF-16 offset. */
    readonly offset: number;
}

export interface StatusResult {
    readonly kernels: readonly string[];
    /** Boot and steps, under all of them. */
    readonly steps: number;
    /** What simulating them from nothing takes. */
    readonly milliseconds: number;
}
