// The grammar out of its JSON. The library's own loader makes all of its services for that, so the bundles of the server hold this one
// in its place (scripts/build.mjs); a test holds the two against each other.
import type { AstNode, Grammar } from 'langium';

type Properties = Record<string, unknown>;

export function loadGrammarFromJson(json: string): Grammar {
    const root = JSON.parse(json) as Properties;
    link(root, root, undefined, undefined, undefined);
    return root as unknown as Grammar;
}

const isObject = (value: unknown): value is Properties => typeof value === 'object' && value !== null;

function link(node: Properties, root: Properties, container: Properties | undefined, property: string | undefined, index: number | undefined): void {
    for (const [name, value] of Object.entries(node)) {
        if (Array.isArray(value)) {
            for (const [i, item] of value.entries()) if (isObject(item)) value[i] = revived(item, root, node, name, i);
        } else if (isObject(value)) node[name] = revived(value, root, node, name, undefined);
    }
    Object.assign(node, { $container: container, $containerProperty: property, $containerIndex: index });
}

/** A reference `#/rules@3` as what it leads to; any other value as it is, with its own parts linked. */
function revived(value: Properties, root: Properties, container: Properties, property: string, index: number | undefined): unknown {
    const path = value['$ref'];
    if (typeof path !== 'string') {
        link(value, root, container, property, index);
        return value;
    }
    const [, list, at] = /^#\/(\w+)@(\d+)$/.exec(path) ?? [];
    const ref = list === undefined ? undefined : (root[list] as readonly (AstNode & { readonly name: string })[])[Number(at)];
    if (!ref) throw new Error(`the grammar refers to ${path}, which is not there`);
    return { $refText: ref.name, ref };
}
