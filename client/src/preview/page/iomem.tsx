// The resource tree after the current step, as /proc/iomem prints it, with what the step changed. A mark is a sign and a word, its
// colour only helps. Tree keys as the ARIA practices have them: arrows move and fold, Enter goes to the text.
import type { JSX } from 'preact';
import { Component } from 'preact';
import { useCallback, useRef, useState } from 'preact/hooks';
import type { PreviewMark, PreviewResource, PreviewRun, PreviewSelection, PreviewSpan } from '../../../../server/src/features/preview-protocol.ts';
import { address, size } from './format.ts';
import { Icon } from './icons.tsx';
import { useInSight } from './in-sight.ts';

const MARKS: Readonly<Record<PreviewMark, { readonly sign: string; readonly word: string }>> = {
    same: { sign: '', word: '' },
    added: { sign: '+', word: 'new' },
    removed: { sign: '−', word: 'gone' },
    changed: { sign: '~', word: 'changed' },
};

interface Row { readonly line: PreviewResource; readonly hasChildren: boolean; readonly open: boolean; readonly parent: number }

export interface IomemProps {
    readonly run: PreviewRun;
    readonly reveal: (at: PreviewSpan, focus: boolean) => void;
    readonly selection: PreviewSelection | undefined;
    readonly select: (selection: PreviewSelection) => void;
}

export function IomemTree({ run, reveal, selection, select }: IomemProps): JSX.Element {
    const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
    const [active, setActive] = useState<string | undefined>();
    const tree = useRef<HTMLDivElement>(null);
    const rows = visibleRows(run.iomem, folded);
    const activeIndex = Math.max(0, rows.findIndex(row => row.line.key === active));

    // a step brings its first change into sight, inside the tree's own box; typing alone moves nothing
    const firstChange = run.iomem.find(line => line.mark !== 'same')?.key;
    useInSight(tree, box => box.querySelectorAll<HTMLElement>('.line:not(.same)'), [run.current, firstChange]);

    // what is selected elsewhere comes into sight; a line that was clicked is there already
    const isSelected = selector(selection);
    const selected = selection && run.iomem.find(isSelected)?.key;
    useInSight(tree, box => box.querySelectorAll<HTMLElement>('.line.selected'), [selected]);

    const fold = (key: string, close: boolean): void => {
        const next = new Set(folded);
        if (close) next.add(key); else next.delete(key);
        setFolded(next);
    };
    const open = (line: PreviewResource, focus: boolean): void => {
        setActive(line.key);
        select({ key: `iomem:${line.key}`, range: { start: line.start, end: line.end } });
        const step = line.step === undefined ? undefined : run.steps[line.step];
        if (line.at) reveal(line.at, focus);
        else if (step && focus) reveal({ start: step.at.start, end: step.at.start, uri: step.at.uri }, focus);
    };
    const move = (index: number): void => {
        const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
        if (!row) return;
        setActive(row.line.key);
        tree.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(row.line.key)}"]`)?.focus();
    };
    const onKeyDown = (event: KeyboardEvent): void => {
        const row = rows[activeIndex];
        if (!row) return;
        switch (event.key) {
            case 'ArrowDown': move(activeIndex + 1); break;
            case 'ArrowUp': move(activeIndex - 1); break;
            case 'Home': move(0); break;
            case 'End': move(rows.length - 1); break;
            case 'ArrowRight': if (row.hasChildren && !row.open) fold(row.line.key, false); else if (row.hasChildren) move(activeIndex + 1); break;
            case 'ArrowLeft': if (row.hasChildren && row.open) fold(row.line.key, true); else if (row.parent >= 0) move(row.parent); break;
            case 'Enter': open(row.line, true); break;
            default: return;
        }
        event.preventDefault();
    };
    // lines keep what they call: thousands of them need not be looked at again for it
    const latest = useRef({ open, fold });
    latest.current = { open, fold };
    const callOpen = useCallback((line: PreviewResource, focus: boolean) => latest.current.open(line, focus), []);
    const callFold = useCallback((key: string, close: boolean) => latest.current.fold(key, close), []);
    if (run.iomem.length === 0) return <p class="dim">Nothing.</p>;
    return (
        <div class={rows.length > 300 ? 'iomem long' : 'iomem'} role="tree" aria-label="Resource tree" onKeyDown={onKeyDown} ref={tree}>
            {groups(rows.map((row, i): LineProps => ({
                line: row.line, hasChildren: row.hasChildren, unfolded: row.open, by: row.line.step ? run.steps[row.line.step]?.text : undefined,
                focusable: i === activeIndex, indent: Math.min(row.line.depth, run.iomemDepth), selected: isSelected(row.line), open: callOpen, fold: callFold,
            }))).map(lines => <Group key={lines[0]!.line.key} lines={lines} />)}
        </div>
    );
}

interface LineProps {
    readonly line: PreviewResource;
    readonly hasChildren: boolean;
    readonly unfolded: boolean;
    /** Text of the step that put it there. */
    readonly by: string | undefined;
    readonly focusable: boolean;
    /** Levels, as the release prints them. */
    readonly indent: number;
    readonly selected: boolean;
    readonly open: (line: PreviewResource, focus: boolean) => void;
    readonly fold: (key: string, close: boolean) => void;
}

/** Lines in groups of about a hundred. A group ends where a line's key says so, so that a new line moves no other into another group. */
function groups(lines: readonly LineProps[]): LineProps[][] {
    const out: LineProps[][] = [];
    let ended = true;
    for (const line of lines) {
        if (ended) out.push([]);
        out.at(-1)!.push(line);
        const { key } = line.line;
        let sum = 0;
        for (let i = 0; i < key.length; i++) sum = (sum * 31 + key.charCodeAt(i)) | 0;
        ended = sum % 100 === 0;
    }
    return out;
}

/** Looked at again only when something about one of its lines is new. */
class Group extends Component<{ readonly lines: readonly LineProps[] }> {
    override shouldComponentUpdate({ lines }: { readonly lines: readonly LineProps[] }): boolean {
        const now = (this.props as { readonly lines: readonly LineProps[] }).lines;
        return lines.length !== now.length || lines.some((line, i) => differ(line, now[i]!));
    }

    override render({ lines }: { readonly lines: readonly LineProps[] }): JSX.Element {
        return <>{lines.map(line => <Line key={line.line.key} {...line} />)}</>;
    }
}

function differ(a: LineProps, b: LineProps): boolean {
    return a.line !== b.line || a.selected !== b.selected || a.focusable !== b.focusable || a.unfolded !== b.unfolded || a.hasChildren !== b.hasChildren || a.by !== b.by;
}

/** Drawn again only when something about it is new (main.tsx keeps lines that are as before). */
class Line extends Component<LineProps> {
    override shouldComponentUpdate(next: LineProps): boolean {
        return differ(next, this.props as LineProps);
    }

    override render(props: LineProps): JSX.Element {
        return drawLine(props);
    }
}

function drawLine({ line, hasChildren, unfolded, by, focusable, indent, selected, open, fold }: LineProps): JSX.Element {
    const mark = MARKS[line.mark];
    const leads = line.at !== undefined;
    const title = [`${address(line.start)}-${address(line.end)} : ${line.name}`, by && line.step ? `step ${line.step}: ${by}` : undefined, leads ? 'Go to the text' : undefined].filter(Boolean).join('\n');
    return (
        <div class={`line ${line.mark} ${leads ? 'leads' : ''} ${selected ? 'selected' : ''}`} aria-selected={selected} role="treeitem" aria-level={line.depth + 1} aria-expanded={hasChildren ? unfolded : undefined}
            tabIndex={focusable ? 0 : -1} data-key={line.key} data-tip={title} onClick={() => open(line, false)} onDblClick={() => open(line, true)}>
            <span class="mark" aria-hidden="true">{mark.sign}</span>
            <span class="body" style={{ '--depth': indent }}>
                <span class="text mono">
                    {hasChildren
                        ? <span class={`twisty ${unfolded ? 'open' : ''}`} onClick={event => { event.stopPropagation(); fold(line.key, unfolded); }}><Icon name="twisty" /></span>
                        : <span class="twisty" />}
                    <span class="range">{address(line.start)}-{address(line.end)}</span><span class="colon"> : </span><span class="label">{line.name}</span>
                </span>{' '}
                {mark.word && <span class={`tag ${line.mark}`}>{mark.word}</span>}{' '}
                {line.was && <span class="fact was">{line.was}</span>}{' '}
                {line.facts.map(fact => <span key={fact}><span class="fact">{fact}</span>{' '}</span>)}
            </span>
            <span class="size">{size(line.end - line.start + 1)}</span>
        </div>
    );
}

/** Which lines are selected: by their own id, by their name, or by being just the range. */
function selector(selection: PreviewSelection | undefined): (line: PreviewResource) => boolean {
    if (!selection) return () => false;
    const { key, range } = selection;
    const own = key?.startsWith('iomem:') ? key.slice('iomem:'.length) : undefined;
    return (line) => line.key === own || line.name === key || (own === undefined && range !== undefined && line.start === range.start && line.end === range.end);
}

/** Lines in order, without those inside a folded one. */
function visibleRows(lines: readonly PreviewResource[], folded: ReadonlySet<string>): Row[] {
    const rows: Row[] = [];
    const parents: number[] = [];               // by depth: index in rows
    let hiddenBelow = Infinity;
    lines.forEach((line, i) => {
        if (line.depth > hiddenBelow) return;
        hiddenBelow = folded.has(line.key) ? line.depth : Infinity;
        const hasChildren = (lines[i + 1]?.depth ?? 0) > line.depth;
        rows.push({ line, hasChildren, open: !folded.has(line.key), parent: line.depth > 0 ? parents[line.depth - 1] ?? -1 : -1 });
        parents[line.depth] = rows.length - 1;
    });
    return rows;
}
