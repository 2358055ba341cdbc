// Nodes, distances, HMAT: the picture that the command line draws too, and the texts that Linux itself would print.
import type { JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type { PreviewRun } from '../../../../server/src/features/preview-protocol.ts';
import { picture } from '../../../../server/src/render/svg.ts';
import { drawTopology } from '../../../../server/src/render/svg-topology.ts';
import type { ThemeName } from '../../../../server/src/render/theme.ts';
import { useWidth } from './width.ts';

export function NodesView({ nodes, theme, copy }: { nodes: NonNullable<PreviewRun['nodes']>; theme: ThemeName; copy: (what: string, text: string) => void }): JSX.Element {
    const box = useRef<HTMLDivElement>(null);
    const width = useWidth(box);
    const svg = useMemo(() => {
        const drawing = drawTopology(nodes.topology, Math.max(280, width), { theme, prefix: 'nodes-' });
        const words = nodes.topology.nodes.map(node => `node ${node.node}: ${node.cpuCount} CPUs`).join(', ');
        return picture(Math.max(280, width), drawing.height, { title: 'Nodes', description: words }, drawing.kinds, drawing.elements, { theme, prefix: 'nodes-' }).replace(/<style>[\s\S]*?<\/style>/, '');
    }, [nodes, width, theme]);
    return (
        <div class="nodes">
            <div ref={box} class="nodes-box" dangerouslySetInnerHTML={{ __html: width === 0 ? '' : svg }} />
            <Said command="numactl -H" text={nodes.numactl} copy={copy} />
            <Said command="lsmem" text={nodes.lsmem} copy={copy} />
        </div>
    );
}

function Said({ command, text, copy }: { command: string; text: string; copy: (what: string, text: string) => void }): JSX.Element {
    return (
        <section aria-label={command}>
            <div class="heading"><h2 class="mono">$ {command}</h2><button class="link" onClick={() => copy(command, text)}>Copy</button></div>
            <pre class="output" tabIndex={0}>{text.trimEnd()}</pre>
        </section>
    );
}
