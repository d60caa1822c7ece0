/** How many of the app-server's lines per second get through wire, session, runtime and loop into the views. */
import path from 'node:path';
import type { RuntimeEvent } from '../../../src/runtime/codingAgent.ts';
import { inTown } from '../benchTown.ts';
import { type Row, median } from '../measure.ts';

/** A turn that floods: many items, each longer than the part that a view keeps. */
const ITEMS = 40;
const DELTA_CHARS = 30;

export const floodingCodex = path.join(import.meta.dirname, '../floodingCodex.mjs');

export const notifications: Row = {
  names: ['notifications_per_second'],
  run: ({ quick }) =>
    inTown(async (town) => {
      const session = await town.window({ codexPath: floodingCodex });
      const agent = await town.idleAgent(session, 'worker');
      const deltas = quick ? 80_000 : 240_000;
      const rates: number[] = [];
      let lost = 0;
      for (let round = 0; round < (quick ? 3 : 7) + 1; round += 1) {
        let heard = 0;
        let [from, to] = [0, 0];
        const count = ({ event }: { event: RuntimeEvent }): void => {
          if (event.type === 'itemDelta') heard += 1;
          else if (event.type === 'turnStarted') from = performance.now();
          else if (event.type === 'turnCompleted') to = performance.now();
        };
        const listening = session.runner.onRuntimeEvent(count);
        const ended = town.turnEnd(session, agent.id);
        await town.push(agent.id, `flood ${deltas} ${ITEMS} ${DELTA_CHARS}`);
        await ended;
        listening.dispose();
        await town.quiet(session, 'worker');
        const shown = session.runner.view(agent.id).pastTurns.at(-1)?.items ?? [];
        const whole = shown.filter((item) => item.kind === 'agentMessage' && item.status === 'completed').length;
        lost += deltas - heard + (ITEMS - whole);
        // The first round compiles the code.
        if (round > 0) rates.push((deltas * 1_000) / (to - from));
      }
      const note = `deltas of a turn that floods, from its first line to its end, through a whole town's window; ${lost} lost`;
      return [
        {
          name: 'notifications_per_second',
          value: median(rates),
          unit: '1/s',
          baseline: null,
          target: 100_000,
          n: rates.length,
          better: 'higher',
          alsoHolds: lost === 0,
          note,
        },
      ];
    }),
};
