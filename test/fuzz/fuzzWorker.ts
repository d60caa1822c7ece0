/** Runs the cases where a hang can be seen from outside; tells of its memory now and then. */
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import * as z from 'zod/mini';
import { runCampaign } from './campaign.ts';

const data = z.object({
  seed: z.number(),
  cases: z.number(),
  from: z.number(),
  only: z.optional(z.string()),
  current: z.instanceof(SharedArrayBuffer),
});
const { seed, cases, from, only, current } = data.parse(workerData);
// The main thread has set the flag that gives new contexts this function.
const collectGarbage = z.custom<() => void>((value) => typeof value === 'function').parse(runInNewContext('gc'));
const place = new Int32Array(current);
const step = Math.max(1, Math.floor(cases / 10));

const { failures, counts } = await runCampaign({
  seed,
  cases,
  from,
  only: only?.split(','),
  begin(number) {
    Atomics.store(place, 0, number);
    if ((number - from) % step !== 0) return;
    collectGarbage();
    tell({ memory: process.memoryUsage().heapUsed, done: number - from });
  },
});
tell({ failures, counts: [...counts] });

function tell(message: unknown): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- this is no browser's window
  parentPort?.postMessage(message);
}
