// The tools that transcripts use, by name. Each tool's own file has its table of options and what running it does.
import type { Tx } from '../kernel/tx.ts';
import { chmemTool } from './chmem.ts';
import { cxlTool } from './cxl.ts';
import { daxctlTool } from './daxctl.ts';
import { modprobeTools } from './modprobe.ts';
import { mountTools } from './mount.ts';
import { ndctlTool } from './ndctl.ts';
import { numactlTool } from './numactl.ts';
import { powerTools } from './power.ts';
import type { CommandResult } from './result.ts';
import type { Invocation, ToolSpec } from './spec.ts';

export interface Tool {
    readonly spec: ToolSpec;
    readonly run: (tx: Tx, invocation: Invocation) => CommandResult;
}

export const TOOLS: ReadonlyMap<string, Tool> = new Map([ndctlTool, daxctlTool, cxlTool, ...modprobeTools, ...mountTools, numactlTool, chmemTool, ...powerTools].map((tool) => [tool.spec.tool, tool]));

/** The tool behind a command word; a path names its last component (`/usr/bin/ndctl`). */
export function findTool(word: string): Tool | undefined {
    return TOOLS.get(word.slice(word.lastIndexOf('/') + 1));
}
