// Offsets to positions and back for one text that does not change any more.
import type { Position, Range } from 'vscode-languageserver-types';

export class LineMap {
    readonly text: string;
    /** Offset of each line's first character. */
    private readonly starts: readonly number[];

    constructor(text: string) {
        this.text = text;
        const starts = [0];
        // indexOf runs at memory speed; \r alone is a line end too, as LSP has it, but only rare texts hold one without \n.
        if (text.includes('\r')) {
            for (let i = 0; i < text.length; i++) {
                const c = text.charCodeAt(i);
                if (c === 10 || (c === 13 && text.charCodeAt(i + 1) !== 10)) starts.push(i + 1);
            }
        } else {
            for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
        }
        this.starts = starts;
    }

    get lineCount(): number {
        return this.starts.length;
    }

    lineOf(offset: number): number {
        let low = 0;
        let high = this.starts.length - 1;
        while (low < high) {
            const mid = (low + high + 1) >> 1;
            if (this.starts[mid]! <= offset) low = mid;
            else high = mid - 1;
        }
        return low;
    }

    /** Clamped to the text. */
    positionAt(offset: number): Position {
        const at = Math.max(0, Math.min(offset, this.text.length));
        const line = this.lineOf(at);
        return { line, character: at - this.starts[line]! };
    }

    /** Clamped to the line, as LSP asks for. */
    offsetAt(position: Position): number {
        if (position.line >= this.starts.length) return this.text.length;
        if (position.line < 0) return 0;
        const start = this.starts[position.line]!;
        return Math.max(start, Math.min(start + position.character, this.lineEnd(position.line)));
    }

    /** Offset of a line's first character. */
    lineStart(line: number): number {
        return this.starts[line] ?? this.text.length;
    }

    /** Offset of a line's end, before its line break. */
    lineEnd(line: number): number {
        let end = line + 1 < this.starts.length ? this.starts[line + 1]! : this.text.length;
        while (end > this.lineStart(line) && (this.text.charCodeAt(end - 1) === 10 || this.text.charCodeAt(end - 1) === 13)) end--;
        return end;
    }

    /** White space that a line begins with. */
    indentOf(line: number): string {
        return /^[ \t]*/.exec(this.text.slice(this.lineStart(line), this.lineEnd(line)))![0];
    }

    rangeOf(start: number, end: number): Range {
        return { start: this.positionAt(start), end: this.positionAt(end) };
    }
}
