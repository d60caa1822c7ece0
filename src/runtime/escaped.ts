/** Finds processes of an interrupted turn that have escaped: commands may leave the group that they were started in. */
import { setTimeout as pause } from 'node:timers/promises';
import { type ListedProcess, descendantsOf, survivorsOf } from '../process/processTable.ts';
import { oneLine } from '../util/text.ts';

/** How long processes that were told to end may take, in milliseconds. */
const PATIENCE_MS = 1_000;
const LOOK_MS = 50;

/**
 * The processes that ran below an agent's process before, still live and no longer belong to it, one line each.
 * @param pid The agent's process. Undefined if it was ended, too.
 */
export async function escapedFrom(before: readonly ListedProcess[], pid: number | undefined): Promise<string[]> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const own = new Set(pid === undefined ? [] : (await descendantsOf(pid)).map((one) => one.pid));
    const escaped = (await survivorsOf(before)).filter((one) => !own.has(one.pid));
    if (escaped.length === 0 || performance.now() >= end) {
      return escaped.map(({ pid: id, command }) => `process ${id} (${oneLine(command, 120)})`);
    }
    await pause(LOOK_MS);
  }
}
