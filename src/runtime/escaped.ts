/** Which processes of an interrupted turn have got away: commands may leave the group that they were started in. */
import { setTimeout as pause } from 'node:timers/promises';
import { type ListedProcess, descendantsOf, survivorsOf } from '../util/processTable.ts';
import { oneLine } from '../util/text.ts';

/** How long processes that were told to end may take, in milliseconds. */
const PATIENCE_MS = 1_000;
const LOOK_MS = 50;

/**
 * Of the processes that ran below an agent's before, those that live on and do not belong to it any more, a line each.
 * @param pid The agent's; undefined where it was ended too.
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
