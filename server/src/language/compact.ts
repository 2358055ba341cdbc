// What is lowered stays in memory for as long as its text. A list that grew by one thing after the other holds room for sixteen more,
// and a description is made of lists of one or two.

/** The same value, in which no list holds room for more than is in it. Objects keep their identity; there are no circles. */
export function compact<T extends object>(value: T): T {
    const properties = value as Record<string, unknown>;
    for (const name of Object.keys(properties)) {
        const part = properties[name];
        if (Array.isArray(part) && part.length > 0) {
            properties[name] = (part as unknown[]).slice();
            for (const item of part) if (isPlain(item)) compact(item);
        } else if (isPlain(part)) compact(part);
    }
    return value;
}

function isPlain(value: unknown): value is object {
    return typeof value === 'object' && value !== null && (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype);
}
