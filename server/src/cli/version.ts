// The version of this memtopo, from package.json.
import manifest from '../../../package.json' with { type: 'json' };

/** Version of this memtopo. */
export const VERSION: string = manifest.version;
