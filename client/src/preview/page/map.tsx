// Physical memory at a glance: the ranges from 1 MiB upwards, low addresses left. Widths grow with the logarithm of the size, so
// that a 256 MiB window stays visible beside a terabyte. For the eye only: the tree below says the same in words.
import type { JSX } from 'preact';
import type { PreviewResource, PreviewSpan } from '../../../../server/src/features/preview-protocol.ts';
import { address, size } from './format.ts';

const MiB = 2 ** 20;
const KINDS = { ram: 'System RAM', 'hot-ram': 'hot-added RAM', pmem: 'persistent', soft: 'soft reserved', other: 'reserved or devices' } as const;
type Kind = keyof typeof KINDS;

interface Part { readonly line: PreviewResource; readonly kind: Kind; readonly weight: number; readonly inner: readonly Inner[]; readonly gap: boolean }
interface Inner { readonly key: string; readonly kind: Kind; readonly from: number; readonly width: number }

export function AddressMap({ lines, reveal }: { lines: readonly PreviewResource[]; reveal: (at: PreviewSpan, focus: boolean) => void }): JSX.Element | null {
    const parts = layOut(lines);
    if (parts.length === 0) return null;
    const kinds = [...new Set(parts.flatMap(part => [part.kind, ...part.inner.map(inner => inner.kind)]))];
    return (
        <div class="map" aria-hidden="true">
            <div class="bar">
                {parts.map(part => (
                    <span key={part.line.key} class={`part ${part.kind} ${part.line.mark} ${part.gap ? 'gap' : ''}`} style={{ flexGrow: part.weight }}
                        title={`${address(part.line.start)}-${address(part.line.end)} : ${part.line.name}\n${size(part.line.end - part.line.start + 1)}`}
                        onClick={() => { if (part.line.at) reveal(part.line.at, false); }}>
                        {part.inner.map(inner => <span key={inner.key} class={`inner ${inner.kind}`} style={{ left: `${inner.from * 100}%`, width: `${inner.width * 100}%` }} />)}
                        <span class="caption">{size(part.line.end - part.line.start + 1)}</span>
                    </span>
                ))}
            </div>
            <p class="legend">{(Object.keys(KINDS) as Kind[]).filter(kind => kinds.includes(kind)).map(kind => <span key={kind}><i class={kind} /> {KINDS[kind]}</span>)}</p>
        </div>
    );
}

function kindOf(name: string): Kind {
    if (name.startsWith('System RAM (')) return 'hot-ram';
    if (name === 'System RAM') return 'ram';
    if (name.startsWith('Persistent Memory')) return 'pmem';
    if (name === 'Soft Reserved') return 'soft';
    return 'other';
}

function layOut(lines: readonly PreviewResource[]): Part[] {
    const parts: Part[] = [];
    for (let i = 0; i < lines.length; i++) {
        const line = lines[i];
        if (!line || line.depth !== 0 || line.mark === 'removed') continue;
        const bytes = line.end - line.start + 1;
        if (bytes < MiB) continue;
        const inner: Inner[] = [];
        for (let j = i + 1; (lines[j]?.depth ?? 0) > 0; j++) {
            const child = lines[j];
            if (child && child.mark !== 'removed' && kindOf(child.name) === 'hot-ram') {
                inner.push({ key: child.key, kind: 'hot-ram', from: (child.start - line.start) / bytes, width: (child.end - child.start + 1) / bytes });
            }
        }
        const before = parts.at(-1);
        parts.push({ line, kind: kindOf(line.name), weight: Math.log2(bytes / MiB + 1) ** 1.6, inner, gap: before !== undefined && before.line.end + 1 < line.start });
    }
    return parts;
}
